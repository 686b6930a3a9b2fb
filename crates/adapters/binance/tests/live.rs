//! What no port promises and every session needs: time, keys, budgets, lost answers, slow readers, ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

#[path = "venue/proxy.rs"]
mod proxy;
#[path = "venue/stage.rs"]
mod stage;

use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt};
use plimsoll_binance::{BinanceBroker, BinanceFundingRates, BinanceMarketFeed, Endpoints, Settings};
use plimsoll_domain::{
    AccountEvent, AccountState, ClientOrderId, NewOrder, OrderKind, OrderSize, OrderStatus, PositionSide, Price, Side,
    TimeInForce, Timestamp,
};
use plimsoll_exchange::MarketClock;
use plimsoll_ports::{
    AccountStream, Broker, Clock, CommandError, FundingRates, MarketFeed, MarketItem, NotSent, PlaceError, QueryError,
    StreamItem,
};
use plimsoll_transport::{HttpSettings, SocketSettings};
use plimsoll_venue_server::{RateLimits, Settings as VenueSettings};
use proxy::Proxy;
use stage::{Stage, credentials, settings, symbol};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

fn order(side: Side, kind: OrderKind) -> NewOrder {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NewOrder {
        client_order_id: ClientOrderId::new(&format!("live-{}", NEXT.fetch_add(1, Ordering::Relaxed))).unwrap(),
        symbol: symbol(),
        side,
        position_side: PositionSide::Both,
        kind,
        size: OrderSize::Quantity("0.004".parse().unwrap()),
        reduce_only: false,
    }
}

fn market(side: Side) -> NewOrder {
    order(side, OrderKind::Market)
}

fn resting() -> NewOrder {
    let price: Price = "58000".parse().unwrap();
    order(Side::Buy, OrderKind::Limit { price, time_in_force: TimeInForce::Gtc })
}

async fn next(stream: &mut dyn AccountStream) -> StreamItem {
    let news = async {
        loop {
            let item = stream.next().await.expect("a stream");
            if item != StreamItem::Alive {
                return item;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), news).await.expect("an item")
}

/// Reads on to the item that answers.
async fn until<T>(stream: &mut dyn AccountStream, wanted: impl Fn(&StreamItem) -> Option<T>) -> T {
    loop {
        if let Some(found) = wanted(&next(stream).await) {
            return found;
        }
    }
}

fn is_snapshot(item: &StreamItem) -> Option<()> {
    matches!(item, StreamItem::Event(AccountEvent::Snapshot(_))).then_some(())
}

fn is_order<'a>(id: &'a ClientOrderId, status: OrderStatus) -> impl Fn(&StreamItem) -> Option<()> + 'a {
    move |item| match item {
        StreamItem::Event(AccountEvent::Order(order)) => {
            (order.client_order_id == *id && order.status == status).then_some(())
        }
        StreamItem::Disconnected { reason } => panic!("disconnected: {reason}"),
        _ => None,
    }
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never happened: {what}");
}

#[tokio::test]
async fn an_expired_listen_key_is_replaced() {
    let stage = Stage::new().await;
    let mut stream = stage.broker.account_stream();
    until(&mut stream, is_snapshot).await;
    stage.venue.expire_listen_keys();
    let reason = until(&mut stream, |item| match item {
        StreamItem::Disconnected { reason } => Some(reason.clone()),
        _ => None,
    })
    .await;
    assert_eq!(reason, "the listen key has expired");
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    until(&mut stream, is_snapshot).await;
    let order = resting();
    stage.broker.place(&order).await.unwrap();
    until(&mut stream, is_order(&order.client_order_id, OrderStatus::New)).await;
}

