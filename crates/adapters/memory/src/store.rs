//! The store: its tables, and how they are reached.

use crate::controls::Control;
use crate::desks::Desk;
use crate::equity::Peaks;
use crate::journal::Journalled;
use crate::positions::Positions;
use crate::table::Table;
use plimsoll_ports::{BookingRecord, ComposedEntry, FundingRecord, PnlSnapshot, RiskEventRecord, TradeRecord};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All records of all accounts, in memory; clones share them, and they go with the last one.
#[derive(Clone, Default)]
pub struct MemoryStore {
    books: Arc<Mutex<Books>>,
}

/// Every table.
#[derive(Default)]
pub(crate) struct Books {
    pub(crate) positions: Positions,
    pub(crate) trades: Table<TradeRecord>,
    pub(crate) orders: Table<Journalled>,
    pub(crate) composed: Table<ComposedEntry>,
    pub(crate) funding: Table<FundingRecord>,
    pub(crate) bookings: Table<BookingRecord>,
    pub(crate) curve: Table<PnlSnapshot>,
    pub(crate) peaks: Peaks,
    pub(crate) risk_events: Table<RiskEventRecord>,
    pub(crate) controls: Vec<Control>,
    pub(crate) desks: Vec<Desk>,
}

impl MemoryStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tables, for as long as one call reads or writes them; nobody waits while holding them.
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        // Whoever panicked had checked before it wrote: what is there is whole.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let books = self.books();
        f.debug_struct("MemoryStore")
            .field("orders", &books.orders.rows().len())
            .field("trades", &books.trades.rows().len())
            .finish_non_exhaustive()
    }
}
