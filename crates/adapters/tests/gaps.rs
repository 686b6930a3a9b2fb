//! What was missed is made good: cuts, lost answers, slow readers.

use crate::actors::*;
use crate::stage::{MARKET_SOCKETS, READS_ACCOUNT};

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
    let other = VenueBroker::new(endpoints, credentials(), Arc::new(stage.clock.clone())).unwrap();
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
    let broker = VenueBroker::with_settings(endpoints, credentials(), clock, settings()).unwrap();
    proxy.swallow_answers_to(READS_ACCOUNT);
    let mut stream = broker.account_stream();
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    // It gives the connection up, rather than letting events flow that nothing stands under.
    assert!(matches!(next(&mut stream).await, StreamItem::Disconnected { .. }));
    proxy.behave_for(READS_ACCOUNT);
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    until(&mut stream, is_snapshot).await;
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
async fn a_stream_that_is_dropped_leaves_no_socket() {
    let stage = Stage::new().await;
    let mut account = stage.broker.account_stream();
    until(&mut account, is_snapshot).await;
    let mut prices = stage.broker.market_feed().subscribe(&[symbol()]).await.unwrap();
    assert_eq!(prices.next().await, Some(MarketItem::Connected));
    assert_eq!((stage.venue.private_sockets(), stage.venue.market_sockets()), (1, MARKET_SOCKETS));
    drop((account, prices));
    eventually("every socket is closed", || (stage.venue.private_sockets(), stage.venue.market_sockets()) == (0, 0))
        .await;
}

#[tokio::test]
async fn what_was_opened_and_closed_in_the_gap_in_a_contract_never_met_is_told() {
    let mut patient = settings();
    patient.private_socket.backoff.first = Duration::from_secs(1);
    patient.private_socket.backoff.longest = Duration::from_secs(1);
    let stage = Stage::with(patient, VenueSettings::default()).await;
    let mut stream = stage.broker.account_stream();
    until(&mut stream, is_snapshot).await;
    stage.venue.disconnect_private_sockets();
    eventually("the socket is cut", || stage.venue.private_sockets() == 0).await;
    let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
    let other = VenueBroker::new(endpoints, credentials(), Arc::new(stage.clock.clone())).unwrap();
    let never_met = "ETH/USDT:USDT".parse::<plimsoll_domain::Symbol>().unwrap();
    let (opens, closes) = (market(Side::Buy), market(Side::Sell));
    for order in [&opens, &closes] {
        let size = OrderSize::Quantity("0.02".parse().unwrap());
        other.place(&NewOrder { symbol: never_met.clone(), size, ..order.clone() }).await.unwrap();
    }
    assert_eq!(stage.venue.private_sockets(), 0, "both were in the gap");
    let mut told = Vec::new();
    while told.len() < 2 {
        if let StreamItem::Event(AccountEvent::Fill(fill)) = next(&mut stream).await {
            told.push((fill.symbol.clone(), fill.client_order_id.clone()));
        }
    }
    assert_eq!(told, [opens, closes].map(|order| (never_met.clone(), order.client_order_id)));
}
