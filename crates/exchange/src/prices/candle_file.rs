//! Candles from CSV, and the ticks that they stand for.

use crate::prices::calendar::timestamp;
use crate::prices::mark::MarkModel;
use crate::tick::Tick;
use csv::StringRecord;
use plimsoll_domain::{Candle, Price, Step, Symbol, Timestamp, decimal};
use std::io::Read;
use std::time::Duration;

/// Reads candles from CSV with the columns `timestamp,open,high,low,close,volume`, in any order and among others, oldest
/// first. Times are UTC as `2021-12-31 23:01:00`, `2021-12-31T23:01:00Z` or milliseconds since 1970. The interval is the
/// shortest time between two candles; minutes may be missing.
///
/// ```
/// use plimsoll_exchange::prices::{candle_ticks, read_candles};
///
/// let file = "timestamp,open,high,low,close,volume
/// 2024-01-01 00:00:00,42000,42100,41900,42050,12.5
/// 2024-01-01 00:01:00,42050,42060,41800,41850,20
/// ";
/// let candles = read_candles(file.as_bytes(), &"BTC/USDT:USDT".parse()?)?;
/// let path: Vec<String> = candle_ticks(&candles[0]).iter().map(|(_, price)| price.to_string()).collect();
/// assert_eq!(path, ["42000", "41900", "42100", "42050"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CandleFileError`] names the line and what is wrong with it.
pub fn read_candles(input: impl Read, symbol: &Symbol) -> Result<Vec<Candle>, CandleFileError> {
    let mut candles: Vec<Candle> = Vec::new();
    let columns = ["timestamp", "open", "high", "low", "close", "volume"];
    read_rows(input, columns, |[time, open, high, low, close, volume]| {
        let candle = Candle {
            symbol: symbol.clone(),
            open_time: timestamp(time).ok_or_else(|| LineError::Time(time.to_owned()))?,
            interval: Duration::ZERO,
            open: price("open", open)?,
            high: price("high", high)?,
            low: price("low", low)?,
            close: price("close", close)?,
            volume: decimal::exact(volume).map_err(|_| LineError::Number("volume", volume.to_owned()))?,
            closed: true,
        };
        if candle.low > candle.open.min(candle.close) || candle.high < candle.open.max(candle.close) {
            return Err(LineError::Shape);
        }
        if candles.last().is_some_and(|before| before.open_time >= candle.open_time) {
            return Err(LineError::Order);
        }
        candles.push(candle);
        Ok(())
    })?;
    let gaps = candles.windows(2).filter_map(|pair| match pair {
        [one, next] => Some(next.open_time.since(one.open_time)),
        _ => None,
    });
    let interval = gaps.min().unwrap_or(Duration::from_secs(60));
    for candle in &mut candles {
        candle.interval = interval;
    }
    Ok(candles)
}

/// The path that a candle stands for, a quarter of its interval apart: a rising one goes from open by its low and its
/// high to close, a falling one by its high and its low.
#[must_use]
pub fn candle_ticks(candle: &Candle) -> [(Timestamp, Price); 4] {
    let rises = candle.close >= candle.open;
    let (second, third) = if rises { (candle.low, candle.high) } else { (candle.high, candle.low) };
    let at = |quarter: u32| candle.open_time.plus(candle.interval * quarter / 4);
    [(at(0), candle.open), (at(1), second), (at(2), third), (at(3), candle.close)]
}

/// The ticks of these candles, with a mark of this model; `tick` is the contract's.
pub fn ticks(candles: &[Candle], model: MarkModel, tick: Step) -> impl Iterator<Item = Tick> + '_ {
    let mut mark = None;
    path(candles).map(move |(symbol, time, last)| {
        let next = model.next(mark.unwrap_or(last), last, tick);
        mark = Some(next);
        Tick { symbol: symbol.clone(), time, last, mark: next, index: None }
    })
}

/// The ticks of these candles, with the mark of other candles: the newest one of their own path at that time; the last
/// price before they begin.
pub fn ticks_with_marks<'a>(candles: &'a [Candle], marks: &'a [Candle]) -> impl Iterator<Item = Tick> + 'a {
    let mut marks = path(marks).peekable();
    let mut mark = None;
    path(candles).map(move |(symbol, time, last)| {
        while let Some((_, _, price)) = marks.next_if(|(_, marked, _)| *marked <= time) {
            mark = Some(price);
        }
        Tick { symbol: symbol.clone(), time, last, mark: mark.unwrap_or(last), index: None }
    })
}

fn path(candles: &[Candle]) -> impl Iterator<Item = (&Symbol, Timestamp, Price)> {
    candles.iter().flat_map(|candle| candle_ticks(candle).map(|(time, price)| (&candle.symbol, time, price)))
}

