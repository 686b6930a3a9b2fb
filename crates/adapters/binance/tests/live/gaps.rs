//! What was missed is made good: cuts, lost answers, slow readers.

use crate::actors::*;
use tokio_tungstenite::tungstenite::Message;

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
    assert_eq!((stage.venue.private_sockets(), stage.venue.market_sockets()), (1, 2));
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
    let other = BinanceBroker::new(endpoints, credentials(), Arc::new(stage.clock.clone())).unwrap();
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

/// A position as the stream tells it, and as an answer does.
fn position(amount: &str) -> (Message, String) {
    let millis = stage::START.as_millis();
    let row = format!(r#"{{"s":"BTCUSDT","pa":"{amount}","ep":"60000","up":"0","mt":"cross","ps":"BOTH"}}"#);
    let told = format!(r#"{{"e":"ACCOUNT_UPDATE","E":{millis},"T":{millis},"a":{{"m":"ORDER","B":[],"P":[{row}]}}}}"#);
    let row = format!(
        r#"[{{"symbol":"BTCUSDT","positionSide":"BOTH","positionAmt":"{amount}","entryPrice":"60000","markPrice":"60000",
        "unRealizedProfit":"0","liquidationPrice":"0","updateTime":{millis}}}]"#
    );
    (Message::text(told), row)
}

/// The sizes that the next `count` snapshots list.
async fn listed(stream: &mut dyn AccountStream, count: usize) -> Vec<Vec<String>> {
    let mut sizes = Vec::new();
    while sizes.len() < count {
        if let StreamItem::Event(AccountEvent::Snapshot(snapshot)) = next(stream).await {
            let held = snapshot.positions.iter().filter_map(|report| report.position);
            sizes.push(held.map(|held| held.quantity.to_string()).collect());
        }
    }
    sizes
}

#[tokio::test]
async fn a_snapshot_that_lags_behind_the_stream_does_not_drop_what_was_just_told() {
    let (told, row) = position("2");
    // The first snapshot was before it; two more are late.
    let script = Script::start(move |call, before| {
        (call == "GET /fapi/v3/positionRisk" && before >= 3).then(|| Say::json(row.clone()))
    })
    .await;
    let frames = Frames::start(move |_| vec![told.clone(), Message::text("{")]).await;
    let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), settings());
    let mut stream = broker.account_stream();
    assert_eq!(listed(&mut stream, 2).await, [Vec::<String>::new(), vec!["2".to_owned()]]);
}

#[tokio::test]
async fn answers_that_insist_are_believed_and_asked_once_more() {
    let (told, _) = position("2");
    let script = Script::start(|_, _| None).await;
    let frames = Frames::start(move |_| vec![told.clone(), Message::text("{")]).await;
    let quick = Settings { answers_lag: Duration::from_millis(50), ..settings() };
    let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), quick);
    let mut stream = broker.account_stream();
    assert_eq!(listed(&mut stream, 3).await, vec![Vec::<String>::new(); 3]);
}

/// A trade of the first millisecond.
fn trade(id: u64, order: u64) -> String {
    let millis = stage::START.as_millis();
    format!(
        r#"{{"symbol":"BTCUSDT","id":{id},"orderId":{order},"side":"BUY","positionSide":"BOTH","price":"60000","qty":"0.001",
        "commission":"0","commissionAsset":"USDT","realizedPnl":"0","maker":false,"time":{millis}}}"#
    )
}

/// Trades with these ids, all of one millisecond and of one order.
fn trades(ids: impl Iterator<Item = u64>) -> String {
    format!("[{}]", ids.map(|id| trade(id, 7)).collect::<Vec<_>>().join(","))
}

#[tokio::test]
async fn more_trades_in_one_millisecond_than_an_answer_holds_are_all_told() {
    const LAST: u64 = 2500;
    let script = Script::reading(|call, query, _| {
        let number = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.parse::<u64>().ok());
        let order = r#"{"orderId":7,"clientOrderId":"one","symbol":"BTCUSDT","side":"BUY","positionSide":"BOTH",
            "type":"MARKET","origQty":"3","executedQty":"3","status":"FILLED"}"#;
        match call {
            "GET /fapi/v1/userTrades" => {
                let happened = stage::START.as_millis().unsigned_abs();
                let inside = |name, side: fn(&u64, &u64) -> bool| number(name).is_none_or(|it| side(&it, &happened));
                let in_window = inside("startTime=", u64::le) && inside("endTime=", u64::ge);
                let first = number("fromId=").unwrap_or(1);
                Some(Say::json(if in_window { trades((first..=LAST).take(1000)) } else { "[]".to_owned() }))
            }
            "GET /fapi/v1/order" => Some(Say::json(order)),
            _ => None,
        }
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let fills = broker.fills(&symbol(), stage::START).await.unwrap();
    let told: Vec<String> = fills.iter().map(|fill| fill.trade_id.to_string()).collect();
    assert_eq!(told, (1..=LAST).map(|id| id.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_order_that_the_pages_skip_is_asked_for_by_itself_before_it_counts_as_forgotten() {
    const ORDERS: u64 = 12;
    let named = |id: u64| {
        format!(
            r#"{{"orderId":{id},"clientOrderId":"name-{id}","symbol":"BTCUSDT","side":"BUY","positionSide":"BOTH",
            "type":"MARKET","origQty":"1","executedQty":"1","status":"FILLED"}}"#
        )
    };
    let script = Script::reading(move |call, query, _| {
        let number = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.parse::<u64>().ok());
        match call {
            "GET /fapi/v1/userTrades" => {
                let happened = stage::START.as_millis().unsigned_abs();
                let in_window = number("startTime=").is_none_or(|from| from <= happened)
                    && number("endTime=").is_none_or(|to| to >= happened);
                let rows: Vec<String> = (1..=if in_window { ORDERS } else { 0 }).map(|id| trade(id, id)).collect();
                Some(Say::json(format!("[{}]", rows.join(","))))
            }
            // Six at a time, and two of them not at all.
            "GET /fapi/v1/allOrders" => {
                let told = (number("orderId=").unwrap_or(1)..=ORDERS).filter(|id| ![3, 9].contains(id));
                Some(Say::json(format!("[{}]", told.take(6).map(named).collect::<Vec<_>>().join(","))))
            }
            "GET /fapi/v1/order" if number("orderId=") == Some(3) => Some(Say::json(named(3))),
            "GET /fapi/v1/order" => Some(Say::Text(400, r#"{"code":-2013,"msg":"Order does not exist."}"#.to_owned())),
            _ => None,
        }
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let fills = broker.fills(&symbol(), stage::START).await.unwrap();
    let told: Vec<&str> = fills.iter().map(|fill| fill.client_order_id.as_str()).collect();
    let names: Vec<String> =
        (1..=ORDERS).map(|id| if id == 9 { String::new() } else { format!("name-{id}") }).collect();
    assert_eq!(told, names);
    assert_eq!((script.heard("GET /fapi/v1/allOrders"), script.heard("GET /fapi/v1/order")), (2, 2));
}
