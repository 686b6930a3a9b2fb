use crate::client::{ACT, ACT_TOO, READ, Site, settings, with_tokens};
use plimsoll_api::{Allowance, ApiSettings};
use serde_json::{Value, json};
use std::time::Duration;

const PREPARE: &str = "/api/actions/prepare";
const CONFIRM: &str = "/api/actions/confirm";
const OPEN: &str = r#"{"action":"open","account":"main","symbol":"BTC/USDT:USDT","direction":"long","quantity":"0.05","leverage":5,"stop_loss":"48000"}"#;

async fn nonce(site: &Site, token: Option<&str>, action: &str) -> String {
    let reply = site.post(PREPARE, token, action).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["nonce"].as_str().unwrap().to_owned()
}

fn confirmation(nonce: &str, key: &str) -> String {
    json!({ "nonce": nonce, "idempotency_key": key }).to_string()
}

#[tokio::test]
async fn a_position_is_opened_in_two_steps_and_shown() {
    let site = Site::new(with_tokens()).await;
    let prepared = site.post(PREPARE, Some(ACT), OPEN).await.json();
    assert_eq!(prepared["summary"], "open long 0.05 BTC/USDT:USDT on main at 5x");
    assert_eq!((&prepared["expires_in_ms"], &prepared["refusals"]), (&json!(60_000), &json!([])));
    let nonce = prepared["nonce"].as_str().unwrap();
    let outcome = site.post(CONFIRM, Some(ACT), &confirmation(nonce, "click-0001")).await.json();
    assert_eq!((&outcome["outcome"], &outcome["repeated"]), (&json!("done"), &json!(false)), "{outcome}");
    let again = site.post(CONFIRM, Some(ACT), &confirmation(nonce, "click-0001")).await.json();
    assert_eq!((&again["text"], &again["repeated"]), (&outcome["text"], &json!(true)));

    site.world.until(0, |view| !view.positions.is_empty()).await;
    let bearer = format!("Bearer {READ}");
    let read = async |path: &str| site.send("GET", path, &[("Authorization", &bearer)], "").await.json();
    let position = &read("/api/positions").await["positions"][0];
    assert_eq!((&position["quantity"], &position["stop"]["trigger"]), (&json!("0.05"), &json!("48000")));
    assert_eq!(read("/api/fills?days=1").await["fills"].as_array().map(Vec::len), Some(1), "it was opened once");
    let told = read("/api/risk?account=main").await;
    let events = told["accounts"][0]["events"].as_array().unwrap();
    let kinds: Vec<&Value> = events.iter().map(|it| &it["kind"]).collect();
    for kind in ["action_prepared", "action_confirmed", "action_done"] {
        assert!(kinds.contains(&&json!(kind)), "{kinds:?}");
    }
    assert!(events.iter().all(|it| it["detail"].as_str().unwrap().starts_with("ops: ")), "{events:?}");
}

#[tokio::test]
async fn a_nonce_that_is_expired_replayed_unknown_or_of_another_is_told_apart() {
    let site = Site::new(with_tokens()).await;
    let confirm =
        async |token, nonce: &str, key| site.post(CONFIRM, Some(token), &confirmation(nonce, key)).await.code();
    let one = nonce(&site, Some(ACT), OPEN).await;
    assert_eq!(confirm(ACT_TOO, &one, "click-0001").await, (403, "foreign_nonce".to_owned()));
    assert_eq!(confirm(ACT, &one, "click-0001").await.0, 200);
    assert_eq!(confirm(ACT, &one, "click-0002").await, (409, "nonce_used".to_owned()));
    let pause = r#"{"action":"pause_strategy","strategy":"trend","reason":"news"}"#;
    let other = nonce(&site, Some(ACT), pause).await;
    assert_eq!(confirm(ACT, &other, "click-0001").await, (409, "key_reused".to_owned()));
    site.world.pass(Duration::from_secs(61));
    assert_eq!(confirm(ACT, &other, "click-0003").await, (410, "nonce_expired".to_owned()));
    assert_eq!(confirm(ACT, "0123", "click-0003").await, (404, "unknown_nonce".to_owned()));
    assert_eq!(confirm(ACT, &other, "short").await, (422, "invalid_action".to_owned()));
}

