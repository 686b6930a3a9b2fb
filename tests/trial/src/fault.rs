//! What goes wrong with a call, and how often.

use crate::random::Random;
use plimsoll_domain::Timestamp;
use plimsoll_ports::{CommandError, NotSent, PlaceError, QueryError, Refusal, RefusalReason, StoreError};
use std::time::Duration;

/// What kind of call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Site {
    /// An order that trades at once, or rests.
    Place,
    /// One that waits for its trigger.
    Stop,
    Cancel,
    Settings,
    /// Anything private that is read.
    Query,
    /// Anything public that is read.
    Market,
    /// What the records hold.
    Read,
    /// What they are told.
    Write,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The venue says no.
    Refused,
    /// The venue has had enough of us for a while; everything of a site is.
    Throttled,
    /// The venue is down.
    Unavailable,
    /// There is no connection.
    Disconnected,
    /// It never arrives, and nobody says so.
    LostBefore,
    /// It is done, and nobody says so.
    LostAfter,
    /// It takes its time.
    Slow,
    /// What is answered cannot be read.
    Unreadable,
    /// A stop is taken, and gone a moment later, without a word.
    LostStop,
    /// The database is away, for every call from now on until it is back.
    Away,
    /// The database fails this once, and has written nothing.
    FailsOnce,
    /// The connection to it ends when it has just written.
    FailsAfter,
    /// An event is missed, which is noticed and made good.
    Missed,
    /// An event comes twice.
    Twice,
    /// An event and what follows it come late.
    Late,
    /// An event comes behind later ones.
    Overtaken,
    /// The stream is cut, and comes back after a while.
    Cut,
    /// The stream falls silent, which is noticed after a while.
    Silent,
}

/// One thing that goes wrong while a storm lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) fault: Fault,
    sites: &'static [Site],
    /// How often, of a thousand.
    chance: u64,
}

const ORDERS: &[Site] = &[Site::Place, Site::Stop];
const COMMANDS: &[Site] = &[Site::Place, Site::Stop, Site::Cancel, Site::Settings];
const VENUE: &[Site] = &[Site::Place, Site::Stop, Site::Cancel, Site::Settings, Site::Query, Site::Market];
const READS: &[Site] = &[Site::Query, Site::Market];
const RECORDS: &[Site] = &[Site::Read, Site::Write];

/// What may go wrong, where, and whether seldom or often.
const RULES: &[(u64, Fault, &[Site], bool)] = &[
    (3, Fault::Refused, &[Site::Place], false),
    (4, Fault::Refused, &[Site::Stop], true),
    (4, Fault::Throttled, VENUE, false),
    (4, Fault::Unavailable, VENUE, false),
    (4, Fault::Unavailable, COMMANDS, true),
    (4, Fault::Disconnected, VENUE, false),
    (5, Fault::LostBefore, VENUE, false),
    (6, Fault::LostBefore, COMMANDS, true),
    (5, Fault::LostAfter, VENUE, false),
    (10, Fault::LostAfter, ORDERS, true),
    (6, Fault::LostAfter, COMMANDS, true),
    (5, Fault::Slow, VENUE, true),
    (5, Fault::Slow, ORDERS, true),
    (4, Fault::Unreadable, READS, false),
    (5, Fault::LostStop, &[Site::Stop], true),
    (6, Fault::Away, RECORDS, false),
    (5, Fault::FailsOnce, RECORDS, false),
    (5, Fault::FailsOnce, &[Site::Write], true),
    (5, Fault::FailsAfter, &[Site::Write], true),
    (3, Fault::Slow, RECORDS, true),
    (5, Fault::Missed, &[], true),
    (5, Fault::Twice, &[], true),
    (5, Fault::Late, &[], true),
    (5, Fault::Overtaken, &[], true),
    (5, Fault::Cut, &[], false),
    (5, Fault::Silent, &[], false),
];

/// The rules of one storm.
pub(crate) fn storm(random: &mut Random) -> Vec<Rule> {
    let rule = |random: &mut Random| {
        let weighed: Vec<(u64, usize)> = RULES.iter().enumerate().map(|(at, rule)| (rule.0, at)).collect();
        let (_, fault, sites, is_often) = *RULES.get(random.weighed(&weighed)).expect("a rule");
        let chance = if is_often { random.pick(&[50, 100, 200, 400, 600]) } else { random.pick(&[5, 10, 20, 50]) };
        Rule { fault, sites, chance }
    };
    (0..random.between(1, 5)).map(|_| rule(random)).collect()
}

