//! What an answer means: done, certainly not done, or nobody knows.

use crate::actors::*;

const UNKNOWN: &str = "Unknown error, please check your request or try again later.";
const INTERNAL: &str = "Internal error; unable to process your request. Please try again.";
const OVERLOAD: &str = "Request throttled by system-level protection. Reduce-only/close-position orders are exempt.";

fn trouble(code: i64, message: &str) -> String {
    format!(r#"{{"code":{code},"msg":"{message}"}}"#)
}

fn page(status: &str) -> String {
    format!("<html><head><title>{status}</title></head></html>")
}

/// In a word.
fn word(outcome: &Result<plimsoll_domain::OrderId, PlaceError>) -> String {
    match outcome {
        Ok(id) => format!("placed {id}"),
        Err(PlaceError::Unanswered(_)) => "unanswered".to_owned(),
        Err(PlaceError::Refused(refusal)) => format!("refused {:?}", refusal.reason),
        Err(PlaceError::NotSent(NotSent::Unavailable(_))) => "unavailable".to_owned(),
        Err(PlaceError::NotSent(NotSent::Throttled { .. })) => "throttled".to_owned(),
        Err(PlaceError::NotSent(NotSent::Disconnected(_))) => "disconnected".to_owned(),
        Err(PlaceError::NotSent(NotSent::Invalid(_))) => "invalid".to_owned(),
    }
}

#[tokio::test]
async fn an_answer_to_an_order_is_a_promise_only_when_it_is_clear() {
    let check = async |say: Say, expected: &str| {
        let script = {
            let say = say.clone();
            Script::start(move |call, _| (call == "POST /fapi/v1/order").then(|| say.clone())).await
        };
        let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
        let outcome = broker.place(&market(Side::Buy)).await;
        assert_eq!(word(&outcome), expected, "{outcome:?}");
        assert_eq!(script.heard("POST /fapi/v1/order"), 1, "never sent twice: {outcome:?}");
    };
    let text = |status: u16, body: &str| Say::Text(status, body.to_owned());
    let ok = |body: &str| Say::json(body);
    // The venue's ways to say that it does not know.
    check(text(503, &trouble(-1000, UNKNOWN)), "unanswered").await;
    check(text(503, UNKNOWN), "unanswered").await;
    check(text(503, ""), "unanswered").await;
    check(text(408, &trouble(-1007, "Timeout waiting for response from backend server.")), "unanswered").await;
    check(text(400, &trouble(-1007, "Timeout waiting for response from backend server.")), "unanswered").await;
    check(text(400, &trouble(-1006, "An unexpected response was received from the message bus.")), "unanswered").await;
    check(text(500, &trouble(-1000, "Request occur unknown error.")), "unanswered").await;
    // Somebody on the way.
    check(text(502, &page("502 Bad Gateway")), "unanswered").await;
    check(text(504, &page("504 Gateway Time-out")), "unanswered").await;
    check(text(302, ""), "unanswered").await;
    // Certainly nothing was done.
    check(text(503, "Service Unavailable."), "unavailable").await;
    check(text(503, &trouble(-1001, INTERNAL)), "unavailable").await;
    check(text(503, &trouble(-1008, OVERLOAD)), "unavailable").await;
    check(text(400, &trouble(-1008, OVERLOAD)), "unavailable").await;
    check(text(403, &page("403 Forbidden")), "throttled").await;
    check(text(429, &trouble(-1003, "Too many requests.")), "throttled").await;
    check(text(418, &trouble(-1003, "Way too many requests.")), "throttled").await;
    // A no.
    check(text(400, &trouble(-2019, "Margin is insufficient.")), "refused InsufficientMargin").await;
    check(text(400, &trouble(-1022, "Signature for this request is not valid.")), "refused NotAllowed").await;
    check(text(401, &trouble(-2015, "Invalid API-key, IP, or permissions for action.")), "refused NotAllowed").await;
    check(text(401, &trouble(-2014, "API-key format invalid.")), "refused NotAllowed").await;
    // A success that carries an error.
    check(ok(&trouble(-2019, "Margin is insufficient.")), "refused InsufficientMargin").await;
    check(ok(&trouble(-1007, "Timeout")), "unanswered").await;
    // A success that cannot be read: the order may live.
    check(ok(r#"{"orderId":22542179,"symbol":"BTC"#), "unanswered").await;
    check(ok(r#"{"orderId":1e400}"#), "unanswered").await;
    check(ok(r#"{"orderId":-7}"#), "unanswered").await;
    check(ok(r#"{"orderId":true}"#), "unanswered").await;
    check(ok("{}"), "unanswered").await;
    check(ok("[]"), "unanswered").await;
    check(ok("null"), "unanswered").await;
    check(ok(""), "unanswered").await;
    check(ok(&page("200 OK")), "unanswered").await;
    check(ok(&format!(r#"{{"orderId":{}"#, "[".repeat(100_000))), "unanswered").await;
    check(Say::Body(vec![0xff, 0xfe, 0x00]), "unanswered").await;
    check(Say::Half(r#"{"orderId":1}"#.to_owned()), "unanswered").await;
    check(Say::Raw(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()), "unanswered").await;
    check(Say::Close, "unanswered").await;
    check(ok(r#"{"orderId":7,"unknown":{"deep":[1e400]}}"#), "placed 7").await;
}

#[tokio::test]
async fn an_answer_to_a_cancel_is_a_promise_only_when_it_is_clear() {
    let check = async |say: Say, expected: &str| {
        let script = Script::start(move |call, _| call.starts_with("DELETE ").then(|| say.clone())).await;
        let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
        let outcome = match broker.cancel_all(&symbol()).await {
            Ok(()) => "done",
            Err(CommandError::Unanswered(_)) => "unanswered",
            Err(CommandError::Refused(_)) => "refused",
            Err(CommandError::NotSent(_)) => "not sent",
        };
        assert_eq!(outcome, expected);
    };
    check(Say::json(r#"{"code":200,"msg":"done"}"#), "done").await;
    check(Say::json("{}"), "done").await;
    check(Say::json(page("200 OK")), "unanswered").await;
    check(Say::json(r#"{"code":200,"#), "unanswered").await;
    check(Say::json("[1]"), "unanswered").await;
    check(Say::Body(vec![0xff]), "unanswered").await;
    check(Say::json(trouble(-2011, "Unknown order sent.")), "refused").await;
    check(Say::Text(503, "Service Unavailable.".to_owned()), "not sent").await;
    check(Say::Text(502, page("502 Bad Gateway")), "unanswered").await;
}

/// Bodies that answer nothing that we ask.
fn nonsense() -> Vec<Say> {
    let huge = "9".repeat(400);
    let texts = [
        String::new(),
        "null".to_owned(),
        "{}".to_owned(),
        "7".to_owned(),
        r#"["#.to_owned(),
        r#"[{"symbol":"BTCUSDT","#.to_owned(),
        r#"[{"symbol":7}]"#.to_owned(),
        r#"[null]"#.to_owned(),
        page("200 OK"),
        format!(r#"[{{"symbol":"BTCUSDT","positionSide":"BOTH","positionAmt":"{huge}","entryPrice":"1e400"}}]"#),
        format!(r#"{{"serverTime":{huge},"assets":{huge},"symbols":{huge}}}"#),
        "[".repeat(200_000),
        format!("{}{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000)),
        format!("[{}]", r#"{"symbol":"#.repeat(50_000)),
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
            let wanted = call.starts_with("GET ") && !matches!(call, "GET /fapi/v1/time" | "GET /fapi/v1/exchangeInfo");
            wanted.then(|| say.clone())
        })
        .await;
        let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
        let (symbol, id) = (symbol(), ClientOrderId::new("x").unwrap());
        let outcomes: [Result<(), QueryError>; 9] = [
            broker.account().await.map(drop),
            broker.positions().await.map(drop),
            broker.balances().await.map(drop),
            broker.open_orders(None).await.map(drop),
            broker.order(&symbol, &id).await.map(drop),
            broker.fills(&symbol, stage::START).await.map(drop),
            broker.funding_payments(stage::START).await.map(drop),
            broker.instrument(&symbol).await.map(drop),
            broker.market_feed().mark_price(&symbol).await.map(drop),
        ];
        for (index, outcome) in outcomes.iter().enumerate() {
            let refused = matches!(outcome, Err(QueryError::Unreadable(_) | QueryError::Unreachable(_)));
            assert!(refused, "question {index}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn no_nonsense_is_taken_for_the_time_or_the_list() {
    for say in nonsense() {
        for nonsensical in ["GET /fapi/v1/time", "GET /fapi/v1/exchangeInfo"] {
            let say = say.clone();
            let script = Script::start(move |call, _| (call == nonsensical).then(|| say.clone())).await;
            let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
            let outcome = broker.place(&market(Side::Buy)).await;
            assert!(matches!(outcome, Err(PlaceError::NotSent(_) | PlaceError::Refused(_))), "{outcome:?}");
            assert_eq!(script.heard("POST /fapi/v1/order"), 0, "nothing was sent");
        }
    }
}

#[tokio::test]
async fn what_the_venue_cannot_verify_is_said_in_its_words() {
    for (status, code, message, expected) in [
        (400, -1022, "Signature for this request is not valid.", "the key is not allowed to do this"),
        (401, -2015, "Invalid API-key, IP, or permissions for action.", "the key is not allowed to do this"),
        (400, -1021, "Timestamp for this request is outside of the recvWindow.", "the venue was unable to take it"),
    ] {
        let body = trouble(code, message);
        let script = Script::start(move |call, _| {
            (call == "POST /fapi/v1/order" || call == "GET /fapi/v3/positionRisk")
                .then(|| Say::Text(status, body.clone()))
        })
        .await;
        let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
        let place = broker.place(&market(Side::Buy)).await.unwrap_err().to_string();
        let query = broker.positions().await.unwrap_err().to_string();
        for text in [place, query] {
            assert!(text.contains(expected) && text.contains(message) && text.contains(&code.to_string()), "{text}");
        }
    }
}

#[tokio::test]
async fn a_wrong_key_or_secret_is_not_allowed_and_nothing_was_done() {
    let stage = Stage::new().await;
    let wrong = [
        plimsoll_binance::Credentials { secret: "not the secret".into(), ..credentials() },
        plimsoll_binance::Credentials { key: "nobody's".into(), ..credentials() },
    ];
    for credentials in wrong {
        let endpoints = Endpoints::custom(stage.venue.rest_url(), stage.venue.ws_url());
        let broker = BinanceBroker::new(endpoints, credentials, Arc::new(stage.clock.clone())).unwrap();
        let place = broker.place(&market(Side::Buy)).await;
        let refused = matches!(&place, Err(PlaceError::Refused(why)) if why.reason == RefusalReason::NotAllowed);
        assert!(refused, "{place:?}");
        let query = broker.positions().await;
        let refused = matches!(&query, Err(QueryError::Refused(why)) if why.reason == RefusalReason::NotAllowed);
        assert!(refused, "{query:?}");
    }
    assert_eq!(stage.broker.positions().await, Ok(Vec::new()));
}
