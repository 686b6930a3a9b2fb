//! Amounts of a settle currency.

use crate::decimal::{NotADecimal, exact, is_negative, is_positive, ordered};
use crate::rate::Rate;
use rust_decimal::Decimal;
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};
use std::str::FromStr;

/// A signed amount of a settle currency. Positive is ours to have, unless a name says otherwise (`fee`, `payment`:
/// positive is paid).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Money(Decimal);
ordered!(Money);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(Decimal::ZERO);

    /// The largest amount that is read from outside: sums of hundreds of such amounts still fit a decimal.
    pub const MAX_READ: Money = Money(Decimal::from_parts(2_701_131_776, 466_537_709, 54_210, false, 0));

    /// An amount from a calculation.
    #[must_use]
    pub const fn new(amount: Decimal) -> Self {
        Self(amount)
    }

    /// The number, in the settle currency.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// The amount without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        is_negative(self.0)
    }

    /// Above zero.
    #[must_use]
    pub fn is_positive(self) -> bool {
        is_positive(self.0)
    }

    /// Exactly zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Self, NotMoney> {
        let amount = Self(exact(text)?);
        if amount.abs() > Self::MAX_READ {
            return Err(NotMoney::TooLarge(amount));
        }
        Ok(amount)
    }
}

/// Why a text is not [`Money`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotMoney {
    /// Absurdly large.
    #[error("an amount is at most {max}, got {0}", max = Money::MAX_READ)]
    TooLarge(Money),
    /// Not a number.
    #[error(transparent)]
    NotADecimal(#[from] NotADecimal),
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Neg for Money {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Mul<Decimal> for Money {
    type Output = Self;

    fn mul(self, factor: Decimal) -> Self {
        Self(self.0 * factor)
    }
}

impl Mul<Rate> for Money {
    type Output = Self;

    fn mul(self, rate: Rate) -> Self {
        Self(self.0 * rate.get())
    }
}

impl Div<Decimal> for Money {
    type Output = Self;

    fn div(self, divisor: Decimal) -> Self {
        Self(self.0 / divisor)
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}
