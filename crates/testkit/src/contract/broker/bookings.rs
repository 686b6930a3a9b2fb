//! What is booked beside fills and funding.

use super::reads::wallet;
use crate::contract::stage::{BrokerStage, Trader};
use crate::contract::suite::{Failure, Outcome, ensure, ensure_eq, eventually};
use plimsoll_domain::{Booking, BookingKind, Leverage, MarginMode, Money, Side, Timestamp};
use std::time::Duration;

pub(super) async fn a_transfer_is_booked_as_one(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let (since, before) = (it.broker.account().await?.time, wallet(&it).await?);
    // What the account was opened with may be booked at this very moment.
    let known = it.broker.bookings(since).await?;
    let (put_in, taken_out): (Money, Money) = ("125.5".parse()?, "-25.25".parse()?);
    if !stage.transfer(put_in).await {
        println!("  left out: the stage cannot transfer");
        return Ok(());
    }
    ensure!(stage.transfer(taken_out).await, "the stage can put in and not take out");
    let booked = eventually("both transfers are booked", || async {
        let mut booked = it.broker.bookings(since).await?;
        booked.retain(|booking| !known.contains(booking));
        Ok((booked.len() >= 2).then_some(booked))
    })
    .await?;
    ensure_eq!(booked.iter().map(|it| it.amount).collect::<Vec<_>>(), [put_in, taken_out], "oldest first");
    for booking in &booked {
        ensure_eq!(booking.kind, BookingKind::Transfer, "the kind of {booking:?}");
        ensure_eq!(booking.currency, it.instrument.settle, "the currency of {booking:?}");
    }
    ensure_eq!(wallet(&it).await?, before + put_in + taken_out, "the wallet");
    well_told(&it, &booked).await
}

pub(super) async fn a_liquidations_clearance_is_booked(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let (since, before) = (it.broker.account().await?.time, wallet(&it).await?);
    let known = it.broker.bookings(since).await?;
    be_liquidated(&it).await?;
    let cleared = eventually("the clearance is booked", || async {
        let booked = it.broker.bookings(since).await?;
        let cleared = |it: &Booking| !known.contains(it) && it.kind == BookingKind::LiquidationClearance;
        Ok(Some(booked.into_iter().filter(cleared).collect::<Vec<_>>()).filter(|cleared| !cleared.is_empty()))
    })
    .await?;
    let charged: Money = cleared.iter().map(|booking| booking.amount).sum();
    ensure!(charged.is_negative(), "nothing was charged: {cleared:?}");
    ensure!(cleared.iter().all(|booking| booking.symbol.as_ref() == Some(&it.symbol)), "wrong contract: {cleared:?}");
    ensure_eq!(wallet(&it).await?, before + traded(&it, since).await? + charged, "the wallet");
    well_told(&it, &cleared).await
}

pub(super) async fn all_that_changes_a_wallet_is_told(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let (since, before) = (it.broker.account().await?.time, wallet(&it).await?);
    let known = it.broker.bookings(since).await?;
    it.go_long().await?;
    let settled = stage.settle_funding().await;
    stage.transfer("75".parse()?).await;
    it.broker.place(&it.market(Side::Sell)).await?;
    it.is_flat().await?;
    be_liquidated(&it).await?;
    eventually("trades, funding and bookings add up to the wallet", || async {
        let mut booked = it.broker.bookings(since).await?;
        booked.retain(|booking| !known.contains(booking));
        let funding: Money = it.broker.funding_payments(since).await?.iter().map(|payment| payment.payment).sum();
        let told = traded(&it, since).await? - funding + booked.iter().map(|booking| booking.amount).sum::<Money>();
        Ok((wallet(&it).await? == before + told && settled != funding.is_zero()).then_some(()))
    })
    .await
}

/// Loses a long that twenty times its margin leaves no room for.
async fn be_liquidated(it: &Trader<'_>) -> Outcome {
    it.broker.set_margin_mode(&it.symbol, MarginMode::Isolated).await?;
    it.broker.set_leverage(&it.symbol, Leverage::new(20)?).await?;
    it.go_long().await?;
    // Below maintenance, and still above bankruptcy: something is left to be charged.
    let beyond = it.off(-47).await?;
    it.stage.move_price(beyond).await;
    it.is_flat().await
}

/// What the fills since then brought, fees deducted.
async fn traded(it: &Trader<'_>, since: Timestamp) -> Result<Money, Failure> {
    let fills = it.broker.fills(&it.symbol, since).await?;
    Ok(fills.iter().map(|fill| fill.realized_pnl.unwrap_or_default() - fill.fee).sum())
}

/// Each once, oldest first, with an id of its own, and nothing older than asked.
async fn well_told(it: &Trader<'_>, booked: &[Booking]) -> Outcome {
    ensure!(booked.is_sorted_by_key(|booking| booking.time), "not oldest first: {booked:?}");
    let mut ids: Vec<&str> = booked.iter().map(|booking| booking.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ensure!(ids.len() == booked.len() && !ids.contains(&""), "not an id for each: {booked:?}");
    if let Some(last) = booked.last() {
        let late = it.broker.bookings(last.time).await?;
        ensure!(late.contains(last), "a booking of the very moment asked for is left out");
        let later = it.broker.bookings(last.time.plus(Duration::from_secs(1))).await?;
        ensure!(later.is_empty(), "older than asked: {later:?}");
    }
    Ok(())
}
