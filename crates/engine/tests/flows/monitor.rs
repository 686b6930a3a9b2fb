use crate::desk::{desk, desk_with, long, unprotected};
use crate::venue::{Fault, btc, eth, money, price, size};
use plimsoll_engine::{
    Action, FlattenReason, Measure, MonitorFailure, OpenFailure, Patience, SendFailure, Settings, Trouble,
};
use plimsoll_ports::domain::risk::{LimitSettings, MarginAlert, Reason, RiskLimits};
use plimsoll_ports::domain::{BookingKind, Direction, FillCause, Leverage, MarginHealth, MarginMode, Money, OrderType};
use plimsoll_ports::{Clock, OpenIntent, PositionStatus, Purpose, RefusalReason, Severity, StoreError};
use std::time::Duration;

/// Limits so wide that only the margin speaks.
fn wide(settings: Settings) -> Settings {
    let limits = LimitSettings {
        max_position: money("1000000"),
        max_position_share: "100".parse().unwrap(),
        max_daily_loss: money("1000000"),
        max_daily_loss_share: "1".parse().unwrap(),
        max_drawdown: money("1000000"),
        max_leverage: Leverage::new(20).unwrap(),
        ..LimitSettings::default()
    };
    Settings { limits: RiskLimits::new(limits).unwrap(), ..settings }
}

fn cross(settings: Settings) -> Settings {
    Settings { margin_mode: MarginMode::Cross, ..wide(settings) }
}

/// 2 BTC at 20x against a wallet of 10,000: maintenance is 0.5 % less 50.
fn big() -> OpenIntent {
    OpenIntent { quantity: size("2"), leverage: Leverage::new(20).unwrap(), stop_loss: unprotected(), ..long() }
}

#[tokio::test]
async fn an_account_without_positions_has_nothing_to_do() {
    let desk = desk();
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!((report.health(), report.action.clone()), (MarginHealth::NoPositions, Action::None));
    assert_eq!((report.equity, report.margin_ratio), (money("10000"), None));
    assert_eq!(desk.store.tables().equity.len(), 1);
}

#[tokio::test]
async fn a_healthy_position_is_only_watched() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.mark(&btc(), "51000");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(
        (report.health(), report.alert, report.action.clone()),
        (MarginHealth::Healthy, MarginAlert::Calm, Action::None)
    );
    let it = &report.positions[0];
    assert_eq!((it.unrealized_pnl, it.has_stop), (money("50"), true));
    assert_eq!(it.distance.unwrap().get().round_dp(4).to_string(), "0.2125");
    assert!(report.ended.is_empty() && report.troubles.is_empty());
}

#[tokio::test]
async fn the_snapshot_takes_realised_profit_from_the_records() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.pay_funding(&btc(), "F1", "0.25");
    desk.venue.mark(&btc(), "51000");
    desk.close().await.unwrap();
    // A deposit moves the balance, not the profit.
    desk.venue.state().wallet += money("5000");
    let snapshot = desk.manager.monitor().await.unwrap().snapshot.unwrap();
    assert_eq!((snapshot.realized_pnl, snapshot.fees, snapshot.funding), (money("50"), money("2.525"), money("0.25")));
    assert_eq!(snapshot.wallet, money("15047.225"));
}

#[tokio::test]
async fn thin_margin_closes_the_least_that_restores_its_target() {
    let desk = desk_with(cross);
    desk.open(&big()).await.unwrap();
    // Equity 9,950 − 2 × 4,750 = 450 against 0.5 % of 90,500 − 50 = 402.5: cover 1.118.
    desk.venue.mark(&btc(), "45250");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!((report.health(), report.alert), (MarginHealth::Reduce, MarginAlert::HighUsage));
    assert_eq!(report.action, Action::Defended);
    let Some(Measure::Cut { closed, .. }) = report.measures.last() else { panic!("{:?}", report.measures) };
    assert_eq!((closed[0].purpose, closed[0].quantity), (Purpose::Reduce, size("0.624")));
    assert_eq!(desk.venue.position(&btc()).unwrap().quantity, size("1.376"));
    assert_eq!(desk.store.tables().positions[0].opened.quantity, size("1.376"));
    assert!(!desk.is_killed());
    assert_eq!(desk.store.events("margin_thin").len(), 1);
    assert_eq!(desk.manager.monitor().await.unwrap().health(), MarginHealth::Healthy);
}

