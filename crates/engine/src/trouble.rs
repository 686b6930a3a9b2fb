//! What went wrong beside an operation, without stopping it.

use plimsoll_domain::{ClientOrderId, Symbol};
use plimsoll_ports::{CommandError, NotSent, NotifyError, QueryError, StoreError};
use std::fmt;

/// Something that failed beside an operation and did not stop it: whatever removes exposure goes on when a database, a
/// notifier or a venue's answer fails, and says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The journal does not hold what became of an order; a restart will look it up again.
    #[error("order {id} is not journalled: {error}")]
    NotJournalled {
        /// The order.
        id: ClientOrderId,
        /// Why.
        error: StoreError,
    },
    /// A part of a composed order never left us. While the order goes on, the next look sends another one.
    #[error("order {id} was not sent: {why}")]
    NotSent {
        /// The order.
        id: ClientOrderId,
        /// Why.
        why: NotSent,
    },
    /// A record is missing.
    #[error("{record} is not recorded: {error}")]
    NotRecorded {
        /// Which.
        record: Record,
        /// Why.
        error: StoreError,
    },
    /// A position is not recorded yet.
    #[error("{symbol} is recorded later: what made the position is not known yet")]
    RecordedLater {
        /// The contract.
        symbol: Symbol,
    },
    /// A record that was wanted could not be read.
    #[error("{record} cannot be read: {error}")]
    RecordNotRead {
        /// Which.
        record: Record,
        /// Why.
        error: StoreError,
    },
    /// A venue's answer is missing.
    #[error("{subject} of {symbol} is not known: {error}")]
    NotKnown {
        /// What was asked for.
        subject: Subject,
        /// About this contract.
        symbol: Symbol,
        /// Why there is no answer.
        error: QueryError,
    },
    /// The open orders were not told, so that none of them was cancelled.
    #[error("the open orders are not known, so none was cancelled: {0}")]
    OrdersNotKnown(QueryError),
    /// What the venue still holds after a flattening was not told.
    #[error("what the venue still holds is not known: {0}")]
    RemainderNotKnown(QueryError),
    /// What the venue booked beside fills and funding is not known: what the wallet differs by is taken for a transfer.
    #[error("bookings are not known, so transfers are guessed from the wallet: {0}")]
    BookingsNotKnown(QueryError),
    /// The venue has not told all fills of an order yet.
    #[error("order {id} has fills that the venue has not told yet")]
    FillsMissing {
        /// The order.
        id: ClientOrderId,
    },
    /// A resting order was not cancelled.
    #[error("order {id} is not cancelled: {error}")]
    NotCancelled {
        /// The order.
        id: ClientOrderId,
        /// Why.
        error: CommandError,
    },
    /// A person was not told.
    #[error(transparent)]
    NotNotified(#[from] NotifyError),
}

/// What kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Record {
    /// A position, with its trades.
    Position,
    /// A trade by itself.
    Trade,
    /// A funding payment.
    Funding,
    /// A transfer, liquidation clearance, rebate or the like.
    Booking,
    /// A point of the equity curve.
    Equity,
    /// A risk event.
    RiskEvent,
    /// The kill switch.
    KillSwitch,
    /// The step of the ladder.
    Ladder,
    /// The order journal.
    Journal,
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Position => "position",
            Self::Trade => "trade",
            Self::Funding => "funding payment",
            Self::Booking => "booking",
            Self::Equity => "point of the equity curve",
            Self::RiskEvent => "risk event",
            Self::KillSwitch => "kill switch",
            Self::Ladder => "step of the ladder",
            Self::Journal => "order journal",
        })
    }
}

/// What was asked of a venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The position as the venue holds it.
    Position,
    /// The contract.
    Instrument,
    /// The mark price.
    MarkPrice,
    /// The trades.
    Fills,
    /// The open orders.
    Orders,
    /// Booked or coming funding.
    Funding,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Position => "position",
            Self::Instrument => "instrument",
            Self::MarkPrice => "mark price",
            Self::Fills => "fills",
            Self::Orders => "open orders",
            Self::Funding => "funding",
        })
    }
}

/// The troubles of one operation, each logged when it is met.
#[derive(Debug, Default)]
pub(crate) struct Troubles(Vec<Trouble>);

/// Those of something that was done by itself.
impl From<Vec<Trouble>> for Troubles {
    fn from(troubles: Vec<Trouble>) -> Self {
        Self(troubles)
    }
}

impl Troubles {
    pub(crate) fn add(&mut self, trouble: Trouble) {
        tracing::warn!(%trouble, "went on in spite of trouble");
        self.0.push(trouble);
    }

    /// Keeps a success, and turns a failure into a trouble.
    pub(crate) fn keep<T, E>(&mut self, result: Result<T, E>, trouble: impl FnOnce(E) -> Trouble) -> Option<T> {
        result.map_err(|error| self.add(trouble(error))).ok()
    }

    /// The same for a record that is written.
    pub(crate) fn written<T>(&mut self, record: Record, result: Result<T, StoreError>) -> Option<T> {
        self.keep(result, |error| Trouble::NotRecorded { record, error })
    }

    /// The same for a record that is read.
    pub(crate) fn read<T>(&mut self, record: Record, result: Result<T, StoreError>) -> Option<T> {
        self.keep(result, |error| Trouble::RecordNotRead { record, error })
    }

    /// The same for a venue's answer.
    pub(crate) fn known<T>(&mut self, subject: Subject, symbol: &Symbol, result: Result<T, QueryError>) -> Option<T> {
        self.keep(result, |error| Trouble::NotKnown { subject, symbol: symbol.clone(), error })
    }

    /// An order is not in the journal.
    pub(crate) fn lack_a_journal_entry(&self, id: &ClientOrderId) -> bool {
        self.0.iter().any(|it| matches!(it, Trouble::NotJournalled { id: lacking, .. } if lacking == id))
    }

    /// Why orders were not cancelled that may be if that is tried again.
    pub(crate) fn why_not_cancelled(&self) -> Option<NotSent> {
        let why = |trouble: &Trouble| match trouble {
            Trouble::NotCancelled { error: CommandError::NotSent(why), .. } => Some(why.clone()),
            Trouble::NotCancelled { error: CommandError::Unanswered(why), .. } => {
                Some(NotSent::Unavailable(why.clone()))
            }
            _ => None,
        };
        self.0.iter().find_map(why)
    }

    /// A cancel certainly did not get through, and the venue wants no pause of its own before the next.
    pub(crate) fn is_cancel_not_sent(&self) -> bool {
        let is_it = |trouble: &Trouble| {
            let Trouble::NotCancelled { error: CommandError::NotSent(why), .. } = trouble else { return false };
            matches!(why, NotSent::Unavailable(_) | NotSent::Disconnected(_))
        };
        self.0.iter().any(is_it)
    }

    /// That is tried again.
    pub(crate) fn forget_not_cancelled(&mut self) {
        self.0.retain(|trouble| !matches!(trouble, Trouble::NotCancelled { .. }));
    }

    /// Those of a part that was done by itself, which are logged already.
    pub(crate) fn join(&mut self, part: Self) {
        self.0.extend(part.0);
    }

    pub(crate) fn into_vec(self) -> Vec<Trouble> {
        self.0
    }
}
