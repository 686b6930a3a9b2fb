use crate::desk::{Desk, desk, desk_with, long, manager, unprotected};
use crate::venue::{Fault, btc, eth, money, size};
use plimsoll_engine::{Action, ForeignPolicy, OpenFailure, Settings};
use plimsoll_ports::domain::risk::{LimitSettings, RiskCheck, RiskLimits};
use plimsoll_ports::domain::{ClientOrderId, MarginMode, Order, OrderType, Side, Timestamp};
use plimsoll_ports::{Clock, OpenIntent, OrderJournal, Purpose, StopLoss};
use std::time::Duration;

/// An entry that rests at the venue under this name.
fn entry(desk: &Desk, id: ClientOrderId, order_id: &str) -> Order {
    let stop = desk.venue.state().open[0].clone();
    Order {
        client_order_id: id,
        order_id: plimsoll_ports::domain::OrderId::new(order_id),
        order_type: OrderType::Limit,
        side: Side::Buy,
        quantity: Some(size("0.01")),
        trigger: None,
        price: Some("40000".parse().unwrap()),
        close_position: false,
        reduce_only: false,
        ..stop
    }
}

/// A protected position, an entry of ours that rests, and one of others.
pub(crate) async fn with_resting_entries(desk: &Desk) -> (ClientOrderId, ClientOrderId) {
    desk.open(&long()).await.unwrap();
    let journalled = desk.store.recent(&desk.manager.settings().account, 10).await.unwrap();
    let ours = journalled.iter().find(|it| it.purpose == Purpose::Entry).unwrap().order.client_order_id.clone();
    let theirs = ClientOrderId::reported("web_7");
    let (one, other) = (entry(desk, ours.clone(), "9001"), entry(desk, theirs.clone(), "9002"));
    desk.venue.state().open.extend([one, other]);
    (ours, theirs)
}

fn resting(desk: &Desk) -> Vec<OrderType> {
    desk.venue.state().open.iter().map(|order| order.order_type).collect()
}

#[tokio::test]
async fn an_operator_takes_back_what_adds_exposure_and_no_protection() {
    let desk = desk();
    let (ours, theirs) = with_resting_entries(&desk).await;
    desk.manager.engage_kill_switch("ana", "storm").await;
    let outcome = desk.manager.cancel_entries().await;
    assert_eq!((outcome.cancelled, outcome.remaining), (vec![ours, theirs], Some(Vec::new())));
    assert_eq!(resting(&desk), [OrderType::StopMarket]);
    assert_eq!(desk.store.events("entries_cancelled").len(), 1);
    assert!(desk.venue.position(&btc()).is_some(), "what is held stays");
}

#[tokio::test]
async fn entries_of_others_rest_on_where_they_are_not_adopted() {
    let desk = desk_with(|settings| Settings { foreign: ForeignPolicy::Watch, ..settings });
    let (ours, _) = with_resting_entries(&desk).await;
    let outcome = desk.manager.cancel_entries().await;
    assert_eq!((outcome.cancelled, outcome.remaining), (vec![ours], Some(Vec::new())));
    assert_eq!(resting(&desk), [OrderType::StopMarket, OrderType::Limit]);
}

#[tokio::test]
async fn a_venue_that_tells_no_orders_is_a_trouble_and_not_an_empty_book() {
    let desk = desk();
    with_resting_entries(&desk).await;
    desk.venue.state().hide_orders = 500;
    let outcome = desk.manager.cancel_entries().await;
    assert_eq!((outcome.cancelled.len(), outcome.remaining), (0, None));
    assert_eq!(outcome.troubles.len(), 2, "{:?}", outcome.troubles);
}

#[tokio::test]
async fn while_trading_is_stopped_by_whomever_no_entry_of_ours_rests() {
    let desk = desk();
    let (ours, _) = with_resting_entries(&desk).await;
    assert!(desk.manager.monitor().await.unwrap().entries_cancelled.is_empty(), "trading goes on");
    let other = manager(&desk.venue, &desk.store, |it| it);
    other.engage_kill_switch("ana", "storm").await;
    assert_eq!(desk.manager.monitor().await.unwrap().entries_cancelled, [ours]);
    assert_eq!(resting(&desk), [OrderType::StopMarket, OrderType::Limit], "what others want is theirs");
    assert!(desk.manager.monitor().await.unwrap().entries_cancelled.is_empty());
}

