//! Why a question has no answer, and why an action was not prepared or confirmed.

use plimsoll_domain::{AccountId, Symbol, VenueId};
use plimsoll_ports::StoreError;
use std::time::Duration;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskFailure {
    /// No account of this name is served.
    #[error("there is no account '{0}'")]
    UnknownAccount(AccountId),
    /// The records cannot be read.
    #[error("the records are not to be had: {0}")]
    Records(#[from] StoreError),
    /// The venue lists no contract of this name.
    #[error("{1} lists no {0}")]
    UnknownContract(Symbol, VenueId),
    /// The venue did not tell.
    #[error("{0}")]
    Venue(String),
    /// A move of prices that cannot be.
    #[error("{0}")]
    NotAMove(String),
}

/// Why an action was not prepared, or not confirmed. Nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActFailure {
    /// It cannot be read, or makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// No account of this name is served.
    #[error("there is no account '{0}'")]
    UnknownAccount(AccountId),
    /// No strategy of this name runs.
    #[error("there is no strategy '{0}'")]
    UnknownStrategy(String),
    /// What it closes needs a word that was not typed.
    #[error("this takes the word {word}, typed by a person")]
    WrongWord {
        /// The word.
        word: &'static str,
    },
    /// The venue did not tell what a preview takes.
    #[error("{0}")]
    Venue(String),
    /// The records did not tell what it takes, or cannot be written.
    #[error("the records are not to be had: {0}")]
    Records(StoreError),
    /// Nothing of this nonce is known.
    #[error("nothing was prepared under this nonce, or it is forgotten by now")]
    UnknownNonce,
    /// It was prepared by somebody else.
    #[error("this was prepared by somebody else")]
    ForeignNonce,
    /// It was confirmed too late.
    #[error("this was prepared {} s ago, and holds for {} s", age.as_secs(), holds.as_secs())]
    ExpiredNonce {
        /// How long ago it was prepared.
        age: Duration,
        /// How long it holds.
        holds: Duration,
    },
    /// It was confirmed already, under another key.
    #[error("this was confirmed already, under another key")]
    UsedNonce,
    /// The key belongs to another confirmation.
    #[error("this idempotency key was used for another confirmation")]
    UsedKey,
    /// A key that is no key.
    #[error("an idempotency key is 8 to 64 letters, digits, '-' and '_'")]
    BadKey,
    /// Too much is prepared and not confirmed.
    #[error("too much is prepared and waits to be confirmed")]
    Busy,
    /// The program stops, and what was confirmed is not at its end.
    #[error("the program stops: what was confirmed goes to its end, and its outcome is told to nobody")]
    Interrupted,
    /// The machine gives no randomness.
    #[error("no nonce can be made: {0}")]
    NoNonce(String),
}

impl ActFailure {
    /// The word for it, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) | Self::BadKey => "invalid_action",
            Self::UnknownAccount(_) => "unknown_account",
            Self::UnknownStrategy(_) => "unknown_strategy",
            Self::WrongWord { .. } => "wrong_word",
            Self::Venue(_) => "venue_unavailable",
            Self::Records(_) => "records_unavailable",
            Self::UnknownNonce => "unknown_nonce",
            Self::ForeignNonce => "foreign_nonce",
            Self::ExpiredNonce { .. } => "nonce_expired",
            Self::UsedNonce => "nonce_used",
            Self::UsedKey => "key_reused",
            Self::Busy | Self::Interrupted | Self::NoNonce(_) => "busy",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<String> {
        Some(match self {
            Self::WrongWord { word } => format!("Send \"word\": \"{word}\" with it."),
            Self::ExpiredNonce { .. } => "Prepare it again: figures have moved meanwhile.".to_owned(),
            Self::UnknownNonce => "Prepare it again; a restart forgets what was prepared.".to_owned(),
            Self::UsedNonce => {
                "Look at the outcome of the first confirmation; to do it twice, prepare it twice.".to_owned()
            }
            Self::UsedKey | Self::BadKey => "Make a new key for each confirmation, such as a UUID.".to_owned(),
            Self::Venue(_) => "Nothing was sent. Try again when the venue can be reached.".to_owned(),
            Self::Records(_) => "Nothing was sent. What closes and protects goes on without the records.".to_owned(),
            Self::Busy => "Confirm or leave what is prepared: it lapses within minutes.".to_owned(),
            Self::Invalid(_)
            | Self::UnknownAccount(_)
            | Self::UnknownStrategy(_)
            | Self::ForeignNonce
            | Self::Interrupted
            | Self::NoNonce(_) => return None,
        })
    }
}
