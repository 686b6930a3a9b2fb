//! One contract: its prices, its book, and what waits for a price.

use crate::book::Book;
use crate::candles::CandleSeries;
use crate::gate::{Band, PriceKey};
use crate::solvency::PoolId;
use plimsoll_domain::{
    Instrument, Leverage, MarginTiers, MarketTrade, Money, Price, Rate, Rounding, SettledFunding, Side, Symbol, Tier,
    Timestamp, TriggerBy,
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// A listed contract, to be named without looking its symbol up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketIndex(pub(crate) usize);

/// A contract's market as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketView {
    /// The contract.
    pub symbol: Symbol,
    /// The last traded price of the outside market.
    pub last: Price,
    /// The fair price.
    pub mark: Price,
    /// The spot average; the mark where the feed has none.
    pub index: Price,
    /// The rate of the funding to come; positive: longs pay shorts.
    pub funding_rate: Rate,
    /// When it will be settled.
    pub next_funding: Timestamp,
    /// Hours between fundings.
    pub funding_interval_hours: u32,
    /// When the prices were last fed.
    pub time: Timestamp,
}

/// Why a contract cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListingRefused {
    /// It is listed already.
    #[error("{0} is listed already")]
    Duplicate(Symbol),
    /// The exchange has one settle currency, that of its first listing.
    #[error("settles in {found}, this exchange settles in {settle}")]
    SettleCurrency {
        /// The contract's.
        found: String,
        /// The exchange's.
        settle: String,
    },
    /// Funding needs an interval.
    #[error("the funding interval is a whole number of hours from 1 to 24, got {0}")]
    FundingInterval(u32),
}

/// A price that a conditional order waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crossing {
    /// Fires at or above the trigger.
    Rising,
    /// Fires at or below it.
    Falling,
}

/// Conditional orders by trigger.
#[derive(Debug, Clone, Default)]
pub(crate) struct Triggers {
    rising: BTreeSet<(Price, usize)>,
    falling: BTreeSet<(Price, usize)>,
}

impl Triggers {
    pub(crate) fn add(&mut self, crossing: Crossing, trigger: Price, order: usize) {
        match crossing {
            Crossing::Rising => self.rising.insert((trigger, order)),
            Crossing::Falling => self.falling.insert((trigger, order)),
        };
    }

    pub(crate) fn remove(&mut self, crossing: Crossing, trigger: Price, order: usize) {
        match crossing {
            Crossing::Rising => self.rising.remove(&(trigger, order)),
            Crossing::Falling => self.falling.remove(&(trigger, order)),
        };
    }

    /// Those that this price fires.
    pub(crate) fn met(&self, price: Price) -> impl Iterator<Item = usize> + '_ {
        let rising = self.rising.iter().take_while(move |(trigger, _)| *trigger <= price);
        let falling = self.falling.iter().rev().take_while(move |(trigger, _)| *trigger >= price);
        rising.chain(falling).map(|(_, order)| *order)
    }

    fn narrow(&self, band: &mut Band) {
        band.narrow_above(self.rising.first().map(|(trigger, _)| PriceKey::of(*trigger)));
        band.narrow_below(self.falling.last().map(|(trigger, _)| PriceKey::of(*trigger)));
    }
}

/// The candles of a contract's prices.
#[derive(Debug, Clone)]
pub(crate) struct PriceCandles {
    pub(crate) last: CandleSeries,
    pub(crate) mark: CandleSeries,
}

/// A contract's whole state.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    pub(crate) instrument: Instrument,
    /// The margin table times the cover of a margin call; `None` where there are no calls.
    pub(crate) call_tiers: Option<MarginTiers>,
    /// What margins count of the fee of closing, as a share of the notional.
    pub(crate) closing_fee: Rate,
    pub(crate) last: Price,
    pub(crate) mark: Price,
    pub(crate) index: Option<Price>,
    pub(crate) time: Timestamp,
    pub(crate) book: Book,
    pub(crate) on_mark: Triggers,
    pub(crate) on_last: Triggers,
    /// Marks at or below which a margin pool is to be looked at, and those at or above.
    pub(crate) floors: BTreeSet<(PriceKey, PoolId)>,
    pub(crate) ceilings: BTreeSet<(PriceKey, PoolId)>,
    /// Nothing happens while the prices are within these.
    pub(crate) quiet_mark: Band,
    pub(crate) quiet_last: Band,
    pub(crate) next_funding: Timestamp,
    /// `None` where none are kept.
    pub(crate) candles: Option<Box<PriceCandles>>,
    pub(crate) funding_rate: Rate,
    pub(crate) funding_schedule: BTreeMap<Timestamp, Rate>,
    pub(crate) funding_history: Vec<SettledFunding>,
    pub(crate) trades: VecDeque<MarketTrade>,
    pub(crate) next_trade: u64,
}

/// How many trades are kept.
const TRADES_KEPT: usize = 1000;

impl Market {
    pub(crate) fn opening(instrument: Instrument, price: Price, now: Timestamp, call_cover: Decimal) -> Self {
        let call_tiers = scaled(&instrument.tiers, call_cover);
        let mut market = Self {
            call_tiers,
            closing_fee: Rate::ZERO,
            last: price,
            mark: price,
            index: None,
            time: now,
            book: Book::default(),
            on_mark: Triggers::default(),
            on_last: Triggers::default(),
            floors: BTreeSet::new(),
            ceilings: BTreeSet::new(),
            quiet_mark: Band::EVERYTHING,
            quiet_last: Band::EVERYTHING,
            next_funding: now,
            candles: Some(Box::new(PriceCandles {
                last: CandleSeries::starting(now, price),
                mark: CandleSeries::starting(now, price),
            })),
            funding_rate: Rate::new(Decimal::new(1, 4)),
            funding_schedule: BTreeMap::new(),
            funding_history: Vec::new(),
            trades: VecDeque::new(),
            next_trade: 1,
            instrument,
        };
        market.next_funding = market.funding_after(now);
        market
    }

