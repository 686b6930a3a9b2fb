//! What orders cost beside the last price at their decision, judged by what the backtest took for it.
//!
//! With live costs of mean `a`, deviation `s` and number `n`, and those of the backtest `b`, `t` and `m`, the chance that live
//! ones are so much dearer by accident is `1 − Φ((a − b) / √(s²/n + t²/m))`: Welch's comparison of two means, of enough orders
//! for the normal distribution to do. Less than [`WORTH`] is not spoken of, however certain it is.

use super::{Costs, INSIDE_AGAIN, OUTSIDE, Verdict, float, once_in};
use plimsoll_domain::Decimal;
use std::f64::consts::FRAC_1_SQRT_2;
use std::fmt;

/// Of fewer live orders nothing is said.
pub const FEWEST_ORDERS: u64 = 20;

/// Dearer by less than a basis point is no matter.
pub const WORTH: f64 = 0.0001;

/// Live costs beside those of the backtest, as shares of the price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgedCosts {
    /// How many live orders there are.
    pub orders: u64,
    /// What one cost on average.
    pub mean: f64,
    /// What one cost in the backtest on average.
    pub expected: f64,
    /// How probable it is that they are so much dearer by accident; `None` of too few.
    pub chance: Option<f64>,
}

/// Judges what live orders cost by what the backtest took for it.
#[must_use]
pub fn judge_costs(live: &[Decimal], by: &Costs) -> JudgedCosts {
    let Some(of_live) = Costs::of(live) else {
        return JudgedCosts { orders: 0, mean: 0.0, expected: float(by.mean), chance: None };
    };
    let (mean, expected) = (float(of_live.mean), float(by.mean));
    let part = |it: &Costs| float(it.deviation) * float(it.deviation) / float(Decimal::from(it.orders));
    let error = (part(&of_live) + part(by)).sqrt();
    let chance = match (mean - expected) / error {
        certain if certain.is_nan() => 0.5,
        apart => 0.5 * libm::erfc(apart * FRAC_1_SQRT_2),
    };
    let chance = (of_live.orders >= FEWEST_ORDERS).then_some(chance);
    JudgedCosts { orders: of_live.orders, mean, expected, chance }
}

impl JudgedCosts {
    /// Whether it is as predicted. What was outside is so until it is well inside again.
    #[must_use]
    pub fn verdict(&self, was_outside: bool) -> Verdict {
        let Some(chance) = self.chance else { return Verdict::TooFew };
        let limit = if was_outside { INSIDE_AGAIN } else { OUTSIDE };
        match chance < limit && self.mean - self.expected >= WORTH {
            true => Verdict::Outside,
            false => Verdict::AsPredicted,
        }
    }
}

impl fmt::Display for JudgedCosts {
    /// `31 orders filled 4.2 bp worse than the price at their decision, the backtest's 2.0 bp: so much happens once in 250`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { orders, .. } = self;
        if *orders == 0 {
            return write!(f, "no order at market has filled yet; the backtest's filled {}", points(self.expected));
        }
        write!(f, "{orders} orders filled {} than the price at their decision, ", points(self.mean))?;
        write!(f, "the backtest's {}", points(self.expected))?;
        match self.chance {
            Some(chance) => write!(f, ": so much happens {}", once_in(chance)),
            None => write!(f, ": {FEWEST_ORDERS} are needed to judge"),
        }
    }
}

fn points(share: f64) -> String {
    let word = if share < 0.0 { "better" } else { "worse" };
    format!("{:.1} bp {word}", share.abs() * 10_000.0)
}
