//! `cargo xtask faults`: the whole system under fire, by seed; and how soon a deliberate bug is found by it.

use crate::bugs::{self, Bug};
use crate::shell::{cargo, program, root, run};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A deliberate bug is to be found within so many seeds.
const SEEDS: &str = "200";

/// Seeds, or a bug with seeds.
pub(crate) fn run_seeds(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["--bug", "all", rest @ ..] => bugs::ALL.iter().try_for_each(|bug| find(bug, rest)),
        ["--bug", name, rest @ ..] => find(bugs::named(name)?, rest),
        ["--bug"] => bail!("--bug wants a name: {}, or all", bugs::names()),
        seeds => {
            let binary = build(&root(), "faults")?;
            run("faults", program(binary, seeds).env("RUST_BACKTRACE", "1"))
        }
    }
}

/// Builds the command that runs seeds, from the tree at `home`.
fn build(home: &Path, command: &str) -> Result<PathBuf> {
    let target = root().join("target");
    let mut build = cargo(&["build", "--quiet", "--package", "plimsoll-tests", "--bin", command]);
    run("build", build.current_dir(home).env("CARGO_TARGET_DIR", &target))?;
    Ok(target.join("debug").join(command))
}

/// Puts the bug into a copy of the tree, and runs seeds until one finds it.
fn find(bug: &Bug, seeds: &[&str]) -> Result<()> {
    eprintln!("── {}: {}", bug.name, bug.about);
    let home = bugs::plant(bug)?;
    let binary = build(&home, bugs::COMMAND)?;
    let seeds = if seeds.is_empty() { &["--seeds", SEEDS] } else { seeds };
    let started = Instant::now();
    let output = Command::new(binary).args(seeds).arg("--first").output().context("cannot run the seeds")?;
    let said = String::from_utf8_lossy(&output.stdout);
    // Seeds that are wrong end with 1; anything else is something else that went wrong.
    let is_found = output.status.code() == Some(1) && said.lines().any(|line| line.starts_with("wrong: "));
    ensure!(is_found, "{} was not found by {} ({})", bug.name, seeds.join(" "), output.status);
    let seconds = started.elapsed().as_secs_f64();
    for line in said.lines().filter(|line| line.contains(": ours ")) {
        println!("   {}", line.trim());
    }
    let counts = said.lines().find(|line| line.contains(" seeds, ")).unwrap_or("no summary");
    let first = said.lines().find(|line| line.starts_with("wrong: ")).unwrap_or("no seed was named");
    println!("{}: found, {first} ({counts}; {seconds:.1} s)", bug.name);
    Ok(())
}
