//! Funding: what it is, what it will cost, and what was booked.

mod booking;

pub use booking::{Difference, FundingRecording};

use plimsoll_domain::{
    AccountId, FundingRate, Money, Position, Price, Rate, SettledFunding, Symbol, Timestamp, funding,
};
use plimsoll_ports::{
    Broker, Clock, FundingRates, FundingRecord, FundingRepository, MarketFeed, PositionRepository, QueryError,
    StoreError, TradeRepository,
};
use std::sync::Arc;
use std::time::Duration;

/// Funding of one account: the venue's rates, what they cost a position by the contract's true interval, and a record
/// of every booking.
#[derive(Clone)]
pub struct FundingService {
    /// Whose.
    pub account: AccountId,
    /// Has the rates.
    pub rates: Arc<dyn FundingRates>,
    /// Has the bookings, and the contracts' intervals.
    pub broker: Arc<dyn Broker>,
    /// Has the mark prices.
    pub feed: Arc<dyn MarketFeed>,
    /// Keeps the bookings.
    pub records: Arc<dyn FundingRepository>,
    /// Knows what was held.
    pub positions: Arc<dyn PositionRepository>,
    /// Knows how much of it, and when.
    pub trades: Arc<dyn TradeRepository>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// What funding costs a position, as far as the rate of now tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FundingCost {
    /// The rate of the coming settlement; positive: longs pay shorts.
    pub rate: Rate,
    /// Hours between settlements.
    pub interval_hours: u32,
    /// The next settlement, if one is announced.
    pub next_time: Option<Timestamp>,
    /// The mark price that the figures are for.
    pub mark: Price,
    /// At the next settlement; positive is paid by us, negative received.
    pub next_payment: Money,
    /// Over a day, at this rate and mark; positive is paid by us.
    pub per_day: Money,
    /// The rate of a year, without compounding.
    pub annualised: Rate,
}

/// Why a question about funding has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FundingFailure {
    /// The venue has none.
    #[error(transparent)]
    Venue(#[from] QueryError),
    /// The records have none.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The venue states an interval of zero hours.
    #[error("{0} has a funding interval of 0 hours")]
    NoInterval(Symbol),
}

impl FundingService {
    /// The rate of the coming settlement, with its time and true interval.
    ///
    /// # Errors
    /// [`FundingFailure::Venue`].
    pub async fn current(&self, symbol: &Symbol) -> Result<FundingRate, FundingFailure> {
        Ok(self.rates.current(symbol).await?)
    }

    /// Rates settled in the last `days` times 24 hours, oldest first.
    ///
    /// # Errors
    /// [`FundingFailure::Venue`].
    pub async fn history(&self, symbol: &Symbol, days: u32) -> Result<Vec<SettledFunding>, FundingFailure> {
        let now = self.clock.now();
        let from = now.minus(Duration::from_secs(u64::from(days) * 24 * 60 * 60));
        Ok(self.rates.history(symbol, from, now).await?)
    }

    /// What the coming settlement and a day cost `position`, at the mark of now and by the contract's true interval: the
    /// one that comes with the rate, or else the one that the contract announces.
    ///
    /// # Errors
    /// [`FundingFailure`].
    pub async fn cost(&self, symbol: &Symbol, position: Position) -> Result<FundingCost, FundingFailure> {
        let current = self.rates.current(symbol).await?;
        let mark = match current.mark_price {
            Some(mark) => mark,
            None => self.feed.mark_price(symbol).await?.price,
        };
        let interval_hours = match current.interval_hours {
            Some(hours) => hours,
            None => self.broker.instrument(symbol).await?.funding_interval_hours,
        };
        cost_of(position, &current, mark, interval_hours).ok_or_else(|| FundingFailure::NoInterval(symbol.clone()))
    }

    /// What was booked in the last `days` times 24 hours, oldest first; of one contract, or of all.
    ///
    /// # Errors
    /// [`FundingFailure::Store`].
    pub async fn booked(&self, symbol: Option<&Symbol>, days: u32) -> Result<Vec<FundingRecord>, FundingFailure> {
        Ok(self.records.history(&self.account, symbol, None, days, self.clock.now()).await?)
    }
}

/// The figures of [`FundingService::cost`] from a rate that is known already; `None` for an interval of zero.
#[must_use]
pub fn cost_of(position: Position, current: &FundingRate, mark: Price, interval_hours: u32) -> Option<FundingCost> {
    Some(FundingCost {
        rate: current.rate,
        interval_hours,
        next_time: current.next_time,
        mark,
        next_payment: funding::payment(position, mark, current.rate),
        per_day: funding::daily_estimate(position, mark, current.rate, interval_hours)?,
        annualised: funding::annualised(current.rate, interval_hours)?,
    })
}
