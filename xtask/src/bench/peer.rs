//! The program that we are measured beside, in an environment of its own.

use crate::shell::{answers, program, root, run};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A version of it.
pub(super) struct Peer {
    /// What pip is asked for.
    pub(super) wanted: &'static str,
    /// Whether pip is to look at what is not released yet.
    is_unreleased: bool,
    /// The name of its environment, and of our script for it.
    name: &'static str,
    pub(super) lanes: &'static [Lane],
}

/// What it runs.
pub(super) struct Lane {
    /// The words for our script.
    pub(super) words: &'static [&'static str],
    /// Our lane beside it, which is its history too.
    pub(super) beside: &'static str,
    /// How it is another than ours.
    pub(super) differs: &'static str,
}

impl Lane {
    const fn new(words: &'static [&'static str], beside: &'static str, differs: &'static str) -> Self {
        Self { words, beside, differs }
    }
}

/// Version 1, and version 2 with its liquidation, take minutes for a whole history: they are given the first of it.
const SLICE: &str = "100000";

pub(super) const PEERS: [Peer; 2] = [
    Peer {
        wanted: "nautilus_trader>=1.231,<2",
        is_unreleased: false,
        name: "nautilus_1",
        lanes: &[
            Lane::new(&["bars", "--first", SLICE], "bars", ""),
            Lane::new(&["quotes", "--first", SLICE], "quotes", ""),
        ],
    },
    Peer {
        wanted: "nautilus_trader>=2.0.0rc7,<3",
        is_unreleased: true,
        name: "nautilus_2",
        lanes: &[
            Lane::new(&["bars"], "bars", ""),
            Lane::new(&["quotes"], "quotes", ""),
            Lane::new(&["bars", "--liquidation", "--first", SLICE], "bars", ", its liquidation on"),
            Lane::new(&["quotes", "--liquidation", "--first", SLICE], "quotes", ", its liquidation on"),
            Lane::new(&["native"], "quotes", ", the compiled cross that comes with it, by its own rules"),
        ],
    },
];

/// The versions of Python that all of it is published for.
const FITS: &str = "import sys; sys.exit(not (3, 13) <= sys.version_info[:2] <= (3, 14))";

/// No run takes longer.
const AT_MOST: Duration = Duration::from_secs(60);

impl Peer {
    /// The Python of an environment under target/ that has it.
    pub(super) fn python(&self) -> Result<PathBuf> {
        let environment = root().join("target/peer").join(self.name);
        let python = environment.join("bin/python");
        if answers(&mut program(&python, &["-c", "import nautilus_trader"])) {
            return Ok(python);
        }
        let folder = environment.to_string_lossy();
        run("python environment", &mut program(fitting_python()?, &["-m", "venv", "--clear", &folder]))?;
        let mut pip = program(&python, &["-m", "pip", "install", "--quiet"]);
        if self.is_unreleased {
            pip.arg("--pre");
        }
        run(&format!("install {}", self.wanted), pip.arg(self.wanted))?;
        Ok(python)
    }

    /// The figures of one run in a process of its own.
    pub(super) fn measure(&self, python: &Path, words: &[&str], history: &Path) -> Result<Value> {
        let script = root().join("crates/backtest/benches/peer").join(format!("{}.py", self.name));
        let told = root().join("target/peer").join(format!("{}.out", self.name));
        let (kind, options) = words.split_first().context("nothing to run")?;
        let mut command = program(python, &[]);
        command.arg(script).arg(kind).arg(history).args(options).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut process = command.stdout(Stdio::from(File::create(&told)?)).spawn()?;
        let began = Instant::now();
        let status = loop {
            if let Some(status) = process.try_wait()? {
                break status;
            }
            if began.elapsed() > AT_MOST {
                process.kill()?;
                process.wait()?;
                bail!("not done after {} s, and ended", AT_MOST.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let text = std::fs::read_to_string(&told)?;
        ensure!(status.success(), "failed with {status}");
        let line = text.lines().next_back().context("it printed nothing")?;
        serde_json::from_str(line).with_context(|| format!("no figures in {line:?}"))
    }
}

/// A Python that it is published for: of the path, else one that pyenv has installed.
fn fitting_python() -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = ["python3.13", "python3.14", "python3"].map(PathBuf::from).to_vec();
    let versions = std::env::home_dir().map(|home| home.join(".pyenv/versions"));
    let entries = versions.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    found.extend(entries.map(|entry| entry.path().join("bin/python")));
    let fits = |python: &PathBuf| answers(&mut program(python, &["-c", FITS]));
    found.into_iter().find(fits).context("it needs Python 3.13 or 3.14: none is on the path or in ~/.pyenv/versions")
}
