//! Writes the report of a made-up month into a directory (the current one, if none is named), and shows its summary:
//!
//! ```text
//! cargo run -p plimsoll-backtest --example report -- /tmp
//! ```

#[path = "report/walk.rs"]
mod walk;

use plimsoll_backtest::report::Report;
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
    Ok(())
}
