//! `plimsoll open`: a position, with its preview, its stop, and what became of it.

mod preview;
mod size;

use super::acting::{self, Found};
use super::positions::{liquidation, liquidation_fields};
use super::signals::to_its_end;
use super::target::{Consent, Target};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen::{self, Facts, full, money, price, rate, told};
use clap::Args;
use plimsoll_domain::risk::RiskCheck;
use plimsoll_domain::{Direction, Leverage, MarginMode, Money, Price, Quantity, Symbol};
use plimsoll_engine::{OpenFailure, Opened, Preview, SendFailure};
use plimsoll_ports::{NotSent, OpenIntent, StopLoss, Waiver};
use preview::PreviewRow;
use serde::Serialize;
use size::Wanted;
use std::process::ExitCode;

/// Open a position, or add to one, at market or at a limit that fills now or not at all.
///
/// Shows first what it means, by the same code that judges it: margin, exact liquidation price, fees, funding, what the
/// stop would lose. Stop and target rest at the venue and are read back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll open BTC/USDT:USDT --side long --notional 500 --stop 58000
  plimsoll open BTC/USDT:USDT --side short --risk 50 --stop 62000 \\
      --take-profit 55000 --leverage 3 --dry-run
  plimsoll open BTC/USDT:USDT --side long --quantity 0.01 --stop 58000 \\
      --limit 60010 --yes --json")]
pub(crate) struct Open {
    /// The contract, like BTC/USDT:USDT
    symbol: Symbol,
    /// long or short
    #[arg(long)]
    side: Direction,
    /// Size in base units
    #[arg(long, allow_negative_numbers = true, group = "size")]
    quantity: Option<Quantity>,
    /// Size by what it is worth at the mark
    #[arg(long, allow_negative_numbers = true, group = "size")]
    notional: Option<Money>,
    /// Size by what the stop may lose, fees included
    #[arg(long, allow_negative_numbers = true, group = "size", requires = "stop")]
    risk: Option<Money>,
    /// Leverage; without it trading.default_leverage
    #[arg(long, allow_negative_numbers = true)]
    leverage: Option<Leverage>,
    /// Where the stop-loss triggers, on the mark price
    #[arg(long, allow_negative_numbers = true)]
    stop: Option<Price>,
    /// Add to a position that has a stop-loss already, and keep that one
    #[arg(long, conflicts_with = "stop")]
    keep_stop: bool,
    /// Open without a stop-loss, for this reason, which is recorded
    #[arg(long, value_name = "REASON", conflicts_with_all = ["stop", "keep_stop"])]
    no_stop: Option<String>,
    /// Where the target triggers, on the mark price
    #[arg(long, allow_negative_numbers = true)]
    take_profit: Option<Price>,
    /// The worst price to fill at; what does not fill at once is cancelled
    #[arg(long, allow_negative_numbers = true)]
    limit: Option<Price>,
    /// isolated or cross; without it the account's
    #[arg(long)]
    margin_mode: Option<MarginMode>,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    target: Target,
}

#[derive(Serialize)]
struct Answer<'a> {
    reconciled: Vec<String>,
    preview: &'a PreviewRow,
    opened: Option<OpenedRow>,
}

#[derive(Serialize)]
struct OpenedRow {
    symbol: String,
    side: Direction,
    client_order_id: String,
    quantity: String,
    price: String,
    notional: String,
    fees: Option<String>,
    position_quantity: String,
    entry_price: String,
    leverage: u32,
    margin: String,
    liquidation_below: Option<String>,
    liquidation_above: Option<String>,
    venue_liquidation_price: Option<String>,
    funding_per_day: Option<String>,
    stop_loss: Option<RestingRow>,
    take_profit: Option<RestingRow>,
    warnings: Vec<String>,
    troubles: Vec<String>,
}

#[derive(Serialize)]
struct RestingRow {
    client_order_id: String,
    order_id: String,
    trigger: String,
}

