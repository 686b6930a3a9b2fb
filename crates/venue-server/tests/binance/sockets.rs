//! Sockets: their routes, their keys, their ends.

use crate::client::Venue;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_on_the_wrong_route_is_acknowledged_and_silent() {
    let venue = Venue::start().await;
    let subscribe = r#"{"method":"SUBSCRIBE","params":["btcusdt@markPrice@1s","btcusdt@bookTicker"],"id":1}"#;
    for (path, expected) in [("/ws", "bookTicker"), ("/public/ws", "bookTicker"), ("/market/ws", "markPriceUpdate")] {
        let mut socket = venue.socket(path).await;
        socket.say(subscribe).await;
        assert_eq!(socket.hear().await.as_deref(), Some(r#"{"id":1,"result":null}"#));
        venue.tick("60001", 2);
        venue.tick("60000", 2);
        let told = socket.told().await;
        assert_eq!(told, [expected, expected], "{path}");
    }
    let key = venue.listen_key();
    let mut unrouted = venue.socket(&format!("/ws/{key}")).await;
    unrouted.heard().await;
    venue.trade("BUY", "0.01");
    assert_eq!(unrouted.heard().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn combined_sockets_name_the_stream() {
    let venue = Venue::start().await;
    let mut socket = venue.socket("/market/stream?streams=btcusdt@aggTrade/!markPrice@arr").await;
    socket.heard().await;
    venue.tick("60001", 2);
    let heard = socket.heard().await;
    assert!(heard[0].starts_with(r#"{"stream":"btcusdt@aggTrade","data":{"#), "{heard:?}");
    assert!(heard[1].starts_with(r#"{"stream":"!markPrice@arr","data":[{"#), "{heard:?}");
    let key = venue.listen_key();
    let mut private = venue.socket(&format!("/private/stream?listenKey={key}&events=TRADE_LITE")).await;
    private.heard().await;
    venue.trade("BUY", "0.01");
    let heard = private.heard().await;
    assert_eq!(heard.len(), 1);
    assert!(heard[0].starts_with(&format!(r#"{{"stream":"{key}","data":{{"e":"TRADE_LITE""#)), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn private_events_can_be_chosen() {
    let venue = Venue::start().await;
    let key = venue.listen_key();
    let mut socket = venue.socket(&format!("/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE/TRADE_LITE")).await;
    socket.heard().await;
    venue.trade("BUY", "0.01");
    assert_eq!(socket.told().await, ["ORDER_TRADE_UPDATE NEW NEW", "TRADE_LITE", "ORDER_TRADE_UPDATE TRADE FILLED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listen_key_is_one_kept_alive_ended_and_missed() {
    let venue = Venue::start().await;
    let key = venue.listen_key();
    assert_eq!(venue.listen_key(), key);
    assert_eq!(venue.keyed("PUT", "/fapi/v1/listenKey").json()["listenKey"], key.as_str());
    assert_eq!(venue.keyed("DELETE", "/fapi/v1/listenKey").text, "{}");
    assert_eq!(venue.keyed("PUT", "/fapi/v1/listenKey").code(), -1125);
    assert_ne!(venue.listen_key(), key);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_key_is_told_and_then_silent() {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    venue.tick("60000", 59 * 60);
    assert_eq!(venue.keyed("PUT", "/fapi/v1/listenKey").status, 200);
    venue.tick("60000", 59 * 60);
    assert_eq!(socket.told().await, Vec::<String>::new());
    venue.tick("60000", 60);
    assert_eq!(socket.told().await, ["listenKeyExpired"]);
    venue.trade("BUY", "0.01");
    assert_eq!(socket.told().await, Vec::<String>::new());
    let mut again = venue.private().await;
    venue.running.expire_listen_keys();
    assert_eq!(again.told().await, ["listenKeyExpired"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_can_be_cut_and_opened_again() {
    let venue = Venue::start().await;
    let mut private = venue.private().await;
    let mut market = venue.socket("/market/ws/btcusdt@aggTrade").await;
    private.heard().await;
    market.heard().await;
    assert_eq!((venue.running.private_sockets(), venue.running.market_sockets()), (1, 1));
    venue.running.disconnect_private_sockets();
    assert_eq!(private.hear().await, None);
    venue.tick("60001", 1);
    assert_eq!(market.told().await, ["aggTrade"]);
    let mut private = venue.private().await;
    private.heard().await;
    venue.trade("BUY", "0.01");
    assert_eq!(private.heard().await.len(), 4);
    venue.running.shutdown().await;
    assert_eq!(private.hear().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_that_is_dropped_cuts_its_sockets_and_answers_no_more() {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    socket.heard().await;
    let address = venue.running.rest_url().replace("http://", "");
    drop(venue);
    assert_eq!(socket.hear().await, None);
    let refused = async {
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await
        }
    };
    tokio::time::timeout(Duration::from_secs(10), refused).await.expect("the port is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_is_not_read_is_cut() {
    let venue = Venue::with(|settings| settings.backlog = 16, |_| {}).await;
    let mut socket = venue.socket("/market/ws/btcusdt@aggTrade").await;
    socket.heard().await;
    // Nobody reads: what the kernel does not take fills the queue, and then the line is cut.
    for number in 0..200_000 {
        venue.tick(if number % 2 == 0 { "60001" } else { "60000" }, 0);
        if venue.running.market_sockets() == 0 {
            return;
        }
    }
    panic!("a slow socket was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn flushed_keeps_a_fast_replay_in_step() {
    let venue = Venue::with(|settings| settings.backlog = 16, |_| {}).await;
    let mut socket = venue.socket("/market/ws/btcusdt@aggTrade").await;
    socket.heard().await;
    let reader = tokio::spawn(async move {
        let mut count = 0;
        while count < 500 {
            assert!(socket.hear().await.is_some(), "the socket was cut after {count}");
            count += 1;
        }
        count
    });
    for number in 0..500 {
        venue.tick(if number % 2 == 0 { "60001" } else { "60000" }, 1);
        venue.running.flushed().await;
    }
    assert_eq!(reader.await.unwrap(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_sockets_are_pinged() {
    let venue = Venue::with(|settings| settings.ping_every = Duration::from_millis(20), |_| {}).await;
    let mut socket = venue.socket("/market/ws").await;
    assert!(socket.pinged().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_socket_at_other_paths() {
    let venue = Venue::start().await;
    for path in ["/", "/market", "/other/ws", "/fapi/v1/ping"] {
        let url = format!("{}{path}", venue.running.ws_url());
        assert!(tokio_tungstenite::connect_async(url).await.is_err(), "{path}");
    }
}
