//! What `/metrics` answers, over a real socket.

use crate::exposition::Page;
use crate::scene::Scene;
use std::collections::{BTreeMap, BTreeSet};

/// Every documented name with its kind and its labels.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = include_str!("../../../../docs/metrics.md");
    let rows = page.lines().filter(|line| line.starts_with("| `plimsoll_"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let labels = cells[3].split(", ").map(|label| label.trim_matches('`').to_owned());
        (cells[1].trim_matches('`').to_owned(), (cells[2].to_owned(), labels.filter(|it| !it.is_empty()).collect()))
    };
    rows.map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_figure_is_there_and_every_figure_is_documented() {
    let scene = Scene::new().await;
    scene.bought_by_hand().await;
    let forced = scene.forced().await;
    let documented = documented();
    // Funding, the day's opening equity and the first heartbeat take a moment.
    let all = || async {
        let page = Page::read(&scene.get("/metrics").await);
        documented.keys().all(|name| page.kinds.contains_key(name)).then_some(page)
    };
    let missing = || async {
        let page = Page::read(&scene.get("/metrics").await);
        documented.keys().filter(|name| !page.kinds.contains_key(*name)).cloned().collect::<Vec<_>>()
    };
    let page = match tokio::time::timeout(crate::scene::PATIENCE / 2, scene.until("figures", all)).await {
        Ok(page) => page,
        Err(_) => panic!("not there: {:?}", missing().await),
    };
    for (name, kind) in &page.kinds {
        let Some((expected, _)) = documented.get(name) else { panic!("{name} is not documented") };
        assert_eq!((kind, page.helps.contains_key(name)), (expected, true), "{name}");
    }
    for sample in &page.samples {
        let mut labels: BTreeSet<String> = sample.labels.keys().cloned().collect();
        labels.remove("le");
        assert_eq!(labels, documented[&page.family(&sample.name)].1, "{sample:?}");
    }
    let one = |name: &str, labels: &[(&str, &str)]| match page.values(name, labels)[..] {
        [value] => value,
        ref other => panic!("{name} {labels:?}: {other:?}"),
    };
    // What was bought by hand has no stop, and that is seen.
    assert_eq!(one("plimsoll_account_open_positions", &[("account", "main")]), 1.0);
    assert_eq!(one("plimsoll_account_unprotected_positions", &[]), 1.0);
    assert!(one("plimsoll_position_unprotected_seconds", &[("symbol", "BTC/USDT:USDT")]) > 0.0);
    assert_eq!(one("plimsoll_position_protected", &[]), 0.0);
    assert_eq!(one("plimsoll_account_stream_connected", &[]), 1.0);
    assert_eq!(one("plimsoll_account_kill_switch_engaged", &[]), 0.0);
    assert!(one("plimsoll_account_look_age_seconds", &[]) < 30.0);
    assert!(one("plimsoll_orders_total", &[("outcome", "accepted"), ("venue", "binance")]) >= 1.0);
    assert!(one("plimsoll_events_total", &[("kind", "margin_thin"), ("severity", "critical")]) >= 1.0, "{forced}");
    assert_eq!(one("plimsoll_strategy_state", &[("strategy", "patient"), ("state", "running")]), 1.0);
    // It is held against its backtest, as soon as it has traded enough.
    assert_eq!(one("plimsoll_strategy_degraded", &[("strategy", "patient")]), 0.0);
    assert_eq!(one("plimsoll_strategy_round_trips", &[("strategy", "patient")]), 0.0);
    let beside = scene.json("/api/strategies").await["strategies"][0]["performance"].clone();
    assert_eq!((&beside["results"]["verdict"], &beside["costs"]["verdict"]), (&"too_few".into(), &"too_few".into()));
    assert_eq!(beside["results"]["text"], "no round trip has ended yet; the backtest has 2");
    // The same figure as in the API.
    let equity = scene.json("/api/accounts").await["accounts"][0]["wallet"].as_str().unwrap().parse::<f64>().unwrap();
    assert!((one("plimsoll_account_wallet", &[("currency", "USDT")]) - equity).abs() < 1.0);
    let text = scene.get("/metrics").await;
    scene.stop().await;
    for secret in ["watched-key", "watched-secret", crate::receiver::PATH, crate::telegram::TOKEN] {
        assert!(!text.contains(secret), "{secret}");
    }
}
