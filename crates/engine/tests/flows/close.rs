use crate::desk::{Desk, desk, desk_with, long};
use crate::venue::{Fault, btc, eth, market, money, price, size};
use plimsoll_engine::{CloseFailure, FlattenReason, ForeignPolicy, SendFailure, Settings, Subject, Trouble};
use plimsoll_ports::domain::{ClientOrderId, Direction, FillCause, Order, OrderId, OrderType, Side};
use plimsoll_ports::{Broker, Clock, CloseIntent, JournalState, PositionStatus, Purpose, RefusalReason};
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
async fn a_close_is_sent_again_until_patience_ends_and_no_longer() {
    // With the usual back-off nine pauses are eleven seconds, and forty are more than a minute.
    for (times, is_closed) in [(9, true), (40, false)] {
        let desk = desk();
        desk.open(&long()).await.unwrap();
        for _ in 0..times {
            desk.venue.fail(OrderType::Market, Fault::NotSent);
        }
        let began = desk.venue.now();
        let closed = desk.close().await;
        assert_eq!(closed.is_ok(), is_closed, "{closed:?}");
        if let Err(failure) = closed {
            assert!(matches!(failure, CloseFailure::Order { failure: SendFailure::NotSent(_), .. }), "{failure}");
            let took = desk.venue.now().since(began);
            assert!((Duration::from_secs(60)..Duration::from_secs(62)).contains(&took), "{took:?}");
        }
        let exits = |entry: &&plimsoll_ports::JournalEntry| entry.purpose == Purpose::Exit;
        assert_eq!(desk.store.tables().journal.iter().filter(exits).count(), 1, "it is sent under one id");
    }
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
    let stop = desk.venue.state().open[0].client_order_id.clone();
    let ours = rest(&desk, stop.as_str().replace("s0", "x9").as_str(), Side::Sell, true);
    desk.venue.state().sizes_are_held = true;
    let closed = desk.close().await.unwrap();
    assert_eq!((closed.remaining, closed.cancelled), (None, vec![ours, stop]));
}

#[tokio::test]
async fn a_sized_stop_makes_way_for_a_close_only_if_nothing_else_does() {
    for other in [true, false] {
        let desk = desk();
        desk.open(&long()).await.unwrap();
        let stop = desk.venue.state().open[0].client_order_id.clone();
        {
            let mut state = desk.venue.state();
            (state.open[0].close_position, state.open[0].reduce_only) = (false, true);
            state.open[0].quantity = Some(size("0.05"));
        }
        if other {
            rest(&desk, stop.as_str().replace("s0", "x9").as_str(), Side::Sell, true);
        }
        // Only what rests on the book is in the way of the first order after it.
        desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::NothingToReduce));
        desk.venue.fail(OrderType::Market, Fault::Partly(size("0.02")));
        desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::Other));
        let closed = desk.close().await.unwrap();
        assert!(closed.remaining.is_some(), "what is left needs its stop");
        assert_eq!(closed.cancelled.contains(&stop), !other);
    }
}

#[tokio::test]
async fn whoever_is_not_closed_is_told_what_was_cancelled_for_it() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let stop = desk.venue.state().open[0].client_order_id.clone();
    let ours = rest(&desk, stop.as_str().replace("s0", "x9").as_str(), Side::Sell, true);
    desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::NothingToReduce));
    for _ in 0..40 {
        desk.venue.fail(OrderType::Market, Fault::NotSent);
    }
    let failure = desk.close().await.unwrap_err();
    let CloseFailure::Cleared { cleared, .. } = &failure else { panic!("{failure}") };
    assert_eq!(cleared, std::slice::from_ref(&ours));
    assert!(matches!(failure.cause(), CloseFailure::Order { failure: SendFailure::NotSent(_), .. }), "{failure}");
    assert!(failure.to_string().ends_with(&format!("; one order was cancelled for it: {ours}")), "{failure}");
}

