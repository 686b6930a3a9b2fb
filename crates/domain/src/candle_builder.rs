//! Candles of a longer interval from those of a shorter one.

use crate::market::Candle;
use crate::time::Timestamp;
use arrayvec::ArrayVec;
use std::time::Duration;

/// Joins closed candles to longer ones, which begin at whole intervals since 1970. A longer candle is told when the last candle
/// that belongs to it has closed, or, where that is missing, when the first one behind it has: never before, so that nobody who
/// hears it looks ahead.
///
/// ```
/// use plimsoll_domain::{Candle, CandleBuilder, Timestamp};
/// use rust_decimal::Decimal;
/// use std::time::Duration;
///
/// let minute = Duration::from_secs(60);
/// let candle = |number: i64, price: &str| -> Result<Candle, Box<dyn std::error::Error>> {
///     let price = price.parse()?;
///     let open_time = Timestamp::from_millis(60_000 * number);
///     let (symbol, volume) = ("BTC/USDT:USDT".parse()?, Decimal::ONE);
///     Ok(Candle { symbol, open_time, interval: minute, open: price, high: price, low: price, close: price, volume, closed: true })
/// };
/// let mut builder = CandleBuilder::new(5 * minute);
/// for (number, price) in [(0, "100"), (1, "104"), (2, "99"), (3, "101")] {
///     assert!(builder.push(&candle(number, price)?).is_empty());
/// }
/// let told = builder.push(&candle(4, "102")?);
/// assert_eq!((told[0].high, told[0].low, told[0].close), ("104".parse()?, "99".parse()?, "102".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CandleBuilder {
    interval: Duration,
    building: Option<Candle>,
}

impl CandleBuilder {
    /// For candles of this interval.
    #[must_use]
    pub const fn new(interval: Duration) -> Self {
        Self { interval, building: None }
    }

    /// How long the candles are that it tells.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// Goes on with a candle that was [half built](Self::half_built).
    #[must_use]
    pub const fn resumed(candle: Candle) -> Self {
        Self { interval: candle.interval, building: Some(candle) }
    }

    /// The candle that has begun and has not closed.
    #[must_use]
    pub const fn half_built(&self) -> Option<&Candle> {
        self.building.as_ref()
    }

    /// Takes the next closed candle, oldest first; answers what has closed with it. One that is older than what was built from
    /// is left out.
    pub fn push(&mut self, candle: &Candle) -> ArrayVec<Candle, 2> {
        let mut closed = ArrayVec::new();
        let begins = self.begin_of(candle.open_time);
        match &mut self.building {
            Some(building) if building.open_time == begins => extend(building, candle),
            Some(building) if building.open_time > begins => return closed,
            building => {
                closed.extend(building.take().map(Candle::ended));
                *building =
                    Some(Candle { open_time: begins, interval: self.interval, closed: false, ..candle.clone() });
            }
        }
        if candle.open_time.plus(candle.interval) >= begins.plus(self.interval) {
            closed.extend(self.building.take().map(Candle::ended));
        }
        closed
    }

    fn begin_of(&self, time: Timestamp) -> Timestamp {
        let interval = i64::try_from(self.interval.as_micros()).unwrap_or(i64::MAX).max(1);
        let micros = time.as_micros();
        Timestamp::from_micros(micros.saturating_sub(micros.rem_euclid(interval)))
    }
}

impl Candle {
    fn ended(self) -> Self {
        Self { closed: true, ..self }
    }
}

fn extend(building: &mut Candle, candle: &Candle) {
    building.high = building.high.max(candle.high);
    building.low = building.low.min(candle.low);
    building.close = candle.close;
    building.volume = building.volume.saturating_add(candle.volume);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    fn minute(number: i64, low: u32, high: u32) -> Candle {
        let price = |it: u32| it.to_string().parse().unwrap();
        Candle {
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            open_time: Timestamp::from_millis(60_000 * number),
            interval: Duration::from_secs(60),
            open: price(low),
            high: price(high),
            low: price(low),
            close: price(high),
            volume: Decimal::TWO,
            closed: true,
        }
    }

    fn told(numbers: &[i64]) -> Vec<(i64, String, String, String)> {
        let mut builder = CandleBuilder::new(Duration::from_secs(180));
        let mut told = Vec::new();
        for number in numbers {
            let at = u32::try_from(*number).unwrap() + 100;
            for candle in builder.push(&minute(*number, at, at + 10)) {
                assert!(candle.closed);
                let begins = candle.open_time.as_millis() / 60_000;
                told.push((begins, candle.open.to_string(), candle.close.to_string(), candle.volume.to_string()));
            }
        }
        told
    }

    fn row(begins: i64, open: &str, close: &str, volume: &str) -> (i64, String, String, String) {
        (begins, open.into(), close.into(), volume.into())
    }

    #[test]
    fn whole_candles_are_told_with_their_last_minute() {
        assert_eq!(told(&[0, 1, 2, 3, 4]), [row(0, "100", "112", "6")]);
        assert_eq!(told(&[0, 1, 2, 3, 4, 5]), [row(0, "100", "112", "6"), row(3, "103", "115", "6")]);
    }

    #[test]
    fn what_lacks_its_last_minute_is_told_with_the_next_one_behind_it() {
        assert_eq!(told(&[0, 1]), []);
        assert_eq!(told(&[0, 1, 4]), [row(0, "100", "111", "4")]);
        assert_eq!(told(&[0, 1, 8]), [row(0, "100", "111", "4"), row(6, "108", "118", "2")]);
    }

    #[test]
    fn what_is_older_is_left_out() {
        assert_eq!(told(&[4, 1, 5]), [row(3, "104", "115", "4")]);
    }

    #[test]
    fn a_candle_of_the_same_interval_is_told_as_it_is() {
        let mut builder = CandleBuilder::new(Duration::from_secs(60));
        assert_eq!(builder.push(&minute(7, 1, 2)).as_slice(), [minute(7, 1, 2)]);
    }
}