impl Rule {
    /// Whether it strikes at a call of this site.
    pub(crate) fn strikes(&self, site: Site, random: &mut Random) -> bool {
        self.sites.contains(&site) && random.between(0, 999) < self.chance
    }

    /// Whether it strikes at an event of the stream.
    pub(crate) fn strikes_event(&self, random: &mut Random) -> bool {
        self.sites.is_empty() && random.between(0, 999) < self.chance
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}‰", self.fault, self.chance)?;
        if !self.sites.is_empty() {
            write!(f, " of {:?}", self.sites)?;
        }
        Ok(())
    }
}

impl Fault {
    /// Whether what is asked for is done all the same.
    pub(crate) const fn executes(self) -> bool {
        matches!(self, Self::LostAfter | Self::Slow | Self::Unreadable | Self::FailsAfter)
    }
}

/// Why there is no answer, in words that every port has.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    Refused(Site),
    Throttled(Timestamp),
    Unavailable,
    Disconnected,
    Unanswered,
    Unreadable,
    Away,
    WrittenPerhaps,
}

impl Trouble {
    /// What somebody hears who is not answered, or not as it should be.
    pub(crate) fn of(fault: Fault, site: Site, until: Timestamp) -> Self {
        match fault {
            Fault::Refused => Self::Refused(site),
            Fault::Throttled => Self::Throttled(until),
            Fault::Unavailable => Self::Unavailable,
            Fault::Disconnected => Self::Disconnected,
            Fault::Unreadable => Self::Unreadable,
            Fault::Away | Fault::FailsOnce => Self::Away,
            Fault::FailsAfter => Self::WrittenPerhaps,
            _ => Self::Unanswered,
        }
    }

    fn not_sent(&self) -> Option<NotSent> {
        match self {
            Self::Throttled(until) => Some(NotSent::Throttled { until: *until }),
            Self::Unavailable => Some(NotSent::Unavailable("the venue is down".to_owned())),
            Self::Disconnected | Self::Away => Some(NotSent::Disconnected("nobody is there".to_owned())),
            Self::Refused(_) | Self::Unanswered | Self::Unreadable | Self::WrittenPerhaps => None,
        }
    }

    fn refusal(&self) -> Option<Refusal> {
        let Self::Refused(site) = self else { return None };
        let reason = match site {
            Site::Stop => RefusalReason::WouldTrigger,
            Site::Cancel => RefusalReason::UnknownOrder,
            _ => RefusalReason::InsufficientMargin,
        };
        Some(Refusal { reason, code: "fault".to_owned(), message: "refused by command".to_owned() })
    }
}

const NO_ANSWER: &str = "no answer";

impl From<Trouble> for PlaceError {
    fn from(trouble: Trouble) -> Self {
        match (trouble.not_sent(), trouble.refusal()) {
            (Some(not_sent), _) => Self::NotSent(not_sent),
            (_, Some(refusal)) => Self::Refused(refusal),
            _ => Self::Unanswered(NO_ANSWER.to_owned()),
        }
    }
}

impl From<Trouble> for CommandError {
    fn from(trouble: Trouble) -> Self {
        match (trouble.not_sent(), trouble.refusal()) {
            (Some(not_sent), _) => Self::NotSent(not_sent),
            (_, Some(refusal)) => Self::Refused(refusal),
            _ => Self::Unanswered(NO_ANSWER.to_owned()),
        }
    }
}

impl From<Trouble> for QueryError {
    fn from(trouble: Trouble) -> Self {
        match (trouble.not_sent(), trouble.refusal()) {
            (Some(not_sent), _) => Self::Unreachable(not_sent),
            (_, Some(refusal)) => Self::Refused(refusal),
            _ if matches!(trouble, Trouble::Unreadable) => Self::Unreadable("it ends too early".to_owned()),
            _ => Self::Unreachable(NotSent::Disconnected(NO_ANSWER.to_owned())),
        }
    }
}

impl From<Trouble> for StoreError {
    fn from(trouble: Trouble) -> Self {
        Self::Unreachable(match trouble {
            Trouble::WrittenPerhaps => "it ended at the very end, and may have been written".to_owned(),
            _ => "nobody is there".to_owned(),
        })
    }
}

/// How long a thing takes that takes its time.
pub(crate) const SLOW: Duration = Duration::from_millis(3000);

/// The least time that an answer takes which nobody gives.
pub(crate) const GIVES_UP_AFTER: Duration = Duration::from_millis(800);
