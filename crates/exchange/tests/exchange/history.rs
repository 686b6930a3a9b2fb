use crate::venue::*;
use plimsoll_domain::{OrderStatus, Timestamp};

#[test]
fn orders_of_the_past_say_what_their_reports_say_oldest_first() {
    let mut venue = Venue::new();
    venue.place("buy 0.1 at 49000");
    venue.place("buy 0.1");
    venue.place("sell 0.1");
    let past: Vec<_> = venue.exchange.order_history(&alice()).collect();
    let placed = venue.exchange.orders(&alice(), &btc());
    assert_eq!(past.iter().map(|it| it.placed()).collect::<Vec<_>>(), placed);
    for (past, placed) in past.iter().zip(&placed) {
        let order = &placed.order;
        assert_eq!(past.number().to_string(), order.order_id.as_str());
        assert_eq!(
            (past.symbol(), past.created(), past.updated()),
            (&order.symbol, placed.created, order.updated.time)
        );
        assert_eq!(
            (past.status(), past.is_filled(), past.cause()),
            (order.status, order.filled.is_some(), placed.cause)
        );
    }
    let filled: Vec<bool> = past.iter().map(|it| it.is_filled()).collect();
    assert_eq!(filled, [false, true, true]);
    assert_eq!(past[0].status(), OrderStatus::New);
}

#[test]
fn fills_are_found_by_their_time_with_both_ends() {
    let mut venue = Venue::new();
    let mut times = Vec::new();
    for price in ["50000", "50010", "50020"] {
        venue.tick(price);
        venue.place("buy 0.1");
        times.push(venue.exchange.now());
    }
    let found = |from: Option<Timestamp>, to: Option<Timestamp>| {
        venue.exchange.fills_between(&alice(), from, to).iter().map(|fill| fill.time).collect::<Vec<_>>()
    };
    assert_eq!(found(None, None), times);
    assert_eq!(found(Some(times[1]), None), times[1..]);
    assert_eq!(found(None, Some(times[1])), times[..2]);
    assert_eq!(found(Some(times[1]), Some(times[1])), [times[1]]);
    assert_eq!(found(Some(times[2]), Some(times[0])), []);
}
