//! Where a simulated market's prices come from: a file of candles, or a seed.

use crate::failure::Failure;
use crate::screen;
use plimsoll_domain::{Candle, Instrument, Price, Timestamp};
use plimsoll_exchange::Tick;
use plimsoll_exchange::prices::{Walk, WalkSettings, candle_ticks, read_candles};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// The longest time between two candles: what a venue tells of itself afterwards does not reach back much further.
const LONGEST_GAP: Duration = Duration::from_secs(31 * 86_400);

/// A market from its first price on.
pub(crate) struct Prices {
    /// Its first time.
    pub(crate) start: Timestamp,
    /// Its first price.
    pub(crate) opening: Price,
    /// Every tick, oldest first: endless if it is generated.
    pub(crate) ticks: Box<dyn Iterator<Item = Tick> + Send>,
}

impl Prices {
    /// Candles from a CSV file, four ticks each.
    pub(crate) fn recorded(file: &Path, instrument: &Instrument) -> Result<Self, Failure> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Failure::usage(format!("cannot read {}: {error}", file.display()))
                .help("A file of candles has the columns timestamp,open,high,low,close,volume.")
        };
        let input = File::open(file).map_err(|error| unreadable(&error))?;
        let symbol = instrument.symbol.clone();
        let candles = read_candles(input, &symbol).map_err(|error| unreadable(&error))?;
        if let Some(pair) = candles.windows(2).find(|pair| is_gap(pair)) {
            let after = pair.first().map(|candle| screen::minute(candle.open_time)).unwrap_or_default();
            return Err(unreadable(&format!("no candle in the {} days after {after}", LONGEST_GAP.as_secs() / 86_400)));
        }
        let first = candles.first().ok_or_else(|| unreadable(&"it holds no candle"))?;
        let (start, opening) = (first.open_time, first.open);
        let ticks = candles
            .into_iter()
            .flat_map(|candle| candle_ticks(&candle))
            .map(move |(time, price)| Tick::at(symbol.clone(), time, price));
        Ok(Self { start, opening, ticks: Box::new(ticks) })
    }

    /// A generated market, one tick every so often, without end.
    pub(crate) fn generated(
        seed: u64,
        instrument: &Instrument,
        start: Timestamp,
        opening: Price,
        every: Duration,
    ) -> Self {
        let lively = WalkSettings::lively(instrument.symbol.clone(), instrument.tick, start, opening);
        let walk = Walk::new(WalkSettings { every, ..lively }, seed);
        Self { start, opening, ticks: Box::new(walk) }
    }
}

fn is_gap(pair: &[Candle]) -> bool {
    matches!(pair, [one, next] if next.open_time.since(one.open_time) > LONGEST_GAP)
}
