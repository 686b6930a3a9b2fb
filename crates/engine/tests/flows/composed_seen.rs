//! Orders that go on, as somebody at a command sees them: shown before they are placed, ended by hand.

use crate::desk::{Desk, desk, long, manager, unprotected};
use crate::venue::{Fault, btc, money, price, size};
use plimsoll_engine::{ComposeFailure, OpenFailure, Trouble};
use plimsoll_ports::domain::{
    AccountId, ClientOrderId, Direction, Order, OrderStatus, OrderType, Price, Quantity, TimeInForce,
};
use plimsoll_ports::{
    Clock, ComposedEnd, ComposedKind, ComposedOrder, JournalEntry, JournalState, OpenIntent, Opening, OrderJournal,
    Purpose, SlicedTrade, StopLoss,
};
use std::time::Duration;

fn of_btc(kind: ComposedKind) -> ComposedOrder {
    ComposedOrder { symbol: btc(), direction: Direction::Long, kind }
}

/// 0.02 BTC at 49,000 or better, with its stop; the mark is 50,000.
pub(crate) fn bracket() -> ComposedOrder {
    bracket_of("0.02", "49000")
}

fn bracket_of(quantity: &str, limit: &str) -> ComposedOrder {
    let opening = Opening {
        quantity: size(quantity),
        leverage: long().leverage,
        stop_loss: StopLoss::At(price("45000")),
        take_profit: None,
    };
    of_btc(ComposedKind::Bracket { opening, price: price(limit), time_in_force: TimeInForce::Gtc })
}

fn oco() -> ComposedOrder {
    of_btc(ComposedKind::Oco { quantity: long().quantity, stop: price("46000"), target: price("55000") })
}

fn journalled(desk: &Desk, name: &ClientOrderId, purpose: Purpose) -> JournalEntry {
    let tables = desk.store.tables();
    let is_it =
        |it: &&JournalEntry| it.order.client_order_id.as_str().starts_with(name.as_str()) && it.purpose == purpose;
    tables.journal.iter().find(is_it).unwrap().clone()
}

/// The one that was written down last.
fn last_stop(desk: &Desk) -> JournalEntry {
    let tables = desk.store.tables();
    tables.journal.iter().rfind(|it| it.purpose == Purpose::StopLoss).unwrap().clone()
}

fn triggers(desk: &Desk) -> Vec<Price> {
    let mut triggers: Vec<Price> = desk.venue.state().open.iter().filter_map(|order| order.trigger).collect();
    triggers.sort_unstable();
    triggers
}

#[tokio::test]
async fn what_is_shown_is_judged_by_the_code_that_takes_it_and_nothing_is_written_down() {
    let desk = desk();
    let shown = desk.manager.preview_composed(&bracket()).await.unwrap().unwrap();
    assert_eq!((shown.quantity, shown.stop_loss, shown.refused), (size("0.02"), Some(price("45000")), None));
    // It waits for 49,000: what it comes to is what it comes to there.
    let figures = (shown.mark, shown.price, shown.notional, shown.after.entry);
    assert_eq!(figures, (price("50000"), price("49000"), money("980"), price("49000")));
    assert_eq!(shown.loss_at_stop, Some(money("80") + money("900") * shown.fee_rate));
    let shown = desk.manager.preview_composed(&bracket_of("0.5", "49000")).await.unwrap().unwrap();
    assert!(shown.refused.is_some(), "more than may be held");
    let off = desk.manager.preview_composed(&bracket_of("0.02", "49000.123456789")).await;
    assert!(matches!(off, Err(ComposeFailure::Nonsense(_))), "{off:?}");
    let above = bracket_of("0.02", "49000");
    desk.venue.mark(&btc(), "44000");
    let wrong = desk.manager.preview_composed(&above).await;
    assert!(matches!(wrong, Err(ComposeFailure::NotOpened(OpenFailure::WrongSide { .. }))), "{wrong:?}");
    let nothing = desk.manager.preview_composed(&oco()).await;
    assert!(matches!(nothing, Err(ComposeFailure::NothingHeld { .. })), "{nothing:?}");
    assert!(desk.store.tables().composed.is_empty() && desk.store.tables().journal.is_empty());
    assert!(desk.venue.state().open.is_empty());
}

