//! What went wrong at a venue, told by whose turn it is next.

use plimsoll_domain::Timestamp;
use plimsoll_ports::{CommandError, NotSent, PlaceError, QueryError, Refusal, RefusalReason};
use std::time::Duration;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Whether it was done is unknown: look it up before anything else.
    Unknown,
    /// Our clock is off: ask for the venue's time, sign again, send once more.
    Clock,
    /// It was certainly not done: wait, then send again.
    BackOff,
    /// What was asked for is so already.
    Done,
    /// The venue's state is not what we took it for: read it again, then decide.
    Race,
    /// A no of the rules or of the margin.
    Business,
    /// We asked wrongly: asking again changes nothing.
    Mistake,
    /// Stop trading until a person has looked.
    Halt,
}

/// A request that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What to do about it.
    pub class: Class,
    /// What it means.
    pub reason: RefusalReason,
    /// The HTTP status.
    pub status: u16,
    /// The venue's code or word for it, or the HTTP status where it gave none.
    pub code: String,
    /// The venue's text.
    pub message: String,
    /// Not to be tried again sooner.
    pub wait: Wait,
}

/// How long no requests are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Not at all; a pause of the caller's choice will do.
    None,
    /// For a while: what it allows is used up, and it does not say for how long it wants to be left alone.
    Unsaid,
    /// For this long.
    For(Duration),
    /// Until this moment, by the venue's clock.
    Until(Timestamp),
}

const MINUTE: Duration = Duration::from_secs(60);

impl Failure {
    fn refusal(self) -> Refusal {
        Refusal { reason: self.reason, code: self.code, message: self.message }
    }

    fn not_sent(self, now: Timestamp) -> NotSent {
        let said = format!("{} ({})", self.message, self.code);
        match self.wait {
            Wait::None => NotSent::Unavailable(said),
            Wait::Unsaid => NotSent::Throttled { until: now.plus(MINUTE) },
            Wait::For(wait) => NotSent::Throttled { until: now.plus(wait) },
            Wait::Until(until) => NotSent::Throttled { until },
        }
    }

    fn unanswered(&self) -> String {
        format!("{} ({})", self.message, self.code)
    }

    /// What it is for someone who placed an order.
    #[must_use]
    pub fn place_error(self, now: Timestamp) -> PlaceError {
        match self.class {
            Class::Unknown => PlaceError::Unanswered(self.unanswered()),
            Class::Clock | Class::BackOff => PlaceError::NotSent(self.not_sent(now)),
            Class::Done | Class::Race | Class::Business | Class::Mistake | Class::Halt => {
                PlaceError::Refused(self.refusal())
            }
        }
    }

    /// What it is for someone who set, changed or cancelled something.
    ///
    /// # Errors
    /// [`CommandError`], unless what was asked for is so already.
    pub fn command_outcome(self, now: Timestamp) -> Result<(), CommandError> {
        match self.class {
            Class::Done => Ok(()),
            Class::Unknown => Err(CommandError::Unanswered(self.unanswered())),
            Class::Clock | Class::BackOff => Err(CommandError::NotSent(self.not_sent(now))),
            Class::Race | Class::Business | Class::Mistake | Class::Halt => Err(CommandError::Refused(self.refusal())),
        }
    }

    /// What it is for someone who asked.
    #[must_use]
    pub fn query_error(self, now: Timestamp) -> QueryError {
        match self.class {
            Class::Unknown | Class::Clock | Class::BackOff => QueryError::Unreachable(self.not_sent(now)),
            Class::Done | Class::Race | Class::Business | Class::Mistake | Class::Halt => {
                QueryError::Refused(self.refusal())
            }
        }
    }
}

/// The beginning of a body that is no error of the venue's own shape.
#[must_use]
pub fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..200).unwrap_or(body)).trim().to_owned()
}
