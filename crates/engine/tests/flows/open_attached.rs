//! The stop that an entry carries, where the venue takes none before there is a position and attaches one: it holds until one of
//! ours rests, stands in for it where none does, and outlives neither that nor its position.

use crate::desk::{Desk, desk, long, manager};
use crate::venue::{Fault, btc, price, size};
use plimsoll_engine::OpenFailure;
use plimsoll_ports::domain::{Direction, FillCause, Order, OrderType};
use plimsoll_ports::{CloseIntent, OpenIntent, RefusalReason};

fn attaching() -> Desk {
    let desk = desk();
    {
        let mut state = desk.venue.state();
        state.stops_need_a_position = true;
        state.attaches_stops = true;
    }
    desk
}

fn calls(desk: &Desk) -> Vec<String> {
    let calls = desk.venue.state().calls.clone();
    let word = |call: String| match call.strip_prefix("cancel venue-") {
        Some(_) => "cancel the venue's".to_owned(),
        None => call,
    };
    calls.into_iter().filter(|it| it.starts_with("place") || it.starts_with("cancel")).map(word).collect()
}

fn resting(desk: &Desk) -> Vec<Order> {
    desk.venue.state().open.clone()
}

fn whole() -> CloseIntent {
    CloseIntent { symbol: btc(), direction: Direction::Long, quantity: None }
}

#[tokio::test]
async fn an_entry_carries_its_stop_until_one_of_ours_rests() {
    let desk = attaching();
    let opened = desk.open(&long()).await.unwrap();
    let stop = opened.stop_loss.stop().cloned().unwrap();
    assert!(desk.manager.is_ours(&stop.client_order_id));
    assert_eq!(
        calls(&desk),
        ["place stop_market sell", "place market buy with its stop", "place stop_market sell", "cancel the venue's"]
    );
    let rests = resting(&desk);
    assert_eq!(rests.iter().map(|it| &it.client_order_id).collect::<Vec<_>>(), [&stop.client_order_id]);
    assert!(rests[0].close_position && rests[0].trigger == Some(price("45000")));
    // What is added to has its stop already.
    desk.venue.state().calls.clear();
    desk.open(&OpenIntent { quantity: size("0.005"), ..long() }).await.unwrap();
    assert!(!calls(&desk).contains(&"place market buy with its stop".to_owned()), "{:?}", calls(&desk));
}

#[tokio::test]
async fn where_a_stop_rests_before_its_entry_nothing_is_attached() {
    let desk = attaching();
    desk.venue.state().stops_need_a_position = false;
    desk.open(&long()).await.unwrap();
    assert_eq!(calls(&desk), ["place stop_market sell", "place market buy"]);
}

#[tokio::test]
async fn the_venues_stop_stands_in_for_ours_where_that_is_refused() {
    let desk = attaching();
    // Ahead, right behind, and once more.
    for reason in [RefusalReason::NothingToReduce, RefusalReason::Other, RefusalReason::Other] {
        desk.venue.fail(OrderType::StopMarket, Fault::Refuse(reason));
    }
    let opened = desk.open(&long()).await.unwrap();
    let stop = opened.stop_loss.stop().cloned().unwrap();
    assert!(stop.client_order_id.as_str().starts_with("venue-"), "{stop:?}");
    assert_eq!(stop.trigger, price("45000"));
    let rests = resting(&desk);
    assert_eq!((rests.len(), rests[0].quantity), (1, Some(size("0.05"))));
    assert!(desk.venue.position(&btc()).is_some(), "it is not closed again");
    // It is nobody else's, and goes with its position.
    let found = desk.manager.reconcile().await.unwrap();
    assert!(found.foreign.is_empty() && found.unprotected.is_empty(), "{found:?}");
    desk.manager.close(&whole()).await.unwrap();
    assert!(resting(&desk).is_empty(), "{:?}", resting(&desk));
}

#[tokio::test]
async fn a_stop_that_never_appears_is_placed_like_any_other() {
    let desk = attaching();
    desk.venue.state().loses_attached = true;
    let opened = desk.open(&long()).await.unwrap();
    let stop = opened.stop_loss.stop().cloned().unwrap();
    assert!(desk.manager.is_ours(&stop.client_order_id));
    assert_eq!(resting(&desk).len(), 1);
}

#[tokio::test]
async fn an_entry_that_is_refused_with_its_stop_leaves_nothing_and_the_next_goes_without() {
    for (reason, next) in [
        (RefusalReason::Other, "place market buy"),
        (RefusalReason::InsufficientMargin, "place market buy with its stop"),
    ] {
        let desk = attaching();
        desk.venue.fail(OrderType::Market, Fault::Refuse(reason));
        let failure = desk.open(&long()).await.unwrap_err();
        assert!(matches!(failure, OpenFailure::Order { .. }), "{failure}");
        assert!(resting(&desk).is_empty() && desk.venue.position(&btc()).is_none());
        desk.venue.state().calls.clear();
        desk.open(&long()).await.unwrap();
        assert!(calls(&desk).contains(&next.to_owned()), "{reason:?}: {:?}", calls(&desk));
        assert_eq!(resting(&desk).len(), 1);
    }
}

#[tokio::test]
async fn what_fills_in_part_has_the_venues_stop_for_that_part() {
    let desk = attaching();
    desk.venue.fail(OrderType::Market, Fault::Partly(size("0.004")));
    for reason in [RefusalReason::NothingToReduce, RefusalReason::Other, RefusalReason::Other] {
        desk.venue.fail(OrderType::StopMarket, Fault::Refuse(reason));
    }
    let opened = desk.open(&long()).await.unwrap();
    assert_eq!(opened.quantity, size("0.004"));
    assert!(opened.stop_loss.stop().is_some());
    assert_eq!(resting(&desk)[0].quantity, Some(size("0.004")));
}

#[tokio::test]
async fn an_answer_that_is_lost_leaves_the_venues_stop_and_then_ours() {
    let desk = attaching();
    desk.venue.fail(OrderType::Market, Fault::LostAnswer);
    let opened = desk.open(&long()).await.unwrap();
    let stop = opened.stop_loss.stop().cloned().unwrap();
    assert_eq!(resting(&desk).iter().map(|it| &it.client_order_id).collect::<Vec<_>>(), [&stop.client_order_id]);
    assert!(desk.manager.is_ours(&stop.client_order_id));
}

#[tokio::test]
async fn a_stop_that_outlived_its_position_is_cancelled_by_whoever_finds_it() {
    let desk = attaching();
    for reason in [RefusalReason::NothingToReduce, RefusalReason::Other, RefusalReason::Other] {
        desk.venue.fail(OrderType::StopMarket, Fault::Refuse(reason));
    }
    desk.open(&long()).await.unwrap();
    assert_eq!(resting(&desk).len(), 1);
    desk.venue.close_elsewhere(&btc(), "web_7", FillCause::Order);
    // Another process, which has sent none of it.
    let next = manager(&desk.venue, &desk.store, |settings| settings);
    let found = next.reconcile().await.unwrap();
    assert!(found.foreign.is_empty(), "{:?}", found.foreign);
    assert!(resting(&desk).is_empty(), "{:?}", resting(&desk));
}
