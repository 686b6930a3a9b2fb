//! What a venue's face may have its exchange do: count the fee of closing, let client order ids repeat, number orders.

use crate::venue::*;
use plimsoll_domain::liquidation::{self, Leg};
use plimsoll_domain::{Direction, MarginMode, MarginTiers, Money, OrderId, Price, Rate, Rounding};
use plimsoll_exchange::{Exchange, OrderRef, Rejection, Settings, Tick, listings};
use rust_decimal_macros::dec;
use std::time::Duration;

fn counting() -> Settings {
    Settings { counts_closing_fee: true, ..Settings::default() }
}

#[test]
fn opening_takes_the_fee_of_closing_beside_the_leverage_s_share() {
    let mut venue = Venue::with(counting(), "10000").set(MarginMode::Isolated, 10);
    venue.place("sell 0.1");
    let report = venue.report();
    // 0.1 at 50,000: 500, and 0.04 % of 5,000.
    assert_eq!(report.isolated_margin, Some(money("502")));
    // 0.4 % of 5,000, and 2.
    assert_eq!(report.maintenance_margin, Some(money("22")));
    // 10,000 − 502 − 2 for opening.
    assert_eq!(venue.available(), "9496");
    assert_eq!(venue.place("buy 0.05").filled, Some(quantity("0.05")));
    assert_eq!(venue.report().isolated_margin, Some(money("251")));
}

#[test]
fn it_is_refused_what_it_could_not_keep_with_the_fee() {
    let without = Venue::new().set(MarginMode::Isolated, 10).place("buy 1.98 at 50000 gtc");
    assert_eq!(without.quantity, Some(quantity("1.98")));
    let refused = Venue::with(counting(), "10000").set(MarginMode::Isolated, 10).try_place("buy 1.99 at 50000 gtc");
    assert!(matches!(refused, Err(Rejection::InsufficientMargin { .. })), "{refused:?}");
}

#[test]
fn liquidation_comes_where_the_requirement_with_the_fee_is_met() {
    for (mode, words, times) in [
        (MarginMode::Isolated, "buy 0.5", 5),
        (MarginMode::Isolated, "sell 0.5", 5),
        (MarginMode::Cross, "buy 2", 20),
        (MarginMode::Cross, "sell 2", 20),
    ] {
        let mut venue = Venue::with(counting(), "20000").set(mode, times);
        venue.place(words);
        let report = venue.report();
        let position = report.position.unwrap();
        let figures = venue.exchange.account_figures(&alice()).unwrap();
        let backing = report.isolated_margin.unwrap_or(figures.cross_wallet);
        let (tiers, fee) = (listings::btc_usdt().tiers, listings::btc_usdt().fees.taker);
        let bounds = liquidation::isolated(Leg { position, tiers: &tiers }, backing, fee, None).bounds().unwrap();
        let exact = bounds.below.or(bounds.above).unwrap();
        assert_eq!(report.liquidation_price, Some(exact), "{words}");
        let (rounding, sign) = match position.direction {
            Direction::Long => (Rounding::Down, dec!(1)),
            Direction::Short => (Rounding::Up, dec!(-1)),
        };
        let due = exact.round(listings::btc_usdt().tick, rounding).unwrap();
        let safe = Price::new(due.get() + sign * dec!(0.1)).unwrap();
        venue.tick(&safe.to_string());
        assert_eq!(venue.report().position, Some(position), "{words} at {safe}");
        venue.tick(&due.to_string());
        assert_eq!(venue.position(), "flat", "{words} at {due}");
    }
}

#[test]
fn a_cross_account_of_two_symbols_falls_when_both_requirements_are_met() {
    let mut venue = Venue::with(counting(), "2000");
    venue.place("buy 0.2");
    venue.place("buy 4 eth");
    let bound = venue.report().liquidation_price.unwrap();
    venue.tick(&(bound.get() + dec!(0.01)).to_string());
    assert_ne!(venue.position(), "flat");
    venue.tick(&bound.to_string());
    assert_eq!(venue.position(), "flat");
}

