//! Questions.

use crate::contract::stage::{BrokerStage, Trader};
use crate::contract::suite::{Outcome, ensure, ensure_eq, eventually};
use plimsoll_domain::{BalanceReport, MarginMode, Money, OrderKind, PositionMode, PositionSide, Side, Symbol};
use plimsoll_ports::{QueryError, RefusalReason};
use std::time::Duration;

pub(super) async fn an_instrument_is_the_same_alone_and_in_the_list(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let listed = it.broker.instruments().await?.into_iter().find(|listed| listed.symbol == it.symbol);
    ensure_eq!(listed.as_ref(), Some(&it.instrument), "the contract in the list");
    ensure_eq!(it.instrument.venue, it.broker.venue(), "the contract's venue");
    ensure!(it.instrument.max_quantity >= it.instrument.min_quantity, "the largest order is below the smallest");
    ensure!(it.instrument.funding_interval_hours > 0, "funding has no interval");
    Ok(())
}

pub(super) async fn an_unknown_contract_is_not_trading(stage: &dyn BrokerStage) -> Outcome {
    let unknown = Symbol::new("NOSUCHCOIN", "USDT", "USDT")?;
    match stage.broker().instrument(&unknown).await {
        Err(QueryError::Refused(refusal)) => ensure_eq!(refusal.reason, RefusalReason::NotTrading, "the refusal"),
        other => ensure!(false, "not refused: {other:?}"),
    }
    Ok(())
}

pub(super) async fn a_fresh_account_is_flat_and_has_money(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let account = it.broker.account().await?;
    ensure!(account.positions.iter().all(|report| report.position.is_none()), "positions: {:?}", account.positions);
    ensure!(account.orders.is_empty(), "orders: {:?}", account.orders);
    ensure_eq!(account.position_mode, PositionMode::OneWay, "position mode");
    ensure!(it.broker.positions().await?.iter().all(|report| report.position.is_none()), "positions() differs");
    ensure!(it.broker.open_orders(None).await?.is_empty(), "open_orders() differs");
    let wallet = wallet(&it).await?;
    ensure!(wallet.is_positive(), "the wallet holds {wallet}");
    ensure_eq!(balance(&account.balances, &it).and_then(|it| it.wallet), Some(wallet), "the snapshot's wallet");
    Ok(())
}

pub(super) async fn a_snapshot_holds_positions_orders_and_balances(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    let (resting, stop) = (it.resting().await?, it.stop(60).await?);
    it.broker.place(&resting).await?;
    it.broker.place(&stop).await?;
    let mut open = it.open_are(&[&resting.client_order_id, &stop.client_order_id]).await?;
    let mut account = it.broker.account().await?;
    open.sort_by(|a, b| a.client_order_id.cmp(&b.client_order_id));
    account.orders.sort_by(|a, b| a.client_order_id.cmp(&b.client_order_id));
    ensure_eq!(account.orders, open, "the snapshot's orders");
    let report = account.positions.iter().find(|report| report.symbol == it.symbol && report.position.is_some());
    let Some(report) = report else {
        ensure!(false, "no position in {account:?}");
        return Ok(());
    };
    ensure_eq!(report.position.map(|position| position.quantity), Some(it.size), "size");
    ensure_eq!(report.position_side, PositionSide::Both, "position side");
    ensure_eq!(report.margin_mode, Some(MarginMode::Cross), "margin mode");
    ensure!(report.leverage.is_some(), "no leverage in {report:?}");
    ensure!(report.mark_price.is_some() && report.unrealized_pnl.is_some(), "no mark or profit in {report:?}");
    ensure!(report.maintenance_margin.is_some_and(Money::is_positive), "no maintenance margin in {report:?}");
    let Some(balance) = balance(&account.balances, &it) else {
        ensure!(false, "no balance in {account:?}");
        return Ok(());
    };
    ensure!(balance.wallet.is_some() && balance.available.is_some(), "no wallet or available in {balance:?}");
    ensure!(balance.available < balance.wallet, "the position and the order take no margin: {balance:?}");
    Ok(())
}

