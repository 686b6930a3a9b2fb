//! Orders and positions of others, by policy.

use crate::desk::{Desk, desk_with, long, manager};
use crate::venue::{btc, eth, money, price};
use plimsoll_engine::{Action, FlattenReason, Foreign, ForeignPolicy, Settings};
use plimsoll_ports::domain::risk::{LimitSettings, RiskLimits};
use plimsoll_ports::domain::{BookingKind, ClientOrderId, Direction, MarginMode, OrderType};
use plimsoll_ports::{Alert, Clock};
use std::time::Duration;

fn policy(policy: ForeignPolicy) -> impl Fn(Settings) -> Settings {
    move |settings| Settings { foreign: policy, ..settings }
}

/// A position and a resting order that no intent of ours has made.
async fn strangers(foreign: ForeignPolicy) -> Desk {
    strangers_at(desk_with(policy(foreign))).await
}

async fn strangers_at(desk: Desk) -> Desk {
    desk.open(&long()).await.unwrap();
    desk.venue.open_elsewhere(&eth(), Direction::Long, "0.5");
    let mut order = desk.venue.state().open[0].clone();
    order.client_order_id = ClientOrderId::reported("web_7");
    order.order_id = plimsoll_ports::domain::OrderId::new("777");
    order.symbol = eth();
    order.order_type = OrderType::Limit;
    order.trigger = None;
    order.price = Some(price("1900"));
    order.side = Direction::Long.opening_side();
    order.close_position = false;
    order.quantity = Some("1".parse().unwrap());
    desk.venue.state().open.push(order);
    desk
}

fn about(desk: &Desk, key: &str) -> Vec<Alert> {
    desk.store.tables().alerts.iter().filter(|alert| alert.key.starts_with(key)).cloned().collect()
}

fn foreign_order_rests(desk: &Desk) -> bool {
    desk.venue.state().open.iter().any(|order| order.client_order_id.as_str() == "web_7")
}

#[tokio::test]
async fn positions_of_others_are_adopted_or_left_alone_and_their_orders_never_cancelled() {
    for (foreign, is_recorded) in
        [(ForeignPolicy::Adopt, true), (ForeignPolicy::Watch, false), (ForeignPolicy::Ignore, false)]
    {
        let desk = strangers(foreign).await;
        let reconciliation = desk.manager.reconcile().await.unwrap();
        let recorded = desk.store.tables().positions.iter().any(|record| record.opened.symbol == eth());
        assert_eq!(recorded, is_recorded, "{foreign:?}");
        assert_eq!(reconciliation.adopted.len(), usize::from(is_recorded), "{foreign:?}");
        let positions = reconciliation.foreign.iter().filter(|it| matches!(it, Foreign::Position { .. })).count();
        assert_eq!(positions, usize::from(!is_recorded), "{foreign:?}");
        assert!(foreign_order_rests(&desk), "{foreign:?}");
        assert_eq!(about(&desk, "foreign_order/main").len(), 1, "{foreign:?}");
        assert_eq!(about(&desk, "foreign_position/main").len(), usize::from(!is_recorded), "{foreign:?}");
        assert_eq!(desk.store.events("foreign_order").len(), 1, "{foreign:?}");
    }
}

#[tokio::test]
async fn each_is_announced_once_by_this_process_and_by_the_next() {
    for foreign in [ForeignPolicy::Adopt, ForeignPolicy::Watch, ForeignPolicy::Ignore] {
        let desk = strangers(foreign).await;
        desk.manager.reconcile().await.unwrap();
        desk.venue.sleep(Duration::from_secs(60)).await;
        let told = (about(&desk, "foreign").len(), desk.store.events("foreign_position").len());
        for manager in [&desk.manager, &manager(&desk.venue, &desk.store, policy(foreign))] {
            let again = manager.reconcile().await.unwrap();
            assert!(!again.foreign.is_empty() && !again.foreign.iter().any(Foreign::is_news), "{foreign:?}");
            assert!(manager.monitor().await.unwrap().unrecorded.is_empty(), "{foreign:?}");
        }
        assert_eq!((about(&desk, "foreign").len(), desk.store.events("foreign_position").len()), told, "{foreign:?}");
    }
}