/// Positions as accounts of the venue have shown them, and the liquidation prices that it told of them.
#[test]
fn gate_io_s_own_liquidation_prices_come_out() {
    // size, entry, leverage, added, maintenance rate, told
    for (size, entry, times, added, rate, places, told) in [
        ("0.01", dec!(1203.45), 5, dec!(3), dec!(0.005), 2, dec!(665.69)),
        ("20", dec!(0.79271), 20, dec!(0), dec!(0.025), 5, dec!(0.77237)),
    ] {
        let mut contract = listings::gateio::eth_usdt();
        contract.lot = plimsoll_domain::Step::new(dec!(0.01)).unwrap();
        contract.tick = plimsoll_domain::Step::new(dec!(0.00001)).unwrap();
        contract.tiers = MarginTiers::single(Rate::new(rate), Money::ZERO, leverage(50)).unwrap();
        let settings = Settings { spread_ticks: 0, ..counting() };
        let mut exchange = Exchange::with_settings(START, settings);
        exchange.list(contract.clone(), Price::new(entry).unwrap()).unwrap();
        exchange.open_account(alice(), money("1000")).unwrap();
        exchange.set_margin_mode(&alice(), &contract.symbol, MarginMode::Isolated).unwrap();
        exchange.set_leverage(&alice(), &contract.symbol, leverage(times)).unwrap();
        let mut order = Venue::new().order("buy 1 eth");
        order.size = plimsoll_domain::OrderSize::Quantity(quantity(size));
        exchange.place(&alice(), &order).unwrap();
        if !added.is_zero() {
            let side = plimsoll_domain::PositionSide::Both;
            exchange.adjust_isolated_margin(&alice(), &contract.symbol, side, Money::new(added)).unwrap();
        }
        let found = exchange.positions(&alice())[0].liquidation_price.unwrap();
        assert_eq!(found.get().round_dp(places), told);
        let tick = Tick::at(contract.symbol.clone(), START.plus(Duration::from_secs(1)), found);
        exchange.advance(&tick).unwrap();
        assert!(exchange.positions(&alice()).is_empty());
    }
}

#[test]
fn client_ids_may_repeat_and_mean_the_newest_order_then() {
    let mut venue = Venue::with(Settings { repeats_client_ids: true, ..Settings::default() }, "10000");
    let first = venue.order("buy 0.1 at 49000 gtc");
    let second = plimsoll_domain::NewOrder {
        client_order_id: first.client_order_id.clone(),
        ..venue.order("buy 0.1 at 49100 gtc")
    };
    let one = venue.exchange.place(&alice(), &first).unwrap();
    let other = venue.exchange.place(&alice(), &second).unwrap();
    let named = |venue: &Venue| {
        let which = OrderRef::Client(first.client_order_id.clone());
        venue.exchange.order(&alice(), &btc(), &which).unwrap().order.order_id
    };
    assert_eq!(named(&venue), other.order_id);
    venue.exchange.cancel(&alice(), &btc(), &OrderRef::Id(other.order_id.clone())).unwrap();
    assert_eq!((named(&venue), venue.exchange.open_orders(&alice()).len()), (other.order_id, 1));
    assert_eq!(venue.exchange.open_orders(&alice())[0].order.order_id, one.order_id);
}

#[test]
fn orders_are_numbered_from_where_it_is_said_until_there_are_any() {
    let mut venue = Venue::new();
    venue.exchange.adopt(true, true, 9_007_199_254_740_993);
    let order = venue.place("buy 0.1 at 49000 gtc");
    assert_eq!(order.order_id, OrderId::new("9007199254740993"));
    assert!(venue.exchange.settings().counts_closing_fee && venue.exchange.settings().repeats_client_ids);
    venue.exchange.adopt(false, false, 1);
    assert!(venue.exchange.settings().counts_closing_fee, "an exchange that has had orders stays as it is");
    assert_eq!(venue.place("buy 0.1 at 49000 gtc").order_id, OrderId::new("9007199254740994"));
    assert!(venue.exchange.cancel(&alice(), &btc(), &OrderRef::Id(order.order_id)).is_ok());
}
