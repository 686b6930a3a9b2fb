//! Trades: every fill, once.

use super::{PositionId, StoreError};
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Fill, Money, Symbol, Timestamp, VenueId};

/// Every fill of every account, once.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TradeRepository: Send + Sync {
    /// Records a fill; known by account, symbol and trade id. The same fill again changes nothing and returns `false`.
    async fn log(&self, trade: &TradeRecord) -> Result<bool, StoreError>;

    /// The trades of one position, oldest first.
    async fn of_position(&self, id: PositionId) -> Result<Vec<TradeRecord>, StoreError>;

    /// The account's trades at or after `since`, oldest first; of one symbol, or of all.
    async fn since<'a>(
        &self,
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        since: Timestamp,
    ) -> Result<Vec<TradeRecord>, StoreError>;

    /// Profit by UTC day for the `days` days that end with the day of `now`, oldest first; days without trades or
    /// funding are not listed.
    async fn daily_pnl(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<DailyPnl>, StoreError>;
}

/// A fill as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeRecord {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub venue: VenueId,
    /// The position that it changed, where known.
    pub position: Option<PositionId>,
    /// What happened.
    pub fill: Fill,
}

/// What one UTC day brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyPnl {
    /// Midnight UTC at its start.
    pub day: Timestamp,
    /// Realised profit, before fees.
    pub realized_pnl: Money,
    /// Fees in the settle currency; positive is paid.
    pub fees: Money,
    /// Funding; positive is paid.
    pub funding: Money,
}

impl DailyPnl {
    /// Realised profit less fees and funding.
    #[must_use]
    pub fn net(&self) -> Money {
        self.realized_pnl - self.fees - self.funding
    }
}