#[tokio::test]
async fn what_is_gone_is_forgotten_and_the_records_tell_whether_it_was_announced() {
    const MONTH: Duration = Duration::from_secs(31 * 24 * 60 * 60);
    for foreign in [ForeignPolicy::Adopt, ForeignPolicy::Watch, ForeignPolicy::Ignore] {
        let desk = strangers(foreign).await;
        desk.manager.reconcile().await.unwrap();
        let theirs = desk.venue.state().open.iter().find(|it| it.client_order_id.as_str() == "web_7").cloned().unwrap();
        // It is there all the time; gone for a minute; gone for longer than the records are asked about.
        for (gone, pause, is_new) in [
            (false, MONTH, false),
            (true, Duration::from_secs(60), true),
            (true, Duration::from_secs(60), false),
            (true, MONTH, true),
        ] {
            if gone {
                desk.venue.state().open.retain(|order| order.client_order_id != theirs.client_order_id);
                desk.manager.reconcile().await.unwrap();
                desk.venue.state().open.push(theirs.clone());
            }
            desk.venue.sleep(pause).await;
            let met = desk.manager.reconcile().await.unwrap().foreign;
            let news = |it: &Foreign| matches!(it, Foreign::Order { is_new: true, .. });
            assert_eq!(met.iter().any(news), is_new, "{foreign:?}, gone: {gone}, for {pause:?}");
        }
    }
}

#[tokio::test]
async fn an_operator_flattens_everything_but_what_the_policy_leaves_alone() {
    for (foreign, stays) in [(ForeignPolicy::Adopt, false), (ForeignPolicy::Watch, true), (ForeignPolicy::Ignore, true)]
    {
        let desk = strangers(foreign).await;
        desk.manager.reconcile().await.unwrap();
        let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "holiday".to_owned() };
        let flattened = desk.manager.flatten_all(reason).await;
        // What others have there is not ours to close, and not flat either.
        assert_eq!(flattened.is_confirmed(), !stays, "{foreign:?}: {flattened:?}");
        let remaining = flattened.remaining.map(|(positions, orders)| (positions.len(), orders.len()));
        let left = usize::from(stays);
        assert_eq!((remaining, flattened.left_alone), (Some((left, left)), left * 2), "{foreign:?}");
        let told = &desk.store.events("flatten")[0].detail;
        assert_eq!(told.contains("the venue is flat"), !stays, "{told}");
        assert_eq!(desk.venue.position(&eth()).is_some(), stays, "{foreign:?}");
        assert_eq!(foreign_order_rests(&desk), stays, "{foreign:?}");
        assert!(desk.venue.position(&btc()).is_none(), "{foreign:?}");
    }
}

#[tokio::test]
async fn what_we_open_where_a_position_of_others_was_is_ours() {
    for foreign in [ForeignPolicy::Watch, ForeignPolicy::Ignore] {
        let desk = desk_with(policy(foreign));
        desk.venue.open_elsewhere(&btc(), Direction::Long, "0.02");
        desk.manager.reconcile().await.unwrap();
        desk.venue.close_elsewhere(&btc(), "web_8", plimsoll_ports::domain::FillCause::Order);
        desk.open(&long()).await.unwrap();
        let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "holiday".to_owned() };
        let flattened = desk.manager.flatten_all(reason).await;
        assert!(flattened.is_confirmed() && flattened.left_alone == 0, "{foreign:?}: {flattened:?}");
        assert!(desk.venue.position(&btc()).is_none(), "{foreign:?}");
    }
}

#[tokio::test]
async fn margin_that_is_gone_closes_ours_and_touches_no_order_of_others() {
    for (foreign, stays) in [(ForeignPolicy::Adopt, false), (ForeignPolicy::Watch, true)] {
        let desk = desk_with(|settings| Settings { margin_mode: MarginMode::Cross, foreign, ..settings });
        let strangers = strangers_at(desk).await;
        strangers.manager.reconcile().await.unwrap();
        strangers.venue.state().wallet = money("3");
        let report = strangers.manager.monitor().await.unwrap();
        let Action::Flattened(flattened) = &report.action else { panic!("{foreign:?}: {:?}", report.action) };
        assert!(!flattened.is_confirmed(), "{foreign:?}: an order of others may open something again");
        assert!(strangers.venue.position(&btc()).is_none(), "{foreign:?}");
        assert_eq!(strangers.venue.position(&eth()).is_some(), stays, "{foreign:?}");
        assert!(foreign_order_rests(&strangers), "{foreign:?}");
    }
}

