//! The account's own channels.

use super::Context;
use crate::wire::body::{AdlRow, LiquidationRow, OrderRow, PositionRow, TradeRow, TriggerRow, booked_contract, part};
use crate::wire::moment::first_moment;
use crate::wire::symbols::currency;
use crate::wire::word;
use plimsoll_domain::{
    AccountEvent, BalanceReport, ForcedClose, FundingPayment, MarginWarning, PositionSide, Timestamp,
};
use plimsoll_venue::json::{DecodeError, Num, Raw, Text};
use plimsoll_venue::plain::Plain;
use plimsoll_venue::{Event, message};
use serde::Deserialize;

/// The events of each row. One that cannot be read is not passed over: what it would have told is missing, and the message
/// as a whole is an error.
fn rows<'a, R: Plain<'a> + Deserialize<'a>>(
    result: Raw<'a>,
    mut tell: impl FnMut(&R, &mut Vec<Event>) -> Result<(), DecodeError>,
) -> Result<Vec<Event>, DecodeError> {
    let rows: Vec<R> = part(result)?;
    let mut events = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        tell(row, &mut events).map_err(|error| error.inside(&format!("[{index}]")))?;
    }
    Ok(events)
}

/// `futures.orders`: an order as it is now, with every change.
///
/// `[{"contract":"BTC_USDT","create_time_ms":1628736847325,"fill_price":40000.4,"finish_as":"filled",
/// "finish_time_ms":1628736848321,"id":4872460,"is_close":false,"is_liq":false,"is_reduce_only":false,"left":"0",
/// "price":40000.4,"size":"1","status":"finished","text":"t-plim-1","tif":"gtc","update_id":1,
/// "update_time":1628736848321}]`
pub(super) fn orders(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(result, |row: &OrderRow<'_>, events| {
        let traded = context.traded(&row.contract)?;
        events.push(match row.order(&traded, context.reading.mode, context.arrival)? {
            Some(order) => Event::Account(AccountEvent::Order(order)),
            None => Event::unknown(format!("order {} of a size that is not made out yet", row.id.0)),
        });
        Ok(())
    })
}

/// `futures.usertrades`: a trade, after the position that it made and before its order.
///
/// `[{"id":"3335259","create_time_ms":1628736848321,"contract":"BTC_USDT","order_id":"4872460","size":"1",
/// "price":"40000.4","role":"maker","text":"t-plim-1","fee":0.0009,"point_fee":0,"close_size":"0"}]`
pub(super) fn trades(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(result, |row: &TradeRow<'_>, events| {
        let fill = row.fill(&context.traded(&row.contract)?, context.reading.mode)?;
        events.push(Event::Account(AccountEvent::Fill(fill)));
        Ok(())
    })
}

/// `futures.positions`: a position as it is now, closed ones with a size of 0. Its row says the account's position mode:
/// one that is not expected is told before it.
///
/// `[{"contract":"BTC_USDT","cross_leverage_limit":0,"entry_price":40000.36666661111,"history_pnl":-0.0001,"leverage":0,
/// "margin":49.99,"mode":"single","realised_pnl":-1.25e-8,"size":"3","time_ms":1628736848321,"update_id":170919}]`
pub(super) fn positions(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let mut mode = context.reading.mode;
    rows(result, |row: &PositionRow<'_>, events| {
        let traded = context.traded(&row.contract)?;
        let report = row.pushed(&traded, mode, context.sent, context.arrival)?;
        let said = word::mode_of(report.position_side);
        if said != mode {
            mode = said;
            events.push(Event::Account(AccountEvent::PositionMode { mode, stamp: report.stamp }));
        }
        events.push(Event::Account(AccountEvent::Position(report)));
        Ok(())
    })
}

message! {
    struct Movement {
        required {
            balance = "balance": Num<'a>,
            change = "change": Num<'a>,
            kind = "type": Text<'a>,
        }
        optional {
            currency = "currency": Option<Text<'a>>,
            text = "text": Option<Text<'a>>,
            contract = "contract": Option<Text<'a>>,
            time = "time": Num<'a>,
            time_ms = "time_ms": Num<'a>,
        }
    }
}

