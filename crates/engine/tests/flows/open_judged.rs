//! By what an opening is judged: what is so now, whoever asks, and on record where it is refused.

use crate::composed_seen::bracket;
use crate::desk::{Desk, desk, desk_with, long, manager, unprotected};
use crate::exposure::entry_rests;
use crate::venue::{btc, eth, money, price, size};
use plimsoll_engine::{ComposeFailure, OpenFailure, Settings, StopMove};
use plimsoll_ports::domain::risk::{LimitSettings, Reason, RiskCheck, RiskLimits};
use plimsoll_ports::domain::{BookingKind, ClientOrderId, Direction, MarginMode, OrderType, PositionSide};
use plimsoll_ports::{Clock, ComposedKind, ComposedOrder, OpenIntent, Opening, StopLoss};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn short() -> OpenIntent {
    OpenIntent { direction: Direction::Short, stop_loss: StopLoss::At(price("55000")), ..long() }
}

fn checks(failure: OpenFailure) -> Vec<RiskCheck> {
    let OpenFailure::Refused(refused) = failure else { panic!("{failure}") };
    refused.reasons.iter().map(Reason::check).collect()
}

/// A bracket of more than a position may be.
fn too_much() -> ComposedOrder {
    let ComposedKind::Bracket { opening, price, time_in_force } = bracket().kind else { panic!("it is one") };
    let opening = Opening { quantity: size("0.5"), ..opening };
    ComposedOrder { kind: ComposedKind::Bracket { opening, price, time_in_force }, ..bracket() }
}

#[tokio::test]
async fn a_first_part_whose_contract_was_long_in_coming_is_judged_by_a_reading_of_its_own() {
    let desk = desk();
    desk.venue.state().instruments_take = [Duration::ZERO, SECOND].into();
    desk.manager.compose(&bracket()).await.unwrap();
    let state = desk.venue.state();
    assert_eq!((state.accounts_asked, state.instruments_take.len()), (2, 0));
}

#[tokio::test]
async fn an_opening_whose_reading_has_grown_old_before_it_is_judged_is_refused() {
    let desk = desk();
    desk.venue.state().mark_takes = 11 * SECOND;
    let failure = desk.open(&long()).await.unwrap_err();
    assert_eq!(checks(failure), [RiskCheck::Freshness]);
    desk.venue.state().mark_takes = 9 * SECOND;
    desk.open(&long()).await.unwrap();
}

#[tokio::test]
async fn what_was_judged_and_has_grown_old_before_it_is_entered_is_refused_on_record() {
    let desk = desk();
    desk.venue.state().leverage_takes = 11 * SECOND;
    let failure = desk.open(&OpenIntent { leverage: "4".parse().unwrap(), ..long() }).await.unwrap_err();
    assert_eq!(checks(failure), [RiskCheck::Freshness]);
    assert_eq!(desk.store.events("refused_freshness").len(), 1);
    assert_eq!(desk.venue.position(&btc()), None);
    assert!(desk.venue.state().open.is_empty(), "its stop goes with it");
    desk.venue.state().leverage_takes = 9 * SECOND;
    desk.open(&long()).await.unwrap();
}

#[tokio::test]
async fn a_preview_counts_what_rests_elsewhere_as_the_opening_does() {
    let limits = LimitSettings { max_positions: 1, ..LimitSettings::default() };
    let desk = desk_with(|settings| Settings { limits: RiskLimits::new(limits).unwrap(), ..settings });
    assert_eq!(desk.manager.preview(&long()).await.unwrap().refused, None);
    entry_rests(&desk, eth());
    let shown = desk.manager.preview(&long()).await.unwrap().refused;
    let Err(OpenFailure::Refused(refused)) = desk.open(&long()).await else { panic!("one may be open") };
    assert_eq!(refused.reasons.len(), 1);
    assert_eq!(shown, Some(refused));
}

#[tokio::test]
async fn what_is_checked_is_refused_on_record_and_nothing_of_it_is_sent() {
    let desk = desk();
    desk.manager.check(&long()).await.unwrap();
    desk.manager.check_composed(&bracket()).await.unwrap();
    assert_eq!(desk.store.events("refused_position_size").len(), 0);
    let failure = desk.manager.check(&OpenIntent { quantity: size("0.5"), ..long() }).await.unwrap_err();
    assert_eq!(checks(failure), [RiskCheck::PositionSize]);
    desk.venue.sleep(SECOND).await;
    let failure = desk.manager.check_composed(&too_much()).await.unwrap_err();
    let ComposeFailure::NotOpened(failure) = failure else { panic!("{failure}") };
    assert_eq!(checks(failure), [RiskCheck::PositionSize]);
    assert_eq!(desk.store.events("refused_position_size").len(), 2);
    assert!(desk.venue.state().calls.is_empty(), "{:?}", desk.venue.state().calls);
    let tables = desk.store.tables();
    assert!(tables.journal.is_empty() && tables.composed.is_empty());
}

