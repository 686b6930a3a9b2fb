//! What keeps an account afloat: told, margin freed and added, positions made smaller, and what no reduction could save.

use crate::desk::{Desk, desk_with, long, unprotected};
use crate::stopping::with_resting_entries;
use crate::venue::{Fault, btc, money, price, size};
use plimsoll_engine::{Action, AfloatSettings, CutFor, ForeignPolicy, MarginFor, Measure, MonitorReport, Settings};
use plimsoll_ports::domain::afloat::{Level, MarginTopUp, Stage, ThresholdSettings, Thresholds};
use plimsoll_ports::domain::risk::{LimitSettings, RiskLimits};
use plimsoll_ports::domain::{
    Decimal, Direction, FillCause, Leverage, MarginMode, MarginRatio, Money, OrderType, PositionSide, Quantity,
};
use plimsoll_ports::{Clock, OpenIntent, RefusalReason, Severity};
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

pub(crate) fn with(afloat: AfloatSettings) -> impl Fn(Settings) -> Settings {
    move |settings| Settings { afloat: afloat.clone(), ..wide(settings) }
}

/// 2 BTC at 20x in cross margin against a wallet of 10,000: what is asked for is 0.5 % less 50. Equity is 9,950 less the
/// loss.
pub(crate) async fn thin(afloat: AfloatSettings, mark: &str) -> Desk {
    let desk = desk_with(|settings| Settings { margin_mode: MarginMode::Cross, ..with(afloat)(settings) });
    let leverage = Leverage::new(20).unwrap();
    let intent = OpenIntent { quantity: size("2"), leverage, stop_loss: unprotected(), ..long() };
    desk.open(&intent).await.unwrap();
    desk.venue.mark(&btc(), mark);
    desk
}

/// 0.05 BTC with 500 of margin of their own: what is asked for is 0.4 %.
pub(crate) async fn isolated(afloat: AfloatSettings, mark: &str) -> Desk {
    let desk = desk_with(with(afloat));
    desk.open(&OpenIntent { stop_loss: unprotected(), ..long() }).await.unwrap();
    desk.venue.mark(&btc(), mark);
    desk
}

pub(crate) async fn look(desk: &Desk) -> MonitorReport {
    desk.manager.monitor().await.unwrap()
}

pub(crate) fn held(desk: &Desk) -> Quantity {
    desk.venue.position(&btc()).unwrap().quantity
}

/// Up to so much from a ratio of 0.77 on.
fn topping_up(most: &str) -> AfloatSettings {
    let at = Level { ratio: MarginRatio::reported("0.77".parse().unwrap()), distance: None };
    let top_up = Some(MarginTopUp { at, most: money(most) });
    let thresholds = Thresholds::new(ThresholdSettings { top_up, ..ThresholdSettings::default() }).unwrap();
    AfloatSettings { thresholds, ..AfloatSettings::default() }
}

#[tokio::test]
async fn a_margin_that_thins_is_told_once_a_stage() {
    let desk = thin(AfloatSettings::default(), "45300").await;
    for (mark, stage, told) in [
        // 403 of 550.
        ("45300", Some(Stage::Warn), 1),
        ("45300", Some(Stage::Warn), 1),
        // 402.9 of 530.
        ("45290", Some(Stage::Cancel), 2),
        ("45300", Some(Stage::Warn), 2),
        ("50000", None, 2),
        ("45300", Some(Stage::Warn), 3),
    ] {
        desk.venue.mark(&btc(), mark);
        let report = look(&desk).await;
        assert_eq!((report.stage(), report.action), (stage, Action::None), "{mark}");
        assert_eq!(desk.store.events("margin_stage").len(), told, "{mark}");
    }
    assert!(desk.store.tables().alerts.iter().any(|alert| alert.key == "margin_stage/main/cross"));
    assert_eq!(held(&desk), size("2"));
}