impl Open {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.open())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn open(self) -> Result<(), Failure> {
        self.consent.can_be_had(self.target.json)?;
        let margin_mode = self.margin_mode;
        let desk = self.target.desk_with(|settings| plimsoll_engine::Settings {
            margin_mode: margin_mode.unwrap_or(settings.margin_mode),
            ..settings
        });
        let desk = desk.await?;
        let outcome = self.open_at(&desk).await;
        desk.close().await;
        outcome
    }

    async fn open_at(&self, desk: &Desk) -> Result<(), Failure> {
        self.allowed(desk)?;
        let Found { said: reconciled, shown } = acting::told_first(desk, self.consent, self.target.json).await?;
        let intent = self.intent(desk).await?;
        let preview = desk.manager.preview(&intent).await.map_err(|failure| failed(&failure))?;
        let row = PreviewRow::of(&preview, self.limit, desk.manager.settings().margin_mode);
        let shown = if self.target.json { Ok(()) } else { shown.and_then(|()| row.print(&preview)) };
        if let (Some(refused), false) = (&preview.refused, self.consent.dry_run) {
            // Refused by the engine too, which records it; there is nothing to confirm.
            return match to_its_end(desk.manager.open(&intent)).await {
                Err(failure) => Err(failed(&failure)),
                Ok(_) => Err(Failure::no(format!("refused: {refused}"))),
            };
        }
        if !self.consent.is_given(shown, &format!("Open it on {}{}?", desk.account.name, acting::live(desk)))? {
            let told = self.told(&Answer { reconciled, preview: &row, opened: None });
            return preview.refused.map_or(told, |it| Err(Failure::no(format!("it would be refused: {it}"))));
        }
        let opened = match self.limit {
            Some(limit) => to_its_end(desk.manager.open_within("operator", &intent, limit)).await,
            None => to_its_end(desk.manager.open(&intent)).await,
        };
        let opened = opened.map_err(|failure| failed(&failure))?;
        acting::done(if self.target.json {
            screen::json(&Answer { reconciled, preview: &row, opened: Some(OpenedRow::of(&opened)) })
        } else {
            print(&opened)
        })
    }

    fn told(&self, answer: &Answer<'_>) -> Result<(), Failure> {
        if self.target.json { screen::json(answer) } else { Ok(()) }
    }

    /// What the configuration forbids before anybody is asked.
    fn allowed(&self, desk: &Desk) -> Result<(), Failure> {
        if !desk.config.trading.enabled {
            return Err(Failure::no("trading.enabled is false: nothing is opened")
                .help("Set trading.enabled to true, or unset ENABLE_FUTURES."));
        }
        self.stop_loss(desk).map(|_| ())
    }

    fn stop_loss(&self, desk: &Desk) -> Result<StopLoss, Failure> {
        let waived = match (self.stop, &self.no_stop) {
            (Some(price), _) => return Ok(StopLoss::At(price)),
            (None, _) if self.keep_stop => return Ok(StopLoss::Resting),
            (None, Some(reason)) => Waiver::new(&acting::operator(), reason),
            (None, None) if desk.config.trading.require_stop => {
                return Err(Failure::usage("a position needs a stop-loss").help(
                    "Add --stop PRICE; --keep-stop, to add to a position that has one; \n\
                     or --no-stop REASON, if a position without one is meant.",
                ));
            }
            (None, None) => Waiver::new(&acting::operator(), "trading.require_stop is false"),
        };
        waived.map(StopLoss::Waived).map_err(|error| Failure::usage(error).help("Say why: --no-stop REASON."))
    }

    async fn intent(&self, desk: &Desk) -> Result<OpenIntent, Failure> {
        let wanted = match (self.quantity, self.notional, self.risk) {
            (Some(quantity), ..) => Wanted::Quantity(quantity),
            (_, Some(notional), _) => Wanted::Notional(notional),
            (_, _, Some(risk)) => Wanted::Risk(risk),
            _ => {
                return Err(Failure::usage("how much?").help("Give --quantity, --notional, or --risk with --stop."));
            }
        };
        Ok(OpenIntent {
            symbol: self.symbol.clone(),
            direction: self.side,
            quantity: wanted.quantity(desk, &self.symbol, self.limit, self.stop).await?,
            leverage: self.leverage.unwrap_or(desk.config.trading.default_leverage),
            stop_loss: self.stop_loss(desk)?,
            take_profit: self.take_profit,
        })
    }
}

