//! From figures to places on a chart, and the round figures beside it.

use crate::report::figures::apart;
use plimsoll_domain::Timestamp;

/// A chart is this wide and this high in its own units, whatever its size on a screen.
const SIDE: f64 = 1000.0;

/// Time from left to right.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Times {
    /// From 0 at the left to 1 at the right.
    pub(super) fn share(self, time: Timestamp) -> f64 {
        let span = self.to.since(self.from).as_secs_f64();
        if span > 0.0 { (time.since(self.from).as_secs_f64() / span).min(1.0) } else { 0.5 }
    }

    pub(super) fn x(self, time: Timestamp) -> f64 {
        self.share(time) * SIDE
    }

    /// At most eight round moments with their names: days, or hours of a short run.
    pub(super) fn ticks(self) -> Vec<(f64, String)> {
        const HOUR: i64 = 3_600_000_000;
        let steps = [1, 2, 3, 6, 12, 24, 48, 24 * 5, 24 * 7, 24 * 14, 24 * 28, 24 * 91, 24 * 182, 24 * 365];
        let span = self.to.as_micros().saturating_sub(self.from.as_micros());
        let Some(step) = steps.into_iter().map(|hours| hours * HOUR).find(|step| span / step <= 8) else {
            return Vec::new();
        };
        let first = self.from.as_micros().div_euclid(step) * step;
        (0..=9)
            .map(|number| Timestamp::from_micros(first.saturating_add(number * step)))
            .filter(|time| (self.from..=self.to).contains(time))
            .map(|time| (self.share(time), name(time, step < 24 * HOUR)))
            .collect()
    }
}

fn name(time: Timestamp, with_hours: bool) -> String {
    let text = time.to_string();
    let (day, rest) = text.split_once('T').unwrap_or((&text, ""));
    match (with_hours, rest.get(..5)) {
        (true, Some(hour)) => format!("{} {hour}", day.get(5..).unwrap_or(day)),
        _ => day.to_owned(),
    }
}

/// Figures from the bottom to the top.
#[derive(Clone, Copy)]
pub(super) struct Values {
    low: f64,
    high: f64,
}

impl Values {
    /// So that all of them fit, with some room; something around a figure that never changes.
    pub(super) fn around(values: impl IntoIterator<Item = f64>) -> Self {
        let ends = (f64::INFINITY, f64::NEG_INFINITY);
        let (low, high) = values.into_iter().fold(ends, |(low, high), it| (low.min(it), high.max(it)));
        if !(low.is_finite() && high.is_finite()) {
            return Self { low: 0.0, high: 1.0 };
        }
        let room = if high > low { (high - low) * 0.06 } else { (high.abs() * 0.01).max(0.01) };
        Self { low: low - room, high: high + room }
    }

    /// The same, with an end at zero where nothing is beyond.
    pub(super) fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for value in values.into_iter().filter(|it| it.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if high <= low {
            return Self { low: 0.0, high: 1.0 };
        }
        let room = (high - low) * 0.06;
        Self { low: if low < 0.0 { low - room } else { low }, high: if high > 0.0 { high + room } else { high } }
    }

    /// From 0 at the top to 1 at the bottom; beyond these outside.
    pub(super) fn share(self, value: f64) -> f64 {
        (self.high - value) / (self.high - self.low)
    }

    pub(super) fn y(self, value: f64) -> f64 {
        // What is far outside is drawn outside, but not far.
        (self.share(value) * SIDE).clamp(-SIDE, 2.0 * SIDE)
    }

    pub(super) fn height(self) -> f64 {
        self.high - self.low
    }

    /// The figure at a share from the top.
    pub(super) fn at_share(self, share: f64) -> f64 {
        self.high - share * self.height()
    }

    pub(super) fn holds(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// About `number` round figures with their names.
    pub(super) fn ticks(self, number: f64, suffix: &str) -> Vec<(f64, String)> {
        let rough = self.height() / number;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|it| it * power).into_iter().find(|it| *it >= rough).unwrap_or(rough);
        let first = (self.low / step).ceil();
        let places = places(step);
        (0..20)
            .map(|number| (first + f64::from(number)) * step)
            .take_while(|value| *value <= self.high + step * 1e-6)
            .map(|value| (self.share(value), format!("{}{suffix}", apart(plain(value, places)))))
            .collect()
    }
}

/// Enough decimals to tell multiples of a step apart.
fn places(step: f64) -> usize {
    (0..8)
        .find(|places| {
            let shifted = step * 10_f64.powi(*places);
            (shifted - shifted.round()).abs() < 1e-6 * shifted.max(1e-300)
        })
        .and_then(|places| usize::try_from(places).ok())
        .unwrap_or(8)
}

fn plain(value: f64, places: usize) -> String {
    let text = format!("{value:.places$}");
    if text.chars().any(|digit| ('1'..='9').contains(&digit)) { text } else { text.replace('-', "") }
}

#[cfg(test)]
mod tests {
    use super::{Times, Values};
    use plimsoll_domain::Timestamp;

    fn names(ticks: Vec<(f64, String)>) -> String {
        ticks.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn figures_beside_a_chart_are_round() {
        for (values, expected) in [
            (&[0.0, 10.0][..], "0 | 5 | 10"),
            (&[46_000.0, 48_500.0], "46,000 | 47,000 | 48,000"),
            (&[-0.031, 0.0], "-0.03 | -0.02 | -0.01 | 0.00"),
            (&[5.0], "4.950 | 4.975 | 5.000 | 5.025 | 5.050"),
            (&[], "0.00 | 0.25 | 0.50 | 0.75 | 1.00"),
            (&[f64::NAN], "0.00 | 0.25 | 0.50 | 0.75 | 1.00"),
        ] {
            assert_eq!(names(Values::around(values.iter().copied()).ticks(4.0, "")), expected, "{values:?}");
        }
        assert_eq!(names(Values::from_zero([3.0, 8.0]).ticks(4.0, " %")), "0.0 % | 2.5 % | 5.0 % | 7.5 %");
    }

    #[test]
    fn moments_under_a_chart_are_round() {
        let day = 86_400_000;
        let start = 1_704_067_200_000;
        let times =
            |millis: i64| Times { from: Timestamp::from_millis(start), to: Timestamp::from_millis(start + millis) };
        assert_eq!(
            names(times(day / 4).ticks()),
            "01-01 00:00 | 01-01 01:00 | 01-01 02:00 | 01-01 03:00 | 01-01 04:00 | 01-01 05:00 | 01-01 06:00"
        );
        assert!(names(times(day * 31).ticks()).contains("2024-01-03 | 2024-01-08 | 2024-01-13"));
        assert_eq!(times(0).ticks().len(), 1);
        assert!((0.0..=1.0).contains(&times(0).share(Timestamp::from_millis(start))));
        for days in [1, 2, 3, 10, 40, 100, 365, 2000] {
            let number = times(day * days).ticks().len();
            assert!((1..=9).contains(&number), "{days}: {number}");
        }
    }
}
