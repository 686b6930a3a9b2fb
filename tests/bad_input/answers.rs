//! Answers that are none: what the caller is told, and that an order is never called refused or unsent when it may live.

use crate::between::{Between, Instead, Then, Times, instead};
use crate::bytes::{GZIP, PAGE, TLS_ALERT, answer, json};
use crate::stage::{Stage, hides, in_time, order, says};
use crate::wire::{KEYS, Wire};
use plimsoll_ports::{NotSent, PlaceError, QueryError};
use plimsoll_tests::venues::{Adapter, connect};
use std::time::Duration;

fn path_of(call: &'static str) -> &'static str {
    call.split(' ').nth(1).unwrap_or(call)
}

/// Asks and places with every request answered so; then without, when both work.
async fn check<W: Wire>(stage: &Stage<W>, name: &str, said: Instead, words: &[&str]) {
    let (between, adapter) = stage.another().await;
    // What is needed before is known.
    in_time(name, adapter.broker.positions()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    in_time(name, adapter.broker.instrument(&W::listing().symbol)).await.expect("the contract is listed");
    for path in [W::POSITIONS, W::PLACE] {
        between.answer(Times::Always, path, said.clone());
    }
    let outcome = in_time(name, adapter.broker.place(&order::<W>())).await;
    let error = outcome.as_ref().expect_err(name);
    says(&error.to_string(), words);
    says(&error.to_string(), &[path_of(W::PLACE)]);
    assert!(matches!(error, PlaceError::Unanswered(_)), "{name}: {outcome:?}");
    hides(KEYS, &outcome, &error.to_string());
    let outcome = in_time(name, adapter.broker.positions()).await;
    let error = outcome.as_ref().expect_err(name);
    says(&error.to_string(), words);
    says(&error.to_string(), &[path_of(W::POSITIONS)]);
    assert!(!matches!(error, QueryError::Refused(_)), "{name}: {outcome:?}");
    hides(KEYS, &outcome, &error.to_string());
    between.behave();
    in_time(name, adapter.broker.positions()).await.unwrap_or_else(|error| panic!("{name}, afterwards: {error}"));
}

pub(crate) async fn what_a_gateway_says_is_told_and_an_order_may_live<W: Wire>() {
    let stage = Stage::<W>::new().await;
    let page = |status| instead(answer(status, "content-type: text/html\r\n", PAGE), Then::Close);
    for status in [200, 500, 502, 504] {
        check::<W>(&stage, &format!("a page with {status}"), page(status), &["html", "502 bad gateway"]).await;
    }
    let location =
        "location: https://elsewhere.example/login?token=dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c\r\n";
    for status in [301, 302, 307] {
        let redirect = instead(answer(status, location, ""), Then::Close);
        check::<W>(&stage, "a redirect", redirect, &["redirect", "elsewhere.example"]).await;
    }
    check::<W>(&stage, "nothing", instead(answer(200, "", ""), Then::Close), &["empty"]).await;
    check::<W>(&stage, "no words", instead(answer(500, "", ""), Then::Close), &["empty"]).await;
    let packed = instead(answer(200, "content-encoding: gzip\r\n", GZIP), Then::Close);
    check::<W>(&stage, "compressed", packed, &["compressed", "gzip"]).await;
}

pub(crate) async fn half_an_answer_is_no_answer<W: Wire>() {
    let stage = Stage::<W>::new().await;
    let whole = r#"{"code":"00000","msg":"success","data":{"orderId":"1","clientOid":"2"}}"#;
    let cut = |length: usize, body: &str| {
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    let other = r#"{"unexpected":true}"#;
    // Whose success is a code in the body has none in these: they are quoted as what the venue said.
    let or_quoted = |wrong: &'static str, said: &'static str| if W::PASSPHRASE.is_empty() { wrong } else { said };
    let check = async |name: &str, said: Instead, words: &[&str]| {
        check::<W>(&stage, name, said, words).await;
    };
    check("cut in the middle", instead(cut(whole.len(), &whole[..20]), Then::Close), &["before message length"]).await;
    check("longer than it is", instead(cut(1000, whole), Then::Close), &["before message length"]).await;
    check("longer, and the rest never comes", instead(cut(1000, whole), Then::Hold), &["no whole answer within"]).await;
    check("shorter than it is", instead(cut(20, whole), Then::Close), &[or_quoted("eof", &whole[..20])]).await;
    check("half of JSON", instead(json(200, &whole[..20]), Then::Close), &[or_quoted("eof", &whole[..20])]).await;
    check("not JSON", instead(json(200, "OK"), Then::Close), &[or_quoted("expected value", ": ok (200)")]).await;
    check("something else", instead(json(200, other), Then::Close), &[or_quoted("missing field", other)]).await;
    check("null", instead(json(200, "null"), Then::Close), &[or_quoted("type: null", ": null (200)")]).await;
    let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a\":\r\nzz\r\n";
    check("chunks that are none", instead(chunks, Then::Close), &["chunk size"]).await;
    check(
        "no number for a length",
        instead("HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n{}", Then::Close),
        &["content-length"],
    )
    .await;
    check("not HTTP", instead("SSH-2.0-OpenSSH_9.6\r\n", Then::Close), &["no http"]).await;
    check("closed", instead("", Then::Close), &["connection closed"]).await;
    check("never", instead("", Then::Hold), &["no whole answer within"]).await;
    check("TLS", instead(TLS_ALERT, Then::Close), &["tls"]).await;
}

fn throttled(error: &NotSent, name: &str) -> plimsoll_domain::Timestamp {
    match error {
        NotSent::Throttled { until } => *until,
        other => panic!("{name}: {other:?}"),
    }
}

/// Asked once and placed once, nothing more is sent until the venue wants to hear from us again.
async fn limited<W: Wire>(stage: &Stage<W>, name: &str, said: &[u8], at_least: Duration) {
    for path in [W::POSITIONS, W::PLACE] {
        let (between, adapter): (Between, Adapter) = stage.another().await;
        in_time(name, adapter.broker.positions()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        in_time(name, adapter.broker.instrument(&W::listing().symbol)).await.expect("the contract is listed");
        between.answer(Times::Always, path, instead(said, Then::Close));
        let before = stage.now();
        let count = || between.requests().iter().filter(|line| line.starts_with(path)).count();
        let sent = count();
        // One that is short is waited for.
        let is_long = at_least > Duration::from_secs(10);
        for _ in 0..if is_long { 3 } else { 1 } {
            let error = if path == W::PLACE {
                match in_time(name, adapter.broker.place(&order::<W>())).await {
                    Err(PlaceError::NotSent(error)) => error,
                    other => panic!("{name}: {other:?}"),
                }
            } else {
                match in_time(name, adapter.broker.positions()).await {
                    Err(QueryError::Unreachable(error)) => error,
                    other => panic!("{name}: {other:?}"),
                }
            };
            let until = throttled(&error, name);
            assert!(until >= before.plus(at_least), "{name}: {until} is sooner than {at_least:?} after {before}");
            assert!(until <= stage.now().plus(Duration::from_secs(3 * 24 * 3600 + 60)), "{name}: {until}");
        }
        let times = if is_long || path == W::PLACE { 1 } else { 4 };
        assert!((sent + 1..=sent + times).contains(&count()), "{name}: what is limited is asked again");
    }
}

pub(crate) async fn a_limit_silences_us_for_as_long_as_the_venue_says<W: Wire>() {
    let stage = Stage::<W>::new().await;
    for status in [418, 429] {
        let body = r#"{"message":"slow down"}"#;
        let said = answer(status, "retry-after: 40\r\n", body);
        limited::<W>(&stage, &format!("{status} for 40 s"), &said, Duration::from_secs(39)).await;
    }
}

pub(crate) async fn a_limit_without_a_time_silences_us_for_a_while<W: Wire>() {
    let stage = Stage::<W>::new().await;
    for (index, said) in W::limits().into_iter().enumerate() {
        limited::<W>(&stage, &format!("limit {index}"), &said, Duration::from_millis(1)).await;
    }
    limited::<W>(&stage, "418", &answer(418, "", ""), Duration::from_secs(60)).await;
    let never = answer(429, "retry-after: 99999999999999999999\r\n", "");
    limited::<W>(&stage, "a time that no clock shows", &never, Duration::from_millis(1)).await;
}

/// TLS where plain is spoken, and the reverse, and an address where nobody is.
pub(crate) async fn an_address_of_the_wrong_kind_is_named<W: Wire>() {
    let stage = Stage::<W>::new().await;
    let between = &stage.between;
    let (rest, sockets) = (between.rest.replacen("http", "https", 1), between.sockets.replacen("ws", "wss", 1));
    let clock = std::sync::Arc::new(stage.clock.clone());
    let adapter = connect(&rest, &sockets, KEYS, clock, W::settings());
    let outcome = in_time("TLS to plain", adapter.broker.place(&order::<W>())).await;
    assert!(matches!(outcome, Err(PlaceError::NotSent(_))), "{outcome:?}");
    let error = outcome.expect_err("no TLS there").to_string();
    says(&error, &["https://127.0.0.1", "tls"]);
    let mut stream = (adapter.open)();
    says(&crate::stage::why(&mut *stream).await, &["127.0.0.1", "tls"]);
}
