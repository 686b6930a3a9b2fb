//! Markets of our own: an asset walks, and every venue follows it at a distance that comes and goes.

use crate::random::Random;
use crate::settings::Market;
use plimsoll_backtest::{Moment, MomentPrice};
use plimsoll_domain::{Decimal, Price, Rate, Rounding, Timestamp};
use plimsoll_exchange::prices::{MarkModel, Walk, WalkSettings};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

/// Fundings become known so long before they are settled.
const KNOWN_BEFORE: Duration = Duration::from_secs(3600);

/// How markets are generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratorSettings {
    /// The time of the first price.
    pub start: Timestamp,
    /// For how long there are prices.
    pub duration: Duration,
    /// The time between prices.
    pub every: Duration,
    /// Decides them all.
    pub seed: u64,
    /// How far a venue's price may be from the asset's, in millionths.
    pub basis_ppm: u32,
    /// The largest funding rate, in millionths of the notional; the venues of an asset differ.
    pub funding_ppm: u32,
}

impl GeneratorSettings {
    /// A price a second, venues up to 0.05 % apart, funding up to 0.08 %.
    #[must_use]
    pub const fn new(start: Timestamp, duration: Duration, seed: u64) -> Self {
        Self { start, duration, every: Duration::from_secs(1), seed, basis_ppm: 500, funding_ppm: 800 }
    }
}

/// Prices of every market, all at once, for as long as was said. The same settings give the same prices.
///
/// ```
/// use plimsoll_domain::{AccountId, Timestamp};
/// use plimsoll_exchange::listings::btc_usdt;
/// use plimsoll_simulation::{Generator, GeneratorSettings, Market};
/// use std::time::Duration;
///
/// let bitcoin = Market { account: AccountId::new("main"), instrument: btc_usdt(), opening: "60000".parse()? };
/// let settings = GeneratorSettings::new(Timestamp::default(), Duration::from_secs(60), 7);
/// let prices = || Generator::new(settings.clone(), std::slice::from_ref(&bitcoin)).collect::<Vec<_>>();
/// assert_eq!(prices().len(), 60);
/// assert_eq!(prices(), prices());
/// # Ok::<(), plimsoll_domain::NotAPrice>(())
/// ```
#[derive(Debug)]
pub struct Generator {
    settings: GeneratorSettings,
    assets: Vec<Walk>,
    markets: Vec<Followed>,
    now: Timestamp,
}

/// A market that follows an asset.
#[derive(Debug)]
struct Followed {
    asset: usize,
    market: Market,
    random: Random,
    /// How far it is from the asset now, in millionths.
    basis: i64,
    /// Where its funding tends to, in millionths.
    leaning: i64,
    mark: Price,
    /// The funding that was told last.
    told: Option<Timestamp>,
}

const MARK: MarkModel = MarkModel::Follows { one_in: 8 };

impl Generator {
    /// Prices of these markets: those of one base follow one asset.
    #[must_use]
    pub fn new(settings: GeneratorSettings, markets: &[Market]) -> Self {
        let (mut assets, mut places): (Vec<Walk>, BTreeMap<String, usize>) = (Vec::new(), BTreeMap::new());
        let mut followed = Vec::new();
        for (number, market) in markets.iter().enumerate() {
            let instrument = &market.instrument;
            let asset = *places.entry(instrument.symbol.base().to_owned()).or_insert_with(|| {
                let lively =
                    WalkSettings::lively(instrument.symbol.clone(), instrument.tick, settings.start, market.opening);
                let walk = WalkSettings { every: settings.every, ..lively };
                assets.push(Walk::new(walk, Random::of(settings.seed, instrument.symbol.base()).next()));
                assets.len() - 1
            });
            let mut random = Random::of(settings.seed, &format!("market {number}"));
            let most = u64::from(settings.funding_ppm);
            let leaning = drawn(&mut random, most);
            let (mark, told) = (market.opening, None);
            followed.push(Followed { asset, market: market.clone(), random, basis: 0, leaning, mark, told });
        }
        let now = settings.start;
        Self { settings, assets, markets: followed, now }
    }
}

impl Iterator for Generator {
    type Item = Result<Moment, Infallible>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.now >= self.settings.start.plus(self.settings.duration) {
            return None;
        }
        let time = self.now;
        self.now = time.plus(self.settings.every);
        let prices: Vec<Price> = self.assets.iter_mut().filter_map(|walk| walk.next().map(|tick| tick.last)).collect();
        let mut moment = Moment { time, prices: Vec::new(), closed: Vec::new(), fundings: Vec::new() };
        for (number, market) in self.markets.iter_mut().enumerate() {
            let Some(asset) = prices.get(market.asset) else { continue };
            let (last, mark) = market.follow(*asset, self.settings.basis_ppm);
            moment.prices.push(MomentPrice { market: number, last, mark });
            if let Some((due, rate)) = market.funding(time, self.settings.funding_ppm) {
                moment.fundings.push((number, due, rate));
            }
        }
        Some(Ok(moment))
    }
}

impl Followed {
    fn follow(&mut self, asset: Price, most: u32) -> (Price, Price) {
        let most = i64::from(most);
        self.basis = (self.basis + drawn(&mut self.random, u64::try_from(most / 20).unwrap_or(0))) * 99 / 100;
        self.basis = self.basis.clamp(-most, most);
        let tick = self.market.instrument.tick;
        let moved = asset.get() * Decimal::new(1_000_000 + self.basis, 6);
        let last = Price::new(moved).ok().and_then(|price| price.round(tick, Rounding::Down)).unwrap_or(asset);
        self.mark = MARK.next(self.mark, last, tick);
        (last, self.mark)
    }

    /// The rate of the next funding, once it is near enough to be known.
    fn funding(&mut self, now: Timestamp, most: u32) -> Option<(Timestamp, Rate)> {
        let interval = Duration::from_secs(3600) * self.market.instrument.funding_interval_hours.max(1);
        let due = after(now, interval);
        let is_first = self.told.is_none();
        if self.told == Some(due) || (!is_first && due.since(now) > KNOWN_BEFORE) {
            return None;
        }
        self.told = Some(due);
        let most = i64::from(most);
        let rate = (self.leaning + drawn(&mut self.random, u64::try_from(most / 4).unwrap_or(0))).clamp(-most, most);
        Some((due, Rate::new(Decimal::new(rate, 6))))
    }
}

/// From `-most` to `most`.
fn drawn(random: &mut Random, most: u64) -> i64 {
    let up = i64::try_from(random.between(0, 2 * most)).unwrap_or(0);
    up - i64::try_from(most).unwrap_or(0)
}

/// The next whole interval after this time.
fn after(time: Timestamp, interval: Duration) -> Timestamp {
    let interval = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX).max(1);
    let micros = time.as_micros();
    Timestamp::from_micros(micros - micros.rem_euclid(interval) + interval)
}
