use crate::desk::{desk, desk_with, long, unprotected};
use crate::venue::{Fault, btc, eth, money, price, size};
use plimsoll_engine::{Action, FlattenReason, Measure, OpenFailure, Patience, SendFailure, Settings, Trouble};
use plimsoll_ports::domain::risk::{LimitSettings, MarginAlert, RiskLimits};
use plimsoll_ports::domain::{Direction, FillCause, Leverage, MarginHealth, MarginMode, Money, OrderType};
use plimsoll_ports::{OpenIntent, PositionStatus, Purpose, RefusalReason, Severity};
use std::time::Duration;

/// Limits so wide that only the margin speaks.
pub(crate) fn wide(settings: Settings) -> Settings {
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