/// The exit code and remedy of an intent that came to nothing, or may not have.
fn failed(failure: &OpenFailure) -> Failure {
    match failure {
        OpenFailure::NotKnown(error) => Failure::query(error, failure),
        OpenFailure::Records(_) => Failure::unreachable(failure),
        OpenFailure::Order { id, failure: unresolved @ SendFailure::Unresolved(_) } => acting::unknown(id, unresolved),
        OpenFailure::EarlierUnresolved(id) => Failure::outcome_unknown(failure).help(acting::how_to_find_out(id)),
        OpenFailure::NotSetUp(plimsoll_ports::CommandError::Unanswered(_)) => Failure::outcome_unknown(failure)
            .help("No order was sent. `plimsoll status` shows how the account is set; then try again."),
        OpenFailure::Unprotected { closing, .. } | OpenFailure::Stopped { closing, .. } => match closing.as_ref() {
            Ok(closed) => Failure::no(failure).help(format!("{} were closed again.", closed.quantity)),
            Err(error) => Failure::outcome_unknown(format!("{failure}; closing it again failed: {error}"))
                .help("It may be open WITHOUT A STOP: `plimsoll positions`, then `plimsoll close SYMBOL`."),
        },
        OpenFailure::Order { failure: SendFailure::NotSent(NotSent::Throttled { .. }), .. } => {
            Failure::unreachable(failure)
                .help("Nothing was sent: the requests that the venue allows in this time are spent. Try again then.")
        }
        OpenFailure::Order { failure: SendFailure::NotSent(_), .. } => {
            Failure::unreachable(failure).help("Nothing was sent. Try again when the venue can be reached.")
        }
        OpenFailure::StopBeyondLiquidation { .. } | OpenFailure::WrongSide { .. } => {
            Failure::no(failure).help("Nothing was sent.")
        }
        OpenFailure::Refused(refused) if refused.reasons.iter().any(|it| it.check() == RiskCheck::Ladder) => {
            Failure::no(failure)
                .help("Nothing was sent. `plimsoll ladder` shows the account's step, and what is missing.")
        }
        OpenFailure::Refused(_) => {
            Failure::no(failure).help("Nothing was sent. `plimsoll config show` says where each limit comes from.")
        }
        _ => Failure::no(failure),
    }
}

fn print(opened: &Opened) -> Result<(), Failure> {
    let resting = |protection: Option<&plimsoll_engine::Protection>| {
        protection.map(|it| format!("{}, read back", price(it.trigger)))
    };
    screen::line(format!("\nopened {} {} {}", opened.symbol, opened.direction, opened.quantity))?;
    let funding = opened.funding.map(|cost| format!("{} ({})", money(cost.per_day), rate(cost.rate)));
    Facts::default()
        .line("order", &opened.entry.client_order_id)
        .line("filled at", price(opened.price))
        .line("fee", told(opened.fees))
        .line("position", format!("{} from {}", opened.position.quantity, price(opened.position.entry)))
        .line("margin", money(opened.margin))
        .line("liquidation", liquidation(opened.liquidation))
        .line("  the venue says", opened.venue_liquidation.map_or_else(|| "none".to_owned(), price))
        .maybe("funding a day", funding)
        .line("stop", resting(opened.stop_loss.stop()).unwrap_or_else(|| "NONE".to_owned()))
        .maybe("target", resting(opened.take_profit.as_ref()))
        .print()?;
    for warning in &opened.warnings {
        screen::line(format!("  note: {warning}"))?;
    }
    opened.troubles.iter().try_for_each(|trouble| screen::line(format!("  trouble: {trouble}")))
}

impl OpenedRow {
    fn of(it: &Opened) -> Self {
        let (liquidation_below, liquidation_above) = liquidation_fields(it.liquidation);
        let resting = |protection: Option<&plimsoll_engine::Protection>| {
            protection.map(|it| RestingRow {
                client_order_id: it.client_order_id.to_string(),
                order_id: it.order_id.to_string(),
                trigger: full(it.trigger.get()),
            })
        };
        Self {
            symbol: it.symbol.to_string(),
            side: it.direction,
            client_order_id: it.entry.client_order_id.to_string(),
            quantity: full(it.quantity.get()),
            price: full(it.price.get()),
            notional: full(it.notional.get()),
            fees: it.fees.map(|amount| full(amount.get())),
            position_quantity: full(it.position.quantity.get()),
            entry_price: full(it.position.entry.get()),
            leverage: it.leverage.get(),
            margin: full(it.margin.get()),
            liquidation_below,
            liquidation_above,
            venue_liquidation_price: it.venue_liquidation.map(|price| full(price.get())),
            funding_per_day: it.funding.map(|cost| full(cost.per_day.get())),
            stop_loss: resting(it.stop_loss.stop()),
            take_profit: resting(it.take_profit.as_ref()),
            warnings: it.warnings.iter().map(ToString::to_string).collect(),
            troubles: it.troubles.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What a preview says of limits, for a person.
fn verdict(preview: &Preview) -> Vec<String> {
    let refused = preview.refused.iter().flat_map(|refused| refused.reasons.iter().map(|it| format!("REFUSED: {it}")));
    refused.chain(preview.warnings.iter().map(|warning| format!("note: {warning}"))).collect()
}
