//! How the venue writes an order and a fill.

use crate::gateio::floor::Floor;
use crate::gateio::words::{self, contracts, seconds, sign, whole_seconds};
use crate::gateio::write::{Object, Style};
use plimsoll_domain::{AccountId, Fill, FillCause, Instrument, Liquidity, OrderStatus, Quantity};
use plimsoll_exchange::PlacedOrder;
use rust_decimal::Decimal;

/// The text of an order: its client order id, or who placed it.
pub(crate) fn text(placed: &PlacedOrder) -> String {
    match placed.cause {
        FillCause::Order => placed.order.client_order_id.as_str().to_owned(),
        FillCause::Adl => "auto_deleveraging".to_owned(),
        FillCause::Liquidation | FillCause::Settlement => format!("liq-{}", placed.order.order_id),
    }
}

/// How an order has ended; `None` while it is open.
pub(crate) fn finish_as(floor: &Floor, placed: &PlacedOrder) -> Option<&'static str> {
    match placed.order.status {
        OrderStatus::New | OrderStatus::PartiallyFilled => None,
        OrderStatus::Filled if placed.cause == FillCause::Adl => Some("auto_deleveraged"),
        OrderStatus::Filled => Some("filled"),
        OrderStatus::Canceled => Some("cancelled"),
        OrderStatus::Expired | OrderStatus::Rejected => {
            Some(floor.facts(&placed.order.order_id).ended.unwrap_or("cancelled"))
        }
    }
}

/// An order in contracts, with its sign.
pub(crate) struct Sizes {
    pub(crate) size: Decimal,
    pub(crate) left: Decimal,
}

impl Sizes {
    pub(crate) fn of(placed: &PlacedOrder, instrument: &Instrument) -> Self {
        let order = &placed.order;
        let quantity = order.quantity.map_or(Decimal::ZERO, Quantity::get);
        let filled = order.filled.map_or(Decimal::ZERO, Quantity::get);
        let signed = |base| sign(order.side) * contracts(instrument, base);
        Self { size: signed(quantity), left: signed(quantity - filled) }
    }
}

/// What both shapes of an order have.
fn common(floor: &Floor, placed: &PlacedOrder, instrument: &Instrument, style: Style) -> Object {
    let order = &placed.order;
    let sizes = Sizes::of(placed, instrument);
    // Forced orders are told of as orders at the market.
    let limit = order.price.filter(|_| placed.cause == FillCause::Order);
    let facts = floor.facts(&order.order_id);
    Object::new()
        .raw("id", &order.order_id)
        .text("contract", &instrument.native)
        .size("size", sizes.size, style)
        .size("left", sizes.left, style)
        .size("iceberg", Decimal::ZERO, style)
        .figure("price", words::price(limit), style)
        .figure("fill_price", words::price(order.average_price), style)
        .figure("mkfr", instrument.fees.maker.get(), style)
        .figure("tkfr", instrument.fees.taker.get(), style)
        .text("tif", words::tif(placed))
        .raw("refu", 0)
        // With legs the wire tells them apart by this alone.
        .raw("is_reduce_only", !order.adds_exposure())
        .raw("is_close", facts.is_close || order.close_position)
        .raw("is_liq", placed.cause == FillCause::Liquidation)
        .text("text", &text(placed))
        .text("status", words::status(order.status))
        .raw("update_id", facts.updates)
        .raw("stp_id", 0)
        .text("stp_act", "-")
        .text("amend_text", facts.remark.as_deref().unwrap_or("-"))
        .text("biz_info", "-")
}

/// An order over REST.
pub(crate) fn order(floor: &Floor, account: &AccountId, placed: &PlacedOrder, decimal: bool) -> String {
    let Some(instrument) = floor.instrument(&placed.order.symbol) else { return "null".to_owned() };
    let style = Style::rest(decimal);
    let value = |size: Decimal, price: Decimal| size.abs() * instrument.multiplier * price;
    let sizes = Sizes::of(placed, instrument);
    let price = words::price(placed.order.price.or(placed.order.average_price));
    let mut row = common(floor, placed, instrument, style)
        .raw("user", floor.user(account))
        .raw("create_time", seconds(placed.created))
        .raw("update_time", seconds(placed.order.updated.time))
        .digits("order_value", value(sizes.size, price))
        .digits("trade_value", placed.cost.get())
        .text("pos_margin_mode", margin_mode(floor, account, placed));
    if let Some(finish_as) = finish_as(floor, placed) {
        row = row.raw("finish_time", seconds(placed.order.updated.time)).text("finish_as", finish_as);
    }
    row.end()
}

