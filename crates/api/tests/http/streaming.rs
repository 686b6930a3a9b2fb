use crate::client::{READ, Site, settings, with_tokens};
use plimsoll_ports::Severity;
use plimsoll_service::domain::AccountId;
use plimsoll_service::{Mode, NewEvent};
use serde_json::json;
use std::time::Duration;

fn publish(site: &Site, text: &str) {
    let event = NewEvent {
        time: crate::world::start(),
        severity: Severity::Warning,
        kind: "test".to_owned(),
        account: Some(AccountId::new("main")),
        symbol: None,
        text: text.to_owned(),
    };
    site.world.hub.publish(event);
}

#[tokio::test]
async fn a_stream_begins_with_the_screen_and_tells_what_changes() {
    let site = Site::new(settings()).await;
    let mut frames = site.stream("").await;
    let hello = frames.next().await.unwrap();
    assert_eq!((hello.event.as_str(), &hello.data["last"]), ("hello", &json!(0)));
    assert_eq!(frames.next().await.unwrap().data["mode"], Mode::Paper.as_str());
    assert_eq!(frames.next().await.unwrap().data["positions"], json!([]));
    publish(&site, "one");
    let event = frames.next().await.unwrap();
    assert_eq!((event.event.as_str(), &event.data["text"]), ("event", &json!("one")));
    assert_eq!(event.id, Some(format!("{}-1", site.world.hub.epoch())));
    site.world.long().await;
    site.world.pass(Duration::from_secs(1));
    let positions = frames.until("positions").await;
    assert_eq!(positions.data["positions"][0]["quantity"], "0.05");
}

#[tokio::test]
async fn whoever_comes_back_is_told_what_was_missed_once() {
    let site = Site::new(settings()).await;
    let mut frames = site.stream("").await;
    publish(&site, "one");
    let seen = frames.until("event").await.id.unwrap();
    drop(frames);
    publish(&site, "two");
    publish(&site, "three");
    let mut frames = site.stream(&format!("Last-Event-ID: {seen}\r\n")).await;
    let hello = frames.next().await.unwrap();
    assert_eq!(hello.id.as_deref(), Some(seen.as_str()), "whoever breaks off here has missed nothing");
    for text in ["two", "three"] {
        assert_eq!(frames.next().await.unwrap().data["text"], text);
    }
    publish(&site, "four");
    assert_eq!(frames.until("event").await.data["text"], "four");

    let mut frames = site.stream("Last-Event-ID: 1234-1\r\n").await;
    frames.until("hello").await;
    let gap = frames.next().await.unwrap();
    assert_eq!((gap.event.as_str(), &gap.data), ("gap", &json!({ "oldest": 1, "restarted": true })));
    assert_eq!(frames.next().await.unwrap().data["text"], "one", "what is kept follows");
}

#[tokio::test]
async fn what_is_kept_no_more_is_a_gap() {
    let site = Site::new(settings()).await;
    for number in 0..plimsoll_service::EVENTS_KEPT + 10 {
        publish(&site, &number.to_string());
    }
    let mut frames = site.stream(&format!("Last-Event-ID: {}-1\r\n", site.world.hub.epoch())).await;
    frames.until("hello").await;
    assert_eq!(frames.next().await.unwrap().data, json!({ "oldest": 11, "restarted": false }));
    assert_eq!(frames.next().await.unwrap().data["seq"], 11);
}

#[tokio::test]
async fn a_stream_takes_the_token_and_there_are_only_so_many() {
    let site = Site::new(with_tokens()).await;
    assert_eq!(site.get("/api/stream").await.code(), (401, "unauthorized".to_owned()));
    let bearer = format!("Authorization: Bearer {READ}\r\n");
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(site.stream(&bearer).await);
    }
    let header = format!("Bearer {READ}");
    let refused = site.send("GET", "/api/stream", &[("Authorization", &header)], "").await;
    assert_eq!(refused.code(), (429, "too_many_requests".to_owned()));
}

#[tokio::test]
async fn stopping_ends_the_streams_and_then_the_server() {
    let site = Site::new(settings()).await;
    let mut frames = site.stream("").await;
    frames.until("positions").await;
    let address = site.address;
    site.stop().await;
    assert_eq!(frames.next().await, None);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