#[tokio::test]
async fn a_check_beyond_the_days_limit_stops_trading_and_takes_entries_off_the_book() {
    let desk = desk_with(|settings| Settings { margin_mode: MarginMode::Cross, ..settings });
    desk.manager.monitor().await.unwrap();
    let held = OpenIntent { quantity: size("0.035"), stop_loss: unprotected(), ..long() };
    desk.open(&held).await.unwrap();
    desk.manager.compose(&bracket()).await.unwrap();
    let entries = |desk: &Desk| desk.venue.state().open.iter().filter(|it| it.order_type == OrderType::Limit).count();
    assert_eq!(entries(&desk), 1);
    // Nobody has looked since.
    desk.venue.state().marks.insert(btc(), price("35000"));
    let more = OpenIntent { quantity: size("0.001"), ..held.clone() };
    let failure = desk.manager.check(&more).await.unwrap_err();
    assert_eq!(checks(failure), [RiskCheck::DailyLoss]);
    assert!(desk.is_killed());
    assert_eq!(entries(&desk), 0);
    assert_eq!(desk.venue.position(&btc()).unwrap().quantity, held.quantity, "it opens nothing, and closes nothing");
}

#[tokio::test]
async fn of_two_stops_that_rest_the_one_that_is_reached_first_is_shown_and_told() {
    for (held, nearer) in [(long(), "47000"), (short(), "53000")] {
        let desk = desk();
        desk.open(&held).await.unwrap();
        let mut other = desk.venue.state().open[0].clone();
        (other.client_order_id, other.trigger) = (ClientOrderId::reported("web_7"), Some(price(nearer)));
        desk.venue.state().open.push(other);
        let adds = OpenIntent { quantity: size("0.001"), stop_loss: StopLoss::Resting, ..held };
        for _ in 0..2 {
            desk.venue.state().open.reverse();
            let shown = desk.manager.preview(&adds).await.unwrap();
            let opened = desk.open(&adds).await.unwrap();
            let told = opened.stop_loss.stop().map(|stop| stop.trigger);
            assert_eq!((shown.stop_loss, told), (Some(price(nearer)), Some(price(nearer))), "{}", adds.direction);
        }
    }
}

#[tokio::test]
async fn what_is_added_says_where_it_takes_the_stop_of_all_of_it() {
    for (held, further, nearer) in [(long(), "44000", "46000"), (short(), "56000", "54000")] {
        let desk = desk();
        let moved = async |to: &str| {
            let adds = OpenIntent { quantity: size("0.001"), stop_loss: StopLoss::At(price(to)), ..held.clone() };
            desk.manager.preview(&adds).await.unwrap().stop_move
        };
        assert_eq!(moved(further).await, None, "nothing is held");
        desk.open(&held).await.unwrap();
        let from = held.stop_loss.price().unwrap();
        assert_eq!(moved(further).await, Some(StopMove { from, to: price(further), is_further: true }));
        let kept = desk.venue.state().held.remove(&(btc(), PositionSide::Both)).unwrap();
        assert_eq!(moved(further).await, None, "a stop rests ahead of what may be held");
        desk.venue.state().held.insert((btc(), PositionSide::Both), kept);
        assert_eq!(moved(nearer).await, Some(StopMove { from, to: price(nearer), is_further: false }));
        assert_eq!(moved(&from.to_string()).await, None, "it stays");
        desk.venue.state().open[0].client_order_id = ClientOrderId::reported("web_7");
        assert_eq!(moved(further).await, None, "the stops of others stay");
    }
}

#[tokio::test]
async fn what_was_booked_while_nobody_looked_is_not_lost_on_the_day_that_an_order_opens() {
    let desk = desk();
    desk.manager.monitor().await.unwrap();
    desk.venue.sleep(48 * 3600 * SECOND).await;
    desk.venue.book(BookingKind::LiquidationClearance, "-30");
    desk.venue.sleep(72 * 3600 * SECOND).await;
    let later = manager(&desk.venue, &desk.store, |it| it);
    later.open(&long()).await.unwrap();
    let first = desk.store.tables().equity.last().unwrap().clone();
    assert_eq!((first.wallet, first.adjustments), (money("9970"), money("-30")));
}
