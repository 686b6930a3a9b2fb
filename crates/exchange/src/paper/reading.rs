//! What an account is now, and what has happened to it since a moment.

use crate::account::POSITION_SIDES;
use crate::exchange::Exchange;
use crate::income::IncomeKind;
use crate::order::OrderRef;
use crate::rejection::Rejection;
use plimsoll_domain::{
    AccountEvent, AccountId, AccountSnapshot, BalanceReport, Booking, BookingKind, ClientOrderId, Fill, FundingPayment,
    Instrument, Order, PositionReport, Rate, Symbol, Timestamp,
};
use std::sync::Arc;
use std::time::Duration;

/// The whole account. Much may happen at one moment of the market's time, so the snapshot is stamped just before it: what
/// happens later at that same moment is news to it.
pub(super) fn snapshot(exchange: &Exchange, account: &AccountId) -> Result<AccountSnapshot, Rejection> {
    Ok(AccountSnapshot {
        position_mode: exchange.position_mode(account).ok_or(Rejection::UnknownAccount)?,
        positions: exchange.positions(account),
        orders: open_orders(exchange, account, None),
        balances: balances(exchange, account)?,
        time: exchange.now().minus(Duration::from_micros(1)),
    })
}

/// The settle currency's balance, unless there is nothing in it.
pub(super) fn balances(exchange: &Exchange, account: &AccountId) -> Result<Vec<BalanceReport>, Rejection> {
    let balance = exchange.balance(account).ok_or(Rejection::UnknownAccount)?;
    let figures = [balance.wallet, balance.equity];
    let is_empty = figures.into_iter().flatten().all(plimsoll_domain::Money::is_zero);
    Ok(if is_empty { Vec::new() } else { vec![balance] })
}

/// Every open order of `symbol`, or of all symbols: those that rest, then those that wait for their trigger.
pub(super) fn open_orders(exchange: &Exchange, account: &AccountId, symbol: Option<&Symbol>) -> Vec<Order> {
    let resting = exchange.open_orders(account).into_iter().map(|placed| placed.order);
    let waiting = exchange.open_conditionals(account).into_iter().map(|waiting| waiting.order);
    resting.chain(waiting).filter(|order| symbol.is_none_or(|symbol| order.symbol == *symbol)).collect()
}

/// The newest order of this name. The child of a conditional order has its name: it is reported as its parent.
pub(super) fn order(exchange: &Exchange, account: &AccountId, symbol: &Symbol, id: &ClientOrderId) -> Option<Order> {
    let which = OrderRef::Client(id.clone());
    let plain = exchange.order(account, symbol, &which);
    let conditional = exchange.conditional(account, &which).filter(|it| it.order.symbol == *symbol);
    match (plain, conditional) {
        (Some(plain), Some(conditional)) if plain.parent.is_none() && conditional.created <= plain.created => {
            Some(plain.order)
        }
        (_, Some(conditional)) => Some(conditional.order),
        (plain, None) => plain.map(|plain| plain.order),
    }
}

/// Funding that was booked at or after `since`, oldest first.
pub(super) fn funding_payments(exchange: &Exchange, account: &AccountId, since: Timestamp) -> Vec<FundingPayment> {
    let rows = exchange.income(account).iter().filter(|row| row.kind == IncomeKind::FundingFee && row.time >= since);
    let payment = |row: &crate::income::Income| FundingPayment {
        id: Some(Arc::from(row.id.to_string())),
        symbol: row.symbol.clone(),
        payment: -row.amount,
        rate: row.symbol.as_ref().and_then(|symbol| settled_rate(exchange, symbol, row.time)),
        currency: row.currency.clone(),
        time: row.time,
    };
    rows.map(payment).collect()
}

