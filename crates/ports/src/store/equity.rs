//! The equity curve.

use super::StoreError;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, MarginRatio, Money, Timestamp};

/// The equity curve of every account.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait EquityRepository: Send + Sync {
    /// Records one point; known by account and time. The same point again changes nothing; another point of the same
    /// moment is a [`StoreError::Conflict`].
    async fn snapshot(&self, snapshot: &PnlSnapshot) -> Result<(), StoreError>;

    /// The points of the `days` times 24 hours up to and with `now`, oldest first. A point exactly that old is outside.
    async fn curve(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<PnlSnapshot>, StoreError>;

    /// The highest equity on record.
    async fn peak(&self, account: &AccountId) -> Result<Option<Money>, StoreError>;

    /// The first point at or after `since`.
    async fn first_since(&self, account: &AccountId, since: Timestamp) -> Result<Option<PnlSnapshot>, StoreError>;
}

/// One point of the equity curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PnlSnapshot {
    /// Whose.
    pub account: AccountId,
    /// When.
    pub time: Timestamp,
    /// Everything but unrealised profit.
    pub wallet: Money,
    /// Profit of the open positions at the mark, before fees.
    pub unrealized_pnl: Money,
    /// Profit realised since the records began, before fees and funding.
    pub realized_pnl: Money,
    /// Fees since the records began; positive is paid.
    pub fees: Money,
    /// Funding since the records began; positive is paid.
    pub funding: Money,
    /// The account's margin ratio; `None` with no positions.
    pub margin_ratio: Option<MarginRatio>,
    /// How many positions are open.
    pub open_positions: u32,
}

impl PnlSnapshot {
    /// Wallet and unrealised profit.
    #[must_use]
    pub fn equity(&self) -> Money {
        self.wallet + self.unrealized_pnl
    }
}