#[tokio::test]
async fn engaged_from_two_places_at_once_it_is_one_trip() {
    let desk = desk();
    let other = manager(&desk.venue, &desk.store, |it| it);
    let (one, two) = tokio::join!(
        desk.manager.engage_kill_switch("risk limits", "daily loss"),
        other.engage_kill_switch("ana", "storm"),
    );
    assert!(one.is_empty() && two.is_empty());
    let recorded = desk.store.tables().kill_switch.clone();
    assert_eq!(recorded.len(), 1, "{recorded:?}");
    let is_its = |alert: &&plimsoll_ports::Alert| alert.key.starts_with("kill_switch/");
    assert_eq!(desk.store.tables().alerts.iter().filter(is_its).count(), 1);
    assert_eq!(desk.store.events("kill_switch").len(), 1);
    for manager in [&desk.manager, &other] {
        let failure = manager.open(&long()).await.unwrap_err();
        let OpenFailure::Refused(refused) = failure else { panic!("{failure}") };
        assert_eq!(refused.reasons.iter().map(|it| it.check()).collect::<Vec<_>>(), [RiskCheck::KillSwitch]);
    }
    // Each of the two may be told of the release.
    desk.venue.sleep(Duration::from_secs(1)).await;
    desk.manager.release_kill_switch("ana", "it is over").await.unwrap();
    other.open(&long()).await.unwrap();
}

#[tokio::test]
async fn one_process_that_engages_it_twice_at_once_trips_it_once() {
    let desk = desk();
    tokio::join!(
        desk.manager.engage_kill_switch("risk limits", "daily loss"),
        desk.manager.engage_kill_switch("margin", "it is gone"),
    );
    let recorded = desk.store.tables().kill_switch.len();
    assert_eq!((recorded, desk.store.events("kill_switch").len()), (1, 1));
}

#[tokio::test]
async fn every_trip_refusal_and_release_is_a_risk_event() {
    let desk = desk();
    desk.manager.engage_kill_switch("ana", "storm").await;
    assert!(desk.open(&long()).await.is_err());
    desk.venue.sleep(Duration::from_secs(1)).await;
    assert!(desk.manager.release_kill_switch("ana", " ").await.is_err(), "no reason");
    assert!(desk.is_killed());
    desk.manager.release_kill_switch("ana", "it is over").await.unwrap();
    let tables = desk.store.tables();
    let told: Vec<(&str, &str, &str)> = tables
        .risk_events
        .iter()
        .map(|event| (event.kind.as_str(), event.action.as_str(), event.detail.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("kill_switch", "engaged", "storm"),
            ("refused_kill_switch", "refused", "the kill switch is engaged: storm"),
            ("kill_switch", "released", "ana: it is over"),
        ]
    );
}

/// In cross margin, with only the loss of the day to speak: 500 of 10,000.
fn cross(settings: Settings) -> Settings {
    let limits = LimitSettings { max_drawdown: money("100000"), ..LimitSettings::default() };
    Settings { margin_mode: MarginMode::Cross, limits: RiskLimits::new(limits).unwrap(), ..settings }
}

fn bare() -> OpenIntent {
    OpenIntent { stop_loss: unprotected(), ..long() }
}

#[tokio::test]
async fn a_loss_that_meets_an_order_stops_trading_and_takes_back_what_rests() {
    let desk = desk_with(cross);
    desk.manager.monitor().await.unwrap();
    let (ours, _) = with_resting_entries(&desk).await;
    desk.venue.state().open.retain(|order| order.order_type == OrderType::Limit);
    desk.venue.mark(&btc(), "39000");
    let failure = desk.open(&OpenIntent { symbol: eth(), quantity: size("0.5"), ..bare() }).await.unwrap_err();
    let OpenFailure::Refused(refused) = failure else { panic!("{failure}") };
    assert_eq!(refused.trips().count(), 1, "{refused}");
    assert!(desk.is_killed());
    assert!(!desk.venue.state().open.iter().any(|order| order.client_order_id == ours));
    assert_eq!((desk.store.events("refused_daily_loss").len(), desk.store.events("entries_cancelled").len()), (1, 1));
}