/// What was booked beside fills and funding at or after `since`, oldest first.
pub(super) fn bookings(exchange: &Exchange, account: &AccountId, since: Timestamp) -> Vec<Booking> {
    let booking = |row: &crate::income::Income| {
        let kind = match row.kind {
            IncomeKind::Transfer => BookingKind::Transfer,
            IncomeKind::InsuranceClear => BookingKind::LiquidationClearance,
            IncomeKind::RealizedPnl | IncomeKind::Commission | IncomeKind::FundingFee => return None,
        };
        Some(Booking {
            id: row.id.to_string(),
            kind,
            symbol: row.symbol.clone(),
            amount: row.amount,
            currency: row.currency.clone(),
            time: row.time,
        })
    };
    exchange.income(account).iter().filter(|row| row.time >= since).filter_map(booking).collect()
}

fn settled_rate(exchange: &Exchange, symbol: &Symbol, time: Timestamp) -> Option<Rate> {
    let history = exchange.funding_history(symbol);
    let at = history.binary_search_by_key(&time, |settled| settled.time).ok()?;
    history.get(at).map(|settled| settled.rate)
}

/// What a snapshot does not hold of the time from `since` on: fills, funding, orders that have ended, positions that are
/// closed, and the settings of the `set` symbols.
pub(super) fn happened<'a>(
    exchange: &Exchange,
    account: &AccountId,
    since: Timestamp,
    set: impl Iterator<Item = &'a Symbol>,
) -> Vec<AccountEvent> {
    let symbols = || exchange.instruments().map(|instrument: &Instrument| &instrument.symbol);
    let ended = symbols().flat_map(|symbol| ended_orders(exchange, account, symbol, since));
    let mut fills: Vec<&Fill> = symbols().flat_map(|symbol| fills(exchange, account, symbol, since)).collect();
    fills.sort_by_key(|fill| fill.time);
    let fills = fills.into_iter().cloned().map(AccountEvent::Fill);
    let closed = symbols().flat_map(|symbol| closed_positions(exchange, account, symbol, since));
    let funding = funding_payments(exchange, account, since).into_iter();
    let settings = set.flat_map(|symbol| settings(exchange, account, symbol));
    let events = ended.map(AccountEvent::Order).chain(fills).chain(closed.map(AccountEvent::Position));
    events.chain(funding.map(AccountEvent::Funding)).chain(settings).collect()
}

/// Fills at or after `since`, oldest first.
pub(super) fn fills<'a>(
    exchange: &'a Exchange,
    account: &AccountId,
    symbol: &'a Symbol,
    since: Timestamp,
) -> impl Iterator<Item = &'a Fill> + 'a {
    exchange.fills(account, symbol).filter(move |fill| fill.time >= since)
}

fn ended_orders(
    exchange: &Exchange,
    account: &AccountId,
    symbol: &Symbol,
    since: Timestamp,
) -> impl Iterator<Item = Order> + use<> {
    let plain = exchange.orders(account, symbol).into_iter().map(|placed| placed.order);
    let conditional = exchange.conditionals(account, symbol).into_iter().map(|it| it.order);
    plain.chain(conditional).filter(move |order| order.status.is_final() && order.updated.time >= since)
}

fn closed_positions(
    exchange: &Exchange,
    account: &AccountId,
    symbol: &Symbol,
    since: Timestamp,
) -> impl Iterator<Item = PositionReport> {
    POSITION_SIDES.into_iter().filter_map(move |side| {
        let updated = exchange.position_updated(account, symbol, side)?;
        exchange.position(account, symbol, side).filter(|report| updated >= since && report.position.is_none())
    })
}

fn settings(exchange: &Exchange, account: &AccountId, symbol: &Symbol) -> Vec<AccountEvent> {
    let Some((leverage, mode)) = exchange.symbol_settings(account, symbol) else { return Vec::new() };
    let (symbol, stamp) = (symbol.clone(), exchange.stamp());
    vec![
        AccountEvent::Leverage { symbol: symbol.clone(), leverage, stamp },
        AccountEvent::MarginMode { symbol, mode, stamp },
    ]
}