#[tokio::test]
async fn ours_are_never_taken_for_strangers_when_the_records_go_away_in_the_middle() {
    let mut lacked_the_last = false;
    for listings in 0..100 {
        let desk = strangers(ForeignPolicy::Watch).await;
        desk.store.tables().listings = Some(listings);
        let reconciled = desk.manager.reconcile().await;
        desk.store.tables().listings = None;
        if reconciled.as_ref().is_ok_and(|it| it.troubles.is_empty()) {
            break;
        }
        lacked_the_last = reconciled.is_ok();
        let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "holiday".to_owned() };
        desk.manager.flatten_all(reason).await;
        assert!(desk.venue.position(&btc()).is_none(), "gone after {listings} listings");
    }
    assert!(lacked_the_last, "it went on without the listing that tells ours from theirs");
}

#[tokio::test]
async fn a_withdrawal_beside_a_position_of_others_is_no_loss() {
    let desk = strangers_at(desk_with(|settings| {
        let limits = settings.limits.settings().clone();
        let limits = LimitSettings { max_drawdown: money("500"), ..limits };
        Settings { foreign: ForeignPolicy::Watch, limits: RiskLimits::new(limits).unwrap(), ..settings }
    }))
    .await;
    desk.manager.reconcile().await.unwrap();
    desk.manager.monitor().await.unwrap();
    desk.venue.sleep(Duration::from_secs(10)).await;
    desk.venue.book(BookingKind::Transfer, "-600");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!((report.action, report.verdict.trips), (Action::None, Vec::new()));
}

#[tokio::test]
async fn an_adopted_position_is_given_a_stop_if_that_is_wished() {
    let desk = desk_with(|settings| Settings { adopted_stop: Some("0.1".parse().unwrap()), ..settings });
    desk.venue.open_elsewhere(&eth(), Direction::Long, "0.5");
    let reconciliation = desk.manager.reconcile().await.unwrap();
    assert_eq!(reconciliation.restored[0].outcome.as_ref().unwrap().trigger, price("1800"));
    assert!(reconciliation.unprotected.is_empty());
    assert!(desk.manager.reconcile().await.unwrap().is_clean());
    // A person takes it away: it is given again, as it is missing.
    desk.venue.state().open.clear();
    assert_eq!(desk.manager.reconcile().await.unwrap().restored.len(), 1);
}

#[tokio::test]
async fn what_is_found_is_told_with_ids_and_figures() {
    let desk = strangers(ForeignPolicy::Watch).await;
    let stop = desk.venue.state().open.remove(0);
    desk.venue.sleep(Duration::from_secs(3600)).await;
    let summary = desk.manager.reconcile().await.unwrap().summary();
    assert!(!summary.is_clean);
    let kinds: Vec<_> = summary.findings.iter().map(|it| (it.severity, it.kind)).collect();
    assert!(kinds.is_sorted_by(|one, two| one.0 >= two.0), "the urgent ones first: {kinds:?}");
    let restored = summary.findings.iter().find(|it| it.kind == "restored").unwrap();
    assert_eq!((restored.symbol.as_ref(), restored.done.as_str()), (Some(&btc()), "placed, and read back"));
    assert_eq!(restored.figures, [("trigger", "45000".to_owned())]);
    assert_ne!(restored.id.as_deref(), Some(stop.client_order_id.as_str()));
    let position = summary.findings.iter().find(|it| it.kind == "foreign_position").unwrap();
    assert_eq!(position.figures, [("quantity", "0.5".to_owned()), ("entry", "2000".to_owned())]);
    let order = summary.findings.iter().find(|it| it.kind == "foreign_order").unwrap();
    assert_eq!((order.id.as_deref(), order.done.as_str()), (Some("777"), "left alone"));
}
