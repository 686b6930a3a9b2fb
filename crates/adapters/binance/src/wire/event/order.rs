//! `ORDER_TRADE_UPDATE` and `TRADE_LITE`.

use super::Context;
use crate::wire::word;
use plimsoll_domain::{
    AccountEvent, ClientOrderId, Fill, FillCause, ForcedClose, Liquidity, Money, Order, OrderId, OrderStatus,
    OrderType, Quantity, Symbol, TradeId,
};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::plain::read;
use plimsoll_venue::{DecodeError, Event, FillNotice, message};

message! {
    struct Update {
        required {
            time = "T": Num<'a>,
            o = "o": Body<'a>,
        }
        optional {}
    }
}

message! {
    struct Body {
        required {
            s = "s": Text<'a>,
            c = "c": Text<'a>,
            side = "S": &'a str,
            o = "o": &'a str,
            q = "q": Num<'a>,
            x = "x": &'a str,
            status = "X": &'a str,
            i = "i": Num<'a>,
            l = "l": Num<'a>,
            z = "z": Num<'a>,
            ps = "ps": &'a str,
        }
        optional {
            f = "f": Option<&'a str>,
            p = "p": Num<'a>,
            ap = "ap": Num<'a>,
            sp = "sp": Num<'a>,
            last_price = "L": Num<'a>,
            fee_currency = "N": Option<&'a str>,
            n = "n": Num<'a>,
            time = "T": Num<'a>,
            t = "t": Num<'a>,
            m = "m": Option<bool>,
            reduce_only = "R": bool,
            cp = "cp": bool,
            rp = "rp": Num<'a>,
        }
    }
}

/// The order's state; with it the fill, if the update is one; with that the forced close, if the venue did it.
///
/// `{"e":"ORDER_TRADE_UPDATE","E":1568879465651,"T":1568879465650,"o":{"s":"BTCUSDT","c":"TEST","S":"SELL","o":"LIMIT",
/// "f":"GTC","q":"0.001","p":"9910","ap":"9910","sp":"0","x":"TRADE","X":"FILLED","i":8886774,"l":"0.001","z":"0.001",
/// "L":"9910","N":"USDT","n":"0.00198","T":1568879465650,"t":12,"m":true,"R":false,"ps":"BOTH","cp":false,"rp":"0"}}`
pub(super) fn update(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let Update { time, o } = read(text)?;
    let order = order(&o, time, context)?;
    let Some(fill) = fill(&o, &order, time, context)? else {
        return Ok(vec![Event::Account(AccountEvent::Order(order))]);
    };
    let forced = forced(&fill);
    let mut events = Vec::with_capacity(if forced.is_some() { 3 } else { 2 });
    events.push(Event::Account(AccountEvent::Order(order)));
    events.push(Event::Account(AccountEvent::Fill(fill)));
    events.extend(forced.map(Event::Account));
    Ok(events)
}

fn order(o: &Body<'_>, time: Num<'_>, context: Context<'_>) -> Result<Order, DecodeError> {
    let order_type = word::order_type(o.o, "o.o")?;
    let quantity = o.q.maybe_quantity("o.q")?;
    let filled = o.z.maybe_quantity("o.z")?;
    Ok(Order {
        order_id: OrderId::new(o.i.id("o.i")?),
        client_order_id: ClientOrderId::reported(o.c.as_str()),
        symbol: context.symbols.symbol(o.s.as_str())?,
        side: word::side(o.side, "o.S")?,
        position_side: word::position_side(o.ps, "o.ps")?,
        order_type,
        time_in_force: word::maybe_time_in_force(o.f, "o.f")?,
        price: o.p.maybe_price("o.p")?,
        trigger: if order_type == OrderType::TrailingStopMarket { None } else { o.sp.maybe_price("o.sp")? },
        quantity,
        filled,
        average_price: o.ap.maybe_price("o.ap")?,
        reduce_only: o.reduce_only,
        close_position: o.cp,
        child: None,
        status: status(o.status, quantity, filled)?,
        updated: context.stamp(time.time("T")?),
    })
}

