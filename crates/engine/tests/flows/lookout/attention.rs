//! Limits, thresholds and intervals that are otherwise from one moment to the next.

use super::scene::{at_ease, with_a_position};
use plimsoll_engine::{GuardSettings, Rules, VenueAccountSettings};
use plimsoll_ports::domain::AccountId;
use plimsoll_ports::domain::risk::{LimitSettings, RiskLimits};
use std::collections::BTreeMap;
use std::time::Duration;

#[tokio::test]
async fn other_intervals_take_effect_while_it_waits_and_count_from_the_last_look() {
    let mut scene = at_ease().await;
    scene.pass(30, "50000").await;
    scene.heard();
    scene.asked();
    let settings = GuardSettings { audit: Duration::from_secs(40), ..GuardSettings::default() };
    scene.attention.pay(settings, VenueAccountSettings::new(AccountId::new("main")).vigilance());
    scene.settled().await;
    assert_eq!((scene.heard(), scene.asked()), (vec![], BTreeMap::new()), "nobody is asked anything for it");
    scene.pass(6, "50000").await;
    assert_eq!(scene.heard(), Vec::<String>::new());
    scene.pass(6, "50000").await;
    assert_eq!(scene.heard(), ["watched 0"], "40 s after the last look, and not after the change");
}

#[tokio::test]
async fn limits_that_are_narrower_are_judged_by_at_once() {
    let mut scene = with_a_position().await;
    scene.pass(1, "49900").await;
    assert!(!scene.heard().iter().any(|it| it.starts_with("woken")), "a loss of 1 is within the limits");
    let before = scene.manager.rules();
    let limits = LimitSettings { max_daily_loss: "0.5".parse().unwrap(), ..before.limits.settings().clone() };
    scene.manager.judge_by(Rules { limits: RiskLimits::new(limits).unwrap(), afloat: before.afloat.clone() });
    scene.attention.pay(GuardSettings::default(), VenueAccountSettings::new(AccountId::new("main")).vigilance());
    // The price stands still: nothing but the limits is otherwise.
    scene.pass(2, "49900").await;
    let told = scene.until("woken losses").await;
    assert!(!told.iter().any(|it| it.starts_with("watched")), "{told:?}");
}
