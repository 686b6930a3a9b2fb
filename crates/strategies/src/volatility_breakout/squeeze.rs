//! The signal: quiet, then a close outside the bands.

use super::VolatilityBreakoutSettings;
use crate::candles::Bar;
use crate::float;
use crate::indicator::{Atr, Bands, Bollinger, Lowest, Sma};
use plimsoll_domain::Direction;
use serde::{Deserialize, Serialize};

/// All that is heard of the market.
///
/// There is a squeeze with a candle whose bands are as narrow, for their middle, as those of any of the last
/// `squeeze_lookback`. A breakout is a close outside its own bands, no squeeze itself, at most `squeeze_memory` candles
/// after one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Squeeze {
    bands: Bollinger,
    narrowest: Lowest,
    volume: Sma,
    pub(super) atr: Atr,
    /// For how many candles more a breakout counts.
    armed: u32,
}

/// A breakout, with its figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Breakout {
    pub(super) direction: Direction,
    pub(super) bands: Bands,
    pub(super) narrowest: f64,
    /// How many times the average.
    pub(super) volume: f64,
}

impl Squeeze {
    pub(super) fn new(settings: &VolatilityBreakoutSettings) -> Self {
        Self {
            bands: Bollinger::new(settings.period, float::of(settings.deviations.0)),
            narrowest: Lowest::new(settings.squeeze_lookback),
            volume: Sma::new(settings.volume_period),
            atr: Atr::new(settings.atr_period),
            armed: 0,
        }
    }

    pub(super) fn update(&mut self, settings: &VolatilityBreakoutSettings, bar: &Bar) -> Option<Breakout> {
        self.atr.update(bar.high, bar.low, bar.close);
        let usual = self.volume.value();
        self.volume.update(bar.volume);
        let bands = self.bands.update(bar.close)?;
        let narrowest = self.narrowest.update(bands.width())?;
        if bands.width() <= narrowest {
            self.armed = settings.squeeze_memory;
            return None;
        }
        if self.armed == 0 {
            return None;
        }
        self.armed -= 1;
        let direction = match bar.close {
            close if close > bands.upper => Direction::Long,
            close if close < bands.lower => Direction::Short,
            _ => return None,
        };
        let volume = usual.filter(|usual| *usual > 0.0).map_or(0.0, |usual| bar.volume / usual);
        if volume < float::of(settings.volume_factor.0) {
            return None;
        }
        Some(Breakout { direction, bands, narrowest, volume })
    }

    /// One squeeze, one trade.
    pub(super) fn used(&mut self) {
        self.armed = 0;
    }
}
