//! Events as the JSON objects that scripts read.

use super::object::{Field, Object};
use plimsoll_binance::wire::{Event, FillNotice, SessionEvent};
use plimsoll_domain::{
    AccountEvent, BalanceReport, Decimal, Direction, Fill, ForcedClose, FundingPayment, MarginWarning, MarketEvent,
    Order, PositionReport, Price, Timestamp,
};
use serde_json::Value;

/// The objects of one event: a snapshot has many.
pub(super) fn event(event: &Event) -> Vec<Object> {
    match event {
        Event::Account(event) => account(event),
        Event::FillNotice(notice) => vec![fill_notice(notice)],
        Event::Market(event) => vec![market(event)],
        Event::Session(event) => vec![session(event)],
    }
}

fn account(event: &AccountEvent) -> Vec<Object> {
    vec![match event {
        AccountEvent::Snapshot(snapshot) => {
            let mode = Object::new("position_mode").with("value", snapshot.position_mode.as_str());
            let positions = snapshot.positions.iter().map(position);
            let orders = snapshot.orders.iter().map(order);
            return [mode]
                .into_iter()
                .chain(positions)
                .chain(orders)
                .chain(snapshot.balances.iter().map(balance))
                .collect();
        }
        AccountEvent::Order(it) => order(it),
        AccountEvent::Fill(it) => fill(it),
        AccountEvent::Position(it) => position(it),
        AccountEvent::Balance(it) => balance(it),
        AccountEvent::Funding(it) => funding(it),
        AccountEvent::MarginCall(it) => warning("margin_call", it),
        AccountEvent::LiquidationWarning(it) => warning("liquidation_warning", it),
        AccountEvent::Liquidation(it) => forced_close("liquidation", it),
        AccountEvent::Adl(it) => forced_close("adl", it),
        AccountEvent::Leverage { symbol, leverage, stamp } => Object::new("leverage")
            .with("symbol", symbol.as_str())
            .with("value", leverage.as_decimal())
            .with("time", told(stamp.time)),
        AccountEvent::MarginMode { symbol, mode, stamp } => Object::new("margin_mode")
            .with("symbol", symbol.as_str())
            .with("value", mode.as_str())
            .with("time", told(stamp.time)),
        AccountEvent::PositionMode { mode, stamp } => Object::new("position_mode")
            .with("symbol", Value::Null)
            .with("value", mode.as_str())
            .with("time", told(stamp.time)),
        AccountEvent::AutoMargin { symbol, position_side, on, stamp } => Object::new("auto_margin")
            .with("symbol", symbol.as_str())
            .with("position_side", position_side.as_str())
            .with("value", *on)
            .with("time", told(stamp.time)),
    }]
}

fn order(it: &Order) -> Object {
    Object::new("order")
        .with("symbol", it.symbol.as_str())
        .with("order_id", named(it.order_id.as_str()))
        .with("client_order_id", named(it.client_order_id.as_str()))
        .with("side", it.side.as_str())
        .with("position_side", it.position_side.as_str())
        .with("order_type", it.order_type.as_str())
        .with("status", it.status.as_str())
        .with("price", it.price)
        .with("stop_price", it.trigger)
        .with("quantity", it.quantity)
        .with("filled", it.filled.map_or(Decimal::ZERO, |filled| filled.get()))
        .with("average_price", it.average_price)
        .with("reduce_only", it.reduce_only)
        .with("close_position", it.close_position)
        .with("time_in_force", it.time_in_force.map(|it| it.as_str()))
        .with("child_order_id", it.child.as_ref().map(|id| id.as_str()))
        .with("time", told(it.updated.time))
}

/// An id that the message carries.
fn named(id: &str) -> Option<&str> {
    (!id.is_empty()).then_some(id)
}

/// A time that the message carries.
fn told(time: Timestamp) -> Option<Timestamp> {
    (time != Timestamp::default()).then_some(time)
}

