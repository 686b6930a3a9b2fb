use crate::venue::*;
use plimsoll_domain::{Liquidity, MarginMode, OrderStatus, PositionSide};
use plimsoll_exchange::{OrderRef, Rejection};

#[test]
fn a_market_order_takes_the_outside_price_and_pays_the_taker_fee() {
    let mut venue = Venue::new();
    let order = venue.place("buy 0.1");
    assert_eq!(order.status, OrderStatus::Filled);
    assert_eq!(order.average_price, Some(price("50000.1")));
    assert_eq!(venue.position(), "long 0.1 at 50000.1");
    assert_eq!(venue.wallet(), "9997.999996");
    assert_eq!(venue.story(), ["accepted", "filled 0.1 at 50000.1", "trade"]);
    venue.place("sell 0.1");
    assert_eq!(venue.position(), "flat");
    // Profit −0.01, fees 2.000004 and 2.
    assert_eq!(venue.wallet(), "9995.989996");
}

#[test]
fn fills_make_positions() {
    let check = |orders: &[&str], expected: &str| {
        let mut venue = Venue::new();
        for order in orders {
            venue.place(order);
        }
        assert_eq!(venue.position(), expected, "{orders:?}");
    };
    check(&["buy 0.1", "buy 0.1"], "long 0.2 at 50000.1");
    check(&["sell 0.1", "sell 0.2"], "short 0.3 at 50000");
    check(&["buy 0.2", "sell 0.1"], "long 0.1 at 50000.1");
    check(&["buy 0.1", "sell 0.3"], "short 0.2 at 50000");
    check(&["sell 0.1", "buy 0.1"], "flat");
}

#[test]
fn hedge_legs_stand_side_by_side() {
    let mut venue = Venue::new().hedge();
    venue.place("buy 0.2 long");
    venue.place("sell 0.1 short");
    venue.place("sell 0.05 long");
    assert_eq!(venue.leg(PositionSide::Long), "long 0.15 at 50000.1");
    assert_eq!(venue.leg(PositionSide::Short), "short 0.1 at 50000");
    assert_eq!(
        venue.try_place("sell 0.2 long"),
        Err(Rejection::ReduceOnlyRejected { reducible: Some(quantity("0.15")) })
    );
}

#[test]
fn a_position_side_must_go_with_the_mode() {
    let check = |venue: &mut Venue, words: &str| {
        assert!(matches!(venue.try_place(words), Err(Rejection::PositionSideMismatch { .. })), "{words}");
    };
    check(&mut Venue::new(), "buy 0.1 long");
    check(&mut Venue::new().hedge(), "buy 0.1");
    check(&mut Venue::new().hedge(), "buy all stop 51000 long");
}

#[test]
fn a_resting_limit_fills_at_its_price_as_maker_when_touched() {
    let check = |order: &str, before: &str, touching: &str, filled_at: &str| {
        let mut venue = Venue::new();
        let order = venue.place(order);
        assert_eq!(order.status, OrderStatus::New);
        venue.tick(before);
        assert_eq!(venue.now(&order).status, OrderStatus::New);
        venue.tick(touching);
        let order = venue.now(&order);
        assert_eq!((order.status, order.average_price), (OrderStatus::Filled, Some(price(filled_at))));
        let symbol = btc();
        let alice = alice();
        let fill = venue.exchange.fills(&alice, &symbol).next().unwrap();
        assert_eq!(fill.liquidity, Some(Liquidity::Maker));
        assert_eq!(fill.fee, fill.quantity * fill.price * plimsoll_exchange::listings::btc_usdt().fees.maker);
    };
    check("buy 0.1 at 49000", "49000.1", "49000", "49000");
    check("buy 0.1 at 49000", "49000.1", "48000", "49000");
    check("sell 0.1 at 51000", "50999.9", "51000", "51000");
    check("sell 0.1 at 51000", "50999.9", "51500", "51000");
}

#[test]
fn a_limit_that_reaches_the_market_takes_at_the_better_price() {
    let mut venue = Venue::new();
    assert_eq!(venue.place("buy 0.1 at 50100").average_price, Some(price("50000.1")));
    assert_eq!(venue.place("sell 0.1 at 49900").average_price, Some(price("50000")));
}

#[test]
fn times_in_force() {
    let check = |words: &str, status: OrderStatus| {
        assert_eq!(Venue::new().place(words).status, status, "{words}");
    };
    check("buy 0.1 at 50000.1 ioc", OrderStatus::Filled);
    check("buy 0.1 at 50000 ioc", OrderStatus::Expired);
    check("buy 0.1 at 50000.1 fok", OrderStatus::Filled);
    check("buy 0.1 at 50000 post_only", OrderStatus::New);
    let mut venue = Venue::new();
    assert_eq!(
        venue.try_place("buy 0.1 at 50000 fok"),
        Err(Rejection::FokNotFilled { fillable: None, quantity: quantity("0.1") })
    );
    assert_eq!(
        venue.try_place("buy 0.1 at 50000.1 post_only"),
        Err(Rejection::WouldTakeLiquidity { price: price("50000.1"), counter: price("50000.1") })
    );
    assert!(matches!(venue.try_place("buy 0.1 at 49000 gtd"), Err(Rejection::TimeInForceNotOffered(_))));
    assert!(venue.exchange.open_orders(&alice()).is_empty());
}

