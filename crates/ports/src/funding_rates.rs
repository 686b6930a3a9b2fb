//! What longs pay shorts.

use crate::error::QueryError;
use async_trait::async_trait;
use plimsoll_domain::{FundingRate, SettledFunding, Symbol, Timestamp};

/// A venue's funding rates.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait FundingRates: Send + Sync {
    /// The rate of the coming settlement as estimated now, with its time and true interval.
    async fn current(&self, symbol: &Symbol) -> Result<FundingRate, QueryError>;

    /// Settled rates at or after `from` and before `to`, oldest first.
    async fn history(&self, symbol: &Symbol, from: Timestamp, to: Timestamp)
    -> Result<Vec<SettledFunding>, QueryError>;
}
