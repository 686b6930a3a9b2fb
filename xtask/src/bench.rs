//! `cargo xtask bench`: every criterion bench; `cargo xtask bench backtest`: backtests beside another program.

mod backtest;
mod peer;

use crate::shell::{cargo, run};
use anyhow::Result;

/// Runs the benches whose names hold one of `filters`, or all.
pub(crate) fn run_benches(filters: &[&str]) -> Result<()> {
    if filters == ["backtest"] {
        return backtest::run_beside_others();
    }
    let mut command = cargo(&["bench", "--workspace", "--bench", "*", "--"]);
    command.args(filters);
    run("benches", &mut command)
}
