//! Putting a stop elsewhere.

use crate::desk::{Desk, desk, long};
use crate::venue::{Fault, btc, price};
use plimsoll_ports::RefusalReason;
use plimsoll_ports::domain::{Direction, OrderType, Price};

fn stops(desk: &Desk) -> Vec<Price> {
    desk.venue.state().open.iter().filter_map(|order| order.trigger).collect()
}

#[tokio::test]
async fn a_stop_is_moved_where_a_venue_takes_two_and_where_it_takes_one() {
    for takes_one in [false, true] {
        let desk = desk();
        desk.open(&long()).await.unwrap();
        desk.venue.state().takes_one_stop = takes_one;
        let moved = desk.manager.move_stop(&btc(), Direction::Long, price("47000")).await.unwrap();
        assert_eq!((moved.trigger, stops(&desk)), (price("47000"), vec![price("47000")]), "takes one: {takes_one}");
    }
}

#[tokio::test]
async fn a_stop_that_had_to_go_for_one_that_is_refused_is_placed_again() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    let before = stops(&desk);
    // Beside the one that rests, and once more when that is gone.
    desk.venue.fail(OrderType::StopMarket, Fault::Refuse(RefusalReason::Blocked));
    desk.venue.fail(OrderType::StopMarket, Fault::Refuse(RefusalReason::BadSizeOrPrice));
    desk.manager.move_stop(&btc(), Direction::Long, price("47000")).await.unwrap_err();
    assert_eq!((before.len(), stops(&desk)), (1, before));
}
