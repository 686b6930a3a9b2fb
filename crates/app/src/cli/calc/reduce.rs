//! `plimsoll calc reduce`.

use super::fee;
use super::size::step;
use super::tiers::TierArguments;
use crate::failure::Failure;
use crate::screen::{self, Facts, full};
use clap::Args;
use plimsoll_domain::reduce::{Reducible, Reduction, reduce_to_ratio};
use plimsoll_domain::{
    Decimal, Direction, MarginRatio, Money, Position, Price, Quantity, Rate, Remainder, Step, margin,
};
use serde::Serialize;

/// How much to close to bring the margin ratio down to a target.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll calc reduce --side long --size 2 --entry 50000 --mark 46000 \\
      --margin 8500 --target 0.5 --fee 0.0004 --tiers 0:0.004:0,50000:0.005:50")]
pub(crate) struct Reduce {
    /// long or short
    #[arg(long)]
    side: Direction,
    /// Size in base units
    #[arg(long, allow_negative_numbers = true)]
    size: Quantity,
    /// Entry price
    #[arg(long, allow_negative_numbers = true)]
    entry: Price,
    /// Mark price, at which it would be closed
    #[arg(long, allow_negative_numbers = true)]
    mark: Price,
    /// Margin that backs the position, without unrealised profit
    #[arg(long, allow_negative_numbers = true)]
    margin: Money,
    /// The margin ratio to come down to: maintenance ÷ equity, 1 is liquidation
    #[arg(long, allow_negative_numbers = true)]
    target: Rate,
    /// The distance between sizes
    #[arg(long, default_value = "0.001", value_parser = step, allow_negative_numbers = true)]
    lot: Step,
    /// The fee of closing, as a fraction
    #[arg(long, default_value = "0", value_parser = fee, allow_negative_numbers = true)]
    fee: Rate,
    #[command(flatten)]
    tiers: TierArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    close: Option<String>,
    left: Option<String>,
    enough: bool,
    ratio_now: Option<String>,
}

impl Reduce {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if self.target <= Rate::ZERO || self.target.get() >= Decimal::ONE {
            return Err(Failure::usage(format!("the target ratio is above 0 and below 1, got {}", self.target)));
        }
        if self.margin.is_negative() {
            return Err(Failure::usage(format!("margin is 0 or more, got {}", self.margin)));
        }
        let position = Position { direction: self.side, quantity: self.size, entry: self.entry };
        let tiers = self.tiers.read()?;
        let equity = margin::isolated_equity(position, self.margin, self.mark);
        let now = MarginRatio::of(margin::maintenance(position, self.mark, &tiers), equity)
            .filter(|ratio| equity.is_positive() || !ratio.is_liquidation());
        let found = reduce_to_ratio(
            Reducible {
                position,
                mark: self.mark,
                tiers: &tiers,
                lot: self.lot,
                fee: self.fee,
                equity,
                elsewhere: Money::ZERO,
            },
            MarginRatio::reported(self.target.get()),
        );
        let (close, enough) = match found {
            Reduction::NotNeeded => (None, true),
            Reduction::Close(close) => (Some(close), true),
            Reduction::NotEnough => (Some(self.size), false),
        };
        let left = close.map_or(Remainder::Left(self.size), |close| self.size.minus(close));
        let left = match left {
            Remainder::Left(left) => Some(left),
            Remainder::Nothing | Remainder::Excess(_) => None,
        };
        if self.json {
            return screen::json(&Answer {
                close: close.map(|size| full(size.get())),
                left: left.map(|size| full(size.get())),
                enough,
                ratio_now: now.map(|ratio| full(ratio.get())),
            });
        }
        let verdict = match found {
            Reduction::NotNeeded => "nothing: the target is met".to_owned(),
            Reduction::Close(size) => size.to_string(),
            Reduction::NotEnough => "all of it, and even that does not reach the target".to_owned(),
        };
        Facts::default()
            .line("equity", screen::money(equity))
            .maybe("margin ratio now", now.map(|ratio| screen::percent(ratio.get())))
            .line("close", verdict)
            .line("left", left.map_or_else(|| "nothing".to_owned(), |left| left.to_string()))
            .print()
    }
}
