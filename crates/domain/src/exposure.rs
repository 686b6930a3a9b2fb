//! How much is held, long and short.

use crate::money::Money;
use crate::side::Direction;
use std::ops::AddAssign;

/// Notionals at the marks, long and short apart: neither is below zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Exposure {
    /// Of everything long.
    pub long: Money,
    /// Of everything short.
    pub short: Money,
}

impl Exposure {
    /// Of one position.
    #[must_use]
    pub fn of(direction: Direction, notional: Money) -> Self {
        match direction {
            Direction::Long => Self { long: notional, short: Money::ZERO },
            Direction::Short => Self { long: Money::ZERO, short: notional },
        }
    }

    /// Long less short: what a common move of prices is felt on.
    #[must_use]
    pub fn net(&self) -> Money {
        Money::new(self.long.get().saturating_sub(self.short.get()))
    }

    /// Long and short together: what margin is asked for.
    #[must_use]
    pub fn gross(&self) -> Money {
        plus(self.long, self.short)
    }
}

impl AddAssign for Exposure {
    fn add_assign(&mut self, other: Self) {
        self.long = plus(self.long, other.long);
        self.short = plus(self.short, other.short);
    }
}

fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}
