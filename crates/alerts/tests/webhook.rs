//! Alerts to a webhook on loopback: delivered, held back, kept through an outage, and no secret told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use plimsoll_alerts::{Heartbeat, RelaySettings, RelayTally, SetUpFailure, WebhookNotifier, WebhookSettings};
use plimsoll_ports::domain::Timestamp;
use plimsoll_ports::{Alert, Clock, Notifier, Severity};
use plimsoll_testkit::SimulatedClock;
use plimsoll_testkit::contract::{self, NotifierStage};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

#[derive(Clone, Default)]
struct Inbox(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    /// What has arrived, with its signature.
    arrived: Vec<(Value, Option<String>)>,
    attempts: usize,
    answer: Option<StatusCode>,
}

struct Stage {
    inbox: Inbox,
    address: SocketAddr,
    clock: Arc<SimulatedClock>,
    notifier: WebhookNotifier,
}

async fn take(State(inbox): State<Inbox>, headers: HeaderMap, body: String) -> StatusCode {
    let mut inside = inbox.0.lock().unwrap();
    inside.attempts += 1;
    if let Some(answer) = inside.answer {
        return answer;
    }
    let signature = headers.get("x-plimsoll-signature").map(|it| it.to_str().unwrap().to_owned());
    inside.arrived.push((serde_json::from_str(&body).unwrap(), signature));
    StatusCode::NO_CONTENT
}

fn alert(severity: Severity, key: &str) -> Alert {
    Alert { severity, key: key.to_owned(), title: format!("{key} is so"), body: "figures".to_owned() }
}

impl Stage {
    async fn new() -> Self {
        let inbox = Inbox::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/hook/{secret}", axum::routing::post(take)).with_state(inbox.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = Arc::new(SimulatedClock::new(Timestamp::from_millis(1_767_600_000_000)));
        let settings = WebhookSettings {
            secret: Some("shared".into()),
            relay: RelaySettings { most_waiting: 3, ..RelaySettings::default() },
            ..WebhookSettings::new(format!("http://{address}/hook/not-to-be-told").into())
        };
        let notifier = WebhookNotifier::start(settings, clock.clone()).unwrap();
        Self { inbox, address, clock, notifier }
    }

    fn answer(&self, answer: Option<StatusCode>) {
        self.inbox.0.lock().unwrap().answer = answer;
    }

    fn titles(&self) -> Vec<String> {
        let inside = self.inbox.0.lock().unwrap();
        inside.arrived.iter().map(|(it, _)| it["title"].as_str().unwrap().to_owned()).collect()
    }

    /// Lets time pass until it is so.
    async fn until(&self, is_so: impl Fn() -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(10), async {
            while !is_so() {
                self.clock.advance(Duration::from_secs(1));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        waited.await.expect("it came about in time");
    }
}

#[async_trait]
impl NotifierStage for Stage {
    fn notifier(&self) -> &dyn Notifier {
        &self.notifier
    }

    async fn read(&self) -> Vec<String> {
        let inside = self.inbox.0.lock().unwrap();
        inside.arrived.iter().map(|(it, _)| format!("{} {}", it["title"], it["body"])).collect()
    }

    async fn cut(&self) -> bool {
        self.answer(Some(StatusCode::BAD_GATEWAY));
        true
    }
}

#[tokio::test]
async fn it_is_a_notifier() {
    contract::notifier::run(Stage::new).await;
}

#[tokio::test]
async fn an_alert_is_posted_signed_and_told_once_in_a_while() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        stage.notifier.notify(&alert(Severity::Warning, "margin/main")).await.unwrap();
    }
    let arrived = stage.inbox.0.lock().unwrap().arrived.clone();
    let [(it, Some(signature))] = arrived.as_slice() else { panic!("{arrived:?}") };
    assert_eq!((it["severity"].as_str(), it["key"].as_str()), (Some("warning"), Some("margin/main")));
    assert_eq!(it["time"].as_str(), Some("2026-01-05T08:00:00Z"));
    assert!(signature.starts_with("sha256=") && signature.len() == 71, "{signature}");
}

