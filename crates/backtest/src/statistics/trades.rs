//! What the trades were like. A trade is won or lost by its net: after fees and funding.

use super::ratio::{finite, share};
use crate::RoundTrip;
use plimsoll_domain::{Money, Timestamp};
use rust_decimal::{Decimal, RoundingStrategy};
use std::time::Duration;

/// Figures over the trades that ended; those that are held still are only counted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TradeFigures {
    /// Trades that ended.
    pub closed: usize,
    /// Positions that are held still.
    pub open: usize,
    /// Ended above zero, net.
    pub won: usize,
    /// Ended below zero, net.
    pub lost: usize,
    /// Won ÷ closed.
    pub win_rate: Option<f64>,
    /// What the winners won ÷ what the losers lost; `None` if nothing was lost.
    pub profit_factor: Option<f64>,
    /// Average net.
    pub expectancy: Option<Money>,
    /// Average net of the winners, above zero.
    pub average_win: Option<Money>,
    /// Average net of the losers, below zero.
    pub average_loss: Option<Money>,
    /// The best net above zero.
    pub largest_win: Option<Money>,
    /// The worst net below zero.
    pub largest_loss: Option<Money>,
    /// The most losers in a row, in the order in which they ended.
    pub losing_streak: usize,
    /// How long a position was held on average.
    pub average_held: Option<Duration>,
}

/// Averages are rounded to the step of a wallet.
const PLACES: u32 = 8;

impl TradeFigures {
    /// Of trades in the order in which they ended.
    #[must_use]
    pub fn of(trades: &[RoundTrip]) -> Self {
        let ended: Vec<(&RoundTrip, Timestamp)> =
            trades.iter().filter_map(|trade| Some((trade, trade.closed?))).collect();
        let nets: Vec<Money> = ended.iter().map(|(trade, _)| trade.net()).collect();
        let wins: Vec<Money> = nets.iter().copied().filter(|net| net.is_positive()).collect();
        let losses: Vec<Money> = nets.iter().copied().filter(|net| net.is_negative()).collect();
        let held: Duration = ended.iter().map(|(trade, closed)| closed.since(trade.opened)).sum();
        let number = u32::try_from(ended.len()).ok().filter(|number| *number > 0);
        Self {
            closed: ended.len(),
            open: trades.len() - ended.len(),
            won: wins.len(),
            lost: losses.len(),
            win_rate: number.and_then(|number| finite(fraction(wins.len(), number))),
            profit_factor: share(wins.iter().copied().sum(), -losses.iter().copied().sum::<Money>()),
            expectancy: average(&nets),
            average_win: average(&wins),
            average_loss: average(&losses),
            largest_win: wins.iter().copied().max(),
            largest_loss: losses.iter().copied().min(),
            losing_streak: longest_streak(&nets),
            average_held: number.map(|number| held / number),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a run has far fewer trades than a float has whole numbers")]
fn fraction(part: usize, whole: u32) -> f64 {
    part as f64 / f64::from(whole)
}

fn average(amounts: &[Money]) -> Option<Money> {
    let sum: Money = amounts.iter().copied().sum();
    let mean = sum.get().checked_div(Decimal::from(amounts.len()))?;
    Some(Money::new(mean.round_dp_with_strategy(PLACES, RoundingStrategy::MidpointNearestEven).normalize()))
}

fn longest_streak(nets: &[Money]) -> usize {
    nets.split(|net| !net.is_negative()).map(<[Money]>::len).max().unwrap_or(0)
}

/// The share of the time from `from` to `to` in which anything was held: the trades' times, overlaps once.
pub(super) fn exposure_time(trades: &[RoundTrip], from: Timestamp, to: Timestamp) -> Option<f64> {
    let mut times: Vec<(Timestamp, Timestamp)> =
        trades.iter().map(|trade| (trade.opened.max(from), trade.closed.unwrap_or(to).min(to))).collect();
    times.sort_unstable();
    let mut seen = from;
    let mut held = Duration::ZERO;
    for (opened, closed) in times {
        held += closed.since(opened.max(seen));
        seen = seen.max(closed);
    }
    finite(held.as_secs_f64() / to.since(from).as_secs_f64())
}
