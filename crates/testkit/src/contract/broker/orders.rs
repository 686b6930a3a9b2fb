//! Orders that are not conditional.

use super::reads::wallet;
use crate::contract::stage::{BrokerStage, Trader, fresh_id};
use crate::contract::suite::{Failure, Outcome, ensure, ensure_eq, eventually};
use plimsoll_domain::{
    Decimal, Direction, Fill, FillCause, Leverage, Liquidity, MarginMode, Money, NewOrder, OrderId, OrderKind,
    OrderStatus, OrderType, PositionSide, Quantity, Side, TimeInForce, Timestamp,
};
use plimsoll_ports::{CommandError, NotSent, PlaceError, RefusalReason};

pub(super) async fn a_market_order_fills_and_is_looked_up(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let since = it.broker.account().await?.time;
    let order = it.market(Side::Buy);
    let order_id = it.broker.place(&order).await?;
    let found = it.order_is("the order is filled", &order.client_order_id, |it| it.status.is_final()).await?;
    ensure_eq!(found.status, OrderStatus::Filled, "status");
    ensure_eq!(found.order_id, order_id, "the venue's id");
    ensure_eq!((found.side, found.order_type), (Side::Buy, OrderType::Market), "side and type");
    ensure_eq!(found.filled, Some(it.size), "filled");
    let fills = fills_of(&it, &order, since).await?;
    let quantity: Decimal = fills.iter().map(|fill| fill.quantity.get()).sum();
    ensure_eq!(quantity, it.size.get(), "the fills' sum");
    ensure!(fills.iter().all(|fill| fill.order_id == order_id), "another order's fills: {fills:?}");
    ensure!(fills.iter().all(|fill| fill.side == Side::Buy && fill.liquidity == Some(Liquidity::Taker)), "{fills:?}");
    let cost: Money = fills.iter().map(|fill| fill.quantity * fill.price).sum();
    let Some(position) = it.position(PositionSide::Both).await?.position else {
        return Err(Failure::new("no position"));
    };
    ensure_eq!((position.direction, position.quantity), (Direction::Long, it.size), "position");
    let drift = (position.notional(position.entry) - cost).abs();
    let tolerance = Money::new(it.instrument.tick.get() * it.size.get());
    ensure!(drift <= tolerance, "entry {} is not the fills' mean {fills:?}", position.entry);
    Ok(())
}

pub(super) async fn a_fill_costs_the_wallet_its_fee(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let since = it.broker.account().await?.time;
    let before = wallet(&it).await?;
    let order = it.market(Side::Sell);
    it.broker.place(&order).await?;
    let fills = fills_of(&it, &order, since).await?;
    ensure!(fills.iter().all(|fill| fill.fee_currency.as_ref() == Some(&it.instrument.settle)), "{fills:?}");
    let fees: Money = fills.iter().map(|fill| fill.fee).sum();
    ensure_eq!(wallet(&it).await?, before - fees, "the wallet after fees of {fees}");
    Ok(())
}

pub(super) async fn a_limit_order_rests_until_cancelled(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let order = it.resting().await?;
    let order_id = it.broker.place(&order).await?;
    let open = it.open_are(&[&order.client_order_id]).await?;
    let [open] = open.as_slice() else { return Err(Failure::new("one order")) };
    let OrderKind::Limit { price, .. } = order.kind else { return Err(Failure::new("a limit order")) };
    ensure_eq!((&open.order_id, open.status), (&order_id, OrderStatus::New), "id and status");
    ensure_eq!((open.price, open.quantity, open.filled), (Some(price), Some(it.size), None), "price, size, filled");
    ensure_eq!(open.time_in_force, Some(TimeInForce::Gtc), "time in force");
    it.broker.cancel(&it.symbol, &order.client_order_id).await?;
    it.open_are(&[]).await?;
    let found = it.order_is("the order is final", &order.client_order_id, |it| it.status.is_final()).await?;
    ensure_eq!((found.status, found.order_id), (OrderStatus::Canceled, order_id), "status and id");
    Ok(())
}

pub(super) async fn a_resting_order_fills_when_the_price_comes(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let since = it.broker.account().await?.time;
    let order = it.resting().await?;
    it.broker.place(&order).await?;
    let through = it.off(-60).await?;
    stage.move_price(through).await;
    let found = it.order_is("the order is filled", &order.client_order_id, |it| it.status.is_final()).await?;
    ensure_eq!(found.status, OrderStatus::Filled, "status");
    let fills = fills_of(&it, &order, since).await?;
    ensure!(fills.iter().all(|fill| fill.liquidity == Some(Liquidity::Maker)), "not a maker: {fills:?}");
    it.position(PositionSide::Both).await?;
    it.open_are(&[]).await?;
    Ok(())
}

