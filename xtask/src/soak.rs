//! `cargo xtask soak`: three accounts followed for minutes while their venues fail.

use crate::shell::{cargo, program, root, run};
use anyhow::Result;

/// Builds the soak and holds it with these arguments.
pub(crate) fn hold(arguments: &[&str]) -> Result<()> {
    run("build", &mut cargo(&["build", "--release", "--quiet", "--package", "plimsoll-tests", "--bin", "soak"]))?;
    let folder = root().join("target/release");
    run("soak", program(folder.join("soak"), arguments).env("RUST_BACKTRACE", "1"))
}
