//! Whether records and venue agree, and nothing is lost, doubled, orphaned or unprotected.

use crate::world::{WALLET, World, account, btc, eth};
use plimsoll_engine::Settings;
use plimsoll_ports::domain::{Money, Order, OrderType, Symbol, Timestamp};
use plimsoll_ports::*;
use std::collections::{BTreeMap, BTreeSet};

/// What is protected by what is part of the story, so it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Positions have this many take-profits, by symbol: of BTC and of ETH. `None`: any number.
    pub(crate) profits: Option<(usize, usize)>,
}

/// Everything that must hold once a process has reconciled; every broken promise, in words.
pub(crate) async fn broken(world: &World, expected: Expected) -> Vec<String> {
    let mut broken = Vec::new();
    positions_agree(world, &mut broken).await;
    trades_and_sums_agree(world, &mut broken).await;
    orders_belong(world, expected, &mut broken).await;
    nothing_is_doubled(world, &mut broken);
    broken
}

/// Records and venue agree, whatever protects what.
pub(crate) async fn broken_records(world: &World) -> Vec<String> {
    let mut broken = Vec::new();
    positions_agree(world, &mut broken).await;
    trades_and_sums_agree(world, &mut broken).await;
    nothing_is_doubled(world, &mut broken);
    broken
}

/// The stop of a symbol, if it is not at this price.
pub(crate) async fn other_stop(world: &World, symbol: &Symbol, expected: &str) -> Option<String> {
    let orders = world.broker.open_orders(Some(symbol)).await.unwrap();
    let stop = orders.iter().find(|order| order.order_type == OrderType::StopMarket)?;
    let expected = Some(expected.parse().unwrap());
    (stop.trigger != expected).then(|| format!("the stop is at {:?}, not {expected:?}", stop.trigger))
}

async fn positions_agree(world: &World, broken: &mut Vec<String>) {
    let held: BTreeSet<String> = world
        .broker
        .positions()
        .await
        .unwrap()
        .iter()
        .filter_map(|it| it.position.map(|held| (it, held)))
        .map(|(it, held)| {
            format!("{} {} {} {} {}", it.symbol, it.position_side, held.direction, held.quantity, held.entry)
        })
        .collect();
    let open = world.store.by_status(&account(), PositionStatus::Open).await.unwrap();
    let recorded: BTreeSet<String> = open
        .iter()
        .map(|it| &it.opened)
        .map(|it| format!("{} {} {} {} {}", it.symbol, it.side, it.direction, it.quantity, it.entry_price))
        .collect();
    if held != recorded {
        broken.push(format!("held {held:?}, recorded {recorded:?}"));
    }
}

async fn trades_and_sums_agree(world: &World, broken: &mut Vec<String>) {
    let start = Timestamp::default();
    let mut fills = BTreeSet::new();
    for symbol in [btc(), eth()] {
        let of_symbol = world.broker.fills(&symbol, start).await.unwrap();
        fills.extend(of_symbol.into_iter().map(|fill| format!("{} {}", fill.symbol, fill.trade_id)));
    }
    let trades = TradeRepository::since(&world.store, &account(), None, start).await.unwrap();
    let recorded: BTreeSet<String> =
        trades.iter().map(|it| format!("{} {}", it.fill.symbol, it.fill.trade_id)).collect();
    if fills != recorded {
        broken.push(format!("filled {fills:?}, recorded {recorded:?}"));
    }
    for trade in trades.iter().filter(|trade| trade.position.is_none()) {
        broken.push(format!("trade {} belongs to no position", trade.fill.trade_id));
    }
    let wallet = world.broker.balances().await.unwrap()[0].wallet.unwrap();
    let net: Money = world.store.totals(&account()).await.unwrap().iter().map(Totals::net).sum();
    if WALLET.parse::<Money>().unwrap() + net != wallet {
        broken.push(format!("the wallet holds {wallet}, the records earned {net}"));
    }
}

async fn orders_belong(world: &World, expected: Expected, broken: &mut Vec<String>) {
    let orders = world.broker.open_orders(None).await.unwrap();
    let positions = world.broker.positions().await.unwrap();
    let mut left: Vec<&Order> = orders.iter().collect();
    for report in &positions {
        let Some(held) = report.position else { continue };
        let key = (&report.symbol, report.position_side);
        let its =
            |order: &&Order| (&order.symbol, order.position_side) == key && order.side == held.direction.closing_side();
        let count = |kind| orders.iter().filter(its).filter(|it| it.order_type == kind && it.close_position).count();
        let found = (count(OrderType::StopMarket), count(OrderType::TakeProfitMarket));
        let profits = expected.profits.unwrap_or((found.1, found.1));
        let profits = if report.symbol == btc() { profits.0 } else { profits.1 };
        if found != (1, profits) {
            broken.push(format!("{key:?} has {} stops and {} take-profits, not (1, {profits})", found.0, found.1));
        }
        left.retain(|order| !its(order));
    }
    if !left.is_empty() {
        broken.push(format!("orders without a position: {left:?}"));
    }
    let resting: BTreeSet<&str> = orders.iter().map(|order| order.client_order_id.as_str()).collect();
    for entry in world.store.unfinished(&account()).await.unwrap() {
        let id = entry.order.client_order_id.as_str();
        if !(matches!(entry.state, JournalState::Accepted { .. }) && resting.contains(id)) {
            broken.push(format!("{} {id} is {:?} in the journal", entry.purpose.as_str(), entry.state));
        }
    }
    for order in &orders {
        let id = &order.client_order_id;
        let state = world.store.entry(&account(), id).await.unwrap().map(|entry| entry.state);
        if !matches!(state, Some(JournalState::Accepted { .. })) {
            broken.push(format!("{id} rests, and is {state:?} in the journal"));
        }
    }
}

/// No intent was executed twice, under one id or under two.
fn nothing_is_doubled(world: &World, broken: &mut Vec<String>) {
    let mut by_id: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |symbol: &Symbol| {
        world.venue.exchange(|exchange| {
            for placed in exchange.orders(&account(), symbol) {
                if placed.parent.is_none() {
                    *by_id.entry(placed.order.client_order_id.as_str().to_owned()).or_default() += 1;
                }
            }
            for placed in exchange.conditionals(&account(), symbol) {
                *by_id.entry(placed.order.client_order_id.as_str().to_owned()).or_default() += 1;
            }
        });
    };
    count(&btc());
    count(&eth());
    broken.extend(
        by_id.into_iter().filter(|(_, count)| *count > 1).map(|(id, count)| format!("{id} was placed {count} times")),
    );
}

/// A third process finds nothing left to do.
pub(crate) async fn is_settled(world: &World, settings: &Settings) -> Option<String> {
    let again = world.healthy(settings).reconcile().await.unwrap();
    (!again.is_clean()).then(|| format!("a second reconciliation is not clean: {:#?}", again.summary().findings))
}

/// What is held of a symbol, longs first.
pub(crate) async fn held(world: &World, symbol: &Symbol) -> String {
    let positions = world.broker.positions().await.unwrap();
    let of_symbol = positions.iter().filter(|it| it.symbol == *symbol).filter_map(|it| it.position);
    let mut held: Vec<String> = of_symbol.map(|held| format!("{} {}", held.direction, held.quantity)).collect();
    held.sort();
    if held.is_empty() { "flat".to_owned() } else { held.join(" ") }
}