#[tokio::test]
async fn entries_that_hold_margin_are_taken_off_the_book_and_stops_are_not() {
    let desk = desk_with(with(AfloatSettings::default()));
    let (ours, theirs) = with_resting_entries(&desk).await;
    let stops =
        |desk: &Desk| desk.venue.state().open.iter().filter(|it| it.order_type == OrderType::StopMarket).count();
    let before = stops(&desk);
    {
        // Its margin was taken out by hand: 9.99 of 12.9 are asked for.
        let mut state = desk.venue.state();
        let held = state.held.get_mut(&(btc(), PositionSide::Both)).unwrap();
        held.margin = money("15.4");
    }
    desk.venue.mark(&btc(), "49950");
    let report = look(&desk).await;
    let cancelled = report.measures.iter().find_map(|it| match it {
        Measure::EntriesCancelled { cancelled, .. } => Some(cancelled.clone()),
        _ => None,
    });
    assert_eq!(cancelled, Some(vec![ours]), "{:?}", report.measures);
    assert!(desk.venue.state().open.iter().any(|order| order.client_order_id == theirs), "not ours to cancel");
    assert_eq!(stops(&desk), before);
    assert_eq!(desk.store.events("entries_cancelled").len(), 1);
}

#[tokio::test]
async fn a_reduction_goes_in_slices_that_the_book_bears() {
    let most = AfloatSettings { most_at_once: Some(money("10000")), ..AfloatSettings::default() };
    for (afloat, orders) in [(AfloatSettings::default(), 1), (most, 3)] {
        let desk = thin(afloat, "45250").await;
        let report = look(&desk).await;
        let [Measure::Warned { stage: Stage::Reduce, .. }, Measure::Cut { wanted, why, closed, failure, .. }] =
            &report.measures[..]
        else {
            panic!("{:?}", report.measures)
        };
        // 402.5 of 450 are asked for; 0.6 is reached by 0.624, fees and all.
        assert_eq!((*wanted, *why, failure), (size("0.624"), CutFor::Margin, &None));
        assert_eq!((closed[0].orders.len(), closed[0].quantity, held(&desk)), (orders, *wanted, size("1.376")));
        assert!(closed[0].orders.iter().all(|it| orders == 1 || it.filled() == Some(size("0.208"))));
        assert_eq!(desk.store.events("margin_thin").len(), 1);
        assert_eq!((report.action, look(&desk).await.stage()), (Action::Defended, None), "and the next look is calm");
    }
}

#[tokio::test]
async fn what_a_reduction_of_an_isolated_position_sets_free_is_put_back() {
    let desk = isolated(AfloatSettings::default(), "40170").await;
    let before = desk.venue.state().held[&(btc(), PositionSide::Both)].margin;
    let report = look(&desk).await;
    let [Measure::Warned { .. }, Measure::Cut { closed, .. }, Measure::MarginAdded { amount, why, failure: None, .. }] =
        &report.measures[..]
    else {
        panic!("{:?}", report.measures)
    };
    assert_eq!((before, closed[0].quantity, *why), (money("500"), size("0.02"), MarginFor::Kept));
    // 200 were given back, of which 196.6 are lost and 0.4017 are the fee.
    assert_eq!(*amount, money("2.99"));
    assert_eq!(desk.venue.state().held[&(btc(), PositionSide::Both)].margin, money("302.99"));
    let report = look(&desk).await;
    assert_eq!((report.stage(), report.measures.len()), (None, 0), "4.82 of 8.09 are asked for");
}

#[tokio::test]
async fn what_was_set_free_and_is_not_told_yet_is_put_back_before_anything_else_is_sold() {
    let desk = isolated(AfloatSettings::default(), "40170").await;
    desk.venue.state().hide_fills = true;
    let report = look(&desk).await;
    let [Measure::Warned { .. }, Measure::Cut { .. }, Measure::MarginAdded { why, failure: Some(_), .. }] =
        &report.measures[..]
    else {
        panic!("{:?}", report.measures)
    };
    assert_eq!((*why, held(&desk)), (MarginFor::Kept, size("0.03")));
    // 4.82 of 5.1 are asked for now: it would be closed.
    desk.venue.state().hide_fills = false;
    let report = look(&desk).await;
    assert!(
        matches!(&report.measures[..], [Measure::MarginAdded { amount, why: MarginFor::Kept, failure: None, .. }] if *amount == money("2.99")),
        "{:?}",
        report.measures
    );
    assert_eq!(desk.venue.state().held[&(btc(), PositionSide::Both)].margin, money("302.99"));
    assert_eq!((look(&desk).await.measures.len(), held(&desk)), (0, size("0.03")));
}

