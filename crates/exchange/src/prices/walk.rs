//! A market of our own: a seeded walk with regimes of volatility and jumps.
//!
//! All of it is integer arithmetic, so a seed gives the same prices on every machine.

use crate::prices::mark::MarkModel;
use crate::tick::Tick;
use plimsoll_domain::{Price, Step, Symbol, Timestamp};
use rust_decimal::Decimal;
use std::time::Duration;

/// How volatile the market is for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Regime {
    /// Standard deviation of a step, in millionths of the price.
    pub volatility_ppm: u32,
    /// The mean of a step, in millionths of the price.
    pub drift_ppm: i32,
}

/// How a [`Walk`] goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkSettings {
    /// The contract.
    pub symbol: Symbol,
    /// Prices are multiples of this.
    pub tick: Step,
    /// The time of the first tick.
    pub start: Timestamp,
    /// The time between ticks.
    pub every: Duration,
    /// The price before the first tick.
    pub opening: Price,
    /// The regimes; the walk starts in the first, and changes to any at random. Without one the price stands still.
    pub regimes: Vec<Regime>,
    /// A change of regime comes once in so many steps in the mean; 0 is never.
    pub regime_change_one_in: u32,
    /// A jump comes once in so many steps in the mean; 0 is never.
    pub jump_one_in: u32,
    /// The largest jump, in millionths of the price, up or down.
    pub jump_ppm: u32,
    /// Where the mark comes from.
    pub mark: MarkModel,
}

impl WalkSettings {
    /// A bitcoin-like market: a tick a second, calm (about 45 % a year), busy and wild regimes of a quarter of an hour
    /// in the mean, a jump of up to 1.5 % every six hours in the mean, and a mark that follows.
    #[must_use]
    pub fn lively(symbol: Symbol, tick: Step, start: Timestamp, opening: Price) -> Self {
        let regime = |volatility_ppm| Regime { volatility_ppm, drift_ppm: 0 };
        Self {
            symbol,
            tick,
            start,
            every: Duration::from_secs(1),
            opening,
            regimes: vec![regime(80), regime(200), regime(500)],
            regime_change_one_in: 900,
            jump_one_in: 21_600,
            jump_ppm: 15_000,
            mark: MarkModel::Follows { one_in: 8 },
        }
    }
}

/// An endless walk of prices: the same settings and seed give the same ticks.
///
/// ```
/// use plimsoll_domain::{Price, Timestamp};
/// use plimsoll_exchange::listings::btc_usdt;
/// use plimsoll_exchange::prices::{Walk, WalkSettings};
///
/// let bitcoin = btc_usdt();
/// let opening: Price = "60000".parse()?;
/// let settings = WalkSettings::lively(bitcoin.symbol, bitcoin.tick, Timestamp::from_millis(0), opening);
/// let ticks: Vec<_> = Walk::new(settings.clone(), 7).take(3).collect();
/// assert_eq!(ticks, Walk::new(settings, 7).take(3).collect::<Vec<_>>());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Walk {
    settings: WalkSettings,
    random: SplitMix,
    regime: usize,
    /// The price in ticks.
    ticks: i64,
    /// What rounding to ticks has left over, in millionths of a tick.
    rest: i128,
    most: i64,
    mark: Price,
    time: Timestamp,
}

/// The price of a walk is at least so many ticks: a step of one is then small enough.
const LEAST: i64 = 100;
/// A step is a sum of 64 fair coins: their standard deviation is 4.
const COINS_DEVIATION: i128 = 4;
const MILLION: i128 = 1_000_000;

impl Walk {
    /// A walk by these settings and this seed.
    #[must_use]
    pub fn new(settings: WalkSettings, seed: u64) -> Self {
        let in_ticks = |price: Price| {
            let steps = price.get().checked_div(settings.tick.get()).unwrap_or(Decimal::MAX).trunc();
            i64::try_from(steps.mantissa()).unwrap_or(i64::MAX).max(LEAST)
        };
        let most = in_ticks(Price::MAX);
        let ticks = in_ticks(settings.opening).min(most);
        let (mark, time) = (settings.opening, settings.start);
        Self { random: SplitMix(seed), regime: 0, ticks, rest: 0, most, mark, time, settings }
    }

