//! Calls about what has become of orders, and about money that moved.

use crate::binance::error::Refusal;
use crate::binance::facts::id;
use crate::binance::floor::Floor;
use crate::binance::leverage::symbol;
use crate::binance::market::{maybe_named, named};
use crate::binance::market_data::trade_id;
use crate::binance::number::{self, money};
use crate::binance::order_body::Shape;
use crate::binance::orders::{body, which};
use crate::binance::parameters::{Parameters, Period};
use crate::binance::router::{Call, Handled, json};
use crate::binance::words;
use plimsoll_domain::{AccountId, Fill, FillCause, Liquidity, OrderStatus, Side, Symbol, Timestamp};
use plimsoll_exchange::{PastOrder, PlacedOrder};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;
/// The longest time that one call for history may cover.
const WEEK: i64 = 7 * DAY;

/// Whether the venue has forgotten an order that ended then: unfilled ones after three days, all after ninety.
pub(crate) fn forgotten(status: OrderStatus, filled: bool, ended: Timestamp, now: Timestamp) -> bool {
    let age = now.as_millis().saturating_sub(ended.as_millis());
    status.is_final() && (age > 90 * DAY || (!filled && age > 3 * DAY))
}

/// The time that a call for history covers: what it says, a week from where it starts, or the last week.
pub(crate) fn week(parameters: &Parameters, now: Timestamp) -> Result<Period, Refusal> {
    let period = parameters.period()?;
    match (period.start, period.end) {
        (Some(start), Some(end)) if end.saturating_sub(start) > WEEK => Err(Refusal::interval_too_long(7)),
        (Some(_), Some(_)) => Ok(period),
        (Some(start), None) => Ok(Period { end: Some(start.saturating_add(WEEK)), ..period }),
        (None, end) => {
            let until = end.unwrap_or_else(|| now.as_millis());
            Ok(Period { start: Some(until.saturating_sub(WEEK)), end })
        }
    }
}

/// The newest rows of a period that a call left open, else the oldest.
fn newest_unless_started<T>(parameters: &Parameters, rows: Vec<T>, limit: usize) -> Vec<T> {
    Period { start: parameters.integer("startTime").ok().flatten(), end: None }.cut(rows, limit)
}

fn remembered(floor: &Floor, placed: &PlacedOrder) -> bool {
    let order = &placed.order;
    !forgotten(order.status, order.filled.is_some(), order.updated.time, floor.exchange.now())
}

pub(crate) fn order(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, symbol(floor, call)?);
    let placed = floor.exchange.order(account, &symbol, &which(call.parameters)?);
    let placed = placed.filter(|placed| remembered(floor, placed)).ok_or(Refusal::NO_SUCH_ORDER)?;
    body(floor, account, &placed, Shape::Query)
}

pub(crate) fn open_order(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let (account, symbol) = (call.account()?, symbol(floor, call)?);
    let placed = floor.exchange.order(account, &symbol, &which(call.parameters)?);
    let placed = placed.filter(|placed| !placed.order.status.is_final()).ok_or(Refusal::NO_SUCH_ORDER)?;
    body(floor, account, &placed, Shape::Query)
}

pub(crate) fn open_orders(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| &instrument.symbol);
    let orders = floor.open_orders(account, only);
    array(orders.iter().map(|placed| body(floor, account, placed, Shape::Query)))
}

/// An array of bodies that are written already.
pub(crate) fn array(bodies: impl Iterator<Item = Handled>) -> Handled {
    let bodies = bodies.collect::<Result<Vec<String>, Refusal>>()?;
    Ok(format!("[{}]", bodies.join(",")))
}

pub(crate) fn all_orders(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let limit = call.parameters.limit(500, 1000)?;
    let period = week(call.parameters, floor.exchange.now())?;
    let first = call.parameters.integer("orderId")?;
    let now = floor.exchange.now();
    let orders = of_symbols(floor, call, account, |past| {
        let wanted = match first {
            Some(first) => i64::try_from(past.number()).is_ok_and(|number| number >= first),
            None => period.holds(past.created().as_millis()),
        };
        wanted && !forgotten(past.status(), past.is_filled(), past.updated(), now)
    })?;
    let orders = match first {
        Some(_) => Period { start: first, end: None }.cut(orders, limit),
        None => newest_unless_started(call.parameters, orders, limit),
    };
    array(orders.iter().map(|past| body(floor, account, &past.placed(), Shape::History)))
}

