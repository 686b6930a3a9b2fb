//! The zeros of a concave, piecewise linear function, exactly.

use rust_decimal::Decimal;

/// `constant + slope·x`: equity less requirement while no tier is crossed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) constant: Decimal,
    pub(crate) slope: Decimal,
}

/// Where a tier begins, and how the line bends there: its slope falls and its constant rises, so that it stays whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crossing {
    pub(crate) at: Decimal,
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
    /// Sums saturate: only inputs beyond all markets reach that, and their sign stays right.
    fn at(self, x: Decimal) -> Decimal {
        self.constant.saturating_add(self.slope.saturating_mul(x))
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self { constant: self.constant.saturating_add(other.constant), slope: self.slope.saturating_add(other.slope) }
    }

    fn bent(self, crossing: Crossing) -> Self {
        self.plus(Self { constant: crossing.rise, slope: -crossing.fall })
    }

    /// Where the line is zero, in units of `1/unit`; `None` beyond what a decimal can hold.
    fn root(self, unit: Decimal) -> Option<Decimal> {
        (-self.constant).checked_div(self.slope.checked_mul(unit)?)
    }
}

impl Crossing {
    /// The same crossing seen from `x = notional ÷ factor`; `None` if no such `x` can be held.
    pub(crate) fn scaled(self, factor: Decimal) -> Option<Self> {
        Some(Self { at: self.at.checked_div(factor)?, fall: self.fall.saturating_mul(factor), rise: self.rise })
    }
}

/// Walks the crossings, which come in rising order, from zero up. The ends that it answers are divided by `unit`, so
/// that a line over notionals answers prices with one division.
pub(crate) fn solve(line: Line, unit: Decimal, crossings: impl IntoIterator<Item = Crossing>) -> Solvent {
    let mut line = line;
    let mut crossings = crossings.into_iter().peekable();
    let starts_solvent = line.constant > Decimal::ZERO || line.constant.is_zero() && line.slope > Decimal::ZERO;
    let mut below = None;
    if !starts_solvent {
        while let Some(&crossing) = crossings.peek() {
            if line.at(crossing.at) > Decimal::ZERO {
                break;
            }
            line = line.bent(crossing);
            crossings.next();
        }
        if line.slope <= Decimal::ZERO {
            return Solvent::Never;
        }
        below = line.root(unit);
        if below.is_none() {
            return Solvent::Never;
        }
    }
    for crossing in crossings {
        if line.slope < Decimal::ZERO && line.at(crossing.at) <= Decimal::ZERO {
            break;
        }
        line = line.bent(crossing);
    }
    let above = if line.slope < Decimal::ZERO { line.root(unit) } else { None };
    Solvent::Between { below, above }
}
