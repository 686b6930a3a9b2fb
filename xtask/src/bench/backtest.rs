//! Our backtest and another program's on the same files, in one run.

use super::peer::{PEERS, Peer};
use crate::shell::{cargo, root};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;

/// Runs our bench, which writes its history down, then each version of the other program on that.
pub(crate) fn run_beside_others() -> Result<()> {
    let data = root().join("target/peer/data");
    let ours = ours(&data)?;
    for figures in &ours {
        println!("ours: {figures}");
    }
    for peer in &PEERS {
        match peer.python() {
            Ok(python) => beside(peer, &python, &data, &ours),
            Err(why) => println!("{} is left out: {why:#}", peer.wanted),
        }
    }
    println!(
        "\nours: margin and tiered liquidation on, and the kernel's time counted; theirs: user code alone, and engine.run() alone.\n\
         docs/performance.md says what else is not the same."
    );
    Ok(())
}

/// The figures of our bench, a lane each.
fn ours(data: &Path) -> Result<Vec<Value>> {
    eprintln!("── ours");
    let mut command =
        cargo(&["bench", "--package", "plimsoll-backtest", "--bench", "speed", "--", "--json", "--write"]);
    let output = command.arg(data).stderr(Stdio::inherit()).output().context("cannot start cargo bench")?;
    ensure!(output.status.success(), "our own bench failed");
    let lines = String::from_utf8(output.stdout).context("our bench prints text")?;
    let figures: Vec<Value> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    ensure!(!figures.is_empty(), "our bench printed no figures: {lines}");
    Ok(figures)
}

fn beside(peer: &Peer, python: &Path, data: &Path, ours: &[Value]) {
    for lane in peer.lanes {
        let own = ours.iter().find(|figures| figures["lane"] == lane.beside).unwrap_or(&Value::Null);
        match peer.measure(python, lane.words, &data.join(format!("{}.csv", lane.beside))) {
            Ok(figures) => println!("{}", told(&figures, lane.beside, lane.differs, own)),
            Err(why) => println!("{} on {}: {why:#}", peer.wanted, lane.words.join(" ")),
        }
    }
}

/// One line: theirs, ours, and how many times as many ours are.
fn told(theirs: &Value, lane: &str, differs: &str, ours: &Value) -> String {
    let number = |of: &Value, name: &str| of[name].as_f64().unwrap_or(f64::NAN);
    let rate = number(theirs, "events") / number(theirs, "seconds");
    let own = number(ours, "per_second");
    let whole = |name: &str| theirs[name].as_u64().map_or_else(|| "?".to_owned(), |count| count.to_string());
    format!(
        "nautilus_trader {}{differs}: {} {lane} in {:.2} s, {:.1} thousand a second, {} orders, {} fills, {:.0} MB; \
         ours {:.0} thousand a second ({} fills, {:.0} MB): {:.0} times as many",
        theirs["version"].as_str().unwrap_or("?"),
        whole("events"),
        number(theirs, "seconds"),
        rate / 1e3,
        whole("orders"),
        whole("fills"),
        number(theirs, "peak_mb"),
        own / 1e3,
        ours["fills"],
        number(ours, "peak_mb"),
        own / rate,
    )
}
