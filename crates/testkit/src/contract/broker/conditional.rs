//! Orders that wait for a price, and what is built on them.

use super::orders::refused;
use crate::contract::stage::{BrokerStage, Trader, fresh_id};
use crate::contract::suite::{Failure, Outcome, ensure, ensure_eq, eventually};
use plimsoll_domain::{
    Direction, NewOrder, OrderKind, OrderSize, OrderStatus, OrderType, PositionSide, Side, TriggerBy,
};
use plimsoll_ports::{
    Bracket, PlaceError, Protection, RefusalReason, SystemClock, cancel_all_orders, close_all, place_bracket,
};

pub(super) async fn a_stop_is_an_open_order_until_cancelled(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    let stop = it.stop(50).await?;
    let order_id = it.broker.place(&stop).await?;
    let open = it.open_are(&[&stop.client_order_id]).await?;
    let [open] = open.as_slice() else { return Err(Failure::new("one order")) };
    let OrderKind::StopMarket { trigger, .. } = stop.kind else { return Err(Failure::new("a stop")) };
    ensure_eq!((open.order_type, open.side), (OrderType::StopMarket, Side::Sell), "type and side");
    ensure_eq!((&open.order_id, open.status), (&order_id, OrderStatus::New), "id and status");
    ensure_eq!(open.trigger, Some(trigger), "trigger");
    ensure!(open.close_position && open.quantity.is_none(), "does not close the whole position: {open:?}");
    let found = it.broker.order(&it.symbol, &stop.client_order_id).await?;
    ensure_eq!(found.as_ref(), Some(open), "the order by its id");
    it.broker.cancel(&it.symbol, &stop.client_order_id).await?;
    it.open_are(&[]).await?;
    let found = it.order_is("the stop is final", &stop.client_order_id, |it| it.status.is_final()).await?;
    ensure_eq!(found.status, OrderStatus::Canceled, "status");
    refused(it.broker.cancel(&it.symbol, &stop.client_order_id).await, &[RefusalReason::UnknownOrder])
}

pub(super) async fn cancel_all_takes_conditional_orders_too(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    let (resting, stop) = (it.resting().await?, it.stop(50).await?);
    for order in [&resting, &stop] {
        it.broker.place(order).await?;
    }
    it.open_are(&[&resting.client_order_id, &stop.client_order_id]).await?;
    it.broker.cancel_all(&it.symbol).await?;
    it.open_are(&[]).await?;
    for order in [&resting, &stop] {
        let found = it.order_is("the order is final", &order.client_order_id, |it| it.status.is_final()).await?;
        ensure_eq!(found.status, OrderStatus::Canceled, "status");
    }
    it.broker.cancel_all(&it.symbol).await?;
    Ok(())
}

pub(super) async fn everything_is_cancelled_at_once_or_nothing_is(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    let (resting, stop) = (it.resting().await?, it.stop(50).await?);
    for order in [&resting, &stop] {
        it.broker.place(order).await?;
    }
    let ids = [&resting.client_order_id, &stop.client_order_id];
    let listed = it.open_are(&ids).await?;
    let Some(cancelled) = it.broker.cancel_everything(&listed).await? else {
        it.open_are(&ids).await?;
        return Ok(());
    };
    it.open_are(&[]).await?;
    for order in &listed {
        ensure!(cancelled.contains(&order.order_id), "{} is not told: {cancelled:?}", order.order_id);
        let found = it.order_is("the order is final", &order.client_order_id, |it| it.status.is_final()).await?;
        ensure_eq!(found.status, OrderStatus::Canceled, "status");
    }
    ensure_eq!(it.broker.cancel_everything(&listed).await?, Some(Vec::new()), "what is cancelled where nothing rests");
    Ok(())
}

pub(super) async fn a_stop_triggers_closes_and_is_reported_filled(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let since = it.broker.account().await?.time;
    it.go_long().await?;
    let stop = it.stop(30).await?;
    it.broker.place(&stop).await?;
    let (touch, through) = (it.off(-20).await?, it.off(-40).await?);
    stage.move_price(touch).await;
    it.open_are(&[&stop.client_order_id]).await?;
    stage.move_price(through).await;
    it.is_flat().await?;
    it.open_are(&[]).await?;
    let found = it.order_is("the stop is final", &stop.client_order_id, |it| it.status.is_final()).await?;
    ensure_eq!((found.status, found.filled), (OrderStatus::Filled, Some(it.size)), "status and filled");
    let traded_by = found.child.as_ref().unwrap_or(&found.order_id);
    let fills = it.broker.fills(&it.symbol, since).await?;
    let sold = fills.iter().any(|fill| fill.side == Side::Sell && fill.order_id == *traded_by);
    ensure!(sold, "no fill belongs to the order that is reported filled: {found:?}, {fills:?}");
    Ok(())
}

