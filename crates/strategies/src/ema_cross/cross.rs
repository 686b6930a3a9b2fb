//! The signal.

use crate::indicator::Ema;
use plimsoll_domain::Direction;
use serde::{Deserialize, Serialize};

/// Which of two averages is above, and when that changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cross {
    fast: Ema,
    slow: Ema,
    above: Option<bool>,
}

impl Cross {
    pub(super) fn new(fast: u32, slow: u32) -> Self {
        Self { fast: Ema::new(fast), slow: Ema::new(slow), above: None }
    }

    /// Hears a close, and says which way the fast average has crossed with it. Averages that are equal have crossed
    /// nothing yet, and the first that can be told is no cross.
    #[inline]
    pub(super) fn update(&mut self, close: f64) -> Option<Direction> {
        let (fast, slow) = (self.fast.update(close), self.slow.update(close)?);
        let (fast, before) = (fast?, self.above);
        #[expect(clippy::float_cmp, reason = "equal to the last bit is what is meant")]
        if fast == slow {
            return None;
        }
        let above = fast > slow;
        self.above = Some(above);
        let crossed = before.is_some_and(|before| before != above);
        crossed.then_some(if above { Direction::Long } else { Direction::Short })
    }

    /// Both averages, once there are both.
    pub(super) fn values(&self) -> Option<(f64, f64)> {
        self.fast.value().zip(self.slow.value())
    }
}