    fn step(&mut self) {
        if self.random.is_one_in(self.settings.regime_change_one_in) && !self.settings.regimes.is_empty() {
            self.regime = self.random.below(self.settings.regimes.len() as u64) as usize;
        }
        let coins = i128::from(self.random.next().count_ones()) - 32;
        let regime = self.settings.regimes.get(self.regime).copied();
        let Regime { volatility_ppm, drift_ppm } = regime.unwrap_or(Regime { volatility_ppm: 0, drift_ppm: 0 });
        let mut ppm = coins * i128::from(volatility_ppm) / COINS_DEVIATION + i128::from(drift_ppm);
        if self.random.is_one_in(self.settings.jump_one_in) {
            ppm += i128::from(self.random.below(2 * u64::from(self.settings.jump_ppm) + 1))
                - i128::from(self.settings.jump_ppm);
        }
        let moved = i128::from(self.ticks) * ppm + self.rest;
        self.rest = moved % MILLION;
        let ticks = i128::from(self.ticks) + moved / MILLION;
        self.ticks = ticks.clamp(i128::from(LEAST), i128::from(self.most)) as i64;
    }
}

impl Iterator for Walk {
    type Item = Tick;

    /// The next tick; a walk never ends.
    fn next(&mut self) -> Option<Tick> {
        self.step();
        let last = Price::new(self.settings.tick.get() * Decimal::from(self.ticks)).unwrap_or(self.mark);
        self.mark = self.settings.mark.next(self.mark, last, self.settings.tick);
        let time = self.time;
        self.time = time.plus(self.settings.every);
        Some(Tick { symbol: self.settings.symbol.clone(), time, last, mark: self.mark, index: None })
    }
}

/// `SplitMix64`: a counter and a mixing of it.
#[derive(Debug, Clone)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is above zero, evenly but for a bias below one in 2^32.
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    fn is_one_in(&mut self, many: u32) -> bool {
        many > 0 && self.below(u64::from(many)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listings::btc_usdt;

    fn lively() -> WalkSettings {
        let bitcoin = btc_usdt();
        WalkSettings::lively(bitcoin.symbol, bitcoin.tick, Timestamp::from_millis(0), "60000".parse().unwrap())
    }

    #[test]
    fn the_mixing_is_that_of_the_published_generator() {
        let mut random = SplitMix(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn every_price_is_on_the_tick_and_the_mark_is_apart() {
        let ticks: Vec<Tick> = Walk::new(lively(), 1).take(10_000).collect();
        assert!(ticks.iter().all(|tick| tick.last.fits(btc_usdt().tick)));
        assert!(ticks.iter().filter(|tick| tick.last != tick.mark).count() > 9_000);
        assert!(ticks.windows(2).all(|pair| pair[1].time.since(pair[0].time) == Duration::from_secs(1)));
    }

    #[test]
    fn seeds_differ_and_markets_move() {
        let path = |seed| Walk::new(lively(), seed).take(5_000).map(|tick| tick.last).collect::<Vec<_>>();
        assert_ne!(path(1), path(2));
        let prices = path(3);
        assert!(prices.iter().max() > prices.iter().min());
    }

    #[test]
    fn a_falling_walk_stays_above_zero() {
        let regimes = vec![Regime { volatility_ppm: 0, drift_ppm: -100_000 }];
        let settings = WalkSettings { regimes, regime_change_one_in: 0, jump_one_in: 0, ..lively() };
        let last = Walk::new(settings, 1).take(1_000).last().unwrap();
        assert_eq!(last.last, "10".parse().unwrap());
    }
}
