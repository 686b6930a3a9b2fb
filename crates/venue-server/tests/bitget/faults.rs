//! Faults by command, as they look on this wire.

use crate::client::{Answer, Venue, account, limit, market, with};
use plimsoll_venue_server::{Fault, Target};
use serde_json::{Value, json};
use std::time::Duration;

impl Venue {
    fn open_orders(&self) -> usize {
        self.running.exchange(|exchange| exchange.open_orders(&account()).len())
    }
}

/// What an order is answered with under a fault that strikes once, and whether it is open afterwards.
async fn placed(spec: &str) -> (Option<Answer>, bool) {
    let venue = Venue::start().await;
    venue.running.inject_spec(spec).unwrap();
    let answer = venue.try_command("order/place-order", &limit("buy", "0.02", "59000", "one"));
    let done = venue.open_orders() == 1;
    let fault = venue.running.injected().pop().expect("a fault was injected");
    assert_eq!((fault.executed, &*fault.at), (Some(done), "place POST /api/v2/mix/order/place-order"), "{spec}");
    venue.running.calm();
    venue.post("order/place-order", &limit("buy", "0.02", "59000", "two"));
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
    check("429=place:x1:retry=2s", 429, r#""code":"429""#, false).await;
    check("418=place:x1:retry=60s", 429, r#""code":"429""#, false).await;
    check("500-before=place:x1", 500, r#""code":"40725""#, false).await;
    check("500-after=place:x1", 500, r#""code":"40725""#, true).await;
    check("502-after=place:x1", 502, "<html>", true).await;
    check("503=place:x1", 503, r#""code":"40200""#, false).await;
    check("overload=place:x1", 400, r#""code":"40908""#, false).await;
    check("unknown-before=place:x1", 400, r#""code":"45001""#, false).await;
    check("unknown-after=place:x1", 400, r#""code":"45001""#, true).await;
    check("408-after=place:x1", 400, r#""code":"40010""#, true).await;
    check("reject=place:x1", 400, r#""code":"40762""#, false).await;
    check("reject=place:x1:code=45110", 400, r#""code":"45110""#, false).await;
    check("slow=place:x1:for=10ms", 200, r#""clientOid":"one""#, true).await;
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
async fn a_stop_is_lost_and_overload_spares_what_reduces() {
    let venue = Venue::start().await;
    venue.trade("buy", "0.1");
    let mut socket = venue.private(&["orders-algo"]).await;
    venue.running.inject(Fault::LoseStop.next(1));
    let stop = json!({"planType": "pos_loss", "triggerPrice": "59500", "holdSide": "buy"});
    venue.post("order/place-tpsl-order", &stop);
    assert_eq!(socket.told().await, ["orders-algo live"]);
    assert_eq!(venue.get("order/orders-plan-pending?planType=profit_loss")["entrustedList"], Value::Null);
    venue.running.inject(Fault::Overloaded.always());
    assert_eq!(venue.refused("order/place-order", &market("buy", "0.01")), "40908");
    venue.post("order/place-order", &with(market("sell", "0.01"), "reduceOnly", "YES"));
    venue.post("order/place-tpsl-order", &stop);
    venue.post("order/cancel-plan-order", &json!({"planType": "profit_loss"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_lost_doubled_and_told_in_another_order() {
    let venue = Venue::start().await;
    let mut socket = venue.private(&["orders", "fill", "positions", "account"]).await;
    venue.running.inject(Fault::Drop.next(1).on(Target::Private));
    venue.running.inject(Fault::Duplicate.next(1).on(Target::Private));
    venue.trade("buy", "0.01");
    assert_eq!(socket.told().await, ["orders filled", "orders filled", "fill", "positions 1", "account"]);
    venue.running.inject(Fault::PositionsFirst.always());
    venue.trade("sell", "0.01");
    assert_eq!(socket.told().await, ["positions 0", "account", "orders live", "orders filled", "fill"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_end_with_or_without_a_word_and_sockets_die() {
    let venue = Venue::start().await;
    let mut socket = venue.private(&["orders"]).await;
    venue.running.inject(Fault::ExpireKey.now());
    let told = socket.heard().await;
    assert!(told[0].contains("30004"), "{told:?}");
    venue.trade("buy", "0.01");
    assert_eq!(socket.heard().await, Vec::<String>::new());
    let mut silent = venue.private(&["orders"]).await;
    venue.running.inject(Fault::ExpireKeySilently.now());
    venue.trade("buy", "0.01");
    assert_eq!(silent.heard().await, Vec::<String>::new());
    let mut dead = venue.private(&["orders"]).await;
    venue.running.inject(Fault::HalfOpen.now());
    assert!(!dead.is_answered(Duration::from_millis(200)).await);
    let mut cut = venue.private(&["orders"]).await;
    venue.running.inject(Fault::Disconnect.now());
    assert_eq!(cut.hear().await, None);
    venue.running.inject(Fault::Maintenance.always());
    assert_eq!(venue.open("/api/v2/public/time").status, 503);
    venue.running.calm();
    venue.running.inject_spec("skew=-3s").unwrap();
    assert_eq!(
        venue.open("/api/v2/public/time").json()["data"]["serverTime"],
        (crate::client::START - 3000).to_string()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_commanded_over_http() {
    let venue = Venue::with(|settings| settings.control = true, |_| {}).await;
    let answer = venue.try_raw("POST", "/plimsoll/faults", "", "reject=place:x1").unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(venue.refused("order/place-order", &market("buy", "0.01")), "40762");
}