pub(super) async fn cancelling_twice_is_an_unknown_order(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let order = it.resting().await?;
    it.broker.place(&order).await?;
    it.broker.cancel(&it.symbol, &order.client_order_id).await?;
    refused(it.broker.cancel(&it.symbol, &order.client_order_id).await, &[RefusalReason::UnknownOrder])?;
    let filled = it.market(Side::Buy);
    it.broker.place(&filled).await?;
    refused(it.broker.cancel(&it.symbol, &filled.client_order_id).await, &[RefusalReason::UnknownOrder])
}

pub(super) async fn an_unknown_order_is_none_not_an_error(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    ensure_eq!(it.broker.order(&it.symbol, &fresh_id()).await?, None, "an order that never was");
    refused(it.broker.cancel(&it.symbol, &fresh_id()).await, &[RefusalReason::UnknownOrder])
}

pub(super) async fn an_amended_order_keeps_its_ids(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let order = it.resting().await?;
    let order_id = it.broker.place(&order).await?;
    let (quantity, price) = (it.quarters(3)?, it.off(-50).await?);
    let outcome = it.broker.amend(&it.symbol, &order.client_order_id, quantity, price).await;
    let open = it.open_are(&[&order.client_order_id]).await?;
    let [open] = open.as_slice() else { return Err(Failure::new("one order")) };
    ensure_eq!(&open.order_id, &order_id, "the venue's id");
    if let Err(CommandError::NotSent(NotSent::Invalid(_))) = outcome {
        println!("  left as it was: the venue changes no order in its place");
        let OrderKind::Limit { price, .. } = order.kind else { return Err(Failure::new("a limit order")) };
        ensure_eq!((open.quantity, open.price), (Some(it.size), Some(price)), "size and price");
        return Ok(());
    }
    outcome?;
    ensure_eq!((open.quantity, open.price), (Some(quantity), Some(price)), "size and price");
    Ok(())
}

pub(super) async fn amending_an_unknown_order_is_refused(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let price = it.off(-50).await?;
    refused(it.broker.amend(&it.symbol, &fresh_id(), it.size, price).await, &[RefusalReason::UnknownOrder])
}

/// A venue may refuse the id as taken, or take it for a new order: what the broker says is what the book holds.
pub(super) async fn an_id_in_use_is_never_taken_for_success_of_the_second(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let order = it.resting().await?;
    it.broker.place(&order).await?;
    let open = match it.broker.place(&order).await {
        Err(PlaceError::Refused(refusal)) => {
            ensure_eq!(refusal.reason, RefusalReason::DuplicateId, "the refusal");
            1
        }
        Ok(_) => 2,
        Err(other) => return Err(Failure::new(other)),
    };
    eventually("the book holds what was said", || async {
        Ok((it.broker.open_orders(Some(&it.symbol)).await?.len() == open).then_some(()))
    })
    .await
}

pub(super) async fn a_post_only_order_never_takes(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let kind = OrderKind::Limit { price: it.off(20).await?, time_in_force: TimeInForce::PostOnly };
    let order = it.order(Side::Buy, kind, it.size);
    refused_or_final(&it, &order, RefusalReason::WouldTake).await?;
    let kind = OrderKind::Limit { price: it.off(-20).await?, time_in_force: TimeInForce::PostOnly };
    let order = it.order(Side::Buy, kind, it.size);
    it.broker.place(&order).await?;
    let open = it.open_are(&[&order.client_order_id]).await?;
    ensure!(open.iter().all(|order| order.time_in_force == Some(TimeInForce::PostOnly)), "{open:?}");
    Ok(())
}

pub(super) async fn a_fill_or_kill_order_that_cannot_fill_leaves_nothing(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let kind = OrderKind::Limit { price: it.off(-20).await?, time_in_force: TimeInForce::Fok };
    refused_or_final(&it, &it.order(Side::Buy, kind, it.size), RefusalReason::CannotFill).await
}

pub(super) async fn an_immediate_or_cancel_order_leaves_nothing(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let kind = OrderKind::Limit { price: it.off(-20).await?, time_in_force: TimeInForce::Ioc };
    refused_or_final(&it, &it.order(Side::Buy, kind, it.size), RefusalReason::CannotFill).await
}

pub(super) async fn a_size_off_the_lot_leaves_nothing(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let off = Quantity::new(it.size.get() + it.instrument.lot.get() / Decimal::TEN)?;
    let order = it.order(Side::Buy, OrderKind::Market, off);
    match it.broker.place(&order).await {
        Err(PlaceError::Refused(refusal)) => ensure_eq!(refusal.reason, RefusalReason::BadSizeOrPrice, "the refusal"),
        Err(PlaceError::NotSent(NotSent::Invalid(_))) => {}
        other => ensure!(false, "a size off the lot was taken: {other:?}"),
    }
    it.is_flat().await
}