    /// The first funding time after `time`: whole intervals since 1970, as venues have them.
    pub(crate) fn funding_after(&self, time: Timestamp) -> Timestamp {
        let interval = self.funding_interval_micros();
        let micros = time.as_micros();
        Timestamp::from_micros(micros.saturating_sub(micros.rem_euclid(interval)).saturating_add(interval))
    }

    pub(crate) fn funding_interval_micros(&self) -> i64 {
        i64::from(self.instrument.funding_interval_hours.max(1)) * 3_600_000_000
    }

    /// The rate that the funding at `time` is settled at: a scheduled one that is stamped within the hour from then, as
    /// venues stamp theirs some milliseconds late, else the standing rate.
    pub(crate) fn funding_rate_at(&self, time: Timestamp) -> Rate {
        let until = time.plus(Duration::from_secs(3600));
        self.funding_schedule.range(time..until).next().map_or(self.funding_rate, |(_, rate)| *rate)
    }

    /// The outside market's bid and ask.
    pub(crate) fn outside(&self, spread_ticks: u32) -> (Price, Price) {
        let tick = self.instrument.tick;
        let bid = self.last.round(tick, Rounding::Down).unwrap_or(self.last);
        let spread = tick.get().saturating_mul(Decimal::from(spread_ticks));
        let ask = Price::new(bid.get().saturating_add(spread)).unwrap_or(bid);
        (bid, ask)
    }

    pub(crate) fn watched(&self, trigger_by: TriggerBy) -> Price {
        match trigger_by {
            TriggerBy::Mark => self.mark,
            TriggerBy::Last => self.last,
        }
    }

    pub(crate) fn triggers(&mut self, trigger_by: TriggerBy) -> &mut Triggers {
        match trigger_by {
            TriggerBy::Mark => &mut self.on_mark,
            TriggerBy::Last => &mut self.on_last,
        }
    }

    /// The most notional that the margin table allows at this leverage; `None` where it has no limit.
    pub(crate) fn max_notional(&self, leverage: Leverage) -> Option<Money> {
        self.instrument.tiers.lines().iter().find(|tier| tier.max_leverage < leverage).map(|tier| tier.floor)
    }

    /// What a position of this notional must have to be kept.
    pub(crate) fn maintenance(&self, notional: Money) -> Money {
        self.instrument.tiers.maintenance(notional) + self.fee_of_closing(notional)
    }

    /// What a position of this notional must have to be opened.
    pub(crate) fn initial(&self, notional: Money, leverage: Leverage) -> Money {
        notional / leverage.as_decimal() + self.fee_of_closing(notional)
    }

    fn fee_of_closing(&self, notional: Money) -> Money {
        if self.closing_fee == Rate::ZERO { Money::ZERO } else { notional * self.closing_fee }
    }

    /// Counts the fee of closing, or does not.
    pub(crate) fn count_closing_fee(&mut self, counts: bool) {
        self.closing_fee = if counts { self.instrument.fees.taker.max(Rate::ZERO) } else { Rate::ZERO };
    }

    pub(crate) fn max_leverage(&self) -> Leverage {
        self.instrument.tiers.max_leverage(Money::ZERO)
    }

    /// Learns anew between which prices nothing can happen.
    pub(crate) fn rewatch(&mut self) {
        let mut mark = Band::EVERYTHING;
        mark.narrow_below(self.floors.last().map(|(key, _)| *key));
        mark.narrow_above(self.ceilings.first().map(|(key, _)| *key));
        self.on_mark.narrow(&mut mark);
        let mut last = Band::EVERYTHING;
        last.narrow_below(self.book.best(Side::Buy).map(|(price, _)| PriceKey::of(price)));
        last.narrow_above(self.book.best(Side::Sell).map(|(price, _)| PriceKey::of(price)));
        self.on_last.narrow(&mut last);
        (self.quiet_mark, self.quiet_last) = (mark, last);
    }

    pub(crate) fn record_trade(&mut self, trade: MarketTrade) {
        if self.trades.len() == TRADES_KEPT {
            self.trades.pop_front();
        }
        if let Some(candles) = &mut self.candles {
            candles.last.traded(trade.quantity.get());
        }
        self.trades.push_back(trade);
    }
}

/// The margin table with everything times `cover`: where it is met, the cover is what is left. `None` if that asks for
/// nothing more, or for all there is.
fn scaled(tiers: &MarginTiers, cover: Decimal) -> Option<MarginTiers> {
    if cover <= Decimal::ONE {
        return None;
    }
    let line = |tier: &Tier| {
        let rate = Rate::new(tier.rate.get().checked_mul(cover)?);
        let deduction = Money::new(tier.deduction.get().checked_mul(cover)?);
        Some(Tier { rate, deduction, ..*tier })
    };
    let scaled = MarginTiers::new(tiers.lines().iter().map(line).collect::<Option<Vec<_>>>()?).ok()?;
    Some(scaled.hedged(tiers.hedge()))
}
