//! Commands that run seeds, and how soon a deliberate bug is found by one of them.

use crate::bugs::{self, Bug};
use crate::shell::{cargo, program, root, run};
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// A deliberate bug is to be found within so many seeds.
const SEEDS: &str = "200";

/// A command of the workspace that runs seeds.
pub(crate) struct Seeds {
    /// The package that it is in.
    pub(crate) package: &'static str,
    /// What it is called.
    pub(crate) command: &'static str,
    pub(crate) is_release: bool,
    /// The bugs that its seeds must find.
    pub(crate) bugs: &'static [&'static Bug],
}

impl Seeds {
    /// Runs seeds, or puts a bug in and runs them then.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<()> {
        match arguments {
            ["--bug", "all", rest @ ..] => self.bugs.iter().try_for_each(|bug| self.find(bug, rest)),
            ["--bug", name, rest @ ..] => self.find(self.bug(name)?, rest),
            ["--bug"] => bail!("--bug wants a name: {}, or all", self.names()),
            seeds => {
                let binary = self.build(&root(), self.command)?;
                run(self.command, program(binary, seeds).env("RUST_BACKTRACE", "1"))
            }
        }
    }

    fn bug(&self, name: &str) -> Result<&'static Bug> {
        let bug = self.bugs.iter().find(|bug| bug.name == name);
        bug.copied().with_context(|| format!("no bug '{name}': there are {}", self.names()))
    }

    fn names(&self) -> String {
        self.bugs.iter().map(|bug| bug.name).collect::<Vec<_>>().join(", ")
    }

    /// Builds the command that runs seeds, from the tree at `home`.
    fn build(&self, home: &Path, command: &str) -> Result<PathBuf> {
        let target = root().join("target");
        let mut build = cargo(&["build", "--quiet", "--package", self.package, "--bin", command]);
        if self.is_release {
            build.arg("--release");
        }
        run("build", build.current_dir(home).env("CARGO_TARGET_DIR", &target))?;
        Ok(target.join(if self.is_release { "release" } else { "debug" }).join(command))
    }

    /// Puts the bug into a copy of the tree, and runs seeds until one finds it.
    fn find(&self, bug: &Bug, seeds: &[&str]) -> Result<()> {
        eprintln!("── {}: {}", bug.name, bug.about);
        let home = bugs::plant(bug)?;
        let binary = self.build(&home, &bugs::with_a_bug(self.command))?;
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
}
