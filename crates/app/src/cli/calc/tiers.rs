//! Margin tables as arguments and in files.

use crate::exact::Exact;
use crate::failure::Failure;
use clap::Args;
use plimsoll_domain::{BrokenTiers, Leverage, MarginTiers, Money, Rate, Tier};
use serde::Deserialize;
use std::path::Path;

/// Which margin table holds: a whole one, or the one line in force.
#[derive(Debug, Args)]
pub(crate) struct TierArguments {
    /// The margin table: a JSON file, or inline `floor:rate:deduction[:max_leverage],...`
    #[arg(long, conflicts_with_all = ["rate", "deduction"])]
    tiers: Option<String>,
    /// Instead of a table: the maintenance rate of the one line in force, taken as given
    #[arg(long, allow_negative_numbers = true)]
    rate: Option<Rate>,
    /// With --rate: what that line deducts
    #[arg(long, requires = "rate", default_value = "0", allow_negative_numbers = true)]
    deduction: Money,
}

impl TierArguments {
    /// The table that was meant.
    pub(crate) fn read(&self) -> Result<MarginTiers, Failure> {
        match (&self.tiers, self.rate) {
            (Some(tiers), _) => read(tiers),
            (None, Some(rate)) => MarginTiers::single(rate, self.deduction, Leverage::MAX).map_err(Failure::usage),
            (None, None) => Err(Failure::usage("no margin table was given")
                .help("Give --tiers 0:0.004:0:125,50000:0.005:50:100 (or a file), or --rate 0.004 for one line.")),
        }
    }
}

/// The most that the tier of this notional allows; a leverage above it is refused.
pub(super) fn allowed(leverage: Leverage, notional: Money, tiers: &MarginTiers) -> Result<Leverage, Failure> {
    let most = tiers.max_leverage(notional);
    if leverage > most {
        return Err(Failure::no(format!(
            "{leverage} is not allowed for a notional of {notional}: its tier allows {most} at most"
        )));
    }
    Ok(most)
}

/// A line as a JSON file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierLine {
    floor: Exact<Money>,
    rate: Exact<Rate>,
    deduction: Exact<Money>,
    max_leverage: Option<Exact<Leverage>>,
}

/// A table from its lines. A single line is the one in force and taken as given, deduction and all.
pub(crate) fn table(lines: Vec<Tier>) -> Result<MarginTiers, BrokenTiers> {
    match lines[..] {
        [only] => MarginTiers::single(only.rate, only.deduction, only.max_leverage),
        _ => MarginTiers::new(lines),
    }
}

impl From<TierLine> for Tier {
    fn from(line: TierLine) -> Self {
        Self {
            floor: line.floor.0,
            rate: line.rate.0,
            deduction: line.deduction.0,
            max_leverage: line.max_leverage.map_or(Leverage::MAX, |leverage| leverage.0),
        }
    }
}

pub(super) fn read(argument: &str) -> Result<MarginTiers, Failure> {
    let lines = if Path::new(argument).exists() { from_file(Path::new(argument))? } else { inline(argument)? };
    MarginTiers::new(lines).map_err(|broken| {
        Failure::usage(broken).help(
            "Lines go by rising floor from 0, and each deduction is the one before plus floor × the step of the rate.",
        )
    })
}

fn from_file(path: &Path) -> Result<Vec<Tier>, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::usage(format!("cannot read {}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    let lines: Vec<TierLine> = serde_json::from_str(&text).map_err(|error| {
        unreadable(&error).help(r#"It holds [{"floor":"0","rate":"0.004","deduction":"0","max_leverage":125}, ...]."#)
    })?;
    Ok(lines.into_iter().map(Tier::from).collect())
}

fn inline(text: &str) -> Result<Vec<Tier>, Failure> {
    text.split(',').zip(1..).map(|(line, number)| inline_line(line.trim(), number)).collect()
}

fn inline_line(line: &str, number: usize) -> Result<Tier, Failure> {
    let wrong = |what: &dyn std::fmt::Display| {
        Failure::usage(format!("line {number} of the margin table, '{line}': {what}")).help(
            "A line is floor:rate:deduction[:max_leverage], such as 50000:0.005:50:100. For a file, check its path.",
        )
    };
    let parts: Vec<_> = line.split(':').collect();
    let (floor, rate, deduction, max_leverage) = match parts[..] {
        [floor, rate, deduction] => (floor, rate, deduction, None),
        [floor, rate, deduction, max_leverage] => (floor, rate, deduction, Some(max_leverage)),
        _ => return Err(wrong(&"it has not three or four parts")),
    };
    Ok(Tier {
        floor: floor.parse().map_err(|error: plimsoll_domain::NotMoney| wrong(&error))?,
        rate: rate.parse().map_err(|error: plimsoll_domain::NotARate| wrong(&error))?,
        deduction: deduction.parse().map_err(|error: plimsoll_domain::NotMoney| wrong(&error))?,
        max_leverage: match max_leverage {
            Some(leverage) => leverage.parse().map_err(|error: plimsoll_domain::NotALeverage| wrong(&error))?,
            None => Leverage::MAX,
        },
    })
}
