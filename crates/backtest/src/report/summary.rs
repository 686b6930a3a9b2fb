//! The figures in the order in which they are read: what the page and the terminal have in common.

use super::Report;
use super::figures::{amount, change, count, exact, minute, or_not, percent, ratio, signed, span};
use crate::outcome::Incident;
use crate::statistics::Drawdown;
use std::collections::BTreeMap;

/// Figures under a heading.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) rows: Vec<Row>,
}

/// A figure with its name.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) value: String,
    /// What it means, if the name does not say it.
    pub(super) note: String,
}

fn row(name: &str, value: String) -> Row {
    noted(name, value, "")
}

fn noted(name: &str, value: String, note: impl Into<String>) -> Row {
    Row { name: name.to_owned(), value, note: note.into() }
}

pub(super) fn sections(report: &Report<'_>) -> Vec<Section> {
    vec![
        Section { title: "Result", rows: result(report) },
        Section { title: "Risk", rows: risk(report) },
        Section { title: "Trades", rows: trades(report) },
        Section { title: "Costs", rows: costs(report) },
    ]
}

fn result(report: &Report<'_>) -> Vec<Row> {
    let (run, it) = (report.outcome, &report.statistics);
    vec![
        row("Net result", format!("{} {}", signed(run.equity - run.opening), run.currency)),
        row("Total return", or_not(it.total_return, change)),
        row("Annualised return", or_not(it.annualised_return, change)),
        row("Volatility, a year", or_not(it.volatility, percent)),
        row("Sharpe ratio", or_not(it.sharpe, ratio)),
        row("Sortino ratio", or_not(it.sortino, ratio)),
        row("Calmar ratio", or_not(it.calmar, ratio)),
        noted("Sharpe ratio is above 0", or_not(it.sharpe_above_zero, percent), "if no other run was tried"),
        noted("Length to be 95 % sure", or_not(it.length_needed, span), "of a run like this one"),
    ]
}

fn risk(report: &Report<'_>) -> Vec<Row> {
    let it = &report.statistics;
    let fall = |drawdown: Drawdown| {
        if drawdown.amount.is_zero() {
            return String::new();
        }
        format!("{} to {}", minute(drawdown.peak), minute(drawdown.trough))
    };
    let under = |drawdown: Drawdown| if drawdown.recovered { "" } else { "under its peak at the end" };
    let nearest = it.nearest_liquidation.as_ref();
    let mut rows = vec![
        noted(
            "Maximum drawdown",
            or_not(it.drawdown, |it| percent(it.fraction)),
            it.drawdown.map(fall).unwrap_or_default(),
        ),
        row("In money", or_not(it.drawdown, |it| amount(it.amount))),
        noted(
            "Longest time under a peak",
            or_not(it.drawdown, |it| span_or_none(it.length)),
            it.drawdown.map_or("", under),
        ),
        noted(
            "Nearest liquidation",
            or_not(nearest, |it| format!("{} away", percent(it.distance))),
            nearest.map(|it| format!("{}, {}", it.symbol, minute(it.time))).unwrap_or_default(),
        ),
        row("Time exposed", or_not(it.exposure_time, percent)),
    ];
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for incident in &report.outcome.incidents {
        *kinds.entry(&incident.kind).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, number)| format!("{} {kind}", count(number))).collect();
    rows.push(noted("Incidents", count(report.outcome.incidents.len()), kinds.join(", ")));
    rows
}

fn span_or_none(length: std::time::Duration) -> String {
    if length.is_zero() { "none".to_owned() } else { span(length) }
}

fn trades(report: &Report<'_>) -> Vec<Row> {
    let it = &report.statistics.trades;
    let won = format!("{} won, {} lost", count(it.won), count(it.lost));
    vec![
        noted(
            "Trades",
            count(it.closed),
            if it.open == 0 { String::new() } else { format!("and {} held still", count(it.open)) },
        ),
        noted("Win rate", or_not(it.win_rate, percent), won),
        row("Profit factor", or_not(it.profit_factor, ratio)),
        noted("Expectancy", or_not(it.expectancy, signed), "net, a trade"),
        row("Average win", or_not(it.average_win, signed)),
        row("Average loss", or_not(it.average_loss, signed)),
        row("Largest win", or_not(it.largest_win, signed)),
        row("Largest loss", or_not(it.largest_loss, signed)),
        row("Longest losing streak", count(it.losing_streak)),
        row("Average time held", or_not(it.average_held, span)),
    ]
}

fn costs(report: &Report<'_>) -> Vec<Row> {
    let (run, it) = (report.outcome, &report.statistics);
    let times = it.turnover_ratio.map(|times| format!("{} × the opening wallets", ratio(times))).unwrap_or_default();
    let mut rows = vec![
        noted("Turnover", amount(it.turnover), times),
        row("Fees paid", amount(it.fees)),
        row("Funding paid", amount(it.funding)),
    ];
    let forced = [("Liquidation fees paid", run.ledger.liquidation_fees), ("Covered by the fund", run.ledger.covered)];
    rows.extend(forced.into_iter().filter(|(_, sum)| !sum.is_zero()).map(|(name, sum)| row(name, amount(sum))));
    rows
}

/// A limit that has cut a run short on an account.
pub(super) fn stopped(it: &Incident) -> String {
    format!("STOPPED BY A LIMIT at {}: {}. Nothing was opened from then on.", minute(it.time), it.text)
}

/// What the returns are of, and how they are annualised.
pub(super) fn basis(report: &Report<'_>) -> String {
    let it = &report.statistics;
    let steps = or_not(it.step, |step| format!("{} returns of {} each", count(it.returns), span(step)));
    format!(
        "Returns: {steps}, annualised by 365 days over a risk-free rate of 0. Trades are judged net of fees and funding."
    )
}

/// From the opening wallets to equity at last: each step with its sign, exactly, and with as many decimals as the longest.
pub(super) fn ledger(report: &Report<'_>) -> Vec<(&'static str, String)> {
    let run = report.outcome;
    let steps = [
        ("Wallets at first", run.opening),
        ("Profit from prices", run.ledger.profit),
        ("Fees", -run.ledger.fees),
        ("Funding", -run.ledger.funding),
        ("Liquidation fees", -run.ledger.liquidation_fees),
        ("Covered by the fund", run.ledger.covered),
        ("Wallets at last", run.wallet),
        ("Unrealised profit", run.equity - run.wallet),
        ("Equity at last", run.equity),
    ]
    .map(|(name, sum)| (name, sum.get().normalize()));
    let places = steps.iter().map(|(_, sum)| sum.scale()).max().unwrap_or(0);
    steps.into_iter().map(|(name, sum)| (name, exact(sum, places))).collect()
}
