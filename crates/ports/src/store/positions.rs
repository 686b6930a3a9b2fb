//! Positions, from open to close.

use super::{StoreError, TradeRecord};
use async_trait::async_trait;
use plimsoll_domain::{
    AccountId, Direction, Leverage, MarginMode, Money, PositionSide, Price, Quantity, Symbol, Timestamp, VenueId,
};

/// The life of every position: at most one open per account, symbol and side.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PositionRepository: Send + Sync {
    /// Records an opened position together with the trades that opened it, in one transaction. A second open position
    /// of the same account, symbol and side is a [`StoreError::Conflict`]: of two that try at once, one succeeds.
    ///
    /// Here and below, trades become the position's own, whatever position they name; those already on record are
    /// not doubled ([`TradeRecord::completed_by`]). A trade that contradicts the records, that is of another account,
    /// venue or symbol, or that is another position's is a [`StoreError::Conflict`], and then nothing of the whole call is
    /// recorded. One exception: the fill that closed a position may open the next (a flip); it stays with the position
    /// that it closed.
    async fn open(&self, position: &OpenedPosition, trades: &[TradeRecord]) -> Result<PositionId, StoreError>;

    /// Records that an open position has changed (grown, or shrunk) together with the trades that did it, in one
    /// transaction. Its realised profit and fees are those of all its trades. An unknown id is [`StoreError::NotFound`],
    /// a position that is no longer open a [`StoreError::Conflict`].
    async fn update(
        &self,
        id: PositionId,
        quantity: Quantity,
        entry_price: Price,
        trades: &[TradeRecord],
    ) -> Result<(), StoreError>;

    /// Records a closed position together with the trades that closed it, in one transaction. Closing it again the same
    /// way changes nothing; in another way, or with the status [`PositionStatus::Open`], is a [`StoreError::Conflict`].
    /// An unknown id is [`StoreError::NotFound`].
    async fn close(&self, id: PositionId, closed: &ClosedPosition, trades: &[TradeRecord]) -> Result<(), StoreError>;

    /// The open position of this account, symbol and side.
    async fn find_open(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        side: PositionSide,
    ) -> Result<Option<PositionRecord>, StoreError>;

    /// A position by its id.
    async fn find(&self, id: PositionId) -> Result<Option<PositionRecord>, StoreError>;

    /// The account's positions with this status, newest first.
    async fn by_status(&self, account: &AccountId, status: PositionStatus) -> Result<Vec<PositionRecord>, StoreError>;
}

/// A position's number in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PositionId(pub i64);

/// Where a recorded position is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PositionStatus {
    /// Held.
    Open,
    /// Closed by an order of the account.
    Closed,
    /// Closed by the venue, because margin was gone.
    Liquidated,
}

impl PositionStatus {
    /// Every status.
    pub const ALL: [PositionStatus; 3] = [Self::Open, Self::Closed, Self::Liquidated];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Liquidated => "liquidated",
        }
    }
}

/// A position that has been opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedPosition {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub venue: VenueId,
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub side: PositionSide,
    /// Long or short.
    pub direction: Direction,
    /// Size in base units.
    pub quantity: Quantity,
    /// The size-weighted mean price of the opening fills.
    pub entry_price: Price,
    /// The leverage that was set.
    pub leverage: Leverage,
    /// What backs it.
    pub margin_mode: MarginMode,
    /// Who wanted it: a strategy's name, or `operator`.
    pub strategy: String,
    /// When.
    pub opened_at: Timestamp,
}

/// How a position ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPosition {
    /// [`PositionStatus::Closed`] or [`PositionStatus::Liquidated`].
    pub status: PositionStatus,
    /// The size-weighted mean price of the closing fills.
    pub exit_price: Price,
    /// Profit of all its closing trades, before fees and funding.
    pub realized_pnl: Money,
    /// Fees of all its trades; positive is paid.
    pub fees: Money,
    /// Funding over its life; positive is paid.
    pub funding: Money,
    /// Why: `exit`, `stop_loss`, `take_profit`, `flatten`, `liquidation`, …
    pub reason: String,
    /// When.
    pub closed_at: Timestamp,
}

/// A position as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRecord {
    /// Its number.
    pub id: PositionId,
    /// How it was opened; size and entry price as last updated.
    pub opened: OpenedPosition,
    /// How it ended, once it has.
    pub closed: Option<ClosedPosition>,
}
