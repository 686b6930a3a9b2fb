//! The private stream's key: it expires, dies without a word, and is kept.

use crate::actors::*;

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

fn why(item: &StreamItem) -> Option<String> {
    match item {
        StreamItem::Disconnected { reason } => Some(reason.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn a_key_that_has_died_without_a_word_is_found_when_it_is_kept_alive_next() {
    let dead = || Say::Text(400, r#"{"code":-1125,"msg":"This listenKey does not exist."}"#.to_owned());
    let other = || Say::json(r#"{"listenKey":"somebody else's"}"#);
    for (answer, reason) in [
        (dead as fn() -> Say, "the listen key is gone"),
        (other as fn() -> Say, "the venue keeps another listen key alive"),
    ] {
        let script = Script::start(move |call, _| (call == "PUT /fapi/v1/listenKey").then(answer)).await;
        let frames = Frames::start(|_| Vec::new()).await;
        let clock = MarketClock::new(stage::START);
        let mut stream = scripted(&script, frames.url(), &clock, settings()).account_stream();
        until(&mut stream, is_snapshot).await;
        clock.tell(stage::START.plus(Settings::default().keep_alive_every));
        assert_eq!(until(&mut stream, why).await, reason);
        assert_eq!(next(&mut stream).await, StreamItem::Connected);
        until(&mut stream, is_snapshot).await;
        assert_eq!(script.heard("POST /fapi/v1/listenKey"), 2, "a new key");
    }
}

/// Quick to ask whether the other side is alive.
fn curious() -> Settings {
    let private_socket = SocketSettings { ping_after: Duration::from_millis(10), ..settings().private_socket };
    Settings { private_socket, ..settings() }
}

#[tokio::test]
async fn a_socket_that_answers_is_no_sign_of_life_while_its_key_is_in_doubt() {
    let script = Script::start(|call, _| (call == "PUT /fapi/v1/listenKey").then_some(Say::Close)).await;
    let frames = Frames::start(|_| Vec::new()).await;
    let clock = MarketClock::new(stage::START);
    let mut stream = scripted(&script, frames.url(), &clock, curious()).account_stream();
    until(&mut stream, is_snapshot).await;
    assert_eq!(stream.next().await, Some(StreamItem::Alive), "it has just been opened");
    clock.tell(stage::START.plus(Settings::default().key_believed_for));
    // What was told before the key was doubted is taken out first.
    eventually("the key was asked for", || script.heard("PUT /fapi/v1/listenKey") > 0).await;
    let told = tokio::time::timeout(Duration::from_millis(1), stream.next()).await;
    assert!(matches!(told, Err(_) | Ok(Some(StreamItem::Alive))), "{told:?}");
    let pings = frames.pings();
    tokio::select! {
        item = stream.next() => panic!("{item:?}"),
        () = eventually("it answers still", || frames.pings() > pings + 5) => {}
    }
}

#[tokio::test]
async fn a_half_open_socket_is_found_by_its_missing_pongs() {
    let script = Script::start(|_, _| None).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let holds = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((socket, _)) = listener.accept().await {
            // Connected, and never read again.
            held.push(tokio_tungstenite::accept_async(socket).await);
        }
    });
    let dead_after = Duration::from_millis(200);
    let private_socket = SocketSettings { dead_after, ..curious().private_socket };
    let quick = Settings { private_socket, ..settings() };
    let mut stream = scripted(&script, &url, &MarketClock::new(stage::START), quick).account_stream();
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    let told = until(&mut stream, why).await;
    assert_eq!(told, format!("{url}/private/ws/opened: nothing has arrived for 200ms"));
    assert_eq!(until(&mut stream, |item| (*item == StreamItem::Connected).then_some(())).await, ());
    holds.abort();
}

#[test]
fn by_default_a_stale_stream_is_noticed_within_seconds_and_a_dead_key_within_minutes() {
    let Settings { private_socket, market_socket, keep_alive_every, key_believed_for, .. } = Settings::default();
    for socket in [private_socket, market_socket] {
        assert!(socket.ping_after * 2 < socket.dead_after, "a ping may be lost");
        assert!(socket.dead_after <= Duration::from_secs(15));
    }
    assert!(market_socket.mute_after <= Some(Duration::from_secs(20)) && market_socket.mute_after.is_some());
    assert!(keep_alive_every * 2 < key_believed_for, "one may fail");
    assert!(key_believed_for <= Duration::from_secs(180));
}

#[tokio::test]
async fn a_stream_that_does_not_tell_of_an_order_of_ours_is_deaf() {
    let script = Script::start(|_, _| None).await;
    let frames = Frames::start(|_| Vec::new()).await;
    let quick = Settings { news_within: Duration::from_millis(50), ..settings() };
    let broker = scripted(&script, frames.url(), &MarketClock::new(stage::START), quick);
    let mut stream = broker.account_stream();
    until(&mut stream, is_snapshot).await;
    broker.place(&market(Side::Buy)).await.unwrap();
    assert_eq!(until(&mut stream, why).await, "an order was taken, and the stream has not told of it");
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    until(&mut stream, is_snapshot).await;
    assert_eq!(frames.connections(), 2);
}

#[tokio::test]
async fn however_quiet_it_is_the_account_is_read_again() {
    let script = Script::start(|_, _| None).await;
    let frames = Frames::start(|_| Vec::new()).await;
    let quick = Settings { read_again_every: Duration::from_millis(50), ..settings() };
    let mut stream = scripted(&script, frames.url(), &MarketClock::new(stage::START), quick).account_stream();
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    for _ in 0..3 {
        assert_eq!(is_snapshot(&next(&mut stream).await), Some(()), "nothing was lost: it is only read");
    }
}
