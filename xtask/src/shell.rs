//! Runs other programs in the workspace's root.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The folder of the workspace's Cargo.toml.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_path_buf()
}

/// A program, to be run in the workspace's root.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// `cargo` as it was called.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    program(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()), arguments)
}

/// Runs a step with its output shown; its failure is ours.
pub(crate) fn run(title: &str, command: &mut Command) -> Result<()> {
    eprintln!("── {title}");
    let started = Instant::now();
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    ensure!(status.success(), "{title} failed: {}", shown(command));
    eprintln!("   {title}: {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Whether a program answers.
pub(crate) fn answers(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
