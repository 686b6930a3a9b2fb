//! Simple moving average.

use super::Window;
use serde::{Deserialize, Serialize};

/// Simple moving average: the mean of the last `period` values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sma(Window);

impl Sma {
    /// One that has heard nothing. A period of 0 counts as 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self(Window::new(period))
    }

    /// Hears the next value, and says the average.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        self.0.push(value);
        self.value()
    }

    /// The average, once there is one.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.0.is_full().then(|| self.0.mean())
    }
}
