//! What a backtest predicts of a strategy, as the configuration names it: of this strategy, and of no other.

use super::problem::Problem;
use super::reader::Reader;
use super::strategies::StrategyConfig;
use crate::fingerprint;
use plimsoll_backtest::expectation::Expectation;
use plimsoll_domain::Symbol;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The path of a file.
pub(super) fn path(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        path => Ok(path.to_owned()),
    }
}

/// Reads what is to be expected of a strategy. `None` is told.
pub(super) fn read(file: &str, of: &StrategyConfig, setting: &str, reader: &mut Reader<'_>) -> Option<Expectation> {
    match known(file, of) {
        Ok(it) => {
            // Who reads it again sees whether the file is another one.
            let shown = format!("{file}: {} round trips, {}", it.round_trips, it.hash.get(..8).unwrap_or(&it.hash));
            let origin = reader.origin_of(setting);
            reader.shown.retain(|known| known.setting != setting);
            reader.show(setting.to_owned(), shown, origin);
            Some(it)
        }
        Err((what, remedy)) => {
            let origin = reader.origin_of(setting);
            reader.wrong(Problem::new(origin, setting, what, remedy));
            None
        }
    }
}

fn known(file: &str, of: &StrategyConfig) -> Result<Expectation, (String, String)> {
    let again = "write it with `plimsoll backtest … --expectation FILE`, or leave expectation out".to_owned();
    let text = std::fs::read_to_string(PathBuf::from(file))
        .map_err(|error| (format!("{file} cannot be read: {error}"), again.clone()))?;
    let it = Expectation::read(&text).map_err(|error| (format!("{file}: {error}"), again))?;
    match mismatch(&it, of) {
        None => Ok(it),
        Some(what) => {
            let remedy = "backtest the strategy as it is configured here, with --expectation, and name that file";
            Err((format!("{file} is of {what}"), remedy.to_owned()))
        }
    }
}

/// What it is of, if that is something else.
fn mismatch(it: &Expectation, of: &StrategyConfig) -> Option<String> {
    if it.strategy != of.kind {
        return Some(format!("the kind {}, and this is {}", it.strategy, of.kind));
    }
    let traded: BTreeSet<&Symbol> = of.places.iter().map(|place| &place.symbol).collect();
    if it.contracts.iter().collect::<BTreeSet<_>>() != traded {
        let named = |them: &mut dyn Iterator<Item = &Symbol>| them.map(Symbol::as_str).collect::<Vec<_>>().join(", ");
        let (was, is) = (named(&mut it.contracts.iter()), named(&mut traded.into_iter()));
        return Some(format!("{was}, and this trades {is}"));
    }
    let settings = fingerprint::of(&of.kind, &of.settings);
    (it.settings != settings).then(|| format!("other settings ({}, and these are {settings})", it.settings))
}
