//! `plimsoll leverage` and `plimsoll margin`: how a contract's positions are backed.

use super::acting::{self, Found};
use super::positions::{distance, liquidation, liquidation_fields};
use super::target::{Consent, Target};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen::{self, Facts, full, money};
use clap::{Args, ValueEnum};
use plimsoll_domain::{Direction, Leverage, Money, Symbol};
use plimsoll_engine::{AdjustFailure, LeverageChange, MarginChange};
use plimsoll_ports::CommandError;
use serde::Serialize;
use std::process::ExitCode;

/// Set a contract's leverage at the venue, within the limits.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll leverage BTC/USDT:USDT 3 --yes")]
pub(crate) struct SetLeverage {
    /// The contract, like BTC/USDT:USDT
    symbol: Symbol,
    /// The leverage, a whole number
    #[arg(allow_negative_numbers = true)]
    leverage: Leverage,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    target: Target,
}

/// Move margin into an isolated position, or out of it.
///
/// Taking out leaves at least the configured distance to liquidation.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll margin BTC/USDT:USDT add 50
  plimsoll margin BTC/USDT:USDT remove 20 --dry-run")]
pub(crate) struct Margin {
    /// The contract, like BTC/USDT:USDT
    symbol: Symbol,
    /// Into the position, or out of it
    #[arg(value_enum)]
    way: Way,
    /// How much, in the settle currency
    #[arg(allow_negative_numbers = true)]
    amount: Money,
    /// long or short: needed in hedge mode, where both may be held
    #[arg(long)]
    side: Option<Direction>,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Way {
    Add,
    Remove,
}

#[derive(Serialize)]
struct LeverageAnswer {
    reconciled: Vec<String>,
    symbol: String,
    from: Option<u32>,
    to: u32,
    most: u32,
    initial_margin_before: Option<String>,
    initial_margin_after: Option<String>,
    done: bool,
}

#[derive(Serialize)]
struct MarginAnswer {
    reconciled: Vec<String>,
    symbol: String,
    amount: String,
    margin_before: String,
    margin_after: String,
    liquidation_below_before: Option<String>,
    liquidation_above_before: Option<String>,
    liquidation_below_after: Option<String>,
    liquidation_above_after: Option<String>,
    distance_before: Option<String>,
    distance_after: Option<String>,
    done: bool,
}

impl SetLeverage {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.set())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn set(self) -> Result<(), Failure> {
        self.consent.can_be_had(self.target.json)?;
        let desk = self.target.desk().await?;
        let outcome = self.set_at(&desk).await;
        desk.close().await;
        outcome
    }

    async fn set_at(&self, desk: &Desk) -> Result<(), Failure> {
        let Found { said: reconciled, shown, .. } = acting::told_first(desk, self.consent, self.target.json).await?;
        let preview = desk.manager.preview_leverage(&self.symbol, self.leverage).await.map_err(|it| failed(&it))?;
        let shown = if self.target.json { Ok(()) } else { shown.and_then(|()| print_leverage(&preview)) };
        let asked = format!("Set it on {}{}?", desk.account.name, acting::live(desk));
        let done = self.consent.is_given(shown, &asked)?;
        if done {
            desk.manager.set_leverage(&self.symbol, self.leverage).await.map_err(|it| failed(&it))?;
        }
        let told = match (self.target.json, done) {
            (true, _) => screen::json(&LeverageAnswer::of(reconciled, &preview, done)),
            (false, true) => screen::line(format!("{} is at {} now", self.symbol, self.leverage)),
            (false, false) => Ok(()),
        };
        if done { acting::done(told) } else { told }
    }
}

fn print_leverage(it: &LeverageChange) -> Result<(), Failure> {
    let from = it.from.map_or_else(|| "as the venue has it".to_owned(), |from| from.to_string());
    screen::line(format!("leverage of {}: {from}, to become {}", it.symbol, it.to))?;
    let margin = it.initial_margin.map(|(now, then)| format!("{} now, {} then", money(now), money(then)));
    let held = it.held.map_or_else(|| "nothing".to_owned(), |held| format!("{} {}", held.direction, held.quantity));
    Facts::default().line("held", held).line("the venue allows", it.most).maybe("initial margin", margin).print()
}

