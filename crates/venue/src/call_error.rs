//! Why a call has no result, and what that is to whoever asked for it.

use crate::failure::{Class, Failure, Wait};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{CommandError, NotSent, PlaceError, QueryError, Refusal};
use std::fmt;
use std::time::Duration;

/// A call without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// The venue said something else, at this moment of our clock.
    Venue(Failure, Timestamp),
    /// A no of our own, of what the venue would refuse.
    Refused(Refusal),
    /// Nothing left us.
    NotSent(NotSent),
    /// It left us, and no answer came.
    Unanswered(String),
    /// It was answered, and the answer cannot be read.
    Unreadable(String),
}

impl CallError {
    /// The venue did nothing because our time was off.
    #[must_use]
    pub fn is_about_time(&self) -> bool {
        matches!(self, Self::Venue(failure, _) if failure.class == Class::Clock)
    }

    /// Asking the same again would be answered the same.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Venue(failure, _) => matches!(failure.class, Class::Race | Class::Business | Class::Mistake),
            Self::Unreadable(_) => true,
            Self::Refused(_) | Self::NotSent(_) | Self::Unanswered(_) => false,
        }
    }

    /// The venue's code or word for it, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Venue(failure, _) => Some(&failure.code),
            _ => None,
        }
    }

    /// The moment of our clock until which the venue wants no requests.
    #[must_use]
    pub fn silent_until(&self) -> Option<Timestamp> {
        match self {
            Self::Venue(Failure { wait: Wait::Until(until), .. }, _) => Some(*until),
            Self::NotSent(NotSent::Throttled { until }) => Some(*until),
            _ => None,
        }
    }

    /// How long from now on the venue wants no requests, if that is what it says.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        self.silent_until().map(|until| until.since(now))
    }

    /// How long to wait, at least, before what only asks is worth asking again; `None` where asking again changes nothing, or
    /// nobody knows when it may.
    #[must_use]
    pub(crate) fn passes_within(&self, now: Timestamp) -> Option<Duration> {
        match self {
            Self::Venue(Failure { class: Class::Unknown | Class::BackOff, wait, .. }, _) => match wait {
                Wait::None => Some(Duration::ZERO),
                Wait::For(wait) => Some(*wait),
                Wait::Until(until) => Some(until.since(now)),
                Wait::Unsaid => None,
            },
            Self::NotSent(NotSent::Throttled { until }) => Some(until.since(now)),
            Self::NotSent(NotSent::Disconnected(_)) | Self::Unanswered(_) => Some(Duration::ZERO),
            // What could not be read while getting ready is unavailable too.
            Self::Venue(..)
            | Self::Refused(_)
            | Self::NotSent(NotSent::Invalid(_) | NotSent::Unavailable(_))
            | Self::Unreadable(_) => None,
        }
    }

    /// The venue has been asked for its time, and dislikes what was signed by that too: a person has to look.
    #[must_use]
    pub(crate) fn in_spite_of_the_right_time(self) -> Self {
        match self {
            Self::Venue(mut failure, now) if failure.class == Class::Clock => {
                failure.message.push_str(
                    ", although it was asked for its time: synchronise this machine's clock, or look at what delays requests",
                );
                Self::Venue(failure, now)
            }
            other => other,
        }
    }

    /// What went wrong while getting ready: of the thing itself nothing has left us.
    #[must_use]
    pub fn before_sending(self) -> Self {
        match self {
            Self::NotSent(_) | Self::Refused(_) => self,
            Self::Venue(failure, now) => match failure.place_error(now) {
                PlaceError::Refused(refusal) => Self::Refused(refusal),
                PlaceError::NotSent(reason) => Self::NotSent(reason),
                PlaceError::Unanswered(reason) => Self::NotSent(NotSent::Unavailable(reason)),
            },
            Self::Unanswered(reason) => Self::NotSent(NotSent::Disconnected(reason)),
            Self::Unreadable(what) => Self::NotSent(NotSent::Unavailable(what)),
        }
    }

    /// What went wrong while getting ready for a command, which has not left us.
    ///
    /// # Errors
    /// Always.
    pub fn nothing_sent<T>(self) -> Result<T, CommandError> {
        Err(match self.before_sending() {
            Self::Refused(refusal) => CommandError::Refused(refusal),
            Self::NotSent(reason) => CommandError::NotSent(reason),
            other => CommandError::NotSent(NotSent::Unavailable(other.to_string())),
        })
    }

    /// What was asked for is so, or it is not.
    ///
    /// # Errors
    /// [`CommandError`], unless what was asked for is so already.
    pub fn command_outcome(self) -> Result<(), CommandError> {
        Err(match self {
            Self::Venue(failure, now) => return failure.command_outcome(now),
            Self::Refused(refusal) => CommandError::Refused(refusal),
            Self::NotSent(reason) => CommandError::NotSent(reason),
            // It was taken; only what the venue said about it is lost.
            Self::Unanswered(reason) | Self::Unreadable(reason) => CommandError::Unanswered(reason),
        })
    }
}

impl From<CallError> for PlaceError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Venue(failure, now) => failure.place_error(now),
            CallError::Refused(refusal) => Self::Refused(refusal),
            CallError::NotSent(reason) => Self::NotSent(reason),
            CallError::Unanswered(reason) | CallError::Unreadable(reason) => Self::Unanswered(reason),
        }
    }
}

impl From<CallError> for QueryError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Venue(failure, now) => failure.query_error(now),
            CallError::Refused(refusal) => Self::Refused(refusal),
            CallError::NotSent(reason) => Self::Unreachable(reason),
            CallError::Unanswered(reason) => Self::Unreachable(NotSent::Disconnected(reason)),
            CallError::Unreadable(what) => Self::Unreadable(what),
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Venue(failure, _) => {
                write!(f, "{} ({})", failure.message, failure.code)?;
                match self.silent_until() {
                    Some(until) => write!(f, ": no such requests until {until}"),
                    None => Ok(()),
                }
            }
            Self::Refused(refusal) => refusal.fmt(f),
            Self::NotSent(reason) => reason.fmt(f),
            Self::Unanswered(reason) => write!(f, "no answer: {reason}"),
            Self::Unreadable(what) => write!(f, "an answer that cannot be read: {what}"),
        }
    }
}
