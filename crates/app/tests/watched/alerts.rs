//! Alerts from the engine to a person's hands, and the call that stays away.

use crate::scene::{EXPECTED, Scene};
use plimsoll_ports::{Clock, DeskRepository, SavedDesk, SystemClock};
use plimsoll_sqlite::SqliteStore;
use plimsoll_venue_server::Fault;
use serde_json::{Value, json};
use std::path::Path;

fn contains(value: &Value, text: &str) -> bool {
    value.as_str().is_some_and(|it| it.contains(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forced_has_one_explanation_wherever_it_is_read() {
    let scene = Scene::new().await;
    scene.bought_by_hand().await;
    let forced = scene.forced().await;
    let explained = forced["detail"].as_str().unwrap();
    assert!(explained.contains("BTC/USDT:USDT long closed, in"), "with its figures: {explained}");

    let events = scene.json("/api/events?limit=1000").await;
    let is_it = |it: &Value| it["kind"] == "margin_thin" && contains(&it["text"], explained);
    assert!(events["events"].as_array().unwrap().iter().any(is_it), "{explained}: {events}");
    let measured = |it: &Value| {
        it["measures"].as_array().is_some_and(|all| all.iter().any(|measure| measure["said"] == explained))
    };
    scene.told("pass", measured).await;
    scene.telegram.until(0, |it| it.method == "sendMessage" && it.text().contains(explained)).await;
    let posted = || async { scene.receiver.arrived().into_iter().find(|it| it["body"] == explained) };
    let posted = scene.until("alert", posted).await;
    assert_eq!((&posted["key"], &posted["severity"]), (&"margin_thin/main/BTC/USDT:USDT".into(), &"critical".into()));
    let logged = |it: &Value| it["level"] == "ERROR" && contains(&it["fields"]["message"], explained);
    assert!(scene.stderr.json().iter().any(logged), "{explained}");

    // What was sent for it is found in the log by its name.
    let orders = scene.stderr.json().into_iter().filter(|it| it["fields"]["message"] == "an order was accepted");
    let ids: Vec<String> = orders.map(|it| it["fields"]["client_order_id"].as_str().unwrap().to_owned()).collect();
    let fills = scene.json("/api/fills").await;
    let of_ours = |it: &&Value| it["client_order_id"].as_str().is_some_and(|id| ids.iter().any(|known| known == id));
    assert!(fills["fills"].as_array().unwrap().iter().any(|it| of_ours(&it)), "{ids:?}: {fills}");
    scene.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_critical_is_tried_until_it_has_arrived() {
    let scene = Scene::new().await;
    scene.receiver.fail(3);
    scene.bought_by_hand().await;
    let forced = scene.forced().await;
    let explained = forced["detail"].as_str().unwrap();
    let posted = || async { scene.receiver.arrived().into_iter().find(|it| it["body"] == explained) };
    scene.until("alert", posted).await;
    assert_eq!(scene.receiver.failed(), 3);
    assert!(scene.receiver.signatures().iter().all(|it| it.starts_with("sha256=")));
    assert_eq!(scene.receiver.signatures().len(), scene.receiver.arrived().len());
    scene.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heartbeat_is_heard_while_all_is_well_and_stays_away_when_it_is_not() {
    let scene = Scene::new().await;
    scene.until("heartbeat", || async { (scene.receiver.beats() >= 3).then_some(()) }).await;
    scene.venue.inject(Fault::Maintenance.always());
    let watched = &scene;
    let withheld = |times: f64| async move {
        let page = crate::exposition::Page::read(&watched.get("/metrics").await);
        page.values("plimsoll_heartbeats_total", &[("outcome", "withheld")]).iter().any(|it| *it >= times).then_some(())
    };
    scene.until("silence", || withheld(1.0)).await;
    let beats = scene.receiver.beats();
    scene.until("more silence", || withheld(4.0)).await;
    assert_eq!(scene.receiver.beats(), beats, "the venue is away: nobody sees the account");
    scene.venue.call_off(Fault::Maintenance);
    scene.until("heartbeat", || async { (scene.receiver.beats() > beats).then_some(()) }).await;
    scene.stop().await;
}

/// The alerts of this key that have arrived, each as its severity and its title.
fn posted(scene: &Scene, key: &str) -> Vec<(String, String)> {
    let arrived = scene.receiver.arrived();
    let of_key = arrived.iter().filter(|it| it["key"].as_str().is_some_and(|it| it.starts_with(key)));
    of_key.map(|it| (it["severity"].as_str().unwrap().to_owned(), it["title"].as_str().unwrap().to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn that_an_account_cannot_be_read_and_that_it_can_be_again_both_arrive() {
    let scene = Scene::new().await;
    scene.told("pass", |_| true).await;
    let arrived = async |severity: &str, title: &str| {
        let it = (severity.to_owned(), title.to_owned());
        scene.until(title, || async { posted(&scene, "blind/main").contains(&it).then_some(()) }).await;
    };
    scene.venue.inject(Fault::Maintenance.always());
    arrived("critical", "main cannot be read").await;
    scene.venue.call_off(Fault::Maintenance);
    arrived("info", "main can be read again").await;
    scene.told("seen_again", |it| it["blind_ms"].as_u64().is_some_and(|blind| blind > 0)).await;
    scene.telegram.until(0, |it| it.method == "sendMessage" && it.text().contains("main can be read again")).await;
    scene.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_to_whoever_has_it_read_again_arrives_however_soon_they_follow() {
    let scene = Scene::new().await;
    let answers = |word: &'static str, count: usize| {
        let scene = &scene;
        async move {
            let bodies = || {
                let arrived = scene.receiver.arrived();
                let of_word = |it: &&Value| it["key"].as_str().is_some_and(|key| key.starts_with(word));
                let bodies: Vec<String> =
                    arrived.iter().filter(of_word).map(|it| it["body"].as_str().unwrap().to_owned()).collect();
                (bodies.len() >= count).then_some(bodies)
            };
            scene.until(word, || async { bodies() }).await
        }
    };
    scene.reread("max_leverage = 10", "max_leverage = 11");
    answers("configuration_reread/", 1).await;
    scene.reread("max_leverage = 11", "max_leverage = 12");
    let bodies = answers("configuration_reread/", 2).await;
    assert!(bodies[0].contains("limits.max_leverage: 11x, before 10x"), "{bodies:?}");
    assert!(bodies[1].contains("limits.max_leverage: 12x, before 11x"), "{bodies:?}");
    // What is refused is refused twice, for one reason and for another.
    scene.reread("max_leverage = 12", "max_leverage = 12\nmax_positons = 7");
    answers("configuration_refused/", 1).await;
    scene.reread("max_positons = 7", "max_drawdwn = 7");
    let bodies = answers("configuration_refused/", 2).await;
    assert!(bodies[0].contains("max_positons") && bodies[1].contains("max_drawdwn"), "{bodies:?}");
    scene.stop().await;
}

/// The strategy's backtest had many round trips, which won and lost in turns, and its last twelve have lost ten times as much.
async fn has_lost(folder: &Path) {
    let mut expected: Value = serde_json::from_str(&std::fs::read_to_string(EXPECTED).unwrap()).unwrap();
    expected["returns"] = (0..40).map(|number| if number % 2 == 0 { "0.001" } else { "-0.001" }).collect();
    expected["round_trips"] = 40.into();
    let (file, config) = (folder.join("expected.json"), folder.join("plimsoll.toml"));
    std::fs::write(&file, expected.to_string()).unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(config, text.replace(EXPECTED, file.to_str().unwrap())).unwrap();
    let store = SqliteStore::open(folder.join("records.db")).await.unwrap();
    let saved = store.desk("main").await.unwrap().expect("it was saved as it ended");
    let mut state: Value = serde_json::from_str(&saved.state).unwrap();
    assert_eq!(state["tracks"][0][0], "patient", "{state}");
    let ended = SystemClock.now().as_micros() - 60_000_000;
    state["tracks"][0][2]["trips"] = (0..12).map(|number| json!([ended + number, "-0.01"])).collect();
    store.save_desk("main", &SavedDesk { state: state.to_string(), ..saved }).await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_that_brings_less_than_its_backtest_predicts_is_told_of_wherever_somebody_looks() {
    let scene = Scene::new().await;
    scene.told("strategy_began", |_| true).await;
    let scene = scene.again(has_lost).await;
    let (title, key) = ("patient: results are outside of what its backtest predicts", "degraded/patient");
    let it = ("warning".to_owned(), title.to_owned());
    scene.until(key, || async { posted(&scene, key).contains(&it).then_some(()) }).await;
    scene.telegram.until(0, |it| it.method == "sendMessage" && it.text().contains(title)).await;
    let events = scene.json("/api/events?limit=1000").await;
    let is_it = |it: &&Value| it["kind"] == "strategy_degraded" && contains(&it["text"], title);
    let event = events["events"].as_array().unwrap().iter().find(is_it).unwrap_or_else(|| panic!("{events}"));
    assert_eq!(event["severity"], "warning");
    let body = scene.receiver.arrived().into_iter().find(|it| it["key"] == key).unwrap()["body"].clone();
    assert!(contains(&event["text"], body.as_str().unwrap()), "one explanation: {event} {body}");
    let page = crate::exposition::Page::read(&scene.get("/metrics").await);
    assert_eq!(page.values("plimsoll_strategy_degraded", &[("strategy", "patient")]), [1.0]);
    assert_eq!(posted(&scene, key).len(), 1, "what lasts is told once");
    scene.stop().await;
}
