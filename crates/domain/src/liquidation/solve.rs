//! The zeros of a concave, piecewise linear function, exactly.

use rust_decimal::Decimal;
use std::cmp::Ordering;

/// `constant + slope·x`: equity less requirement while no tier is crossed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) constant: Decimal,
    pub(crate) slope: Decimal,
}

/// Where a tier begins, at `x = notional ÷ size`, and how the line bends there: its slope falls and its constant rises, so
/// that it stays whole. The quotient is not taken, so that nothing is rounded before the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crossing {
    pub(crate) notional: Decimal,
    pub(crate) size: Decimal,
    pub(crate) fall: Decimal,
    pub(crate) rise: Decimal,
}

/// The positive `x` at which a line with its crossings is above zero: one interval, or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Solvent {
    /// Nowhere.
    Never,
    /// Between these. `None` is an end that no number reaches: zero below, and above what a decimal can hold.
    Between { below: Option<Decimal>, above: Option<Decimal> },
}

impl Line {
    /// A number with the sign that the line has at a crossing. Sums saturate: only inputs beyond all markets reach that,
    /// and their sign stays right.
    fn sign_at(self, it: Crossing) -> Decimal {
        match (self.constant.checked_mul(it.size), self.slope.checked_mul(it.notional)) {
            (Some(constant), Some(rise)) => constant.saturating_add(rise),
            _ => self.constant.saturating_add(self.slope.saturating_mul(it.at())),
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self { constant: self.constant.saturating_add(other.constant), slope: self.slope.saturating_add(other.slope) }
    }

    fn bent(self, crossing: Crossing) -> Self {
        self.plus(Self { constant: crossing.rise, slope: -crossing.fall })
    }

    /// Where the line is zero, divided by `unit`; `None` beyond what a decimal can hold.
    fn root(self, unit: Decimal) -> Option<Decimal> {
        (-self.constant).checked_div(self.slope.checked_mul(unit)?)
    }
}

impl Crossing {
    /// `x`, rounded; what no decimal can hold is as far as one goes.
    fn at(self) -> Decimal {
        self.notional.checked_div(self.size).unwrap_or(Decimal::MAX)
    }

    /// The same crossing in an `x` of which one unit is worth `size` of notional.
    pub(crate) fn per(self, size: Decimal) -> Self {
        Self { size, fall: self.fall.saturating_mul(size), ..self }
    }

    /// The same crossing with its quotient taken, which makes it cheap to sort.
    pub(crate) fn divided(self) -> Self {
        Self { notional: self.at(), size: Decimal::ONE, ..self }
    }

    /// Which of two comes first.
    pub(crate) fn order(self, other: Self) -> Ordering {
        match (self.notional.checked_mul(other.size), other.notional.checked_mul(self.size)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => self.at().cmp(&other.at()),
        }
    }
}

/// Two rising sequences of crossings as one.
pub(crate) fn merged(
    left: impl Iterator<Item = Crossing>,
    right: impl Iterator<Item = Crossing>,
) -> impl Iterator<Item = Crossing> {
    let (mut left, mut right) = (left.peekable(), right.peekable());
    std::iter::from_fn(move || match (left.peek(), right.peek()) {
        (Some(one), Some(other)) if other.order(*one).is_lt() => right.next(),
        (Some(_), _) => left.next(),
        (None, _) => right.next(),
    })
}

/// Walks the crossings, which come in rising order, from zero up. `last_slope` is the slope beyond all of them. The ends
/// that it answers are divided by `unit`, so that a line over notionals answers prices with one division.
pub(crate) fn solve(
    line: Line,
    last_slope: Decimal,
    unit: Decimal,
    crossings: impl IntoIterator<Item = Crossing>,
) -> Solvent {
    let mut line = line;
    let mut crossings = crossings.into_iter().peekable();
    let starts_solvent = line.constant > Decimal::ZERO || line.constant.is_zero() && line.slope > Decimal::ZERO;
    let mut below = None;
    if !starts_solvent {
        while let Some(crossing) = crossings.next_if(|it| line.sign_at(*it) <= Decimal::ZERO) {
            line = line.bent(crossing);
        }
        if line.slope <= Decimal::ZERO {
            return Solvent::Never;
        }
        below = line.root(unit);
        if below.is_none() {
            return Solvent::Never;
        }
    }
    if last_slope >= Decimal::ZERO {
        return Solvent::Between { below, above: None };
    }
    for crossing in crossings {
        if line.slope < Decimal::ZERO && line.sign_at(crossing) <= Decimal::ZERO {
            break;
        }
        line = line.bent(crossing);
    }
    let above = if line.slope < Decimal::ZERO { line.root(unit) } else { None };
    Solvent::Between { below, above }
}