#[tokio::test]
async fn a_quiet_account_hears_that_its_stream_is_alive() {
    let stage = Stage::new().await;
    let often = SocketSettings { ping_after: Duration::from_millis(20), ..settings().private_socket };
    let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
    let settings = Settings { private_socket: often, ..settings() };
    let broker =
        BinanceBroker::with_settings(endpoints, credentials(), Arc::new(stage.clock.clone()), settings).unwrap();
    let mut stream = broker.account_stream();
    until(&mut stream, is_snapshot).await;
    let item = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("a sign of life");
    assert_eq!(item, Some(StreamItem::Alive));
}

#[tokio::test]
async fn the_listen_key_is_kept_alive_for_hours() {
    let stage = Stage::new().await;
    let mut stream = stage.broker.account_stream();
    until(&mut stream, is_snapshot).await;
    for _ in 0..5 {
        stage.skip(Duration::from_secs(31 * 60));
        let order = resting();
        stage.broker.place(&order).await.unwrap();
        until(&mut stream, is_order(&order.client_order_id, OrderStatus::New)).await;
        stage.broker.cancel(&symbol(), &order.client_order_id).await.unwrap();
        until(&mut stream, is_order(&order.client_order_id, OrderStatus::Canceled)).await;
    }
}

#[tokio::test]
async fn a_trade_in_the_gap_is_told_once_and_by_name() {
    let mut patient = settings();
    patient.private_socket.backoff.first = Duration::from_secs(1);
    patient.private_socket.backoff.longest = Duration::from_secs(1);
    let stage = Stage::with(patient, VenueSettings::default()).await;
    let mut stream = stage.broker.account_stream();
    until(&mut stream, is_snapshot).await;
    let before = market(Side::Buy);
    stage.broker.place(&before).await.unwrap();
    until(&mut stream, |item| matches!(item, StreamItem::Event(AccountEvent::Fill(_))).then_some(())).await;

    stage.venue.disconnect_private_sockets();
    eventually("the socket is cut", || stage.venue.private_sockets() == 0).await;
    // Another process trades: this one has no memory of the order.
    let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
    let other = BinanceBroker::new(endpoints, credentials(), Arc::new(stage.clock.clone())).unwrap();
    let gap = market(Side::Buy);
    other.place(&gap).await.unwrap();
    assert_eq!(stage.venue.private_sockets(), 0, "the trade was in the gap");

    until(&mut stream, |item| (*item == StreamItem::Connected).then_some(())).await;
    until(&mut stream, is_snapshot).await;
    let after = resting();
    stage.broker.place(&after).await.unwrap();
    let mut told = Vec::new();
    loop {
        let item = next(&mut stream).await;
        if let StreamItem::Event(AccountEvent::Fill(fill)) = &item {
            told.push(fill.client_order_id.clone());
        }
        if is_order(&after.client_order_id, OrderStatus::New)(&item).is_some() {
            break;
        }
    }
    assert_eq!(told, [gap.client_order_id]);
}

#[tokio::test]
async fn a_snapshot_that_fails_is_taken_again() {
    let stage = Stage::new().await;
    let proxy = Proxy::start(&stage.venue.rest_url()).await;
    let endpoints = Endpoints::custom(proxy.url(), stage.venue.ws_url());
    let clock = Arc::new(stage.clock.clone());
    let broker = BinanceBroker::with_settings(endpoints, credentials(), clock, settings()).unwrap();
    proxy.swallow_answers_to("GET /fapi/v3/account");
    let mut stream = broker.account_stream();
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    // It gives the connection up, rather than letting events flow that nothing stands under.
    assert!(matches!(next(&mut stream).await, StreamItem::Disconnected { .. }));
    proxy.behave_for("GET /fapi/v3/account");
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    until(&mut stream, is_snapshot).await;
}

/// A clock that goes wrong by so many microseconds.
struct Drifting(MarketClock, AtomicI64);

