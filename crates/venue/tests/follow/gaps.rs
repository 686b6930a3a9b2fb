//! What a stream did not tell is read, and told once.

use crate::scene::{START, Source, Venue, fill, is_connected, next, source, symbol, welcoming, why};
use plimsoll_domain::{AccountEvent, Fill, Timestamp};
use plimsoll_ports::StreamItem;
use plimsoll_venue::{AccountFollower, FollowSettings};
use std::collections::BTreeSet;
use std::sync::Arc;

#[tokio::test]
async fn after_a_gap_the_fills_in_it_are_told_once_and_in_order() {
    let venue = Venue::start(|connection, text| match (connection, text) {
        (0, "give extras") => vec!["subscribed extras", "fill 1"],
        _ => welcoming(text),
    })
    .await;
    let source = source(&venue);
    let asked = Arc::clone(&source.asked);
    let mut stream = AccountFollower::open(source);
    is_connected(&mut stream).await;
    assert_eq!(next(&mut stream).await, StreamItem::Event(AccountEvent::Fill(fill("1", 10))));
    venue.hang_up.notify_one();
    why(&mut stream).await;
    is_connected(&mut stream).await;
    for (number, seconds) in [("2", 11), ("3", 12)] {
        assert_eq!(next(&mut stream).await, StreamItem::Event(AccountEvent::Fill(fill(number, seconds))));
    }
    // Everything since the first snapshot.
    assert_eq!(asked.lock().unwrap()[..], [(START, BTreeSet::from([symbol()]))]);
}

#[tokio::test]
async fn a_trade_whose_message_is_lost_is_told_after_the_next_gap_however_much_was_told_since() {
    let venue = Venue::start(|connection, text| match (connection, text) {
        (0, "give extras") => vec!["subscribed extras", "fill 1", "fill 2", "later fill 4"],
        _ => welcoming(text),
    })
    .await;
    let source = source(&venue);
    let asked = Arc::clone(&source.asked);
    let mut stream = AccountFollower::open(source);
    is_connected(&mut stream).await;
    for (number, seconds) in [("1", 10), ("2", 10), ("4", 3600)] {
        assert_eq!(next(&mut stream).await, StreamItem::Event(AccountEvent::Fill(fill(number, seconds))));
    }
    venue.hang_up.notify_one();
    why(&mut stream).await;
    is_connected(&mut stream).await;
    assert_eq!(next(&mut stream).await, StreamItem::Event(AccountEvent::Fill(fill("3", 12))));
    assert_eq!(asked.lock().unwrap()[0].0, START);
}

#[tokio::test]
async fn of_an_account_that_trades_much_the_trades_are_read_while_the_stream_goes_on() {
    let venue = Venue::start(|_, text| match text {
        "give extras" => vec!["subscribed extras", "fills 2045", "fill 1", "fill 2", "later fill 4"],
        _ => welcoming(text),
    })
    .await;
    let mut stream = AccountFollower::open(source(&venue));
    is_connected(&mut stream).await;
    for _ in 0..2048 {
        assert!(matches!(next(&mut stream).await, StreamItem::Event(AccountEvent::Fill(_))));
    }
    assert_eq!(next(&mut stream).await, StreamItem::Event(AccountEvent::Fill(fill("3", 12))));
}

#[tokio::test]
async fn a_gap_with_more_trades_than_may_wait_is_made_good_bit_by_bit() {
    let venue = Venue::start(|_, text| welcoming(text)).await;
    let listed: Vec<Fill> = (0..200).map(|n| fill(&n.to_string(), 60 * n)).collect();
    let source = Source { listed: listed.clone(), ..source(&venue) };
    let asked = Arc::clone(&source.asked);
    let settings = FollowSettings { waiting_events: 16, ..source.settings };
    let mut stream = AccountFollower::open(Source { settings, ..source });
    is_connected(&mut stream).await;
    venue.hang_up.notify_one();
    why(&mut stream).await;
    let mut told = Vec::new();
    while told.len() < listed.len() {
        if let StreamItem::Event(AccountEvent::Fill(fill)) = next(&mut stream).await {
            told.push(fill);
        }
    }
    assert_eq!(told, listed, "each once, and in order");
    let asked: Vec<Timestamp> = asked.lock().unwrap().iter().map(|(since, _)| *since).collect();
    assert!(asked.len() > 2 && asked.is_sorted(), "{asked:?}");
    assert!(asked.last() > Some(&START), "what was told is not asked for again: {asked:?}");
}
