//! Budgets and bans.

use crate::actors::*;

#[tokio::test]
async fn a_broken_limit_silences_everything_until_it_is_over() {
    let rate_limits = RateLimits { weight_per_minute: 60, ..RateLimits::default() };
    let stage = Stage::with(settings(), VenueSettings { rate_limits, ..VenueSettings::default() }).await;
    let proxy = Proxy::start(&stage.venue.rest_url()).await;
    let endpoints = Endpoints::custom(proxy.url(), stage.venue.ws_url());
    let broker = BinanceBroker::new(endpoints, credentials(), Arc::new(stage.clock.clone())).unwrap();
    // Our own budget believes in 2400, so the venue has to say so.
    let outcome = loop {
        if let Err(error) = broker.positions().await {
            break error;
        }
    };
    let QueryError::Unreachable(NotSent::Throttled { until }) = outcome else { panic!("{outcome:?}") };
    let heard = proxy.requests();
    let outcome = broker.place(&market(Side::Buy)).await;
    assert_eq!(outcome, Err(PlaceError::NotSent(NotSent::Throttled { until })));
    assert_eq!(proxy.requests(), heard, "going on would prolong it");
    stage.skip(until.since(stage.clock.now()));
    let _ = broker.place(&market(Side::Buy)).await;
    assert!(proxy.requests() > heard, "it is over");
}

#[tokio::test]
async fn the_budget_is_kept_before_the_venue_has_to() {
    let tight = Settings { weight_limit: 200, weight_reserve: 60, weight_to_watch: 60, ..settings() };
    let stage = Stage::with(tight, VenueSettings::default()).await;
    let held = resting();
    stage.broker.place(&held).await.unwrap();
    let feed = stage.broker.market_feed();
    let (from, to) = (stage::START.minus(Duration::from_secs(600)), stage::START);
    let outcome = loop {
        if let Err(error) = feed.candles(&symbol(), Duration::from_secs(60), from, to).await {
            break error;
        }
    };
    assert!(matches!(outcome, QueryError::Unreachable(NotSent::Throttled { .. })), "{outcome:?}");
    stage.broker.positions().await.expect("there is a part for knowing the account");
    let outcome = loop {
        if let Err(error) = stage.broker.positions().await {
            break error;
        }
    };
    assert!(matches!(outcome, QueryError::Unreachable(NotSent::Throttled { .. })), "{outcome:?}");
    let found = stage.broker.order(&symbol(), &held.client_order_id).await;
    assert!(found.expect("the fate of an order is worth the reserve").is_some());
    stage.broker.cancel_all(&symbol()).await.expect("the reserve is for what reduces risk");
}

#[tokio::test]
async fn whoever_wants_out_sees_every_order_when_the_account_is_watched_no_more() {
    let tight = Settings { weight_limit: 300, weight_reserve: 120, weight_to_watch: 0, ..settings() };
    let stage = Stage::with(tight, VenueSettings::default()).await;
    let held = resting();
    stage.broker.place(&held).await.unwrap();
    let feed = stage.broker.market_feed();
    let (from, to) = (stage::START.minus(Duration::from_secs(600)), stage::START);
    while feed.candles(&symbol(), Duration::from_secs(60), from, to).await.is_ok() {}
    let watched = stage.broker.account().await;
    assert!(matches!(watched, Err(QueryError::Unreachable(NotSent::Throttled { .. }))), "{watched:?}");
    let open = stage.broker.open_orders(None).await.expect("the reserve is for what reduces risk");
    assert_eq!(open.first().map(|order| &order.client_order_id), Some(&held.client_order_id));
}

/// A stop for the whole position, and a market order that may only shrink it.
fn protective() -> [NewOrder; 3] {
    let (trigger, trigger_by) = ("50000".parse().unwrap(), TriggerBy::Mark);
    let stop = order(Side::Sell, OrderKind::StopMarket { trigger, trigger_by });
    let leg = NewOrder { position_side: PositionSide::Long, ..market(Side::Sell) };
    let whole = NewOrder { size: OrderSize::WholePosition, ..stop };
    [whole, NewOrder { reduce_only: true, ..market(Side::Sell) }, leg]
}

#[tokio::test]
async fn an_order_that_adds_exposure_leaves_the_reserve_of_orders_alone() {
    let script = Script::start(|_, _| None).await;
    let tight = Settings { orders_per_ten_seconds: 8, order_reserve_percent: 50, ..settings() };
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), tight);
    for _ in 0..4 {
        broker.place(&market(Side::Buy)).await.unwrap();
    }
    let outcome = broker.place(&market(Side::Buy)).await;
    let until = stage::START.plus(Duration::from_secs(10));
    assert_eq!(outcome, Err(PlaceError::NotSent(NotSent::Throttled { until })));
    assert_eq!(script.heard("POST /fapi/v1/order"), 4, "refused here");
    for order in protective() {
        broker.place(&order).await.expect("the reserve is for it");
    }
}

