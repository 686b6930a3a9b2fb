//! Moves that are far beyond what is usual.

use crate::check::OutlierRule;
use crate::fault::Fault;
use crate::row::Row;
use plimsoll_domain::{Price, Timestamp};
use rust_decimal::prelude::ToPrimitive;
use std::collections::VecDeque;

/// Before so many moves nothing is usual.
const FEWEST: usize = 20;

/// The last moves from close to close, as fractions. Floats: statistics, not money.
#[derive(Debug)]
pub(crate) struct Moves {
    rule: OutlierRule,
    last: Option<f64>,
    window: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl Moves {
    pub(crate) fn new(rule: OutlierRule) -> Self {
        Self { rule, last: None, window: VecDeque::new(), sorted: Vec::new() }
    }

    /// What comes next is not measured against what came before.
    pub(crate) fn interrupt(&mut self) {
        self.last = None;
    }

    /// Takes the next row, and says if it is an outlier.
    pub(crate) fn take<R: Row>(&mut self, row: &R) -> Option<Fault> {
        let price = number(row.price()?)?;
        let last = self.last.replace(price)?;
        let (low, high) = row.range()?;
        let away = |price: f64| price / last - 1.0;
        let prices = [price, number(low)?, number(high)?];
        let farthest = prices.map(away).into_iter().max_by(|one, other| one.abs().total_cmp(&other.abs()))?;
        let found = self.judge(row.time(), farthest);
        self.remember(away(price));
        found
    }

    fn judge(&self, time: Timestamp, away: f64) -> Option<Fault> {
        if self.sorted.len() < FEWEST || away.abs() < self.rule.at_least {
            return None;
        }
        let (median, deviation) = self.usual()?;
        // Where nothing moved, anything is far; a hundredth of a basis point keeps the figure finite.
        let times = (away - median).abs() / deviation.max(1e-6);
        let basis_points = (away * 1e4).round() as i64;
        (times > self.rule.times).then_some(Fault::Outlier { time, basis_points, times: times.round() as u64 })
    }

    /// The median of the moves, and the median of their distances from it: in a sorted list, those nearest to the middle
    /// lie around it, so they are found by going outwards.
    fn usual(&self) -> Option<(f64, f64)> {
        let middle = self.sorted.len() / 2;
        let median = *self.sorted.get(middle)?;
        let (mut below, mut above) = (middle, middle + 1);
        let mut deviation = 0.0;
        for _ in 1..=middle {
            let down = below.checked_sub(1).and_then(|at| self.sorted.get(at)).map(|it| median - it);
            let up = self.sorted.get(above).map(|it| it - median);
            match (down, up) {
                (Some(down), up) if up.is_none_or(|up| down <= up) => (deviation, below) = (down, below - 1),
                (_, Some(up)) => (deviation, above) = (up, above + 1),
                _ => break,
            }
        }
        Some((median, deviation))
    }

    fn remember(&mut self, away: f64) {
        if self.window.len() >= self.rule.rows.max(FEWEST)
            && let Some(oldest) = self.window.pop_front()
        {
            let at = self.sorted.partition_point(|it| it.total_cmp(&oldest).is_lt());
            if at < self.sorted.len() {
                self.sorted.remove(at);
            }
        }
        self.window.push_back(away);
        self.sorted.insert(self.sorted.partition_point(|it| it.total_cmp(&away).is_lt()), away);
    }
}

fn number(price: Price) -> Option<f64> {
    price.get().to_f64()
}

#[cfg(test)]
mod tests {
    use super::Moves;
    use crate::check::OutlierRule;
    use crate::row::{CandleRow, Row};
    use plimsoll_domain::{Decimal, Price, Timestamp};
    use proptest::prelude::*;

    const RULE: OutlierRule = OutlierRule { rows: 50, times: 10.0, at_least: 0.01 };

    fn candle(low: i64, high: i64, close: i64) -> CandleRow {
        let price = |number| Price::new(Decimal::from(number)).unwrap();
        CandleRow {
            time: Timestamp::from_micros(0),
            open: price(close),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: Decimal::ONE,
        }
    }

    /// A market that goes up and down by a tenth of a percent, and then this candle.
    fn after_quiet(last: CandleRow) -> Option<String> {
        let mut moves = Moves::new(RULE);
        for at in 0..60 {
            let close = 10_000 + 10 * (at % 2);
            assert_eq!(moves.take(&candle(close, close, close)), None);
        }
        moves.take(&last).map(|fault| fault.to_string())
    }

    #[test]
    fn a_move_beyond_the_usual_is_found_and_a_large_usual_one_is_not() {
        assert_eq!(after_quiet(candle(10_000, 10_000, 10_000)), None);
        assert_eq!(after_quiet(candle(10_100, 10_100, 10_100)), None);
        let found = after_quiet(candle(11_000, 11_000, 11_000));
        assert_eq!(
            found.as_deref(),
            Some("1970-01-01T00:00:00Z is 9.89 % from the close before it, 49 times the usual move")
        );
        assert!(after_quiet(candle(9_000, 10_000, 10_000)).is_some_and(|found| found.contains("is -10.09 %")));
    }

    #[test]
    fn a_market_that_stood_still_has_outliers_by_their_size_only() {
        let mut moves = Moves::new(RULE);
        (0..60).for_each(|_| assert_eq!(moves.take(&candle(1000, 1000, 1000)), None));
        assert_eq!(moves.take(&candle(1009, 1009, 1009)), None);
        assert!(moves.take(&candle(1030, 1030, 1030)).is_some());
    }

    #[test]
    fn nothing_is_measured_across_an_interruption() {
        let mut moves = Moves::new(RULE);
        (0..60).for_each(|_| assert_eq!(moves.take(&candle(1000, 1000, 1000)), None));
        moves.interrupt();
        assert_eq!(moves.take(&candle(5000, 5000, 5000)), None);
    }

    proptest! {
        #[test]
        fn the_usual_move_is_the_median_deviation_of_the_last(prices in proptest::collection::vec(900_i64..1100, 30..120)) {
            let mut moves = Moves::new(RULE);
            for price in &prices {
                moves.take(&candle(*price, *price, *price));
            }
            let closes: Vec<f64> = prices.iter().map(|it| super::number(candle(*it, *it, *it).price().unwrap()).unwrap()).collect();
            let all: Vec<f64> = closes.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
            let mut last = all[all.len().saturating_sub(50)..].to_vec();
            let median = |values: &mut Vec<f64>| {
                values.sort_by(f64::total_cmp);
                values[values.len() / 2]
            };
            let middle = median(&mut last);
            let mut deviations: Vec<f64> = last.iter().map(|it| (it - middle).abs()).collect();
            prop_assert_eq!(moves.usual(), Some((middle, median(&mut deviations))));
        }
    }
}
