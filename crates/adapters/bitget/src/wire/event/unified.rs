//! Pushes of the unified account (API v3), which this adapter does not trade on: its orders and fills are read, and the
//! liquidations that it publishes of the whole market. Here `side` is always that of the trade, and a fee that is paid is
//! positive.

use super::fill::forced;
use super::{Arg, Context, each_row, id};
use crate::wire::word::{self, Leg, Shows, ToldLeg, leg};
use plimsoll_domain::{
    AccountEvent, ClientOrderId, Decimal, Fill, MarketEvent, MarketLiquidation, Money, Order, OrderId, TradeId,
};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::{DecodeError, Event, message};

pub(super) fn push(arg: &Arg<'_>, rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    match arg.name() {
        "order" => orders(rows, context),
        "fill" => fills(rows, context),
        "liquidation" => liquidations(rows, context),
        name => {
            Ok(vec![Event::unknown(format!("{} of the unified account", name.chars().take(64).collect::<String>()))])
        }
    }
}

message! {
    struct Row {
        required {
            symbol = "symbol": Text<'a>,
            order_id = "orderId": Num<'a>,
            side = "side": Text<'a>,
            order_type = "orderType": Text<'a>,
            status = "orderStatus": Text<'a>,
        }
        optional {
            client_oid = "clientOid": Option<Text<'a>>,
            price = "price": Num<'a>,
            qty = "qty": Num<'a>,
            filled = "cumExecQty": Num<'a>,
            mean = "avgPrice": Num<'a>,
            hold_mode = "holdMode": Option<Text<'a>>,
            hold_side = "holdSide": Option<Text<'a>>,
            trade_side = "tradeSide": Option<Text<'a>>,
            force = "timeInForce": Option<Text<'a>>,
            reduce_only = "reduceOnly": Option<Text<'a>>,
            updated = "updatedTime": Num<'a>,
        }
    }
}

fn word_of<'t>(text: Option<&'t Text<'_>>) -> &'t str {
    text.map_or("", Text::as_str)
}

/// `{"symbol":"BTCUSDT","orderId":"1","clientOid":"plim-1","price":"","qty":"0.001","holdMode":"hedge_mode","holdSide":"long",
/// "tradeSide":"open","orderType":"market","timeInForce":"gtc","side":"buy","reduceOnly":"no","cumExecQty":"0.001",
/// "avgPrice":"83131.5","orderStatus":"filled","updatedTime":"1742367838115"}`
fn orders(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Row<'_>| {
        let leg: Leg = leg(ToldLeg {
            side: row.side.as_str(),
            trade_side: word_of(row.trade_side.as_ref()),
            pos_side: word_of(row.hold_side.as_ref()),
            pos_mode: word_of(row.hold_mode.as_ref()),
            reduce_only: word::yes(word_of(row.reduce_only.as_ref()), "reduceOnly")?,
            shows: Shows::Trade,
        })?;
        Ok(vec![Event::Account(AccountEvent::Order(Order {
            order_id: OrderId::new(id(row.order_id, "orderId")?),
            client_order_id: ClientOrderId::reported(word_of(row.client_oid.as_ref())),
            symbol: context.symbols.symbol(row.symbol.as_str())?,
            side: leg.side,
            position_side: leg.position_side,
            order_type: word::order_type(row.order_type.as_str(), "orderType")?,
            time_in_force: word::maybe_force(word_of(row.force.as_ref()), "timeInForce")?,
            price: row.price.maybe_price("price")?,
            trigger: None,
            quantity: row.qty.maybe_quantity("qty")?,
            filled: row.filled.maybe_quantity("cumExecQty")?,
            average_price: row.mean.maybe_price("avgPrice")?,
            reduce_only: leg.closes,
            close_position: false,
            child: None,
            status: word::order_status(row.status.as_str(), "orderStatus")?,
            updated: context.stamp(context.time(row.updated, "updatedTime")?),
        }))])
    })
}

