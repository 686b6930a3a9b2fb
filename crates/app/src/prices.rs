//! Where a simulated market's prices come from: a file of candles, or a seed.

use crate::failure::Failure;
use crate::screen;
use plimsoll_domain::{Candle, Instrument, Price, Timestamp};
use plimsoll_exchange::Tick;
use plimsoll_exchange::prices::{Walk, WalkSettings, candle_ticks, read_candles};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// While no candle tells of a market it stands still, and is looked at this often: funding is settled all the same, and a
/// venue forgets what it has booked after three months.
const LONGEST_SILENCE: Duration = Duration::from_secs(30 * 86_400);

/// A longer time than this between two candles is a mistake in their times.
const LONGEST_GAP: Duration = Duration::from_secs(5 * 365 * 86_400);

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
            let years = LONGEST_GAP.as_secs() / (365 * 86_400);
            return Err(unreadable(&format!("no candle in the {years} years after {after}: are these its times?")));
        }
        let first = candles.first().ok_or_else(|| unreadable(&"it holds no candle"))?;
        let (start, opening) = (first.open_time, first.open);
        let ticks = candles
            .into_iter()
            .flat_map(|candle| candle_ticks(&candle))
            .map(move |(time, price)| Tick::at(symbol.clone(), time, price));
        Ok(Self { start, opening, ticks: Box::new(without_silence(ticks)) })
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

/// The same ticks, and in long silences between them the last one again.
fn without_silence(ticks: impl Iterator<Item = Tick>) -> impl Iterator<Item = Tick> {
    let mut last: Option<Tick> = None;
    ticks.flat_map(move |tick| {
        let mut silence = Vec::new();
        while let Some(again) = last.take().map(|last| Tick { time: last.time.plus(LONGEST_SILENCE), ..last })
            && again.time < tick.time
        {
            last = Some(again.clone());
            silence.push(again);
        }
        last = Some(tick.clone());
        silence.into_iter().chain([tick])
    })
}

fn is_gap(pair: &[Candle]) -> bool {
    matches!(pair, [one, next] if next.open_time.since(one.open_time) > LONGEST_GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_market_that_nobody_tells_of_stands_still() {
        const DAY: i64 = 86_400_000;
        let tick = |day: i64, price: &str| {
            let (symbol, price) = ("BTC/USDT:USDT".parse().unwrap(), price.parse().unwrap());
            Tick::at(symbol, Timestamp::from_millis(day * DAY), price)
        };
        let told = [tick(0, "100"), tick(30, "101"), tick(61, "102"), tick(151, "103"), tick(152, "104")];
        let heard: Vec<_> = without_silence(told.into_iter())
            .map(|tick| (tick.time.as_millis() / DAY, tick.last.to_string()))
            .collect();
        let expected =
            [(0, "100"), (30, "101"), (60, "101"), (61, "102"), (91, "102"), (121, "102"), (151, "103"), (152, "104")];
        assert_eq!(heard, expected.map(|(day, price)| (day, price.to_owned())));
    }
}
