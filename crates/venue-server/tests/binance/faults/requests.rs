//! Faults of requests: what is answered, and whether it was done.

use crate::client::{Answer, KEY, START, Venue, account, signature};
use plimsoll_exchange::OrderRef;
use plimsoll_venue_server::{Fault, Target};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

const BUY: &str = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.02&price=59000&newClientOrderId=one";
const STOP: &str = "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=59500&closePosition=true&workingType=MARK_PRICE&clientAlgoId=sl";

impl Venue {
    fn open_orders(&self) -> usize {
        self.running.exchange(|exchange| exchange.open_orders(&account()).len())
    }

    fn open_stops(&self) -> usize {
        self.running.exchange(|exchange| exchange.open_conditionals(&account()).len())
    }

    fn log(&self) -> Vec<String> {
        self.running.injected().iter().map(ToString::to_string).collect()
    }
}

/// What an order is answered with under a fault that strikes once, and whether it is open afterwards.
async fn placed(spec: &str) -> (Option<Answer>, bool) {
    let venue = Venue::start().await;
    venue.running.inject_spec(spec).unwrap();
    let answer = venue.try_signed("POST", "/fapi/v1/order", BUY);
    let done = venue.open_orders() == 1;
    let fault = venue.running.injected().pop().expect("a fault was injected");
    assert_eq!((fault.executed, &*fault.at), (Some(done), "place POST /fapi/v1/order"), "{spec}");
    venue.running.calm();
    assert_eq!(venue.signed("POST", "/fapi/v1/order", &BUY.replace("=one", "=two")).status, 200, "{spec}");
    (answer, done)
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_say_what_went_wrong_and_the_exchange_knows_whether_it_was_done() {
    let check = async |spec: &str, status: u16, said: &str, done: bool| {
        let (answer, was_done) = placed(spec).await;
        let answer = answer.unwrap_or_else(|| panic!("{spec}: no answer"));
        assert_eq!((answer.status, was_done), (status, done), "{spec}: {answer:?}");
        assert!(answer.text.contains(said), "{spec}: {answer:?}");
    };
    check("429=place:x1:retry=2s", 429, r#""code":-1003"#, false).await;
    check("418=place:x1:retry=60s", 418, "banned until 1767226260000", false).await;
    check("500-before=place:x1", 500, r#""code":-1000"#, false).await;
    check("500-after=place:x1", 500, r#""code":-1000"#, true).await;
    check("502-before=place:x1", 502, "<html>", false).await;
    check("502-after=place:x1", 502, "<html>", true).await;
    check("503=place:x1", 503, "Service Unavailable.", false).await;
    check("overload=place:x1", 503, r#""code":-1008"#, false).await;
    let unknown = "Unknown error, please check your request or try again later.";
    check("unknown-before=place:x1", 503, unknown, false).await;
    check("unknown-after=place:x1", 503, unknown, true).await;
    check("408-before=place:x1", 408, r#""code":-1007"#, false).await;
    check("408-after=place:x1", 408, r#""code":-1007"#, true).await;
    check("reject=place:x1", 400, r#""code":-2019"#, false).await;
    check("reject=place:x1:code=-4321", 400, r#""code":-4321"#, false).await;
    check("slow=place:x1:for=10ms", 200, r#""clientOrderId":"one""#, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_closed_without_a_word_before_or_after_it_is_done() {
    for (spec, done) in [
        ("timeout-before=place:x1:for=10ms", false),
        ("timeout-after=place:x1:for=10ms", true),
        ("cut-before=place:x1", false),
        ("cut-after=place:x1", true),
    ] {
        let (answer, was_done) = placed(spec).await;
        assert!(answer.is_none(), "{spec}: {answer:?}");
        assert_eq!(was_done, done, "{spec}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_may_never_be_closed_and_holds_nobody_up() {
    let venue = Venue::start().await.running;
    venue.inject(Fault::TimeoutAfter.next(1).on(Target::Clock).for_ever());
    let address = venue.rest_url().replace("http://", "");
    let mut silent = std::net::TcpStream::connect(&address).unwrap();
    silent.write_all(b"GET /fapi/v1/time HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    silent.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let nothing = silent.read(&mut [0; 16]);
    assert!(matches!(&nothing, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock), "{nothing:?}");
    assert_eq!(venue.injected().len(), 1);
    tokio::time::timeout(Duration::from_secs(5), venue.shutdown())
        .await
        .expect("an unanswered request holds nobody up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_body_is_of_something_that_was_done() {
    let (answer, done) = placed("short-body=place:x1").await;
    let answer = answer.unwrap();
    assert!(done && answer.status == 200);
    assert!(serde_json::from_str::<serde_json::Value>(&answer.text).is_err(), "{answer:?}");
    assert_eq!(answer.header("content-length").unwrap(), answer.text.len().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_say_when_to_try_again_and_a_ban_lasts() {
    let venue = Venue::start().await;
    venue.running.inject_spec("429=clock:x1:retry=1500ms").unwrap();
    assert_eq!(venue.open("/fapi/v1/time").header("retry-after"), Some("2"), "rounded up");
    assert_eq!(venue.open("/fapi/v1/time").status, 200);
    venue.running.inject(Fault::Banned.next(1).lasting(Duration::from_secs(60)));
    for (seconds, retry) in [(0, "60"), (20, "40")] {
        venue.tick("60000", seconds);
        let banned = venue.open("/fapi/v1/time");
        assert_eq!((banned.status, banned.header("retry-after")), (418, Some(retry)));
    }
    venue.tick("60000", 40);
    assert_eq!(venue.open("/fapi/v1/time").status, 200);
    venue.running.inject(Fault::Banned.next(1));
    assert_eq!(venue.open("/fapi/v1/time").status, 418);
    venue.running.calm();
    assert_eq!(venue.open("/fapi/v1/time").status, 200, "a ban does not outlast the faults");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_is_of_something_that_is_done_at_once() {
    let venue = Venue::start().await;
    venue.running.inject(Fault::Slow.next(1).on(Target::Place).lasting(Duration::from_millis(150)));
    let began = Instant::now();
    let url = venue.running.rest_url();
    let slow = std::thread::spawn(move || answer_to_buying(&url));
    while venue.running.injected().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!((venue.open_orders(), venue.running.injected()[0].executed), (1, Some(true)));
    let answer = slow.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(r#""clientOrderId":"one""#), "{answer}");
    assert!(began.elapsed() >= Duration::from_millis(150));
}

/// Everything that comes back, once it does.
fn answer_to_buying(url: &str) -> String {
    let query = format!("{BUY}&timestamp={START}");
    let target = format!("/fapi/v1/order?{query}&signature={}", signature(&query));
    let mut stream = std::net::TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-MBX-APIKEY: {KEY}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn overload_lets_through_what_reduces_risk() {
    let venue = Venue::start().await;
    venue.trade("BUY", "0.01");
    venue.post("/fapi/v1/order", BUY);
    venue.running.inject(Fault::Overloaded.always());
    assert_eq!(venue.signed("POST", "/fapi/v1/order", &BUY.replace("=one", "=two")).code(), -1008);
    assert_eq!(venue.signed("POST", "/fapi/v1/algoOrder", STOP).status, 200);
    assert_eq!(venue.signed("DELETE", "/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=one").status, 200);
    let reduce = "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.01&reduceOnly=true";
    assert_eq!(venue.signed("POST", "/fapi/v1/order", reduce).status, 200);
    venue.running.call_off(Fault::Overloaded);
    assert_eq!(venue.signed("POST", "/fapi/v1/order", &BUY.replace("=one", "=two")).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_refused_or_lost() {
    let venue = Venue::start().await;
    venue.trade("BUY", "0.01");
    let mut socket = venue.private().await;
    socket.heard().await;
    venue.running.inject(Fault::Reject.next(1));
    assert_eq!(venue.signed("POST", "/fapi/v1/algoOrder", STOP).code(), -2021);
    assert_eq!((venue.open_stops(), socket.told().await), (0, vec![]));

    venue.running.inject(Fault::LoseStop.next(1));
    let answer = venue.signed("POST", "/fapi/v1/algoOrder", STOP);
    assert_eq!((answer.status, &answer.json()["algoStatus"]), (200, &"NEW".into()));
    assert_eq!(venue.open_stops(), 0);
    assert_eq!(socket.told().await, ["ALGO_UPDATE NEW"], "nobody is told that it is gone");
    assert_eq!(venue.get("/fapi/v1/openAlgoOrders", ""), serde_json::json!([]));
    venue.tick("59499", 1);
    let position = venue.get("/fapi/v3/positionRisk", "symbol=BTCUSDT");
    assert_eq!(position[0]["positionAmt"], "0.010", "nothing stopped it");

    assert_eq!(venue.signed("POST", "/fapi/v1/algoOrder", &STOP.replace("59500", "59000")).status, 200);
    assert_eq!(venue.open_stops(), 1);
    assert_eq!(
        venue.log(),
        ["1 reject stop POST /fapi/v1/algoOrder, not executed", "2 lose-stop stop POST /fapi/v1/algoOrder, executed"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_venue_refuses_anyway_is_not_called_executed() {
    let venue = Venue::start().await;
    venue.running.inject_spec("unknown-after=place:x1").unwrap();
    let wrong = venue.signed("POST", "/fapi/v1/order", &BUY.replace("0.02", "0.00000001"));
    assert_eq!((wrong.status, venue.open_orders()), (503, 0));
    assert_eq!(venue.running.injected()[0].executed, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_replays_whatever_else_is_asked() {
    let run = async |seed: u64, queries: usize| {
        let venue = Venue::start().await;
        let spec = format!("seed={seed},timeout-after=place:0.2:for=1ms,unknown-before=place:0.2,500-before=query:0.3");
        venue.running.begin_faults(&spec.parse().unwrap());
        for number in 0..40 {
            venue.try_signed("POST", "/fapi/v1/order", &BUY.replace("=one", &format!("=n{number}")));
            for _ in 0..queries {
                venue.try_signed("GET", "/fapi/v1/openOrders", "");
            }
        }
        let placed = (0..40).map(|number| {
            let id = OrderRef::Client(plimsoll_domain::ClientOrderId::reported(format!("n{number}")));
            let symbol = plimsoll_exchange::listings::btc_usdt().symbol;
            venue.running.exchange(|exchange| exchange.order(&account(), &symbol, &id)).is_some()
        });
        let placed: Vec<bool> = placed.collect();
        let log = venue.running.injected().into_iter().filter(|it| it.at.starts_with("place"));
        (placed, log.map(|it| (it.fault, it.executed)).collect::<Vec<_>>())
    };
    let first = run(7, 0).await;
    assert_eq!(run(7, 2).await, first);
    assert_ne!(run(8, 0).await, first);
    assert!(first.0.contains(&false) && first.1.contains(&(Fault::TimeoutAfter, Some(true))), "{first:?}");
}
