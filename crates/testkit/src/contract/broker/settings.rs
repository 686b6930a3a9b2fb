//! Leverage, margin mode, position mode, isolated margin.

use super::orders::refused;
use crate::contract::stage::{BrokerStage, Trader};
use crate::contract::suite::{Failure, Outcome, ensure, ensure_eq, eventually};
use plimsoll_domain::{Decimal, Direction, Leverage, MarginMode, Money, NewOrder, PositionMode, PositionSide, Side};
use plimsoll_ports::{CommandError, NotSent, PlaceError, RefusalReason};

pub(super) async fn leverage_is_set_reported_and_set_again(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    for times in [7, 7, 3] {
        it.broker.set_leverage(&it.symbol, Leverage::new(times)?).await?;
    }
    it.go_long().await?;
    let reported = it.position(PositionSide::Both).await?.leverage;
    ensure_eq!(reported, Some(Leverage::new(3)?), "the position's leverage");
    it.broker.set_leverage(&it.symbol, Leverage::new(5)?).await?;
    eventually("the new leverage is reported", || async {
        let report = it.position(PositionSide::Both).await?;
        Ok((report.leverage == Some(Leverage::new(5)?)).then_some(()))
    })
    .await
}

pub(super) async fn leverage_beyond_the_table_is_refused(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let most = it.instrument.max_leverage(Money::ZERO);
    it.broker.set_leverage(&it.symbol, most).await?;
    let beyond = Leverage::new(most.get() + 1)?;
    match it.broker.set_leverage(&it.symbol, beyond).await {
        Err(CommandError::Refused(refusal)) => ensure_eq!(refusal.reason, RefusalReason::BadLeverage, "the refusal"),
        Err(CommandError::NotSent(NotSent::Invalid(_))) => {}
        other => ensure!(false, "not refused: {other:?}"),
    }
    Ok(())
}

pub(super) async fn margin_mode_is_set_reported_and_set_again(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    for mode in [MarginMode::Isolated, MarginMode::Isolated, MarginMode::Cross, MarginMode::Cross, MarginMode::Isolated]
    {
        it.broker.set_margin_mode(&it.symbol, mode).await?;
    }
    let report = it.go_long().await?;
    ensure_eq!(report.margin_mode, Some(MarginMode::Isolated), "margin mode");
    ensure!(report.isolated_margin.is_some_and(Money::is_positive), "no margin of its own: {report:?}");
    Ok(())
}

pub(super) async fn margin_mode_does_not_change_under_a_position(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    refused(it.broker.set_margin_mode(&it.symbol, MarginMode::Isolated).await, &[RefusalReason::Blocked])?;
    let report = it.position(PositionSide::Both).await?;
    ensure_eq!(report.margin_mode, Some(MarginMode::Cross), "margin mode");
    Ok(())
}

pub(super) async fn isolated_margin_is_added_and_taken_out(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.broker.set_leverage(&it.symbol, Leverage::new(2)?).await?;
    it.broker.set_margin_mode(&it.symbol, MarginMode::Isolated).await?;
    let before = margin(&it, it.go_long().await?.isolated_margin)?;
    for (amount, expected) in [(20, 20), (-15, 5)] {
        let amount = Money::new(Decimal::from(amount));
        it.broker.adjust_isolated_margin(&it.symbol, PositionSide::Both, amount).await?;
        let wanted = before + Money::new(Decimal::from(expected));
        eventually("the margin is moved", || async {
            let report = it.position(PositionSide::Both).await?;
            Ok((margin(&it, report.isolated_margin)? == wanted).then_some(()))
        })
        .await?;
    }
    Ok(())
}

pub(super) async fn a_cross_position_has_no_margin_of_its_own(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    let amount = Money::new(Decimal::TEN);
    match it.broker.adjust_isolated_margin(&it.symbol, PositionSide::Both, amount).await {
        Err(CommandError::Refused(_) | CommandError::NotSent(NotSent::Invalid(_))) => Ok(()),
        other => Err(Failure::new(format!("not refused: {other:?}"))),
    }
}

pub(super) async fn position_mode_is_set_reported_and_set_again(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    for mode in [PositionMode::Hedge, PositionMode::Hedge, PositionMode::OneWay, PositionMode::OneWay] {
        it.broker.set_position_mode(mode).await?;
        ensure_eq!(it.broker.account().await?.position_mode, mode, "position mode");
    }
    Ok(())
}

pub(super) async fn position_mode_does_not_change_under_a_position(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.go_long().await?;
    refused(it.broker.set_position_mode(PositionMode::Hedge).await, &[RefusalReason::Blocked])?;
    ensure_eq!(it.broker.account().await?.position_mode, PositionMode::OneWay, "position mode");
    Ok(())
}

pub(super) async fn hedge_legs_stand_side_by_side_and_close_alone(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    it.broker.set_position_mode(PositionMode::Hedge).await?;
    for (side, position_side) in [(Side::Buy, PositionSide::Long), (Side::Sell, PositionSide::Short)] {
        it.broker.place(&NewOrder { position_side, ..it.market(side) }).await?;
    }
    for (position_side, direction) in [(PositionSide::Long, Direction::Long), (PositionSide::Short, Direction::Short)] {
        let report = it.position(position_side).await?;
        let held = report.position.map(|position| (position.direction, position.quantity));
        ensure_eq!(held, Some((direction, it.size)), "the {position_side} leg");
    }
    // That it only reduces is said by side and leg; the flag is the adapter's to drop where the venue wants none.
    let close = NewOrder { position_side: PositionSide::Long, reduce_only: true, ..it.market(Side::Sell) };
    it.broker.place(&close).await?;
    eventually("the long leg is closed, the short stands", || async {
        let open = it.broker.positions().await?;
        let open: Vec<_> = open.iter().filter(|report| report.position.is_some()).collect();
        Ok(matches!(open.as_slice(), [report] if report.position_side == PositionSide::Short).then_some(()))
    })
    .await
}

pub(super) async fn an_order_for_the_wrong_mode_is_refused(stage: &dyn BrokerStage) -> Outcome {
    let it = Trader::new(stage).await?;
    let order = NewOrder { position_side: PositionSide::Long, ..it.market(Side::Buy) };
    match it.broker.place(&order).await {
        Err(PlaceError::Refused(refusal)) => {
            ensure_eq!(refusal.reason, RefusalReason::WrongPositionMode, "the refusal")
        }
        Err(PlaceError::NotSent(NotSent::Invalid(_))) => {}
        other => ensure!(false, "not refused: {other:?}"),
    }
    it.is_flat().await
}

fn margin(it: &Trader<'_>, margin: Option<Money>) -> Result<Money, Failure> {
    margin.ok_or_else(|| Failure::new(format!("no isolated margin is reported for {}", it.symbol)))
}