fn margin_mode(floor: &Floor, account: &AccountId, placed: &PlacedOrder) -> &'static str {
    crate::gateio::positions::margin_mode(floor.setting(account, &placed.order.symbol).1)
}

/// An order on a stream.
pub(crate) fn pushed_order(
    floor: &Floor,
    account: &AccountId,
    placed: &PlacedOrder,
    finish: &str,
    style: Style,
) -> String {
    let Some(instrument) = floor.instrument(&placed.order.symbol) else { return "null".to_owned() };
    let updated = placed.order.updated.time;
    let finished = if placed.order.status.is_final() { (whole_seconds(updated), updated.as_millis()) } else { (0, 0) };
    common(floor, placed, instrument, style)
        .text("user", &floor.user(account).to_string())
        .text("id_string", placed.order.order_id.as_str())
        .raw("create_time", whole_seconds(placed.created))
        .raw("create_time_ms", placed.created.as_millis())
        .raw("update_time", updated.as_millis())
        .raw("finish_time", finished.0)
        .raw("finish_time_ms", finished.1)
        .text("finish_as", finish)
        .raw("refr", 0)
        .text("stop_loss_price", "")
        .text("stop_profit_price", "")
        .text("pos_margin_mode", margin_mode(floor, account, placed))
        .end()
}

pub(crate) const fn role(fill: &Fill) -> &'static str {
    match fill.liquidity {
        Some(Liquidity::Maker) => "maker",
        _ => "taker",
    }
}

/// A fill in contracts, with its sign.
pub(crate) fn filled(fill: &Fill, instrument: &Instrument) -> Decimal {
    sign(fill.side) * contracts(instrument, fill.quantity.get())
}

/// The text of the order that a fill is of.
pub(crate) fn fill_text(fill: &Fill) -> String {
    match fill.cause {
        FillCause::Order => fill.client_order_id.as_str().to_owned(),
        FillCause::Adl => "auto_deleveraging".to_owned(),
        FillCause::Liquidation | FillCause::Settlement => format!("liq-{}", fill.order_id),
    }
}

/// A fill over REST; the call by time names its id differently.
pub(crate) fn trade(floor: &Floor, fill: &Fill, instrument: &Instrument, by_time: bool, decimal: bool) -> String {
    let style = Style::rest(decimal);
    let id = Object::new();
    let id = if by_time { id.text("trade_id", fill.trade_id.as_str()) } else { id.raw("id", &fill.trade_id) };
    id.raw("create_time", seconds(fill.time))
        .text("contract", &instrument.native)
        .text("order_id", fill.order_id.as_str())
        .size("size", filled(fill, instrument), style)
        .size("close_size", floor.reduced(&fill.symbol, &fill.trade_id), style)
        .digits("price", fill.price.get())
        .text("role", role(fill))
        .text("text", &fill_text(fill))
        .digits("fee", fill.fee.get())
        .text("point_fee", "0")
        .digits("trade_value", (fill.quantity * fill.price).get())
        .end()
}

/// A fill on a stream.
pub(crate) fn pushed_trade(floor: &Floor, fill: &Fill, instrument: &Instrument, style: Style) -> String {
    Object::new()
        .text("id", fill.trade_id.as_str())
        .raw("create_time", whole_seconds(fill.time))
        .raw("create_time_ms", fill.time.as_millis())
        .text("contract", &instrument.native)
        .text("order_id", fill.order_id.as_str())
        .size("size", filled(fill, instrument), style)
        .size("close_size", floor.reduced(&fill.symbol, &fill.trade_id), style)
        .digits("price", fill.price.get())
        .text("role", role(fill))
        .text("text", &fill_text(fill))
        .figure("fee", fill.fee.get(), style)
        .raw("point_fee", 0)
        .end()
}