/// The orders that are wanted of the contract that a call names, or of all contracts, oldest first.
fn of_symbols<'a>(
    floor: &'a Floor,
    call: &Call<'_>,
    account: &AccountId,
    is_wanted: impl Fn(PastOrder<'_>) -> bool,
) -> Result<Vec<PastOrder<'a>>, Refusal> {
    let only = maybe_named(floor, call.parameters)?.map(|instrument| &instrument.symbol);
    let orders = floor.exchange.order_history(account);
    Ok(orders.filter(|past| only.is_none_or(|only| past.symbol() == only) && is_wanted(*past)).collect())
}

pub(crate) fn user_trades(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let instrument = named(floor, call.parameters)?;
    let limit = call.parameters.limit(500, 1000)?;
    let (of_order, first) = (call.parameters.integer("orderId")?, call.parameters.integer("fromId")?);
    if first.is_some() && (call.parameters.get("startTime").is_some() || call.parameters.get("endTime").is_some()) {
        return Err(Refusal::BAD_COMBINATION);
    }
    let period = week(call.parameters, floor.exchange.now())?;
    let fills = floor.exchange.fills(account, &instrument.symbol).filter(|fill| {
        let wanted = match first {
            Some(first) => trade_id(&fill.trade_id) >= first,
            None => of_order.is_some() || period.holds(fill.time.as_millis()),
        };
        wanted && of_order.is_none_or(|order| id(fill.order_id.as_str()) == order)
    });
    let fills: Vec<&Fill> = fills.collect();
    let fills = match first {
        Some(_) => Period { start: first, end: None }.cut(fills, limit),
        None => newest_unless_started(call.parameters, fills, limit),
    };
    let rows = fills.into_iter().map(|fill| {
        let settle = instrument.settle.as_str();
        let asset = fill.fee_currency.as_ref().map_or(settle, |currency| currency.as_str());
        json!({
            "symbol": &*instrument.native, "pair": &*instrument.native, "id": trade_id(&fill.trade_id),
            "orderId": id(fill.order_id.as_str()), "side": words::side(fill.side),
            "price": number::price(instrument, Some(fill.price)),
            "qty": number::quantity(instrument, Some(fill.quantity)), "realizedPnl": money(fill.realized_pnl.unwrap_or_default()),
            "quoteQty": number::padded((fill.quantity * fill.price).get(), number::price_precision(instrument)),
            "baseQty": "0", "marginAsset": settle, "commission": money(fill.fee), "commissionAsset": asset,
            "time": fill.time.as_millis(), "positionSide": words::position_side(fill.position_side),
            "maker": fill.liquidity == Some(Liquidity::Maker), "buyer": fill.side == Side::Buy,
        })
    });
    json(&rows.collect::<Vec<Value>>())
}

pub(crate) fn forced_orders(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let limit = call.parameters.limit(50, 100)?;
    let only = match call.parameters.get("autoCloseType") {
        None => None,
        Some("LIQUIDATION") => Some(FillCause::Liquidation),
        Some("ADL") => Some(FillCause::Adl),
        Some(_) => return Err(Refusal::invalid("autoCloseType")),
    };
    let period = week(call.parameters, floor.exchange.now())?;
    let orders = of_symbols(floor, call, account, |past| {
        let forced = past.cause() != FillCause::Order && only.is_none_or(|only| only == past.cause());
        forced && period.holds(past.created().as_millis())
    })?;
    let orders = newest_unless_started(call.parameters, orders, limit);
    array(orders.iter().map(|past| body(floor, account, &past.placed(), Shape::Query)))
}

pub(crate) fn income(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let only = maybe_named(floor, call.parameters)?.map(|instrument| instrument.symbol.clone());
    let kind = call.parameters.get("incomeType");
    let limit = call.parameters.limit(100, 1000)?;
    let mut period = call.parameters.period()?;
    if period.start.is_none() && period.end.is_none() {
        period.start = Some(floor.exchange.now().as_millis().saturating_sub(WEEK));
    }
    let native = |symbol: &Symbol| floor.instrument(symbol).map_or_else(String::new, |it| it.native.to_string());
    let rows = floor.exchange.income(account).iter().filter(|row| {
        period.holds(row.time.as_millis())
            && kind.is_none_or(|kind| kind == row.kind.as_str())
            && only.as_ref().is_none_or(|only| row.symbol.as_ref() == Some(only))
    });
    let rows = newest_unless_started(call.parameters, rows.collect(), limit).into_iter().map(|row| {
        let trade = row.trade_id.as_ref().map_or("", |trade| trade.as_str());
        json!({
            "symbol": row.symbol.as_ref().map_or_else(String::new, native), "incomeType": row.kind.as_str(),
            "income": money(row.amount), "asset": row.currency.as_str(),
            "info": if trade.is_empty() { row.kind.as_str() } else { trade }, "time": row.time.as_millis(),
            "tranId": row.id, "tradeId": trade,
        })
    });
    json(&rows.collect::<Vec<Value>>())
}
