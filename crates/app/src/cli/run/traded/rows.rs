//! Decisions and fills as rows for programs: figures are decimal texts, what is not said is null.

use crate::screen;
use plimsoll_domain::{Fill, Money, Position, Transition};
use plimsoll_engine::trading::Role;
use plimsoll_ports::{CloseIntent, Intent, Leg, OpenIntent, RestIntent, RestingEffect, StopLoss};
use serde::Serialize;

/// One leg of a decision.
#[derive(Debug, Default, Serialize)]
pub(super) struct LegRow {
    account: String,
    symbol: String,
    action: &'static str,
    label: Option<String>,
    side: Option<String>,
    direction: Option<String>,
    quantity: Option<String>,
    price: Option<String>,
    leverage: Option<u32>,
    stop: Option<String>,
    take_profit: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct FillRow {
    symbol: String,
    trade_id: String,
    client_order_id: String,
    side: String,
    quantity: String,
    price: String,
    fee: String,
    fee_currency: Option<String>,
    liquidity: Option<String>,
    traded: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Filled {
    role: String,
    label: Option<String>,
    #[serde(flatten)]
    fill: FillRow,
    /// What the strategy made by what it closed, before fees.
    realized_pnl: Option<String>,
    /// What the strategy holds now.
    position: Option<PositionRow>,
}

#[derive(Debug, Serialize)]
pub(super) struct PositionRow {
    direction: String,
    quantity: String,
    entry_price: String,
}

impl LegRow {
    pub(super) fn of(leg: &Leg) -> Self {
        let (account, symbol) = (leg.account.to_string(), leg.intent.symbol().to_string());
        let row = Self { account, symbol, ..Self::default() };
        match &leg.intent {
            Intent::Open(OpenIntent { direction, quantity, leverage, stop_loss, take_profit, .. }) => Self {
                action: "open",
                direction: Some(direction.to_string()),
                quantity: Some(screen::full(quantity.get())),
                leverage: Some(leverage.get()),
                stop: stop(stop_loss),
                take_profit: take_profit.map(|price| screen::full(price.get())),
                ..row
            },
            Intent::Rest(RestIntent { label, side, quantity, price, effect, .. }) => {
                let (leverage, stop) = match effect {
                    RestingEffect::Opens { leverage, stop_loss } => (Some(leverage.get()), stop(stop_loss)),
                    RestingEffect::Reduces => (None, None),
                };
                Self {
                    action: if leverage.is_some() { "rest" } else { "rest_reducing" },
                    label: Some(label.clone()),
                    side: Some(side.to_string()),
                    quantity: Some(screen::full(quantity.get())),
                    price: Some(screen::full(price.get())),
                    leverage,
                    stop,
                    ..row
                }
            }
            Intent::Close(CloseIntent { direction, quantity, .. }) => Self {
                action: "close",
                direction: Some(direction.to_string()),
                quantity: quantity.map(|quantity| screen::full(quantity.get())),
                ..row
            },
            Intent::MoveStop { direction, trigger, .. } => Self {
                action: "move_stop",
                direction: Some(direction.to_string()),
                stop: Some(screen::full(trigger.get())),
                ..row
            },
            Intent::Cancel { label, .. } => Self { action: "cancel", label: Some(label.clone()), ..row },
        }
    }
}

impl FillRow {
    pub(super) fn of(fill: &Fill) -> Self {
        Self {
            symbol: fill.symbol.to_string(),
            trade_id: fill.trade_id.to_string(),
            client_order_id: fill.client_order_id.to_string(),
            side: fill.side.to_string(),
            quantity: screen::full(fill.quantity.get()),
            price: screen::full(fill.price.get()),
            fee: money(fill.fee),
            fee_currency: fill.fee_currency.as_ref().map(ToString::to_string),
            liquidity: fill.liquidity.map(|liquidity| liquidity.to_string()),
            traded: screen::instant(fill.time),
        }
    }
}

impl Filled {
    pub(super) fn of(role: &Role, fill: &Fill, made: &Transition) -> Self {
        let label = if let Role::Resting(label) = role { Some(label.clone()) } else { None };
        let position = |it: Position| PositionRow {
            direction: it.direction.to_string(),
            quantity: screen::full(it.quantity.get()),
            entry_price: screen::full(it.entry.get()),
        };
        Self {
            role: role.as_fill().as_str().to_owned(),
            label,
            fill: FillRow::of(fill),
            realized_pnl: realized(made).map(money),
            position: made.position().map(position),
        }
    }
}

/// What it made of what it closed.
pub(super) const fn realized(made: &Transition) -> Option<Money> {
    match made {
        Transition::Opened(_) | Transition::Increased(_) => None,
        Transition::Reduced(_, made) | Transition::Closed(made) | Transition::Flipped(_, made) => Some(*made),
    }
}

fn stop(stop_loss: &StopLoss) -> Option<String> {
    stop_loss.price().map(|price| screen::full(price.get()))
}

pub(super) fn money(money: Money) -> String {
    screen::full(money.get())
}
