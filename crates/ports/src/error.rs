//! What can go wrong at a venue, told by whose turn it is next.

use plimsoll_domain::{ContractStatus, Symbol, Timestamp};

/// A venue's no, in words that mean the same on every venue, with the venue's own code and text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason} (venue says {code}: {message})")]
pub struct Refusal {
    /// What it means.
    pub reason: RefusalReason,
    /// The venue's own code.
    pub code: String,
    /// The venue's own text.
    pub message: String,
}

impl Refusal {
    /// A no of our own to what adds exposure in a contract of this status; `None` where that is allowed. `word` is the
    /// venue's own for it.
    #[must_use]
    pub fn to_open(symbol: &Symbol, status: ContractStatus, word: &str) -> Option<Self> {
        let (reason, why) = match status {
            ContractStatus::Trading => return None,
            ContractStatus::PreLaunch => (RefusalReason::NotTrading, "does not trade yet"),
            ContractStatus::ReduceOnly => (RefusalReason::ReduceOnlyRegime, "may only be reduced"),
            ContractStatus::Halted => (RefusalReason::NotTrading, "is halted"),
            ContractStatus::Delisted => (RefusalReason::NotTrading, "is delisted"),
        };
        Some(Self {
            reason,
            code: word.to_owned(),
            message: format!("{symbol} {why}: nothing that adds exposure is sent"),
        })
    }
}

/// Why a venue refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum RefusalReason {
    /// Not enough margin or balance.
    #[error("margin is insufficient")]
    InsufficientMargin,
    /// A reduce-only order with nothing left to reduce.
    #[error("nothing is left for a reduce-only order")]
    NothingToReduce,
    /// A post-only order that would have taken.
    #[error("a post-only order would take")]
    WouldTake,
    /// A fill-or-kill order that could not fill whole.
    #[error("a fill-or-kill order cannot fill whole")]
    CannotFill,
    /// A conditional order whose trigger has been passed.
    #[error("the trigger price has been passed already")]
    WouldTrigger,
    /// The size, price or notional breaks the instrument's filters.
    #[error("size or price breaks the contract's filters")]
    BadSizeOrPrice,
    /// The leverage or the notional is beyond what the margin table allows.
    #[error("leverage is not allowed for this notional")]
    BadLeverage,
    /// An earlier order has this client order id: an earlier attempt may have landed.
    #[error("the client order id is taken")]
    DuplicateId,
    /// The order is not known, or already final.
    #[error("the order is not known or already final")]
    UnknownOrder,
    /// Open orders or positions stand in the way of the setting.
    #[error("open orders or positions stand in the way")]
    Blocked,
    /// The position mode and the order's position side do not go together.
    #[error("position side and position mode do not go together")]
    WrongPositionMode,
    /// The contract is not known or not trading.
    #[error("the contract is not trading")]
    NotTrading,
    /// The key may not do this: wrong key, address or permission.
    #[error("the key is not allowed to do this")]
    NotAllowed,
    /// The venue is liquidating the account.
    #[error("the account is being liquidated")]
    InLiquidation,
    /// The venue holds the account or the contract to reducing.
    #[error("only reducing is allowed")]
    ReduceOnlyRegime,
    /// Anything else: read the venue's text.
    #[error("refused")]
    Other,
}

/// Nothing left us, or the venue certainly did nothing: trying again is safe.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The request cannot be expressed on this venue.
    #[error("not sent: {0}")]
    Invalid(String),
    /// The venue told us to wait, or what it allows is spent: all of it, or what is not kept for exits.
    #[error("not sent: the venue has said to wait, or its requests are spent: no such one may go out until {until}")]
    Throttled {
        /// When requests may go out again.
        until: Timestamp,
    },
    /// No connection.
    #[error("not sent: {0}")]
    Disconnected(String),
    /// The venue could not take it and did nothing with it.
    #[error("the venue was unable to take it: {0}")]
    Unavailable(String),
}

/// Why an order was not placed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The venue said no; nothing rests on its book.
    #[error(transparent)]
    Refused(Refusal),
    /// Nothing left us, or the venue certainly did nothing.
    #[error(transparent)]
    NotSent(NotSent),
    /// The answer never came: the order may be live. Look it up by client order id before anything else.
    #[error("the venue never answered, the order may be live: {0}")]
    Unanswered(String),
}

/// Why an order was not cancelled or amended, or a setting not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The venue said no.
    #[error(transparent)]
    Refused(Refusal),
    /// Nothing left us, or the venue certainly did nothing.
    #[error(transparent)]
    NotSent(NotSent),
    /// The answer never came: read the state before trying again.
    #[error("the venue never answered, it may have done it: {0}")]
    Unanswered(String),
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The venue said no.
    #[error(transparent)]
    Refused(Refusal),
    /// Nothing left us, or the answer never came; asking again is safe.
    #[error(transparent)]
    Unreachable(NotSent),
    /// The answer could not be read: what, and where in it.
    #[error("the venue's answer cannot be read: {0}")]
    Unreadable(String),
}
