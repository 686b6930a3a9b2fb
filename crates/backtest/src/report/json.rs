//! The run as JSON.

mod figures;
mod records;

use super::Report;
use crate::LedgerSums;
use crate::statistics::Mismatch;
use figures::{Figures, MonthRow, Strategy};
use plimsoll_domain::{Money, Timestamp};
use records::{FillRow, IncidentRow, Point, Trade};
use serde::{Serialize, Serializer};
use std::fmt::Display;
use std::time::Duration;

/// Counted up when a key changes its meaning or goes.
const FORMAT: u32 = 1;

pub(super) fn write(report: &Report<'_>) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&Document::of(report))
}

/// Written as the text that it is displayed as.
#[derive(Clone, Copy)]
struct Text<T>(T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

type Amount = Text<Money>;
type Time = Text<Timestamp>;

fn seconds(duration: Option<Duration>) -> Option<f64> {
    duration.map(|it| it.as_secs_f64())
}

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    run: Run<'a>,
    reconciliation: Reconciled<'a>,
    statistics: Figures<'a>,
    strategies: Vec<Strategy<'a>>,
    months: Vec<MonthRow>,
    incidents: Vec<IncidentRow<'a>>,
    trades: Vec<Trade<'a>>,
    fills: Vec<FillRow<'a>>,
    curve: Vec<Point>,
}

impl<'a> Document<'a> {
    fn of(report: &'a Report<'a>) -> Self {
        let run = report.outcome;
        Self {
            format: FORMAT,
            run: Run {
                strategies: &run.strategies,
                from: Text(run.from),
                to: Text(run.to),
                events: run.events,
                currency: Text(&run.currency),
                opening: Text(run.opening),
                wallet: Text(run.wallet),
                equity: Text(run.equity),
                hash: &run.hash,
            },
            reconciliation: Reconciled {
                adds_up: report.reconciliation.adds_up(),
                mismatches: report.reconciliation.mismatches.iter().map(Text).collect(),
                ledger: Ledger::of(run.ledger),
            },
            statistics: Figures::of(&report.statistics),
            strategies: report.statistics.strategies.iter().map(Strategy::of).collect(),
            months: report.statistics.months.iter().map(MonthRow::of).collect(),
            incidents: run.incidents.iter().map(IncidentRow::of).collect(),
            trades: run.trades.iter().map(Trade::of).collect(),
            fills: run.fills.iter().map(FillRow::of).collect(),
            curve: run.curve.iter().map(Point::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct Run<'a> {
    strategies: &'a [String],
    from: Time,
    to: Time,
    events: u64,
    currency: Text<&'a plimsoll_domain::Currency>,
    opening: Amount,
    wallet: Amount,
    equity: Amount,
    hash: &'a str,
}

#[derive(Serialize)]
struct Reconciled<'a> {
    adds_up: bool,
    mismatches: Vec<Text<&'a Mismatch>>,
    ledger: Ledger,
}

#[derive(Serialize)]
struct Ledger {
    profit: Amount,
    fees: Amount,
    funding: Amount,
    liquidation_fees: Amount,
    covered: Amount,
}

impl Ledger {
    fn of(it: LedgerSums) -> Self {
        Self {
            profit: Text(it.profit),
            fees: Text(it.fees),
            funding: Text(it.funding),
            liquidation_fees: Text(it.liquidation_fees),
            covered: Text(it.covered),
        }
    }
}
