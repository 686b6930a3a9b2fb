//! What a look tells of itself: whether the account can be seen, and what others did to the kill switch.

use crate::desk::{desk, long};
use plimsoll_engine::{FlattenReason, MonitorFailure};
use plimsoll_ports::{Clock, Severity};
use std::time::Duration;

#[tokio::test]
async fn an_engagement_after_a_release_elsewhere_is_one_of_its_own() {
    let desk = desk();
    desk.manager.engage_kill_switch("operator", "first").await;
    desk.venue.sleep(Duration::from_secs(1)).await;
    let other = crate::desk::manager(&desk.venue, &desk.store, |it| it);
    other.release_kill_switch("operator", "well again").await.unwrap();
    desk.venue.sleep(Duration::from_secs(1)).await;
    desk.manager.engage_kill_switch("operator", "second").await;
    assert_eq!(
        desk.store.tables().kill_switch.last().map(|it| (it.engaged, it.reason.clone())),
        Some((true, "second".to_owned()))
    );
}

#[tokio::test]
async fn an_account_that_cannot_be_read_is_told() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.state().blind = true;
    assert!(matches!(desk.manager.monitor().await, Err(MonitorFailure::Blind(_))));
    assert!(desk.store.tables().alerts.iter().any(|alert| alert.key == "blind/main"));
}

#[tokio::test]
async fn whoever_was_told_that_an_account_cannot_be_read_is_told_that_it_can_be_again() {
    let desk = desk();
    assert_eq!(desk.manager.monitor().await.unwrap().blind_for, None, "nobody was told of anything");
    desk.venue.state().blind = true;
    for _ in 0..2 {
        assert!(desk.manager.monitor().await.is_err());
        desk.venue.sleep(Duration::from_secs(7)).await;
    }
    desk.venue.state().blind = false;
    let seen = desk.manager.monitor().await.unwrap().blind_for.expect("it was blind");
    assert!(seen >= Duration::from_secs(14), "since the first time: {seen:?}");
    assert_eq!(desk.manager.monitor().await.unwrap().blind_for, None, "it is told once");
    let alerts = &desk.store.tables().alerts;
    let told: Vec<_> = alerts.iter().filter(|it| it.key == "blind/main").map(|it| it.severity).collect();
    assert_eq!(told, [Severity::Critical, Severity::Critical, Severity::Info]);
    assert!(alerts.iter().any(|it| it.title == "main can be read again" && it.body.starts_with("it could not be for")));
}

#[tokio::test]
async fn a_kill_switch_that_is_engaged_when_a_process_begins_is_told_with_its_first_look_and_once() {
    let before = desk();
    before.manager.engage_kill_switch("ana", "lunch").await;
    before.store.tables().alerts.clear();
    let now = crate::desk::manager(&before.venue, &before.store, |it| it);
    let standing = now.monitor().await.unwrap().switched.expect("it is engaged");
    assert!(standing.engaged && standing.by == "ana" && standing.reason == "lunch", "{standing:?}");
    assert_eq!(now.monitor().await.unwrap().switched, None);
    let alerts = std::mem::take(&mut before.store.tables().alerts);
    let [alert] = alerts.iter().filter(|it| it.key == "kill_switch/main").collect::<Vec<_>>()[..] else {
        panic!("one of it: {alerts:?}")
    };
    assert_eq!((alert.severity, alert.title.as_str()), (Severity::Warning, "kill switch is engaged on main"));
    assert!(alert.body.starts_with("by ana: lunch."), "{}", alert.body);
    // Whoever is told that it stands hears of its end.
    before.venue.sleep(Duration::from_secs(1)).await;
    before.manager.release_kill_switch("bo", "back").await.unwrap();
    assert!(now.monitor().await.unwrap().switched.is_some_and(|it| !it.engaged));
}

