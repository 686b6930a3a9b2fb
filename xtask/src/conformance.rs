//! `cargo xtask conformance`: a stock CCXT from PyPI trades against the venue server.

use crate::shell::{answers, cargo, program, root, run};
use anyhow::{Context, Result, ensure};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

/// The version of CCXT that the wire is proven with.
const CCXT: &str = "ccxt==4.5.90";

const KEY: &str = "conformance-key";
const SECRET: &str = "conformance-secret";
const PASSPHRASE: &str = "conformance-passphrase";

/// The venues, and the scripts that trade on them.
const VENUES: [&str; 3] = ["binance", "gateio", "bitget"];

/// Builds the command, installs CCXT under target/, and lets it trade one-way and hedged, isolated and cross: on the
/// venue that is named, or on each.
pub(crate) fn run_some(only: Option<&str>) -> Result<()> {
    let venues: Vec<&str> = VENUES.into_iter().filter(|venue| only.is_none_or(|only| only == *venue)).collect();
    ensure!(!venues.is_empty(), "unknown venue '{}': known are {}", only.unwrap_or_default(), VENUES.join(", "));
    let python = python_with_ccxt()?;
    run("build", &mut cargo(&["build", "--release", "--package", "plimsoll"]))?;
    for venue in venues {
        let served = Venue::start(venue)?;
        let script = root().join("crates/venue-server/conformance").join(format!("{venue}.py"));
        let mut client = program(&python, &[]);
        client.arg(script).args([&served.rest, KEY, SECRET]);
        if venue == "bitget" {
            client.arg(PASSPHRASE);
        }
        client.arg(&served.sockets);
        run(&format!("CCXT trades on {venue}"), &mut client)?;
    }
    Ok(())
}

/// The Python of an environment under target/ that has CCXT.
fn python_with_ccxt() -> Result<PathBuf> {
    let environment = root().join("target/conformance-venv");
    let python = environment.join("bin/python");
    let version = CCXT.split("==").nth(1).unwrap_or_default();
    let check = format!("import ccxt, sys; sys.exit(ccxt.__version__ != '{version}')");
    if !answers(&mut program(&python, &["-c", &check])) {
        let folder = environment.to_string_lossy();
        run("python environment", &mut program("python3", &["-m", "venv", &folder]))
            .context("conformance needs python3 with its venv module (Debian: apt install python3-venv)")?;
        run("install CCXT", &mut program(&python, &["-m", "pip", "install", "--quiet", CCXT]))?;
    }
    Ok(python)
}

/// A venue server in a process of its own, ended when dropped.
struct Venue {
    process: Child,
    rest: String,
    sockets: String,
}

impl Venue {
    fn start(venue: &str) -> Result<Self> {
        let binary: &Path = &root().join("target/release/plimsoll");
        let mut process = program(binary, &["venue", "--speak", venue, "--listen", "127.0.0.1:0", "--seed", "7"])
            .args(["--key", KEY, "--secret", SECRET, "--passphrase", PASSPHRASE, "--wallet", "100000"])
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let output = process.stdout.take().context("the venue has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let addresses: serde_json::Value =
            serde_json::from_str(&line).with_context(|| format!("the venue did not print its addresses: {line:?}"))?;
        let address = |of: &str| addresses[of].as_str().context("the venue printed no address").map(str::to_owned);
        let (rest, sockets) = (address("rest")?, address("ws")?);
        ensure!(rest.starts_with("http://127.0.0.1:"), "the venue listens beyond loopback: {rest}");
        Ok(Self { process, rest, sockets })
    }
}

impl Drop for Venue {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