#[tokio::test]
async fn a_reduction_that_fails_is_told() {
    let desk = desk_with(cross);
    desk.open(&big()).await.unwrap();
    desk.venue.mark(&btc(), "45250");
    desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
    let report = desk.manager.monitor().await.unwrap();
    assert!(report.measures.iter().any(Measure::has_failed), "{:?}", report.measures);
    assert!(desk.store.tables().alerts.iter().any(|alert| alert.severity == Severity::Critical));
}

#[tokio::test]
async fn margin_that_is_gone_closes_everything_and_engages_the_kill_switch() {
    let desk = desk_with(cross);
    desk.open(&big()).await.unwrap();
    desk.venue.open_elsewhere(&eth(), Direction::Long, "0.5");
    desk.venue.mark(&btc(), "45200");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(report.health(), MarginHealth::Flatten);
    let Action::Flattened(flattened) = &report.action else { panic!("{:?}", report.action) };
    assert!(matches!(flattened.reason, FlattenReason::Margin { .. }) && flattened.is_confirmed());
    assert!(desk.is_killed() && desk.venue.state().held.is_empty());
    assert!(desk.open(&long()).await.is_err());
}

#[tokio::test]
async fn margin_is_defended_with_the_database_down() {
    let desk = desk_with(cross);
    desk.open(&big()).await.unwrap();
    desk.venue.mark(&btc(), "45200");
    desk.store.tables().down = true;
    let report = desk.manager.monitor().await.unwrap();
    assert!(matches!(report.action, Action::Flattened(ref flattened) if flattened.is_confirmed()));
    assert!(!report.troubles.is_empty());
    desk.store.tables().down = false;
    assert!(desk.open(&long()).await.is_err(), "the kill switch holds in this process");
}

#[tokio::test]
async fn margin_is_defended_before_the_records_answer() {
    let desk = desk_with(cross);
    desk.open(&big()).await.unwrap();
    desk.venue.mark(&btc(), "45200");
    desk.store.tables().hold_controls = true;
    let until_closed = async {
        while desk.venue.position(&btc()).is_some() {
            tokio::task::yield_now().await;
        }
        assert!(!desk.is_killed(), "it was closed first");
        desk.store.tables().hold_controls = false;
    };
    let both = async { tokio::join!(desk.manager.monitor(), until_closed) };
    let (report, ()) = tokio::time::timeout(Duration::from_secs(10), both).await.expect("no record is waited for");
    assert!(matches!(report.unwrap().action, Action::Flattened(ref flattened) if flattened.is_confirmed()));
    assert!(desk.is_killed(), "and recorded as soon as it could be");
    assert_eq!(desk.store.events("kill_switch").len(), 1);
}

#[tokio::test]
async fn a_person_who_cannot_be_told_keeps_nobody_waiting() {
    let desk = desk_with(cross);
    desk.open(&big()).await.unwrap();
    desk.venue.mark(&btc(), "45200");
    desk.store.tables().deaf = true;
    let report = tokio::time::timeout(Duration::from_secs(10), desk.manager.monitor()).await;
    let report = report.expect("no notifier is waited for").unwrap();
    assert!(matches!(report.action, Action::Flattened(ref flattened) if flattened.is_confirmed()));
    assert!(report.troubles.iter().any(|it| matches!(it, Trouble::NotNotified(_))), "{:?}", report.troubles);
    assert!(desk.is_killed());
}

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
async fn an_isolated_position_is_judged_by_its_own_margin() {
    let desk = desk_with(wide);
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    // 500 − 0.05 × 9,790 = 10.5 against 0.4 % of 2,010.5 = 8.04; the wallet of 10,000 does not count.
    desk.venue.mark(&btc(), "40210");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!((report.health(), report.alert), (MarginHealth::Healthy, MarginAlert::HighRisk));
    desk.venue.mark(&btc(), "40170");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(report.health(), MarginHealth::Reduce);
}

