//! A venue's maintenance-margin table, checked when it is loaded.

use super::floors::Floors;
use crate::leverage::Leverage;
use crate::liquidation::Crossing;
use crate::money::Money;
use crate::rate::Rate;
use rust_decimal::Decimal;

/// One line of a margin table: what holds while `floor ≤ notional < the next floor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Tier {
    /// The notional from which this line holds.
    pub floor: Money,
    /// Maintenance margin per notional.
    pub rate: Rate,
    /// What is taken off, so that the maintenance margin has no steps (Binance: `cum`).
    pub deduction: Money,
    /// The most leverage that a position of this notional may have.
    pub max_leverage: Leverage,
}

impl Tier {
    /// `notional × rate − deduction`: maintenance margin by this line, whatever the notional.
    #[must_use]
    pub fn maintenance(&self, notional: Money) -> Money {
        Money::new(notional.get().saturating_mul(self.rate.get()).saturating_sub(self.deduction.get()))
    }
}

/// A whole margin table: from notional 0 up, continuous, increasing and convex. One that is not cannot be built. It says
/// too what two cross legs of one contract are asked for together.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct MarginTiers {
    lines: Vec<Tier>,
    #[cfg_attr(feature = "serde", serde(skip))]
    floors: Floors,
    #[cfg_attr(feature = "serde", serde(skip))]
    hedge: HedgeMargin,
}

/// What a venue asks of the two cross legs of one contract together. Isolated legs are asked each for its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum HedgeMargin {
    /// Maintenance of each.
    #[default]
    EachLeg,
    /// Maintenance of the larger one alone.
    LargerLeg,
}

/// Without what only makes a line found sooner.
impl std::fmt::Debug for MarginTiers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MarginTiers").field("lines", &self.lines).field("hedge", &self.hedge).finish()
    }
}

impl MarginTiers {
    /// # Errors
    /// [`BrokenTiers`] names the line and what is wrong with it.
    pub fn new(tiers: Vec<Tier>) -> Result<Self, BrokenTiers> {
        let first = tiers.first().ok_or(BrokenTiers::Empty)?;
        for (line, pair) in (2..).zip(tiers.windows(2)) {
            let &[below, tier] = pair else { continue };
            if tier.floor <= below.floor {
                return Err(BrokenTiers::Unsorted { line, floor: tier.floor, below: below.floor });
            }
        }
        if !first.floor.is_zero() {
            return Err(BrokenTiers::StartsAbove(first.floor));
        }
        if !first.deduction.is_zero() {
            return Err(BrokenTiers::Deduction { line: 1, found: first.deduction, expected: Money::ZERO });
        }
        for (line, tier) in (1..).zip(&tiers) {
            if tier.rate <= Rate::ZERO || tier.rate.get() >= Decimal::ONE {
                return Err(BrokenTiers::Rate { line, rate: tier.rate });
            }
        }
        for (line, pair) in (2..).zip(tiers.windows(2)) {
            let &[below, tier] = pair else { continue };
            if tier.rate < below.rate {
                return Err(BrokenTiers::Falling { line, rate: tier.rate, below: below.rate });
            }
            if tier.max_leverage > below.max_leverage {
                return Err(BrokenTiers::Leverage { line, leverage: tier.max_leverage, below: below.max_leverage });
            }
            let jump = tier.floor.get().saturating_mul(tier.rate.get() - below.rate.get());
            let expected = Money::new(below.deduction.get().saturating_add(jump));
            if tier.deduction != expected {
                return Err(BrokenTiers::Deduction { line, found: tier.deduction, expected });
            }
        }
        Ok(Self { floors: Floors::of(&tiers), lines: tiers, hedge: HedgeMargin::EachLeg })
    }

