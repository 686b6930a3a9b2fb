use crate::venue::*;
use plimsoll_domain::{MarginMode, Money, Rate, Timestamp};
use plimsoll_exchange::{IncomeKind, Rejection, Tick};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn at(venue: &mut Venue, time: Timestamp, mark: &str) {
    let tick = Tick { symbol: btc(), time, last: price(mark), mark: price(mark), index: None };
    venue.exchange.advance(&tick).unwrap();
}

fn paid(venue: &Venue) -> Vec<String> {
    let rows = venue.exchange.income(&alice()).iter();
    rows.filter(|row| row.kind == IncomeKind::FundingFee).map(|row| row.amount.to_string()).collect()
}

#[test]
fn longs_pay_shorts_at_the_funding_times_and_at_no_other() {
    let mut venue = Venue::new();
    venue.place("buy 0.1");
    venue.bob("sell 0.1");
    at(&mut venue, START.plus(HOUR * 8 - Duration::from_micros(1)), "50000");
    assert!(paid(&venue).is_empty());
    at(&mut venue, START.plus(HOUR * 8), "51000");
    assert_eq!(paid(&venue), ["-0.51"]);
    let bobs = venue.exchange.income(&bob()).iter().find(|row| row.kind == IncomeKind::FundingFee).unwrap();
    assert_eq!(bobs.amount, money("0.51"));
    at(&mut venue, START.plus(HOUR * 8), "52000");
    at(&mut venue, START.plus(HOUR * 9), "52000");
    assert_eq!(paid(&venue).len(), 1);
}

#[test]
fn what_fell_due_between_two_ticks_is_settled_at_the_mark_before() {
    let mut venue = Venue::new();
    venue.place("buy 0.1");
    at(&mut venue, START.plus(HOUR * 25), "60000");
    assert_eq!(paid(&venue), ["-0.5", "-0.5", "-0.5"]);
    let times: Vec<i64> =
        venue.exchange.funding_history(&btc()).iter().map(|funding| funding.time.as_millis()).collect();
    let hours = |hours: u32| START.plus(HOUR * hours).as_millis();
    assert_eq!(times, [hours(8), hours(16), hours(24)]);
    let market = venue.exchange.market(&btc()).unwrap();
    assert_eq!(market.next_funding, START.plus(HOUR * 32));
}

#[test]
fn a_month_of_payments_is_their_sum() {
    let mut venue = Venue::new();
    venue.place("sell 0.1");
    venue.exchange.set_funding_rate(&btc(), "-0.0003".parse().unwrap()).unwrap();
    at(&mut venue, START.plus(HOUR * 24 * 30), "50000");
    let sum: Money = venue
        .exchange
        .income(&alice())
        .iter()
        .filter(|row| row.kind == IncomeKind::FundingFee)
        .map(|row| row.amount)
        .sum();
    assert_eq!(sum, money("-135"));
}

#[test]
fn a_schedule_goes_before_the_standing_rate() {
    let mut venue = Venue::new();
    venue.place("buy 0.1");
    let rate = |text: &str| text.parse::<Rate>().unwrap();
    // Stamped some milliseconds late, as venues do.
    let late = Duration::from_millis(17);
    let schedule = [(START.plus(HOUR * 8 + late), rate("0.001")), (START.plus(HOUR * 24 + late), rate("-0.002"))];
    venue.exchange.schedule_funding(&btc(), schedule).unwrap();
    assert_eq!(venue.exchange.market(&btc()).unwrap().funding_rate, rate("0.001"));
    at(&mut venue, START.plus(HOUR * 24), "50000");
    assert_eq!(paid(&venue), ["-5", "-0.5", "10"]);
}

#[test]
fn a_rate_beyond_the_notional_is_none() {
    let mut venue = Venue::new();
    let rate = Rate::new(rust_decimal::Decimal::TWO);
    assert_eq!(venue.exchange.set_funding_rate(&btc(), rate), Err(Rejection::UnfitRate(rate)));
    assert_eq!(venue.exchange.schedule_funding(&btc(), [(START, rate)]), Err(Rejection::UnfitRate(rate)));
}

#[test]
fn an_isolated_position_pays_from_its_own_margin() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 10);
    venue.place("sell 0.1");
    venue.exchange.set_funding_rate(&btc(), "-0.001".parse().unwrap()).unwrap();
    at(&mut venue, START.plus(HOUR * 8), "50000");
    assert_eq!(venue.report().isolated_margin, Some(money("495")));
    assert_eq!(venue.exchange.account_figures(&alice()).unwrap().cross_wallet, money("9498"));
}

#[test]
fn funding_can_liquidate() {
    let mut venue = Venue::new().set(MarginMode::Isolated, 100);
    venue.place("buy 0.1");
    venue.exchange.set_funding_rate(&btc(), "0.0075".parse().unwrap()).unwrap();
    at(&mut venue, START.plus(HOUR * 8), "50000");
    assert_eq!(venue.position(), "flat");
}

#[test]
fn every_symbol_is_settled_though_only_one_ticks() {
    let mut venue = Venue::new();
    venue.place("buy 1 eth");
    at(&mut venue, START.plus(HOUR * 8), "50000");
    assert_eq!(paid(&venue), ["-0.25"]);
}
