use crate::desk::{desk, desk_with, long, manager};
use crate::venue::{Fault, btc, eth, money, price, size};
use plimsoll_engine::{OpenFailure, Placed, ProtectionFailure, SendFailure, Settings, UnverifiedStop};
use plimsoll_ports::domain::{
    Direction, FillCause, NewOrder, OrderKind, OrderSize, OrderType, PositionSide, Side, TriggerBy,
};
use plimsoll_ports::{
    Broker, Clock, JournalEntry, JournalState, OpenIntent, OrderJournal, PositionStatus, Purpose, RefusalReason,
    StopLoss,
};
use std::time::Duration;

#[tokio::test]
async fn an_account_that_agrees_is_clean() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let reconciliation = manager(&desk.venue, &desk.store, |it| it).reconcile().await.unwrap();
    assert_eq!((reconciliation.orders.len(), reconciliation.is_clean()), (1, true), "{reconciliation:?}");
}

#[tokio::test]
async fn an_entry_that_filled_while_we_died_is_found_and_its_position_adopted() {
    let desk = desk();
    // Died between the answer and everything after it: intended, sent, filled, and nothing more written.
    desk.open(&long()).await.unwrap();
    {
        let mut tables = desk.store.tables();
        for entry in &mut tables.journal {
            entry.state = JournalState::Intended;
        }
        tables.positions.clear();
        tables.trades.clear();
        desk.venue.state().open.clear();
    }
    let restarted = manager(&desk.venue, &desk.store, |it| it);
    assert!(matches!(restarted.open(&long()).await, Err(OpenFailure::EarlierUnresolved(_))));
    let reconciliation = restarted.reconcile().await.unwrap();
    assert!(matches!(reconciliation.orders[0].fate, Ok(Placed::Ended(_))));
    assert!(matches!(desk.store.state_of(Purpose::Entry), JournalState::Finished { .. }));
    let adopted = &reconciliation.adopted[0];
    assert_eq!((adopted.position.quantity, adopted.fills), (size("0.05"), 1));
    let restored = &reconciliation.restored[0];
    let protection = restored.outcome.as_ref().unwrap();
    assert_eq!((restored.purpose, protection.trigger), (Purpose::StopLoss, price("45000")));
    assert_eq!((reconciliation.unprotected.len(), desk.venue.state().open.len()), (0, 1));
    assert_eq!(desk.venue.state().open[0].client_order_id, protection.client_order_id);
    assert!(matches!(desk.store.state_of(Purpose::StopLoss), JournalState::Accepted { .. }));
    let tables = desk.store.tables();
    assert_eq!(
        protection.client_order_id, tables.journal[0].order.client_order_id,
        "it keeps the name it was meant by"
    );
    assert_eq!((tables.positions[0].opened.strategy.as_str(), tables.trades.len()), ("recovered", 1));
}

#[tokio::test]
async fn a_position_that_was_closed_since_it_was_read_is_not_adopted() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    // The account has been read when the position is closed, and its end recorded.
    desk.venue.state().slow_instrument = 64;
    let (reconciled, closed) = tokio::join!(desk.manager.reconcile(), desk.close());
    assert_eq!(closed.unwrap().quantity, size("0.05"));
    assert_eq!(reconciled.unwrap().adopted, []);
    let open = desk.store.tables().positions.iter().filter(|it| it.closed.is_none()).count();
    assert_eq!((open, desk.venue.position(&btc())), (0, None));
}

/// Opens with a stop at 45,000 and dies after the entry was recorded, before the stop was sent.
async fn die_before_the_stop(desk: &crate::desk::Desk) {
    desk.open(&long()).await.unwrap();
    let mut tables = desk.store.tables();
    tables.journal.iter_mut().filter(|it| it.purpose == Purpose::StopLoss).for_each(|it| {
        it.state = JournalState::Intended;
    });
    desk.venue.state().open.clear();
}

