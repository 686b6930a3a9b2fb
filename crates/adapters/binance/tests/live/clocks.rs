//! Our clock and the venue's.

use crate::actors::*;

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
    assert_eq!(broker.clock_offset(), None, "nothing was asked yet");
    let before = clock.now();
    broker.place(&market(Side::Buy)).await.expect("a clock that is an hour ahead is only an offset");
    let offset = broker.clock_offset().expect("an order is signed with the venue's time");
    let behind = -3_601_000_000..-3_599_000_000;
    assert!(behind.contains(&offset.micros), "the venue's is an hour behind ours: {offset:?}");
    assert!((before..=clock.now()).contains(&offset.measured_at), "{offset:?}");
    // Both ways: behind the receive window, and more than a second ahead.
    for drift in [-60_000_000, 60_000_000] {
        clock.1.fetch_add(drift, Ordering::Relaxed);
        broker.place(&market(Side::Buy)).await.expect("measured again");
        clock.1.fetch_sub(drift, Ordering::Relaxed);
        broker.positions().await.expect("measured again");
    }
    assert_eq!(broker.fills(&symbol(), stage::START).await.unwrap().len(), 3);
}

/// Refuses the first `times` orders for their time, as a venue whose clock is not ours.
async fn strict(times: usize, code: i64) -> Script {
    Script::start(move |call, before| match call {
        "POST /fapi/v1/order" if before < times => {
            Some(Say::Text(400, format!(r#"{{"code":{code},"msg":"Timestamp for this request is not accepted."}}"#)))
        }
        _ => None,
    })
    .await
}

#[tokio::test]
async fn an_order_that_came_at_the_wrong_time_is_sent_once_more_by_the_venues_clock() {
    for code in [-1021, -5028] {
        let script = strict(1, code).await;
        let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
        broker.place(&market(Side::Buy)).await.expect("the first was not executed");
        assert_eq!((script.heard("POST /fapi/v1/order"), script.heard("GET /fapi/v1/time")), (2, 2), "{code}");
    }
}

#[tokio::test]
async fn an_order_that_always_comes_at_the_wrong_time_is_given_up_and_was_not_sent() {
    let script = strict(usize::MAX, -1021).await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let outcome = broker.place(&market(Side::Buy)).await;
    assert!(
        matches!(&outcome, Err(PlaceError::NotSent(NotSent::Unavailable(why))) if why.contains("-1021")),
        "{outcome:?}"
    );
    assert_eq!(script.heard("POST /fapi/v1/order"), 2);
}

#[tokio::test]
async fn an_order_is_not_sent_again_while_the_venues_time_is_not_known() {
    let script = Script::start(|call, before| match (call, before) {
        ("POST /fapi/v1/order", _) => Some(Say::Text(400, r#"{"code":-1021,"msg":"Timestamp"}"#.to_owned())),
        ("GET /fapi/v1/time", 1..) => Some(Say::Close),
        _ => None,
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let outcome = broker.place(&market(Side::Buy)).await;
    assert!(matches!(outcome, Err(PlaceError::NotSent(_))), "{outcome:?}");
    assert_eq!(script.heard("POST /fapi/v1/order"), 1);
}

#[tokio::test]
async fn an_order_whose_second_answer_is_lost_may_be_live() {
    let script = Script::start(|call, before| match (call, before) {
        ("POST /fapi/v1/order", 0) => Some(Say::Text(400, r#"{"code":-1021,"msg":"Timestamp"}"#.to_owned())),
        ("POST /fapi/v1/order", _) => Some(Say::Close),
        _ => None,
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let outcome = broker.place(&market(Side::Buy)).await;
    assert!(matches!(outcome, Err(PlaceError::Unanswered(_))), "{outcome:?}");
}
