//! What is heard of the market.

use super::settings::GridSettings;
use crate::candles::{Aggregator, Bar};
use crate::float;
use crate::indicator::{Atr, Sma};
use plimsoll_domain::Candle;
use serde::{Deserialize, Serialize};

/// The range of longer candles, and how loud the market is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Market {
    longer: Option<Aggregator>,
    atr: Atr,
    volume: Sma,
    /// For how many candles more nothing is opened.
    pause: u32,
    #[serde(with = "float")]
    close: f64,
}

impl Market {
    pub(super) fn new(settings: &GridSettings) -> Self {
        Self {
            longer: Aggregator::new(settings.interval.get(), settings.range_interval.get()),
            atr: Atr::new(settings.atr_period),
            volume: Sma::new(settings.volume_period),
            pause: 0,
            close: 0.0,
        }
    }

    pub(super) fn update(&mut self, settings: &GridSettings, candle: &Candle) {
        let bar = Bar::of(candle);
        for closed in self.longer.as_mut().map(|longer| longer.update(&bar)).unwrap_or_default().iter() {
            self.atr.update(closed.high, closed.low, closed.close);
        }
        self.close = bar.close;
        self.pause = self.pause.saturating_sub(1);
        let usual = self.volume.value();
        self.volume.update(bar.volume);
        let most = float::of(settings.max_volume_factor.0);
        if most > 0.0 && usual.is_some_and(|usual| bar.volume > usual * most) {
            self.pause = settings.pause;
        }
    }

    /// The range of the longer candles that have closed.
    pub(super) fn atr(&self) -> Option<f64> {
        self.atr.value()
    }

    /// Whether it is quiet enough to open anything.
    pub(super) fn lets_open(&self, settings: &GridSettings) -> bool {
        let most = self.close * float::of(settings.max_volatility.0);
        self.pause == 0 && self.atr().is_some_and(|atr| atr <= most)
    }
}
