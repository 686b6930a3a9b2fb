//! The Telegram bot that `run` lets in.

use crate::scene::{ANA, EVE, Scene};
use crate::telegram::Call;
use serde_json::json;

impl Scene {
    /// Ana writes, and this is what she gets.
    async fn ask(&self, text: &str) -> Call {
        let from = self.telegram.calls.borrow().len();
        self.write(ANA, text);
        self.telegram.until(from, |it| it.method == "sendMessage" && !it.text().is_empty()).await
    }

    /// Ana presses the button with these words, and this is what the message says then, when it says this.
    async fn pressed(&self, below: &Call, words: &str, until: &str) -> Call {
        let data = below.buttons().into_iter().find(|(it, _)| it == words).expect("there is such a button").1;
        let from = self.telegram.calls.borrow().len();
        self.telegram.tell(json!({ "callback_query": { "id": format!("press-{}", below.message), "data": data,
            "from": { "id": ANA, "is_bot": false },
            "message": { "message_id": below.message, "date": 0, "chat": { "id": below.chat() } } } }));
        self.telegram.until(from, |it| it.method == "editMessageText" && it.text().contains(until)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_listed_is_answered_acts_in_two_steps_and_hears_alerts() {
    let scene = Scene::new().await;
    let status = scene.ask("/futures_status").await;
    assert!(status.text().contains("main") && status.text().contains("equity"), "{}", status.text());

    // A stranger gets nothing, whatever comes after it is answered.
    scene.write(EVE, "/futures_status");
    let help = scene.ask("/help").await;
    assert!(help.text().contains("/futures_open"), "{}", help.text());
    assert!(scene.telegram.calls.borrow().iter().all(|it| it.method != "sendMessage" || it.chat() == ANA));
    let kinds = || async {
        let events = scene.json("/api/events").await;
        events["events"].as_array().unwrap().iter().any(|it| it["kind"] == "telegram_stranger").then_some(())
    };
    scene.until("stranger", kinds).await;

    // No contract is settled: that of the only strategy is meant.
    let preview = scene.ask("/futures_open long 100").await;
    assert!(preview.text().contains("open long 0.001 BTC/USDT:USDT on main at 3x"), "{}", preview.text());

    let first = scene.ask("/kill").await;
    assert_eq!(scene.json("/api/kill").await["state"], "released");
    let second = scene.pressed(&first, "Yes…", "Really").await;
    assert_eq!(scene.json("/api/kill").await["state"], "released");
    scene.pressed(&second, "KILL", "<b>Done</b>").await;
    let kill = scene.json("/api/kill").await;
    assert_eq!(kill["state"], "engaged");
    assert!(kill["accounts"][0]["by"].as_str().unwrap().contains(&ANA.to_string()), "{kill}");

    // The alert of it comes by itself, and at the webhook too.
    let is_alert = |it: &Call| it.method == "sendMessage" && it.text().contains("kill switch engaged on main");
    scene.telegram.until(0, is_alert).await;
    let posted = || async { scene.receiver.arrived().into_iter().find(|it| it["key"] == "kill_switch/main") };
    let posted = scene.until("alert", posted).await;
    assert_eq!(posted["severity"], "critical");
    let said = scene.stop().await;
    assert!(said.contains("\"event\":\"stopped\""), "{said}");
}
