//! What goes wrong by command, as this wire shows it.

use crate::client::*;
use plimsoll_venue_server::{Fault, Target};
use serde_json::{Value, json};
use std::time::Duration;

fn open_orders(venue: &Venue) -> usize {
    venue.running.exchange(|exchange| exchange.open_orders(&account()).len())
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_misanswered_in_the_venue_s_words() {
    for (spec, status, label, done) in [
        ("429=place:x1:retry=2s", 429, "TOO_MANY_REQUESTS", false),
        ("500-before=place:x1", 500, "INTERNAL", false),
        ("500-after=place:x1", 500, "INTERNAL", true),
        ("503=place:x1", 503, "TOO_BUSY", false),
        ("overload=place:x1", 503, "TOO_BUSY", false),
        ("unknown-before=place:x1", 503, "SERVER_TIMEOUT", false),
        ("unknown-after=place:x1", 503, "SERVER_TIMEOUT", true),
        ("408-before=place:x1", 504, "SERVER_TIMEOUT", false),
        ("408-after=place:x1", 504, "SERVER_TIMEOUT", true),
        ("reject=place:x1", 400, "INSUFFICIENT_AVAILABLE", false),
        ("reject=place:x1:code=-5022", 400, "ORDER_POC_IMMEDIATE", false),
    ] {
        let venue = Venue::start().await;
        venue.running.inject_spec(spec).unwrap();
        let answer = venue.signed("POST", "/orders", "", &limit(1, "59000", "t-a").to_string());
        assert_eq!((answer.status, answer.label().as_str()), (status, label), "{spec}");
        assert_eq!(open_orders(&venue), usize::from(done), "{spec}");
        assert_eq!(venue.running.injected()[0].executed, Some(done), "{spec}");
        assert_eq!(venue.signed("POST", "/orders", "", &limit(1, "59000", "t-b").to_string()).status, 201, "{spec}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_lost_cut_short_or_no_answers() {
    for (spec, done) in
        [("timeout-before=place:x1", false), ("timeout-after=place:x1", true), ("cut-after=place:x1", true)]
    {
        let venue = Venue::start().await;
        venue.running.inject_spec(spec).unwrap();
        assert!(venue.try_signed("POST", "/orders", "", &limit(1, "59000", "t-a").to_string()).is_none(), "{spec}");
        assert_eq!(open_orders(&venue), usize::from(done), "{spec}");
    }
    let venue = Venue::start().await;
    venue.running.inject_spec("502-after=place:x1").unwrap();
    let page = venue.signed("POST", "/orders", "", &limit(1, "59000", "t-a").to_string());
    assert!(page.status == 502 && page.text.starts_with("<html>"), "{page:?}");
    venue.running.inject_spec("short-body=place:x1").unwrap();
    let short = venue.signed("POST", "/orders", "", &limit(1, "59000", "t-b").to_string());
    assert!(serde_json::from_str::<Value>(&short.text).is_err(), "{short:?}");
    assert_eq!(open_orders(&venue), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_let_in_until_a_ban_is_over() {
    let venue = Venue::start().await;
    venue.running.inject_spec("418=query:x1:retry=60s").unwrap();
    let banned = venue.signed("GET", "/accounts", "", "");
    let until = ((START + 60) * 1000).to_string();
    assert_eq!((banned.status, banned.header("X-Gate-RateLimit-Reset-Timestamp")), (429, Some(until.as_str())));
    assert_eq!(venue.refused("GET", "/positions", "", &Value::Null), "TOO_MANY_REQUESTS");
    venue.tick("60000", 60);
    assert_eq!(venue.signed("GET", "/positions", "", "").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_can_be_lost_without_a_word() {
    let venue = Venue::start().await;
    venue.trade(30);
    let mut socket = venue.private(&["futures.autoorders"]).await;
    venue.running.inject_spec("lose-stop=x1").unwrap();
    let body = json!({
        "initial": {"contract": "BTC_USDT", "size": -30, "price": "0", "tif": "ioc", "reduce_only": true},
        "trigger": {"price": "59000", "rule": 2},
    });
    let id = venue.post("/price_orders", &body)["id"].to_string();
    assert_eq!(socket.told().await, ["autoorders"]);
    assert_eq!(venue.get("/price_orders", "status=open"), json!([]));
    assert_eq!(venue.get(&format!("/price_orders/{id}"), "")["finish_as"], "cancelled");
    venue.running.inject(Fault::Reject.next(1).on(Target::Stop));
    assert_eq!(venue.refused("POST", "/price_orders", "", &body), "AUTO_TRIGGER_PRICE_LESS_LAST");
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_are_dropped_doubled_and_told_in_another_order() {
    let channels = ["futures.orders", "futures.usertrades", "futures.positions"];
    let usual = ["orders", "positions", "usertrades", "orders"];
    for (spec, told) in [
        ("drop=private:x1", vec!["positions", "usertrades", "orders"]),
        ("dup=private:x1", vec!["orders", "orders", "positions", "usertrades", "orders"]),
        ("drop=market:1", usual.to_vec()),
        ("positions-first=x1", vec!["positions", "orders", "usertrades", "orders"]),
        ("fills-first=x1", vec!["orders", "usertrades", "orders", "positions"]),
    ] {
        let venue = Venue::start().await;
        let mut socket = venue.private(&channels).await;
        venue.running.inject_spec(spec).unwrap();
        venue.trade(1);
        assert_eq!(socket.told().await, told, "{spec}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_fall_silent_are_cut_and_are_refused() {
    let venue = Venue::start().await;
    let mut socket = venue.private(&["futures.orders"]).await;
    venue.running.inject(Fault::HalfOpen.now().on(Target::Private));
    assert!(!socket.is_answered(Duration::from_millis(200)).await);
    let mut socket = venue.private(&["futures.orders"]).await;
    venue.running.inject_spec("disconnect=private@0s").unwrap();
    assert_eq!(socket.hear_text().await, None);
    for target in ["private", "market"] {
        venue.running.inject_spec(&format!("refuse={target}:x1")).unwrap();
        let url = format!("{}/v4/ws/usdt", venue.running.ws_url());
        assert!(tokio_tungstenite::connect_async(&url).await.is_err(), "{target}");
        assert!(tokio_tungstenite::connect_async(&url).await.is_ok(), "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_ends_at_a_push_told_or_not() {
    for (spec, told) in [("expire-key=x1", vec!["orders"]), ("expire-key-silently=x1", vec![])] {
        let venue = Venue::start().await;
        let mut socket = venue.private(&["futures.orders"]).await;
        venue.running.inject_spec(spec).unwrap();
        venue.trade(1);
        let heard = socket.heard().await;
        assert_eq!(heard.len(), told.len(), "{spec}: {heard:?}");
        assert!(heard.iter().all(|frame| frame["error"]["code"] == 4), "{spec}: {heard:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn maintenance_closes_everything_and_the_clock_can_be_off() {
    let venue = Venue::start().await;
    let mut socket = venue.private(&["futures.orders"]).await;
    venue.running.inject(Fault::Maintenance.always());
    let notice = socket.hear().await.unwrap();
    assert_eq!((&notice["channel"], &notice["result"]["type"]), (&json!("futures.system"), &json!("upgrade")));
    assert_eq!(socket.hear_text().await, None);
    assert_eq!(venue.refused("GET", "/accounts", "", &Value::Null), "TOO_BUSY");
    assert!(tokio_tungstenite::connect_async(format!("{}/v4/ws/usdt", venue.running.ws_url())).await.is_err());
    venue.running.call_off(Fault::Maintenance);
    venue.running.inject_spec("skew=-90s").unwrap();
    assert_eq!(venue.open("/spot/time")["server_time"], (START - 90) * 1000);
    assert_eq!(venue.refused("GET", "/accounts", "", &Value::Null), "REQUEST_EXPIRED");
    venue.running.calm();
    assert_eq!(venue.signed("GET", "/accounts", "", "").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_commanded_over_http() {
    let venue = Venue::with(|settings| settings.control = true, |_| {}).await;
    let begun = venue.raw("POST", "/plimsoll/faults", "", "seed=7,500-before=query:x1");
    assert_eq!(begun.status, 200, "{begun:?}");
    assert_eq!(venue.refused("GET", "/accounts", "", &Value::Null), "INTERNAL");
    let told = venue.raw("GET", "/plimsoll/faults", "", "");
    assert_eq!(told.json()["injected"][0]["at"], "query GET /api/v4/futures/usdt/accounts");
}
