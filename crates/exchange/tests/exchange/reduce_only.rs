use crate::venue::*;
use plimsoll_domain::{OrderStatus, PositionSide};
use plimsoll_exchange::Rejection;

#[test]
fn a_reduce_only_fill_never_flips() {
    let mut venue = Venue::new();
    venue.place("buy 0.1");
    let order = venue.place("sell 0.3 reduce");
    assert_eq!(order.quantity, Some(quantity("0.1")));
    assert_eq!(venue.position(), "flat");
}

#[test]
fn without_a_position_it_is_refused() {
    let check = |before: &str, words: &str| {
        let mut venue = Venue::new();
        if !before.is_empty() {
            venue.place(before);
        }
        assert_eq!(venue.try_place(words), Err(Rejection::ReduceOnlyRejected { reducible: None }), "{words}");
    };
    check("", "sell 0.1 reduce");
    check("", "sell 0.1 at 51000 reduce");
    check("buy 0.1", "buy 0.1 reduce");
    check("sell 0.1", "sell 0.1 at 51000 reduce");
}

#[test]
fn resting_ones_leave_no_room_for_another_that_rests() {
    let mut venue = Venue::new();
    venue.place("buy 0.3");
    venue.place("sell 0.2 at 51000 reduce");
    assert_eq!(venue.place("sell 0.2 at 52000 reduce").quantity, Some(quantity("0.1")));
    assert_eq!(venue.try_place("sell 0.1 at 53000 reduce"), Err(Rejection::ReduceOnlyRejected { reducible: None }));
}

#[test]
fn resting_ones_shrink_with_the_position_and_the_first_in_the_queue_last() {
    let mut venue = Venue::new();
    venue.place("buy 0.3");
    let far = venue.place("sell 0.2 at 52000 reduce");
    let near = venue.place("sell 0.1 at 51000 reduce");
    venue.story();
    venue.place("sell 0.15");
    assert_eq!(venue.now(&far).quantity, Some(quantity("0.05")));
    assert_eq!(venue.now(&near).quantity, Some(quantity("0.1")));
    venue.place("sell 0.1 reduce");
    assert_eq!(venue.now(&far).status, OrderStatus::Expired);
    assert_eq!(venue.now(&near).quantity, Some(quantity("0.05")));
    assert_eq!(
        venue.story(),
        [
            "accepted",
            "filled 0.15 at 50000",
            "trade",
            "amended to 0.05",
            "accepted",
            "filled 0.1 at 50000",
            "trade",
            "amended to 0.05",
            "expired ReduceOnly"
        ]
    );
}

#[test]
fn a_position_that_turns_around_ends_them() {
    let mut venue = Venue::new();
    venue.place("buy 0.1");
    let order = venue.place("sell 0.1 at 51000 reduce");
    venue.place("sell 0.2");
    assert_eq!(venue.now(&order).status, OrderStatus::Expired);
    venue.tick("51500");
    assert_eq!(venue.position(), "short 0.1 at 50000");
}

#[test]
fn what_has_filled_stays_filled_when_the_rest_ends() {
    let mut venue = Venue::with(plimsoll_exchange::Settings { spread_ticks: 10, ..Default::default() }, "10000");
    venue.place("buy 0.2");
    let order = venue.place("sell 0.2 at 50000.5 reduce");
    venue.bob("buy 0.05");
    assert_eq!(venue.now(&order).status, OrderStatus::PartiallyFilled);
    venue.place("sell 0.15 reduce");
    let order = venue.now(&order);
    assert_eq!((order.status, order.filled), (OrderStatus::Expired, Some(quantity("0.05"))));
    assert_eq!(venue.position(), "flat");
}

#[test]
fn a_hedge_leg_s_closing_orders_only_reduce() {
    let mut venue = Venue::new().hedge();
    venue.place("buy 0.2 long");
    let order = venue.place("sell 0.2 at 51000 long");
    venue.place("sell 0.15 long");
    assert_eq!(venue.now(&order).quantity, Some(quantity("0.05")));
    venue.tick("51000");
    assert_eq!(venue.leg(PositionSide::Long), "flat");
    assert_eq!(venue.leg(PositionSide::Short), "flat");
}

#[test]
fn small_and_cheap_is_fine_when_it_only_reduces() {
    let mut venue = Venue::new();
    venue.place("buy 0.1");
    venue.place("sell 0.001 at 50100 reduce");
    venue.tick("49000");
    assert_eq!(venue.place("sell 0.001 reduce").status, OrderStatus::Filled);
}
