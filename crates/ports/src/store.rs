//! Durable records. What is written once under a natural key is written once, however often it is said.

mod bookings;
mod composed;
mod composed_text;
mod controls;
mod desks;
mod equity;
mod funding;
mod journal;
mod positions;
mod risk_events;
mod trades;
mod whole_ledger;

#[cfg(feature = "mocks")]
pub use bookings::MockBookingRepository;
pub use bookings::{BookingRecord, BookingRepository};
pub use composed::{ComposedEnd, ComposedEntry, ComposedKind, ComposedOrder, ComposedState, Opening, SlicedTrade};
pub use composed_text::NotAComposedOrder;
#[cfg(feature = "mocks")]
pub use controls::MockControlRepository;
pub use controls::{ControlRepository, KillSwitchRecord, LadderStep};
#[cfg(feature = "mocks")]
pub use desks::MockDeskRepository;
pub use desks::{DeskRepository, SavedDesk};
#[cfg(feature = "mocks")]
pub use equity::MockEquityRepository;
pub use equity::{EquityRepository, PnlSnapshot, ThinnedCurve};
#[cfg(feature = "mocks")]
pub use funding::MockFundingRepository;
pub use funding::{FundingRecord, FundingRepository};
#[cfg(feature = "mocks")]
pub use journal::MockOrderJournal;
pub use journal::{Advance, ImpossibleMove, JournalEntry, JournalState, OrderJournal, Purpose};
#[cfg(feature = "mocks")]
pub use positions::MockPositionRepository;
pub use positions::{ClosedPosition, OpenedPosition, PositionId, PositionRecord, PositionRepository, PositionStatus};
#[cfg(feature = "mocks")]
pub use risk_events::MockRiskEventRepository;
pub use risk_events::{RiskEventRecord, RiskEventRepository};
#[cfg(feature = "mocks")]
pub use trades::MockTradeRepository;
pub use trades::{DailyPnl, Totals, TradeRecord, TradeRepository};
pub use whole_ledger::{LedgerListener, LedgerRecord, WholeLedger};

/// Why a record was not written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached; nothing was written. Only where the connection was lost at the very end of a write,
    /// and the database did not come back in time to be asked, is that not certain: then the words say so. Saying the same
    /// again does no harm: what is written once under its key is written once.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// It contradicts what is recorded: the same key with other content, or a second open position.
    #[error("contradicts the records: {0}")]
    Conflict(String),
    /// There is no such record.
    #[error("not recorded: {0}")]
    NotFound(String),
    /// What the database holds cannot be read back.
    #[error("the database holds what cannot be read: {0}")]
    Corrupt(String),
}
