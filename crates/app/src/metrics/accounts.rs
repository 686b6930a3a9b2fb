//! The accounts and what they hold, at the moment of asking.

use super::names::{
    ACCOUNT_INFO, AVAILABLE, DATA_AGE, DAY_PNL, DRAWDOWN, EQUITY, EXPOSURE, FEES, FEES_TODAY, FUNDING, FUNDING_TODAY,
    IN_DOUBT, KILL_SWITCH, LOOK_AGE, MAINTENANCE, MARGIN_RATIO, Metric, POSITION_DISTANCE, POSITION_FUNDING,
    POSITION_NOTIONAL, POSITION_PROTECTED, POSITION_RATIO, POSITION_UNPROTECTED, POSITION_UNREALIZED, POSITIONS,
    REALIZED, REALIZED_TODAY, RECORDS_READABLE, RESTING, STREAM_CONNECTED, UNPROTECTED, UNPROTECTED_SECONDS,
    UNREALIZED, USED_MARGIN, WALLET,
};
use super::page::Page;
use crate::pulse::Pulse;
use plimsoll_domain::{Decimal, Money, Timestamp};
use plimsoll_engine::Link;
use plimsoll_service::{AccountRow, Figure, PositionRow, ServedAccount, Service};
use std::time::{Duration, Instant};

const DAY: Duration = Duration::from_secs(86_400);

/// Shows every account. What is not known is left out: a figure of before would look like one of now.
pub(super) async fn show(page: &Page, service: &Service, pulse: &Pulse) {
    // Of all accounts both can be asked.
    let (rows, positions) = (service.account_rows(None).await, service.positions(None, None).await);
    let (rows, positions) = (rows.map(|it| it.accounts), positions.map(|it| it.positions));
    let (rows, positions) = (rows.unwrap_or_default(), positions.unwrap_or_default());
    let now = service.clock().now();
    for (served, row) in service.accounts().zip(&rows) {
        let held: Vec<&PositionRow> = positions.iter().filter(|it| it.account == row.account).collect();
        stands(page, row);
        is_looked_after(page, served, row, pulse, now);
        holds(page, served, row, &held, pulse);
        earned(page, served, row, now).await;
    }
    for it in &positions {
        position(page, it, pulse);
    }
}

fn stands(page: &Page, row: &AccountRow) {
    let (account, currency) = (row.account.as_str(), row.currency.as_str());
    page.set(ACCOUNT_INFO, &[account, &row.venue, row.mode, currency], 1.0);
    set(page, MARGIN_RATIO, &[account], row.margin_ratio);
    for (metric, figure) in [
        (EQUITY, row.equity),
        (WALLET, row.wallet),
        (AVAILABLE, row.available),
        (USED_MARGIN, row.used_margin),
        (MAINTENANCE, row.maintenance_margin),
        (UNREALIZED, row.unrealized_pnl),
        (DAY_PNL, row.day_pnl),
        (DRAWDOWN, row.drawdown),
    ] {
        set(page, metric, &[account, currency], figure);
    }
}

fn is_looked_after(page: &Page, served: &ServedAccount, row: &AccountRow, pulse: &Pulse, now: Timestamp) {
    let (account, view) = ([row.account.as_str()], served.view.borrow().clone());
    is(page, STREAM_CONNECTED, &account, view.link == Link::Live);
    is(page, IN_DOUBT, &account, !view.is_trusted());
    if let Some(known_at) = view.heard_at.max(view.read_at) {
        page.set(DATA_AGE, &account, now.since(known_at).as_secs_f64());
    }
    if let Some(age) = pulse.since_look(served.name(), Instant::now()) {
        page.set(LOOK_AGE, &account, age.as_secs_f64());
    }
    let is_known = row.kill_switch.state != "unknown";
    is(page, RECORDS_READABLE, &account, is_known);
    if is_known {
        is(page, KILL_SWITCH, &account, row.kill_switch.state == "engaged");
    }
}

fn holds(page: &Page, served: &ServedAccount, row: &AccountRow, held: &[&PositionRow], pulse: &Pulse) {
    let account = [row.account.as_str()];
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    page.set(POSITIONS, &account, count(held.len()));
    page.set(UNPROTECTED, &account, count(held.iter().filter(|it| !it.is_protected).count()));
    page.set(UNPROTECTED_SECONDS, &account, pulse.bare_for(served.name(), Instant::now()).as_secs_f64());
    page.set(RESTING, &account, count(served.view.borrow().orders.len()));
    let own = held.iter().filter(|it| it.currency == row.currency);
    let exposure = own.map(|it| it.notional.map(Figure::get)).try_fold(Decimal::ZERO, |sum, it| sum.checked_add(it?));
    set(page, EXPOSURE, &[&row.account, &row.currency], exposure.map(Figure::from));
}

/// What the records say; nothing while they cannot be read.
async fn earned(page: &Page, served: &ServedAccount, row: &AccountRow, now: Timestamp) {
    let trades = &served.ports.trades;
    if let Ok(days) = trades.daily_pnl(served.name(), 1, now).await {
        let today = days.iter().find(|it| it.day <= now && now.since(it.day) < DAY);
        for (metric, amount) in [
            (REALIZED_TODAY, today.map(|it| it.realized_pnl)),
            (FEES_TODAY, today.map(|it| it.fees)),
            (FUNDING_TODAY, today.map(|it| it.funding)),
        ] {
            let amount = Figure::from(amount.unwrap_or(Money::ZERO));
            set(page, metric, &[&row.account, &row.currency], Some(amount));
        }
    }
    if let Ok(totals) = trades.totals(served.name()).await {
        for it in totals {
            let labels = [row.account.as_str(), it.currency.as_str()];
            for (metric, amount) in [(REALIZED, it.realized_pnl), (FEES, it.fees), (FUNDING, it.funding)] {
                set(page, metric, &labels, Some(amount.into()));
            }
        }
    }
}

fn position(page: &Page, it: &PositionRow, pulse: &Pulse) {
    let labels = [it.account.as_str(), it.symbol.as_str(), it.position_side];
    let with_currency = [it.account.as_str(), it.symbol.as_str(), it.position_side, it.currency.as_str()];
    set(page, POSITION_RATIO, &labels, it.margin_ratio);
    let is_due = it.is_due == Some(true);
    set(page, POSITION_DISTANCE, &labels, if is_due { Some(Decimal::ZERO.into()) } else { it.distance });
    is(page, POSITION_PROTECTED, &labels, it.is_protected);
    page.set(POSITION_UNPROTECTED, &labels, pulse.position_bare_for(it, Instant::now()).as_secs_f64());
    set(page, POSITION_NOTIONAL, &with_currency, it.notional);
    set(page, POSITION_UNREALIZED, &with_currency, it.unrealized_pnl);
    set(page, POSITION_FUNDING, &with_currency, it.funding.as_ref().map(|it| it.per_day));
}

/// Prometheus knows floats alone; nothing here is reckoned with further.
fn set(page: &Page, metric: Metric, labels: &[&str], figure: Option<Figure>) {
    if let Some(figure) = figure.and_then(|it| f64::try_from(it.get()).ok()) {
        page.set(metric, labels, figure);
    }
}

fn is(page: &Page, metric: Metric, labels: &[&str], is_so: bool) {
    page.set(metric, labels, f64::from(u8::from(is_so)));
}
