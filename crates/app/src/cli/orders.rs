//! `plimsoll orders`: what rests at the venue, what goes on, and what the journal does not know the end of.

use super::composed::{self, Composed};
use super::target::Target;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen::{self, full, price};
use clap::Args;
use plimsoll_domain::{Order, Price};
use plimsoll_ports::{JournalEntry, StoreError};
use serde::Serialize;
use std::process::ExitCode;

/// Every open order at the venue, ours and others'; every order that goes on, and how far it has got; and every order
/// whose end the journal does not know.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  plimsoll orders --json")]
pub(crate) struct Orders {
    #[command(flatten)]
    target: Target,
}

#[derive(Serialize)]
struct Answer {
    open: Vec<Row>,
    /// Not known while the database is away.
    composed: Option<Vec<composed::Row>>,
    /// The same.
    unfinished: Option<Vec<Unfinished>>,
}

#[derive(Serialize)]
struct Row {
    symbol: String,
    client_order_id: String,
    order_id: String,
    ours: bool,
    side: String,
    #[serde(rename = "type")]
    order_type: String,
    quantity: Option<String>,
    filled: Option<String>,
    price: Option<String>,
    stop_price: Option<String>,
    reduce_only: bool,
    close_position: bool,
    status: String,
}

/// An order that the journal does not know the end of.
#[derive(Serialize)]
pub(super) struct Unfinished {
    client_order_id: String,
    symbol: String,
    purpose: &'static str,
    state: &'static str,
    since: String,
}

impl Orders {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        super::runtime()?.block_on(self.show())?;
        Ok(ExitCode::SUCCESS)
    }

    async fn show(self) -> Result<(), Failure> {
        let desk = self.target.desk().await?;
        let survey = desk.manager.survey().await.map_err(Failure::unanswered);
        let recorded = match desk.records.away {
            // That the database is away was said on the way here.
            Some(_) => Ok(None),
            None => recorded(&desk).await.map(Some).map_err(Failure::unreachable),
        };
        desk.close().await;
        let (survey, recorded) = (survey?, recorded?);
        let rests = |entry: &&JournalEntry| {
            !survey.orders.iter().any(|(order, _)| order.client_order_id == entry.order.client_order_id)
        };
        let unfinished: Option<Vec<Unfinished>> =
            recorded.as_ref().map(|(_, them)| them.iter().filter(rests).map(Unfinished::of).collect());
        let working = recorded.map(|(working, _)| working);
        if self.target.json {
            let open = survey.orders.iter().map(|(order, ours)| Row::of(order, *ours)).collect();
            let row = |it: &Composed| composed::Row::of(it, &survey.orders);
            let composed = working.map(|them| them.iter().map(row).collect());
            return screen::json(&Answer { open, composed, unfinished });
        }
        if survey.orders.is_empty() {
            screen::line("no open order")?;
        } else {
            let rows = survey.orders.iter().map(|(order, ours)| shown(order, *ours));
            screen::line(screen::table(&["symbol", "order", "size", "price", "whose"], rows))?;
        }
        for it in working.iter().flatten() {
            screen::line(format!("goes on: {} {}", it.entry.id, it.sentence(&survey.orders)))?;
        }
        let Some(unfinished) = unfinished else {
            return screen::line("orders that go on, and those of unknown fate: not known while the database is away");
        };
        for it in &unfinished {
            let Unfinished { client_order_id, symbol, purpose, state, since } = it;
            screen::line(format!("{symbol}: {purpose} {client_order_id}: {state} since {since}"))?;
        }
        if !unfinished.is_empty() {
            screen::line("any verb that acts looks these up first")?;
        }
        Ok(())
    }
}

/// What goes on, and what the journal does not know the end of: protection that waits for its entry to fill is neither lost
/// nor late.
pub(super) async fn recorded(desk: &Desk) -> Result<(Vec<Composed>, Vec<JournalEntry>), StoreError> {
    let working = Composed::working(desk).await?;
    let mut unfinished = desk.records.journal.unfinished(&desk.account.name).await?;
    unfinished.retain(|entry| !working.iter().any(|it| it.owes(entry)));
    Ok((working, unfinished))
}

fn shown(order: &Order, ours: bool) -> Vec<String> {
    let at = |price_of: Option<Price>| price_of.map(price);
    let size = match order.quantity {
        Some(quantity) => quantity.to_string(),
        None => "whole".to_owned(),
    };
    vec![
        order.symbol.to_string(),
        format!("{} {}", order.side, order.order_type),
        size,
        at(order.trigger).or(at(order.price)).unwrap_or_else(|| "market".to_owned()),
        if ours { "ours".to_owned() } else { "other".to_owned() },
    ]
}

impl Row {
    fn of(order: &Order, ours: bool) -> Self {
        let at = |price: Option<Price>| price.map(|price| full(price.get()));
        let size = |quantity: Option<plimsoll_domain::Quantity>| quantity.map(|quantity| full(quantity.get()));
        Self {
            symbol: order.symbol.to_string(),
            client_order_id: order.client_order_id.to_string(),
            order_id: order.order_id.to_string(),
            ours,
            side: order.side.to_string(),
            order_type: order.order_type.to_string(),
            quantity: size(order.quantity),
            filled: size(order.filled),
            price: at(order.price),
            stop_price: at(order.trigger),
            reduce_only: order.reduce_only,
            close_position: order.close_position,
            status: order.status.to_string(),
        }
    }
}

impl Unfinished {
    pub(super) fn of(entry: &JournalEntry) -> Self {
        Self {
            client_order_id: entry.order.client_order_id.to_string(),
            symbol: entry.order.symbol.to_string(),
            purpose: entry.purpose.as_str(),
            state: entry.state.as_str(),
            since: screen::instant(entry.intended_at),
        }
    }
}