#[tokio::test]
async fn a_loss_beyond_the_days_limit_stops_trading() {
    let desk = desk_with(|settings| Settings { margin_mode: MarginMode::Cross, ..settings });
    desk.manager.monitor().await.unwrap();
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    desk.venue.mark(&btc(), "41000");
    assert_eq!(desk.manager.monitor().await.unwrap().action, Action::None);
    desk.venue.mark(&btc(), "39900");
    let report = desk.manager.monitor().await.unwrap();
    let Action::Flattened(flattened) = &report.action else { panic!("{:?}", report.action) };
    assert!(matches!(&flattened.reason, FlattenReason::Losses { reasons } if reasons.len() == 1));
    assert!(desk.is_killed() && desk.venue.position(&btc()).is_none());
    assert_eq!(desk.manager.monitor().await.unwrap().action, Action::None, "it is stopped once");
}

#[tokio::test]
async fn whoever_releases_is_told_which_limits_are_broken_still() {
    let desk = desk_with(|settings| Settings { margin_mode: MarginMode::Cross, ..settings });
    desk.manager.monitor().await.unwrap();
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    desk.manager.monitor().await.unwrap();
    assert_eq!(desk.manager.losses_on_record().await.unwrap(), []);
    desk.venue.mark(&btc(), "39900");
    desk.manager.monitor().await.unwrap();
    desk.manager.release_kill_switch("ana", "so what").await.unwrap();
    // By the records alone, as a verb that has no key.
    let other = crate::desk::manager(&desk.venue, &desk.store, |settings| Settings {
        margin_mode: MarginMode::Cross,
        ..settings
    });
    let broken = other.losses_on_record().await.unwrap();
    assert!(matches!(&broken[..], [Reason::DailyLoss { .. }]), "{broken:?}");
    // The next day begins anew.
    desk.venue.sleep(Duration::from_secs(24 * 3600)).await;
    let tomorrow = crate::desk::manager(&desk.venue, &desk.store, |it| it);
    assert_eq!(tomorrow.losses_on_record().await.unwrap(), []);
}

#[tokio::test]
async fn a_withdrawal_is_no_loss() {
    let desk = desk();
    desk.manager.monitor().await.unwrap();
    desk.venue.book(BookingKind::Transfer, "-900");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!((report.action, desk.is_killed()), (Action::None, false));
}

/// Limits so wide that only the drawdown speaks: 1,000 from the peak.
fn drawdown(settings: Settings) -> Settings {
    let settings = wide(settings);
    let limits = LimitSettings { max_drawdown: money("1000"), ..settings.limits.settings().clone() };
    Settings { limits: RiskLimits::new(limits).unwrap(), ..settings }
}

