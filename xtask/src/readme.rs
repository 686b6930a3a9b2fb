//! `cargo xtask readme`: what the README and its pages tell an engineer to write, built and run outside the workspace.

use crate::shell::{cargo, root, run};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};

/// The pages that have programs.
const PAGES: [&str; 2] = ["README.md", "docs/own-venue.md"];

/// Where their lines say that Plimsoll is.
const BESIDE: &str = "../plimsoll/";

/// The most crates that the mathematics alone may bring, itself included.
const MOST_FOR_THE_DOMAIN: usize = 10;

/// Builds and runs every program of the pages: a `toml` block of dependencies, and the `rust` block after it. A program
/// with tests is tested, any other is run.
pub(crate) fn run_all() -> Result<()> {
    let mut found = Vec::new();
    for page in PAGES {
        found.extend(programs(&fs::read_to_string(root().join(page)).context(page)?)?);
    }
    ensure!(found.len() == 3, "there are {} programs, not 3", found.len());
    for program in &found {
        let folder = program.write()?;
        let verb = if program.text.contains("#[tokio::test]") { "test" } else { "run" };
        let mut command = cargo(&[verb, "--quiet"]);
        run(
            &format!("{} ({verb})", program.title),
            command.current_dir(&folder).env("CARGO_TARGET_DIR", root().join("target/readme/target")),
        )?;
        if program.dependencies.lines().all(|line| line.starts_with("plimsoll-domain")) {
            few_crates(&folder)?;
        }
    }
    Ok(())
}

struct Program {
    title: String,
    dependencies: String,
    text: String,
}

/// Every `toml` block under a heading, with the `rust` block that follows it.
fn programs(page: &str) -> Result<Vec<Program>> {
    let mut found = Vec::new();
    let (mut title, mut dependencies) = (String::new(), None);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("### ") {
            title = heading.to_owned();
        } else if line == "```toml" {
            dependencies = Some(block(&mut lines));
        } else if line == "```rust" {
            let text = block(&mut lines);
            let Some(dependencies) = dependencies.take() else { bail!("a rust block of '{title}' has no toml block") };
            found.push(Program { title: title.clone(), dependencies, text });
        }
    }
    Ok(found)
}

fn block<'a>(lines: &mut impl Iterator<Item = &'a str>) -> String {
    lines.take_while(|line| *line != "```").fold(String::new(), |text, line| text + line + "\n")
}

impl Program {
    /// Writes the crate under target/readme, as its author would beside a checkout of Plimsoll.
    fn write(&self) -> Result<PathBuf> {
        let name: String = self.title.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-");
        let name: String = name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
        let folder = root().join("target/readme").join(&name);
        fs::create_dir_all(folder.join("src"))?;
        let here = format!("{}/", root().display());
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{}",
            self.dependencies.replace(BESIDE, &here)
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("src/main.rs"), &self.text)?;
        fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        Ok(folder)
    }
}

/// The mathematics alone stays small.
fn few_crates(folder: &Path) -> Result<()> {
    let tree = cargo(&["tree", "--edges", "normal", "--prefix", "none", "--no-dedupe"]).current_dir(folder).output()?;
    ensure!(tree.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout)?;
    let crates: std::collections::BTreeSet<_> =
        text.lines().skip(1).map(|line| line.trim_end_matches(" (*)")).collect();
    let crates: Vec<_> = crates.into_iter().filter(|line| !line.is_empty()).collect();
    eprintln!("   {} crates: {}", crates.len(), crates.join(", "));
    ensure!(crates.len() <= MOST_FOR_THE_DOMAIN, "more than {MOST_FOR_THE_DOMAIN} crates");
    Ok(())
}
