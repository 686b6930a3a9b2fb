//! `cargo xtask january`: what a month of real prices does to a long, with protection and without.

use crate::shell::{cargo, program, root, run};
use anyhow::Result;

/// Builds it and lets the month pass.
pub(crate) fn pass(arguments: &[&str]) -> Result<()> {
    let build = ["build", "--release", "--quiet", "--package", "plimsoll-trial", "--bin", "january"];
    run("build", &mut cargo(&build))?;
    run("january", program(root().join("target/release/january"), arguments).env("RUST_BACKTRACE", "1"))
}
