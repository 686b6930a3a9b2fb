//! Figures of a run, by the field's definitions.
//!
//! Money is exact and in the settle currency; ratios are floats. Returns are per step of the equity curve, and
//! annualised by 365 days. What has too few samples is `None`, "not available": never a number, and never `NaN` or
//! infinite.
//!
//! ```
//! use plimsoll_backtest::Outcome;
//! use plimsoll_backtest::statistics::Statistics;
//!
//! /// Worth a closer look: it earned something, and never stood a twentieth from its liquidation.
//! fn is_promising(run: &Outcome) -> bool {
//!     let it = Statistics::of(run);
//!     let is_safe = it.nearest_liquidation.is_none_or(|nearest| nearest.distance > 0.05);
//!     is_safe && it.trades.expectancy.is_some_and(|net| net.is_positive())
//! }
//! ```

mod drawdown;
#[cfg(test)]
pub(crate) mod fixture;
mod months;
mod nearest;
mod ratio;
mod reconciliation;
mod returns;
mod strategies;
#[cfg(test)]
mod tests;
mod trades;

pub use drawdown::{Drawdown, under_water};
pub use months::{Month, months};
pub use nearest::{NearestLiquidation, nearest_liquidation};
pub use reconciliation::{Claim, Mismatch, Reconciliation};
pub use returns::{Returns, YEAR};
pub use strategies::{StrategyFigures, strategies};
pub use trades::TradeFigures;

use crate::Outcome;
use crate::honesty::TrackRecord;
use plimsoll_domain::Money;
use ratio::{finite, share};
use std::time::Duration;

/// Figures of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// How long the run was.
    pub period: Duration,
    /// The time between two points of the equity curve, of which returns are taken.
    pub step: Option<Duration>,
    /// How many returns there are.
    pub returns: usize,
    /// Equity at last ÷ opening wallets − 1.
    pub total_return: Option<f64>,
    /// What a year of the same would return; `None` of less than [`Statistics::FEWEST_DAYS`].
    pub annualised_return: Option<f64>,
    /// Standard deviation of returns, annualised.
    pub volatility: Option<f64>,
    /// Mean ÷ standard deviation of returns, annualised, over a risk-free rate of zero.
    pub sharpe: Option<f64>,
    /// Mean ÷ downside deviation of returns from zero, annualised.
    pub sortino: Option<f64>,
    /// Annualised return ÷ largest drawdown; `None` where there was none.
    pub calmar: Option<f64>,
    /// Third standardised moment of returns: 0 if symmetrical.
    pub skewness: Option<f64>,
    /// Fourth standardised moment of returns: 3 if normal.
    pub kurtosis: Option<f64>,
    /// The returns as a record, to be judged by [`honesty`](crate::honesty).
    pub record: Option<TrackRecord>,
    /// How probable it is that the true Sharpe ratio is above zero, if this was the only run that was looked at.
    pub sharpe_above_zero: Option<f64>,
    /// How long a run like this has to be until that is 95 %.
    pub length_needed: Option<Duration>,
    /// The worst falls of the curve.
    pub drawdown: Option<Drawdown>,
    /// Figures of the trades.
    pub trades: TradeFigures,
    /// The share of the time in which anything was held.
    pub exposure_time: Option<f64>,
    /// Price × quantity of all fills.
    pub turnover: Money,
    /// Turnover ÷ opening wallets.
    pub turnover_ratio: Option<f64>,
    /// Trading fees paid, by the fills.
    pub fees: Money,
    /// Funding paid, by the trades.
    pub funding: Money,
    /// Returns by month.
    pub months: Vec<Month>,
    /// Each strategy's part.
    pub strategies: Vec<StrategyFigures>,
    /// How near a liquidation came, if the chart carries it.
    pub nearest_liquidation: Option<NearestLiquidation>,
}

impl Statistics {
    /// Fewer days than these are not annualised.
    pub const FEWEST_DAYS: u64 = 7;

    /// All of them.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        let returns = Returns::of(&outcome.curve);
        let record = returns.as_ref().and_then(TrackRecord::of);
        let drawdown = Drawdown::of(&outcome.curve);
        let annualised_return = annualised_return(outcome);
        let turnover = outcome.fills.iter().map(|tagged| tagged.fill.quantity * tagged.fill.price).sum();
        Self {
            period: outcome.to.since(outcome.from),
            step: returns.as_ref().map(|it| it.step),
            returns: returns.as_ref().map_or(0, |it| it.values().len()),
            total_return: share(outcome.equity - outcome.opening, outcome.opening),
            annualised_return,
            volatility: returns.as_ref().and_then(Returns::volatility),
            sharpe: returns.as_ref().and_then(Returns::sharpe),
            sortino: returns.as_ref().and_then(Returns::sortino),
            calmar: annualised_return.and_then(|annual| calmar(annual, drawdown?)),
            skewness: returns.as_ref().and_then(Returns::skewness),
            kurtosis: returns.as_ref().and_then(Returns::kurtosis),
            record,
            sharpe_above_zero: record.and_then(|it| it.probability_above(0.0)),
            length_needed: returns.as_ref().and_then(|it| length_needed(record?, it.step)),
            drawdown,
            trades: TradeFigures::of(&outcome.trades),
            exposure_time: trades::exposure_time(&outcome.trades, outcome.from, outcome.to),
            turnover,
            turnover_ratio: share(turnover, outcome.opening),
            fees: outcome.fills.iter().map(|tagged| tagged.fill.fee).sum(),
            funding: outcome.trades.iter().map(|trade| trade.funding).sum(),
            months: months(&outcome.curve),
            strategies: strategies(outcome),
            nearest_liquidation: nearest_liquidation(outcome),
        }
    }
}

/// `(equity ÷ opening)^(year ÷ period) − 1`.
fn annualised_return(outcome: &Outcome) -> Option<f64> {
    let period = outcome.to.since(outcome.from);
    if period.as_secs() < Statistics::FEWEST_DAYS * 86_400 {
        return None;
    }
    let growth = share(outcome.equity, outcome.opening).filter(|growth| *growth >= 0.0)?;
    finite(growth.powf(YEAR.as_secs_f64() / period.as_secs_f64()) - 1.0)
}

fn length_needed(record: TrackRecord, step: Duration) -> Option<Duration> {
    let returns = record.minimum_length(0.0, 0.95)?;
    Duration::try_from_secs_f64(returns * step.as_secs_f64()).ok()
}

fn calmar(annualised_return: f64, drawdown: Drawdown) -> Option<f64> {
    (drawdown.fraction > 0.0).then(|| annualised_return / drawdown.fraction).and_then(finite)
}
