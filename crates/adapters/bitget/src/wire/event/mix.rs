//! The dialect of `mix/v1/stream`: `instType` `FUTURES`, channels `account`, `positions`, `orders`, `execution` and
//! `liquidation`. Its rows say `symbol`, `positionSide` and `timestamp`, its fees are positive where they are paid, and
//! orders and executions say neither our name for the order nor the leg: they are told as those of one-way mode.

use super::account::{held, margin_mode, maybe_leverage, positive_price, ratio, wallet};
use super::{Context, each_row, id};
use crate::wire::word;
use plimsoll_domain::{
    AccountEvent, BalanceReport, ClientOrderId, Fill, FillCause, MarginMode, MarginWarning, Order, OrderId,
    PositionMode, PositionReport, PositionSide, TradeId,
};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::{DecodeError, Event, message};

pub(super) fn push(channel: &str, rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    match channel {
        "account" => balances(rows, context),
        "positions" => positions(rows, context),
        "orders" => orders(rows, context),
        "execution" => executions(rows, context),
        "liquidation" => warnings(rows, context),
        _ => Ok(vec![Event::unknown(format!("{} FUTURES", channel.chars().take(64).collect::<String>()))]),
    }
}

message! {
    struct Balance {
        required {
            margin_coin = "marginCoin": Text<'a>,
        }
        optional {
            available = "available": Num<'a>,
            total = "total": Num<'a>,
            unrealized = "unrealizedPnl": Num<'a>,
            time = "timestamp": Num<'a>,
        }
    }
}

/// `{"marginCoin":"USDT","available":"1000","total":"1500","unrealizedPnl":"50","marginRatio":"0.05",
/// "frozenBalance":"450","timestamp":1621441751927}`: the total is the equity.
fn balances(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Balance<'_>| {
        let equity = row.total.maybe_money("total")?;
        let unrealized_pnl = row.unrealized.maybe_money("unrealizedPnl")?;
        Ok(vec![Event::Account(AccountEvent::Balance(BalanceReport {
            currency: context.symbols.currency(row.margin_coin.as_str()),
            wallet: wallet(equity, unrealized_pnl),
            cross_wallet: None,
            available: row.available.maybe_money("available")?,
            equity,
            unrealized_pnl,
            stamp: context.stamp(context.time(row.time, "timestamp")?),
        }))])
    })
}

message! {
    struct Position {
        required {
            symbol = "symbol": Text<'a>,
            side = "positionSide": Text<'a>,
            holds = "holdPosition": Num<'a>,
        }
        optional {
            open_price = "openPrice": Num<'a>,
            mark = "markPrice": Num<'a>,
            unrealized = "unrealizedPnl": Num<'a>,
            leverage = "leverage": Num<'a>,
            margin_mode = "marginMode": Option<Text<'a>>,
            isolated_margin = "isolatedMargin": Num<'a>,
            maintenance = "maintainMargin": Num<'a>,
            margin_rate = "marginRate": Num<'a>,
            liquidation = "liquidationPrice": Num<'a>,
            pos_mode = "posMode": Option<Text<'a>>,
            time = "timestamp": Num<'a>,
        }
    }
}

/// `{"symbol":"BTCUSDT","positionSide":"long","holdPosition":"0.123","openPrice":"30000.5","markPrice":"31000",
/// "unrealizedPnl":"123.45","leverage":"10","marginMode":"isolated","isolatedMargin":"500","maintainMargin":"2",
/// "marginRate":"0.15","liquidationPrice":"27500","timestamp":1621441751927}`. Without a position mode the side is a leg.
fn positions(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Position<'_>| {
        let direction = word::hold_side(row.side.as_str(), "positionSide")?;
        let mode = match row.pos_mode.as_ref().map(Text::as_str) {
            Some(word) => word::position_mode(word, "posMode")?,
            None => PositionMode::Hedge,
        };
        let margin_mode = margin_mode(row.margin_mode.as_ref())?;
        let isolated = margin_mode == Some(MarginMode::Isolated);
        Ok(vec![Event::Account(AccountEvent::Position(PositionReport {
            symbol: context.symbols.symbol(row.symbol.as_str())?,
            position_side: PositionSide::of(direction, mode),
            position: held(row.side.as_str(), row.holds, row.open_price, "openPrice")?,
            mark_price: row.mark.maybe_price("markPrice")?,
            liquidation_price: positive_price(row.liquidation, "liquidationPrice")?,
            unrealized_pnl: row.unrealized.maybe_money("unrealizedPnl")?,
            realized_pnl: None,
            leverage: maybe_leverage(row.leverage, "leverage")?,
            margin_mode,
            isolated_margin: if isolated { row.isolated_margin.maybe_money("isolatedMargin")? } else { None },
            maintenance_margin: row.maintenance.maybe_money("maintainMargin")?,
            margin_ratio: ratio(row.margin_rate, "marginRate")?,
            stamp: context.stamp(context.time(row.time, "timestamp")?),
        }))])
    })
}