#[tokio::test]
async fn what_another_process_does_to_the_kill_switch_is_told_here_once_with_whom_and_why() {
    let desk = desk();
    let other = crate::desk::manager(&desk.venue, &desk.store, |it| it);
    assert_eq!(desk.manager.monitor().await.unwrap().switched, None);
    desk.store.tables().alerts.clear();
    let told = || {
        let alerts = std::mem::take(&mut desk.store.tables().alerts);
        let mine = alerts.into_iter().filter(|it| it.key == "kill_switch/main");
        mine.map(|it| (it.severity, it.title, it.body)).collect::<Vec<_>>()
    };

    other.engage_kill_switch("ana", "lunch").await;
    told();
    let switched = desk.manager.monitor().await.unwrap().switched.expect("it is another than before");
    assert!(switched.engaged && switched.by == "ana" && switched.reason == "lunch", "{switched:?}");
    let [(severity, title, body)] = <[_; 1]>::try_from(told()).unwrap();
    assert_eq!((severity, title.as_str()), (Severity::Critical, "kill switch engaged on main"));
    assert!(body.starts_with("by ana: lunch."), "{body}");
    assert_eq!((desk.manager.monitor().await.unwrap().switched, told()), (None, vec![]));

    desk.venue.sleep(Duration::from_secs(1)).await;
    other.release_kill_switch("bo", "back").await.unwrap();
    told();
    assert!(desk.manager.monitor().await.unwrap().switched.is_some_and(|it| !it.engaged && it.by == "bo"));
    let released = "by bo: back. Exposure may be added again.".to_owned();
    assert_eq!(told(), [(Severity::Info, "kill switch released on main".to_owned(), released)]);

    // What is done here is told at once, and the next look only reports it.
    desk.manager.engage_kill_switch("ana", "again").await;
    assert_eq!(told().len(), 1);
    assert!(desk.manager.monitor().await.unwrap().switched.is_some_and(|it| it.reason == "again"));
    assert_eq!(told(), []);
}

#[tokio::test]
async fn what_another_process_did_and_undid_between_two_looks_is_told_once() {
    let desk = desk();
    let other = crate::desk::manager(&desk.venue, &desk.store, |it| it);
    let elsewhere = || async {
        let report = desk.manager.monitor().await.unwrap();
        report.elsewhere.into_iter().map(|it| (it.kind, it.action)).collect::<Vec<_>>()
    };
    let named = |kind: &str, action: &str| (kind.to_owned(), action.to_owned());
    other.engage_kill_switch("ana", "long ago").await;
    desk.venue.sleep(Duration::from_secs(1)).await;
    other.release_kill_switch("ana", "before anybody looked").await.unwrap();
    assert_eq!(elsewhere().await, []);

    desk.venue.sleep(Duration::from_secs(1)).await;
    other.engage_kill_switch("ana", "lunch").await;
    desk.venue.sleep(Duration::from_secs(1)).await;
    other.release_kill_switch("ana", "back").await.unwrap();
    let reason = FlattenReason::Wanted { by: "ana".to_owned(), reason: "enough".to_owned() };
    other.flatten_all(reason).await;
    desk.store.tables().alerts.clear();
    // The release is how it stands now, and is told as that.
    let expected = [named("kill_switch", "engaged"), named("flatten_begun", "begun"), named("flatten", "flattened")];
    assert_eq!(elsewhere().await, expected);
    let titles: Vec<String> = desk.store.tables().alerts.iter().map(|it| it.title.clone()).collect();
    for title in
        ["kill switch was engaged on main", "another process flattens main", "another process has flattened main"]
    {
        assert_eq!(titles.iter().filter(|it| *it == title).count(), 1, "{titles:?}");
    }
    assert_eq!(elsewhere().await, []);

    // What is done here is told where it is done.
    desk.manager.engage_kill_switch("bo", "here").await;
    desk.manager.flatten_all(FlattenReason::Wanted { by: "bo".to_owned(), reason: "here".to_owned() }).await;
    assert_eq!(elsewhere().await, []);
}
