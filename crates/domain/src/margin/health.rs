//! What a margin cover asks for.

use crate::rate::Rate;
use crate::side::{UnknownWord, words};
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// What is to be done about an account's margin, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarginHealth {
    /// Nothing requires margin.
    NoPositions,
    /// Nothing is to be done.
    Healthy,
    /// Equity is within the buffer above maintenance: reduce.
    Reduce,
    /// Equity is below maintenance: close everything.
    Flatten,
}
words!(
    MarginHealth,
    "margin health",
    NoPositions = "no_positions",
    Healthy = "healthy",
    Reduce = "reduce",
    Flatten = "flatten"
);

impl MarginHealth {
    /// The buffer that is meant where none is configured: 15 % above maintenance.
    pub const DEFAULT_BUFFER: Rate = Rate::new(Decimal::from_parts(15, 0, 0, false, 2));

    /// From [`margin_cover`](crate::margin_cover) `C` and a buffer `b`: below 1 flatten, below `1 + b` reduce, else
    /// healthy; without a cover there are no positions.
    #[must_use]
    pub fn of(cover: Option<Decimal>, buffer: Rate) -> Self {
        match cover {
            None => Self::NoPositions,
            Some(cover) if cover < Decimal::ONE => Self::Flatten,
            Some(cover) if cover < Decimal::ONE.saturating_add(buffer.get()) => Self::Reduce,
            Some(_) => Self::Healthy,
        }
    }
}