message! {
    struct Row {
        required {
            order_id = "orderId": Num<'a>,
            symbol = "symbol": Text<'a>,
            side = "side": Text<'a>,
            order_type = "orderType": Text<'a>,
            size = "size": Num<'a>,
            status = "status": Text<'a>,
        }
        optional {
            client_oid = "clientOid": Option<Text<'a>>,
            price = "price": Num<'a>,
            filled = "filledSize": Num<'a>,
            mean = "avgPrice": Num<'a>,
            time = "timestamp": Num<'a>,
        }
    }
}

/// `{"orderId":"123456789","symbol":"BTCUSDT","side":"buy","orderType":"limit","price":"30000.5","size":"0.123",
/// "filledSize":"0.1","avgPrice":"30000","status":"partially_filled","timestamp":1621441751927}`
fn orders(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Row<'_>| {
        Ok(vec![Event::Account(AccountEvent::Order(Order {
            order_id: OrderId::new(id(row.order_id, "orderId")?),
            client_order_id: ClientOrderId::reported(row.client_oid.as_ref().map_or("", Text::as_str)),
            symbol: context.symbols.symbol(row.symbol.as_str())?,
            side: word::side(row.side.as_str(), "side")?,
            position_side: PositionSide::Both,
            order_type: word::order_type(row.order_type.as_str(), "orderType")?,
            time_in_force: None,
            price: row.price.maybe_price("price")?,
            trigger: None,
            quantity: row.size.maybe_quantity("size")?,
            filled: row.filled.maybe_quantity("filledSize")?,
            average_price: row.mean.maybe_price("avgPrice")?,
            reduce_only: false,
            close_position: false,
            child: None,
            status: word::order_status(row.status.as_str(), "status")?,
            updated: context.stamp(context.time(row.time, "timestamp")?),
        }))])
    })
}

message! {
    struct Execution {
        required {
            trade_id = "tradeId": Num<'a>,
            order_id = "orderId": Num<'a>,
            symbol = "symbol": Text<'a>,
            side = "side": Text<'a>,
            price = "price": Num<'a>,
            size = "size": Num<'a>,
        }
        optional {
            client_oid = "clientOid": Option<Text<'a>>,
            fee = "fee": Num<'a>,
            fee_currency = "feeCurrency": Option<Text<'a>>,
            role = "role": Option<Text<'a>>,
            time = "timestamp": Num<'a>,
        }
    }
}

/// `{"tradeId":"987654321","orderId":"123456789","symbol":"BTCUSDT","side":"buy","price":"30000","size":"0.1",
/// "fee":"0.00001","feeCurrency":"USDT","role":"maker","timestamp":1621441751927}`
fn executions(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Execution<'_>| {
        let coin = row.fee_currency.as_ref().map(Text::as_str).filter(|coin| !coin.is_empty());
        Ok(vec![Event::Account(AccountEvent::Fill(Fill {
            trade_id: TradeId::new(id(row.trade_id, "tradeId")?),
            order_id: OrderId::new(id(row.order_id, "orderId")?),
            client_order_id: ClientOrderId::reported(row.client_oid.as_ref().map_or("", Text::as_str)),
            symbol: context.symbols.symbol(row.symbol.as_str())?,
            side: word::side(row.side.as_str(), "side")?,
            position_side: PositionSide::Both,
            price: row.price.price("price")?,
            quantity: row.size.quantity("size")?,
            fee: row.fee.maybe_money("fee")?.unwrap_or_default(),
            fee_currency: coin.map(|coin| context.symbols.currency(coin)),
            liquidity: word::liquidity(row.role.as_ref().map_or("", Text::as_str), "role")?,
            realized_pnl: None,
            cause: FillCause::Order,
            time: context.time(row.time, "timestamp")?,
        }))])
    })
}

message! {
    struct Warned {
        required {
            symbol = "symbol": Text<'a>,
            side = "positionSide": Text<'a>,
        }
        optional {
            margin_ratio = "marginRatio": Num<'a>,
            liquidation = "liquidationPrice": Num<'a>,
            current = "currentPrice": Num<'a>,
            level = "warningLevel": Num<'a>,
            time = "timestamp": Num<'a>,
        }
    }
}

/// `{"symbol":"BTCUSDT","positionSide":"long","marginMode":"isolated","marginRatio":"0.95","liquidationPrice":"27500",
/// "currentPrice":"27800","warningLevel":"2","timestamp":1621441751927}`
fn warnings(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Warned<'_>| {
        let direction = word::hold_side(row.side.as_str(), "positionSide")?;
        Ok(vec![Event::Account(AccountEvent::LiquidationWarning(MarginWarning {
            symbol: context.symbols.symbol(row.symbol.as_str())?,
            position_side: PositionSide::of(direction, PositionMode::Hedge),
            quantity: None,
            margin_ratio: ratio(row.margin_ratio, "marginRatio")?,
            liquidation_price: positive_price(row.liquidation, "liquidationPrice")?,
            mark_price: row.current.maybe_price("currentPrice")?,
            maintenance_margin: None,
            level: if row.level.0.is_empty() { None } else { Some(row.level.whole("warningLevel")?) },
            time: context.time(row.time, "timestamp")?,
        }))])
    })
}