#[tokio::test]
async fn an_order_that_adds_exposure_leaves_the_reserve_of_weight_alone() {
    let script = Script::start(|call, _| {
        let used = ("x-mbx-used-weight-1m", "1900".to_owned());
        (call == "GET /fapi/v3/positionRisk").then(|| Say::With(200, used, "[]".to_owned()))
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    broker.place(&market(Side::Buy)).await.unwrap();
    broker.positions().await.unwrap();
    let outcome = broker.place(&market(Side::Buy)).await;
    assert!(matches!(outcome, Err(PlaceError::NotSent(NotSent::Throttled { .. }))), "{outcome:?}");
    for order in protective() {
        broker.place(&order).await.expect("the reserve is for it");
    }
}

#[tokio::test]
async fn orders_that_the_venue_has_counted_are_counted() {
    let script = Script::start(|call, _| {
        let used = ("x-mbx-order-count-10s", "299".to_owned());
        (call == "POST /fapi/v1/order").then(|| Say::With(200, used, r#"{"orderId":1}"#.to_owned()))
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    broker.place(&market(Side::Buy)).await.unwrap();
    let outcome = broker.place(&market(Side::Buy)).await;
    assert!(matches!(outcome, Err(PlaceError::NotSent(NotSent::Throttled { .. }))), "{outcome:?}");
    let [_, close, _] = protective();
    broker.place(&close).await.expect("one is left");
    let outcome = broker.place(&close).await;
    assert!(matches!(outcome, Err(PlaceError::NotSent(NotSent::Throttled { .. }))), "{outcome:?}");
}

#[tokio::test]
async fn a_ban_silences_every_client_of_the_address_and_says_until_when() {
    let until = stage::START.plus(Duration::from_secs(600));
    let banned = format!(r#"{{"code":-1003,"msg":"Way too many requests; IP banned until {}."}}"#, until.as_millis());
    let script =
        Script::start(move |call, _| (call == "GET /fapi/v3/positionRisk").then(|| Say::Text(418, banned.clone())))
            .await;
    let frames = Frames::start(|_| Vec::new()).await;
    let clock = MarketClock::new(stage::START);
    let (met, other) =
        (scripted(&script, frames.url(), &clock, settings()), scripted(&script, frames.url(), &clock, settings()));
    other.place(&market(Side::Buy)).await.unwrap();
    let outcome = met.positions().await.unwrap_err();
    assert_eq!(outcome, QueryError::Unreachable(NotSent::Throttled { until }));
    assert!(outcome.to_string().contains("2026-01-05T08:09:30Z"), "{outcome}");

    let heard = script.heard("");
    for broker in [&met, &met.clone(), &other] {
        let [stop, close, _] = protective();
        for order in [stop, close] {
            let outcome = broker.place(&order).await;
            assert_eq!(outcome, Err(PlaceError::NotSent(NotSent::Throttled { until })));
        }
        let outcome = broker.cancel_all(&symbol()).await;
        assert_eq!(outcome, Err(CommandError::NotSent(NotSent::Throttled { until })));
    }
    let mut account = other.account_stream();
    let item = next(&mut account).await;
    assert!(
        matches!(&item, StreamItem::Disconnected { reason } if reason.contains("2026-01-05T08:09:30Z")),
        "{item:?}"
    );
    let mut prices = other.market_feed().subscribe(&[symbol()]).await.unwrap();
    let item = prices.next().await.unwrap();
    assert!(matches!(&item, MarketItem::Disconnected { reason } if reason.contains("no requests")), "{item:?}");
    assert_eq!((script.heard(""), frames.connections()), (heard, 0), "going on would prolong it");

    clock.tell(until);
    other.place(&market(Side::Buy)).await.expect("it is over");
}

#[tokio::test]
async fn a_limit_is_waited_out_as_long_as_the_venue_says() {
    let script = Script::start(|call, before| {
        let wait = ("retry-after", "7".to_owned());
        (call == "GET /fapi/v3/positionRisk" && before == 0)
            .then(|| Say::With(429, wait, r#"{"code":-1003,"msg":"Too many requests."}"#.to_owned()))
    })
    .await;
    let clock = MarketClock::new(stage::START);
    let broker = scripted(&script, NOWHERE, &clock, settings());
    let until = stage::START.plus(Duration::from_secs(7));
    for _ in 0..3 {
        let outcome = broker.positions().await;
        assert_eq!(outcome, Err(QueryError::Unreachable(NotSent::Throttled { until })));
    }
    assert_eq!(script.heard("GET /fapi/v3/positionRisk"), 1);
    clock.tell(until);
    assert_eq!(broker.positions().await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_close_needs_no_fresh_list_of_contracts_and_no_budget() {
    let tight = Settings { weight_limit: 100, weight_reserve: 40, weight_to_watch: 0, ..settings() };
    let stage = Stage::new().await;
    let proxy = Proxy::start(&stage.venue.rest_url()).await;
    let endpoints = Endpoints::custom(proxy.url(), stage.venue.ws_url());
    let clock = Arc::new(stage.clock.clone());
    let broker = BinanceBroker::with_settings(endpoints, credentials(), clock, tight).unwrap();
    broker.place(&market(Side::Buy)).await.unwrap();
    stage.skip(tight.contracts_live);
    let feed = broker.market_feed();
    let (from, to) = (stage::START.minus(Duration::from_secs(600)), stage::START);
    while feed.candles(&symbol(), Duration::from_secs(60), from, to).await.is_ok() {}
    proxy.swallow_requests_to("GET /fapi/v1/exchangeInfo");
    let close = NewOrder { reduce_only: true, ..market(Side::Sell) };
    broker.place(&close).await.expect("the contract's name is known");
    let found = broker.order(&symbol(), &close.client_order_id).await.expect("the old list is better than none");
    assert_eq!(found.expect("it is known").status, OrderStatus::Filled);
}
