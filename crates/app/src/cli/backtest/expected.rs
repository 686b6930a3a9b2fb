//! What a backtest predicts, for the configuration of a strategy that runs.

use super::feed::Done;
use super::plan::Prepared;
use crate::failure::Failure;
use crate::fingerprint;
use crate::screen;
use plimsoll_backtest::expectation::Expectation;

/// The file of the only strategy that there is.
pub(super) fn file(prepared: &Prepared, done: &Done) -> Result<String, Failure> {
    let plan = only(prepared)?;
    let contracts = prepared.strategies.iter().flat_map(|(.., places)| places).map(|place| place.symbol.clone());
    let settings = fingerprint::of(&plan.kind, &plan.settings);
    Ok(Expectation::of(&done.outcome, &plan.kind, &settings, contracts.collect()).json())
}

/// A run that a limit has cut short tells less than it seems to: whoever goes by what it predicts is to know.
pub(super) fn warn_of_stops(done: &Done) {
    for stop in done.outcome.stops() {
        screen::aside(format!(
            "warning: a limit cut this run short at {}: {}. What it predicts is of the time before; --no-limits runs on.",
            screen::minute(stop.time),
            stop.text
        ));
    }
}

/// The strategy that is meant; of several it is not known which.
pub(super) fn only(prepared: &Prepared) -> Result<&super::plan::StrategyPlan, Failure> {
    match prepared.strategies.as_slice() {
        [(plan, ..)] => Ok(plan),
        several => {
            let what = format!("--expectation is of one strategy, and the plan has {}", several.len());
            Err(Failure::usage(what).help("Run each by itself: what one does may be due to another."))
        }
    }
}
