use crate::desk::{desk, long};
use crate::venue::{Fault, btc, eth, market, money, price, size};
use plimsoll_engine::{CloseFailure, FlattenReason, Subject, Trouble};
use plimsoll_ports::domain::{ClientOrderId, Direction, FillCause, OrderType, Side};
use plimsoll_ports::{Broker, CloseIntent, JournalState, PositionStatus, Purpose, RefusalReason};
use std::time::Duration;

#[tokio::test]
async fn closing_whole_records_the_true_figures_and_cancels_the_protection() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.pay_funding(&btc(), "F1", "0.25");
    desk.venue.mark(&btc(), "52000");
    let closed = desk.close().await.unwrap();

    assert_eq!(
        (closed.price, closed.realized_pnl, closed.fees),
        (Some(price("52000")), Some(money("100")), Some(money("1.3")))
    );
    let ended = closed.ended.as_ref().unwrap();
    assert_eq!((ended.realized_pnl, ended.fees, ended.funding), (money("100"), money("2.55"), money("0.25")));
    assert_eq!(ended.net(), money("97.2"));
    assert_eq!(desk.venue.state().wallet, money("10097.2"), "the records agree with the venue to the last digit");
    assert_eq!((closed.cancelled.len(), desk.venue.state().open.len()), (1, 0));
    assert!(closed.troubles.is_empty(), "{:?}", closed.troubles);
    let record = desk.store.tables().positions[0].closed.clone().unwrap();
    assert_eq!((record.status, record.reason.as_str()), (PositionStatus::Closed, "exit"));
    assert!(matches!(desk.store.state_of(Purpose::StopLoss), JournalState::Finished { .. }));
}

#[tokio::test]
async fn closing_a_part_keeps_the_rest_and_its_stop() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.mark(&btc(), "52000");
    let part = CloseIntent { symbol: btc(), direction: Direction::Long, quantity: Some(size("0.0209")) };
    let closed = desk.manager.close(&part).await.unwrap();
    assert_eq!((closed.quantity, closed.realized_pnl), (size("0.02"), Some(money("40"))));
    assert_eq!(closed.remaining.unwrap().quantity, size("0.03"));
    assert!(closed.ended.is_none() && closed.cancelled.is_empty());
    assert_eq!(desk.store.tables().positions[0].opened.quantity, size("0.03"));

    desk.venue.mark(&btc(), "53000");
    let ended = desk.close().await.unwrap().ended.unwrap();
    assert_eq!(ended.realized_pnl, money("130"));
    assert_eq!(ended.exit_price, price("52600"));
}

#[tokio::test]
async fn nothing_and_too_much_are_refused() {
    let desk = desk();
    assert!(matches!(desk.close().await, Err(CloseFailure::NothingHeld { .. })));
    desk.open(&long()).await.unwrap();
    let close = |quantity| CloseIntent { symbol: btc(), direction: Direction::Long, quantity: Some(size(quantity)) };
    assert!(matches!(desk.manager.close(&close("0.06")).await, Err(CloseFailure::MoreThanHeld { .. })));
    assert!(matches!(desk.manager.close(&close("0.0001")).await, Err(CloseFailure::BelowLot { .. })));
}

#[tokio::test]
async fn an_exit_waits_only_a_moment_for_what_the_venue_says_of_the_contract() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.state().hold_instruments = true;
    let closed = tokio::time::timeout(Duration::from_secs(10), desk.close()).await.expect("no exit hangs").unwrap();
    assert_eq!(closed.remaining, None);
    assert!(
        matches!(&closed.troubles[..], [Trouble::NotKnown { subject: Subject::Instrument, .. }]),
        "{:?}",
        closed.troubles
    );
}

#[tokio::test]
async fn a_close_that_is_not_sent_is_sent_again() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    for _ in 0..3 {
        desk.venue.fail(OrderType::Market, Fault::NotSent);
    }
    assert_eq!(desk.close().await.unwrap().remaining, None);
    assert_eq!(desk.store.tables().journal.iter().filter(|entry| entry.purpose == Purpose::Exit).count(), 1);
}

#[tokio::test]
async fn a_close_beyond_the_largest_order_is_split() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.state().max_market = size("0.02");
    let closed = desk.close().await.unwrap();
    assert_eq!((closed.orders.len(), closed.quantity, closed.remaining), (3, size("0.05"), None));
    assert!(closed.ended.is_some());
}

#[tokio::test]
async fn resting_reduce_only_orders_make_way_for_a_close() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::NothingToReduce));
    assert_eq!(desk.close().await.unwrap().remaining, None);
}

#[tokio::test]
async fn fills_that_are_not_told_yet_leave_the_record_open_until_they_are() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.state().hide_fills = true;
    let closed = desk.close().await.unwrap();
    assert_eq!((closed.ended.is_none(), closed.price), (true, Some(price("50000"))));
    assert_eq!((closed.realized_pnl, closed.fees), (None, None), "nothing is made up");
    assert!(desk.store.tables().positions[0].closed.is_none());
    desk.venue.state().hide_fills = false;
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(report.ended[0].reason, "exit");
    assert!(desk.store.tables().positions[0].closed.is_some());
}