pub(super) async fn a_snapshot_is_older_than_what_follows(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let before = it.broker.account().await?;
    let order = it.market(Side::Buy);
    it.broker.place(&order).await?;
    it.position(PositionSide::Both).await?;
    let fills = it.broker.fills(&it.symbol, before.time).await?;
    ensure!(!fills.is_empty(), "the fill is older than the snapshot that came before it ({:?})", before.time);
    let after = it.broker.account().await?;
    ensure!(after.time >= before.time, "snapshots go back in time: {:?}, {:?}", before.time, after.time);
    Ok(())
}

pub(super) async fn fills_are_oldest_first_and_no_older_than_asked(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let since = it.broker.account().await?.time;
    for _ in 0..2 {
        it.broker.place(&it.order(Side::Buy, OrderKind::Market, it.quarters(1)?)).await?;
        let up = it.off(1).await?;
        stage.move_price(up).await;
    }
    let fills = eventually("both fills are there", || async {
        Ok(Some(it.broker.fills(&it.symbol, since).await?).filter(|fills| fills.len() >= 2))
    })
    .await?;
    ensure!(fills.is_sorted_by_key(|fill| fill.time), "not oldest first: {fills:?}");
    ensure!(fills.iter().all(|fill| fill.symbol == it.symbol && fill.time >= since), "not what was asked: {fills:?}");
    let mut ids: Vec<_> = fills.iter().map(|fill| &fill.trade_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ensure_eq!(ids.len(), fills.len(), "trade ids that differ");
    if let Some(last) = fills.last() {
        let late = it.broker.fills(&it.symbol, last.time).await?;
        ensure!(late.contains(last), "a fill of the very moment asked for is left out");
        let later = it.broker.fills(&it.symbol, last.time.plus(Duration::from_secs(1))).await?;
        ensure!(later.is_empty(), "older than asked: {later:?}");
    }
    Ok(())
}

pub(super) async fn booked_funding_is_what_the_wallet_lost(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let since = it.broker.account().await?.time;
    it.go_long().await?;
    let before = wallet(&it).await?;
    if !stage.settle_funding().await {
        println!("  left out: the stage cannot settle funding");
        return Ok(());
    }
    let payments = eventually("funding is booked", || async {
        Ok(Some(it.broker.funding_payments(since).await?).filter(|payments| !payments.is_empty()))
    })
    .await?;
    ensure!(payments.is_sorted_by_key(|payment| payment.time), "not oldest first: {payments:?}");
    ensure!(payments.iter().all(|payment| payment.id.is_some()), "without the venue's id: {payments:?}");
    ensure!(payments.iter().all(|payment| payment.symbol.as_ref() == Some(&it.symbol)), "wrong contract: {payments:?}");
    let paid: Money = payments.iter().map(|payment| payment.payment).sum();
    ensure_eq!(wallet(&it).await?, before - paid, "the wallet after funding of {paid}");
    if let Some(last) = payments.last() {
        let later = it.broker.funding_payments(last.time.plus(Duration::from_secs(1))).await?;
        ensure!(later.is_empty(), "older than asked: {later:?}");
    }
    Ok(())
}

pub(super) async fn wallet(it: &Trader<'_>) -> Result<Money, crate::contract::suite::Failure> {
    let balances = it.broker.balances().await?;
    let wallet = balance(&balances, it).and_then(|balance| balance.wallet);
    wallet.ok_or_else(|| crate::contract::suite::Failure::new(format!("no wallet in {balances:?}")))
}

fn balance<'a>(balances: &'a [BalanceReport], it: &Trader<'_>) -> Option<&'a BalanceReport> {
    balances.iter().find(|balance| balance.currency == it.instrument.settle)
}