#[tokio::test]
async fn the_kill_switch_takes_a_typed_word() {
    let site = Site::new(settings()).await;
    let kill = r#"{"action":"kill","reason":"news"}"#;
    let refused = site.post(PREPARE, None, kill).await;
    assert_eq!(refused.code(), (422, "wrong_word".to_owned()));
    assert!(refused.json()["remedy"].as_str().unwrap().contains("KILL"));
    let nonce = nonce(&site, None, r#"{"action":"kill","reason":"news","word":"KILL"}"#).await;
    assert_eq!(site.post(CONFIRM, None, &confirmation(&nonce, "click-0001")).await.json()["outcome"], "done");
    assert_eq!(site.get("/api/kill").await.json()["state"], "engaged");
    assert_eq!(site.get("/api/overview").await.json()["kill_switch"], "engaged");
}

#[tokio::test]
async fn whatever_is_malformed_is_answered_with_what_is_wrong_and_never_with_a_failure_of_ours() {
    let acting = Allowance { burst: 100, per_second: 1 };
    let site = Site::new(ApiSettings { acting, ..settings() }).await;
    let deep = "[".repeat(5_000);
    let long = format!(r#"{{"action":"close","account":"{}","symbol":"BTC/USDT:USDT"}}"#, "x".repeat(2_000));
    let huge_number =
        format!(r#"{{"action":"margin","account":"main","symbol":"BTC/USDT:USDT","amount":{}}}"#, "9".repeat(400));
    for (body, expected) in [
        ("", (400, "bad_json")),
        ("{", (400, "bad_json")),
        (deep.as_str(), (400, "bad_json")),
        ("null", (422, "invalid_action")),
        ("[]", (422, "invalid_action")),
        ("{}", (422, "invalid_action")),
        (r#"{"action":"open"}"#, (422, "invalid_action")),
        (r#"{"action":{"a":1}}"#, (422, "invalid_action")),
        (long.as_str(), (422, "invalid_action")),
        (huge_number.as_str(), (422, "invalid_action")),
        (r#"{"action":"close","account":"nobody","symbol":"BTC/USDT:USDT"}"#, (404, "unknown_account")),
        (r#"{"action":"pause_strategy","strategy":"grid","reason":"x"}"#, (404, "unknown_strategy")),
        (r#"{"action":"close","account":"main","symbol":"BTC/USDT:USDT"}"#, (422, "invalid_action")),
    ] {
        let reply = site.post(PREPARE, None, body).await;
        assert_eq!(reply.code(), (expected.0, expected.1.to_owned()), "{body:.80}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    }
    for body in ["{}", "[1]", r#"{"nonce":1,"idempotency_key":"click-0001"}"#, r#"{"nonce":"a","key":"b"}"#] {
        assert_eq!(site.post(CONFIRM, None, body).await.code(), (422, "invalid_action".to_owned()), "{body}");
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_before_it_is_read_and_another_kind_is_no_action() {
    let site = Site::new(settings()).await;
    let large = format!(r#"{{"action":"{}"}}"#, "x".repeat(20_000));
    assert_eq!(site.post(PREPARE, None, &large).await.code(), (413, "too_large".to_owned()));
    let origin = site.origin();
    let announced = format!(
        "POST {PREPARE} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nOrigin: {origin}\r\nContent-Type: application/json\r\n\
         Content-Length: 99999999999\r\n\r\n{{",
        site.address
    );
    assert_eq!(site.raw(announced.as_bytes()).await.code(), (413, "too_large".to_owned()));
    let headers = [("Origin", origin.as_str()), ("Content-Type", "text/plain")];
    let reply = site.send("POST", PREPARE, &headers, OPEN).await;
    assert_eq!(reply.code(), (415, "unsupported_media_type".to_owned()));
}
