//! What the limits did.

use super::StoreError;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Decimal, Symbol, Timestamp};

/// Every refusal, warning and intervention, with its figures.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait RiskEventRepository: Send + Sync {
    /// Records one event; known by account, time, kind, symbol and detail. The same event again changes nothing; other
    /// figures under the same key are a [`StoreError::Conflict`].
    async fn log(&self, event: &RiskEventRecord) -> Result<(), StoreError>;

    /// The account's events at or after `since`, oldest first.
    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<RiskEventRecord>, StoreError>;
}

/// One event of risk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskEventRecord {
    /// Whose.
    pub account: AccountId,
    /// When.
    pub time: Timestamp,
    /// What kind, as a short word (`margin_call`, `daily_loss`, `refused`, …).
    pub kind: String,
    /// About this contract, if about one.
    pub symbol: Option<Symbol>,
    /// In words, for a person.
    pub detail: String,
    /// The figure.
    pub figure: Option<Decimal>,
    /// The limit that it was held against.
    pub limit: Option<Decimal>,
    /// What was done about it.
    pub action: String,
}
