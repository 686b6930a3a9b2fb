//! The whole ledger: everything on record, of every account, to be checked, exported and moved.

use super::{
    BookingRecord, ComposedEntry, FundingRecord, JournalEntry, KillSwitchRecord, LadderStep, PnlSnapshot,
    PositionRecord, RiskEventRecord, SavedDesk, StoreError, TradeRecord,
};
use async_trait::async_trait;
use plimsoll_domain::{AccountId, OrderId};

/// A store as a whole.
#[async_trait]
pub trait WholeLedger: Send + Sync {
    /// Tells everything on record as it is at one moment, in pages: positions, then trades, orders, composed orders, funding,
    /// bookings, the equity curve, risk events, controls and desks, each in the order of recording. The listener's error ends it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] names the row that cannot be read.
    async fn tell(&self, listener: &mut dyn LedgerListener) -> Result<(), StoreError>;

    /// Takes over everything that `source` tells, in one transaction: all of it or nothing. Positions keep their ids.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if this store holds any record already.
    async fn take_over(&self, source: &dyn WholeLedger) -> Result<u64, StoreError>;

    /// What the database itself finds damaged or broken: pages, indexes, references. Empty if it is sound.
    async fn faults(&self) -> Result<Vec<String>, StoreError>;
}

/// Who is told a ledger.
#[async_trait]
pub trait LedgerListener: Send {
    /// The next records, at least one.
    async fn hear(&mut self, records: Vec<LedgerRecord>) -> Result<(), StoreError>;
}

/// One record of a ledger, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerRecord {
    /// A position, by its id.
    Position(PositionRecord),
    /// A fill.
    Trade(TradeRecord),
    /// An order of the journal, in the state that it has reached.
    Order {
        /// The order.
        entry: JournalEntry,
        /// The venue's id of it, which a finished order keeps from when it was accepted.
        order_id: Option<OrderId>,
    },
    /// A composed order, in the state that it has reached.
    Composed(ComposedEntry),
    /// A funding payment.
    Funding(FundingRecord),
    /// Another booking.
    Booking(BookingRecord),
    /// A point of the equity curve.
    Point(PnlSnapshot),
    /// What a limit did.
    RiskEvent(RiskEventRecord),
    /// A change of the kill switch.
    KillSwitch {
        /// Whose.
        account: AccountId,
        /// What it was then.
        record: KillSwitchRecord,
    },
    /// A step on the ladder.
    Ladder {
        /// Whose.
        account: AccountId,
        /// The step.
        step: LadderStep,
    },
    /// A desk as last saved.
    Desk {
        /// Its name.
        name: String,
        /// What was saved.
        desk: SavedDesk,
    },
}
