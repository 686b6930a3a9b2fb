//! What the channels of `mix/v1/stream` tell: account, positions, orders, execution, liquidation.
//!
//! Beyond what its description has, positions say their position mode, and orders and executions the client's id.

use crate::bitget::account::Funds;
use crate::bitget::channel::{Channel, Wish};
use crate::bitget::floor::Floor;
use crate::bitget::lives::Life;
use crate::bitget::order_row::size;
use crate::bitget::session::Push;
use crate::bitget::words;
use crate::number::trimmed;
use plimsoll_domain::{
    AccountId, Direction, Fill, Instrument, MarginMode, MarginRatio, Money, OrderStatus, PositionReport, PositionSide,
    Price, Symbol,
};
use plimsoll_exchange::{ExchangeEvent, News, PlacedOrder, ThinPosition};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// What an account is told of one exchange event, beside its state.
pub(crate) fn render(floor: &Floor, account: &AccountId, event: &ExchangeEvent) -> Vec<Push> {
    match &event.news {
        News::OrderAccepted(placed)
        | News::OrderCancelled(placed)
        | News::OrderExpired { order: placed, .. }
        | News::OrderAmended(placed) => order(floor, account, placed).into_iter().collect(),
        News::OrderFilled(news) => {
            let executed = execution(floor, &news.order, &news.fill);
            order(floor, account, &news.order).into_iter().chain(executed).collect()
        }
        News::MarginCall { positions, .. } => warnings(floor, positions, false),
        News::LiquidationStarted { positions, .. } => warnings(floor, positions, true),
        _ => Vec::new(),
    }
}

fn update(channel: Channel, instrument: &Instrument, row: Value) -> Push {
    Push::new(channel, Some(&instrument.native), "update", &[row])
}

fn price(price: Option<Price>) -> String {
    trimmed(price.map_or(Decimal::ZERO, Price::get))
}

fn ratio(ratio: Option<MarginRatio>) -> String {
    trimmed(ratio.map_or(Decimal::ZERO, MarginRatio::get))
}

const fn margin_mode(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "isolated",
        MarginMode::Cross => "cross",
    }
}

fn order(floor: &Floor, account: &AccountId, placed: &PlacedOrder) -> Option<Push> {
    let order = &placed.order;
    let instrument = floor.instrument(&order.symbol)?;
    let (leverage, mode) = floor.setting(account, &order.symbol);
    let status = match order.status {
        OrderStatus::New => "new",
        OrderStatus::PartiallyFilled => "partially_filled",
        OrderStatus::Filled => "filled",
        OrderStatus::Canceled | OrderStatus::Expired | OrderStatus::Rejected => "cancelled",
    };
    let row = json!({
        "orderId": order.order_id.as_str(), "clientOid": floor.shown_client_id(placed),
        "symbol": &*instrument.native, "side": words::side(order.side),
        "orderType": words::order_type(order.order_type), "price": price(order.price), "size": size(order.quantity),
        "filledSize": size(order.filled), "avgPrice": price(order.average_price),
        "leverage": leverage.get().to_string(), "marginMode": margin_mode(mode), "status": status,
        "timestamp": order.updated.time.as_millis(),
    });
    Some(update(Channel::Orders, instrument, row))
}

fn execution(floor: &Floor, placed: &PlacedOrder, fill: &Fill) -> Option<Push> {
    let instrument = floor.instrument(&fill.symbol)?;
    let coin = fill.fee_currency.as_ref().unwrap_or(&instrument.settle);
    let row = json!({
        "tradeId": fill.trade_id.as_str(), "orderId": fill.order_id.as_str(),
        "clientOid": floor.shown_client_id(placed), "symbol": &*instrument.native, "side": words::side(fill.side),
        "price": trimmed(fill.price.get()), "size": trimmed(fill.quantity.get()), "fee": trimmed(fill.fee.get()),
        "feeCurrency": coin.as_str(), "role": words::trade_scope(fill.liquidity), "timestamp": fill.time.as_millis(),
    });
    Some(update(Channel::Execution, instrument, row))
}

/// Level 1 is a call, 2 one from nine tenths of the way on, 3 a liquidation that begins.
fn warnings(floor: &Floor, positions: &[ThinPosition], begins: bool) -> Vec<Push> {
    let near = MarginRatio::reported(Decimal::new(9, 1));
    let rows = positions.iter().filter_map(|ThinPosition { warning, report }| {
        let instrument = floor.instrument(&report.symbol)?;
        let level = match warning.margin_ratio {
            _ if begins => "3",
            Some(ratio) if ratio >= near => "2",
            _ => "1",
        };
        let row = json!({
            "symbol": &*instrument.native, "positionSide": words::direction(report.position?.direction),
            "marginMode": margin_mode(report.margin_mode.unwrap_or(MarginMode::Cross)),
            "marginRatio": ratio(warning.margin_ratio), "liquidationPrice": price(warning.liquidation_price),
            "currentPrice": price(warning.mark_price), "warningLevel": level,
            "timestamp": warning.time.as_millis(),
        });
        Some(update(Channel::Liquidation, instrument, row))
    });
    rows.collect()
}