#[tokio::test]
async fn a_limit_beyond_the_mark_is_shown_at_the_mark() {
    let desk = desk();
    let short = |limit: &str| {
        let opening = Opening {
            quantity: size("0.02"),
            leverage: long().leverage,
            stop_loss: StopLoss::At(price("52000")),
            take_profit: None,
        };
        let kind = ComposedKind::Bracket { opening, price: price(limit), time_in_force: TimeInForce::Gtc };
        ComposedOrder { direction: Direction::Short, ..of_btc(kind) }
    };
    let shown = desk.manager.preview_composed(&short("45000")).await.unwrap().unwrap();
    assert_eq!((shown.price, shown.notional), (price("50000"), money("1000")));
    let shown = desk.manager.preview_composed(&short("51000")).await.unwrap().unwrap();
    assert_eq!((shown.price, shown.notional), (price("51000"), money("1020")));
}

#[tokio::test]
async fn a_stop_that_comes_to_the_limit_on_its_tick_is_refused() {
    let desk = desk();
    let opening = Opening {
        quantity: size("0.02"),
        leverage: long().leverage,
        stop_loss: StopLoss::At(price("48999.95")),
        take_profit: None,
    };
    let order = of_btc(ComposedKind::Bracket { opening, price: price("49000"), time_in_force: TimeInForce::Gtc });
    let (shown, composed) = (desk.manager.preview_composed(&order).await, desk.manager.compose(&order).await);
    assert!(matches!(shown, Err(ComposeFailure::Nonsense(_))), "{shown:?}");
    assert!(matches!(composed, Err(ComposeFailure::Nonsense(_))), "{composed:?}");
}

#[tokio::test]
async fn what_waits_below_the_stop_that_rests_is_refused() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let adds = |limit: &str| {
        let opening = Opening {
            quantity: size("0.005"),
            leverage: long().leverage,
            stop_loss: StopLoss::Resting,
            take_profit: None,
        };
        of_btc(ComposedKind::Bracket { opening, price: price(limit), time_in_force: TimeInForce::Gtc })
    };
    let stop = triggers(&desk);
    assert_eq!(stop, [price("45000")]);
    for order in [adds("44000"), adds("45000")] {
        let shown = desk.manager.preview_composed(&order).await;
        let composed = desk.manager.compose(&order).await;
        assert!(matches!(shown, Err(ComposeFailure::Nonsense(_))), "{shown:?}");
        assert!(matches!(composed, Err(ComposeFailure::Nonsense(_))), "{composed:?}");
    }
    // Of two that rest the nearer one counts, in whatever order the venue lists them.
    let mut nearer = desk.venue.state().open[0].clone();
    (nearer.client_order_id, nearer.trigger) = (ClientOrderId::reported("web_7"), Some(price("47000")));
    desk.venue.state().open.push(nearer);
    for _ in 0..2 {
        desk.venue.state().open.reverse();
        let shown = desk.manager.preview_composed(&adds("46000")).await;
        assert!(matches!(shown, Err(ComposeFailure::Nonsense(_))), "{shown:?}");
    }
    desk.manager.compose(&adds("49000")).await.unwrap();
}

#[tokio::test]
async fn a_part_that_never_left_us_is_not_called_sent() {
    let desk = desk();
    desk.venue.fail(OrderType::Market, Fault::NotSent);
    let opening = Opening {
        quantity: size("0.02"),
        leverage: long().leverage,
        stop_loss: StopLoss::At(price("45000")),
        take_profit: None,
    };
    let minute = Duration::from_secs(60);
    let twap = of_btc(ComposedKind::Twap { trade: SlicedTrade::Open(opening), slices: 2, every: minute });
    let placed = desk.manager.compose(&twap).await.unwrap();
    let entry = journalled(&desk, &placed.id, Purpose::Entry);
    assert!(matches!(entry.state, JournalState::NotSent { .. }), "{entry:?}");
    let id = entry.order.client_order_id;
    assert!(!placed.sent.contains(&id), "{:?}", placed.sent);
    let is_told = placed.troubles.iter().any(|it| matches!(it, Trouble::NotSent { id: of, .. } if *of == id));
    assert!(is_told, "{:?}", placed.troubles);
}

#[tokio::test]
async fn its_first_part_is_judged_by_what_the_whole_was_judged_by_and_a_later_opening_is_not() {
    let desk = desk();
    let asked = || desk.venue.state().accounts_asked;
    desk.manager.compose(&bracket_of("0.01", "49000")).await.unwrap();
    assert_eq!(asked(), 1, "nothing has happened between the two");
    desk.manager.compose(&bracket_of("0.01", "48000")).await.unwrap();
    assert_eq!(asked(), 2, "the other one rests by now");
    let resting = desk.venue.state().open.iter().filter(|order| order.order_type == OrderType::Limit).count();
    assert_eq!(resting, 2);
}