#[tokio::test]
async fn what_two_cuts_have_set_free_is_put_back_as_one() {
    let desk = isolated(AfloatSettings::default(), "40170").await;
    desk.venue.state().hide_fills = true;
    look(&desk).await;
    look(&desk).await;
    let left = held(&desk);
    assert!(left < size("0.03"), "what is not told keeps nothing from being made smaller");
    desk.venue.state().hide_fills = false;
    let kept = look(&desk).await.measures.iter().find_map(|it| match it {
        Measure::MarginAdded { amount, why: MarginFor::Kept, failure: None, .. } => Some(*amount),
        _ => None,
    });
    // Each unit had 10,000 of margin, loses 9,830 and pays 20.085.
    let cents = (size("0.05").get() - left.get()) * "14991.5".parse::<Decimal>().unwrap();
    assert_eq!(kept, Some(Money::new(cents.floor() / Decimal::ONE_HUNDRED)));
}

#[tokio::test]
async fn isolated_margin_is_added_where_that_is_allowed_and_nothing_is_sold() {
    // 8.0416 of 10.4 are asked for: 13.41 are enough.
    let desk = isolated(topping_up("50"), "40208").await;
    let report = look(&desk).await;
    let [Measure::Warned { stage: Stage::TopUp, .. }, Measure::MarginAdded { amount, why, failure: None, .. }] =
        &report.measures[..]
    else {
        panic!("{:?}", report.measures)
    };
    assert_eq!((*amount, *why), (money("3.01"), MarginFor::Target));
    assert_eq!((held(&desk), look(&desk).await.stage()), (size("0.05"), None));
    assert_eq!(desk.store.events("margin_added").len(), 1);
    let strict = isolated(AfloatSettings::default(), "40208").await;
    assert!(look(&strict).await.measures.iter().all(|it| !it.has_acted()), "not allowed, and not needed yet");
}

#[tokio::test]
async fn margin_that_the_venue_refuses_is_replaced_by_a_reduction() {
    let desk = isolated(topping_up("50"), "40190").await;
    desk.venue.state().refuses_margin = true;
    let report = look(&desk).await;
    let words: Vec<bool> = report.measures.iter().map(Measure::has_failed).collect();
    assert_eq!(words, [false, true, false, true], "warned, not added, cut, not put back: {:?}", report.measures);
    assert!(matches!(&report.measures[2], Measure::Cut { failure: None, closed, .. } if closed.len() == 1));
    assert!(held(&desk) < size("0.05"));
}

#[tokio::test]
async fn margin_is_defended_with_the_records_down() {
    let desk = thin(AfloatSettings::default(), "45250").await;
    desk.store.tables().down = true;
    let report = look(&desk).await;
    assert_eq!((report.action, held(&desk)), (Action::Defended, size("1.376")));
    assert!(!report.troubles.is_empty());
}

#[tokio::test]
async fn what_a_limit_on_the_cover_asks_for_comes_first() {
    let desk = desk_with(|settings| {
        let it = wide(settings);
        let limits = LimitSettings { min_cover: "2".parse().unwrap(), ..it.limits.settings().clone() };
        let limits = RiskLimits::new(limits).unwrap();
        Settings { margin_mode: MarginMode::Cross, limits, ..it }
    });
    let leverage = Leverage::new(20).unwrap();
    let intent = OpenIntent { quantity: size("2"), leverage, stop_loss: unprotected(), ..long() };
    desk.open(&intent).await.unwrap();
    // 404.6 of 870 are asked for: a cover of 2.1502, where 2.15 is thin and 2 closes everything.
    desk.venue.mark(&btc(), "45460");
    let report = look(&desk).await;
    assert_eq!((report.stage(), report.action), (Some(Stage::Cancel), Action::None));
    desk.venue.mark(&btc(), "45440");
    assert_eq!(look(&desk).await.stage(), Some(Stage::Reduce), "404.4 of 830: below 2.15");
    assert!(!desk.is_killed() && held(&desk) < size("2"));
}