/// `futures.balances`: the wallet after every booking, and the funding, where that was the booking. What is available is
/// not in it: order margins move without a booking.
///
/// `[{"balance":9.998739899488,"change":-0.000002074115,"text":"BTC_USDT:3914424","time_ms":1547199246123,"type":"fee",
/// "user":"211","currency":"usdt"}]`
pub(super) fn balances(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let mut index = 0;
    rows(result, |row: &Movement<'_>, events| {
        let time = first_moment(&[(row.time_ms, "time_ms"), (row.time, "time")])?.unwrap_or(context.sent);
        let paid_in = currency(row.currency.as_ref().map_or("USDT", Text::as_str));
        if row.kind.as_str() == "fund" {
            events.push(Event::Account(AccountEvent::Funding(row.funding(context, paid_in.clone(), time)?)));
        }
        events.push(Event::Account(AccountEvent::Balance(BalanceReport {
            currency: paid_in,
            wallet: Some(row.balance.money("balance")?),
            cross_wallet: None,
            available: None,
            equity: None,
            unrealized_pnl: None,
            stamp: context.stamp(time, index),
        })));
        index += 1;
        Ok(())
    })
}

impl Movement<'_> {
    fn funding(
        &self,
        context: Context<'_>,
        currency: plimsoll_domain::Currency,
        time: Timestamp,
    ) -> Result<FundingPayment, DecodeError> {
        let text = |text: &'_ Option<Text<'_>>| text.as_ref().map_or("", Text::as_str).to_owned();
        let (contract, text) = (text(&self.contract), text(&self.text));
        let native = booked_contract(&contract, &text);
        Ok(FundingPayment {
            id: None,
            symbol: native.map(|native| context.reading.symbols.symbol(native)).transpose()?,
            payment: -self.change.money("change")?,
            rate: None,
            currency,
            time,
        })
    }
}

/// `futures.autoorders`: a price-triggered order as it is now; once it has triggered, with the order that it became. One
/// that could not become an order says why: what it was to protect is unprotected.
///
/// `[{"user":123456,"trigger":{"strategy_type":0,"price_type":0,"price":"10000","rule":2,"expiration":86400},
/// "initial":{"contract":"BTC_USDT","size":"-10","price":"0","tif":"ioc","text":"t-plim-sl1","is_reduce_only":true},
/// "id":9256,"trade_id":0,"status":"open","reason":"","create_time":1596798126,"order_type":"close-long-order"}]`
pub(super) fn triggers(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    let mut index = 0;
    rows(result, |row: &TriggerRow<'_>, events| {
        let traded = context.traded(&row.initial.contract)?;
        let order = row.order(&traded, context.reading.mode, context.stamp(context.sent, index))?;
        index += 1;
        events.push(Event::Account(AccountEvent::Order(order)));
        events.extend(row.refusal().map(|reason| Event::venue_error("futures.autoorders failed", reason)));
        Ok(())
    })
}

/// `futures.liquidates`: the venue has closed a position, in whole or part. The trades of it are told apart.
///
/// `[{"entry_price":209,"fill_price":215.1,"left":"0","leverage":0.0,"liq_price":213,"margin":0.0078,"mark_price":213,
/// "order_id":4093362,"order_price":215.1,"size":"-124","time_ms":1541486601123,"contract":"BTC_USDT"}]`
pub(super) fn liquidations(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(result, |row: &LiquidationRow<'_>, events| {
        let close = row.close(&context.traded(&row.contract)?, context.reading.mode)?;
        events.push(Event::Account(AccountEvent::Liquidation(close)));
        Ok(())
    })
}

/// `futures.auto_deleverages`: the venue has closed a position to pay for somebody else's.
///
/// `[{"entry_price":209,"fill_price":215.1,"position_size":"10","trade_size":"-10","time_ms":1541486601123,
/// "contract":"BTC_USDT"}]`
pub(super) fn deleveragings(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(result, |row: &AdlRow<'_>, events| {
        let close = row.close(&context.traded(&row.contract)?, context.reading.mode)?;
        events.push(Event::Account(AccountEvent::Adl(close)));
        Ok(())
    })
}

