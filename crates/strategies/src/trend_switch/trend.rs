//! The signal: trends of several lengths, and what a candle has to be like.

use super::TrendSwitchSettings;
use crate::candles::{Aggregator, Bar};
use crate::float;
use crate::indicator::{Atr, Ema, Rsi, Sma};
use crate::settings::Interval;
use plimsoll_domain::Direction;
use serde::{Deserialize, Serialize};

/// All that is heard of the market.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signal {
    trends: Vec<Trend>,
    rsi: Rsi,
    volume: Sma,
    pub(super) atr: Atr,
    /// How many times the average of those before the last candle's volume was.
    #[serde(with = "float::option")]
    relative_volume: Option<f64>,
}

/// The trend in candles of one length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trend {
    candles: Option<Aggregator>,
    fast: Ema,
    slow: Ema,
}

impl Trend {
    fn new(base: Interval, interval: Interval, fast: u32, slow: u32) -> Self {
        let candles = if interval == base { None } else { Aggregator::new(base.get(), interval.get()) };
        Self { candles, fast: Ema::new(fast), slow: Ema::new(slow) }
    }

    fn update(&mut self, bar: &Bar) {
        let Some(candles) = &mut self.candles else {
            self.fast.update(bar.close);
            self.slow.update(bar.close);
            return;
        };
        for closed in candles.update(bar).iter() {
            self.fast.update(closed.close);
            self.slow.update(closed.close);
        }
    }

    fn direction(&self) -> Option<Direction> {
        let (fast, slow) = self.fast.value().zip(self.slow.value())?;
        match fast.partial_cmp(&slow)? {
            std::cmp::Ordering::Greater => Some(Direction::Long),
            std::cmp::Ordering::Less => Some(Direction::Short),
            std::cmp::Ordering::Equal => None,
        }
    }
}

impl Signal {
    pub(super) fn new(settings: &TrendSwitchSettings) -> Self {
        let trend = |it: &Interval| Trend::new(settings.base(), *it, settings.fast, settings.slow);
        Self {
            trends: settings.timeframes.iter().map(trend).collect(),
            rsi: Rsi::new(settings.rsi_period),
            volume: Sma::new(settings.volume_period),
            atr: Atr::new(settings.atr_period),
            relative_volume: None,
        }
    }

    pub(super) fn update(&mut self, bar: &Bar) {
        for trend in &mut self.trends {
            trend.update(bar);
        }
        self.rsi.update(bar.close);
        self.atr.update(bar.high, bar.low, bar.close);
        self.relative_volume = self.volume.value().map(|before| if before > 0.0 { bar.volume / before } else { 0.0 });
        self.volume.update(bar.volume);
    }

    /// The direction of all trends, if they agree.
    pub(super) fn agreed(&self) -> Option<Direction> {
        let first = self.trends.first()?.direction()?;
        self.trends.iter().all(|trend| trend.direction() == Some(first)).then_some(first)
    }

    /// Whether strength and volume let a position of this direction be opened.
    pub(super) fn confirms(&self, settings: &TrendSwitchSettings, direction: Direction) -> bool {
        let Some(strength) = self.rsi.value() else { return false };
        let strong = match direction {
            Direction::Long => strength >= float::of(settings.rsi_long.0),
            Direction::Short => strength <= float::of(settings.rsi_short.0),
        };
        let least = float::of(settings.volume_factor.0);
        strong && (least <= 0.0 || self.relative_volume.is_some_and(|volume| volume >= least))
    }

    /// The figures, for reasons.
    pub(super) fn shown(&self) -> String {
        let trends: Vec<String> = self
            .trends
            .iter()
            .filter_map(|trend| trend.fast.value().zip(trend.slow.value()))
            .map(|(fast, slow)| format!("{} against {}", float::shown(fast), float::shown(slow)))
            .collect();
        let strength = self.rsi.value().map_or_else(|| "not known".to_owned(), float::shown);
        let volume = self.relative_volume.map_or_else(|| "not known".to_owned(), float::shown);
        format!("averages {}; strength {strength}; volume {volume} times the average", trends.join(", "))
    }
}
