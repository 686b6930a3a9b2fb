//! Faults commanded over HTTP, as from another process.

use crate::client::{Answer, Venue};

impl Venue {
    fn command(&self, method: &str, path: &str, spec: &str) -> Answer {
        self.raw(method, path, "", spec)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_begun_added_to_told_of_and_ended_over_http() {
    let venue = Venue::with(|settings| settings.control = true, |_| {}).await;
    let begun = venue.command("POST", "/plimsoll/faults", "seed=7,500-before=clock:x1");
    assert_eq!((begun.status, &begun.json()["faults"]), (200, &"seed=7,500-before=clock:x1".into()));
    assert_eq!(venue.open("/fapi/v1/time").status, 500);
    let added = venue.command("POST", "/plimsoll/faults/more", "maintenance");
    assert_eq!(added.json()["faults"], "seed=7,500-before=clock:x1,maintenance");
    assert_eq!(venue.open("/fapi/v1/time").status, 503);
    let told = venue.command("GET", "/plimsoll/faults", "").json();
    let faults: Vec<_> = told["injected"].as_array().unwrap().iter().map(|it| &it["fault"]).collect();
    assert_eq!(faults, ["500-before", "maintenance", "maintenance"]);
    assert_eq!(told["injected"][0]["at"], "clock GET /fapi/v1/time");
    assert_eq!(told["injected"][0]["executed"], false);
    assert_eq!(venue.command("DELETE", "/plimsoll/faults", "").json()["faults"], "seed=7");
    assert_eq!(venue.open("/fapi/v1/time").status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_command_changes_nothing_and_is_told() {
    let venue = Venue::with(|settings| settings.control = true, |_| {}).await;
    venue.command("POST", "/plimsoll/faults", "seed=7,drop=0.5");
    let wrong = venue.command("POST", "/plimsoll/faults", "dorp=0.5");
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["error"].as_str().unwrap().starts_with("`dorp` is no fault; known are seed, drop, dup"));
    assert_eq!(venue.command("PUT", "/plimsoll/faults", "").status, 405);
    assert_eq!(venue.running.faults().to_string(), "seed=7,drop=0.5");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_nothing_can_be_commanded() {
    let venue = Venue::start().await;
    assert_eq!(venue.command("POST", "/plimsoll/faults", "500-before=1").status, 404);
    assert!(venue.running.faults().is_quiet());
}
