//! Settings: what is set is heard of, and nothing else is set with it.

use crate::actors::*;
use plimsoll_domain::{Leverage, MarginMode, PositionMode};

#[tokio::test]
async fn a_leverage_is_set_without_touching_the_margin_mode() {
    let stage = Stage::new().await;
    let (broker, of) = (&stage.broker, symbol());
    for mode in [MarginMode::Isolated, MarginMode::Cross] {
        broker.set_margin_mode(&of, mode).await.unwrap();
        broker.set_leverage(&of, Leverage::new(9).unwrap()).await.unwrap();
        broker.place(&market(Side::Buy)).await.unwrap();
        let positions = broker.positions().await.unwrap();
        let [held] = &positions[..] else { panic!("one position: {positions:?}") };
        assert_eq!((held.margin_mode, held.leverage), (Some(mode), Some(Leverage::new(9).unwrap())));
        broker.place(&NewOrder { reduce_only: true, ..market(Side::Sell) }).await.unwrap();
    }
}

#[tokio::test]
async fn a_position_mode_that_another_process_has_set_is_heard_of() {
    let stage = Stage::new().await;
    // This broker believes in one-way mode.
    stage.broker.place(&market(Side::Buy)).await.unwrap();
    stage.broker.place(&NewOrder { reduce_only: true, ..market(Side::Sell) }).await.unwrap();
    let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
    let other = GateioBroker::with_settings(endpoints, credentials(), Arc::new(stage.clock.clone()), settings());
    other.unwrap().set_position_mode(PositionMode::Hedge).await.unwrap();
    let leg = NewOrder { position_side: PositionSide::Long, ..market(Side::Buy) };
    stage.broker.place(&leg).await.expect("the mode is asked for again");
    let held = stage.broker.positions().await.unwrap();
    assert_eq!(held.iter().map(|it| it.position_side).collect::<Vec<_>>(), [PositionSide::Long]);
}

#[tokio::test]
async fn a_stop_goes_by_our_name_wherever_it_is_told() {
    let stage = Stage::new().await;
    let mut stream = stage.broker.account_stream();
    until(&mut stream, is_snapshot).await;
    stage.broker.place(&market(Side::Buy)).await.unwrap();
    let stop = OrderKind::StopMarket { trigger: "58000".parse().unwrap(), trigger_by: TriggerBy::Mark };
    let stop = NewOrder { size: OrderSize::WholePosition, reduce_only: true, ..order(Side::Sell, stop) };
    stage.broker.place(&stop).await.unwrap();
    until(&mut stream, is_order(&stop.client_order_id, OrderStatus::New)).await;
    let open = stage.broker.open_orders(Some(&symbol())).await.unwrap();
    assert_eq!(open.iter().map(|it| &it.client_order_id).collect::<Vec<_>>(), [&stop.client_order_id]);
    let found = stage.broker.order(&symbol(), &stop.client_order_id).await.unwrap().expect("it waits");
    assert!(found.close_position && found.order_type.is_conditional());
    stage.broker.cancel(&symbol(), &stop.client_order_id).await.unwrap();
    until(&mut stream, is_order(&stop.client_order_id, OrderStatus::Canceled)).await;
}
