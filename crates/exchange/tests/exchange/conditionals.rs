use crate::venue::*;
use plimsoll_domain::{Order, OrderStatus, OrderType, PositionSide};
use plimsoll_exchange::{ConditionalStatus, OrderRef, Rejection};

fn conditional(venue: &Venue, order: &Order) -> plimsoll_exchange::ConditionalOrder {
    venue.exchange.conditional(&alice(), &OrderRef::Id(order.order_id.clone())).unwrap()
}

#[test]
fn a_stop_fires_when_the_price_moves_against_it_and_a_take_profit_the_other_way() {
    let check = |before: &str, words: &str, quiet: &str, firing: &str| {
        let mut venue = Venue::new();
        venue.place(before);
        let order = venue.place(words);
        venue.tick(quiet);
        assert_eq!(conditional(&venue, &order).status, ConditionalStatus::New, "{words} at {quiet}");
        venue.tick(firing);
        assert_eq!(conditional(&venue, &order).status, ConditionalStatus::Finished, "{words} at {firing}");
        assert_eq!(venue.position(), "flat", "{words}");
    };
    check("buy 0.1", "sell all stop 49000", "49000.1", "49000");
    check("buy 0.1", "sell 0.1 stop 49000 reduce", "49000.1", "48900");
    check("buy 0.1", "sell all take 51000", "50999.9", "51000");
    check("sell 0.1", "buy all stop 51000", "50999.9", "51000");
    check("sell 0.1", "buy all take 49000", "49000.1", "49000");
}

#[test]
fn the_watched_price_decides() {
    let mut venue = Venue::new();
    venue.place("buy 0.2");
    let on_mark = venue.place("sell 0.1 stop 49000 mark");
    let on_last = venue.place("sell 0.1 stop 49000 last");
    venue.tick_apart("48900", "49100");
    assert_eq!(conditional(&venue, &on_mark).status, ConditionalStatus::New);
    assert_eq!(conditional(&venue, &on_last).status, ConditionalStatus::Finished);
    venue.tick_apart("49100", "49000");
    assert_eq!(conditional(&venue, &on_mark).status, ConditionalStatus::Finished);
}

#[test]
fn a_trigger_tells_its_story_in_order() {
    let mut venue = Venue::new();
    venue.place("buy 0.1");
    let stop = venue.place("sell all stop 49000");
    assert_eq!(stop.order_type, OrderType::StopMarket);
    venue.story();
    venue.tick("48950");
    assert_eq!(venue.story(), ["triggering", "triggered", "accepted", "filled 0.1 at 48950", "trade", "finished"]);
    let stop = conditional(&venue, &stop);
    let child = stop.child.unwrap();
    let child = venue.exchange.order(&alice(), &btc(), &OrderRef::Id(child)).unwrap();
    assert_eq!(child.parent, Some(stop.order.order_id.clone()));
    assert_eq!((child.order.order_type, child.original_type), (OrderType::Market, OrderType::StopMarket));
    assert_eq!(child.order.client_order_id, stop.order.client_order_id);
    assert_eq!(stop.order.average_price, Some(price("48950")));
    assert_eq!(stop.order.status, OrderStatus::Filled);
}

#[test]
fn the_id_spaces_are_apart() {
    let mut venue = Venue::new();
    let stop = venue.place("buy 0.1 stop 51000");
    let which = OrderRef::Id(stop.order_id.clone());
    assert_eq!(venue.exchange.order(&alice(), &btc(), &which), None);
    assert_eq!(venue.exchange.cancel(&alice(), &btc(), &which), Err(Rejection::UnknownOrder));
    assert!(venue.exchange.open_orders(&alice()).is_empty());
    assert!(venue.exchange.cancel_all(&alice(), &btc()).unwrap().is_empty());
    assert_eq!(venue.exchange.open_conditionals(&alice()).len(), 1);
    assert_eq!(venue.exchange.cancel_conditional(&alice(), &which).unwrap().status, ConditionalStatus::Canceled);
    assert_eq!(venue.exchange.cancel_conditional(&alice(), &which), Err(Rejection::UnknownOrder));
}

#[test]
fn a_trigger_that_is_passed_already_is_refused() {
    let check = |words: &str| {
        assert!(matches!(Venue::new().try_place(words), Err(Rejection::WouldTriggerImmediately { .. })), "{words}");
    };
    check("sell 0.1 stop 50000");
    check("sell 0.1 take 49000");
    check("buy 0.1 stop 49000");
    check("buy 0.1 take 50000");
}