#[tokio::test]
async fn a_stop_that_was_not_sent_any_more_is_restored_once() {
    let desk = desk();
    die_before_the_stop(&desk).await;
    let restarted = manager(&desk.venue, &desk.store, |it| it);
    let reconciliation = restarted.reconcile().await.unwrap();
    assert!(reconciliation.restored[0].outcome.is_ok() && reconciliation.unprotected.is_empty());
    assert!(!reconciliation.is_clean(), "it is told");
    assert!(desk.store.tables().alerts.iter().any(|alert| alert.body.contains("1 protective orders restored")));
    assert_eq!(desk.venue.state().open[0].trigger, Some(price("45000")));
    let again = manager(&desk.venue, &desk.store, |it| it).reconcile().await.unwrap();
    assert!(again.is_clean(), "{again:?}");
    assert_eq!(desk.venue.state().open.len(), 1);
}

#[tokio::test]
async fn a_nearer_stop_that_is_owed_to_what_was_added_waits_while_its_position_cannot_be_priced() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let before = desk.venue.state().open.clone();
    let more = OpenIntent { quantity: size("0.005"), stop_loss: StopLoss::At(price("47000")), ..long() };
    let opened = desk.open(&more).await.unwrap();
    // Died before the nearer stop was sent: the one of before rests.
    let owed = opened.stop_loss.stop().unwrap().client_order_id.clone();
    desk.store.tables().journal.iter_mut().filter(|it| it.order.client_order_id == owed).for_each(|it| {
        it.state = JournalState::Intended;
    });
    desk.venue.state().open = before;
    let restarted = manager(&desk.venue, &desk.store, |it| it);
    desk.venue.state().hide_instruments = true;
    restarted.reconcile().await.unwrap();
    desk.venue.state().hide_instruments = false;
    restarted.reconcile().await.unwrap();
    let rests: Vec<_> = desk.venue.state().open.iter().map(|it| (it.client_order_id.clone(), it.trigger)).collect();
    assert_eq!(rests, [(owed, Some(price("47000")))]);
}

#[tokio::test]
async fn a_stop_that_was_sent_and_not_journalled_is_not_sent_again() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.store.tables().journal[0].state = JournalState::Unanswered;
    let sent = desk.venue.state().calls.len();
    let reconciliation = manager(&desk.venue, &desk.store, |it| it).reconcile().await.unwrap();
    assert!(matches!(reconciliation.orders[0].fate, Ok(Placed::Resting(_))));
    assert!(reconciliation.restored.is_empty());
    assert_eq!(desk.venue.state().calls.len(), sent);
}

#[tokio::test]
async fn a_position_whose_stop_was_passed_meanwhile_is_treated_as_the_settings_say() {
    for (policy, is_closed) in [(UnverifiedStop::Close, true), (UnverifiedStop::Keep, false)] {
        let desk = desk();
        die_before_the_stop(&desk).await;
        desk.venue.mark(&btc(), "44000");
        desk.venue.fail(OrderType::StopMarket, Fault::Refuse(RefusalReason::WouldTrigger));
        let restarted = manager(&desk.venue, &desk.store, |it| Settings { unverified_stop: policy, ..it });
        let reconciliation = restarted.reconcile().await.unwrap();
        let restored = &reconciliation.restored[0];
        assert!(matches!(restored.outcome, Err(ProtectionFailure::Order(SendFailure::Refused(_)))), "{policy:?}");
        assert_eq!(restored.closing.is_some(), is_closed, "{policy:?}");
        assert_eq!(desk.venue.position(&btc()).is_none(), is_closed, "{policy:?}");
        assert_eq!(reconciliation.unprotected.is_empty(), is_closed, "{policy:?}");
        assert_eq!(desk.store.tables().positions[0].closed.is_some(), is_closed, "{policy:?}");
    }
}

#[tokio::test]
async fn a_stop_that_is_restored_in_passing_is_tried_for_a_moment_and_again_with_the_next_look() {
    let desk = desk_with(|settings| Settings { unverified_stop: UnverifiedStop::Keep, ..settings });
    die_before_the_stop(&desk).await;
    for _ in 0..12 {
        desk.venue.fail(OrderType::StopMarket, Fault::NotSent);
    }
    let began = desk.venue.now();
    let mended = desk.manager.monitor().await.unwrap().mended.expect("it is owed");
    assert!(mended.restored[0].outcome.is_err(), "{mended:?}");
    assert!(desk.venue.now().since(began) < Duration::from_secs(10), "margin is watched meanwhile");
}