#[tokio::test]
async fn flattening_cancels_entries_closes_everything_and_reads_back() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.open_elsewhere(&eth(), Direction::Short, "0.5");
    let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "holiday".to_owned() };
    let flattened = desk.manager.flatten_all(reason).await;
    assert!(flattened.is_confirmed(), "{flattened:?}");
    assert_eq!((flattened.closed.len(), flattened.failed.len()), (2, 0));
    assert!(desk.venue.state().held.is_empty() && desk.venue.state().open.is_empty());
    assert!(!desk.is_killed(), "flattening by hand does not stop trading");
    assert_eq!(desk.store.events("flatten").len(), 1);
}

#[tokio::test]
async fn flattening_goes_on_when_one_position_fails_and_keeps_what_protects_it() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.open_elsewhere(&eth(), Direction::Long, "0.5");
    for _ in 0..3 {
        desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
    }
    let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "test".to_owned() };
    let flattened = desk.manager.flatten_all(reason).await;
    // Two refusals meet both positions in the first round, the third one of them in the second.
    assert_eq!((flattened.closed.len(), flattened.failed.len()), (2, 3));
    assert!(flattened.is_confirmed());

    desk.venue.mark(&btc(), "50000");
    desk.open(&long()).await.unwrap();
    for _ in 0..3 {
        desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
    }
    let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "test".to_owned() };
    let flattened = desk.manager.flatten_all(reason).await;
    assert!(!flattened.is_confirmed());
    let (positions, orders) = flattened.remaining.unwrap();
    assert_eq!((positions.len(), orders.len()), (1, 1), "the stop stays with what could not be closed");
}

#[tokio::test]
async fn flattening_tells_that_orders_could_not_be_read_and_cancels_them_once_they_can() {
    for (hidden, left) in [(1, 0), (9, 1)] {
        let desk = desk();
        desk.open(&long()).await.unwrap();
        let mut entry = desk.venue.state().open[0].clone();
        (entry.order_type, entry.close_position) = (OrderType::Limit, false);
        entry.side = Direction::Long.opening_side();
        entry.client_order_id = ClientOrderId::reported(entry.client_order_id.as_str().replace("s0", "e9"));
        desk.venue.state().open.push(entry);
        desk.venue.state().hide_orders = hidden;
        let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "test".to_owned() };
        let flattened = desk.manager.flatten_all(reason).await;
        assert!(desk.venue.state().held.is_empty(), "what is held is closed all the same");
        assert_eq!((desk.venue.state().open.len(), flattened.is_confirmed()), (left, left == 0), "{flattened:?}");
        let told = |wanted: fn(&Trouble) -> bool| flattened.troubles.iter().filter(|it| wanted(it)).count();
        assert_eq!(told(|it| matches!(it, Trouble::OrdersNotKnown(_))), 1 + left, "{flattened:?}");
        assert_eq!(told(|it| matches!(it, Trouble::RemainderNotKnown(_))), left, "{flattened:?}");
    }
}

#[tokio::test]
async fn a_foreign_close_in_between_is_told_as_nothing_held() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.close_elsewhere(&btc(), "web_1", FillCause::Order);
    let order = market(&btc(), Side::Sell, size("1"), ClientOrderId::reported("x"), true);
    assert!(desk.venue.place(&order).await.is_err());
    assert!(matches!(desk.close().await, Err(CloseFailure::NothingHeld { .. })));
}

#[tokio::test]
async fn a_position_that_is_opened_while_another_ends_keeps_its_stop() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.state().bought_meanwhile = Some(size("0.01"));
    let closed = desk.close().await.unwrap();
    assert_eq!((closed.remaining, closed.cancelled.len()), (None, 0));
    assert_eq!((desk.venue.position(&btc()).unwrap().quantity, desk.venue.state().open.len()), (size("0.01"), 1));
}

#[tokio::test]
async fn what_was_changed_by_hand_is_in_the_figures_of_the_end() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.mark(&btc(), "51000");
    desk.venue.open_elsewhere(&btc(), Direction::Long, "0.05");
    desk.venue.mark(&btc(), "52000");
    let ended = desk.close().await.unwrap().ended.unwrap();
    assert_eq!((ended.realized_pnl, ended.fees), (money("150"), money("5.125")));
    assert_eq!(desk.venue.state().wallet, money("10000") + ended.net());
}

#[tokio::test]
async fn an_entry_whose_fills_came_late_ends_with_true_figures() {
    let desk = desk();
    desk.venue.state().hide_fills = true;
    let opened = desk.open(&long()).await.unwrap();
    assert_eq!((opened.price, opened.fees, opened.entry.is_told()), (price("50000"), None, false));
    desk.venue.state().hide_fills = false;
    desk.venue.mark(&btc(), "52000");
    let ended = desk.close().await.unwrap().ended.unwrap();
    assert_eq!((ended.realized_pnl, ended.fees), (money("100"), money("2.55")));
}
