//! `cargo xtask kills`: the real process, killed at work, again and again.

use crate::shell::{cargo, program, root, run};
use anyhow::Result;

/// Builds the command and the scenario, and runs it with these arguments (`--kills N`, `--seed S`).
pub(crate) fn run_all(arguments: &[&str]) -> Result<()> {
    let build = ["build", "--release", "--package", "plimsoll", "--package", "plimsoll-tests", "--bins"];
    run("build", &mut cargo(&build))?;
    kill(&root().join("target/release"), arguments)
}

/// The same with the binaries that the tests have built, which takes asking for them as the tests do.
pub(crate) fn run_some() -> Result<()> {
    run("build", &mut cargo(&["build", "--workspace", "--all-features", "--all-targets"]))?;
    kill(&root().join("target/debug"), &["--kills", "20"])
}

fn kill(folder: &std::path::Path, arguments: &[&str]) -> Result<()> {
    let mut kills = program(folder.join("kills"), &["--program"]);
    kills.arg(folder.join("plimsoll")).args(arguments);
    run("processes killed at work", &mut kills)
}
