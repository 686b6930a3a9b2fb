//! Prices that need no tiers.

use crate::leverage::Leverage;
use crate::money::Money;
use crate::position::Position;
use crate::price::Price;
use crate::rate::Rate;
use crate::side::Direction;
use rust_decimal::Decimal;

/// The well-known *estimate* of an isolated liquidation price, `E·(1 − s/L + s·rate)`: one tier, margin = notional ÷
/// leverage, no fee. It charges maintenance at entry, not at liquidation, and so differs from the exact
/// [`isolated`](super::isolated), which is to be used wherever the position is known. `None` if it is not above zero.
#[must_use]
pub fn estimate(direction: Direction, entry: Price, leverage: Leverage, maintenance_rate: Rate) -> Option<Price> {
    let (sign, times) = (direction.sign(), leverage.as_decimal());
    let maintenance = sign.checked_mul(maintenance_rate.get())?.checked_mul(times)?;
    let factor = (times - sign).checked_add(maintenance)?;
    Price::new(entry.get().checked_mul(factor)?.checked_div(times)?).ok()
}

/// What some venues show of a cross position: where its loss alone would take equity down to the maintenance margin of this
/// moment, `P + s·(M − A)/q`. It keeps the requirement at that of the mark, and so moves with the mark; where the account is
/// due exactly, [`cross`](super::cross) says. `None` if no price does.
#[must_use]
pub fn at_maintenance_of(position: Position, mark: Price, equity: Money, maintenance: Money) -> Option<Price> {
    let short_of = maintenance.get().checked_sub(equity.get())?.checked_mul(position.direction.sign())?;
    Price::new(mark.get().checked_add(short_of.checked_div(position.quantity.get())?)?).ok()
}

/// The bankruptcy price, at which the equity of an isolated position is zero: `E − s·margin/q`. `None` if no price
/// bankrupts it.
#[must_use]
pub fn bankruptcy(position: Position, margin: Money) -> Option<Price> {
    let cushion = margin.get().checked_div(position.quantity.get())?.checked_mul(position.direction.sign())?;
    Price::new(position.entry.get().checked_sub(cushion)?).ok()
}

/// How far the mark may still go, as a fraction of itself: `s·(P − P_liq)/P`. Zero or less is at or beyond liquidation.
#[must_use]
pub fn distance(direction: Direction, mark: Price, liquidation: Price) -> Rate {
    let way = direction.sign() * (mark.get() - liquidation.get());
    let beyond = if way.is_sign_negative() { Decimal::MIN } else { Decimal::MAX };
    Rate::new(way.checked_div(mark.get()).unwrap_or(beyond))
}
