//! A hedge of which the venue took a part.

use super::account::Guarded;
use super::cut::Cut;
use crate::quantity::Quantity;
use rust_decimal::Decimal;

/// How many units of the other leg stand against one unit of the leg that lost: 1 for the two legs of one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HedgeRatio(Decimal);

impl HedgeRatio {
    /// Unit for unit.
    pub const ONE: HedgeRatio = HedgeRatio(Decimal::ONE);

    /// # Errors
    /// [`NotAHedgeRatio`] unless `value` is above zero.
    pub fn new(value: Decimal) -> Result<Self, NotAHedgeRatio> {
        if value <= Decimal::ZERO {
            return Err(NotAHedgeRatio(value));
        }
        Ok(Self(value))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }
}

/// A ratio that no hedge has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hedge ratio is above 0, got {0}")]
pub struct NotAHedgeRatio(Decimal);

/// What to close of `other` after the leg that it hedges, or is hedged by, lost this much to auto-deleveraging or a forced
/// close: the matching size, rounded up to the lot, and never more than is held. Nothing is bought back: the lost leg was
/// taken because its venue wanted it gone.
#[must_use]
pub fn match_lost(lost: Quantity, ratio: HedgeRatio, other: &Guarded<'_>) -> Cut {
    let matching = lost.get().saturating_mul(ratio.get());
    // Beyond all sizes there is nothing larger to close than everything, and a size too small to keep is still one lot.
    match Quantity::new(matching) {
        Ok(matching) => other.cut(matching),
        Err(_) if matching.is_zero() => other.cut(other.instrument.min_quantity),
        Err(_) => other.cut_whole(),
    }
}
