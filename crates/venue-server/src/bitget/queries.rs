//! Calls about what has become of orders.

use crate::bitget::error::Refusal;
use crate::bitget::floor::Floor;
use crate::bitget::market::{listed, maybe_listed, product};
use crate::bitget::order_row::{OrderFacts, Shape, fill_row};
use crate::bitget::orders::which;
use crate::bitget::parameters::Parameters;
use crate::bitget::plan_lists::number;
use crate::bitget::router::{Call, Handled, answer};
use crate::bitget::words;
use plimsoll_domain::{AccountId, OrderId, Symbol, Timestamp};
use plimsoll_exchange::{OrderRef, PastOrder, PlacedOrder};
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;
/// How long orders that are over can be asked for.
const REMEMBERED: i64 = 90 * DAY;
/// The longest time that one call for old fills may cover.
const WEEK: i64 = 7 * DAY;

/// A list and the id that its next page is below; an empty one is no list.
pub(crate) fn listing(rows: Vec<Value>, end: Option<i64>) -> Handled {
    let rows = if rows.is_empty() { Value::Null } else { rows.into() };
    answer(&json!({"entrustedList": rows, "endId": end.map_or(Value::Null, |end| end.to_string().into())}))
}

pub(crate) fn order(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let symbol = listed(floor, call.parameters)?.symbol.clone();
    let placed = floor.order(account, &symbol, &which(call.parameters)?);
    let placed = placed.filter(|placed| remembered(placed, floor.exchange.now())).ok_or(Refusal::NO_SUCH_ORDER)?;
    let facts = OrderFacts::new(floor, account, &placed).ok_or(Refusal::NO_SUCH_ORDER)?;
    answer(&facts.row(Shape::Detail))
}

fn remembered(placed: &PlacedOrder, now: Timestamp) -> bool {
    !placed.order.status.is_final() || is_recent(placed.order.updated.time, now)
}

fn is_recent(ended: Timestamp, now: Timestamp) -> bool {
    now.as_millis().saturating_sub(ended.as_millis()) <= REMEMBERED
}

/// The contracts that a call is about.
fn symbols(floor: &Floor, parameters: &Parameters) -> Result<Vec<Symbol>, Refusal> {
    let found = product(parameters)?;
    let only = maybe_listed(floor, parameters)?;
    let all = floor.instruments().into_iter().filter(|_| found);
    let wanted = all.filter(|instrument| only.is_none_or(|only| only.symbol == instrument.symbol));
    Ok(wanted.map(|instrument| instrument.symbol.clone()).collect())
}

fn list(floor: &Floor, account: &AccountId, call: &Call<'_>, mut orders: Vec<PlacedOrder>) -> Handled {
    let parameters = call.parameters;
    let page = parameters.page(100, 100)?;
    if let Ok(which) = which(parameters) {
        orders.retain(|placed| match &which {
            OrderRef::Id(id) => placed.order.order_id == *id,
            OrderRef::Client(id) => floor.shown_client_id(placed) == id.as_str(),
        });
    }
    if let Some(status) = parameters.get("status") {
        orders.retain(|placed| words::order_status(placed.order.status) == status);
    }
    let (orders, end) = page.cut(orders, |placed| (number(&placed.order.order_id), placed.created.as_millis()));
    let rows = orders.iter().filter_map(|placed| OrderFacts::new(floor, account, placed));
    listing(rows.map(|facts| facts.row(Shape::Listed)).collect(), end)
}

pub(crate) fn pending(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let symbols = symbols(floor, call.parameters)?;
    let mut orders = floor.open_orders(account, None);
    orders.retain(|placed| symbols.contains(&placed.order.symbol));
    list(floor, account, call, orders)
}

/// Orders that are over.
pub(crate) fn history(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let now = floor.exchange.now();
    let symbols = symbols(floor, call.parameters)?;
    let page = call.parameters.page(100, 100)?;
    let wanted = floor.exchange.order_history(account).rev().filter(|past| {
        past.status().is_final()
            && is_recent(past.updated(), now)
            && page.wants(i64::try_from(past.number()).unwrap_or(i64::MAX), past.created().as_millis())
            && symbols.contains(past.symbol())
    });
    // Newest first: no page can hold more, but a filter may yet take some away.
    let is_filtered = which(call.parameters).is_ok() || call.parameters.get("status").is_some();
    let most = if is_filtered { usize::MAX } else { page.limit };
    let orders = wanted.take(most).map(PastOrder::placed).collect();
    list(floor, account, call, orders)
}

pub(crate) fn fills(floor: &mut Floor, call: &Call<'_>) -> Handled {
    fill_list(floor, call)
}

/// Old fills, a week at a time.
pub(crate) fn old_fills(floor: &mut Floor, call: &Call<'_>) -> Handled {
    let period = call.parameters.period()?;
    if let (Some(start), Some(end)) = (period.start, period.end)
        && end.saturating_sub(start) > WEEK
    {
        return Err(Refusal::wrong("startTime"));
    }
    fill_list(floor, call)
}

fn fill_list(floor: &Floor, call: &Call<'_>) -> Handled {
    let account = call.account()?;
    let page = call.parameters.page(100, 100)?;
    let order = call.parameters.get("orderId").map(OrderId::new);
    let symbols = symbols(floor, call.parameters)?;
    let moment = |millis: Option<i64>| millis.map(Timestamp::from_millis);
    // The end is a millisecond, and all of it is meant.
    let until = page.period.end.map(|end| Timestamp::from_millis(end.saturating_add(1)));
    let fills = floor.exchange.fills_between(account, moment(page.period.start), until).iter();
    let fills = fills
        .filter(|fill| symbols.contains(&fill.symbol) && order.as_ref().is_none_or(|order| fill.order_id == *order));
    let key = |fill: &&plimsoll_domain::Fill| (fill.trade_id.as_str().parse().unwrap_or(0), fill.time.as_millis());
    let (fills, end) = page.cut(fills.collect(), key);
    let rows = fills.into_iter().filter_map(|fill| Some(fill_row(floor.instrument(&fill.symbol)?, fill)));
    let rows: Vec<Value> = rows.collect();
    answer(&json!({"fillList": rows, "endId": end.map_or(Value::Null, |end| end.to_string().into())}))
}
