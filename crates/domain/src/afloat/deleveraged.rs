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

/// One leg of a hedge, and what is left of the leg that the venue took a part of.
#[derive(Debug, Clone, Copy)]
pub struct Hedge<'a> {
    /// What is left of the leg that lost; `None` if it is gone.
    pub left: Option<Quantity>,
    /// How many units of the other leg stand against one unit of it.
    pub ratio: HedgeRatio,
    /// The other leg.
    pub other: &'a Guarded<'a>,
}

impl Hedge<'_> {
    /// What to close of the other leg after this much was lost of the one, to auto-deleveraging or a forced close: the
    /// matching size, rounded up to the lot, and never more than what has no hedge any more. `None` if what is left balances,
    /// to less than a lot. Nothing is bought back: the lost leg was taken because its venue wanted it gone.
    #[must_use]
    pub fn match_lost(&self, lost: Quantity) -> Option<Cut> {
        self.at_most(lost.get().saturating_mul(self.ratio.get()))
    }

    /// What to close of the other leg where this much of it was to be closed before, and was not.
    #[must_use]
    pub fn match_missing(&self, missing: Quantity) -> Option<Cut> {
        self.at_most(missing.get())
    }

    fn at_most(&self, matching: Decimal) -> Option<Cut> {
        let hedged = self.left.map_or(Decimal::ZERO, |left| left.get().saturating_mul(self.ratio.get()));
        let naked = self.other.position.quantity.get().saturating_sub(hedged);
        // A ratio that does not divide leaves some dust; what stands alone is closed whatever its size.
        if naked <= Decimal::ZERO || !hedged.is_zero() && naked < self.other.instrument.lot.get() {
            return None;
        }
        let wanted = matching.min(naked);
        // Beyond all sizes there is nothing larger to close than everything, and a size too small to keep is still one lot.
        Some(match Quantity::new(wanted) {
            Ok(wanted) => self.other.cut(wanted),
            Err(_) if wanted.is_zero() => self.other.cut(self.other.instrument.min_quantity),
            Err(_) => self.other.cut_whole(),
        })
    }
}
