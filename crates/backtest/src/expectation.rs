//! What a backtest predicts of a strategy, and whether what it does live is still that.
//!
//! ```
//! use plimsoll_backtest::expectation::{Expectation, Verdict, judge_trips};
//! use plimsoll_domain::Decimal;
//!
//! # fn example(file: &str, live: &[Decimal]) -> Result<(), Box<dyn std::error::Error>> {
//! let expectation = Expectation::read(file)?;
//! let judged = judge_trips(live, &expectation);
//! if judged.verdict(false) == Verdict::Outside {
//!     println!("{judged}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A round trip counts by its result: what was left after fees and funding, as a share of the most that was held, at the average
//! entry. So sizes do not matter, and a strategy may trade more or less than it did in its backtest.

mod costs;
mod draws;
mod file;
mod trips;

pub use costs::{FEWEST_ORDERS, JudgedCosts, WORTH, judge_costs};
pub use file::NotAnExpectation;
pub use trips::{Beside, FEWEST_EXPECTED, FEWEST_TRIPS, JudgedTrips, judge_trips};

use crate::{Outcome, RoundTrip};
use plimsoll_domain::{Decimal, Money, Quantity, Symbol, Timestamp};
use plimsoll_engine::track::{cost_of, result_of};

/// So many results are kept: the newest.
const MOST_RETURNS: usize = 5000;

/// What a backtest predicts of one strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// Its kind.
    pub strategy: String,
    /// What its settings come to, as one word: settings that differ have another.
    pub settings: String,
    /// The contracts that it traded.
    pub contracts: Vec<Symbol>,
    /// When the backtest began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// How many round trips ended.
    pub round_trips: u64,
    /// The result of each, in the order in which they ended; of very many the newest.
    pub returns: Vec<Decimal>,
    /// What its orders at market cost; `None` where there were none.
    pub costs: Option<Costs>,
    /// The hash of the run.
    pub hash: String,
}

/// What orders at market cost beside the last price at their decision, as shares of it: positive is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Costs {
    /// How many there were.
    pub orders: u64,
    /// What one cost on average.
    pub mean: Decimal,
    /// By how much they differ: the standard deviation of one.
    pub deviation: Decimal,
}

/// Whether something is as it was predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// There is too little to say it of.
    TooFew,
    /// It may well be.
    AsPredicted,
    /// So much less happens too seldom.
    Outside,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooFew => "too_few",
            Self::AsPredicted => "as_predicted",
            Self::Outside => "outside",
        }
    }
}

/// What happens more seldom than this is outside of what was predicted.
pub const OUTSIDE: f64 = 0.01;

/// What was outside is so until it happens at least so often.
pub const INSIDE_AGAIN: f64 = 0.05;

impl Expectation {
    /// What a run predicts of its only strategy, which is of this kind and has these settings.
    #[must_use]
    pub fn of(outcome: &Outcome, strategy: &str, settings: &str, contracts: Vec<Symbol>) -> Self {
        let ended = outcome.trades.iter().filter(|trip| trip.closed.is_some());
        let mut returns: Vec<Decimal> = ended.filter_map(result).collect();
        let more = returns.len().saturating_sub(MOST_RETURNS);
        returns.drain(..more);
        Self {
            strategy: strategy.to_owned(),
            settings: settings.to_owned(),
            contracts,
            from: outcome.from,
            to: outcome.to,
            round_trips: outcome.ended,
            returns,
            costs: Costs::of(&costs_of(outcome)),
            hash: outcome.hash.clone(),
        }
    }

    /// How many round trips there were in a day of the backtest.
    #[must_use]
    pub fn trips_a_day(&self) -> Option<Decimal> {
        let seconds = Decimal::from(self.to.since(self.from).as_secs());
        let days = seconds.checked_div(Decimal::from(86_400))?;
        Some(Decimal::from(self.round_trips).checked_div(days)?.round_dp(4).normalize())
    }
}

fn result(trip: &RoundTrip) -> Option<Decimal> {
    result_of(trip.net(), trip.quantity, trip.entry.get())
}

/// What each order at market cost, whatever number of fills it took.
fn costs_of(outcome: &Outcome) -> Vec<Decimal> {
    let of_market = outcome.fills.iter().filter_map(|it| Some((it, it.decided?)));
    let mut orders: Vec<(&crate::TaggedFill, plimsoll_domain::Price, (Quantity, Money))> = Vec::new();
    for (it, decided) in of_market {
        let fill = &it.fill;
        let (quantity, notional) = (fill.quantity, fill.quantity * fill.price);
        let is_same = |known: &crate::TaggedFill| {
            (&known.account, &known.fill.client_order_id) == (&it.account, &fill.client_order_id)
        };
        match orders.last_mut().filter(|(known, ..)| is_same(known)) {
            Some((.., sum)) => *sum = (sum.0 + quantity, sum.1 + notional),
            None => orders.push((it, decided, (quantity, notional))),
        }
    }
    orders.into_iter().filter_map(|(it, decided, sum)| cost_of(it.fill.side, decided, sum)).collect()
}

impl Costs {
    /// Of single costs; `None` of none.
    #[must_use]
    pub fn of(costs: &[Decimal]) -> Option<Self> {
        let number = Decimal::from(costs.len());
        let mean = costs.iter().sum::<Decimal>().checked_div(number)?;
        let squares: Decimal = costs.iter().map(|cost| (*cost - mean) * (*cost - mean)).sum();
        let variance = squares.checked_div(number - Decimal::ONE).unwrap_or_default();
        let deviation = plimsoll_domain::decimal::exact(&format!("{:.12}", float(variance).sqrt())).unwrap_or_default();
        let orders = u64::try_from(costs.len()).unwrap_or(u64::MAX);
        Some(Self { orders, mean: mean.round_dp(10).normalize(), deviation: deviation.round_dp(10).normalize() })
    }
}

/// For statistics: nothing exact comes of it.
fn float(number: Decimal) -> f64 {
    f64::try_from(number).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a run has far fewer trades than a float has whole numbers")]
fn count(number: usize) -> f64 {
    number as f64
}

/// `once in 900`, of what happens so often.
fn once_in(chance: f64) -> String {
    match chance {
        chance if chance <= draws::LEAST => format!("less than once in {:.0}", 1.0 / draws::LEAST),
        chance if chance >= 0.1 => format!("in {:.0} of 100 cases", chance * 100.0),
        chance => format!("once in {:.0}", 1.0 / chance),
    }
}

#[cfg(test)]
mod tests;
