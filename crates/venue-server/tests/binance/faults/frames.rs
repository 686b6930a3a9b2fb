//! Faults of frames and sockets: what is heard, while the exchange goes on.

use crate::client::Venue;
use plimsoll_venue_server::{Fault, Target};
use std::time::Duration;

const FILLED: [&str; 4] =
    ["ORDER_TRADE_UPDATE NEW NEW", "TRADE_LITE", "ACCOUNT_UPDATE ORDER", "ORDER_TRADE_UPDATE TRADE FILLED"];

/// What a private socket is told of one market order under these faults.
async fn told(spec: &str) -> Vec<String> {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    socket.heard().await;
    venue.running.begin_faults(&spec.parse().unwrap());
    venue.trade("BUY", "0.01");
    assert_eq!(venue.get("/fapi/v3/positionRisk", "symbol=BTCUSDT")[0]["positionAmt"], "0.010", "{spec}");
    venue.running.calm();
    socket.told().await
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_dropped_doubled_and_told_in_another_order() {
    let [new, lite, position, filled] = FILLED;
    assert_eq!(told("seed=1").await, FILLED);
    assert_eq!(told("drop=private:#4").await, [new, lite, position]);
    assert_eq!(told("drop=market:1").await, FILLED);
    assert_eq!(told("dup=#3").await, [new, lite, position, position, filled]);
    assert_eq!(told("delay=#2:for=20ms").await, FILLED, "late, but in order");
    assert_eq!(told("reorder=#1:by=2").await, [lite, position, new, filled]);
    assert_eq!(told("reorder=#4").await, FILLED, "what nothing overtakes comes all the same");
    assert_eq!(told("positions-first=1").await, [position, new, lite, filled]);
    assert_eq!(told("fills-first=1").await, [new, lite, filled, position]);
    assert_eq!(told("drop=1").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_frames_cannot_be_read() {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    socket.heard().await;
    venue.running.inject_spec("garble=#1,truncate=#2").unwrap();
    venue.trade("BUY", "0.01");
    let readable = |text: &String| serde_json::from_str::<serde_json::Value>(text).is_ok();
    assert_eq!(socket.heard().await.iter().map(readable).collect::<Vec<_>>(), [false, false, true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_private_frames_are_dropped_and_the_markets_are_not() {
    let venue = Venue::start().await;
    let mut private = venue.private().await;
    let mut market = venue.socket("/market/ws/btcusdt@aggTrade").await;
    private.heard().await;
    market.heard().await;
    venue.running.inject(Fault::Drop.next(3).on(Target::Private));
    venue.trade("BUY", "0.01");
    venue.tick("60001", 1);
    assert_eq!(private.told().await, FILLED[3..]);
    assert_eq!(market.told().await, ["aggTrade", "aggTrade"]);
    let log: Vec<_> = venue.running.injected().iter().map(ToString::to_string).collect();
    assert_eq!(
        log,
        ["1 drop private ORDER_TRADE_UPDATE", "2 drop private TRADE_LITE", "3 drop private ACCOUNT_UPDATE"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn market_frames_are_dropped_too() {
    let venue = Venue::start().await;
    let mut market = venue.socket("/market/ws/btcusdt@aggTrade").await;
    market.heard().await;
    venue.running.inject(Fault::Drop.next(1).on(Target::Market));
    venue.tick("60001", 1);
    assert_eq!(market.told().await, Vec::<String>::new());
    venue.tick("60002", 1);
    assert_eq!(market.told().await, ["aggTrade"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_are_cut_at_a_frame_or_at_their_moment() {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    socket.heard().await;
    venue.running.inject_spec("disconnect=private:#2").unwrap();
    venue.trade("BUY", "0.01");
    assert_eq!(socket.hear().await.map(|text| text.contains("NEW")), Some(true));
    assert_eq!(socket.hear().await, None);
    assert_eq!(venue.running.private_sockets(), 0);

    let mut socket = venue.private().await;
    let mut market = venue.socket("/market/ws/btcusdt@aggTrade").await;
    socket.heard().await;
    market.heard().await;
    venue.running.inject_spec("disconnect=market@10s").unwrap();
    venue.tick("60001", 9);
    assert_eq!(venue.running.market_sockets(), 1);
    venue.tick("60002", 1);
    assert_eq!((venue.running.market_sockets(), venue.running.private_sockets()), (0, 1));
    assert_eq!(socket.told().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_open_socket_stays_open_and_says_nothing() {
    let venue = Venue::start().await;
    let mut dead = venue.private().await;
    dead.heard().await;
    venue.running.inject(Fault::HalfOpen.now().on(Target::Private));
    venue.trade("BUY", "0.01");
    venue.running.flushed().await;
    assert!(!dead.is_answered(Duration::from_millis(200)).await, "neither a message nor a ping is answered");
    assert_eq!(venue.running.private_sockets(), 1, "and yet it is open");
    let mut other = venue.private().await;
    assert!(other.is_answered(Duration::from_secs(10)).await, "a socket opened since is not");
    venue.running.calm();
    assert!(!dead.is_answered(Duration::from_millis(200)).await, "what is dead stays dead");
    drop(dead);
    let gone = async {
        while venue.running.private_sockets() > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("whoever leaves is noticed");
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_cannot_be_opened_while_they_are_refused() {
    let venue = Venue::start().await;
    let key = venue.listen_key();
    let url = format!("{}/private/ws/{key}", venue.running.ws_url());
    venue.running.inject(Fault::Refuse.next(2).on(Target::Private));
    for _ in 0..2 {
        assert!(tokio_tungstenite::connect_async(&url).await.is_err());
    }
    venue.socket("/market/ws").await;
    assert!(tokio_tungstenite::connect_async(&url).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn listen_keys_end_with_a_word_or_without() {
    for (spec, expected) in [
        ("expire-key@0s", &["listenKeyExpired"][..]),
        ("expire-key-silently@0s", &[]),
        ("expire-key=x1", &["listenKeyExpired"]),
        ("expire-key-silently=x1", &[]),
    ] {
        let venue = Venue::start().await;
        let mut socket = venue.private().await;
        socket.heard().await;
        venue.running.inject_spec(spec).unwrap();
        venue.trade("BUY", "0.01");
        assert_eq!(socket.told().await, expected, "{spec}");
        assert_eq!(venue.keyed("PUT", "/fapi/v1/listenKey").code(), -1125, "{spec}");
        let mut again = venue.private().await;
        again.heard().await;
        venue.trade("SELL", "0.01");
        assert_eq!(again.told().await, FILLED, "{spec}");
    }
}
