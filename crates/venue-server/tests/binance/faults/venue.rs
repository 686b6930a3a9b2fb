//! Faults of the whole venue: its clock, maintenance; and plans that are there from the start.

use crate::client::{START, Venue};
use plimsoll_venue_server::{Fault, Rule};

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_tells_and_judges_by_its_own_time() {
    let venue = Venue::start().await;
    venue.running.inject(Rule::skew(-3000));
    assert_eq!(venue.open("/fapi/v1/time").json()["serverTime"], START - 3000);
    assert_eq!(venue.signed("GET", "/fapi/v1/openOrders", "").code(), -1021, "ahead of the server");
    venue.running.call_off(Fault::Skew);
    assert_eq!(venue.signed("GET", "/fapi/v1/openOrders", "").status, 200);
    venue.running.inject(Rule::skew(6000));
    assert_eq!(venue.signed("GET", "/fapi/v1/openOrders", "").code(), -1021, "too old");
    venue.running.calm();
    assert_eq!(venue.open("/fapi/v1/time").json()["serverTime"], START);
    assert_eq!(venue.running.injected().len(), 2, "each is told once: {:?}", venue.running.injected());
}

#[tokio::test(flavor = "multi_thread")]
async fn during_maintenance_nothing_works_until_told_otherwise() {
    let venue = Venue::start().await;
    let mut socket = venue.private().await;
    socket.heard().await;
    let url = format!("{}/market/ws", venue.running.ws_url());
    venue.running.inject(Fault::Maintenance.always());
    assert_eq!(socket.hear().await, None);
    for path in ["/fapi/v1/time", "/fapi/v1/klines", "/nowhere"] {
        let down = venue.open(path);
        assert_eq!((down.status, down.text.contains("Service Unavailable.")), (503, true), "{path}");
    }
    assert!(tokio_tungstenite::connect_async(&url).await.is_err());
    venue.tick("60001", 60);
    assert_eq!(venue.open("/fapi/v1/time").status, 503);
    venue.running.call_off(Fault::Maintenance);
    assert_eq!(venue.open("/fapi/v1/time").status, 200);
    assert!(tokio_tungstenite::connect_async(&url).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_the_settings_holds_from_the_start_and_its_windows_by_the_market() {
    let venue = Venue::with(|settings| settings.faults = "maintenance@10s..20s".parse().unwrap(), |_| {}).await;
    let status = |seconds: i64| {
        venue.tick("60000", seconds);
        venue.open("/fapi/v1/time").status
    };
    assert_eq!([status(9), status(1), status(9), status(1)], [200, 503, 503, 200]);
    assert_eq!(venue.running.faults().to_string(), "seed=0,maintenance@10s..20s");
}

#[tokio::test(flavor = "multi_thread")]
async fn calm_ends_every_fault_and_keeps_the_log() {
    let venue = Venue::with(|settings| settings.faults = "seed=3,500-before=1,refuse=1".parse().unwrap(), |_| {}).await;
    assert_eq!(venue.open("/fapi/v1/time").status, 500);
    venue.running.calm();
    assert_eq!(venue.open("/fapi/v1/time").status, 200);
    venue.private().await;
    assert_eq!(venue.running.injected().len(), 1);
    assert!(venue.running.faults().is_quiet());
}
