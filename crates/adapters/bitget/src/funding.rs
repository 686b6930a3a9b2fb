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

/// What longs pay shorts at Bitget, with the true interval of each contract.
#[derive(Clone)]
pub struct BitgetFundingRates {
    shared: Arc<Shared>,
}

/// The most rows that one page has.
const FULL: usize = 100;
/// A year of hourly settlements has fewer pages.
const MOST_PAGES: u32 = 100;

impl BitgetFundingRates {
    /// Rates alone, which need no key. Whoever has a broker takes them [from it](crate::BitgetBroker::funding_rates).
    ///
    /// # Errors
    /// [`BuildFailure`] if no HTTP session can be made.
    pub fn new(endpoints: Endpoints, clock: Arc<dyn Clock>) -> Result<Self, BuildFailure> {
        Ok(Self::of(Shared::new(endpoints, None, clock, Settings::default())?))
    }

    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The rate comes without prices; those of the ticker are put beside it.
    async fn coming(&self, symbol: &Symbol) -> Result<FundingRate, CallError> {
        let native = self.shared.native(symbol).await?;
        let (running, ticker) = (request::current_funding(Some(&native)), request::ticker(&native));
        let (running, tickers) = tokio::try_join!(
            self.shared.ask(&running, Priority::Ordinary, body::running_funding),
            self.shared.ask(&ticker, Priority::Ordinary, body::tickers),
        )?;
        let funding = running.into_iter().map(|running| running.funding).find(|it| it.symbol == *symbol);
        let funding = funding.ok_or_else(|| CallError::Unreadable(format!("{symbol} has no funding rate")))?;
        let mark = tickers.into_iter().find_map(|(_, mark)| mark);
        let interval_hours = match funding.interval_hours {
            Some(hours) => Some(hours),
            None => self.shared.listed().await?.contract(symbol).ok().map(|it| it.funding_interval_hours),
        };
        Ok(FundingRate {
            interval_hours,
            mark_price: mark.as_ref().map(|mark| mark.price),
            index_price: mark.and_then(|mark| mark.index),
            ..funding
        })
    }

    /// The venue tells pages, newest first, without a window.
    async fn settled(&self, symbol: &Symbol, from: Timestamp, to: Timestamp) -> Result<Vec<SettledFunding>, CallError> {
        let native = self.shared.native(symbol).await?;
        let mut settled = Vec::new();
        for page in 1..=MOST_PAGES {
            let call = request::funding_history(&native, page);
            let rows = self.shared.ask(&call, Priority::Ordinary, body::settled_funding).await?;
            let (full, oldest) = (rows.len() >= FULL, rows.iter().map(|rate| rate.time).min());
            settled.extend(rows.into_iter().filter(|rate| rate.time >= from && rate.time < to));
            if !full || oldest.is_none_or(|oldest| oldest < from) {
                break;
            }
        }
        settled.sort_by_key(|rate| rate.time);
        settled.dedup_by_key(|rate| rate.time);
        Ok(settled)
    }
}

impl fmt::Debug for BitgetFundingRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BitgetFundingRates")
            .field("endpoints", &self.shared.client.rest().endpoints)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl FundingRates for BitgetFundingRates {
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
