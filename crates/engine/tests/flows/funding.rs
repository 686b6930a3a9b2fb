use crate::desk::{desk, long};
use crate::venue::{btc, money, price, size};
use plimsoll_ports::domain::{Direction, Position};

#[tokio::test]
async fn a_day_costs_by_the_true_interval() {
    let desk = desk();
    let position = Position { direction: Direction::Long, quantity: size("1"), entry: price("50000") };
    let cost = desk.manager.funding().cost(&btc(), position).await.unwrap();
    assert_eq!((cost.next_payment, cost.per_day, cost.interval_hours), (money("5"), money("15"), 8));
    assert_eq!(cost.annualised, "0.1095".parse().unwrap());
}

#[tokio::test]
async fn a_booking_is_recorded_once_beside_what_our_formula_gives() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.pay_funding(&btc(), "F1", "0.25");
    let recording = desk.manager.funding().record(None).await.unwrap();
    let record = &recording.new[0];
    assert_eq!((record.payment, record.expected), (money("0.25"), Some(money("0.25"))));
    assert_eq!((record.quantity, record.mark_price), (Some(size("0.05")), Some(price("50000"))));
    assert!(recording.differences.is_empty());
    assert!(desk.manager.funding().record(None).await.unwrap().new.is_empty());
    assert_eq!(desk.manager.funding().booked(Some(&btc()), 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_booking_that_differs_from_the_formula_is_an_event() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.pay_funding(&btc(), "F1", "0.26");
    let report = desk.manager.monitor().await.unwrap();
    assert_eq!(report.funding.differences[0].expected, money("0.25"));
    let event = &desk.store.events("funding_difference")[0];
    assert_eq!((event.figure, event.limit), (Some(money("0.26").get()), Some(money("0.25").get())));
}

#[tokio::test]
async fn rates_that_settled_are_listed() {
    let desk = desk();
    desk.open(&long()).await.unwrap();
    desk.venue.pay_funding(&btc(), "F1", "0.25");
    let settled = desk.manager.funding().history(&btc(), 1).await.unwrap();
    assert_eq!(settled.len(), 1);
    assert_eq!(desk.manager.funding().current(&btc()).await.unwrap().rate, settled[0].rate);
}
