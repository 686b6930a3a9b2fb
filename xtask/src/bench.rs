//! `cargo xtask bench`: every criterion bench.

use crate::shell::{cargo, run};
use anyhow::Result;

/// Runs the benches whose names hold one of `filters`, or all.
pub(crate) fn run_benches(filters: &[&str]) -> Result<()> {
    let mut command = cargo(&["bench", "--workspace", "--bench", "*", "--"]);
    command.args(filters);
    run("benches", &mut command)
}
