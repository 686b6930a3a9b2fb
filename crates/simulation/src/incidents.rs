//! What a person should know of what guards and strategies tell.

use crate::world::World;
use plimsoll_domain::{AccountId, Change};
use plimsoll_engine::trading::TradingNews;
use plimsoll_engine::{AccountNews, Action, GuardNews, Link, LookoutNews, MonitorReport, Reconciliation};

/// `is_restart` until the first comparison after a restart has been told.
pub(crate) fn of_guard(world: &World, account: &AccountId, is_restart: &mut bool, news: &GuardNews) {
    match news {
        GuardNews::Reconciled(it) => of_reconciliation(world, account, std::mem::take(is_restart), it),
        GuardNews::NotReconciled(failure) => world.incident("not_reconciled", format!("{account}: {failure}")),
        GuardNews::Watched(report) => of_look(world, account, report),
        GuardNews::Blind(failure) => world.incident("blind", format!("{account}: {failure}")),
        GuardNews::Lookout(LookoutNews::Account(news)) => of_account(world, account, news),
        GuardNews::Lookout(LookoutNews::NotConnected { failure, .. }) => {
            world.incident("not_connected", format!("{account}: {failure}"));
        }
        GuardNews::Lookout(_) | GuardNews::Woken(_) | GuardNews::Stopped(_) => {}
    }
}

fn of_reconciliation(world: &World, account: &AccountId, is_restart: bool, it: &Reconciliation) {
    let summary = it.summary();
    if is_restart && summary.is_clean {
        return world.incident("restarted", format!("{account}: records and venue agree"));
    }
    for finding in summary.findings.iter().filter(|finding| is_restart || finding.kind != "trouble") {
        let of = finding.symbol.as_ref().map(|symbol| format!("{symbol}: ")).unwrap_or_default();
        world.incident("reconciled", format!("{account}: {of}{}: {}", finding.found, finding.done));
    }
}

fn of_look(world: &World, account: &AccountId, report: &MonitorReport) {
    for measure in report.measures.iter().filter(|it| it.has_acted() || it.has_failed()) {
        world.incident("kept_afloat", format!("{account}: {measure}"));
    }
    match &report.action {
        Action::None | Action::Defended => {}
        Action::Reduced(closed) => {
            let text = format!(
                "{account}: all positions together were too large, {} {} closed",
                closed.quantity, closed.symbol
            );
            world.incident("reduced", text);
        }
        Action::NotReduced(failed) => {
            world.incident("not_reduced", format!("{account}: {}: {}", failed.symbol, failed.failure));
        }
        Action::Flattened(it) => world.incident("flattened", format!("{account}: {}", it.reason)),
        Action::Stopped { reasons } => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            world.incident("kill_switch", format!("{account}: trading is stopped: {}", reasons.join("; ")));
        }
    }
    for trouble in &report.troubles {
        world.incident("trouble", format!("{account}: {trouble}"));
    }
}

fn of_account(world: &World, account: &AccountId, news: &AccountNews) {
    match news {
        AccountNews::Changed(Change::LiquidationExecuted(it)) => {
            let at = it.price.map(|price| format!(" at {price}")).unwrap_or_default();
            world.incident("liquidated", format!("{account}: {} was closed by force{at}", it.symbol));
        }
        AccountNews::Changed(Change::AdlExecuted(it)) => {
            world.incident("deleveraged", format!("{account}: {}", it.symbol));
        }
        AccountNews::Changed(Change::MarginCalled(it)) => {
            world.incident("margin_call", format!("{account}: {}", it.symbol));
        }
        AccountNews::Link(Link::Down { reason }) => world.incident("stream_down", format!("{account}: {reason}")),
        AccountNews::Differs(difference) => world.incident("differs", format!("{account}: {difference}")),
        _ => {}
    }
}

/// Takes down what strategies do.
pub(crate) fn of_trading(world: &World, names: &[String], news: &TradingNews) {
    let name = |seat: plimsoll_engine::desk::SeatIndex| names.get(seat.get()).map_or("", String::as_str);
    match news {
        TradingNews::Decided { seat, at, decision } => world.recorder().decision(*at, seat.get(), decision),
        TradingNews::Filled { seat, account, role, fill, made } => {
            if let Some(place) = world.place_of(account) {
                world.recorder().fill(seat.get(), place, role.as_fill().as_str(), fill, *made);
            }
        }
        TradingNews::Funded { seat, account, symbol, payment } => {
            if let Some(place) = world.place_of(account) {
                world.recorder().funding(seat.get(), place, symbol, *payment);
            }
        }
        TradingNews::Refused { seat, decision, reason } => {
            world.incident("refused", format!("{}: {} was refused: {reason}", name(*seat), decision.reason));
        }
        TradingNews::Stopped { seat, why } => world.incident("strategy_stopped", format!("{}: {why}", name(*seat))),
        TradingNews::Differs { seat, account, what } => {
            world.incident("differs", format!("{}: {account}: {what}", name(*seat)));
        }
        TradingNews::Foreign { account, fill } => {
            let (side, quantity, symbol, price) = (fill.side, fill.quantity, &fill.symbol, fill.price);
            let text =
                format!("{account}: {side} {quantity} of {symbol} at {price} is nobody's ({})", fill.client_order_id);
            world.incident("foreign_fill", text);
        }
        TradingNews::Trouble { what } => world.incident("trouble", what.clone()),
        TradingNews::Began { .. }
        | TradingNews::Reseated(_)
        | TradingNews::Done { .. }
        | TradingNews::Ended { .. }
        | TradingNews::Candle { .. } => {}
    }
}
