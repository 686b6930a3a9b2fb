//! `plimsoll calc liquidation`.

use super::account;
use super::fee;
use super::tiers::{TierArguments, allowed};
use crate::failure::Failure;
use crate::screen::{self, Facts, full, percent};
use clap::Args;
use plimsoll_domain::liquidation::{self, Leg, LiquidationBounds};
use plimsoll_domain::{Decimal, Direction, Leverage, MarginTiers, Money, Position, Price, Quantity, Rate, margin};
use serde::Serialize;
use std::path::PathBuf;

/// Exact liquidation price of a position, or of every position of an account.
///
/// Solved through the margin table, so that the tier which holds at the liquidation price is the one it was solved with.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll calc liquidation --side long --size 0.5 --entry 50000 \\
      --margin 5000 --tiers 0:0.004:0:125,50000:0.005:50:100
  plimsoll calc liquidation --side short --size 1 --entry 10 --margin 2 \\
      --rate 0.01 --deduction 0.01 --json
  plimsoll calc liquidation --account account.json")]
pub(crate) struct Liquidation {
    /// long or short
    #[arg(long, required_unless_present = "account")]
    side: Option<Direction>,
    /// Size in base units
    #[arg(long, required_unless_present = "account", allow_negative_numbers = true)]
    size: Option<Quantity>,
    /// Entry price
    #[arg(long, required_unless_present = "account", allow_negative_numbers = true)]
    entry: Option<Price>,
    /// Margin that backs the position: the isolated margin, or the cross wallet
    #[arg(long, allow_negative_numbers = true)]
    margin: Option<Money>,
    /// Instead of --margin: the notional at entry divided by this
    #[arg(long, conflicts_with = "margin", allow_negative_numbers = true)]
    leverage: Option<Leverage>,
    /// The mark price, for the distance and to know what is in liquidation already
    #[arg(long, allow_negative_numbers = true)]
    mark: Option<Price>,
    /// The closing fee, where the venue counts it into liquidation
    #[arg(long, default_value = "0", value_parser = fee, allow_negative_numbers = true)]
    fee: Rate,
    #[command(flatten)]
    tiers: TierArguments,
    /// A whole account from a JSON file, instead of one position
    #[arg(long, conflicts_with_all = ["side", "size", "entry", "margin", "leverage", "mark", "tiers", "rate"])]
    account: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Liquidation {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match &self.account {
            Some(file) => account::run(file, self.json),
            None => self.position(),
        }
    }

    fn position(&self) -> Result<(), Failure> {
        let (Some(direction), Some(quantity), Some(entry)) = (self.side, self.size, self.entry) else {
            return Err(Failure::usage("--side, --size and --entry are needed without --account"));
        };
        let position = Position { direction, quantity, entry };
        let tiers = self.tiers.read()?;
        let margin = self.backing(position, &tiers)?;
        let answer = Answer::of(position, margin, self.fee, self.mark, &tiers);
        if self.json { screen::json(&answer) } else { answer.print(position, margin, self) }
    }

    fn backing(&self, position: Position, tiers: &MarginTiers) -> Result<Money, Failure> {
        match (self.margin, self.leverage) {
            (Some(margin), _) if margin.is_negative() => {
                Err(Failure::usage(format!("margin is 0 or more, got {margin}")))
            }
            (Some(margin), _) => Ok(margin),
            (None, Some(leverage)) => {
                let notional = position.notional(position.entry);
                allowed(leverage, notional, tiers)?;
                Ok(margin::initial(notional, leverage))
            }
            (None, None) => Err(Failure::usage("either --margin or --leverage is needed")),
        }
    }
}

#[derive(Debug, Serialize)]
struct Answer {
    below: Option<String>,
    above: Option<String>,
    tier: Option<usize>,
    bankruptcy: Option<String>,
    distance: Option<String>,
    in_liquidation: bool,
    #[serde(skip)]
    price: Option<Price>,
}

impl Answer {
    fn of(position: Position, margin: Money, fee: Rate, mark: Option<Price>, tiers: &MarginTiers) -> Self {
        let leg = Leg { position, tiers };
        let found = liquidation::isolated(leg, margin, fee, mark).bounds();
        let LiquidationBounds { below, above } = found.unwrap_or_default();
        let price = below.or(above);
        let distance = mark.zip(price).map(|(mark, price)| liquidation::distance(position.direction, mark, price));
        Self {
            below: below.map(|price| full(price.get())),
            above: above.map(|price| full(price.get())),
            tier: price.map(|price| leg.tier(price)),
            bankruptcy: liquidation::bankruptcy(position, margin).map(|price| full(price.get())),
            distance: distance.map(|distance| full(distance.get())),
            in_liquidation: found.is_none(),
            price,
        }
    }

    fn print(&self, position: Position, margin: Money, asked: &Liquidation) -> Result<(), Failure> {
        let notional = position.notional(position.entry);
        screen::line(format!(
            "{} {} at {}, margin {}",
            position.direction,
            position.quantity,
            position.entry,
            screen::money(margin)
        ))?;
        let verdict = match (self.price, self.in_liquidation) {
            (Some(price), _) => screen::price(price),
            (None, true) => "none: it is in liquidation already".to_owned(),
            (None, false) => "none: no price liquidates it".to_owned(),
        };
        let from_entry = self.price.map(|price| liquidation::distance(position.direction, position.entry, price));
        let is_due = asked.mark.is_none() && from_entry.is_some_and(|distance| distance.get() <= Decimal::ZERO);
        Facts::default()
            .line("liquidation price", verdict)
            .maybe("note", is_due.then_some("at its entry price it is in liquidation already"))
            .maybe("tier", self.tier.map(|tier| format!("{tier} (the one that holds at that price)")))
            .maybe(
                "distance",
                asked
                    .mark
                    .zip(self.price)
                    .map(|(mark, price)| percent(liquidation::distance(position.direction, mark, price).get())),
            )
            .maybe("bankruptcy price", liquidation::bankruptcy(position, margin).map(screen::price))
            .line("notional at entry", screen::money(notional))
            .print()
    }
}
