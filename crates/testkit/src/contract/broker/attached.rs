//! Stops that an order carries.

use crate::contract::stage::{BrokerStage, Trader};
use crate::contract::suite::{Failure, Outcome, ensure, ensure_eq, eventually};
use plimsoll_domain::{NewOrder, Order, OrderStatus, OrderType, Price, Side};
use plimsoll_ports::{NotSent, PlaceError};

pub(super) async fn a_stop_is_attached_or_nothing_is_sent(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let (entry, trigger) = (it.market(Side::Buy), it.off(-30).await?);
    let placed = it.broker.place_with_stop(&entry, trigger).await;
    if !it.broker.attaches_stops() {
        let is_invalid = matches!(placed, Err(PlaceError::NotSent(NotSent::Invalid(_))));
        ensure!(is_invalid, "a venue that attaches none has not said so: {placed:?}");
        ensure_eq!(it.broker.order(&it.symbol, &entry.client_order_id).await?, None, "the order that was not sent");
        it.is_flat().await?;
        return Ok(());
    }
    placed?;
    let filled = it.order_is("the entry has filled", &entry.client_order_id, |it| it.status.is_final()).await?;
    ensure_eq!((filled.status, filled.filled), (OrderStatus::Filled, Some(it.size)), "the entry");
    let stop = the_stop(&it, &entry, trigger).await?;
    // It is known, and cancelled, by the name that it is reported under.
    let found = it.broker.order(&it.symbol, &stop.client_order_id).await?;
    ensure_eq!(found.map(|found| found.order_id), Some(stop.order_id), "the stop by its name");
    it.broker.cancel(&it.symbol, &stop.client_order_id).await?;
    it.open_are(&[]).await?;
    Ok(())
}

pub(super) async fn an_attached_stop_closes_what_was_filled(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    if !it.broker.attaches_stops() {
        return Ok(());
    }
    let (entry, trigger) = (it.market(Side::Sell), it.off(30).await?);
    it.broker.place_with_stop(&entry, trigger).await?;
    the_stop(&it, &entry, trigger).await?;
    let through = it.off(40).await?;
    stage.move_price(through).await;
    it.is_flat().await?;
    it.open_are(&[]).await?;
    Ok(())
}

pub(super) async fn what_never_fills_has_no_stop(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    if !it.broker.attaches_stops() {
        return Ok(());
    }
    let (entry, trigger) = (it.resting().await?, it.off(-45).await?);
    it.broker.place_with_stop(&entry, trigger).await?;
    it.open_are(&[&entry.client_order_id]).await?;
    it.broker.cancel(&it.symbol, &entry.client_order_id).await?;
    it.order_is("the entry is final", &entry.client_order_id, |it| it.status.is_final()).await?;
    it.open_are(&[]).await?;
    Ok(())
}

/// The one order that rests, if it is a stop for all that was filled.
async fn the_stop(it: &Trader<'_>, entry: &NewOrder, trigger: Price) -> Result<Order, Failure> {
    let stop = eventually("the attached stop rests", || async {
        let open = it.broker.open_orders(Some(&it.symbol)).await?;
        Ok(open.into_iter().find(|order| order.client_order_id != entry.client_order_id))
    })
    .await?;
    ensure_eq!((stop.order_type, stop.trigger), (OrderType::StopMarket, Some(trigger)), "type and trigger");
    ensure_eq!((stop.side, stop.position_side), (entry.side.opposite(), entry.position_side), "side");
    ensure!(!stop.adds_exposure() && !stop.status.is_final(), "it does not rest to reduce: {stop:?}");
    let covers = stop.close_position || stop.quantity.is_some_and(|quantity| quantity >= it.size);
    ensure!(covers, "it does not cover what was filled: {stop:?}");
    it.open_are(&[&stop.client_order_id]).await?;
    Ok(stop)
}
