//! `cargo xtask fuzz`: every decoder against a fuzzer, one after the other.

use crate::shell::{answers, program, root, run};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SECONDS: u32 = 60;

/// Runs the named targets, or all, for so many seconds each. Inputs that were found are kept under `target/fuzz/corpus`
/// for the next run; one that breaks a target is named, and left in `target/fuzz/artifacts`.
pub(crate) fn run_targets(arguments: &[&str]) -> Result<()> {
    let (seconds, wanted) = read(arguments)?;
    ensure!(
        answers(&mut nightly(&["cargo", "fuzz", "--version"])),
        "cargo-fuzz on a nightly toolchain is needed: rustup toolchain install nightly && cargo install cargo-fuzz --locked"
    );
    let known = targets()?;
    for name in &wanted {
        ensure!(known.iter().any(|target| target == name), "no target '{name}': there are {}", known.join(", "));
    }
    for target in known.iter().filter(|target| wanted.is_empty() || wanted.contains(&target.as_str())) {
        fuzz(target, seconds)?;
    }
    Ok(())
}

fn read<'a>(arguments: &[&'a str]) -> Result<(u32, Vec<&'a str>)> {
    let (mut seconds, mut wanted, mut rest) = (SECONDS, Vec::new(), arguments.iter());
    while let Some(argument) = rest.next() {
        match *argument {
            "--seconds" => {
                let count = rest.next().context("--seconds wants a number")?;
                seconds = count.parse().with_context(|| format!("'{count}' is no number of seconds"))?;
            }
            option if option.starts_with('-') => {
                bail!("no option '{option}': cargo xtask fuzz [--seconds N] [target …]")
            }
            target => wanted.push(target),
        }
    }
    Ok((seconds, wanted))
}

fn nightly(arguments: &[&str]) -> Command {
    let mut command = program("rustup", &["run", "nightly"]);
    // What the outer cargo says of its own toolchain is not for this one.
    command.args(arguments).env_remove("CARGO").env_remove("RUSTC").env_remove("RUSTUP_TOOLCHAIN");
    command
}

fn home() -> PathBuf {
    root().join("tests/fuzz")
}

/// The names of the targets: one file each.
fn targets() -> Result<Vec<String>> {
    let folder = home().join("targets");
    let mut names = Vec::new();
    for file in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        names.extend(file?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

fn fuzz(target: &str, seconds: u32) -> Result<()> {
    let output = root().join("target/fuzz");
    let (corpus, artifacts) = (output.join("corpus").join(target), output.join("artifacts").join(target));
    for folder in [&corpus, &artifacts] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let (fuzz_dir, target_dir) = (home(), output.join("build"));
    let paths = [fuzz_dir.as_path(), target_dir.as_path(), corpus.as_path()].map(shown);
    let [fuzz_dir, target_dir, corpus] = &paths;
    let seeds = shown(&home().join("seeds").join(target));
    let limit = format!("-max_total_time={seconds}");
    let found = format!("-artifact_prefix={}/", shown(&artifacts));
    let command = ["cargo", "fuzz", "run", "--fuzz-dir", fuzz_dir, "--target-dir", target_dir, target, corpus, &seeds];
    // Answers of the venue are long, and a fuzzer that starts small takes for ever to write one.
    let options = ["--", limit.as_str(), found.as_str(), "-timeout=10", "-rss_limit_mb=2048", "-max_len=16384"];
    run(&format!("fuzz {target}"), nightly(&command).args(options).arg("-print_final_stats=1"))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
