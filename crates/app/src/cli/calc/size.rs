//! `plimsoll calc size`.

use super::fee;
use crate::failure::Failure;
use crate::screen::{self, Facts, full};
use clap::Args;
use plimsoll_domain::{Direction, Leverage, Money, Position, Price, Quantity, Rate, Rounding, Step, margin};
use serde::Serialize;

/// How large a position may be, for what its stop may lose.
///
/// The size is rounded down to the lot: fees of entry and stop are counted into the loss.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll calc size --risk 100 --entry 50000 --stop 49000 \\
      --lot 0.001 --leverage 5")]
pub(crate) struct Size {
    /// What may be lost at the stop, in the settle currency
    #[arg(long, allow_negative_numbers = true)]
    risk: Money,
    /// Entry price
    #[arg(long, allow_negative_numbers = true)]
    entry: Price,
    /// Stop price: below the entry for a long, above it for a short
    #[arg(long, allow_negative_numbers = true)]
    stop: Price,
    /// The distance between sizes
    #[arg(long, default_value = "0.001", value_parser = step, allow_negative_numbers = true)]
    lot: Step,
    /// The fee of entry and stop, as a fraction
    #[arg(long, default_value = "0", value_parser = fee, allow_negative_numbers = true)]
    fee: Rate,
    /// The leverage, for the margin that it needs
    #[arg(long, default_value = "1", allow_negative_numbers = true)]
    leverage: Leverage,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    side: Direction,
    size: String,
    notional: String,
    initial_margin: String,
    loss_at_stop: String,
}

impl Size {
    pub(crate) fn run(self) -> Result<(), Failure> {
        if !self.risk.is_positive() {
            return Err(Failure::usage(format!("risk is above 0, got {}", self.risk)));
        }
        let direction = if self.stop < self.entry { Direction::Long } else { Direction::Short };
        let fees = (self.entry.get() + self.stop.get()) * self.fee.get();
        let loss_per_unit = (self.entry.get() - self.stop.get()).abs() + fees;
        if loss_per_unit <= plimsoll_domain::Decimal::ZERO {
            return Err(Failure::usage("the stop is at the entry: nothing would be lost there at any size"));
        }
        let wanted = self.risk.get().checked_div(loss_per_unit).and_then(|size| Quantity::new(size).ok());
        let size = wanted.and_then(|size| size.round(self.lot, Rounding::Down)).ok_or_else(|| {
            Failure::no(format!("one lot of {} would lose more than {} at the stop", self.lot, self.risk))
        })?;
        let position = Position { direction, quantity: size, entry: self.entry };
        let notional = position.notional(self.entry);
        let loss = Money::new(fees * size.get()) - position.unrealized_pnl(self.stop);
        let initial = margin::initial(notional, self.leverage);
        if self.json {
            return screen::json(&Answer {
                side: direction,
                size: full(size.get()),
                notional: full(notional.get()),
                initial_margin: full(initial.get()),
                loss_at_stop: full(loss.get()),
            });
        }
        Facts::default()
            .line("side", direction)
            .line("size", size)
            .line("notional", screen::money(notional))
            .line(format!("initial margin at {}", self.leverage), screen::money(initial))
            .line("loss at the stop", screen::money(loss))
            .print()
    }
}

/// Reads a lot or tick size.
pub(super) fn step(text: &str) -> Result<Step, String> {
    let value = plimsoll_domain::decimal::exact(text).map_err(|error| error.to_string())?;
    Step::new(value).map_err(|error| error.to_string())
}