#[tokio::test]
async fn an_unfilled_bracket_that_is_cancelled_leaves_nothing_to_find_out() {
    let desk = desk();
    let placed = desk.manager.compose(&bracket()).await.unwrap();
    let cancelled = desk.manager.cancel_composed(&placed.id, "ana").await.unwrap();
    assert_eq!((cancelled.len(), desk.venue.state().open.len()), (1, 0));
    let stop = journalled(&desk, &placed.id, Purpose::StopLoss);
    assert!(matches!(stop.state, JournalState::Finished { status: OrderStatus::Canceled, .. }), "{stop:?}");
    assert!(desk.store.unfinished(&AccountId::new("main")).await.unwrap().is_empty());
    let reconciled = desk.manager.reconcile().await.unwrap();
    assert!(reconciled.is_clean(), "{reconciled:?}");
}

#[tokio::test]
async fn what_a_cancelled_entry_had_filled_is_protected_whoever_cancelled_it() {
    let desk = desk();
    let placed = desk.manager.compose(&bracket()).await.unwrap();
    let entry = journalled(&desk, &placed.id, Purpose::Entry).order.client_order_id;
    fill_and_cancel(&desk, &entry, "0.008");
    // As whoever stops trading journals it: without what it had filled.
    let state = JournalState::Finished { status: OrderStatus::Canceled, filled: None, average_price: None };
    let now = desk.venue.state().now;
    desk.store.record(&AccountId::new("main"), &entry, &state, now).await.unwrap();
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(report.composed[0].filled, Some(size("0.008")), "{:?}", report.composed);
    assert_eq!(report.composed[0].ended.as_ref().map(|(how, _)| *how), Some(ComposedEnd::Canceled));
    assert_eq!(triggers(&desk), [price("45000")]);
}

/// The venue fills so much of it, and then cancels it.
fn fill_and_cancel(desk: &Desk, entry: &ClientOrderId, quantity: &str) {
    desk.venue.open_as(entry, &btc(), Direction::Long, quantity);
    let mut state = desk.venue.state();
    let index = state.open.iter().position(|order| order.client_order_id == *entry).unwrap();
    let rested = state.open.remove(index);
    let filled: Quantity = size(quantity);
    for done in state.done.iter_mut().filter(|order| order.client_order_id == *entry) {
        let quantity = rested.quantity;
        *done = Order { status: OrderStatus::Canceled, quantity, filled: Some(filled), ..done.clone() };
    }
}

#[tokio::test]
async fn the_last_stop_of_a_position_outlives_the_pair_that_placed_it() {
    for (has_another, left) in [(true, vec!["45000"]), (false, vec!["46000"])] {
        let desk = desk();
        desk.open(&long()).await.unwrap();
        let placed = desk.manager.compose(&oco()).await.unwrap();
        if !has_another {
            desk.venue.state().open.retain(|order| order.trigger != Some(price("45000")));
        }
        desk.manager.cancel_composed(&placed.id, "ana").await.unwrap();
        assert_eq!(triggers(&desk), left.iter().map(|it| price(it)).collect::<Vec<_>>(), "another: {has_another}");
    }
}

