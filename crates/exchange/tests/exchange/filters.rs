use crate::venue::*;
use plimsoll_domain::MarginMode;
use plimsoll_exchange::Rejection;

#[test]
fn an_order_must_fit_its_contract() {
    let check = |words: &str, expected: &str| {
        let refused = Venue::new().try_place(words).unwrap_err();
        assert_eq!(refused.to_string(), expected, "{words}");
    };
    check("buy 0.1 at 49000.05", "price 49000.05 is not a multiple of the tick 0.1");
    check("buy 0.1 stop 51000.05", "price 51000.05 is not a multiple of the tick 0.1");
    check("buy 0.0015", "size 0.0015 is not a multiple of the lot 0.001");
    check("buy 121", "size 121 is above the largest of 120");
    check("buy 1001 at 49000", "size 1001 is above the largest of 1000");
    check("buy 0.001 at 49000", "notional 49 is below the smallest of 50");
    check("buy 0.001 stop 2600 eth", "notional 2.6 is below the smallest of 20");
}

#[test]
fn a_limit_stays_within_the_band_of_the_mark() {
    let mut venue = Venue::new();
    assert_eq!(
        venue.try_place("buy 0.1 at 52500.1"),
        Err(Rejection::PriceBand { price: price("52500.1"), limit: price("52500") })
    );
    assert_eq!(
        venue.try_place("sell 0.1 at 47499.9"),
        Err(Rejection::PriceBand { price: price("47499.9"), limit: price("47500") })
    );
    // Far on the resting side is no matter.
    venue.place("buy 0.1 at 20000");
    venue.place("sell 0.1 at 90000");
}

#[test]
fn a_market_order_is_refused_where_the_last_price_has_left_the_mark() {
    let mut venue = Venue::new();
    venue.place("buy 0.1");
    venue.tick_apart("53000", "50000");
    assert!(matches!(venue.try_place("buy 0.1"), Err(Rejection::PriceBand { .. })));
    // Closing is never refused for that.
    venue.tick_apart("47000", "50000");
    venue.place("sell 0.1 reduce");
    assert_eq!(venue.position(), "flat");
}

#[test]
fn margin_and_fees_must_be_there() {
    let mut venue = Venue::new().set(MarginMode::Cross, 1);
    // 0.2 × 50,000.1 = 10,000.02, open loss 0.02, fee 4.000008.
    assert_eq!(
        venue.try_place("buy 0.2"),
        Err(Rejection::InsufficientMargin { required: money("10004.040008"), available: money("10000") })
    );
    venue.place("buy 0.199");
    assert!(matches!(venue.try_place("buy 0.002 at 49000"), Err(Rejection::InsufficientMargin { .. })));
    // Turning the position around needs no more than it has.
    venue.place("sell 0.398");
    assert_eq!(venue.position(), "short 0.199 at 50000");
}

#[test]
fn a_plain_close_needs_no_margin_even_below_the_mark() {
    let mut venue = Venue::new().set(MarginMode::Cross, 1);
    venue.place("buy 0.199");
    venue.tick_apart("49000", "50000");
    venue.place("sell 0.199");
    assert_eq!(venue.position(), "flat");
}

#[test]
fn a_position_may_not_outgrow_its_leverage() {
    let mut venue = Venue::with(plimsoll_exchange::Settings::default(), "1000000").set(MarginMode::Cross, 125);
    assert_eq!(
        venue.try_place("buy 1.001 at 49999"),
        Err(Rejection::MaxPositionAtLeverage {
            notional: money("50048.999"),
            max: money("50000"),
            leverage: leverage(125)
        })
    );
    venue.place("buy 0.5 at 49999");
    assert!(matches!(venue.try_place("buy 0.6 at 49999"), Err(Rejection::MaxPositionAtLeverage { .. })));
}

#[test]
fn unknown_names_are_refused() {
    let mut venue = Venue::new();
    let order = venue.order("buy 0.1");
    assert_eq!(venue.send(&plimsoll_domain::AccountId::new("carol"), order.clone()), Err(Rejection::UnknownAccount));
    let symbol = "XRP/USDT:USDT".parse().unwrap();
    assert_eq!(venue.send(&alice(), plimsoll_domain::NewOrder { symbol, ..order }), Err(Rejection::UnknownSymbol));
    assert_eq!(venue.try_place("buy all"), Err(Rejection::ClosePositionNeedsTrigger));
}
