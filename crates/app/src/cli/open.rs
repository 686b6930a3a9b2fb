//! `plimsoll open`: a position, with its preview, its stop, and what became of it.

mod preview;

use super::acting::{self, Found};
use super::opening::{ToOpen, failed};
use super::positions::{liquidation, liquidation_fields};
use super::signals::to_its_end;
use super::target::{Consent, Target};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen::{self, Facts, full, money, price, rate, told};
use clap::Args;
use plimsoll_domain::{Direction, Price, Symbol, TimeInForce};
use plimsoll_engine::{Opened, Preview};
pub(super) use preview::PreviewRow;
use serde::Serialize;
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
    #[command(flatten)]
    what: ToOpen,
    /// The worst price to fill at, now; an entry that rests is `plimsoll order bracket`
    #[arg(long, allow_negative_numbers = true)]
    limit: Option<Price>,
    /// ioc: what does not fill at once is cancelled; fok: all of it at once or nothing
    #[arg(long, requires = "limit", value_name = "ioc|fok")]
    tif: Option<TimeInForce>,
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
        self.time_in_force()?;
        let desk = self.target.desk_with(|settings| self.what.settings(settings)).await?;
        let outcome = self.open_at(&desk).await;
        desk.close().await;
        outcome
    }

    async fn open_at(&self, desk: &Desk) -> Result<(), Failure> {
        self.what.is_allowed(desk)?;
        let Found { said: reconciled, shown, read } = acting::told_first(desk, self.consent, self.target.json).await?;
        let (intent, asked) = self.what.intent(desk, &self.symbol, self.side, self.limit).await?;
        let preview = desk.manager.preview_by(read, &intent).await.map_err(|failure| failed(&failure))?;
        let row = PreviewRow::of(&preview, self.limit, desk.manager.settings().margin_mode, asked);
        let shown = if self.target.json { Ok(()) } else { shown.and_then(|()| row.print(&preview)) };
        // Nobody is asked for what is refused, and it is on record all the same. To whoever has said yes the order says it.
        if let (Some(refused), false, false) = (&preview.refused, self.consent.dry_run, self.consent.is_given_already())
        {
            to_its_end(desk.manager.check(&intent)).await.map_err(|failure| failed(&failure))?;
            return Err(acting::refused_a_moment_ago(refused));
        }
        if !self.consent.is_given(shown, &format!("Open it on {}{}?", desk.account.name, acting::live(desk)))? {
            let told = self.told(&Answer { reconciled, preview: &row, opened: None });
            return preview.refused.map_or(told, |it| Err(Failure::no(format!("it would be refused: {it}"))));
        }
        let opened = match (self.limit, self.time_in_force()?) {
            (Some(limit), TimeInForce::Fok) => {
                to_its_end(desk.manager.open_whole_within("operator", &intent, limit)).await
            }
            (Some(limit), _) => to_its_end(desk.manager.open_within("operator", &intent, limit)).await,
            (None, _) => to_its_end(desk.manager.open(&intent)).await,
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

    /// What `open` leaves behind is protected: nothing of it rests.
    fn time_in_force(&self) -> Result<TimeInForce, Failure> {
        match self.tif.unwrap_or(TimeInForce::Ioc) {
            now @ (TimeInForce::Ioc | TimeInForce::Fok) => Ok(now),
            rests => Err(Failure::usage(format!("--tif {rests}: `open` fills now or not at all")).help(
                "An entry that may rest, with its stop, is `plimsoll order bracket SYMBOL --limit PRICE --tif gtc`.",
            )),
        }
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
    refused.chain(warnings(preview).map(|warning| format!("note: {warning}"))).collect()
}

fn warnings(preview: &Preview) -> impl Iterator<Item = String> {
    let stop = preview.stop_move.iter().map(ToString::to_string);
    stop.chain(preview.warnings.iter().map(ToString::to_string))
}
