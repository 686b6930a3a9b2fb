//! Settings that are tried, and whose they are.

use crate::cli::backtest::plan::{StrategyPlan, setting};
use crate::failure::Failure;
use plimsoll_domain::{Decimal, decimal};
use plimsoll_strategies::Place;
use std::collections::BTreeSet;

/// More values than this of one setting are a slip of the pen.
const MOST: usize = 100_000;

/// A setting and the values that are tried of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

/// Which strategy a setting is of, by its number, and what it is called there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    strategy: usize,
    name: String,
}

/// Reads `name=5,10,20..40/5`.
pub(super) fn parameter(text: &str) -> Result<Parameter, String> {
    let wrong = || format!("'{text}' is not name=values, such as fast=5,10,20 or fast=5..50/5");
    let (name, listed) = text.split_once('=').ok_or_else(wrong)?;
    let (name, mut values) = (name.trim(), Vec::new());
    if name.is_empty() {
        return Err(wrong());
    }
    for part in listed.split(',').map(str::trim) {
        if part.is_empty() {
            return Err(wrong());
        }
        match range(part)? {
            Some(all) => values.extend(all),
            None => values.push(part.to_owned()),
        }
    }
    let mut seen = BTreeSet::new();
    match values.iter().find(|value| !seen.insert(value.as_str())) {
        Some(twice) => Err(format!("{name} is to be tried at {twice} twice")),
        None => Ok(Parameter { name: name.to_owned(), values }),
    }
}

/// `from..to/step`, both ends among them where the steps meet the last; the step is 1 where none is told. `None` of a text that
/// is no range.
fn range(text: &str) -> Result<Option<Vec<String>>, String> {
    let Some((from, rest)) = text.split_once("..") else { return Ok(None) };
    let (to, step) = rest.split_once('/').unwrap_or((rest, "1"));
    let (Ok(from), Ok(to), Ok(step)) = (decimal::exact(from), decimal::exact(to), decimal::exact(step)) else {
        return Err(format!("'{text}' is no range of numbers, such as 5..50/5"));
    };
    if step <= Decimal::ZERO || to < from {
        return Err(format!("'{text}' goes nowhere: a range goes up, in steps above zero"));
    }
    let (mut values, mut at) = (Vec::new(), from);
    while at <= to {
        if values.len() >= MOST {
            return Err(format!("'{text}' has more than {MOST} values"));
        }
        values.push(at.normalize().to_string());
        at = at.checked_add(step).ok_or_else(|| format!("'{text}' has numbers that are too large"))?;
    }
    Ok(Some(values))
}

/// Finds whose each setting is: of one strategy all are its own, with its name before them or without.
pub(super) fn targets(
    parameters: &[Parameter],
    strategies: &[(StrategyPlan, String, Vec<Place>)],
) -> Result<Vec<Target>, Failure> {
    let mut targets: Vec<Target> = Vec::new();
    for Parameter { name, .. } in parameters {
        let within = |(_, strategy, _): &(StrategyPlan, String, Vec<Place>)| {
            name.strip_prefix(strategy).and_then(|rest| rest.strip_prefix('.')).map(str::to_owned)
        };
        let named = strategies.iter().enumerate().find_map(|(number, it)| Some((number, within(it)?)));
        let (strategy, inner) = match (named, strategies) {
            (Some(found), _) => found,
            (None, [_]) => (0, name.clone()),
            (None, _) => {
                let known: Vec<&str> = strategies.iter().map(|(_, name, _)| name.as_str()).collect();
                return Err(Failure::usage(format!("--try {name}: of which strategy?")).help(format!(
                    "Put its name before it, as in {}.{name}; there are {}.",
                    known[0],
                    known.join(", ")
                )));
            }
        };
        let target = Target { strategy, name: inner };
        if targets.contains(&target) {
            return Err(Failure::usage(format!("--try {name} is given twice: put all its values into one")));
        }
        targets.push(target);
    }
    Ok(targets)
}

impl Target {
    /// Sets it; a dotted name is a setting within a setting, as in `--set`.
    pub(super) fn set(&self, strategies: &mut [(StrategyPlan, String, Vec<Place>)], value: &str) -> Result<(), String> {
        let (name, value) = setting(&format!("{}={value}", self.name))?;
        if let Some((plan, _, _)) = strategies.get_mut(self.strategy) {
            plan.settings.insert(name, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        parameter(text).unwrap().values
    }

    #[test]
    fn values_are_listed_or_counted_up_exactly() {
        assert_eq!(values("fast=5,10"), ["5", "10"]);
        assert_eq!(values("fast=5..20/5"), ["5", "10", "15", "20"]);
        assert_eq!(values("fast=5..11/5, 12..13"), ["5", "10", "12", "13"]);
        assert_eq!(values("stop.fraction=0.1..0.3/0.1"), ["0.1", "0.2", "0.3"]);
        assert_eq!(values("interval=15m,1h"), ["15m", "1h"]);
    }

    #[test]
    fn what_is_no_list_of_values_is_said() {
        for (text, said) in [
            ("fast", "'fast' is not name=values, such as fast=5,10,20 or fast=5..50/5"),
            ("fast=5,,6", "'fast=5,,6' is not name=values, such as fast=5,10,20 or fast=5..50/5"),
            ("fast=5..a", "'5..a' is no range of numbers, such as 5..50/5"),
            ("fast=50..5", "'50..5' goes nowhere: a range goes up, in steps above zero"),
            ("fast=5..50/0", "'5..50/0' goes nowhere: a range goes up, in steps above zero"),
            ("fast=0..1/0.000001", "'0..1/0.000001' has more than 100000 values"),
            ("fast=4..6,5", "fast is to be tried at 5 twice"),
        ] {
            assert_eq!(parameter(text), Err(said.to_owned()));
        }
    }
}
