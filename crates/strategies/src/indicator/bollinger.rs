//! Bollinger bands.

use super::Window;
use crate::float;
use serde::{Deserialize, Serialize};

/// Bollinger bands: the mean of the last `period` values, and so many of their standard deviations above and below it. The
/// deviation is that of the values themselves (population: divided by `period`, not by one less).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bollinger {
    window: Window,
    #[serde(with = "float")]
    deviations: f64,
}

/// The bands at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bands {
    /// The mean and so many deviations.
    pub upper: f64,
    /// The mean.
    pub middle: f64,
    /// The mean less so many deviations.
    pub lower: f64,
}

impl Bands {
    /// `(upper − lower) ÷ middle`, a fraction.
    #[must_use]
    pub fn width(&self) -> f64 {
        (self.upper - self.lower) / self.middle
    }
}

impl Bollinger {
    /// Bands that have heard nothing. A period of 0 counts as 1.
    #[must_use]
    pub fn new(period: u32, deviations: f64) -> Self {
        Self { window: Window::new(period), deviations }
    }

    /// Hears the next value, and says the bands.
    pub fn update(&mut self, value: f64) -> Option<Bands> {
        self.window.push(value);
        self.value()
    }

    /// The bands, once there are any.
    #[must_use]
    pub fn value(&self) -> Option<Bands> {
        if !self.window.is_full() {
            return None;
        }
        let middle = self.window.mean();
        let away = self.window.variance(middle).sqrt() * self.deviations;
        Some(Bands { upper: middle + away, middle, lower: middle - away })
    }
}
