//! `cargo xtask test`: exactly what CI runs.

use crate::kills;
use crate::services;
use crate::shell::{answers, cargo, run};
use anyhow::Result;

/// Format, lint, tests, a few killed processes, doc tests, docs. The dependency rule is one of the tests. A test that needs a server and has none
/// would fail, so without a server none is begun.
pub(crate) fn run_all() -> Result<()> {
    run("format", &mut cargo(&["fmt", "--all", "--check"]))?;
    run("lint", &mut cargo(&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]))?;
    let server = services::start()?;
    let tested = run("tests", tests().env(plimsoll_testkit_postgres::VARIABLE, &server.url).env_remove("DATABASE_URL"));
    server.stop()?;
    tested?;
    kills::run_some()?;
    run("doc tests", &mut cargo(&["test", "--workspace", "--all-features", "--doc", "--quiet"]))?;
    run(
        "docs",
        cargo(&["doc", "--workspace", "--all-features", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn tests() -> std::process::Command {
    let everything = ["--workspace", "--all-features", "--all-targets"];
    let mut command = if answers(&mut cargo(&["nextest", "--version"])) {
        cargo(&["nextest", "run", "--no-fail-fast"])
    } else {
        eprintln!("   cargo-nextest is not installed: plain cargo test instead");
        cargo(&["test", "--no-fail-fast"])
    };
    command.args(everything).env("INSTA_UPDATE", "no");
    command
}
