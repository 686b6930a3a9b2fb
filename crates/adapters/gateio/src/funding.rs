//! Funding rates.

use crate::broker::Shared;
use crate::endpoints::{Endpoints, Settings};
use crate::wire::{body, request};
use async_trait::async_trait;
use plimsoll_domain::{FundingRate, SettledFunding, Symbol, Timestamp};
use plimsoll_ports::{Clock, FundingRates, QueryError};
use plimsoll_transport::{BuildFailure, Priority};
use plimsoll_venue::CallError;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What longs pay shorts at Gate.io, with the true interval of each contract.
#[derive(Clone)]
pub struct GateioFundingRates {
    shared: Arc<Shared>,
}

/// The most rows that one answer has.
const FULL: usize = 1000;
/// Further back the venue does not look: it refuses the question.
const REMEMBERED: Duration = Duration::from_secs(179 * 24 * 3600);

impl GateioFundingRates {
    /// Rates alone, which need no key. Whoever has a broker takes them [from it](crate::GateioBroker::funding_rates).
    ///
    /// # Errors
    /// [`BuildFailure`] if no HTTP session can be made.
    pub fn new(endpoints: Endpoints, clock: Arc<dyn Clock>) -> Result<Self, BuildFailure> {
        Ok(Self::of(Shared::new(endpoints, None, clock, Settings::default())?))
    }

    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Only the contract itself says when the next funding is, and how often.
    async fn coming(&self, symbol: &Symbol) -> Result<FundingRate, CallError> {
        let native = self.shared.native(symbol).await?;
        let (listed, now) = (self.shared.listed().await?, self.shared.client.known_time().await?);
        let read = |body: &[u8]| body::mark_and_funding(body, &listed.symbols, now);
        let rows = self.shared.client.read(&request::contract(&native), Priority::Ordinary, read).await?;
        let rate = rows.into_iter().find_map(|(_, funding)| funding);
        rate.ok_or_else(|| CallError::Unreadable(format!("{symbol} has no funding rate")))
    }

    /// The venue gives the newest first: what is left is asked for up to the oldest that it gave.
    async fn settled(&self, symbol: &Symbol, from: Timestamp, to: Timestamp) -> Result<Vec<SettledFunding>, CallError> {
        let native = self.shared.native(symbol).await?;
        let now = self.shared.client.known_time().await?;
        let from = from.max(now.minus(REMEMBERED));
        let (mut settled, mut cursor) = (BTreeMap::new(), to);
        while from < cursor {
            let call = request::funding_history(&native, Some(from), Some(cursor));
            let read = |body: &[u8]| body::settled_funding(body, symbol);
            let page = self.shared.client.read(&call, Priority::Ordinary, read).await?;
            let (full, before) = (page.len() >= FULL, settled.len());
            let Some(oldest) = page.iter().map(|rate| rate.time).min() else { break };
            let within = |rate: &SettledFunding| rate.time >= from && rate.time < to;
            settled.extend(page.into_iter().filter(within).map(|rate| (rate.time, rate)));
            if !full || settled.len() == before {
                break;
            }
            cursor = oldest.min(cursor);
        }
        Ok(settled.into_values().collect())
    }
}

impl fmt::Debug for GateioFundingRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateioFundingRates")
            .field("endpoints", &self.shared.client.rest().endpoints)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl FundingRates for GateioFundingRates {
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