pub(super) async fn a_take_profit_of_a_short_triggers_below(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.broker.place(&it.market(Side::Sell)).await?;
    let report = it.position(PositionSide::Both).await?;
    ensure_eq!(report.position.map(|position| position.direction), Some(Direction::Short), "direction");
    let kind = OrderKind::TakeProfitMarket { trigger: it.off(-30).await?, trigger_by: TriggerBy::Last };
    let order = NewOrder { reduce_only: true, ..it.order(Side::Buy, kind, it.size) };
    it.broker.place(&order).await?;
    let open = it.open_are(&[&order.client_order_id]).await?;
    ensure!(open.iter().all(|open| open.order_type == OrderType::TakeProfitMarket && open.reduce_only), "{open:?}");
    let through = it.off(-40).await?;
    stage.move_price(through).await;
    it.is_flat().await?;
    let found = it.order_is("the order is final", &order.client_order_id, |it| it.status.is_final()).await?;
    ensure_eq!(found.status, OrderStatus::Filled, "status");
    Ok(())
}

pub(super) async fn a_trigger_already_passed_is_refused(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    match it.broker.place(&it.stop(-30).await?).await {
        Err(PlaceError::Refused(refusal)) => ensure_eq!(refusal.reason, RefusalReason::WouldTrigger, "the refusal"),
        other => ensure!(false, "not refused: {other:?}"),
    }
    it.open_are(&[]).await?;
    Ok(())
}

pub(super) async fn a_bracket_stands_behind_its_entry(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let protection = async |thousandths| {
        let (client_order_id, trigger_by) = (fresh_id(), TriggerBy::Mark);
        Ok::<_, Failure>(Protection { client_order_id, trigger: it.off(thousandths).await?, trigger_by })
    };
    let (stop_loss, take_profit) = (protection(-30).await?, Some(protection(30).await?));
    let bracket = Bracket { entry: it.market(Side::Buy), stop_loss, take_profit };
    let placed = place_bracket(&*it.broker, &SystemClock, &bracket).await?;
    ensure_eq!((placed.entry.status, placed.entry.filled), (OrderStatus::Filled, Some(it.size)), "the entry");
    let ids = [Some(&bracket.stop_loss), bracket.take_profit.as_ref()];
    let ids: Vec<_> = ids.into_iter().flatten().map(|protection| &protection.client_order_id).collect();
    let open = it.open_are(&ids).await?;
    ensure!(open.iter().all(|order| order.close_position), "not the whole position: {open:?}");
    let through = it.off(40).await?;
    stage.move_price(through).await;
    it.is_flat().await
}

pub(super) async fn close_all_leaves_nothing_behind(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    it.broker.place(&it.resting().await?).await?;
    it.broker.place(&it.stop(50).await?).await?;
    // A full-size reduce-only target takes the room of every other reduce-only order.
    let target = OrderKind::Limit { price: it.off(40).await?, time_in_force: plimsoll_domain::TimeInForce::Gtc };
    it.broker.place(&NewOrder { reduce_only: true, ..it.order(Side::Sell, target, it.size) }).await?;
    eventually("three orders are open", || async { Ok((it.broker.open_orders(None).await?.len() == 3).then_some(())) })
        .await?;
    let closed = close_all(&*it.broker, &SystemClock, &fresh_id).await?;
    ensure_eq!(closed.orders.len(), 1, "closing orders");
    ensure!(closed.orders.iter().all(|order| order.size == OrderSize::Quantity(it.size)), "{closed:?}");
    it.is_flat().await?;
    it.open_are(&[]).await?;
    it.broker.place(&it.resting().await?).await?;
    cancel_all_orders(&*it.broker, &SystemClock).await?;
    it.open_are(&[]).await?;
    Ok(())
}