message! {
    struct Rank {
        required {
            contract = "contract": Text<'a>,
            rank_division = "rank_division": Num<'a>,
        }
        optional {
            mode = "mode": Option<Text<'a>>,
            time_ms = "time_ms": Num<'a>,
        }
    }
}

/// `futures.position_adl_rank`: the place in the deleveraging queue, from 5 (last) to 1 (next); 6 is flat, or being
/// liquidated, which is told elsewhere.
///
/// `[{"contract":"BTC_USDT","mode":"single","rank_division":1,"time_ms":1588212926119,"user_id":2124426495}]`
pub(super) fn adl_ranks(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(result, |row: &Rank<'_>, events| {
        let symbol = context.traded(&row.contract)?.symbol;
        let mode = row.mode.as_ref().map_or("", Text::as_str);
        let position_side = word::position_side(mode, context.reading.mode, "mode")?;
        let rank: u8 = row.rank_division.whole("rank_division")?;
        let Some(level) = (1..=5).contains(&rank).then(|| 5 - rank) else {
            events.push(Event::unknown(format!("{symbol} has no place in the deleveraging queue")));
            return Ok(());
        };
        let time = first_moment(&[(row.time_ms, "time_ms")])?.unwrap_or(context.sent);
        events.push(Event::Account(AccountEvent::Adl(ForcedClose {
            symbol,
            position_side,
            quantity: None,
            price: None,
            level: Some(level),
            time,
        })));
        Ok(())
    })
}

message! {
    struct Reduced {
        required {
            contract = "contract": Text<'a>,
        }
        optional {
            liq_price = "liq_price": Num<'a>,
            time = "time": Num<'a>,
            time_ms = "time_ms": Num<'a>,
        }
    }
}

/// `futures.reduce_risk_limits`: the venue has lowered the risk limit of a position, which it does before it liquidates
/// part of it. It does not say of which leg.
///
/// `[{"cancel_orders":0,"contract":"BTC_USDT","leverage_max":10,"liq_price":136.53,"maintenance_rate":0.09,
/// "risk_limit":450,"time_ms":1551858330123,"user":"20011"}]`
pub(super) fn reduced_risk_limits(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(result, |row: &Reduced<'_>, events| {
        let time = first_moment(&[(row.time_ms, "time_ms"), (row.time, "time")])?.unwrap_or(context.sent);
        events.push(Event::Account(AccountEvent::LiquidationWarning(MarginWarning {
            level: None,
            symbol: context.traded(&row.contract)?.symbol,
            position_side: PositionSide::Both,
            quantity: None,
            margin_ratio: None,
            liquidation_price: row.liq_price.maybe_price("liq_price")?,
            mark_price: None,
            maintenance_margin: None,
            time,
        })));
        Ok(())
    })
}

message! {
    struct Closed {
        required {
            contract = "contract": Text<'a>,
            side = "side": Text<'a>,
            pnl = "pnl": Num<'a>,
        }
        optional {
            text = "text": Option<Text<'a>>,
        }
    }
}

/// `futures.position_closes`: what a position brought that has closed. That it has, its own row says, and what is there
/// now; this says nothing of that, so that a position that has turned is not taken for closed.
///
/// `[{"contract":"BTC_USDT","pnl":-0.000624354791,"side":"long","text":"web","time_ms":1547198562123,"user":"211"}]`
pub(super) fn closes(result: Raw<'_>, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    rows(result, |row: &Closed<'_>, events| {
        let symbol = context.traded(&row.contract)?.symbol;
        let pnl = row.pnl.money("pnl")?;
        let by = row.text.as_ref().map_or("", Text::as_str);
        events.push(Event::unknown(format!("{} {symbol} closed by {by} with {pnl}", row.side.as_str())));
        Ok(())
    })
}