impl LeverageAnswer {
    fn of(reconciled: Vec<String>, it: &LeverageChange, done: bool) -> Self {
        Self {
            reconciled,
            symbol: it.symbol.to_string(),
            from: it.from.map(Leverage::get),
            to: it.to.get(),
            most: it.most.get(),
            initial_margin_before: it.initial_margin.map(|(now, _)| full(now.get())),
            initial_margin_after: it.initial_margin.map(|(_, then)| full(then.get())),
            done,
        }
    }
}

impl Margin {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.move_it())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn move_it(self) -> Result<(), Failure> {
        if !self.amount.is_positive() {
            return Err(Failure::usage(format!("an amount is above 0, got {}", self.amount))
                .help("`add` moves it into the position, `remove` out of it."));
        }
        self.consent.can_be_had(self.target.json)?;
        let desk = self.target.desk().await?;
        let outcome = self.move_at(&desk).await;
        desk.close().await;
        outcome
    }

    async fn move_at(&self, desk: &Desk) -> Result<(), Failure> {
        let Found { said: reconciled, shown, .. } = acting::told_first(desk, self.consent, self.target.json).await?;
        let direction = self.direction(desk).await?;
        let amount = match self.way {
            Way::Add => self.amount,
            Way::Remove => -self.amount,
        };
        let manager = &desk.manager;
        let preview = manager.preview_margin(&self.symbol, direction, amount).await.map_err(|it| failed(&it))?;
        let shown = if self.target.json { Ok(()) } else { shown.and_then(|()| print_margin(&preview)) };
        let asked = format!("Move it on {}{}?", desk.account.name, acting::live(desk));
        let done = self.consent.is_given(shown, &asked)?;
        if done {
            manager.adjust_margin(&self.symbol, direction, amount).await.map_err(|it| failed(&it))?;
        }
        let told = match (self.target.json, done) {
            (true, _) => screen::json(&MarginAnswer::of(reconciled, &preview, done)),
            (false, true) => screen::line(format!("{} holds {} now", self.symbol, money(preview.margin.1))),
            (false, false) => Ok(()),
        };
        if done { acting::done(told) } else { told }
    }

    async fn direction(&self, desk: &Desk) -> Result<Direction, Failure> {
        if let Some(side) = self.side {
            return Ok(side);
        }
        let positions = desk.venue.broker.positions().await.map_err(Failure::unanswered)?;
        let its = positions.iter().filter(|report| report.symbol == self.symbol);
        let found: Vec<Direction> = its.filter_map(|report| Some(report.position?.direction)).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(Failure::no(format!("{} has no position", self.symbol))),
            _ => {
                Err(Failure::usage(format!("{} holds a long and a short", self.symbol)).help("Say which: --side long"))
            }
        }
    }
}

fn print_margin(it: &MarginChange) -> Result<(), Failure> {
    let held = it.position;
    screen::line(format!("margin of {} {} {}", it.symbol, held.direction, held.quantity))?;
    Facts::default()
        .line("margin", format!("{} now, {} then", money(it.margin.0), money(it.margin.1)))
        .line("liquidation now", liquidation(it.liquidation.0))
        .line("liquidation then", liquidation(it.liquidation.1))
        .line("distance", format!("{} now, {} then", distance(it.distance.0), distance(it.distance.1)))
        .print()
}

impl MarginAnswer {
    fn of(reconciled: Vec<String>, it: &MarginChange, done: bool) -> Self {
        let (liquidation_below_before, liquidation_above_before) = liquidation_fields(it.liquidation.0);
        let (liquidation_below_after, liquidation_above_after) = liquidation_fields(it.liquidation.1);
        Self {
            reconciled,
            symbol: it.symbol.to_string(),
            amount: full(it.amount.get()),
            margin_before: full(it.margin.0.get()),
            margin_after: full(it.margin.1.get()),
            liquidation_below_before,
            liquidation_above_before,
            liquidation_below_after,
            liquidation_above_after,
            distance_before: it.distance.0.map(|distance| full(distance.get())),
            distance_after: it.distance.1.map(|distance| full(distance.get())),
            done,
        }
    }
}

fn failed(failure: &AdjustFailure) -> Failure {
    match failure {
        AdjustFailure::NotKnown(error) => Failure::query(error, failure),
        AdjustFailure::Command(CommandError::NotSent(_)) => Failure::unreachable(failure),
        AdjustFailure::Command(CommandError::Unanswered(_)) => {
            Failure::outcome_unknown(failure).help("`plimsoll positions` shows how the venue has it now.")
        }
        _ => Failure::no(failure),
    }
}