#[tokio::test]
async fn what_was_said_during_an_outage_arrives_after_it_the_critical_first() {
    let stage = Stage::new().await;
    stage.answer(Some(StatusCode::SERVICE_UNAVAILABLE));
    let first = stage.notifier.notify(&alert(Severity::Info, "a")).await.unwrap_err().to_string();
    assert!(first.contains("answers 503") && first.contains("kept"), "{first}");
    for (severity, key) in
        [(Severity::Warning, "b"), (Severity::Critical, "c"), (Severity::Info, "d"), (Severity::Critical, "e")]
    {
        let error = stage.notifier.notify(&alert(severity, key)).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("not-to-be-told"), "{error}");
    }
    assert_eq!(stage.notifier.relay().waiting(), 3, "what is mild has given way");
    let attempts = stage.inbox.0.lock().unwrap().attempts;
    stage.until(|| stage.inbox.0.lock().unwrap().attempts > attempts + 2).await;
    assert_eq!(stage.titles(), Vec::<String>::new());
    stage.answer(None);
    stage.until(|| stage.notifier.relay().waiting() == 0).await;
    assert_eq!(stage.titles(), ["c is so", "e is so", "b is so"]);
    stage.notifier.notify(&alert(Severity::Info, "f")).await.unwrap();
}

#[tokio::test]
async fn what_is_refused_is_given_up_unless_it_is_critical() {
    let stage = Stage::new().await;
    stage.answer(Some(StatusCode::NOT_FOUND));
    for severity in [Severity::Warning, Severity::Critical] {
        let error = stage.notifier.notify(&alert(severity, &format!("{severity:?}"))).await.unwrap_err().to_string();
        assert!(error.contains("answers 404"), "{error}");
    }
    assert_eq!(stage.notifier.relay().waiting(), 1);
    stage.answer(None);
    stage.notifier.notify(&alert(Severity::Info, "news")).await.unwrap();
    stage.until(|| stage.notifier.relay().waiting() == 0).await;
    assert_eq!(stage.titles(), ["news is so", "Critical is so"], "others are not held up by it");
    let RelayTally { delivered, failed, dropped } = stage.notifier.relay().tally();
    assert_eq!((delivered, dropped), (2, 1));
    assert!(failed >= 2, "each refusal is one: {failed}");
}

#[tokio::test]
async fn a_heartbeat_is_heard_or_not_and_never_tells_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = |code: &'static str| async move { StatusCode::from_bytes(code.as_bytes()).unwrap() };
    let router = Router::new()
        .route("/not-to-be-told/well", axum::routing::get(move || answer("200")))
        .route("/not-to-be-told/gone", axum::routing::get(move || answer("410")));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let heartbeat = |path: &str| Heartbeat::new(format!("http://{address}/not-to-be-told/{path}").into()).unwrap();
    let (well, gone) = (heartbeat("well"), heartbeat("gone"));
    assert_eq!(well.beat().await, Ok(()));
    assert_eq!(gone.beat().await.unwrap_err().to_string(), format!("{address} answers 410"));
    serving.abort();
    drop(serving.await);
    let away = heartbeat("well").beat().await.unwrap_err();
    for shown in [format!("{away} {away:?}"), format!("{well:?}")] {
        assert!(shown.contains(&address.to_string()) && !shown.contains("not-to-be-told"), "{shown}");
    }
    let refused = Heartbeat::new("http://watch.example/not-to-be-told".into()).unwrap_err();
    assert_eq!(refused, SetUpFailure::Address);
}

#[tokio::test]
async fn nobody_waits_long_for_a_place_that_does_not_answer() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Arc::new(SimulatedClock::new(Timestamp::default()));
    let url = format!("http://{}/not-to-be-told", silent.local_addr().unwrap());
    let notifier = WebhookNotifier::start(WebhookSettings::new(url.into()), clock.clone()).unwrap();
    let (told, ()) = tokio::join!(async { notifier.notify(&alert(Severity::Critical, "a")).await }, async {
        let (socket, _) = silent.accept().await.unwrap();
        clock.advance(Duration::from_secs(2));
        socket.readable().await.unwrap();
    });
    assert!(told.unwrap_err().to_string().contains("not within 2000 ms"));
    assert_eq!(notifier.relay().waiting(), 1);
}

#[tokio::test]
async fn no_secret_is_shown() {
    let stage = Stage::new().await;
    let clock: Arc<dyn Clock> = stage.clock.clone();
    let settings = WebhookSettings::new("http://alerts.example/not-to-be-told".into());
    assert!(!format!("{settings:?}").contains("not-to-be-told"));
    assert_eq!(WebhookNotifier::start(settings, clock).unwrap_err(), SetUpFailure::Address);
    let shown = format!("{:?}", stage.notifier);
    assert!(shown.contains(&stage.address.to_string()) && !shown.contains("not-to-be-told"), "{shown}");
}
