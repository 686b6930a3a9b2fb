//! Alerts from the engine to a person's hands, and the call that stays away.

use crate::scene::Scene;
use plimsoll_venue_server::Fault;
use serde_json::Value;

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