/// Hands the named columns of every row to `take`.
pub(crate) fn read_rows<const N: usize>(
    input: impl Read,
    columns: [&'static str; N],
    mut take: impl FnMut([&str; N]) -> Result<(), LineError>,
) -> Result<(), CandleFileError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    let header = reader.headers()?.clone();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        let found = header.iter().position(|name| name.eq_ignore_ascii_case(column));
        *place = found.ok_or(CandleFileError::NoColumn(column))?;
    }
    let mut record = StringRecord::new();
    while reader.read_record(&mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let fields = places.map(|place| record.get(place).unwrap_or_default());
        take(fields).map_err(|error| CandleFileError::Line { line, error })?;
    }
    Ok(())
}

fn price(column: &'static str, text: &str) -> Result<Price, LineError> {
    text.parse().map_err(|_| LineError::Number(column, text.to_owned()))
}

/// Why a file of prices or rates cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CandleFileError {
    /// The file is not CSV, or cannot be read at all.
    #[error("not a CSV file: {0}")]
    Csv(#[from] csv::Error),
    /// The header lacks a column.
    #[error("the first line names no column '{0}'")]
    NoColumn(&'static str),
    /// A line is wrong.
    #[error("line {line}: {error}")]
    Line {
        /// The line, from 1; the header is one.
        line: u64,
        /// What is wrong with it.
        error: LineError,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No time.
    #[error("'{0}' is no time such as 2021-12-31 23:01:00, 2021-12-31T23:01:00Z or milliseconds since 1970")]
    Time(String),
    /// No number, or not one that the column can have.
    #[error("'{1}' is no {0}")]
    Number(&'static str, String),
    /// Open or close are outside low and high.
    #[error("open and close are not between low and high")]
    Shape,
    /// Not after the line before.
    #[error("the time is not after that of the line before")]
    Order,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &str) -> Result<Vec<Candle>, String> {
        let file = format!("timestamp,open,high,low,close,volume\n{rows}");
        let symbol = "BTC/USDT:USDT".parse().unwrap();
        read_candles(file.as_bytes(), &symbol).map_err(|error| error.to_string())
    }

    #[test]
    fn both_forms_of_time_are_read_and_the_interval_is_found() {
        let candles = read(
            "2021-12-31 23:01:00.000000,46319.0,46385.0,46319.0,46377.0,2300413.7295
             2021-12-31T23:02:00.000000Z,46377.0,46411.0,46377.0,46411.0,1829623.1938
             1640991900000,46411.0,46411.0,46400.0,46405.0,1\n",
        )
        .unwrap();
        assert_eq!(candles.len(), 3);
        assert_eq!(candles[0].interval, Duration::from_secs(60));
        assert_eq!(candles[2].open_time.since(candles[1].open_time), Duration::from_secs(180));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let check = |rows: &str, message: &str| assert_eq!(read(rows).unwrap_err(), message);
        let good = "2021-12-31 23:01:00,2,3,1,2,5\n";
        check(
            &format!("{good}yesterday,2,3,1,2,5\n"),
            "line 3: 'yesterday' is no time such as 2021-12-31 23:01:00, 2021-12-31T23:01:00Z or milliseconds since 1970",
        );
        check("2021-12-31 23:01:00,-2,3,1,2,5\n", "line 2: '-2' is no open");
        check("2021-12-31 23:01:00,2,3,1,2,much\n", "line 2: 'much' is no volume");
        check("2021-12-31 23:01:00,4,3,1,2,5\n", "line 2: open and close are not between low and high");
        check(&format!("{good}{good}"), "line 3: the time is not after that of the line before");
        let symbol = "BTC/USDT:USDT".parse().unwrap();
        let error = read_candles("time,open\n".as_bytes(), &symbol).unwrap_err();
        assert_eq!(error.to_string(), "the first line names no column 'timestamp'");
    }

    #[test]
    fn a_candle_is_walked_the_way_it_went() {
        let check = |row: &str, expected: [&str; 4]| {
            let candles = read(&format!("2021-12-31 23:01:00,{row},5\n")).unwrap();
            assert_eq!(candle_ticks(&candles[0]).map(|(_, price)| price.to_string()), expected);
        };
        check("100,110,95,105", ["100", "95", "110", "105"]);
        check("100,110,95,98", ["100", "110", "95", "98"]);
    }

    #[test]
    fn marks_are_joined_by_time() {
        let lasts = read("2021-12-31 23:01:00,100,100,100,100,1\n2021-12-31 23:02:00,110,110,110,110,1\n").unwrap();
        let marks = read("2021-12-31 23:01:30,101,101,101,101,0\n2021-12-31 23:02:15,108,108,108,108,0\n").unwrap();
        let joined: Vec<String> = ticks_with_marks(&lasts, &marks).map(|tick| tick.mark.to_string()).collect();
        assert_eq!(joined, ["100", "100", "101", "101", "101", "108", "108", "108"]);
        let tick = Step::new(rust_decimal::Decimal::new(1, 1)).unwrap();
        let followed = ticks(&lasts, MarkModel::Follows { one_in: 2 }, tick).map(|tick| tick.mark.to_string());
        assert_eq!(followed.skip(3).take(3).collect::<Vec<_>>(), ["100", "105", "107.5"]);
    }
}