fn fill(it: &Fill) -> Object {
    Object::new("fill")
        .with("symbol", it.symbol.as_str())
        .with("trade_id", it.trade_id.as_str())
        .with("order_id", named(it.order_id.as_str()))
        .with("client_order_id", named(it.client_order_id.as_str()))
        .with("side", it.side.as_str())
        .with("position_side", it.position_side.as_str())
        .with("price", it.price)
        .with("quantity", it.quantity)
        .with("fee", it.fee)
        .with("fee_currency", it.fee_currency.as_ref().map(|currency| currency.as_str()))
        .with("liquidity", it.liquidity.map(|it| it.as_str()))
        .with("realized_pnl", it.realized_pnl)
        .with("cause", it.cause.as_str())
        .with("time", told(it.time))
}

/// An early copy of a fill: what it does not carry is null, and the whole fill follows under the same trade id.
fn fill_notice(it: &FillNotice) -> Object {
    Object::new("fill")
        .with("symbol", it.symbol.as_str())
        .with("trade_id", it.trade_id.as_str())
        .with("order_id", named(it.order_id.as_str()))
        .with("client_order_id", named(it.client_order_id.as_str()))
        .with("side", it.side.as_str())
        .with("position_side", Value::Null)
        .with("price", it.price)
        .with("quantity", it.quantity)
        .with("fee", Value::Null)
        .with("fee_currency", Value::Null)
        .with("liquidity", it.liquidity.as_str())
        .with("realized_pnl", Value::Null)
        .with("partial", true)
        .with("time", told(it.time))
}

fn position(it: &PositionReport) -> Object {
    let held = it.position;
    Object::new("position")
        .with("symbol", it.symbol.as_str())
        .with("position_side", direction(it).map(Direction::as_str))
        .with("quantity", held.map_or(Decimal::ZERO, |held| held.quantity.get()))
        .with("entry_price", held.map(|held| held.entry))
        .with("mark_price", it.mark_price)
        .with("liquidation_price", it.liquidation_price)
        .with("unrealized_pnl", it.unrealized_pnl)
        .with("realized_pnl", it.realized_pnl)
        .with("leverage", it.leverage.map(|leverage| leverage.as_decimal()))
        .with("margin_mode", it.margin_mode.map(|mode| mode.as_str()))
        .with("margin", it.isolated_margin)
        .with("maintenance_margin", it.maintenance_margin)
        .with("margin_ratio", it.margin_ratio)
        .with("time", told(it.stamp.time))
}

/// A leg's own direction, or that of what is held; a closed one-way position has none.
fn direction(it: &PositionReport) -> Option<Direction> {
    it.position_side.direction().or(it.position.map(|held| held.direction))
}

fn balance(it: &BalanceReport) -> Object {
    Object::new("balance")
        .with("currency", it.currency.as_str())
        .with("wallet", it.wallet)
        .with("available", it.available)
        .with("equity", it.equity)
        .with("unrealized_pnl", it.unrealized_pnl)
        .with("time", told(it.stamp.time))
}

fn funding(it: &FundingPayment) -> Object {
    Object::new("funding")
        .with("symbol", it.symbol.as_ref().map(|symbol| symbol.as_str()))
        .with("amount", it.payment)
        .with("rate", it.rate)
        .with("currency", it.currency.as_str())
        .with("id", it.id.as_deref())
        .with("time", told(it.time))
}

fn warning(kind: &str, it: &MarginWarning) -> Object {
    Object::new(kind)
        .with("symbol", it.symbol.as_str())
        .with("position_side", it.position_side.as_str())
        .with("margin_ratio", it.margin_ratio)
        .with("liquidation_price", it.liquidation_price)
        .with("mark_price", it.mark_price)
        .with("level", it.level.map(u64::from))
        .with("quantity", it.quantity)
        .with("price", Value::Null)
        .with("time", told(it.time))
}

fn forced_close(kind: &str, it: &ForcedClose) -> Object {
    Object::new(kind)
        .with("symbol", it.symbol.as_str())
        .with("position_side", it.position_side.as_str())
        .with("margin_ratio", Value::Null)
        .with("liquidation_price", Value::Null)
        .with("mark_price", Value::Null)
        .with("level", it.level.map(u64::from))
        .with("quantity", it.quantity)
        .with("price", it.price)
        .with("time", told(it.time))
}

