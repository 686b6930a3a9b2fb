//! What a venue tells of a key and of an account's settings: for checks before the first order.

use crate::error::QueryError;
use async_trait::async_trait;
use plimsoll_domain::{Leverage, MarginMode, PositionMode, Symbol, Timestamp};
use std::time::Duration;

/// Questions about a key and an account that trading itself never asks. None of them changes anything at the venue.
///
/// Every answer stands by itself: that one cannot be had does not keep the others back.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AccountAudit: Send + Sync {
    /// The venue's clock against ours, and how much of the request budget is spent.
    async fn pulse(&self) -> Result<VenuePulse, QueryError>;

    /// How the account is set. Refused, it tells what is wrong with the key, its secret or its address.
    async fn settings(&self) -> Result<AccountSettings, QueryError>;

    /// What the key may do, as far as the venue tells.
    async fn key_rights(&self, symbol: &Symbol) -> Result<KeyRights, QueryError>;

    /// Whether the account's private stream may be opened.
    async fn private_stream(&self) -> Result<(), QueryError>;

    /// Whether fees are paid in the venue's own token instead of the settle currency.
    async fn pays_fees_in_token(&self) -> Result<bool, QueryError>;

    /// How one contract is set for this account.
    async fn contract_settings(&self, symbol: &Symbol) -> Result<ContractSettings, QueryError>;
}

/// A venue's clock and budget at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenuePulse {
    /// The venue's time.
    pub venue: Timestamp,
    /// Ours, half way between question and answer.
    pub ours: Timestamp,
    /// From question to answer.
    pub round_trip: Duration,
    /// What this address has used of the minute's budget, where the venue tells.
    pub weight_used: Option<u32>,
}

impl VenuePulse {
    /// How far the clocks are apart.
    #[must_use]
    pub fn apart(&self) -> Duration {
        self.venue.since(self.ours).max(self.ours.since(self.venue))
    }
}

/// How an account is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountSettings {
    /// How many positions a contract may have.
    pub position_mode: PositionMode,
    /// Every asset is margin for everything.
    pub multi_assets: bool,
    /// The account itself may trade.
    pub can_trade: bool,
}

/// What a key may do; `None` where the venue does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyRights {
    /// It may place orders.
    pub trades: Option<bool>,
    /// It may withdraw: whoever gets hold of it can empty the account.
    pub withdraws: Option<bool>,
    /// It works from certain addresses only.
    pub bound_to_addresses: Option<bool>,
}

/// How one contract is set for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractSettings {
    /// Its leverage.
    pub leverage: Leverage,
    /// What backs its positions.
    pub margin_mode: MarginMode,
}