#[tokio::test]
async fn a_restart_forgets_no_loss_of_the_day_and_the_next_day_begins_without_it() {
    let desk = desk_with(cross);
    desk.manager.monitor().await.unwrap();
    // 0.05 BTC fall by 9,600: 480 and 2.26 of fees are lost, of 500 that may be.
    desk.open(&bare()).await.unwrap();
    desk.venue.mark(&btc(), "40400");
    desk.close().await.unwrap();
    assert!(!desk.is_killed());
    desk.venue.sleep(Duration::from_secs(60)).await;

    let restarted = manager(&desk.venue, &desk.store, cross);
    restarted.open(&OpenIntent { quantity: size("0.01"), ..bare() }).await.unwrap();
    // What the new process has seen itself is a loss of 24.
    desk.venue.mark(&btc(), "38000");
    let report = restarted.monitor().await.unwrap();
    assert!(matches!(report.action, Action::Flattened(_)), "{:?}", report.action);

    desk.venue.sleep(Duration::from_secs(60)).await;
    let again = manager(&desk.venue, &desk.store, cross);
    again.release_kill_switch("ana", "try again").await.unwrap();
    let failure = again.open(&OpenIntent { quantity: size("0.01"), ..bare() }).await.unwrap_err();
    let OpenFailure::Refused(refused) = failure else { panic!("{failure}") };
    assert_eq!(refused.reasons.iter().map(|it| it.check()).collect::<Vec<_>>(), [RiskCheck::DailyLoss]);
    assert!(desk.is_killed(), "and it is stopped again");

    // A minute before midnight UTC it is the same day; a minute after, another.
    let midnight = desk.venue.now().start_of_day().plus(Duration::from_secs(86_400));
    let until = |time: Timestamp| time.since(desk.venue.now());
    for (time, allowed) in
        [(midnight.minus(Duration::from_secs(60)), false), (midnight.plus(Duration::from_secs(60)), true)]
    {
        desk.venue.sleep(until(time)).await;
        let next = manager(&desk.venue, &desk.store, cross);
        next.release_kill_switch("ana", "another try").await.unwrap();
        let outcome = next.open(&OpenIntent { quantity: size("0.01"), ..bare() }).await;
        assert_eq!(outcome.is_ok(), allowed, "at {time}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_addition_that_was_under_way_while_trading_was_stopped_is_taken_back_and_nothing_else() {
    for by_this_process in [true, false] {
        let desk = desk();
        desk.open(&long()).await.unwrap();
        let (stop, other) = (resting(&desk), manager(&desk.venue, &desk.store, |it| it));
        desk.venue.fail(OrderType::Market, Fault::LostAnswer);
        desk.venue.state().unknown = 3;
        desk.venue.state().hide_fills = true;
        let engage = async {
            let manager = if by_this_process { &desk.manager } else { &other };
            manager.engage_kill_switch("ana", "storm").await;
            desk.venue.state().hide_fills = false;
        };
        let addition = OpenIntent { quantity: size("0.005"), stop_loss: StopLoss::Resting, ..long() };
        let (outcome, ()) = tokio::join!(desk.open(&addition), engage);
        let Err(OpenFailure::Stopped { closing, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(closing.unwrap().quantity, size("0.005"));
        assert_eq!(desk.venue.position(&btc()).map(|held| held.quantity), Some(size("0.05")), "what was held stays");
        assert_eq!(resting(&desk), stop, "with its stop");
        assert_eq!(desk.store.events("taken_back")[0].action, "closed");
        // No order is left that nobody knows the end of, and every fill is in the books.
        let unfinished = desk.store.unfinished(&desk.manager.settings().account).await.unwrap();
        assert_eq!(unfinished.len(), 1, "the stop: {unfinished:?}");
        let report = desk.manager.monitor().await.unwrap();
        assert!(report.unexplained.is_empty() && report.unrecorded.is_empty(), "{report:?}");
        assert_eq!(desk.store.tables().trades.len(), desk.venue.state().fills.len());
    }
}