#[tokio::test]
async fn protection_whose_position_is_gone_is_not_given_to_another() {
    let desk = desk();
    die_before_the_stop(&desk).await;
    desk.venue.close_elsewhere(&btc(), "web_1", FillCause::Order);
    desk.venue.sleep(Duration::from_secs(60)).await;
    desk.venue.open_elsewhere(&btc(), Direction::Long, "0.01");
    let reconciliation = desk.manager.reconcile().await.unwrap();
    assert!(reconciliation.restored.is_empty() && desk.venue.state().open.is_empty());
    assert!(matches!(desk.store.state_of(Purpose::StopLoss), JournalState::NotSent { .. }));
    assert_eq!(reconciliation.unprotected.len(), 1);
}

#[tokio::test]
async fn a_stop_of_an_entry_that_never_left_is_finished_with_it() {
    let desk = desk();
    die_before_the_stop(&desk).await;
    desk.venue.state().held.clear();
    desk.venue.state().done.clear();
    desk.venue.state().fills.clear();
    desk.store.tables().positions.clear();
    desk.store.tables().journal[1].state = JournalState::Intended;
    desk.venue.sleep(Duration::from_secs(3600)).await;
    let reconciliation = desk.manager.reconcile().await.unwrap();
    assert!(reconciliation.restored.is_empty() && desk.venue.state().open.is_empty());
    assert!(reconciliation.orders.iter().all(|it| matches!(it.fate, Err(SendFailure::NeverArrived))));
    for purpose in [Purpose::Entry, Purpose::StopLoss] {
        assert!(matches!(desk.store.state_of(purpose), JournalState::NotSent { .. }));
    }
}

#[tokio::test]
async fn an_entry_that_never_left_is_finished_in_the_journal() {
    let desk = desk();
    let now = desk.venue.now();
    let order = NewOrder {
        client_order_id: plimsoll_engine::ClientOrderIds::new(&desk.manager.settings().account)
            .intent(now)
            .order(Purpose::Entry, 0),
        symbol: btc(),
        side: Side::Buy,
        position_side: PositionSide::Both,
        kind: OrderKind::Market,
        size: OrderSize::Quantity(size("0.05")),
        reduce_only: false,
    };
    let entry = JournalEntry {
        account: desk.manager.settings().account.clone(),
        venue: Broker::venue(&desk.venue),
        order,
        purpose: Purpose::Entry,
        state: JournalState::Intended,
        intended_at: now,
        updated_at: now,
    };
    desk.store.intend(&entry).await.unwrap();
    desk.venue.sleep(Duration::from_secs(3600)).await;
    let before = desk.venue.now();
    let reconciliation = desk.manager.reconcile().await.unwrap();
    assert!(matches!(reconciliation.orders[0].fate, Err(SendFailure::NeverArrived)));
    assert_eq!(desk.venue.now(), before, "an hour proves enough: nothing is waited for");
    assert!(matches!(desk.store.state_of(Purpose::Entry), JournalState::NotSent { .. }));
}

/// What filled was not recorded, and the next entry is written down and not sent.
fn die_before_the_record(desk: &crate::desk::Desk) {
    intend_the_next(desk);
    let mut tables = desk.store.tables();
    tables.positions.clear();
    tables.trades.clear();
}

/// The next entry is written down, and not sent.
fn intend_the_next(desk: &crate::desk::Desk) {
    let ids = plimsoll_engine::ClientOrderIds::new(&desk.manager.settings().account);
    let id = ids.intent(desk.venue.now()).order(Purpose::Entry, 0);
    let mut tables = desk.store.tables();
    let last = tables.journal.iter().rfind(|it| it.purpose == Purpose::Entry).unwrap().clone();
    let order = NewOrder { client_order_id: id, ..last.order };
    tables.journal.push(JournalEntry { order, state: JournalState::Intended, ..last });
}

