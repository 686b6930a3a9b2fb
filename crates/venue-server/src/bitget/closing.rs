//! Closing positions at the market, whole.

use crate::bitget::batches::Outcome;
use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::market::{maybe_listed, product};
use crate::bitget::refusal;
use crate::bitget::router::{Call, Handled};
use crate::bitget::words;
use plimsoll_domain::{
    AccountId, Direction, NewOrder, OrderKind, OrderSize, OrderType, PositionMode, PositionReport, PositionSide,
};
use serde_json::{Value, json};

/// Closes the positions of a contract, or of all; with legs only one of them, if it is named.
pub(crate) fn close_positions(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let found = product(call.parameters)?;
    let symbol = maybe_listed(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let leg = match (floor.position_mode(account), call.parameters.get("holdSide")) {
        (PositionMode::Hedge, Some(word)) => Some(words::read_hold_side(word)?),
        _ => None,
    };
    let direction = |report: &PositionReport| report.position.map(|position| position.direction);
    let mut reports = floor.exchange.positions(account);
    reports.retain(|report| found && symbol.as_ref().is_none_or(|symbol| report.symbol == *symbol));
    reports.retain(|report| leg.is_none_or(|leg| direction(report) == Some(leg)));
    if reports.is_empty() {
        return Err(Refusal::NO_POSITION);
    }
    let mut outcome = Outcome::default();
    for report in reports {
        let native = floor.instrument(&report.symbol).map_or_else(String::new, |it| it.native.to_string());
        let closed = close(floor, account, &report, &native);
        outcome.add(closed, || json!({"orderId": "", "clientOid": "", "symbol": native}));
    }
    outcome.answer()
}

fn close(floor: &mut Floor, account: &AccountId, report: &PositionReport, native: &str) -> Result<Value, Refusal> {
    let position = report.position.ok_or(Refusal::NO_POSITION)?;
    let side = Direction::closing_side(position.direction);
    let order = NewOrder {
        client_order_id: floor.generate_client_id(),
        symbol: report.symbol.clone(),
        side,
        position_side: report.position_side,
        kind: OrderKind::Market,
        size: OrderSize::Quantity(position.quantity),
        reduce_only: report.position_side == PositionSide::Both,
    };
    let placed = floor.exchange.place(account, &order);
    let placed = placed.map_err(|rejection| refusal::of_order(&rejection, side, OrderType::Market))?;
    let (id, client) = (placed.order_id.as_str(), placed.client_order_id.as_str());
    Ok(json!({"orderId": id, "clientOid": client, "symbol": native}))
}
