//! Trades, fills, incidents and the curve as JSON.

use super::{Amount, Text, Time};
use crate::{CurvePoint, Incident, RoundTrip, TaggedFill};
use plimsoll_domain::{AccountId, Currency, Direction, FillCause, Liquidity, Price, Quantity, Side, Symbol, TradeId};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Trade<'a> {
    strategy: &'a str,
    account: Text<&'a AccountId>,
    symbol: Text<&'a Symbol>,
    direction: Text<Direction>,
    quantity: Text<Quantity>,
    opened: Time,
    closed: Option<Time>,
    entry: Text<Price>,
    exit: Option<Text<Price>>,
    profit: Amount,
    fees: Amount,
    funding: Amount,
    net: Amount,
    ended_by: Option<&'a str>,
}

impl<'a> Trade<'a> {
    pub(super) fn of(it: &'a RoundTrip) -> Self {
        Self {
            strategy: &it.strategy,
            account: Text(&it.account),
            symbol: Text(&it.symbol),
            direction: Text(it.direction),
            quantity: Text(it.quantity),
            opened: Text(it.opened),
            closed: it.closed.map(Text),
            entry: Text(it.entry),
            exit: it.exit.map(Text),
            profit: Text(it.profit),
            fees: Text(it.fees),
            funding: Text(it.funding),
            net: Text(it.net()),
            ended_by: it.ended_by.as_deref(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct FillRow<'a> {
    time: Time,
    strategy: &'a str,
    account: Text<&'a AccountId>,
    role: &'a str,
    trade_id: Text<&'a TradeId>,
    symbol: Text<&'a Symbol>,
    side: Text<Side>,
    price: Text<Price>,
    quantity: Text<Quantity>,
    fee: Amount,
    fee_currency: Option<Text<&'a Currency>>,
    liquidity: Option<Text<Liquidity>>,
    realized_pnl: Option<Amount>,
    cause: Text<FillCause>,
}

impl<'a> FillRow<'a> {
    pub(super) fn of(it: &'a TaggedFill) -> Self {
        let fill = &it.fill;
        Self {
            time: Text(fill.time),
            strategy: &it.strategy,
            account: Text(&it.account),
            role: &it.role,
            trade_id: Text(&fill.trade_id),
            symbol: Text(&fill.symbol),
            side: Text(fill.side),
            price: Text(fill.price),
            quantity: Text(fill.quantity),
            fee: Text(fill.fee),
            fee_currency: fill.fee_currency.as_ref().map(Text),
            liquidity: fill.liquidity.map(Text),
            realized_pnl: fill.realized_pnl.map(Text),
            cause: Text(fill.cause),
        }
    }
}

#[derive(Serialize)]
pub(super) struct IncidentRow<'a> {
    time: Time,
    kind: &'a str,
    text: &'a str,
}

impl<'a> IncidentRow<'a> {
    pub(super) fn of(it: &'a Incident) -> Self {
        Self { time: Text(it.time), kind: &it.kind, text: &it.text }
    }
}

#[derive(Serialize)]
pub(super) struct Point {
    time: Time,
    equity: Amount,
    exposure: Amount,
    funding: Amount,
}

impl Point {
    pub(super) fn of(it: &CurvePoint) -> Self {
        Self { time: Text(it.time), equity: Text(it.equity), exposure: Text(it.exposure), funding: Text(it.funding) }
    }
}
