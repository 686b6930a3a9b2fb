//! What an answer means: done, certainly not done, or nobody knows.

use crate::actors::*;
use crate::answered::{cancelling_means, nothing_is_readable, page, placing_means};

fn trouble(label: &str) -> String {
    format!(r#"{{"label":"{label}","message":"text"}}"#)
}

#[tokio::test]
async fn an_answer_to_an_order_is_a_promise_only_when_it_is_clear() {
    let check = async |say: Say, expected: &str| placing_means("POST /orders", say, expected).await;
    let text = |status: u16, body: &str| Say::Text(status, body.to_owned());
    let ok = |body: &str| Say::json(body);
    // The venue's ways to say that it does not know.
    check(text(500, &trouble("INTERNAL")), "unanswered").await;
    check(text(400, &trouble("SERVER_ERROR")), "unanswered").await;
    check(text(504, &trouble("SERVER_TIMEOUT")), "unanswered").await;
    check(text(503, &trouble("TOO_BUSY")), "unanswered").await;
    check(text(503, ""), "unanswered").await;
    check(text(408, ""), "unanswered").await;
    // Somebody on the way.
    check(text(502, &page("502 Bad Gateway")), "unanswered").await;
    check(text(302, ""), "unanswered").await;
    // Certainly nothing was done.
    check(text(403, &page("403 Forbidden")), "throttled").await;
    check(text(429, &trouble("TOO_MANY_REQUESTS")), "throttled").await;
    // A no.
    check(text(400, &trouble("INSUFFICIENT_AVAILABLE")), "refused InsufficientMargin").await;
    check(text(400, r#"{"label":"ORDER_POC_IMMEDIATE","detail":"order price 1"}"#), "refused WouldTake").await;
    check(text(401, &trouble("INVALID_SIGNATURE")), "refused NotAllowed").await;
    check(text(401, &trouble("INVALID_KEY")), "refused NotAllowed").await;
    check(text(403, &trouble("READ_ONLY")), "refused NotAllowed").await;
    check(text(404, ""), "refused Other").await;
    // A success that carries an error.
    check(ok(&trouble("RISK_LIMIT_EXCEEDED")), "refused BadLeverage").await;
    // A success that cannot be read: the order may live.
    check(ok(r#"{"id":22542179,"contract":"BTC"#), "unanswered").await;
    check(ok(r#"{"id":1e400}"#), "unanswered").await;
    check(ok(r#"{"id":-7}"#), "unanswered").await;
    check(ok(r#"{"id":true}"#), "unanswered").await;
    for body in ["{}", "[]", "null", ""] {
        check(ok(body), "unanswered").await;
    }
    check(ok(&page("200 OK")), "unanswered").await;
    check(ok(&format!(r#"{{"id":{}"#, "[".repeat(100_000))), "unanswered").await;
    check(Say::Body(vec![0xff, 0xfe, 0x00]), "unanswered").await;
    check(Say::Half(r#"{"id":1}"#.to_owned()), "unanswered").await;
    check(Say::Raw(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()), "unanswered").await;
    check(Say::Close, "unanswered").await;
    check(text(201, r#"{"id":94294117235059656,"unknown":{"deep":[1e400]}}"#), "placed 94294117235059656").await;
}

#[tokio::test]
async fn an_answer_to_a_cancel_is_a_promise_only_when_it_is_clear() {
    let check = cancelling_means;
    check(Say::json("[]"), "done").await;
    check(Say::json("{}"), "done").await;
    check(Say::json(page("200 OK")), "unanswered").await;
    check(Say::json(r#"[{"id":1,"#), "unanswered").await;
    check(Say::Body(vec![0xff]), "unanswered").await;
    check(Say::Text(400, trouble("ORDER_NOT_FOUND")), "refused").await;
    check(Say::Text(429, trouble("TOO_MANY_REQUESTS")), "not sent").await;
    check(Say::Text(502, page("502 Bad Gateway")), "unanswered").await;
}

#[tokio::test]
async fn a_limit_is_waited_out_for_as_long_as_the_venue_says() {
    let until = stage::START.plus(Duration::from_secs(7));
    let reset = ("X-Gate-RateLimit-Reset-Timestamp", until.as_millis().to_string());
    let script = Script::start(move |call, _| {
        (call == "POST /orders").then(|| Say::With(429, reset.clone(), trouble("TOO_MANY_REQUESTS")))
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    for _ in 0..3 {
        let outcome = broker.place(&market(Side::Buy)).await;
        assert_eq!(outcome, Err(PlaceError::NotSent(NotSent::Throttled { until })));
    }
    assert_eq!(script.heard("POST /orders"), 1, "going on would prolong it");
    broker.cancel_all(&symbol()).await.expect("cancels have a limit of their own");
}

/// Bodies that answer nothing that we ask.
fn nonsense() -> Vec<Say> {
    let huge = "9".repeat(400);
    let texts = [
        String::new(),
        "null".to_owned(),
        "{}".to_owned(),
        "7".to_owned(),
        "[".to_owned(),
        r#"[{"contract":"BTC_USDT","#.to_owned(),
        r#"[{"contract":7}]"#.to_owned(),
        "[null]".to_owned(),
        page("200 OK"),
        format!(r#"[{{"contract":"BTC_USDT","mode":"single","size":"{huge}","entry_price":"1e400"}}]"#),
        format!(r#"{{"server_time":{huge},"total":{huge},"currency":{huge}}}"#),
        "[".repeat(200_000),
        format!("{}{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000)),
    ];
    let mut all: Vec<Say> = texts.map(Say::json).into();
    all.extend([Say::Body(vec![b'[', 0xc3, 0x28, b']']), Say::Half("[".to_owned()), Say::Close]);
    all.push(Say::Raw(vec![0; 64]));
    all
}

#[tokio::test]
async fn no_nonsense_is_taken_for_an_answer() {
    for say in nonsense() {
        let script = Script::start(move |call, _| {
            let wanted = call.starts_with("GET ") && !matches!(call, "GET /api/v4/spot/time" | "GET /contracts");
            wanted.then(|| say.clone())
        })
        .await;
        let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
        nothing_is_readable(&broker).await;
    }
}

#[tokio::test]
async fn a_wallet_that_was_never_funded_is_empty() {
    let script = Script::start(|call, _| {
        let no_wallet = r#"{"label":"USER_NOT_FOUND","message":"please transfer funds first"}"#;
        (call == "GET /accounts").then(|| Say::Text(400, no_wallet.to_owned()))
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let account = broker.account().await.unwrap();
    assert!(account.balances.is_empty() && account.positions.is_empty());
}

#[tokio::test]
async fn what_is_no_number_of_contracts_is_not_sent() {
    let script = Script::start(|_, _| None).await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    let odd = NewOrder { size: OrderSize::Quantity("0.00015".parse().unwrap()), ..market(Side::Buy) };
    assert!(matches!(broker.place(&odd).await, Err(PlaceError::NotSent(NotSent::Invalid(_)))));
    let leg = NewOrder { position_side: PositionSide::Long, ..market(Side::Buy) };
    assert!(matches!(broker.place(&leg).await, Err(PlaceError::NotSent(NotSent::Invalid(_)))));
    assert_eq!(script.heard("POST /orders"), 0);
}

#[tokio::test]
async fn a_snapshot_of_which_one_part_fails_for_a_moment_is_read_again_whole() {
    let script = Script::start(|call, before| (call == "GET /positions" && before == 0).then_some(Say::Close)).await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    broker.account().await.unwrap();
    // The wallet is read before the positions.
    for part in ["GET /positions", "GET /accounts"] {
        assert_eq!(script.heard(part), 2, "{part}");
    }
}

#[tokio::test]
async fn a_page_of_trades_that_fails_for_a_moment_is_read_again_by_itself() {
    let script =
        Script::start(|call, before| (call == "GET /my_trades_timerange" && before == 0).then_some(Say::Close)).await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    assert_eq!(broker.fills(&symbol(), stage::START).await, Ok(Vec::new()));
    assert_eq!(script.heard("GET /my_trades_timerange"), 2);
}