#[tokio::test]
async fn what_others_have_filled_and_nobody_recorded_does_not_speak_for_an_entry_that_never_left() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    die_before_the_record(&desk);
    desk.venue.sleep(Duration::from_secs(3600)).await;
    let before = desk.venue.now();
    let reconciliation = desk.manager.reconcile().await.unwrap();
    let fate = reconciliation.orders.iter().find(|it| it.fate.is_err()).map(|it| &it.fate);
    assert_eq!(fate, Some(&Err(SendFailure::NeverArrived)));
    assert_eq!((desk.venue.now(), reconciliation.adopted.len()), (before, 1), "nothing is waited for");
}

#[tokio::test]
async fn what_somebody_else_traded_beside_it_proves_nothing_of_an_entry_that_may_have_filled() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    die_before_the_record(&desk);
    // As much was closed by hand, and as much is held by a fill that nobody tells: it may be the entry's.
    let held = desk.venue.state().held.clone();
    desk.venue.close_elsewhere(&btc(), "web_1", FillCause::Order);
    desk.venue.state().held = held;
    desk.venue.sleep(Duration::from_secs(3600)).await;
    let reconciliation = desk.manager.reconcile().await.unwrap();
    let fates: Vec<_> =
        reconciliation.orders.iter().filter(|it| it.purpose == Purpose::Entry).map(|it| &it.fate).collect();
    assert!(matches!(fates.as_slice(), [Err(SendFailure::Unresolved(_))]), "{fates:?}");
}

#[tokio::test]
async fn a_fill_that_was_told_late_and_is_in_the_record_already_is_not_counted_twice() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    intend_the_next(&desk);
    // It was recorded by what its order said, and its fill is told since; as much came to it by nobody's order that we know.
    desk.store.tables().trades.clear();
    desk.venue.open_elsewhere(&btc(), Direction::Long, "0.05");
    desk.venue.sleep(Duration::from_secs(3600)).await;
    let before = desk.venue.now();
    desk.manager.reconcile().await.unwrap();
    let patience = desk.manager.settings().patience;
    assert!(
        desk.venue.now() >= before.plus(patience.window),
        "the position speaks for it until its record is brought up to it"
    );
}

#[tokio::test]
async fn a_position_opened_by_hand_is_adopted_and_closed_with_true_figures() {
    let desk = desk();
    desk.venue.open_elsewhere(&eth(), Direction::Long, "0.5");
    let reconciliation = desk.manager.reconcile().await.unwrap();
    assert_eq!(reconciliation.adopted[0].symbol, eth());
    assert_eq!(desk.store.tables().positions[0].opened.strategy, "adopted");
    desk.venue.mark(&eth(), "2100");
    let closed = desk.manager.close(&crate::desk::close_all(&eth(), Direction::Long)).await.unwrap();
    assert_eq!(closed.ended.unwrap().realized_pnl, money("50"));
}

#[tokio::test]
async fn a_position_that_was_stopped_out_meanwhile_is_recorded_as_such() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.mark(&btc(), "44000");
    let reconciliation = manager(&desk.venue, &desk.store, |it| it).reconcile().await.unwrap();
    let ended = &reconciliation.ended[0];
    assert_eq!((ended.exit_price, ended.realized_pnl), (price("44000"), money("-300")));
    assert_eq!(desk.store.tables().positions[0].closed.as_ref().unwrap().status, PositionStatus::Closed);
    assert!(reconciliation.adopted.is_empty());
}

#[tokio::test]
async fn a_position_that_grew_by_hand_is_followed() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.open_elsewhere(&btc(), Direction::Long, "0.01");
    let reconciliation = desk.manager.reconcile().await.unwrap();
    assert_eq!(reconciliation.changed.len(), 1);
    assert_eq!(desk.store.tables().positions[0].opened.quantity, size("0.06"));
}

#[tokio::test]
async fn what_no_fills_explain_is_told_and_not_invented() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.close_elsewhere(&btc(), "web_1", FillCause::Order);
    desk.venue.state().hide_fills = true;
    let reconciliation = desk.manager.reconcile().await.unwrap();
    assert_eq!((reconciliation.unexplained.len(), reconciliation.ended.len()), (1, 0));
    assert!(desk.store.tables().positions[0].closed.is_none());
}