pub(super) async fn an_order_beyond_the_margin_is_refused(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let beyond = wallet(&it).await?.get() * Decimal::from(150) / stage.price().await.get();
    let lots = (beyond / it.instrument.lot.get()).floor() * it.instrument.lot.get();
    let order = it.order(Side::Buy, OrderKind::Market, Quantity::new(lots)?.min(it.instrument.max_market_quantity));
    let reasons = [RefusalReason::InsufficientMargin, RefusalReason::BadLeverage];
    match it.broker.place(&order).await {
        Err(PlaceError::Refused(refusal)) => ensure!(reasons.contains(&refusal.reason), "{refusal}"),
        other => ensure!(false, "not refused: {other:?}"),
    }
    it.is_flat().await
}

pub(super) async fn a_reduce_only_order_opens_nothing(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let order = NewOrder { reduce_only: true, ..it.market(Side::Sell) };
    refused_or_final(&it, &order, RefusalReason::NothingToReduce).await
}

pub(super) async fn a_reduce_only_order_reduces_and_closes(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let entry = it.go_long().await?.position.map(|position| position.entry);
    let half = it.order(Side::Sell, OrderKind::Market, it.quarters(2)?);
    it.broker.place(&NewOrder { reduce_only: true, ..half }).await?;
    let rest = eventually("half is left", || async {
        let report = it.position(PositionSide::Both).await?;
        Ok(report.position.filter(|position| position.quantity < it.size))
    })
    .await?;
    ensure_eq!((Some(rest.entry), rest.quantity), (entry, it.quarters(2)?), "entry and size of the rest");
    let other_half = it.order(Side::Sell, OrderKind::Market, it.quarters(2)?);
    it.broker.place(&NewOrder { reduce_only: true, ..other_half }).await?;
    it.is_flat().await
}

pub(super) async fn a_forced_close_is_told_from_an_order_of_ours(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let since = it.broker.account().await?.time;
    it.broker.set_margin_mode(&it.symbol, MarginMode::Isolated).await?;
    it.broker.set_leverage(&it.symbol, Leverage::new(20)?).await?;
    it.go_long().await?;
    // Twenty times the margin has no room for a twelfth.
    let beyond = it.off(-80).await?;
    stage.move_price(beyond).await;
    it.is_flat().await?;
    let fills = eventually("the forced close is among the fills", || async {
        let fills = it.broker.fills(&it.symbol, since).await?;
        Ok(fills.iter().any(|fill| fill.side == Side::Sell).then_some(fills))
    })
    .await?;
    for fill in &fills {
        let forced = fill.side == Side::Sell;
        ensure_eq!(fill.cause == FillCause::Liquidation, forced, "forced, of {fill:?}");
    }
    Ok(())
}

/// The order's fills, once they add up to its size.
async fn fills_of(it: &Trader<'_>, order: &NewOrder, since: Timestamp) -> Result<Vec<Fill>, Failure> {
    eventually("the fills add up", || async {
        let mut fills = it.broker.fills(&it.symbol, since).await?;
        fills.retain(|fill| fill.client_order_id == order.client_order_id);
        let sum: Decimal = fills.iter().map(|fill| fill.quantity.get()).sum();
        Ok((sum >= it.size.get()).then_some(fills))
    })
    .await
}

/// Refused for one of these reasons.
pub(super) fn refused(outcome: Result<(), CommandError>, reasons: &[RefusalReason]) -> Outcome {
    match outcome {
        Err(CommandError::Refused(refusal)) => ensure!(reasons.contains(&refusal.reason), "refused, but: {refusal:?}"),
        other => ensure!(false, "not refused: {other:?}"),
    }
    Ok(())
}

/// Refused for this reason, or taken and ended at once without a fill: either way nothing is left.
async fn refused_or_final(it: &Trader<'_>, order: &NewOrder, reason: RefusalReason) -> Outcome {
    let placed: Result<OrderId, PlaceError> = it.broker.place(order).await;
    match placed {
        Err(PlaceError::Refused(refusal)) => ensure_eq!(refusal.reason, reason, "the refusal"),
        Err(other) => ensure!(false, "neither refused nor taken: {other}"),
        Ok(_) => {
            let ended = it.order_is("the order has ended", &order.client_order_id, |it| it.status.is_final()).await?;
            ensure!(ended.filled.is_none(), "filled: {ended:?}");
        }
    }
    it.open_are(&[]).await?;
    it.is_flat().await
}
