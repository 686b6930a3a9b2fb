//! Profit as traders state it.

use crate::fill::Fill;
use crate::leverage::Leverage;
use crate::money::Money;
use crate::position::Position;
use crate::price::Price;
use rust_decimal::Decimal;
use std::collections::HashSet;

/// Return on equity in per cent: `100·U ÷ (q·E/L)`, the price's move times the leverage. It does not depend on the size.
#[must_use]
pub fn return_on_equity(position: Position, leverage: Leverage, mark: Price) -> Decimal {
    let way = position.direction.sign() * (mark.get() - position.entry.get());
    let beyond = if way.is_sign_negative() { Decimal::MIN } else { Decimal::MAX };
    let scaled = way.saturating_mul(Decimal::ONE_HUNDRED * leverage.as_decimal());
    scaled.checked_div(position.entry.get()).unwrap_or(beyond)
}

/// What is left of a gross profit after fees and funding, both positive when paid.
#[must_use]
pub fn net(realized: Money, fees: Money, funding_paid: Money) -> Money {
    Money::new(realized.get().saturating_sub(fees.get()).saturating_sub(funding_paid.get()))
}

/// The size-weighted mean price of an order's *distinct* fills: a trade that is given twice, as streams and histories do,
/// counts once. `None` without fills.
///
/// An order update that carries its cumulative filled size replaces such a sum; it is not one more fill.
#[must_use]
pub fn average_price<'a>(fills: impl IntoIterator<Item = &'a Fill>) -> Option<Price> {
    let mut seen = HashSet::new();
    let (mut cost, mut filled) = (Decimal::ZERO, Decimal::ZERO);
    for fill in fills {
        if seen.insert((&fill.symbol, &fill.trade_id)) {
            cost = cost.checked_add((fill.quantity * fill.price).get())?;
            filled = filled.checked_add(fill.quantity.get())?;
        }
    }
    Price::new(cost.checked_div(filled)?).ok()
}
