//! Figures for whoever collects them, through the `metrics` facade. Without the feature `metrics` nothing is recorded, and
//! no outside crate is linked.
//!
//! | name | kind | what |
//! |---|---|---|
//! | `plimsoll_account_order_update_latency_seconds` | histogram | from the venue's change of an order to our hearing of it |
//! | `plimsoll_account_balance_changes_total` | counter | balances that changed |
//! | `plimsoll_account_position_updates_total` | counter | positions that changed, by symbol |
//! | `plimsoll_account_sessions_total` | counter | private sessions by `outcome`: `connected`, `lost`, `refused` |
//! | `plimsoll_account_gap_seconds` | histogram | how long the account was in doubt |
//! | `plimsoll_account_resync_seconds` | histogram | how long reading the account took |
//! | `plimsoll_account_audits_total`, `…_audit_differences_total` | counter | audits, and what they found |
//! | `plimsoll_account_liquidation_warnings_total` | counter | by `origin`: `venue`, `derived` |
//! | `plimsoll_account_open_positions` | gauge | by symbol |
//! | `plimsoll_account_unrealized_pnl`, `…_equity`, `…_margin_used`, `…_margin_ratio` | gauge | in the settle currency |
//!
//! A session that ends before it was connected counts as `refused`: a wrong key, a venue that is away, or both.

use super::news::AccountNews;
use plimsoll_domain::{AccountEvent, Change, MarginFigures, PositionFigures, Timestamp};
use std::time::Duration;

#[cfg(feature = "metrics")]
mod recorded {
    use super::super::news::Derived;
    use super::*;
    use metrics::{counter, gauge, histogram};
    use plimsoll_domain::{Decimal, Money};
    use std::collections::BTreeMap;

    pub(in super::super) fn connected() {
        counter!("plimsoll_account_sessions_total", "outcome" => "connected").increment(1);
    }

    pub(in super::super) fn disconnected(was_connected: bool) {
        let outcome = if was_connected { "lost" } else { "refused" };
        counter!("plimsoll_account_sessions_total", "outcome" => outcome).increment(1);
    }

    pub(in super::super) fn event(event: &AccountEvent, now: Timestamp) {
        if let AccountEvent::Order(order) = event {
            let latency = now.since(order.updated.time);
            histogram!("plimsoll_account_order_update_latency_seconds").record(latency);
        }
    }

    pub(in super::super) fn changed(change: &Change) {
        match change {
            Change::BalanceChanged { .. } => counter!("plimsoll_account_balance_changes_total").increment(1),
            Change::PositionOpened { symbol, .. } | Change::PositionUpdated { symbol, .. } => moved(symbol.as_str()),
            Change::PositionClosed(closed) | Change::PositionLiquidated(closed) => moved(closed.symbol.as_str()),
            Change::LiquidationNear(_) => warned("venue"),
            _ => {}
        }
    }

    fn moved(symbol: &str) {
        counter!("plimsoll_account_position_updates_total", "symbol" => symbol.to_owned()).increment(1);
    }

    fn warned(origin: &'static str) {
        counter!("plimsoll_account_liquidation_warnings_total", "origin" => origin).increment(1);
    }

    pub(in super::super) fn derived(news: &AccountNews) {
        if let AccountNews::Derived(Derived::LiquidationWarning { .. }) = news {
            warned("derived");
        }
    }

    pub(in super::super) fn gap_closed(length: Duration) {
        histogram!("plimsoll_account_gap_seconds").record(length);
    }

    pub(in super::super) fn resynchronised(took: Duration) {
        histogram!("plimsoll_account_resync_seconds").record(took);
    }

    pub(in super::super) fn audited(differences: usize) {
        counter!("plimsoll_account_audits_total").increment(1);
        counter!("plimsoll_account_audit_differences_total").increment(u64::try_from(differences).unwrap_or(u64::MAX));
    }

    pub(in super::super) fn judged(positions: &[PositionFigures], margin: &MarginFigures) {
        let mut held: BTreeMap<&str, u32> = BTreeMap::new();
        for it in positions {
            *held.entry(it.held.symbol.as_str()).or_default() += 1;
        }
        for (symbol, count) in held {
            gauge!("plimsoll_account_open_positions", "symbol" => symbol.to_owned()).set(count);
        }
        let money = |name: &'static str, amount: Option<Money>| set(name, amount.map(Money::get));
        money("plimsoll_account_unrealized_pnl", margin.unrealized_pnl);
        money("plimsoll_account_equity", margin.equity);
        money("plimsoll_account_margin_used", margin.used);
        set("plimsoll_account_margin_ratio", margin.margin_ratio.map(plimsoll_domain::MarginRatio::get));
    }

    /// A figure that is not known keeps its last value: a gauge has no word for "unknown".
    fn set(name: &'static str, figure: Option<Decimal>) {
        if let Some(figure) = figure.and_then(|figure| f64::try_from(figure).ok()) {
            gauge!(name).set(figure);
        }
    }
}

#[cfg(feature = "metrics")]
pub(super) use recorded::*;

#[cfg(not(feature = "metrics"))]
mod silent {
    use super::*;

    pub(in super::super) const fn connected() {}
    pub(in super::super) const fn disconnected(_: bool) {}
    pub(in super::super) const fn event(_: &AccountEvent, _: Timestamp) {}
    pub(in super::super) const fn changed(_: &Change) {}
    pub(in super::super) const fn derived(_: &AccountNews) {}
    pub(in super::super) const fn gap_closed(_: Duration) {}
    pub(in super::super) const fn resynchronised(_: Duration) {}
    pub(in super::super) const fn audited(_: usize) {}
    pub(in super::super) const fn judged(_: &[PositionFigures], _: &MarginFigures) {}
}

#[cfg(not(feature = "metrics"))]
pub(super) use silent::*;