message! {
    struct Executed {
        required {
            symbol = "symbol": Text<'a>,
            order_id = "orderId": Num<'a>,
            exec_id = "execId": Num<'a>,
            side = "side": Text<'a>,
            price = "execPrice": Num<'a>,
            qty = "execQty": Num<'a>,
        }
        optional {
            client_oid = "clientOid": Option<Text<'a>>,
            hold_mode = "holdMode": Option<Text<'a>>,
            hold_side = "holdSide": Option<Text<'a>>,
            trade_side = "tradeSide": Option<Text<'a>>,
            scope = "tradeScope": Option<Text<'a>>,
            pnl = "execPnl": Num<'a>,
            fees = "feeDetail": Option<Vec<Fee<'a>>>,
            time = "execTime": Num<'a>,
        }
    }
}

message! {
    struct Fee {
        required {}
        optional {
            coin = "feeCoin": Option<Text<'a>>,
            fee = "fee": Num<'a>,
        }
    }
}

/// `{"symbol":"BTCUSDT","side":"buy","orderId":"12","execPnl":"0","feeDetail":[{"feeCoin":"USDT","fee":"0.569958"}],
/// "execTime":"1736378720623","tradeScope":"taker","tradeSide":"open","execId":"13","execPrice":"94993","holdSide":"long",
/// "execQty":"0.01","clientOid":"plim-1"}`
fn fills(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Executed<'_>| {
        let leg: Leg = leg(ToldLeg {
            side: row.side.as_str(),
            trade_side: word_of(row.trade_side.as_ref()),
            pos_side: word_of(row.hold_side.as_ref()),
            pos_mode: word_of(row.hold_mode.as_ref()),
            reduce_only: false,
            shows: Shows::Trade,
        })?;
        let fees = row.fees.as_deref().unwrap_or_default();
        let mut fee = Decimal::ZERO;
        for part in fees {
            fee = fee.saturating_add(part.fee.maybe_money("feeDetail.fee")?.unwrap_or_default().get());
        }
        let coin = fees.iter().find_map(|part| part.coin.as_ref());
        let fill = Fill {
            trade_id: TradeId::new(id(row.exec_id, "execId")?),
            order_id: OrderId::new(id(row.order_id, "orderId")?),
            client_order_id: ClientOrderId::reported(word_of(row.client_oid.as_ref())),
            symbol: context.symbols.symbol(row.symbol.as_str())?,
            side: leg.side,
            position_side: leg.position_side,
            price: row.price.price("execPrice")?,
            quantity: row.qty.quantity("execQty")?,
            fee: Money::new(fee),
            fee_currency: coin.map(|coin| context.symbols.currency(coin.as_str())),
            liquidity: word::liquidity(word_of(row.scope.as_ref()), "tradeScope")?,
            realized_pnl: row.pnl.maybe_money("execPnl")?,
            cause: leg.cause,
            time: context.time(row.time, "execTime")?,
        };
        let forced = forced(&fill);
        Ok([Event::Account(AccountEvent::Fill(fill))].into_iter().chain(forced.map(Event::Account)).collect())
    })
}

message! {
    struct Published {
        required {
            symbol = "symbol": Text<'a>,
            side = "side": Text<'a>,
            price = "price": Num<'a>,
            amount = "amount": Num<'a>,
            time = "ts": Num<'a>,
        }
        optional {}
    }
}

/// `{"symbol":"BTCUSDT","side":"buy","price":"89000","amount":"37.722858","ts":"1736371332162"}`: somebody's.
fn liquidations(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Published<'_>| {
        Ok(vec![Event::Market(MarketEvent::Liquidation(MarketLiquidation {
            symbol: context.symbols.symbol(row.symbol.as_str())?,
            side: word::side(row.side.as_str(), "side")?,
            price: row.price.price("price")?,
            quantity: row.amount.quantity("amount")?,
            time: row.time.time("ts")?,
        }))])
    })
}