#[async_trait]
impl Clock for Drifting {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.now().as_micros() + self.1.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

#[tokio::test]
async fn a_clock_that_drifts_is_measured_again_and_the_order_sent_once() {
    let stage = Stage::new().await;
    let clock = Arc::new(Drifting(stage.clock.clone(), AtomicI64::new(3_600_000_000)));
    let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
    let broker = BinanceBroker::new(endpoints, credentials(), Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    broker.place(&market(Side::Buy)).await.expect("a clock that is an hour ahead is only an offset");
    // Both ways: behind the receive window, and more than a second ahead.
    for drift in [-60_000_000, 60_000_000] {
        clock.1.fetch_add(drift, Ordering::Relaxed);
        broker.place(&market(Side::Buy)).await.expect("measured again");
        clock.1.fetch_sub(drift, Ordering::Relaxed);
        broker.positions().await.expect("measured again");
    }
    assert_eq!(broker.fills(&symbol(), stage::START).await.unwrap().len(), 3);
}

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
    let tight = Settings { weight_limit: 100, weight_reserve: 40, ..settings() };
    let stage = Stage::with(tight, VenueSettings::default()).await;
    let feed = stage.broker.market_feed();
    let (from, to) = (stage::START.minus(Duration::from_secs(600)), stage::START);
    let outcome = loop {
        if let Err(error) = feed.candles(&symbol(), Duration::from_secs(60), from, to).await {
            break error;
        }
    };
    assert!(matches!(outcome, QueryError::Unreachable(NotSent::Throttled { .. })), "{outcome:?}");
    stage.broker.cancel_all(&symbol()).await.expect("the reserve is for what reduces risk");
    stage.broker.positions().await.expect("and for what it needs to know");
}

#[tokio::test]
async fn a_close_needs_no_fresh_list_of_contracts_and_no_budget() {
    let tight = Settings { weight_limit: 100, weight_reserve: 40, ..settings() };
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

#[tokio::test]
async fn a_slow_reader_is_told_and_made_whole() {
    let stage = Stage::with(Settings { waiting_events: 8, ..settings() }, VenueSettings::default()).await;
    let mut stream = stage.broker.account_stream();
    until(&mut stream, is_snapshot).await;
    let mut traded = Vec::new();
    for _ in 0..10 {
        let order = market(Side::Buy);
        stage.broker.place(&order).await.unwrap();
        traded.push(order.client_order_id);
    }
    let mut state = AccountState::new();
    let (mut told, mut fills) = (false, Vec::new());
    let mut holds = |item: &StreamItem| {
        told |= matches!(item, StreamItem::Resync { .. });
        if let StreamItem::Event(event) = item {
            state.apply(event);
        }
        if let StreamItem::Event(AccountEvent::Fill(fill)) = item {
            fills.push(fill.client_order_id.clone());
        }
        let held = state.position(&symbol(), PositionSide::Both).map(|held| held.position.quantity.to_string());
        told && held.as_deref() == Some("0.04") && fills.len() >= traded.len()
    };
    while !holds(&next(&mut stream).await) {}
    assert_eq!(fills, traded, "every trade, once");
}

#[tokio::test]
async fn a_slow_reader_hears_that_its_stream_has_come_back() {
    let stage = Stage::with(Settings { waiting_events: 8, ..settings() }, VenueSettings::default()).await;
    let mut stream = stage.broker.account_stream();
    // The snapshot and two and a half reconnections fill what may wait, so that the last item is a disconnection.
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    for _ in 0..7 {
        stage.venue.disconnect_private_sockets();
        eventually("the socket is cut", || stage.venue.private_sockets() == 0).await;
        eventually("it is back", || stage.venue.private_sockets() == 1).await;
    }
    let mut connected = true;
    loop {
        match next(&mut stream).await {
            StreamItem::Connected => connected = true,
            StreamItem::Disconnected { .. } => connected = false,
            StreamItem::Event(AccountEvent::Snapshot(_)) if connected => break,
            _ => {}
        }
    }
    // Whatever was given up, an order of now is heard on a stream that says that it is connected.
    let order = resting();
    stage.broker.place(&order).await.unwrap();
    loop {
        let item = next(&mut stream).await;
        match &item {
            StreamItem::Connected => connected = true,
            StreamItem::Disconnected { .. } => connected = false,
            _ => {}
        }
        let is_it = |it: &plimsoll_domain::Order| it.client_order_id == order.client_order_id;
        let heard = match &item {
            StreamItem::Event(AccountEvent::Order(it)) => is_it(it),
            StreamItem::Event(AccountEvent::Snapshot(it)) => it.orders.iter().any(is_it),
            _ => false,
        };
        if heard {
            break;
        }
    }
    assert!(connected, "it was told that nothing flows, and never that it does again");
}

#[tokio::test]
async fn a_message_that_cannot_be_read_asks_for_a_snapshot() {
    let stage = Stage::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoints = Endpoints::custom(stage.venue.rest_url(), format!("ws://{}", listener.local_addr().unwrap()));
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(socket).await.unwrap();
        let odd = r#"{"e":"ORDER_TRADE_UPDATE","T":1,"o":{"s":"BTCUSDT","X":"NO_SUCH_STATUS"}}"#;
        socket.send(odd.into()).await.unwrap();
        socket.send(r#"{"e":"SOMETHING_NEW","E":1}"#.into()).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    });
    let clock = Arc::new(stage.clock.clone());
    let broker = BinanceBroker::with_settings(endpoints, credentials(), clock, settings()).unwrap();
    let mut stream = broker.account_stream();
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    assert_eq!(is_snapshot(&next(&mut stream).await), Some(()));
    let item = next(&mut stream).await;
    assert!(matches!(&item, StreamItem::Resync { reason } if reason.contains("ORDER_TRADE_UPDATE")), "{item:?}");
    assert_eq!(is_snapshot(&next(&mut stream).await), Some(()));
}

#[tokio::test]
async fn a_stream_that_is_dropped_leaves_no_socket() {
    let stage = Stage::new().await;
    let mut account = stage.broker.account_stream();
    until(&mut account, is_snapshot).await;
    let mut prices = stage.broker.market_feed().subscribe(&[symbol()]).await.unwrap();
    assert_eq!(prices.next().await, Some(MarketItem::Connected));
    assert_eq!((stage.venue.private_sockets(), stage.venue.market_sockets()), (1, 2));
    drop((account, prices));
    eventually("every socket is closed", || (stage.venue.private_sockets(), stage.venue.market_sockets()) == (0, 0))
        .await;
}

#[tokio::test]
async fn prices_and_rates_need_no_key() {
    let stage = Stage::new().await;
    let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
    let clock = || Arc::new(stage.clock.clone());
    let feed = BinanceMarketFeed::new(endpoints.clone(), clock()).unwrap();
    let rates = BinanceFundingRates::new(endpoints, clock()).unwrap();
    assert_eq!(feed.mark_price(&symbol()).await.unwrap().price.to_string(), "60000");
    assert_eq!(rates.current(&symbol()).await.unwrap().interval_hours, Some(8));
    let odd = feed.candles(&symbol(), Duration::from_secs(61), stage::START, stage.clock.now()).await;
    assert!(matches!(odd, Err(QueryError::Unreachable(NotSent::Invalid(_)))), "{odd:?}");
}

#[tokio::test]
async fn no_text_shows_a_secret() {
    let stage = Stage::new().await;
    let patience = HttpSettings { timeout: Duration::from_secs(2), ..HttpSettings::default() };
    let nowhere = Endpoints::custom("http://127.0.0.1:1", "ws://127.0.0.1:1");
    let clock = Arc::new(stage.clock.clone());
    let quick = Settings { http: patience, ..settings() };
    let broker = BinanceBroker::with_settings(nowhere, credentials(), clock, quick).unwrap();
    let place = broker.place(&market(Side::Buy)).await;
    let stream = broker.account_stream();
    let shown = format!("{broker:?} {place:?} {stream:?} {:?} {:?}", stage.broker, stage.broker.account_stream());
    for secret in ["dbefbc809e3e", "2b5eb11e1879", "signature="] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