#[tokio::test]
async fn trades_of_a_life_that_nobody_recorded_are_kept_beside_the_record_of_the_next() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    {
        // Died before the fills were recorded, and they could not be read since.
        let mut tables = desk.store.tables();
        tables.positions.clear();
        tables.trades.clear();
    }
    desk.venue.close_elsewhere(&btc(), "web_1", FillCause::Order);
    desk.venue.state().open.clear();
    {
        let mut state = desk.venue.state();
        state.now = state.now.plus(Duration::from_secs(600));
    }
    desk.open(&long()).await.unwrap();
    assert_eq!(desk.store.tables().trades.len(), 1, "the next life is recorded without it");
    let first = desk.venue.state().fills[0].trade_id.clone();
    let known = || desk.store.tables().trades.iter().find(|it| it.fill.trade_id == first).map(|it| it.position);

    desk.manager.reconcile().await.unwrap();
    assert_eq!(known(), Some(None), "a trade, of no record while another position is open");
    // Once that has ended, it gets a record of its own.
    desk.close().await.unwrap();
    desk.manager.reconcile().await.unwrap();
    assert!(known().flatten().is_some());
    let statuses: Vec<_> = desk.store.tables().positions.iter().map(|it| it.closed.is_some()).collect();
    assert_eq!(statuses, [true, true]);
}

#[tokio::test]
async fn our_stops_without_a_position_are_swept_and_foreign_orders_are_only_told() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let ours = desk.venue.state().open[0].clone();
    desk.close().await.unwrap();
    let foreign = plimsoll_ports::domain::ClientOrderId::reported("web_1");
    let mut theirs = ours.clone();
    theirs.client_order_id = foreign.clone();
    desk.venue.state().open = vec![ours.clone(), theirs];
    let reconciliation = desk.manager.reconcile().await.unwrap();
    let told: Vec<_> =
        reconciliation.orphans.iter().map(|it| (it.order.client_order_id.clone(), it.is_ours, it.cancelled)).collect();
    assert_eq!(told, [(ours.client_order_id, true, true), (foreign, false, false)]);
    assert_eq!(desk.venue.state().open.len(), 1);
}

#[tokio::test]
async fn a_stop_that_disappeared_is_placed_anew_under_the_next_name_of_its_intent() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.state().open.clear();
    desk.venue.sleep(Duration::from_secs(3600)).await;
    let reconciliation = desk.manager.reconcile().await.unwrap();
    assert!(matches!(reconciliation.orders[0].fate, Err(SendFailure::Forgotten)));
    let restored = &reconciliation.restored[0];
    assert_eq!(restored.outcome.as_ref().unwrap().trigger, price("45000"));
    assert!(restored.client_order_id.as_str().ends_with("s1"), "{}", restored.client_order_id);
    assert_eq!((reconciliation.unprotected.len(), desk.venue.state().open.len()), (0, 1));
    assert!(desk.store.tables().alerts.iter().any(|alert| alert.key == "reconcile/main"));
    assert!(desk.manager.reconcile().await.unwrap().is_clean());
}

#[tokio::test]
async fn nothing_is_decided_blindly() {
    let desk = desk();
    desk.venue.state().blind = true;
    assert!(desk.manager.reconcile().await.is_err());
    desk.venue.state().blind = false;
    desk.store.tables().down = true;
    assert!(desk.manager.reconcile().await.is_err());
}

#[tokio::test]
async fn a_stop_is_recognised_by_its_trigger_on_the_mark() {
    let desk = desk();
    let opened = desk.open(&long()).await.unwrap();
    let stop = opened.stop_loss.stop().unwrap().clone();
    let tables = desk.store.tables();
    let sent = &tables.journal[0].order;
    assert_eq!(sent.client_order_id, stop.client_order_id);
    assert_eq!(sent.kind, OrderKind::StopMarket { trigger: price("45000"), trigger_by: TriggerBy::Mark });
    assert_eq!(sent.size, OrderSize::WholePosition);
}