#[test]
fn accounts_trade_with_each_other_in_price_time_priority() {
    let mut venue = Venue::with(plimsoll_exchange::Settings { spread_ticks: 10, ..Default::default() }, "10000");
    let late = venue.bob("sell 0.1 at 50000.6");
    let first = venue.bob("sell 0.1 at 50000.5");
    let second = venue.bob("sell 0.1 at 50000.5");
    let order = venue.place("buy 0.15");
    assert_eq!(order.average_price, Some(price("50000.5")));
    assert_eq!(venue.now(&first).status, OrderStatus::Filled);
    assert_eq!(venue.now(&second).status, OrderStatus::PartiallyFilled);
    assert_eq!(venue.now(&late).status, OrderStatus::New);
    assert_eq!(venue.bobs_position(), "short 0.15 at 50000.5");
    // The rest of the book, then the outside market.
    let order = venue.place("buy 0.25");
    assert_eq!(order.status, OrderStatus::Filled);
    assert_eq!(venue.now(&late).status, OrderStatus::Filled);
    assert_eq!(order.average_price, Some(price("50000.74")));
}

#[test]
fn a_fill_or_kill_counts_what_rests() {
    let mut venue = Venue::with(plimsoll_exchange::Settings { spread_ticks: 10, ..Default::default() }, "10000");
    venue.bob("sell 0.1 at 50000.5");
    assert_eq!(
        venue.try_place("buy 0.2 at 50000.5 fok"),
        Err(Rejection::FokNotFilled { fillable: Some(quantity("0.1")), quantity: quantity("0.2") })
    );
    assert_eq!(venue.place("buy 0.1 at 50000.5 fok").status, OrderStatus::Filled);
}

#[test]
fn what_matching_refuses_may_be_accepted_and_expire() {
    let settings = plimsoll_exchange::Settings { expires_unmatched: true, ..Default::default() };
    let mut venue = Venue::with(settings, "10000");
    assert_eq!(venue.place("buy 0.1 at 50000.1 post_only").status, OrderStatus::Expired);
    assert_eq!(venue.story(), ["accepted", "expired WouldTakeLiquidity"]);
    assert_eq!(venue.place("buy 0.1 at 50000 fok").status, OrderStatus::Expired);
    assert_eq!(venue.story(), ["accepted", "expired ImmediateOrCancel"]);
    assert_eq!(venue.place("buy 0.1 at 50000 post_only").status, OrderStatus::New);
    assert_eq!((venue.position().as_str(), venue.wallet().as_str()), ("flat", "10000"));
}

#[test]
fn an_account_never_trades_with_itself() {
    let mut venue = Venue::with(plimsoll_exchange::Settings { spread_ticks: 10, ..Default::default() }, "10000");
    let resting = venue.place("sell 0.1 at 50000.5");
    venue.story();
    venue.place("buy 0.1");
    assert_eq!(venue.now(&resting).status, OrderStatus::Expired);
    assert_eq!(venue.story(), ["accepted", "expired SelfTrade", "filled 0.1 at 50001", "trade"]);
}

#[test]
fn the_book_is_quoted() {
    let mut venue = Venue::with(plimsoll_exchange::Settings { spread_ticks: 10, ..Default::default() }, "10000");
    let best = |venue: &Venue| {
        let quotes = venue.exchange.quotes(&btc()).unwrap();
        (quotes.bid.unwrap().0.to_string(), quotes.ask.unwrap().0.to_string())
    };
    assert_eq!(best(&venue), ("50000".to_owned(), "50001".to_owned()));
    venue.place("sell 0.1 at 50000.8");
    venue.place("buy 0.1 at 50000.3");
    assert_eq!(best(&venue), ("50000.3".to_owned(), "50000.8".to_owned()));
}

#[test]
fn an_amended_order_loses_its_place_and_keeps_its_name() {
    let mut venue = Venue::new();
    let order = venue.place("buy 0.1 at 49000");
    let by_name = OrderRef::Client(order.client_order_id.clone());
    let amend = |venue: &mut Venue, size: &str, at: &str| {
        venue.exchange.amend(&alice(), &btc(), &by_name, quantity(size), price(at))
    };
    assert_eq!(amend(&mut venue, "0.1", "49000"), Err(Rejection::NoChange));
    assert!(matches!(amend(&mut venue, "0.1", "49000.05"), Err(Rejection::TickSize { .. })));
    let amended = amend(&mut venue, "0.2", "48000").unwrap();
    assert_eq!(amended.order_id, order.order_id);
    assert_eq!(venue.story(), ["accepted", "amended to 0.2"]);
    venue.tick("48500");
    assert_eq!(venue.now(&order).status, OrderStatus::New);
    // A price beyond the market takes.
    let amended = amend(&mut venue, "0.2", "48600").unwrap();
    assert_eq!((amended.status, amended.average_price), (OrderStatus::Filled, Some(price("48500.1"))));
}

