//! What came of it.

use crate::failure::Failure;
use crate::screen;
use indicatif::{ProgressBar, ProgressStyle};
use plimsoll_backtest::report::Report;
use plimsoll_domain::Timestamp;
use plimsoll_simulation::Simulated;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

/// So many incidents are printed; the page and the JSON have all of them.
const PRINTED: usize = 20;

/// Prints the report, and writes its page. Books that do not add up, a position without a stop, and an order that nobody needs are
/// an answer of no.
pub(crate) fn outcome(done: &Simulated, html: Option<&Path>, json: bool) -> Result<ExitCode, Failure> {
    let report = Report::of(&done.outcome);
    crate::cli::backtest::show::written(html, || Ok(report.html()))?;
    if json {
        let text = report.json().map_err(|error| Failure::no(format!("the report cannot be written: {error}")))?;
        let mut whole: Value =
            serde_json::from_str(&text).map_err(|error| Failure::no(format!("the report cannot be read: {error}")))?;
        if let Some(object) = whole.as_object_mut() {
            object.insert("simulation".to_owned(), besides(done));
        }
        screen::line(whole)?;
    } else {
        screen::line(report.terminal().trim_end())?;
        people(done)?;
        if let Some(path) = html {
            screen::line(format!("\nThe report with its charts: {}", path.display()))?;
        }
    }
    let is_right = report.reconciliation.adds_up() && done.unprotected.is_empty() && done.orphans.is_empty();
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn besides(done: &Simulated) -> Value {
    let faults: BTreeMap<&str, u64> = done.faults.iter().map(|(fault, count)| (fault.as_str(), *count)).collect();
    json!({
        "lives": done.lives,
        "calls": done.calls,
        "faults": faults,
        "unprotected": done.unprotected,
        "orphans": done.orphans,
    })
}

fn people(done: &Simulated) -> Result<(), Failure> {
    let faults: u64 = done.faults.values().sum();
    let kinds: Vec<String> = done.faults.iter().map(|(fault, count)| format!("{} {count}", fault.as_str())).collect();
    screen::line(format!(
        "\nThe process lived {} times and made {} calls, of which {faults} went wrong",
        done.lives, done.calls
    ))?;
    if !kinds.is_empty() {
        screen::line(format!("  {}", kinds.join(", ")))?;
    }
    let nothing = |list: &[String]| if list.is_empty() { "none".to_owned() } else { list.join("; ") };
    screen::line(format!("  positions without a stop at the end: {}", nothing(&done.unprotected)))?;
    screen::line(format!("  orders that nobody needs at the end: {}", nothing(&done.orphans)))?;
    let incidents = &done.outcome.incidents;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    incidents.iter().for_each(|it| *kinds.entry(it.kind.as_str()).or_default() += 1);
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{} {count}", kind.replace('_', " "))).collect();
    screen::line(format!("\nIncidents: {}", if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") }))?;
    for it in incidents.iter().take(PRINTED) {
        screen::line(format!("  {} {}: {}", screen::minute(it.time), it.kind.replace('_', " "), it.text))?;
    }
    if incidents.len() > PRINTED {
        screen::line(format!("  and {} more: --html and --json have them all", incidents.len() - PRINTED))?;
    }
    Ok(())
}

/// How far the simulated time has come.
pub(super) fn bar(shows: bool, from: Timestamp, to: Timestamp) -> ProgressBar {
    if !shows || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(to.since(from).as_secs());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent} % {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar
}