/// Loses 480 by 0.05 BTC that fall by 9,600, and 2.26 in fees.
async fn lose(desk: &crate::desk::Desk) {
    desk.venue.mark(&btc(), "50000");
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    desk.venue.mark(&btc(), "40400");
    desk.close().await.unwrap();
    desk.venue.sleep(std::time::Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_drawdown_from_the_peak_stops_trading_even_when_flat() {
    let desk = desk_with(drawdown);
    desk.manager.monitor().await.unwrap();
    for _ in 0..2 {
        lose(&desk).await;
        assert_eq!(desk.manager.monitor().await.unwrap().action, Action::None);
    }
    lose(&desk).await;
    let report = desk.manager.monitor().await.unwrap();
    let Action::Stopped { reasons } = &report.action else { panic!("{:?}", report.action) };
    // Three times 480 and fees of 1.25 and 1.01.
    assert_eq!(reasons, &[Reason::Drawdown { drawdown: money("1446.78"), limit: money("1000") }]);
    assert!(desk.is_killed());
}

#[tokio::test]
async fn neither_a_withdrawal_nor_a_deposit_moves_the_drawdown() {
    for moved in ["-2000", "2000"] {
        let desk = desk_with(drawdown);
        desk.manager.monitor().await.unwrap();
        for _ in 0..2 {
            lose(&desk).await;
            desk.venue.book(BookingKind::Transfer, moved);
            assert_eq!(desk.manager.monitor().await.unwrap().action, Action::None, "{moved}");
        }
        // The curve tells a new process the same; what moves the account just before an order is no loss either.
        let restarted = crate::desk::manager(&desk.venue, &desk.store, drawdown);
        desk.venue.book(BookingKind::Transfer, "1500");
        restarted.monitor().await.unwrap();
        desk.venue.book(BookingKind::Transfer, "-1500");
        desk.venue.mark(&btc(), "50000");
        restarted.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
        assert!(!desk.is_killed(), "{moved}");
        desk.venue.mark(&btc(), "40400");
        let report = restarted.monitor().await.unwrap();
        assert!(matches!(report.action, Action::Flattened(_)), "{moved}: {:?}", report.action);
        assert!(desk.is_killed(), "{moved}");
    }
}

#[tokio::test]
async fn a_loss_that_cannot_be_recorded_is_not_taken_for_a_withdrawal() {
    let desk = desk_with(drawdown);
    desk.manager.monitor().await.unwrap();
    desk.open(&OpenIntent { stop_loss: unprotected(), quantity: size("0.12"), ..long() }).await.unwrap();
    desk.venue.mark(&btc(), "41000");
    desk.store.tables().read_only = true;
    let closed = desk.close().await.unwrap();
    assert_eq!((closed.remaining, closed.ended), (None, None));
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!((report.ended.len(), report.unexplained.len()), (0, 1));
    assert!(matches!(report.action, Action::Stopped { .. }), "{:?}", report.action);
    desk.store.tables().read_only = false;
    assert_eq!(desk.manager.monitor().await.unwrap().ended.len(), 1, "it is recorded once it can be");
}

#[tokio::test]
async fn a_stop_that_filled_is_recorded_with_its_true_fill() {
    let desk = desk();
    desk.open(&OpenIntent { take_profit: Some(price("60000")), ..long() }).await.unwrap();
    desk.venue.mark(&btc(), "44900");
    let report = desk.manager.monitor().await.unwrap();
    let ended = &report.ended[0];
    assert_eq!((ended.reason.as_str(), ended.status), ("stop_loss", PositionStatus::Closed));
    assert_eq!((ended.exit_price, ended.realized_pnl, ended.fees), (price("44900"), money("-255"), money("2.3725")));
    assert!(desk.venue.state().open.is_empty(), "the take-profit does not outlive its position");
    assert!(desk.manager.monitor().await.unwrap().ended.is_empty(), "it is told once");
    let expected = money("10000") + Money::new(ended.net().get());
    assert_eq!(desk.venue.state().wallet, expected);
}

#[tokio::test]
async fn a_take_profit_that_filled_is_named_so() {
    let desk = desk();
    desk.open(&OpenIntent { take_profit: Some(price("51000")), ..long() }).await.unwrap();
    desk.venue.mark(&btc(), "51000");
    assert_eq!(desk.manager.monitor().await.unwrap().ended[0].reason, "take_profit");
}

#[tokio::test]
async fn forced_and_foreign_closes_are_told_apart() {
    let cases = [
        (FillCause::Liquidation, "autoclose-1", "liquidation", PositionStatus::Liquidated),
        (FillCause::Adl, "adl_autoclose", "adl", PositionStatus::Closed),
        (FillCause::Order, "web_1", "elsewhere", PositionStatus::Closed),
    ];
    for (cause, id, reason, status) in cases {
        let desk = desk();
        desk.open(&long()).await.unwrap();
        desk.venue.close_elsewhere(&btc(), id, cause);
        let report = desk.manager.monitor().await.unwrap();
        assert_eq!((report.ended[0].reason.as_str(), report.ended[0].status), (reason, status));
        assert!(desk.venue.state().open.is_empty(), "the stop is swept");
    }
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

#[tokio::test]
async fn a_position_without_a_stop_is_told() {
    let desk = desk();
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    assert!(!desk.manager.monitor().await.unwrap().positions[0].has_stop);
    assert!(desk.store.tables().alerts.iter().any(|alert| alert.key.starts_with("no_stop/main")));
}

#[tokio::test]
async fn a_position_opened_by_hand_is_announced_and_a_level_recorded_once() {
    let desk = desk_with(cross);
    desk.venue.open_elsewhere(&eth(), Direction::Long, "0.5");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(report.unrecorded[0].symbol, eth());
    assert_eq!(desk.manager.reconcile().await.unwrap().adopted.len(), 1);
    assert!(desk.manager.monitor().await.unwrap().unrecorded.is_empty());

    desk.open(&big()).await.unwrap();
    desk.venue.mark(&btc(), "45300");
    for _ in 0..2 {
        assert_eq!(desk.manager.monitor().await.unwrap().alert, MarginAlert::HighRisk);
    }
    assert_eq!(desk.store.events("margin_ratio").len(), 2, "one for each position of the pool");
}

#[tokio::test]
async fn losses_are_judged_by_memory_while_the_records_are_away() {
    let desk = desk_with(|settings| Settings { margin_mode: MarginMode::Cross, ..settings });
    desk.manager.monitor().await.unwrap();
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    desk.manager.monitor().await.unwrap();
    desk.store.tables().down = true;
    desk.venue.mark(&btc(), "41000");
    assert_eq!(desk.manager.monitor().await.unwrap().action, Action::None, "450 of 500");
    desk.venue.mark(&btc(), "39900");
    let report = desk.manager.monitor().await.unwrap();
    let Action::Flattened(flattened) = &report.action else { panic!("{:?}", report.action) };
    assert!(matches!(&flattened.reason, FlattenReason::Losses { .. }) && flattened.is_confirmed());
    assert!(matches!(desk.open(&long()).await, Err(OpenFailure::Records(StoreError::Unreachable(_)))));
    let aloud = |key: &str| desk.store.tables().alerts.iter().filter(|alert| alert.key == key).count();
    assert_eq!(aloud("journal/main"), 1, "what goes out without a journal is told aloud, once");
    desk.store.tables().down = false;
    desk.manager.monitor().await.unwrap();
    assert!(desk.is_killed(), "what this process knew is recorded as soon as it can be");
    assert!(desk.store.tables().positions.iter().all(|record| record.closed.is_some()));
}

#[tokio::test]
async fn losses_are_judged_by_memory_where_the_records_make_no_sense() {
    let cross = |settings: Settings| Settings { margin_mode: MarginMode::Cross, ..settings };
    for is_known in [true, false] {
        let desk = desk_with(cross);
        desk.manager.monitor().await.unwrap();
        desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
        desk.manager.monitor().await.unwrap();
        let restarted = crate::desk::manager(&desk.venue, &desk.store, cross);
        // A process that was never told anything goes by what it has seen itself.
        let manager = if is_known { &desk.manager } else { &restarted };
        desk.store.tables().is_corrupt = true;
        assert_eq!(manager.monitor().await.unwrap().action, Action::None, "{is_known}");
        desk.venue.mark(&btc(), "39900");
        let report = manager.monitor().await.unwrap();
        let Action::Flattened(flattened) = &report.action else { panic!("{is_known}: {:?}", report.action) };
        assert!(matches!(&flattened.reason, FlattenReason::Losses { .. }) && flattened.is_confirmed());
        let refused = restarted.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await;
        assert!(matches!(refused, Err(OpenFailure::Records(StoreError::Corrupt(_)))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_broken_limit_on_losses_closes_before_the_books_are_kept() {
    let desk = desk_with(|settings| Settings { margin_mode: MarginMode::Cross, ..settings });
    desk.manager.monitor().await.unwrap();
    desk.open(&long()).await.unwrap();
    desk.open(&OpenIntent { symbol: eth(), stop_loss: unprotected(), quantity: size("0.5"), ..long() }).await.unwrap();
    desk.manager.monitor().await.unwrap();
    // The stop of one has ended it; the other has lost too much.
    desk.venue.mark(&btc(), "45000");
    desk.venue.mark(&eth(), "1100");
    let report = desk.manager.monitor().await.unwrap();
    assert!(matches!(report.action, Action::Flattened(_)), "{:?}", report.action);
    assert_eq!((report.verdict.trips.is_empty(), report.ended.len()), (false, 1), "{report:?}");
    let order: Vec<String> = desk.store.tables().risk_events.iter().map(|event| event.kind.clone()).collect();
    let at = |kind: &str| order.iter().position(|it| it == kind).unwrap();
    assert!(at("flatten_begun") < at("position_ended"), "{order:?}");
}

#[tokio::test]
async fn what_was_lost_while_nothing_ran_is_a_loss_of_the_day() {
    const HOUR: Duration = Duration::from_secs(3600);
    let wide = |settings: Settings| Settings { margin_mode: MarginMode::Cross, ..settings };
    let desk = desk_with(wide);
    desk.manager.monitor().await.unwrap();
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    desk.venue.sleep(HOUR).await;
    desk.manager.monitor().await.unwrap();
    // From a quarter past eleven in the evening on nothing runs.
    desk.venue.sleep(HOUR * 7).await;
    desk.venue.mark(&btc(), "41000");
    let restarted = crate::desk::manager(&desk.venue, &desk.store, wide);
    assert_eq!(restarted.monitor().await.unwrap().action, Action::None, "450 of 500");
    desk.venue.sleep(HOUR).await;
    desk.venue.mark(&btc(), "39900");
    // Neither does the first point of the day make it forgotten, nor another start.
    let restarted = crate::desk::manager(&desk.venue, &desk.store, wide);
    let report = restarted.monitor().await.unwrap();
    assert!(matches!(report.action, Action::Flattened(_)), "{:?}", report.action);
    assert!(desk.is_killed());
}

#[tokio::test]
async fn an_order_of_unknown_fate_is_found_in_passing_and_its_position_protected() {
    let desk = desk_with(|settings| {
        let patience =
            Patience { window: Duration::from_secs(1), give_up: Duration::from_secs(2), ..Patience::default() };
        Settings { patience, ..settings }
    });
    desk.venue.state().stops_need_a_position = true;
    desk.venue.fail(OrderType::Market, Fault::LostAnswer);
    desk.venue.state().unknown = 1000;
    desk.venue.state().hide_fills = true;
    let failure = desk.open(&long()).await.unwrap_err();
    assert!(matches!(failure, OpenFailure::Order { failure: SendFailure::Unresolved(_), .. }), "{failure:?}");
    let blind = desk.manager.monitor().await.unwrap();
    let blind = blind.mended.expect("it is looked up");
    assert!(blind.orders.iter().any(|fate| !fate.is_known()), "{blind:?}");
    assert!(matches!(desk.open(&long()).await, Err(OpenFailure::EarlierUnresolved(_))));

    desk.venue.state().unknown = 0;
    desk.venue.state().hide_fills = false;
    let mended = desk.manager.monitor().await.unwrap().mended.expect("it is found");
    assert!(mended.orders.iter().all(|fate| fate.is_known()), "{mended:#?}");
    assert_eq!(mended.restored.len(), 1, "{mended:#?}");
    let stops = desk.venue.state().open.iter().filter(|order| order.order_type == OrderType::StopMarket).count();
    assert_eq!((desk.store.tables().positions.len(), stops), (1, 1));
    assert_eq!(desk.store.tables().trades.len(), 1);
    let calm = desk.manager.monitor().await.unwrap();
    assert!(calm.mended.is_none() && calm.unrecorded.is_empty() && calm.positions[0].has_stop);
}

#[tokio::test]
async fn an_order_that_is_being_sent_is_not_looked_after_by_others() {
    let desk = desk();
    desk.venue.fail(OrderType::Market, Fault::LostAnswer);
    desk.venue.state().unknown = 3;
    desk.venue.state().hide_fills = true;
    let intent = long();
    let watch = async {
        let report = desk.manager.monitor().await.unwrap();
        desk.venue.state().hide_fills = false;
        report
    };
    let (opened, report) = tokio::join!(desk.open(&intent), watch);
    assert!(opened.is_ok(), "{opened:?}");
    assert!(report.mended.is_none() && desk.store.tables().positions.len() == 1);
}

#[tokio::test]
async fn a_stop_smaller_than_its_position_does_not_count_as_one() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    {
        let mut state = desk.venue.state();
        state.open[0].close_position = false;
        state.open[0].quantity = Some(size("0.04"));
    }
    assert!(!desk.manager.monitor().await.unwrap().positions[0].has_stop);
    desk.venue.state().open[0].quantity = Some(size("0.05"));
    assert!(desk.manager.monitor().await.unwrap().positions[0].has_stop);
}

#[tokio::test]
async fn an_answer_without_the_balance_that_a_position_is_held_in_is_no_loss() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.state().hide_balances = true;
    let outcome = desk.manager.monitor().await;
    let Err(MonitorFailure::Blind(error)) = outcome else { panic!("{outcome:?}") };
    assert!(error.to_string().contains("no balance of it is listed"), "{error}");
    assert!(!desk.is_killed() && desk.venue.position(&btc()).is_some());
    desk.venue.state().hide_balances = false;
    assert_eq!(desk.manager.monitor().await.unwrap().action, Action::None);
}