#[test]
fn an_amendment_needs_the_margin_of_the_difference_only() {
    let mut venue = Venue::new().set(MarginMode::Cross, 1);
    let order = venue.place("buy 0.19 at 49000");
    let which = OrderRef::Id(order.order_id);
    let amended = venue.exchange.amend(&alice(), &btc(), &which, quantity("0.2"), price("49000")).unwrap();
    assert_eq!(amended.quantity, Some(quantity("0.2")));
    let refused = venue.exchange.amend(&alice(), &btc(), &which, quantity("0.21"), price("49000"));
    assert!(matches!(refused, Err(Rejection::InsufficientMargin { .. })));
}

#[test]
fn cancelling_ends_what_rests() {
    let mut venue = Venue::new();
    let one = venue.place("buy 0.1 at 49000");
    let other = venue.place("buy 0.1 at 48000");
    let which = OrderRef::Id(one.order_id.clone());
    assert_eq!(venue.exchange.cancel(&alice(), &btc(), &which).unwrap().status, OrderStatus::Canceled);
    assert_eq!(venue.exchange.cancel(&alice(), &btc(), &which), Err(Rejection::UnknownOrder));
    assert_eq!(venue.exchange.cancel(&bob(), &btc(), &OrderRef::Id(other.order_id)), Err(Rejection::UnknownOrder));
    assert_eq!(venue.exchange.cancel_all(&alice(), &btc()).unwrap().len(), 1);
    venue.tick("47000");
    assert_eq!(venue.position(), "flat");
}

#[test]
fn a_client_order_id_is_unique_among_open_orders() {
    let mut venue = Venue::new();
    let order = venue.order("buy 0.1 at 49000");
    venue.send(&alice(), order.clone()).unwrap();
    assert_eq!(venue.send(&alice(), order.clone()), Err(Rejection::DuplicateClientOrderId));
    venue.send(&bob(), order.clone()).unwrap();
    venue.exchange.cancel_all(&alice(), &btc()).unwrap();
    venue.send(&alice(), order).unwrap();
}

#[test]
fn open_orders_hold_margin_and_the_larger_side_counts() {
    let check = |orders: &[&str], available: &str| {
        let mut venue = Venue::new().set(MarginMode::Cross, 10);
        for order in orders {
            venue.place(order);
        }
        assert_eq!(venue.available(), available, "{orders:?}");
    };
    check(&["buy 0.1 at 49000"], "9510");
    check(&["buy 0.1 at 49000", "sell 0.05 at 51000"], "9510");
    check(&["buy 0.1 at 49000", "sell 0.2 at 51000"], "8980");
    // Position margin 500 at the mark, loss 0.01 and fee 2.000004; the sell only closes.
    check(&["buy 0.1", "sell 0.1 at 51000"], "9497.989996");
    check(&["buy 0.1", "sell 0.1 at 51000", "buy 0.1 at 49000"], "9007.989996");
}

#[test]
fn a_resting_order_whose_margin_is_gone_expires_instead_of_filling() {
    let mut venue = Venue::new().set(MarginMode::Cross, 10);
    venue.place("buy 1");
    let order = venue.place("buy 0.8 at 47600");
    venue.story();
    venue.tick("47600");
    assert_eq!(venue.now(&order).status, OrderStatus::Expired);
    assert_eq!(venue.story(), ["expired InsufficientMargin"]);
    assert_eq!(venue.position(), "long 1 at 50000.1");
}

#[test]
fn another_order_never_sets_margin_free() {
    let mut venue = Venue::new().set(MarginMode::Cross, 10);
    venue.tick_apart("50000", "49000");
    // A tenth of 4,990, and 90 that it would lose at once.
    venue.place("buy 0.1 at 49900");
    assert_eq!(venue.available(), "9411");
    venue.place("sell 0.1 at 51000");
    assert_eq!(venue.available(), "9411");
}

#[test]
fn the_largest_position_holds_for_the_side_that_takes_less_margin_too() {
    let mut venue = Venue::with(plimsoll_exchange::Settings::default(), "1000000").set(MarginMode::Cross, 125);
    venue.tick_apart("50000", "49000");
    venue.place("buy 0.9 at 49900");
    assert!(matches!(venue.try_place("sell 1 at 51000"), Err(Rejection::MaxPositionAtLeverage { .. })));
}

#[test]
fn a_fill_or_kill_does_not_count_what_would_expire_instead_of_filling() {
    let mut venue = Venue::with(plimsoll_exchange::Settings { spread_ticks: 10, ..Default::default() }, "10000");
    venue.bob("buy 70 eth");
    let resting = venue.bob("sell 0.3 at 50000.5");
    venue.tick_ether("2480");
    assert_eq!(
        venue.try_place("buy 0.3 at 50000.5 fok"),
        Err(Rejection::FokNotFilled { fillable: None, quantity: quantity("0.3") })
    );
    assert_eq!(venue.now(&resting).status, OrderStatus::New);
}