    /// One line in force at every notional, taken as given: its deduction may be what a venue deducts at the size of one
    /// position, which no whole table could start with. Right as long as the position stays within that line.
    ///
    /// # Errors
    /// [`BrokenTiers`] for a rate that is no maintenance rate, and for a deduction that adds.
    pub fn single(rate: Rate, deduction: Money, max_leverage: Leverage) -> Result<Self, BrokenTiers> {
        if rate <= Rate::ZERO || rate.get() >= Decimal::ONE {
            return Err(BrokenTiers::Rate { line: 1, rate });
        }
        if deduction.is_negative() {
            return Err(BrokenTiers::Negative { line: 1, found: deduction });
        }
        let line = Tier { floor: Money::ZERO, rate, deduction, max_leverage };
        Ok(Self { floors: Floors::of(&[line]), lines: vec![line], hedge: HedgeMargin::EachLeg })
    }

    /// The same table at a venue that asks this of two cross legs; without it, maintenance of each.
    #[must_use]
    pub fn hedged(self, hedge: HedgeMargin) -> Self {
        Self { hedge, ..self }
    }

    /// What two cross legs are asked for together.
    #[must_use]
    pub const fn hedge(&self) -> HedgeMargin {
        self.hedge
    }

    /// The lines, by rising floor; never empty.
    #[must_use]
    pub fn lines(&self) -> &[Tier] {
        &self.lines
    }

    /// The number of the line, from 0, that holds at `notional`. A negative notional counts as 0.
    #[must_use]
    pub fn index(&self, notional: Money) -> usize {
        let reached = self.floors.reached(notional.get());
        reached.unwrap_or_else(|| self.lines.partition_point(|tier| tier.floor <= notional)).saturating_sub(1)
    }

    /// The line that holds at `notional`.
    #[must_use]
    pub fn at(&self, notional: Money) -> &Tier {
        &self.lines[self.index(notional)]
    }

    /// The line that holds from notional 0.
    pub(crate) fn lowest(&self) -> &Tier {
        &self.lines[0]
    }

    /// The line that holds at the largest notionals.
    pub(crate) fn highest(&self) -> &Tier {
        &self.lines[self.lines.len() - 1]
    }

    /// Where each further line begins, and how far it bends what is left of equity there.
    pub(crate) fn crossings(&self) -> impl Iterator<Item = Crossing> {
        self.lines.windows(2).filter_map(|pair| match pair {
            [below, tier] => Some(Crossing {
                notional: tier.floor.get(),
                size: Decimal::ONE,
                fall: tier.rate.get() - below.rate.get(),
                rise: tier.deduction.get() - below.deduction.get(),
            }),
            _ => None,
        })
    }

    /// Maintenance margin of a position of this notional.
    #[must_use]
    pub fn maintenance(&self, notional: Money) -> Money {
        self.at(notional).maintenance(notional)
    }

    /// The most leverage that a position of this notional may have.
    #[must_use]
    pub fn max_leverage(&self, notional: Money) -> Leverage {
        self.at(notional).max_leverage
    }
}

