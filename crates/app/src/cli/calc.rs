//! `plimsoll calc`: the mathematics, without an account.

mod account;
mod funding;
mod liquidation;
mod margin;
mod reduce;
mod size;
mod tiers;

use crate::failure::Failure;
use clap::Subcommand;
use plimsoll_domain::Rate;
use std::process::ExitCode;

/// What to calculate.
#[derive(Debug, Subcommand)]
pub(crate) enum Calc {
    /// Exact liquidation price of a position, or of every position of an account
    Liquidation(liquidation::Liquidation),
    /// Initial and maintenance margin of a notional
    Margin(margin::Margin),
    /// What a position pays at each funding, and a day
    Funding(funding::Funding),
    /// How large a position may be, for what its stop may lose
    Size(size::Size),
    /// How much to close to bring the margin ratio down to a target
    Reduce(reduce::Reduce),
}

impl Calc {
    /// Calculates and prints.
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Liquidation(it) => it.run(),
            Self::Margin(it) => it.run(),
            Self::Funding(it) => it.run(),
            Self::Size(it) => it.run(),
            Self::Reduce(it) => it.run(),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads a margin table: a JSON file, or inline.
pub(super) fn margin_table(text: &str) -> Result<plimsoll_domain::MarginTiers, Failure> {
    tiers::read(text)
}

/// Reads a fee: a fraction from 0 up to, but not including, 1.
fn fee(text: &str) -> Result<Rate, String> {
    let fee: Rate = text.parse().map_err(|error: plimsoll_domain::NotARate| error.to_string())?;
    if fee < Rate::ZERO || fee.get() >= plimsoll_domain::Decimal::ONE {
        return Err(format!("a fee is a fraction from 0 to below 1, got {fee}"));
    }
    Ok(fee)
}
