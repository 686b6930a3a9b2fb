//! What longs pay shorts.
//!
//! The booked payment is always the venue's own record, a [`FundingPayment`](crate::FundingPayment): these are the
//! figures to expect, and to compare it with.

use crate::money::Money;
use crate::position::Position;
use crate::price::Price;
use crate::rate::Rate;
use rust_decimal::Decimal;

/// What a position pays at one funding time: `s·q·mark·rate`. Positive is paid by us, negative received; at a positive
/// rate longs pay shorts.
#[must_use]
pub fn payment(position: Position, mark: Price, rate: Rate) -> Money {
    estimate(position, mark, rate, Decimal::ONE)
}

/// What a position would pay over so many periods at this price and rate: `s·q·price·rate·periods`.
#[must_use]
pub fn estimate(position: Position, price: Price, rate: Rate, periods: Decimal) -> Money {
    let signed = position.direction.sign() * position.notional(price).get();
    Money::new(signed.saturating_mul(rate.get()).saturating_mul(periods))
}

/// Fundings in a day: `24 ÷ interval_hours`, never a constant 3; `None` for an interval of zero.
#[must_use]
pub fn per_day(interval_hours: u32) -> Option<Decimal> {
    Decimal::from(24).checked_div(Decimal::from(interval_hours))
}

/// What a position would pay in a day; `None` for an interval of zero.
#[must_use]
pub fn daily_estimate(position: Position, price: Price, rate: Rate, interval_hours: u32) -> Option<Money> {
    let per_period = position.direction.sign() * position.notional(price).get().saturating_mul(rate.get());
    let per_day = per_period.saturating_mul(Decimal::from(24));
    per_day.checked_div(Decimal::from(interval_hours)).map(Money::new)
}

/// The rate of a year of 365 days, without compounding: `rate × 8760 ÷ interval_hours`; `None` for an interval of zero.
#[must_use]
pub fn annualised(rate: Rate, interval_hours: u32) -> Option<Rate> {
    let yearly = rate.get().saturating_mul(Decimal::from(365 * 24));
    yearly.checked_div(Decimal::from(interval_hours)).map(Rate::new)
}

/// How many fundings it takes until a hedged carry has earned what entering and leaving both its legs costs:
/// `fees ÷ funding_per_interval`, where the funding is positive when received. Zero if nothing is to be earned back;
/// `None` if funding never earns it.
#[must_use]
pub fn break_even_intervals(fees: Money, funding_per_interval: Money) -> Option<Decimal> {
    if !fees.is_positive() {
        return Some(Decimal::ZERO);
    }
    if !funding_per_interval.is_positive() {
        return None;
    }
    fees.get().checked_div(funding_per_interval.get())
}
