use crate::venue::*;
use plimsoll_domain::{Order, OrderStatus, OrderType, PositionSide};
use plimsoll_exchange::{OrderRef, Rejection, Settings};

fn attaching() -> Venue {
    Venue::with(Settings { attaches_stops: true, ..Settings::default() }, "10000")
}

fn carry(venue: &mut Venue, words: &str, stop: &str) -> Result<Order, Rejection> {
    let order = venue.order(words);
    venue.exchange.place_with_stop(&alice(), &order, price(stop))
}

/// What waits for a trigger: which way, of what size, at what price, and whether it may only reduce.
fn waiting(venue: &Venue) -> Vec<String> {
    let waiting = venue.exchange.open_conditionals(&alice()).into_iter().map(|it| it.order);
    let said = |it: Order| {
        assert_eq!(it.order_type, OrderType::StopMarket);
        assert_eq!(it.client_order_id.as_str(), it.order_id.as_str(), "the name is the exchange's own");
        let only = if it.reduce_only { " reduce" } else { "" };
        format!("{} {} {} stop {}{only}", it.side, it.position_side, it.quantity.unwrap(), it.trigger.unwrap())
    };
    waiting.map(said).collect()
}

#[test]
fn what_fills_at_once_has_its_stop_at_once() {
    let mut venue = attaching();
    assert_eq!(carry(&mut venue, "buy 0.1", "49000").unwrap().status, OrderStatus::Filled);
    assert_eq!(waiting(&venue), ["sell both 0.1 stop 49000 reduce"]);
    venue.tick_apart("49000", "49500");
    assert_eq!((venue.position().as_str(), waiting(&venue).len()), ("flat", 0));
}

#[test]
fn a_leg_has_a_stop_of_its_own() {
    let mut venue = attaching().hedge();
    carry(&mut venue, "sell 0.1 short", "51000").unwrap();
    assert_eq!(waiting(&venue), [format!("buy {} 0.1 stop 51000", PositionSide::Short)]);
}

#[test]
fn what_rests_has_its_stop_when_it_fills_and_none_if_it_never_does() {
    let mut venue = attaching();
    let rests = carry(&mut venue, "buy 0.1 at 49500", "49000").unwrap();
    let other = carry(&mut venue, "buy 0.2 at 49400", "48000").unwrap();
    assert!(waiting(&venue).is_empty());
    venue.exchange.cancel(&alice(), &btc(), &OrderRef::Id(other.order_id)).unwrap();
    venue.tick("49500");
    assert_eq!(
        venue.exchange.order(&alice(), &btc(), &OrderRef::Id(rests.order_id)).unwrap().order.status,
        OrderStatus::Filled
    );
    assert_eq!(waiting(&venue), ["sell both 0.1 stop 49000 reduce"]);
}

#[test]
fn what_fills_in_part_has_a_stop_for_that_part_once_the_order_is_done() {
    let mut venue = attaching();
    let rests = carry(&mut venue, "buy 0.3 at 50000", "49000").unwrap();
    venue.bob("sell 0.1 at 50000 ioc");
    assert!(waiting(&venue).is_empty(), "while the rest may fill it is not done");
    venue.exchange.cancel(&alice(), &btc(), &OrderRef::Id(rests.order_id)).unwrap();
    assert_eq!(waiting(&venue), ["sell both 0.1 stop 49000 reduce"]);
}

#[test]
fn a_stop_that_would_fire_when_its_order_fills_is_not_there() {
    let mut venue = attaching();
    carry(&mut venue, "buy 0.1 at 49500", "49000").unwrap();
    venue.tick("48900");
    assert_eq!((venue.position().as_str(), waiting(&venue).len()), ("long 0.1 at 49500", 0));
}

#[test]
fn what_cannot_carry_a_stop_is_refused() {
    let mut venue = attaching();
    venue.place("buy 0.1");
    for words in ["sell 0.1 reduce", "sell all stop 49000", "buy 0.1 stop 51000"] {
        assert_eq!(carry(&mut venue, words, "48000"), Err(Rejection::NothingAttached), "{words}");
    }
    let passed = Rejection::WouldTriggerImmediately { trigger: price("50000"), price: price("50000") };
    assert_eq!(carry(&mut venue, "buy 0.1", "50000"), Err(passed));
    assert!(matches!(carry(&mut venue, "buy 0.1", "49000.01"), Err(Rejection::TickSize { .. })));
    assert_eq!(carry(&mut Venue::new(), "buy 0.1", "49000"), Err(Rejection::NothingAttached));
    assert_eq!(venue.exchange.orders(&alice(), &btc()).len(), 1, "nothing else was taken");
}