fn market(event: &MarketEvent) -> Object {
    match event {
        MarketEvent::Mark(it) => Object::new("mark_price")
            .with("symbol", it.symbol.as_str())
            .with("price", it.price)
            .with("index_price", it.index)
            .with("time", told(it.time)),
        MarketEvent::Quotes(it) => Object::new("ticker")
            .with("symbol", it.symbol.as_str())
            .with("bid", it.bid.map(|(price, _)| price))
            .with("bid_quantity", it.bid.map(|(_, quantity)| quantity))
            .with("ask", it.ask.map(|(price, _)| price))
            .with("ask_quantity", it.ask.map(|(_, quantity)| quantity))
            .with("last", it.last)
            .with("time", told(it.time)),
        MarketEvent::Last(it) => Object::new("ticker")
            .with("symbol", it.symbol.as_str())
            .with("bid", Value::Null)
            .with("ask", Value::Null)
            .with("last", it.price)
            .with("time", told(it.time)),
        MarketEvent::Trade(it) => Object::new("trade")
            .with("symbol", it.symbol.as_str())
            .with("trade_id", it.trade_id.as_str())
            .with("price", it.price)
            .with("quantity", it.quantity)
            .with("taker", it.taker.as_str())
            .with("time", told(it.time)),
        MarketEvent::Candle(it) => Object::new("candle")
            .with("symbol", it.symbol.as_str())
            .with("open_time", it.open_time)
            .with("interval_seconds", it.interval.as_secs())
            .with("open", it.open)
            .with("high", it.high)
            .with("low", it.low)
            .with("close", it.close)
            .with("volume", it.volume)
            .with("closed", it.closed),
        MarketEvent::Funding(it) => Object::new("funding_rate")
            .with("symbol", it.symbol.as_str())
            .with("rate", it.rate)
            .with("next_time", it.next_time)
            .with("interval_hours", it.interval_hours.map(u64::from))
            .with("mark_price", it.mark_price)
            .with("index_price", it.index_price)
            .with("time", told(it.time)),
        MarketEvent::Settled(it) => Object::new("funding_rate")
            .with("symbol", it.symbol.as_str())
            .with("rate", it.rate)
            .with("next_time", Value::Null)
            .with("interval_hours", Value::Null)
            .with("mark_price", it.mark_price)
            .with("index_price", Value::Null)
            .with("settled", true)
            .with("time", told(it.time)),
        MarketEvent::Book(it) => Object::new("book")
            .with("symbol", it.symbol.as_str())
            .with("bids", levels(&it.bids))
            .with("asks", levels(&it.asks))
            .with("first_id", it.first_id)
            .with("last_id", it.last_id)
            .with("previous_id", it.previous_id)
            .with("time", told(it.time)),
        MarketEvent::Liquidation(it) => Object::new("market_liquidation")
            .with("symbol", it.symbol.as_str())
            .with("side", it.side.as_str())
            .with("price", it.price)
            .with("quantity", it.quantity)
            .with("time", told(it.time)),
    }
}

fn levels(levels: &[(Price, Decimal)]) -> Value {
    levels.iter().map(|(price, quantity)| Value::Array(vec![price.value(), quantity.value()])).collect()
}

fn session(event: &SessionEvent) -> Object {
    match event {
        SessionEvent::Login => Object::new("login"),
        SessionEvent::Subscribed { id } => Object::new("subscribed").with("id", id.as_str()),
        SessionEvent::Refused { id, code, message } => Object::new("venue_error")
            .with("code", code.as_str())
            .with("message", message.as_str())
            .with("id", id.as_str()),
        SessionEvent::Pong => Object::new("pong"),
        SessionEvent::StreamExpired => Object::new("stream_expired"),
        SessionEvent::VenueError { code, message } => {
            Object::new("venue_error").with("code", code.as_str()).with("message", message.as_str())
        }
        SessionEvent::ContractChanged { native } => {
            Object::new("unknown").with("what", format!("contractInfo of {native}: contract facts have changed"))
        }
        SessionEvent::Unknown { what } => Object::new("unknown").with("what", what.as_str()),
    }
}
