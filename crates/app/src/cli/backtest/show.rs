//! What came of it.

use super::feed::Done;
use crate::failure::Failure;
use crate::screen;
use plimsoll_backtest::report::Report;
use std::path::Path;
use std::process::ExitCode;

/// Prints the report, and writes its page. Books that do not add up are an answer of no.
pub(super) fn outcome(done: &Done, html: Option<&Path>, json: bool) -> Result<ExitCode, Failure> {
    let report = Report::of(&done.outcome);
    written(html, || Ok(report.html()))?;
    if json {
        let text = report.json().map_err(|error| Failure::no(format!("the report cannot be written: {error}")))?;
        screen::line(text.trim_end())?;
    } else {
        screen::line(report.terminal().trim_end())?;
        refusals(done)?;
    }
    Ok(if report.reconciliation.adds_up() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Says which files were written: beside the answer where that is JSON.
pub(super) fn files<const COUNT: usize>(
    written: [(&'static str, Option<&Path>); COUNT],
    json: bool,
) -> Result<(), Failure> {
    for (number, (what, path)) in written.into_iter().filter_map(|(what, path)| Some((what, path?))).enumerate() {
        let said = format!("{what}: {}", path.display());
        match json {
            true => screen::aside(said),
            false if number == 0 => screen::line(format!("\n{said}"))?,
            false => screen::line(said)?,
        }
    }
    Ok(())
}

/// Why nothing was done where nothing was.
fn refusals(done: &Done) -> Result<(), Failure> {
    let refused = done.outcome.incidents.iter().filter(|it| it.kind == "refused");
    let (count, first) = (refused.clone().count(), refused.clone().next());
    let Some(first) = first else { return Ok(()) };
    screen::line(format!(
        "\n{count} decisions were refused; the first, at {}: {}",
        screen::minute(first.time),
        first.text
    ))?;
    if done.outcome.fills.is_empty() {
        screen::line("Nothing was traded. --no-limits leaves it to the exchange's margin alone.")?;
    }
    Ok(())
}

/// Writes a file, if one is wanted.
pub(crate) fn written(path: Option<&Path>, text: impl FnOnce() -> Result<String, Failure>) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, text()?).map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))
}

/// The kinds of strategies.
pub(super) fn kinds(json: bool) -> Result<(), Failure> {
    let kinds = plimsoll_strategies::kinds();
    if json {
        let all: Vec<_> = kinds
            .iter()
            .map(|it| serde_json::json!({"kind": it.name, "about": it.about, "markets": it.places, "settings": it.defaults}))
            .collect();
        return screen::json(&all);
    }
    for kind in kinds {
        screen::line(format!("{}: {}", kind.name, kind.about))?;
        if kind.places != 1 {
            screen::line(format!("  on {} markets", kind.places))?;
        }
        if let Some(settings) = kind.defaults.as_object() {
            for (name, value) in settings {
                screen::line(format!("  {name} = {value}"))?;
            }
        }
        screen::line("")?;
    }
    Ok(())
}