#[tokio::test]
async fn a_part_is_not_sent_once_somebody_has_ended_the_order() {
    let desk = desk();
    desk.venue.fail(OrderType::Limit, Fault::NotSent);
    let placed = desk.manager.compose(&bracket()).await.unwrap();
    assert_eq!((placed.ended, triggers(&desk)), (None, vec![price("45000")]), "its stop rests, its entry never left");
    let other = manager(&desk.venue, &desk.store, |it| it);
    // The pass has listed it when it is ended.
    desk.venue.state().slow_instrument = 20;
    let (report, cancelled) = tokio::join!(desk.manager.monitor(), async {
        tokio::task::yield_now().await;
        other.cancel_composed(&placed.id, "ana").await
    });
    assert_eq!(cancelled.unwrap(), [], "nothing rested then but what goes with the last of it");
    let report = report.unwrap();
    assert!(report.composed[0].sent.is_empty(), "{:?}", report.composed);
    assert_eq!(report.composed[0].ended.as_ref().map(|(how, _)| *how), Some(ComposedEnd::Canceled));
    assert!(desk.venue.state().open.is_empty(), "{:?}", desk.venue.state().open);
    assert!(desk.store.unfinished(&AccountId::new("main")).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_part_that_was_sent_while_somebody_ended_the_order_is_not_left_behind() {
    let desk = desk();
    desk.venue.fail(OrderType::Limit, Fault::NotSent);
    let placed = desk.manager.compose(&bracket()).await.unwrap();
    let other = manager(&desk.venue, &desk.store, |it| it);
    desk.venue.state().slow_place = 50;
    let (report, cancelled) = tokio::join!(desk.manager.monitor(), async {
        while desk.venue.state().slow_place > 0 {
            tokio::task::yield_now().await;
        }
        other.cancel_composed(&placed.id, "ana").await
    });
    cancelled.unwrap();
    let report = report.unwrap();
    assert_eq!(report.composed[0].sent.len(), 1, "it was on its way: {:?}", report.composed);
    assert_eq!(report.composed[0].ended.as_ref().map(|(how, _)| *how), Some(ComposedEnd::Canceled));
    assert!(desk.venue.state().open.is_empty(), "{:?}", desk.venue.state().open);
    assert!(desk.store.unfinished(&AccountId::new("main")).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_stop_of_a_bracket_rests_before_its_entry_and_again_when_it_is_cancelled() {
    let desk = desk();
    let placed = desk.manager.compose(&bracket()).await.unwrap();
    let orders = desk.venue.state().calls.iter().filter(|it| it.starts_with("place")).cloned().collect::<Vec<_>>();
    assert_eq!(orders, ["place stop_market sell", "place limit buy"]);
    assert_eq!(placed.protected.iter().filter(|it| it.is_ok()).count(), 1);
    assert!(desk.manager.reconcile().await.unwrap().is_clean(), "it is no orphan");
    assert_eq!(triggers(&desk), [price("45000")]);
    // A person cancels it; nothing has filled yet.
    let stop = journalled(&desk, &placed.id, Purpose::StopLoss).order.client_order_id;
    plimsoll_ports::Broker::cancel(&desk.venue, &btc(), &stop).await.unwrap();
    desk.manager.monitor().await.unwrap();
    assert_eq!(triggers(&desk), [price("45000")]);
    // Where it would fire at once it is left until there is something to protect.
    let stop = last_stop(&desk).order.client_order_id;
    plimsoll_ports::Broker::cancel(&desk.venue, &btc(), &stop).await.unwrap();
    desk.venue.mark(&btc(), "44000");
    desk.manager.monitor().await.unwrap();
    assert_eq!(triggers(&desk), []);
}

#[tokio::test]
async fn each_of_two_entries_that_rest_has_a_stop_whichever_ends_first() {
    for (takes_one, both, left) in [(false, vec!["44000", "45000"], "44000"), (true, vec!["45000"], "44000")] {
        let desk = desk();
        desk.venue.state().takes_one_stop = takes_one;
        let first = desk.manager.compose(&bracket()).await.unwrap();
        let ComposedKind::Bracket { mut opening, price: limit, time_in_force } = bracket_of("0.01", "48000").kind
        else {
            panic!("a bracket is one")
        };
        opening.stop_loss = StopLoss::At(price("44000"));
        let second = of_btc(ComposedKind::Bracket { opening, price: limit, time_in_force });
        desk.manager.compose(&second).await.unwrap();
        let both: Vec<_> = both.iter().map(|it| price(it)).collect();
        assert_eq!(triggers(&desk), both, "takes one: {takes_one}");
        desk.manager.cancel_composed(&first.id, "ana").await.unwrap();
        desk.manager.monitor().await.unwrap();
        assert_eq!(triggers(&desk), [price(left)], "takes one: {takes_one}");
    }
}

#[tokio::test]
async fn what_somebody_else_opens_keeps_the_stop_that_it_relies_on() {
    let desk = desk();
    let placed = desk.manager.compose(&bracket()).await.unwrap();
    let opened = desk.open(&long()).await.unwrap();
    assert_eq!(opened.stop_loss.stop().map(|stop| stop.trigger), Some(price("45000")));
    assert_eq!(triggers(&desk), [price("45000")], "the one that rests does the same");
    desk.manager.cancel_composed(&placed.id, "ana").await.unwrap();
    assert_eq!(triggers(&desk), [price("45000")]);
    assert!(desk.manager.reconcile().await.unwrap().unprotected.is_empty());
    // It goes with the position.
    let whole = plimsoll_ports::CloseIntent { symbol: btc(), direction: Direction::Long, quantity: None };
    desk.manager.close(&whole).await.unwrap();
    assert_eq!(triggers(&desk), []);
}

#[tokio::test]
async fn an_entry_that_rests_keeps_its_stop_when_another_position_ends() {
    let desk = desk();
    desk.manager.compose(&bracket()).await.unwrap();
    let whole = plimsoll_ports::CloseIntent { symbol: btc(), direction: Direction::Long, quantity: None };
    let other = OpenIntent { quantity: size("0.03"), stop_loss: unprotected(), ..long() };
    desk.open(&other).await.unwrap();
    desk.manager.close(&whole).await.unwrap();
    assert_eq!(triggers(&desk), [price("45000")], "it is the bracket's");
    // One that was opened with a stop of its own has replaced it: it rests again when that is gone.
    desk.open(&OpenIntent { stop_loss: StopLoss::At(price("47000")), ..other }).await.unwrap();
    assert_eq!(triggers(&desk), [price("47000")]);
    desk.manager.close(&whole).await.unwrap();
    desk.manager.monitor().await.unwrap();
    assert_eq!(triggers(&desk), [price("45000")]);
}

#[tokio::test]
async fn what_fills_after_its_stop_has_fired_has_another() {
    let desk = desk();
    let placed = desk.manager.compose(&bracket()).await.unwrap();
    let entry = journalled(&desk, &placed.id, Purpose::Entry).order.client_order_id;
    desk.venue.open_as(&entry, &btc(), Direction::Long, "0.008");
    // It fires, and more of the entry fills while it does.
    desk.venue.mark(&btc(), "44000");
    assert_eq!((desk.venue.position(&btc()), triggers(&desk)), (None, vec![]));
    desk.venue.mark(&btc(), "46000");
    fill_and_cancel(&desk, &entry, "0.006");
    for done in desk.venue.state().done.iter_mut().filter(|order| order.client_order_id == entry) {
        done.filled = Some(size("0.014"));
    }
    desk.manager.monitor().await.unwrap();
    assert!(desk.venue.position(&btc()).is_some());
    assert_eq!(triggers(&desk), [price("45000")]);
}

#[tokio::test]
async fn a_stop_that_was_sent_and_not_written_down_is_found_and_followed() {
    let desk = desk();
    desk.venue.state().stops_need_a_position = true;
    let placed = desk.manager.compose(&bracket()).await.unwrap();
    let entry = journalled(&desk, &placed.id, Purpose::Entry).order.client_order_id;
    fill_and_cancel(&desk, &entry, "0.008");
    // Somebody has read the fill, sent the stop, and died.
    let stop = last_stop(&desk).order;
    let sent = plimsoll_ports::Broker::place(&desk.venue, &stop).await.unwrap();
    let other = manager(&desk.venue, &desk.store, |it| it);
    other.reconcile().await.unwrap();
    assert_eq!(triggers(&desk), [price("45000")], "it is not placed twice");
    assert_eq!(last_stop(&desk).state, JournalState::Accepted { order_id: sent });
}

#[tokio::test]
async fn what_became_of_a_part_and_could_not_be_recorded_is_recorded_by_the_next_look() {
    let desk = desk();
    desk.store.tables().takes_no_states = true;
    desk.manager.compose(&bracket_of("0.01", "49000")).await.unwrap();
    let states = || desk.store.tables().journal.iter().map(|it| it.state.as_str()).collect::<Vec<_>>();
    assert_eq!(states(), ["intended"; 2], "its stop, and its entry");
    desk.store.tables().takes_no_states = false;
    desk.manager.monitor().await.unwrap();
    assert_eq!(states(), ["accepted"; 2], "both rest");
}

#[tokio::test]
async fn a_stop_that_was_sent_and_has_ended_before_that_was_written_down_is_not_called_unsent() {
    let desk = desk();
    let placed = desk.manager.compose(&bracket()).await.unwrap();
    let stop = journalled(&desk, &placed.id, Purpose::StopLoss).order.client_order_id;
    plimsoll_ports::Broker::cancel(&desk.venue, &btc(), &stop).await.unwrap();
    for entry in desk.store.tables().journal.iter_mut().filter(|entry| entry.order.client_order_id == stop) {
        entry.state = JournalState::Intended;
    }
    desk.venue.sleep(Duration::from_secs(60)).await;
    desk.manager.cancel_composed(&placed.id, "ana").await.unwrap();
    desk.manager.monitor().await.unwrap();
    let state = journalled(&desk, &placed.id, Purpose::StopLoss).state;
    assert!(matches!(state, JournalState::Finished { status: OrderStatus::Canceled, .. }), "{state:?}");
}

#[tokio::test]
async fn an_entry_that_rests_is_nobodys_orphan() {
    let desk = desk();
    desk.manager.compose(&bracket()).await.unwrap();
    let compared = desk.manager.reconcile().await.unwrap();
    assert_eq!(compared.orphans, []);
    assert!(compared.is_clean(), "{:?}", compared.summary().findings);
}
