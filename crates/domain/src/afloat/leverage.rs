//! A position kept at a leverage.

use super::account::Guarded;
use super::cut::Cut;
use crate::money::Money;
use crate::price::{Rounding, Step};
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::reduce::{Adjustment, to_leverage};
use rust_decimal::Decimal;

/// Whether keeping a leverage may also buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Adding {
    /// Only reductions.
    Never,
    /// A position below its leverage may grow; the order still has to pass every check.
    Allowed,
}

/// What brings a position back to its leverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Releveraged {
    /// Nothing.
    Hold,
    /// Closing this much.
    Reduce(Cut),
    /// Adding this much, in one order that the venue takes.
    Increase(Quantity),
}

/// Back to an effective leverage of `target` at `equity`, what backs the position: `notional ÷ equity`, both after the
/// order and its fee, ends at most at the target. `band` is the no-trade band of [`to_leverage`].
#[must_use]
pub fn keep_leverage(it: &Guarded<'_>, equity: Money, target: Decimal, band: Rate, adding: Adding) -> Releveraged {
    let lot = it.instrument.lot;
    let wanted = to_leverage(it.position, it.mark, equity, target, band, lot);
    // What is bought or sold pays its fee out of the equity: closing `x` leaves `(q − x)·P ≤ target·(A − x·P·fee)`.
    let of_fee = target.saturating_mul(it.fee.get());
    let right = target.saturating_mul(equity.get()).max(Decimal::ZERO).checked_div(it.mark.get());
    let apart = right.unwrap_or(Decimal::MAX).saturating_sub(it.position.quantity.get());
    match wanted {
        Adjustment::Hold => Releveraged::Hold,
        Adjustment::Reduce(_) => {
            let kept = Decimal::ONE.saturating_sub(of_fee);
            if kept <= Decimal::ZERO || !equity.is_positive() {
                return Releveraged::Reduce(it.cut_whole());
            }
            let closed = lot.round((-apart).checked_div(kept).unwrap_or(Decimal::MAX), Rounding::Up);
            Releveraged::Reduce(Quantity::new(closed).map_or_else(|_| it.cut_whole(), |closed| it.cut(closed)))
        }
        Adjustment::Increase(_) if adding == Adding::Never => Releveraged::Hold,
        Adjustment::Increase(most) => {
            let room = apart.checked_div(Decimal::ONE.saturating_add(of_fee)).unwrap_or_default();
            let room = room.min(most.get()).min(it.instrument.max_market_quantity.get());
            let added = Quantity::new(lot.round(room, Rounding::Down)).ok();
            let fits = |added: &Quantity| it.instrument.market_size(*added, it.mark).is_ok();
            added.filter(fits).map_or(Releveraged::Hold, Releveraged::Increase)
        }
    }
}

/// What an isolated position lacks of an effective leverage of `target` at `equity`, rounded up to what can be moved; zero
/// where it lacks nothing.
#[must_use]
pub fn margin_for_leverage(it: &Guarded<'_>, equity: Money, target: Decimal, money_step: Step) -> Money {
    let wanted = it.position.notional(it.mark).get().checked_div(target).unwrap_or(Decimal::MAX);
    Money::new(money_step.round(wanted.saturating_sub(equity.get()), Rounding::Up).max(Decimal::ZERO))
}
