//! Orders whose fate is not known, and orders that never left.

use crate::actors::*;

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_found() {
    let stage = Stage::new().await;
    let proxy = Proxy::start(&stage.venue.rest_url()).await;
    let endpoints = Endpoints::custom(proxy.url(), stage.venue.ws_url());
    let broker = BinanceBroker::new(endpoints, credentials(), Arc::new(stage.clock.clone())).unwrap();
    let (lost, gone) = (market(Side::Buy), resting());

    proxy.swallow_answers_to("POST /fapi/v1/order");
    let outcome = broker.place(&lost).await;
    assert!(matches!(outcome, Err(PlaceError::Unanswered(_))), "{outcome:?}");
    let found = broker.order(&symbol(), &lost.client_order_id).await.unwrap().expect("it was executed");
    assert_eq!(found.status, OrderStatus::Filled);

    proxy.swallow_requests_to("POST /fapi/v1/order");
    let outcome = broker.place(&gone).await;
    assert!(matches!(outcome, Err(PlaceError::Unanswered(_))), "{outcome:?}");
    assert_eq!(broker.order(&symbol(), &gone.client_order_id).await.unwrap(), None);

    proxy.swallow_answers_to("DELETE /fapi/v1/order");
    proxy.behave_for("POST /fapi/v1/order");
    broker.place(&gone).await.unwrap();
    let outcome = broker.cancel(&symbol(), &gone.client_order_id).await;
    assert!(matches!(outcome, Err(CommandError::Unanswered(_))), "{outcome:?}");
    let found = broker.order(&symbol(), &gone.client_order_id).await.unwrap().expect("it is known");
    assert_eq!(found.status, OrderStatus::Canceled);

    proxy.swallow_answers_to("GET /fapi/v3/positionRisk");
    let outcome = broker.positions().await;
    assert!(matches!(outcome, Err(QueryError::Unreachable(_))), "{outcome:?}");
}

#[tokio::test]
async fn nothing_is_sent_where_nobody_listens() {
    let clock = Arc::new(MarketClock::new(stage::START));
    let nowhere = Endpoints::custom("http://127.0.0.1:1", "ws://127.0.0.1:1");
    let broker = BinanceBroker::with_settings(nowhere, credentials(), clock, settings()).unwrap();
    let outcome = broker.place(&market(Side::Buy)).await;
    assert!(matches!(outcome, Err(PlaceError::NotSent(NotSent::Disconnected(_)))), "{outcome:?}");
    let outcome = broker.cancel(&symbol(), &ClientOrderId::new("x").unwrap()).await;
    assert!(matches!(outcome, Err(CommandError::NotSent(NotSent::Disconnected(_)))), "{outcome:?}");
    let outcome = broker.account().await;
    assert!(matches!(outcome, Err(QueryError::Unreachable(NotSent::Disconnected(_)))), "{outcome:?}");
    let mut stream = broker.account_stream();
    assert!(matches!(next(&mut stream).await, StreamItem::Disconnected { .. }));
}