/// `NEW_INSURANCE` and `NEW_ADL` name who forced the order; how far it is, its quantities say.
fn status(text: &str, quantity: Option<Quantity>, filled: Option<Quantity>) -> Result<OrderStatus, DecodeError> {
    if !matches!(text, "NEW_INSURANCE" | "NEW_ADL") {
        return word::order_status(text, "o.X");
    }
    Ok(match (quantity, filled) {
        (_, None) => OrderStatus::New,
        (Some(quantity), Some(filled)) if filled < quantity => OrderStatus::PartiallyFilled,
        _ => OrderStatus::Filled,
    })
}

fn fill(o: &Body<'_>, order: &Order, time: Num<'_>, context: Context<'_>) -> Result<Option<Fill>, DecodeError> {
    if !executes(o.x)? {
        return Ok(None);
    }
    let Some(quantity) = o.l.maybe_quantity("o.l")? else { return Ok(None) };
    let time = if o.time.0.is_empty() { time } else { o.time };
    Ok(Some(Fill {
        trade_id: TradeId::new(o.t.id("o.t")?),
        order_id: order.order_id.clone(),
        client_order_id: order.client_order_id.clone(),
        symbol: order.symbol.clone(),
        side: order.side,
        position_side: order.position_side,
        price: o.last_price.price("o.L")?,
        quantity,
        // The venue leaves the fee out where there is none.
        fee: o.n.maybe_money("o.n")?.unwrap_or(Money::ZERO),
        fee_currency: o.fee_currency.map(|code| context.symbols.currency(code)),
        liquidity: o.m.map(|maker| if maker { Liquidity::Maker } else { Liquidity::Taker }),
        realized_pnl: o.rp.maybe_money("o.rp")?,
        cause: cause(o),
        time: time.time("o.T")?,
    }))
}

/// Whether an update of this type trades.
fn executes(text: &str) -> Result<bool, DecodeError> {
    match text {
        "TRADE" | "CALCULATED" => Ok(true),
        "NEW" | "CANCELED" | "EXPIRED" | "AMENDMENT" | "REJECTED" => Ok(false),
        _ => Err(DecodeError::word("execution type", text, "o.x")),
    }
}

/// The client id says who, before anything else. `CALCULATED` is an execution of the venue's own; without a reserved
/// client id its status may say which.
fn cause(o: &Body<'_>) -> FillCause {
    match word::cause(o.c.as_str()) {
        FillCause::Order if o.status == "NEW_ADL" => FillCause::Adl,
        FillCause::Order if o.x == "CALCULATED" || o.status == "NEW_INSURANCE" => FillCause::Liquidation,
        cause => cause,
    }
}

fn forced(fill: &Fill) -> Option<AccountEvent> {
    let event = match fill.cause {
        FillCause::Liquidation => AccountEvent::Liquidation,
        FillCause::Adl => AccountEvent::Adl,
        FillCause::Order | FillCause::Settlement => return None,
    };
    Some(event(ForcedClose {
        symbol: fill.symbol.clone(),
        position_side: fill.position_side,
        quantity: Some(fill.quantity),
        price: Some(fill.price),
        level: None,
        time: fill.time,
    }))
}

message! {
    struct TradeLite {
        required {
            time = "T": Num<'a>,
            s = "s": Text<'a>,
            c = "c": Text<'a>,
            side = "S": &'a str,
            price = "L": Num<'a>,
            l = "l": Num<'a>,
            t = "t": Num<'a>,
            i = "i": Num<'a>,
            m = "m": bool,
        }
        optional {}
    }
}

/// `{"e":"TRADE_LITE","E":1721895408092,"T":1721895408214,"s":"BTCUSDT","q":"0.001","p":"0","m":false,"c":"z8hc","S":"BUY",
/// "L":"64089.20","l":"0.040","t":109100866,"i":8886774}`: `p` and `q` are the order's, `L` and `l` the fill's.
pub(super) fn trade_lite(text: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let it: TradeLite<'_> = read(text)?;
    let symbol: Symbol = context.symbols.symbol(it.s.as_str())?;
    Ok(vec![Event::FillNotice(FillNotice {
        symbol,
        trade_id: TradeId::new(it.t.id("t")?),
        order_id: OrderId::new(it.i.id("i")?),
        client_order_id: ClientOrderId::reported(it.c.as_str()),
        side: word::side(it.side, "S")?,
        price: it.price.price("L")?,
        quantity: it.l.quantity("l")?,
        liquidity: if it.m { Liquidity::Maker } else { Liquidity::Taker },
        time: it.time.time("T")?,
    })])
}
