//! `plimsoll calc margin`.

use super::tiers::{TierArguments, allowed};
use crate::failure::Failure;
use crate::screen::{self, Facts, full};
use clap::Args;
use plimsoll_domain::{Leverage, Money, Price, Quantity, margin};
use serde::Serialize;

/// Initial and maintenance margin of a position at a price.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll calc margin --size 2 --price 50000 --leverage 10 \\
      --tiers 0:0.004:0:125,50000:0.005:50:100")]
pub(crate) struct Margin {
    /// Size in base units
    #[arg(long, allow_negative_numbers = true)]
    size: Quantity,
    /// The price: entry for the initial margin, mark for the maintenance margin
    #[arg(long, allow_negative_numbers = true)]
    price: Price,
    /// The leverage
    #[arg(long, allow_negative_numbers = true)]
    leverage: Leverage,
    #[command(flatten)]
    tiers: TierArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    notional: String,
    initial: String,
    maintenance: String,
    tier: usize,
    max_leverage: u32,
}

impl Margin {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let tiers = self.tiers.read()?;
        let notional = self.size * self.price;
        let most = allowed(self.leverage, notional, &tiers)?;
        let (initial, maintenance) = (margin::initial(notional, self.leverage), tiers.maintenance(notional));
        let tier = tiers.index(notional);
        if self.json {
            return screen::json(&Answer {
                notional: full(notional.get()),
                initial: full(initial.get()),
                maintenance: full(maintenance.get()),
                tier,
                max_leverage: most.get(),
            });
        }
        let shown = |money: Money| screen::money(money);
        Facts::default()
            .line("notional", shown(notional))
            .line("initial margin", shown(initial))
            .line("maintenance margin", shown(maintenance))
            .line("tier", format!("{tier}, up to {most}"))
            .print()
    }
}