#[tokio::test]
async fn positions_of_others_are_told_of_and_left_alone() {
    let desk = desk_with(|settings| Settings {
        margin_mode: MarginMode::Cross,
        foreign: ForeignPolicy::Watch,
        ..wide(settings)
    });
    desk.venue.open_elsewhere(&btc(), Direction::Long, "2");
    desk.manager.reconcile().await.unwrap();
    desk.venue.mark(&btc(), "45250");
    let report = look(&desk).await;
    assert!(matches!(report.measures[..], [Measure::Warned { stage: Stage::Reduce, .. }]), "{:?}", report.measures);
    assert_eq!((report.action, held(&desk)), (Action::None, size("2")));
}

#[tokio::test]
async fn a_mark_that_went_through_the_liquidation_price_at_once_is_told_as_such() {
    let desk = isolated(AfloatSettings::default(), "50000").await;
    assert_eq!(look(&desk).await.stage(), None);
    desk.venue.mark(&btc(), "40000");
    let report = look(&desk).await;
    let Some(Measure::AlreadyDue { margin, .. }) = report.measures.first() else { panic!("{:?}", report.measures) };
    assert_eq!((margin.equity, margin.maintenance), (money("0"), money("8")));
    assert!(matches!(&report.action, Action::Flattened(it) if it.is_confirmed()), "{:?}", report.action);
    let events = desk.store.events("already_due");
    assert!(matches!(&events[..], [it] if it.detail.contains("no reduction could have")), "{events:?}");
    let tables = desk.store.tables();
    let alert = tables.alerts.iter().find(|alert| alert.key.starts_with("already_due/main/")).unwrap();
    assert_eq!(alert.severity, Severity::Critical);
}

#[tokio::test]
async fn what_is_due_is_told_as_what_it_is_and_a_gap_only_where_nothing_was_left_undone() {
    const GAP: &str = "no reduction could have prevented";
    for (seen_at, hours, said) in [
        (Some("41000"), 0, GAP),
        (Some("40170"), 0, "it was to be reduced, and was not"),
        (Some("41000"), 1, "it was not looked at since"),
        (None, 0, "it was due when it was first seen"),
    ] {
        let desk = isolated(AfloatSettings::default(), seen_at.unwrap_or("40000")).await;
        if seen_at.is_some() {
            desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
            look(&desk).await;
            desk.venue.state().faults.clear();
            desk.venue.sleep(Duration::from_secs(3600 * hours)).await;
            desk.venue.mark(&btc(), "40000");
        }
        look(&desk).await;
        let events = desk.store.events("already_due");
        assert!(matches!(&events[..], [it] if it.detail.contains(said)), "{said}: {events:?}");
        assert!(said == GAP || !events[0].detail.contains(GAP), "{said}: {events:?}");
    }
}

#[tokio::test]
async fn a_liquidation_is_on_record_with_the_gap_or_without() {
    for (mark, fails, is_gap) in [("41000", false, true), ("40170", true, false)] {
        let desk = isolated(AfloatSettings::default(), mark).await;
        if fails {
            desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
        }
        assert_eq!(look(&desk).await.measures.iter().any(Measure::has_failed), fails);
        desk.venue.mark(&btc(), "39000");
        desk.venue.close_elsewhere(&btc(), "autoclose-1", FillCause::Liquidation);
        let report = look(&desk).await;
        let taken = report.measures.iter().find_map(|it| match it {
            Measure::Taken { quantity, price, cause, last_seen, .. } => Some((*quantity, *price, *cause, *last_seen)),
            _ => None,
        });
        let Some((quantity, at, cause, Some(seen))) = taken else { panic!("{:?}", report.measures) };
        assert_eq!((quantity, at, cause), (size("0.05"), price("39000"), FillCause::Liquidation));
        assert_eq!((seen.mark, seen.is_gap()), (price(mark), is_gap));
        let events = desk.store.events("liquidated");
        let said = if is_gap { "a gap through the liquidation price" } else { "it was to be reduced, and was not" };
        assert!(matches!(&events[..], [it] if it.detail.contains(said)), "{events:?}");
        assert_eq!(report.ended[0].reason, "liquidation");
    }
}