#[test]
fn no_margin_is_needed_until_the_trigger_and_then_it_is() {
    let mut venue = Venue::new();
    let stop = venue.place("buy 10 stop 51000");
    assert_eq!(venue.available(), "10000");
    venue.story();
    venue.tick("51000");
    assert_eq!(venue.story(), ["triggering", "rejected"]);
    let stop = conditional(&venue, &stop);
    assert!(matches!(stop.refusal, Some(Rejection::InsufficientMargin { .. })));
    assert_eq!((stop.status, stop.child), (ConditionalStatus::Rejected, None));
}

#[test]
fn one_that_reduces_is_rejected_when_nothing_is_left() {
    let check = |words: &str| {
        let mut venue = Venue::new();
        venue.place("buy 0.1");
        let stop = venue.place(words);
        venue.place("sell 0.1");
        venue.tick("48000");
        let stop = conditional(&venue, &stop);
        assert_eq!(stop.refusal, Some(Rejection::ReduceOnlyRejected { reducible: None }), "{words}");
        assert_eq!(venue.position(), "flat");
    };
    check("sell 0.1 stop 49000 reduce");
    check("sell all stop 49000");
}

#[test]
fn close_position_closes_what_is_held_when_it_fires() {
    let mut venue = Venue::new().hedge();
    venue.place("buy 0.1 long");
    venue.place("sell all stop 49000 long");
    venue.place("buy 0.2 long");
    venue.tick("49000");
    assert_eq!(venue.leg(PositionSide::Long), "flat");
}

#[test]
fn those_of_one_tick_fire_in_the_order_in_which_they_were_stored() {
    let mut venue = Venue::new();
    venue.place("buy 0.1");
    let first = venue.place("sell 0.1 stop 48000 reduce");
    let second = venue.place("sell 0.1 stop 49000 reduce");
    venue.tick("47000");
    assert_eq!(conditional(&venue, &first).status, ConditionalStatus::Finished);
    assert_eq!(conditional(&venue, &second).status, ConditionalStatus::Rejected);
}

#[test]
fn a_child_leaves_an_open_order_its_name() {
    let mut venue = Venue::new();
    venue.place("buy 0.1");
    let resting = venue.place("buy 0.1 at 49000");
    let mut stop = venue.order("sell 0.05 stop 49500 reduce");
    stop.client_order_id = resting.client_order_id.clone();
    let stop = venue.send(&alice(), stop).unwrap();
    venue.tick("49400");
    assert_eq!(conditional(&venue, &stop).status, ConditionalStatus::Finished);
    let by_name = OrderRef::Client(resting.client_order_id.clone());
    assert_eq!(venue.exchange.cancel(&alice(), &btc(), &by_name).unwrap().order_id, resting.order_id);
}

#[test]
fn a_changed_trigger_keeps_its_id_and_is_the_one_that_fires() {
    let mut venue = Venue::new();
    venue.place("buy 0.2");
    let stop = venue.place("sell 0.1 stop 49000");
    let id = OrderRef::Id(stop.order_id.clone());
    let size = |text: &str| plimsoll_domain::OrderSize::Quantity(quantity(text));
    let mut amend = |trigger: &str, to: &str| venue.exchange.amend_conditional(&alice(), &id, price(trigger), size(to));
    assert!(matches!(amend("50500", "0.1"), Err(Rejection::WouldTriggerImmediately { .. })));
    assert!(matches!(amend("48000.05", "0.1"), Err(Rejection::TickSize { .. })));
    let amended = amend("48000", "0.15").unwrap();
    assert_eq!((amended.order.order_id, amended.order.trigger), (stop.order_id.clone(), Some(price("48000"))));
    venue.tick("48500");
    assert_eq!(conditional(&venue, &stop).status, ConditionalStatus::New);
    venue.tick("48000");
    assert_eq!(conditional(&venue, &stop).status, ConditionalStatus::Finished);
    assert_eq!(venue.position(), "long 0.05 at 50000.1");
    let late = venue.exchange.amend_conditional(&alice(), &OrderRef::Id(stop.order_id), price("47000"), size("0.1"));
    assert_eq!(late, Err(Rejection::UnknownOrder));
}
