//! The zeros of a concave, piecewise linear function, exactly.

use crate::decimal::{is_negative, is_positive};
use crate::margin::Tier;
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
        let constant = if is_one(it.size) { Some(self.constant) } else { self.constant.checked_mul(it.size) };
        match (constant, self.slope.checked_mul(it.notional)) {
            (Some(constant), Some(rise)) => constant.saturating_add(rise),
            _ => self.constant.saturating_add(self.slope.saturating_mul(it.at())),
        }
    }

    /// Above zero at and right of zero.
    pub(crate) fn starts_solvent(self) -> bool {
        is_positive(self.constant) || self.constant.is_zero() && is_positive(self.slope)
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
        if is_one(size) {
            return Self { size, ..self };
        }
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

/// The upper end alone, of what is solvent from zero up: as [`solve`] answers it, but without a walk. `line`
/// is that of each tier, and its floor is crossed at `floor ÷ size`. What is left is concave and begins above zero, so that no
/// crossing after the first that is insolvent is solvent.
pub(crate) fn upper_end(tiers: &[Tier], size: Decimal, unit: Decimal, line: impl Fn(&Tier) -> Line) -> Option<Decimal> {
    let (lowest, further) = tiers.split_first()?;
    let is_solvent = |tier: &Tier| {
        let here = Crossing { notional: tier.floor.get(), size, fall: Decimal::ZERO, rise: Decimal::ZERO };
        is_positive(line(tier).sign_at(here))
    };
    let crossed = further.partition_point(is_solvent);
    let last = crossed.checked_sub(1).and_then(|place| further.get(place)).unwrap_or(lowest);
    let line = line(last);
    if is_negative(line.slope) { line.root(unit) } else { None }
}

/// Whether this is one as it is mostly written, so that nothing has to be multiplied by it.
#[inline]
pub(crate) fn is_one(size: Decimal) -> bool {
    size.scale() == 0 && size.mantissa() == 1
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
    let starts_solvent = line.starts_solvent();
    let mut below = None;
    if !starts_solvent {
        while let Some(crossing) = crossings.next_if(|it| !is_positive(line.sign_at(*it))) {
            line = line.bent(crossing);
        }
        if !is_positive(line.slope) {
            return Solvent::Never;
        }
        below = line.root(unit);
        if below.is_none() {
            return Solvent::Never;
        }
    }
    if !is_negative(last_slope) {
        return Solvent::Between { below, above: None };
    }
    for crossing in crossings {
        if is_negative(line.slope) && !is_positive(line.sign_at(crossing)) {
            break;
        }
        line = line.bent(crossing);
    }
    let above = if is_negative(line.slope) { line.root(unit) } else { None };
    Solvent::Between { below, above }
}

#[cfg(test)]
mod tests {
    use super::{Line, Solvent, solve, upper_end};
    use crate::leverage::Leverage;
    use crate::margin::{MarginTiers, Tier};
    use crate::money::Money;
    use crate::rate::Rate;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    /// A table of these widths and of what its rates rise by.
    fn table(lines: &[(i64, i64)]) -> MarginTiers {
        let (mut floor, mut rate, mut deduction) = (Decimal::ZERO, Decimal::new(4, 3), Decimal::ZERO);
        let mut tiers = Vec::new();
        for (width, rise) in lines {
            tiers.push(Tier {
                floor: Money::new(floor),
                rate: Rate::new(rate),
                deduction: Money::new(deduction),
                max_leverage: Leverage::ONE,
            });
            floor += Decimal::new(*width, 2);
            deduction += floor * Decimal::new(*rise, 4);
            rate += Decimal::new(*rise, 4);
        }
        MarginTiers::new(tiers).unwrap()
    }

    proptest! {
        #[test]
        fn the_upper_end_is_where_the_walk_ends(
            lines in prop::collection::vec((1_i64..10_000_000, 0_i64..400), 1..12),
            constant in 0_i64..100_000_000, slope in -100_i64..400, stretch in 1_i64..200, unit in 1_i64..1_000_000,
        ) {
            let tiers = table(&lines);
            let (constant, slope) = (Decimal::new(constant, 3), Decimal::new(slope, 4));
            let (stretch, unit) = (Decimal::new(stretch, 2), Decimal::new(unit, 3));
            let slope_of = |tier: &Tier| slope - tier.rate.get() * stretch;
            let line_of = |tier: &Tier| Line { constant: constant + tier.deduction.get(), slope: slope_of(tier) };
            let line = line_of(tiers.lowest());
            prop_assume!(line.starts_solvent());
            let crossings = tiers.crossings().map(|crossing| crossing.per(stretch));
            let walked = solve(line, slope_of(tiers.highest()), unit, crossings);
            let above = upper_end(tiers.lines(), stretch, unit, line_of);
            prop_assert_eq!(Solvent::Between { below: None, above }, walked);
        }
    }
}
