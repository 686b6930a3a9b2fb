//! Writes the reports of a made-up month and of a made-up sweep into a directory (the current one, if none is named),
//! and shows the summary of the month:
//!
//! ```text
//! cargo run -p plimsoll-backtest --example report -- /tmp
//! ```

#[path = "report/walk.rs"]
mod walk;

use plimsoll_backtest::report::{Report, SweepOutcome, SweepRow};
use plimsoll_backtest::statistics::Statistics;
use plimsoll_domain::{Decimal, Money};
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let month = walk::month(7, 744);
    let report = Report::of(&month);
    println!("{}", report.terminal());
    std::fs::write(directory.join("report.html"), report.html())?;
    std::fs::write(directory.join("report.json"), report.json()?)?;

    let mut broken = month.clone();
    broken.ledger.fees += Money::new(Decimal::new(1, 8));
    std::fs::write(directory.join("report-that-does-not-add-up.html"), Report::of(&broken).html())?;
    std::fs::write(directory.join("sweep.html"), sweep().html("stop (%)", "target (%)")?)?;
    Ok(())
}

/// Runs of the same worthless strategies: whatever is best among them is best by luck.
fn sweep() -> SweepOutcome {
    let stops = (0..8_u64).map(|at| at * 5 + 10);
    let rows = stops.flat_map(|stop| (0..8_u64).map(move |at| (stop, at * 10 + 10))).map(|(stop, target)| {
        let seen = Statistics::of(&walk::month(stop * 1000 + target, 744));
        let unseen = Statistics::of(&walk::month(stop * 1000 + target + 500, 744));
        let shown = |tenths: u64| format!("{}.{}", tenths / 10, tenths % 10);
        SweepRow {
            parameters: vec![("stop (%)".to_owned(), shown(stop)), ("target (%)".to_owned(), shown(target))],
            in_sample: seen.sharpe,
            out_of_sample: unseen.sharpe,
            trades: u64::try_from(seen.trades.closed).unwrap_or_default(),
            hash: format!(
                "{0:016x}{0:016x}{0:016x}{0:016x}",
                (stop * 1000 + target + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)
            ),
            record: seen.record,
        }
    });
    let month = walk::month(1, 744);
    SweepOutcome {
        title: "Sweep of a made-up strategy".to_owned(),
        figure: "Sharpe ratio, a year".to_owned(),
        in_sample: (month.from, month.to),
        out_of_sample: (month.to, month.to.plus(month.to.since(month.from))),
        rows: rows.collect(),
        overfitting: None,
    }
}