/// The account as it is.
pub(crate) fn account(floor: &Floor, account: &AccountId) -> Option<Push> {
    let funds = Funds::new(floor, account)?;
    let figures = funds.figures();
    let reports = floor.exchange.positions(account);
    let cross = reports.iter().find(|report| report.margin_mode != Some(MarginMode::Isolated));
    let mode = if !reports.is_empty() && cross.is_none() { "isolated" } else { "cross" };
    let row = json!({
        "marginCoin": funds.coin(), "available": trimmed(figures.available.get()),
        "total": trimmed(funds.equity().get()), "unrealizedPnl": trimmed(figures.unrealized_pnl.get()),
        "marginMode": mode, "marginRatio": ratio(cross.and_then(|report| report.margin_ratio)),
        "maintainMargin": trimmed(figures.maintenance_margin.get()),
        "initialMargin": trimmed(figures.position_initial_margin.get()),
        "frozenBalance": trimmed(figures.order_initial_margin.get()), "timestamp": floor.exchange.now().as_millis(),
    });
    Some(Push::new(Channel::Account, None, "update", &[row]))
}

/// Every open position, and with a size of zero those that have just ended; a push for each contract.
pub(crate) fn positions(floor: &Floor, account: &AccountId, ended: &[(Symbol, PositionSide, Life)]) -> Vec<Push> {
    floor
        .instruments()
        .into_iter()
        .filter_map(|instrument| {
            let rows = rows(floor, account, instrument, ended);
            (!rows.is_empty()).then(|| Push::new(Channel::Positions, Some(&instrument.native), "update", &rows))
        })
        .collect()
}

/// Every open position that a subscription covers.
pub(crate) fn all_positions(floor: &Floor, account: &AccountId, wish: &Wish) -> Option<Push> {
    let covered = floor.instruments().into_iter().filter(|instrument| wish.covers(Some(&*instrument.native)));
    let rows: Vec<Value> = covered.flat_map(|instrument| rows(floor, account, instrument, &[])).collect();
    Some(Push::new(Channel::Positions, None, "update", &rows))
}

fn rows(
    floor: &Floor,
    account: &AccountId,
    instrument: &Instrument,
    ended: &[(Symbol, PositionSide, Life)],
) -> Vec<Value> {
    let reports = floor.exchange.positions(account);
    let reports: Vec<&PositionReport> = reports.iter().filter(|report| report.symbol == instrument.symbol).collect();
    let is_open = |side: PositionSide, direction: Direction| {
        let held = |report: &&PositionReport| report.position.is_some_and(|it| it.direction == direction);
        reports.iter().filter(|report| report.position_side == side).any(held)
    };
    let mode = words::position_mode(floor.position_mode(account));
    let mut rows: Vec<Value> =
        reports.iter().filter_map(|report| position(floor, account, instrument, report, mode)).collect();
    let gone =
        ended.iter().filter(|(symbol, side, life)| *symbol == instrument.symbol && !is_open(*side, life.direction));
    rows.extend(gone.map(|(_, _, life)| {
        json!({
            "symbol": &*instrument.native, "positionSide": words::direction(life.direction), "holdPosition": "0",
            "openPrice": "0", "unrealizedPnl": "0", "isolatedMargin": "0", "positionMargin": "0",
            "maintainMargin": "0", "marginRate": "0", "liquidationPrice": "0", "posMode": mode,
            "marginMode": margin_mode(life.margin_mode), "timestamp": life.updated.as_millis(),
        })
    }));
    rows
}

fn position(
    floor: &Floor,
    account: &AccountId,
    instrument: &Instrument,
    report: &PositionReport,
    mode: &str,
) -> Option<Value> {
    let held = report.position?;
    let (symbol, side) = (&report.symbol, report.position_side);
    let figures = floor.exchange.position_figures(account, symbol, side)?;
    let margin: Money = report.isolated_margin.unwrap_or_default();
    let updated = floor.exchange.position_updated(account, symbol, side).unwrap_or_default();
    Some(json!({
        "symbol": &*instrument.native, "positionSide": words::direction(held.direction),
        "holdPosition": trimmed(held.quantity.get()), "openPrice": trimmed(held.entry.get()),
        "markPrice": price(report.mark_price),
        "unrealizedPnl": trimmed(report.unrealized_pnl.unwrap_or_default().get()),
        "leverage": report.leverage.map_or(1, |leverage| leverage.get()).to_string(),
        "marginMode": margin_mode(report.margin_mode.unwrap_or(MarginMode::Cross)),
        "isolatedMargin": trimmed(margin.get()), "positionMargin": trimmed(figures.initial_margin.get()),
        "maintainMargin": trimmed(figures.maintenance_margin.get()), "marginRate": ratio(report.margin_ratio),
        "liquidationPrice": price(report.liquidation_price), "posMode": mode, "timestamp": updated.as_millis(),
    }))
}
