use crate::scene::{GROUP, PRIVATE, settings};
use crate::telegram::{Telegram, refusal};
use async_trait::async_trait;
use plimsoll_alerts::RelaySettings;
use plimsoll_ports::domain::Timestamp;
use plimsoll_ports::{Alert, Notifier, Severity};
use plimsoll_telegram::TelegramNotifier;
use plimsoll_testkit::SimulatedClock;
use plimsoll_testkit::contract::{self, NotifierStage};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

struct Stage {
    telegram: Telegram,
    clock: Arc<SimulatedClock>,
    notifier: TelegramNotifier,
}

impl Stage {
    async fn new() -> Self {
        Self::to(&[PRIVATE]).await
    }

    async fn to(chats: &[i64]) -> Self {
        let telegram = Telegram::new().await;
        let clock = Arc::new(SimulatedClock::new(Timestamp::from_millis(1_767_600_000_000)));
        let (settings, relay) = (settings(&telegram), RelaySettings { most_waiting: 3, ..RelaySettings::default() });
        let notifier = TelegramNotifier::start(&settings, chats.iter().copied(), relay, clock.clone()).unwrap();
        Self { telegram, clock, notifier }
    }

    async fn pass_until(&self, is_so: impl Fn() -> bool) {
        let waited = tokio::time::timeout(Duration::from_secs(10), async {
            while !is_so() {
                self.clock.advance(Duration::from_secs(1));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        waited.await.expect("it came about in time");
    }
}

fn alert(severity: Severity, key: &str) -> Alert {
    Alert { severity, key: key.to_owned(), title: format!("{key} is so"), body: "figures & <more>".to_owned() }
}

#[async_trait]
impl NotifierStage for Stage {
    fn notifier(&self) -> &dyn Notifier {
        &self.notifier
    }

    async fn read(&self) -> Vec<String> {
        self.telegram.said()
    }

    async fn cut(&self) -> bool {
        self.telegram.away(true);
        true
    }
}

#[tokio::test]
async fn it_is_a_notifier() {
    contract::notifier::run(Stage::new).await;
}

#[tokio::test]
async fn alerts_say_how_urgent_they_are_and_warnings_come_once_in_a_while() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        for severity in [Severity::Info, Severity::Warning, Severity::Critical] {
            stage.notifier.notify(&alert(severity, &format!("{severity:?}"))).await.unwrap();
        }
    }
    assert_eq!(
        stage.telegram.said(),
        [
            "<b>Info is so</b>\nfigures &amp; &lt;more&gt;",
            "<b>WARNING: Warning is so</b>\nfigures &amp; &lt;more&gt;",
            "<b>CRITICAL: Critical is so</b>\nfigures &amp; &lt;more&gt;",
        ]
    );
    let quiet: Vec<_> =
        stage.telegram.all("sendMessage").iter().map(|it| it.with["disable_notification"].clone()).collect();
    assert_eq!(quiet, [json!(true), json!(null), json!(null)]);
}

#[tokio::test]
async fn what_is_critical_outlives_an_outage_and_comes_first_and_late() {
    let stage = Stage::new().await;
    stage.telegram.away(true);
    for (severity, key) in
        [(Severity::Info, "a"), (Severity::Warning, "b"), (Severity::Critical, "c"), (Severity::Critical, "d")]
    {
        let error = stage.notifier.notify(&alert(severity, key)).await.unwrap_err().to_string();
        assert!(error.contains("kept"), "{error}");
    }
    assert_eq!(stage.notifier.waiting(), 3);
    stage.clock.advance(Duration::from_secs(600));
    let attempts = stage.telegram.attempts("sendMessage");
    stage.pass_until(|| stage.telegram.attempts("sendMessage") > attempts + 3).await;
    stage.telegram.away(false);
    stage.pass_until(|| stage.notifier.waiting() == 0).await;
    let said = stage.telegram.said();
    assert!(said[0].starts_with("<b>CRITICAL: c is so") && said[1].starts_with("<b>CRITICAL: d"), "{said:?}");
    assert!(said[2].starts_with("<b>WARNING: b") && said.len() == 3, "{said:?}");
    assert!(said.iter().all(|it| it.contains("min late")), "{said:?}");
}

#[tokio::test]
async fn an_alert_waits_as_long_as_telegram_wants() {
    let stage = Stage::new().await;
    let busy = json!({ "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 40",
        "parameters": { "retry_after": 40 } });
    stage.telegram.fail("sendMessage", busy);
    let error = stage.notifier.notify(&alert(Severity::Critical, "a")).await.unwrap_err().to_string();
    assert!(error.contains("wait for 40 s"), "{error}");
    let began = plimsoll_ports::Clock::now(&*stage.clock);
    stage.pass_until(|| stage.notifier.waiting() == 0).await;
    assert!(plimsoll_ports::Clock::now(&*stage.clock).since(began) >= Duration::from_secs(40));
    assert_eq!(stage.telegram.attempts("sendMessage"), 2);
}

#[tokio::test]
async fn one_chat_that_refuses_holds_up_no_other() {
    let stage = Stage::to(&[PRIVATE, GROUP]).await;
    stage.telegram.fail("sendMessage", refusal(403, "Forbidden: bot was blocked by the user"));
    stage.notifier.notify(&alert(Severity::Critical, "a")).await.unwrap();
    assert_eq!((stage.telegram.said().len(), stage.notifier.waiting()), (1, 1));
    stage.pass_until(|| stage.notifier.waiting() == 0).await;
    let mut chats: Vec<_> = stage.telegram.all("sendMessage").iter().map(crate::telegram::Call::chat).collect();
    chats.sort_unstable();
    assert_eq!(chats, [GROUP, PRIVATE]);
}

#[tokio::test]
async fn a_long_alert_is_cut_to_what_a_message_holds() {
    let stage = Stage::new().await;
    let body = "<&>\n".repeat(3000);
    let long = Alert { body, title: "&".repeat(9000), ..alert(Severity::Critical, "a") };
    stage.notifier.notify(&long).await.unwrap();
    assert_eq!(stage.telegram.said().len(), 1);
}

#[tokio::test]
async fn figures_of_an_alert_are_as_long_as_people_read_them() {
    let stage = Stage::new().await;
    let body = "entry 68956.366666666666666666666667, mark 68000.1".to_owned();
    stage.notifier.notify(&Alert { body, ..alert(Severity::Critical, "a") }).await.unwrap();
    assert_eq!(stage.telegram.said(), ["<b>CRITICAL: a is so</b>\nentry 68956.36666667, mark 68000.1"]);
}
