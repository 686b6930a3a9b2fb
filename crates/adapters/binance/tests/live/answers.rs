//! What an answer means: done, certainly not done, or nobody knows.

use crate::actors::*;
use crate::answered::{cancelling_means, nothing_is_readable, page, placing_means};
use std::sync::Mutex;

const UNKNOWN: &str = "Unknown error, please check your request or try again later.";
const INTERNAL: &str = "Internal error; unable to process your request. Please try again.";
const OVERLOAD: &str = "Request throttled by system-level protection. Reduce-only/close-position orders are exempt.";

fn trouble(code: i64, message: &str) -> String {
    format!(r#"{{"code":{code},"msg":"{message}"}}"#)
}

#[tokio::test]
async fn an_answer_to_an_order_is_a_promise_only_when_it_is_clear() {
    let check = async |say: Say, expected: &str| placing_means("POST /fapi/v1/order", say, expected).await;
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
    let check = cancelling_means;
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
        nothing_is_readable(&broker).await;
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

/// A position in a contract that was listed since the list was read.
async fn newly_listed() -> (Script, BinanceBroker) {
    const LIST: &str = include_str!("../fixtures/rest_exchange_info.json");
    const HELD: &str = include_str!("../fixtures/rest_position_risk_v3.json");
    let script = Script::start(|call, before| match call {
        "GET /fapi/v1/exchangeInfo" => {
            Some(Say::json(if before == 0 { LIST.replace("BTCUSDT", "ZZZUSDT") } else { LIST.to_owned() }))
        }
        "GET /fapi/v3/positionRisk" => Some(Say::json(format!("{}}}]", HELD.split("},{").next().unwrap()))),
        _ => None,
    })
    .await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    (script, broker)
}

#[tokio::test]
async fn an_answer_that_names_a_new_contract_is_read_with_a_new_list() {
    let (script, broker) = newly_listed().await;
    for _ in 0..2 {
        let held = broker.positions().await.unwrap();
        assert!(held.iter().any(|report| report.symbol == symbol()), "{held:?}");
    }
    assert_eq!((script.heard("GET /fapi/v3/positionRisk"), script.heard("GET /fapi/v1/exchangeInfo")), (2, 2));
}

#[tokio::test]
async fn several_answers_that_name_a_new_contract_make_one_list_be_read() {
    let (script, broker) = newly_listed().await;
    let held = || async { broker.positions().await.unwrap().len() };
    assert_eq!(tokio::join!(held(), held(), held(), held()), (1, 1, 1, 1));
    assert_eq!(script.heard("GET /fapi/v1/exchangeInfo"), 2);
}

#[tokio::test]
async fn an_answer_that_no_list_makes_readable_does_not_make_it_be_read() {
    let odd = r#"[{"symbol":"BTCUSDT","positionSide":"SIDEWAYS","positionAmt":"1","entryPrice":"1"}]"#;
    let script = Script::start(move |call, _| (call == "GET /fapi/v3/positionRisk").then(|| Say::json(odd))).await;
    let broker = scripted(&script, NOWHERE, &MarketClock::new(stage::START), settings());
    for _ in 0..2 {
        let outcome = broker.positions().await;
        assert!(matches!(&outcome, Err(QueryError::Unreadable(what)) if what.contains("SIDEWAYS")), "{outcome:?}");
    }
    assert_eq!(script.heard("GET /fapi/v1/exchangeInfo"), 1);
}

#[tokio::test]
async fn a_snapshot_of_which_one_part_fails_for_a_moment_is_read_again_whole() {
    const PARTS: [&str; 5] = [
        "GET /fapi/v1/time",
        "GET /fapi/v1/accountConfig",
        "GET /fapi/v3/positionRisk",
        "GET /fapi/v1/openOrders",
        "GET /fapi/v3/account",
    ];
    let moments = [
        Say::Text(503, page("503 Service Unavailable")),
        Say::Close,
        Say::With(429, ("retry-after", "1".to_owned()), trouble(-1003, "Too many requests.")),
    ];
    for say in moments {
        let calls: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = Arc::clone(&calls);
        let script = Script::start(move |call, before| {
            noted.lock().unwrap().push(call.to_owned());
            match call {
                "GET /fapi/v1/openAlgoOrders" if before == 0 => Some(say.clone()),
                // What the venue wants to be waited passes by its clock.
                "GET /fapi/v1/time" => {
                    let millis = plimsoll_ports::SystemClock.now().as_millis();
                    Some(Say::json(format!(r#"{{"serverTime":{millis}}}"#)))
                }
                _ => None,
            }
        })
        .await;
        let clock = Arc::new(plimsoll_ports::SystemClock);
        let endpoints = Endpoints::custom(script.url(), NOWHERE);
        let broker = BinanceBroker::with_settings(endpoints, credentials(), clock, settings());
        broker.unwrap().account().await.unwrap();
        assert_eq!(script.heard("GET /fapi/v1/openAlgoOrders"), 2);
        let calls = calls.lock().unwrap();
        let failed = calls.iter().position(|call| call == "GET /fapi/v1/openAlgoOrders").unwrap();
        for part in PARTS {
            assert!(calls.iter().skip(failed).any(|call| call == part), "{part} is of another moment: {calls:?}");
        }
    }
}

#[tokio::test]
async fn a_broken_margin_table_is_told_as_that_and_a_delisted_contract_as_delisted() {
    const LIST: &str = include_str!("../fixtures/rest_exchange_info.json");
    const TABLES: &str = include_str!("../fixtures/rest_leverage_bracket.json");
    // A table that does not begin at nothing; then neither table nor contract.
    let broken = TABLES.replace(r#""notionalFloor":0"#, r#""notionalFloor":7"#);
    assert_ne!(broken, TABLES);
    let script = Script::start(move |call, before| match (call, before) {
        ("GET /fapi/v1/leverageBracket", 0) => Some(Say::json(broken.clone())),
        ("GET /fapi/v1/leverageBracket", _) => Some(Say::json("[]")),
        ("GET /fapi/v1/exchangeInfo", 1..) => {
            let other = LIST.replace("BTCUSDT", "ZZZUSDT").replace(r#""baseAsset":"BTC""#, r#""baseAsset":"ZZZ""#);
            Some(Say::json(other))
        }
        _ => None,
    })
    .await;
    let clock = MarketClock::new(stage::START);
    let broker = scripted(&script, NOWHERE, &clock, settings());
    let outcome = broker.instrument(&symbol()).await;
    assert!(matches!(&outcome, Err(QueryError::Unreadable(what)) if what.contains("margin table")), "{outcome:?}");
    clock.tell(stage::START.plus(Duration::from_secs(24 * 3600)));
    let outcome = broker.instrument(&symbol()).await;
    assert!(matches!(&outcome, Err(QueryError::Refused(it)) if it.reason == RefusalReason::NotTrading), "{outcome:?}");
}
