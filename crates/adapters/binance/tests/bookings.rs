//! What is booked beside fills and funding, read from a venue that tells a thousand rows at a time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

#[path = "venue/stage.rs"]
mod stage;

use plimsoll_domain::{AccountId, BookingKind, Decimal, Money};
use plimsoll_ports::Broker;
use stage::Stage;
use std::collections::BTreeSet;
use std::time::Duration;

/// Several of one moment, and more in all than one answer holds.
#[tokio::test]
async fn bookings_beyond_one_answer_are_read_to_the_last() {
    let stage = Stage::new().await;
    stage.skip(Duration::from_secs(60));
    let since = stage.venue.exchange(|exchange| exchange.now());
    let account = AccountId::new("trader");
    for number in 1..=2300_u32 {
        let amount = Money::new(Decimal::new(number.into(), 2));
        stage.venue.exchange(|exchange| exchange.transfer(&account, amount)).unwrap();
        if number % 7 == 0 {
            stage.skip(Duration::from_millis(3));
        }
    }
    let booked = stage.broker.bookings(since).await.unwrap();
    assert!(booked.iter().all(|booking| booking.kind == BookingKind::Transfer && booking.time >= since));
    assert!(booked.is_sorted_by_key(|booking| booking.time));
    let ids: BTreeSet<&str> = booked.iter().map(|booking| booking.id.as_str()).collect();
    assert_eq!((booked.len(), ids.len()), (2300, 2300));
    let sum: Money = booked.iter().map(|booking| booking.amount).sum();
    assert_eq!(sum, "26461.5".parse().unwrap());
}