#[tokio::test]
async fn orders_of_others_make_way_for_a_close_only_if_they_are_adopted_and_can_only_reduce() {
    for (foreign, makes_way) in
        [(ForeignPolicy::Adopt, true), (ForeignPolicy::Watch, false), (ForeignPolicy::Ignore, false)]
    {
        let desk = desk_with(|settings| Settings { foreign, ..settings });
        desk.open(&long()).await.unwrap();
        let reducing = rest(&desk, "web_7", Side::Sell, true);
        let entry = rest(&desk, "web_8", Side::Sell, false);
        desk.venue.fail(OrderType::Market, Fault::Refuse(RefusalReason::NothingToReduce));
        let closed = desk.close().await.unwrap();
        let rests = |id: &ClientOrderId| desk.venue.state().open.iter().any(|order| order.client_order_id == *id);
        assert_eq!((rests(&reducing), rests(&entry)), (!makes_way, true), "{foreign:?}");
        assert_eq!(closed.cancelled.contains(&reducing), makes_way, "{foreign:?}");
        assert_eq!(closed.remaining, None, "{foreign:?}");
    }
}

/// A limit order over the whole of [`long`] rests.
pub(crate) fn rest(desk: &Desk, id: &str, side: Side, reduce_only: bool) -> ClientOrderId {
    let mut state = desk.venue.state();
    let client_order_id = ClientOrderId::reported(id);
    let order = Order {
        order_id: OrderId::new(id),
        client_order_id: client_order_id.clone(),
        side,
        order_type: OrderType::Limit,
        price: Some(price("60000")),
        trigger: None,
        quantity: Some(size("0.05")),
        reduce_only,
        close_position: false,
        ..state.open[0].clone()
    };
    state.open.push(order);
    client_order_id
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
async fn flattening_closes_while_entries_are_cancelled_some_at_a_time() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let stop = desk.venue.state().open[0].client_order_id.clone();
    let id = |number: u32| stop.as_str().replace("s0", &format!("e{}", char::from_digit(number, 36).unwrap()));
    let mut orders: Vec<ClientOrderId> = (0..20).map(|number| rest(&desk, &id(number), Side::Buy, false)).collect();
    desk.venue.state().slow_cancels = 200;
    desk.venue.state().calls.clear();
    let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "test".to_owned() };
    let flattened = desk.manager.flatten_all(reason).await;
    assert!(flattened.is_confirmed() && flattened.troubles.is_empty(), "{flattened:?}");
    orders.push(stop);
    assert_eq!(
        flattened.cancelled, orders,
        "each once, in the order in which the venue lists them, and the stop at last"
    );
    let state = desk.venue.state();
    assert_eq!(state.cancelling, (0, 8), "eight entries at a time");
    let cancels_of_entries = |call: &String| orders.iter().any(|id| *call == format!("cancel {id}"));
    let closing = state.calls.iter().position(|call| call == "place market sell").unwrap();
    assert!(closing < state.calls.iter().position(cancels_of_entries).unwrap(), "{:?}", state.calls);
}

#[tokio::test]
async fn a_flattening_that_is_not_taken_does_not_wait_a_minute_for_each_round() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    for _ in 0..500 {
        desk.venue.fail(OrderType::Market, Fault::NotSent);
    }
    let began = desk.venue.now();
    let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "test".to_owned() };
    let flattened = desk.manager.flatten_all(reason).await;
    assert_eq!((flattened.closed.len(), flattened.failed.len()), (0, 3));
    assert!(desk.venue.now().since(began) < Duration::from_secs(70));
}

#[tokio::test]
async fn a_closing_order_that_is_lost_or_whose_answer_is_does_not_hold_a_flattening_up() {
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        let desk = desk();
        desk.open(&long()).await.unwrap();
        desk.venue.open_elsewhere(&eth(), Direction::Short, "0.5");
        desk.venue.fail(OrderType::Market, fault);
        let began = desk.venue.now();
        let reason = FlattenReason::Wanted { by: "operator".to_owned(), reason: "test".to_owned() };
        let flattened = desk.manager.flatten_all(reason).await;
        assert!(flattened.is_confirmed() && flattened.closed.len() == 2, "{flattened:?}");
        assert!(
            desk.venue.now().since(began) < Duration::from_secs(1),
            "nobody waits for a proof that it never arrived"
        );
        let later = desk.venue.now().plus(Duration::from_secs(60));
        desk.venue.state().now = later;
        desk.manager.monitor().await.unwrap();
        let is_settled =
            desk.store.tables().journal.iter().all(|it| it.purpose != Purpose::Flatten || it.state.is_final());
        assert!(is_settled, "it is looked up afterwards");
    }
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
    for (hidden, left) in [(1, 0), (500, 1)] {
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
        assert_eq!(told(|it| matches!(it, Trouble::OrdersNotKnown(_))), left, "{flattened:?}");
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
