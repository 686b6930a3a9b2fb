//! Funding rates.

use crate::broker::Shared;
use crate::endpoints::{Endpoints, Settings};
use crate::wire::{body, request};
use async_trait::async_trait;
use plimsoll_domain::{FundingRate, SettledFunding, Symbol, Timestamp};
use plimsoll_ports::{Clock, FundingRates, QueryError};
use plimsoll_transport::{BuildFailure, Priority};
use plimsoll_venue::CallError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What longs pay shorts at Binance, with the true interval of each contract.
#[derive(Clone)]
pub struct BinanceFundingRates {
    shared: Arc<Shared>,
}

/// The most rows that one answer has.
const FULL: usize = 1000;
const MILLISECOND: Duration = Duration::from_millis(1);

impl BinanceFundingRates {
    /// Rates alone, which need no key. Whoever has a broker takes them [from it](crate::BinanceBroker::funding_rates).
    ///
    /// # Errors
    /// [`BuildFailure`] if no HTTP session can be made.
    pub fn new(endpoints: Endpoints, clock: Arc<dyn Clock>) -> Result<Self, BuildFailure> {
        Ok(Self::of(Shared::new(endpoints, None, clock, Settings::default())?))
    }

    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    async fn coming(&self, symbol: &Symbol) -> Result<FundingRate, CallError> {
        let native = self.shared.native(symbol).await?;
        let intervals = self.shared.directory.intervals(&self.shared.client).await?;
        let call = request::premium_index(Some(&native));
        let rows = self.shared.ask(&call, Priority::Ordinary, body::mark_and_funding).await?;
        let rate = rows.into_iter().find_map(|(_, funding)| funding);
        let rate = rate.ok_or_else(|| CallError::Unreadable(format!("{symbol} has no funding rate")))?;
        Ok(FundingRate { interval_hours: Some(intervals.hours(&native)), ..rate })
    }

    async fn settled(&self, symbol: &Symbol, from: Timestamp, to: Timestamp) -> Result<Vec<SettledFunding>, CallError> {
        let native = self.shared.native(symbol).await?;
        let (mut settled, mut cursor) = (Vec::new(), from);
        // Both ends of the venue's window count; ours excludes its end.
        while cursor < to {
            let call = request::funding_history(Some(&native), Some(cursor), Some(to));
            let page = self.shared.ask(&call, Priority::Ordinary, body::settled_funding).await?;
            let full = page.len() >= FULL;
            let Some(last) = page.iter().map(|rate| rate.time).max() else { break };
            settled.extend(page.into_iter().filter(|rate| rate.time >= from && rate.time < to));
            if !full {
                break;
            }
            cursor = last.max(cursor).plus(MILLISECOND);
        }
        settled.sort_by_key(|rate| rate.time);
        Ok(settled)
    }
}

impl fmt::Debug for BinanceFundingRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BinanceFundingRates")
            .field("endpoints", &self.shared.client.rest().endpoints)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl FundingRates for BinanceFundingRates {
    async fn current(&self, symbol: &Symbol) -> Result<FundingRate, QueryError> {
        Ok(self.coming(symbol).await?)
    }

    async fn history(
        &self,
        symbol: &Symbol,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SettledFunding>, QueryError> {
        Ok(self.settled(symbol, from, to).await?)
    }
}
