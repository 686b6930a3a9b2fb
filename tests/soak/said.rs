//! What the exchange's process says on its standard output: one JSON object a line.

use super::books::Books;
use serde::{Deserialize, Serialize};

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Said {
    /// The venues are open, in the order of [`Wire::ALL`](super::venue::Wire::ALL).
    Open(Vec<Address>),
    /// So much has been told, account by account.
    Told(Vec<Told>),
    /// Trading and faults have ceased.
    Calm(Vec<Calmed>),
    /// What the exchange holds, account by account.
    Books(Vec<Books>),
}

/// Where a venue is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Address {
    pub(super) rest: String,
    pub(super) sockets: String,
}

/// What an account was told of since trading began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// Order updates, fills, and changes of positions and balances.
    pub(super) events: u64,
    pub(super) fills: u64,
}

/// How it was when trading ceased.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Calmed {
    pub(super) told: Told,
    /// How long was traded, in seconds.
    pub(super) traded: f64,
    /// Faults by their words, and how often each struck.
    pub(super) faults: Vec<(String, u64)>,
    /// What was tried and refused.
    pub(super) refused: u64,
}

/// What the exchange's process is told: to trade, with faults, for as long as the plan says.
pub(super) const BEGIN: &str = "begin";
/// Tell the books.
pub(super) const BOOKS: &str = "books";
