//! Limits on losses, looked at between orders: what counts as a loss, and what a broken limit brings about.

use crate::desk::{desk, desk_with, long, unprotected};
use crate::monitor::wide;
use crate::venue::{btc, eth, money, size};
use plimsoll_engine::{Action, FlattenReason, MonitorFailure, OpenFailure, Settings};
use plimsoll_ports::domain::risk::{LimitSettings, Reason, RiskLimits};
use plimsoll_ports::domain::{BookingKind, MarginMode};
use plimsoll_ports::{Clock, OpenIntent, StoreError};
use std::time::Duration;

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
async fn what_the_very_first_order_costs_is_of_its_day() {
    let desk = desk_with(|settings| Settings { margin_mode: MarginMode::Cross, ..settings });
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    desk.venue.mark(&btc(), "45000");
    desk.manager.monitor().await.unwrap();
    let curve = desk.store.tables().equity.clone();
    let earned: Vec<_> = curve.iter().map(|point| point.earned()).collect();
    // 0.05 BTC that fell by 5,000, and a fee of 1.25.
    assert_eq!(earned, [money("0"), money("-251.25")]);
    // With this much lost before any look, little is left of the day's 500.
    desk.venue.mark(&btc(), "39900");
    let report = desk.manager.monitor().await.unwrap();
    assert!(matches!(report.action, Action::Flattened(_)), "{:?}", report.action);
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