/// What is wrong with a margin table. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenTiers {
    /// No lines.
    #[error("a margin table needs at least one line")]
    Empty,
    /// The table says nothing about small positions.
    #[error("line 1 of the margin table starts at notional {0}, it must start at 0")]
    StartsAbove(Money),
    /// Lines not by rising floor.
    #[error(
        "line {line} of the margin table starts at {floor}, not above the {below} of the line before: sort the lines"
    )]
    Unsorted {
        /// The line.
        line: usize,
        /// Its floor.
        floor: Money,
        /// The floor before it.
        below: Money,
    },
    /// A rate that is no maintenance rate.
    #[error("line {line} of the margin table has rate {rate}, it must be above 0 and below 1")]
    Rate {
        /// The line.
        line: usize,
        /// Its rate.
        rate: Rate,
    },
    /// A larger position with a smaller rate: not convex.
    #[error("line {line} of the margin table has rate {rate}, below the {below} of the line before")]
    Falling {
        /// The line.
        line: usize,
        /// Its rate.
        rate: Rate,
        /// The rate before it.
        below: Rate,
    },
    /// A larger position with more leverage.
    #[error("line {line} of the margin table allows {leverage}, more than the {below} of the line before")]
    Leverage {
        /// The line.
        line: usize,
        /// Its leverage.
        leverage: Leverage,
        /// The leverage before it.
        below: Leverage,
    },
    /// The maintenance margin would jump at the floor.
    #[error(
        "line {line} of the margin table deducts {found}, but maintenance margin is continuous only with {expected}"
    )]
    Deduction {
        /// The line.
        line: usize,
        /// Its deduction.
        found: Money,
        /// The one that makes the table continuous.
        expected: Money,
    },
    /// A deduction that would add to the maintenance margin.
    #[error("line {line} of the margin table deducts {found}, a deduction is never below 0")]
    Negative {
        /// The line.
        line: usize,
        /// Its deduction.
        found: Money,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `floor rate deduction max_leverage`, one line a line.
    fn table(text: &str) -> Result<MarginTiers, BrokenTiers> {
        let line = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            Tier {
                floor: fields[0].parse().unwrap(),
                rate: fields[1].parse().unwrap(),
                deduction: fields[2].parse().unwrap(),
                max_leverage: fields[3].parse().unwrap(),
            }
        };
        MarginTiers::new(text.lines().map(str::trim).filter(|it| !it.is_empty()).map(line).collect())
    }

    #[test]
    fn a_broken_table_says_what_is_wrong_with_it() {
        let check = |text, expected| assert_eq!(table(text).unwrap_err().to_string(), expected);
        check("", "a margin table needs at least one line");
        check("1000 0.004 0 125", "line 1 of the margin table starts at notional 1000, it must start at 0");
        check(
            "0 0.004 5 125",
            "line 1 of the margin table deducts 5, but maintenance margin is continuous only with 0",
        );
        check(
            "
            0     0.004 0  125
            50000 0.005 50 100
            50000 0.006 99 75
            ",
            "line 3 of the margin table starts at 50000, not above the 50000 of the line before: sort the lines",
        );
        check("0 0 0 125", "line 1 of the margin table has rate 0, it must be above 0 and below 1");
        check("0 1 0 125", "line 1 of the margin table has rate 1, it must be above 0 and below 1");
        check("0 -0.1 0 125", "line 1 of the margin table has rate -0.1, it must be above 0 and below 1");
        check(
            "
            0     0.004 0   125
            50000 0.003 -50 100
            ",
            "line 2 of the margin table has rate 0.003, below the 0.004 of the line before",
        );
        check(
            "
            0     0.004 0  100
            50000 0.005 50 125
            ",
            "line 2 of the margin table allows 125x, more than the 100x of the line before",
        );
        check(
            "
            0     0.004 0  125
            50000 0.005 51 100
            ",
            "line 2 of the margin table deducts 51, but maintenance margin is continuous only with 50",
        );
    }

    #[test]
    fn a_floor_belongs_to_the_line_that_it_starts() {
        let tiers = table("0 0.004 0 125\n 50000 0.005 50 100\n 600000 0.0065 950 75").unwrap();
        let check = |notional: &str, index, maintenance: &str, leverage| {
            let notional = notional.parse().unwrap();
            assert_eq!(tiers.index(notional), index, "{notional}");
            assert_eq!(tiers.maintenance(notional), maintenance.parse().unwrap(), "{notional}");
            assert_eq!(tiers.max_leverage(notional).get(), leverage, "{notional}");
        };
        check("-5", 0, "-0.02", 125);
        check("0", 0, "0", 125);
        check("49999.99", 0, "199.99996", 125);
        check("50000", 1, "200", 100);
        check("599999", 1, "2949.995", 100);
        check("600000", 2, "2950", 75);
        check("100000000", 2, "649050", 75);
    }

    #[test]
    fn a_line_taken_as_given_may_deduct_but_not_add() {
        let single = |rate: &str, deduction: &str| {
            MarginTiers::single(rate.parse().unwrap(), deduction.parse().unwrap(), Leverage::ONE)
        };
        assert_eq!(single("0.005", "50").unwrap().maintenance("100000".parse().unwrap()), "450".parse().unwrap());
        let refused = |rate, deduction| single(rate, deduction).unwrap_err().to_string();
        assert_eq!(refused("0", "0"), "line 1 of the margin table has rate 0, it must be above 0 and below 1");
        assert_eq!(refused("0.005", "-1"), "line 1 of the margin table deducts -1, a deduction is never below 0");
    }
}
