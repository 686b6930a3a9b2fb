//! From the handshake to the snapshot.

use crate::scene::{Source, Venue, beating, fill, is_connected, next, source, welcoming, why};
use plimsoll_domain::AccountEvent;
use plimsoll_ports::StreamItem;
use plimsoll_venue::{AccountFollower, FollowSettings};
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

#[tokio::test]
async fn it_is_connected_once_login_and_subscriptions_are_acknowledged() {
    let venue = Venue::start(|_, text| welcoming(text)).await;
    let mut stream = AccountFollower::open(source(&venue));
    is_connected(&mut stream).await;
    assert_eq!(venue.heard(), ["0 log in", "0 give orders", "0 give extras"]);
}

#[tokio::test]
async fn a_login_that_is_refused_is_told_and_tried_again() {
    let venue = Venue::start(|connection, text| match (connection, text) {
        (0, "log in") => vec!["refused login"],
        _ => welcoming(text),
    })
    .await;
    let mut stream = AccountFollower::open(source(&venue));
    assert_eq!(why(&mut stream).await, "login: no (7)");
    is_connected(&mut stream).await;
    assert_eq!(venue.heard(), ["0 log in", "1 log in", "1 give orders", "1 give extras"]);
}

#[tokio::test]
async fn a_venue_that_only_hangs_up_is_told_too() {
    let venue = Venue::start(|connection, text| match (connection, text) {
        (0, "log in") => vec!["close"],
        _ => welcoming(text),
    })
    .await;
    let mut stream = AccountFollower::open(source(&venue));
    let reason = why(&mut stream).await;
    assert!(reason.starts_with("ws://127.0.0.1") && reason.ends_with(": closed by the other side"), "{reason}");
    is_connected(&mut stream).await;
}

#[tokio::test]
async fn last_words_that_repeat_a_passphrase_are_told_without_it() {
    let venue = Venue::start(|connection, text| match (connection, text) {
        (0, "log in") => vec!["close with words"],
        _ => welcoming(text),
    })
    .await;
    let mut stream = AccountFollower::open(source(&venue));
    let reason = why(&mut stream).await;
    assert!(reason.ends_with(": closed by the other side: '…' does not fit (1008)"), "{reason}");
    is_connected(&mut stream).await;
}

#[tokio::test]
async fn a_subscription_without_an_answer_is_no_session() {
    let venue = Venue::start(|connection, text| match (connection, text) {
        (0, "give orders") => Vec::new(),
        _ => welcoming(text),
    })
    .await;
    // Long enough for the answers of the second connection, however busy the machine is.
    let settings = FollowSettings { answers_within: Duration::from_secs(1), ..source(&venue).settings };
    let mut stream = AccountFollower::open(Source { settings, ..source(&venue) });
    assert_eq!(why(&mut stream).await, "the venue has not acknowledged orders within 1s");
    is_connected(&mut stream).await;
}

#[tokio::test]
async fn what_is_dispensable_may_be_refused() {
    let venue = Venue::start(|_, text| match text {
        "give extras" => vec!["refused extras"],
        _ => welcoming(text),
    })
    .await;
    let mut stream = AccountFollower::open(source(&venue));
    is_connected(&mut stream).await;
    assert_eq!(venue.heard().len(), 3);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_ends_the_attempt() {
    let venue = Venue::start(|connection, text| match (connection, text) {
        (0, "log in") => vec!["lo gin"],
        _ => welcoming(text),
    })
    .await;
    let mut stream = AccountFollower::open(source(&venue));
    let reason = why(&mut stream).await;
    assert_eq!(reason, "an answer that cannot be read: no word of ours, in the whole message");
    is_connected(&mut stream).await;
}

#[tokio::test]
async fn what_a_handshake_needs_and_cannot_have_is_told() {
    let venue = Venue::start(|_, text| welcoming(text)).await;
    let mut stream = AccountFollower::open(Source { unready: AtomicUsize::new(2), ..source(&venue) });
    for _ in 0..2 {
        assert!(why(&mut stream).await.contains("nobody answers"));
    }
    is_connected(&mut stream).await;
}

#[tokio::test]
async fn nothing_is_told_before_the_session_stands() {
    let venue = Venue::start(|_, text| match text {
        "give orders" => vec!["subscribed orders", "fill 9", "pong"],
        "give extras" => vec!["subscribed extras", "fill 1"],
        _ => welcoming(text),
    })
    .await;
    let mut stream = AccountFollower::open(source(&venue));
    is_connected(&mut stream).await;
    assert_eq!(next(&mut stream).await, StreamItem::Event(AccountEvent::Fill(fill("1", 10))));
}

#[tokio::test]
async fn a_connection_that_ends_while_the_account_is_read_is_noticed() {
    let venue = Venue::start(|connection, text| match (connection, text) {
        (0, "give extras") => vec!["subscribed extras", "fill 9", "close"],
        _ => welcoming(text),
    })
    .await;
    let mut stream = AccountFollower::open(Source { unread: AtomicUsize::new(1), ..source(&venue) });
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    assert!(why(&mut stream).await.ends_with("closed by the other side"));
    is_connected(&mut stream).await;
    assert_eq!(venue.heard().len(), 6, "the second connection");
}

#[tokio::test]
async fn what_comes_while_the_account_is_read_follows_the_snapshot() {
    let venue = Venue::start(|_, text| match text {
        "give extras" => vec!["subscribed extras", "fill 7", "fill 8", "fill 9"],
        _ => welcoming(text),
    })
    .await;
    let mut stream = AccountFollower::open(source(&venue));
    is_connected(&mut stream).await;
    for number in ["7", "8", "9"] {
        assert_eq!(next(&mut stream).await, StreamItem::Event(AccountEvent::Fill(fill(number, 10))));
    }
}

#[tokio::test]
async fn a_connection_that_brings_more_than_may_wait_while_the_account_is_read_is_given_up() {
    let venue = Venue::start(|connection, text| match (connection, text) {
        (0, "give extras") => vec!["subscribed extras", "fill 7", "fill 8", "fill 9"],
        _ => welcoming(text),
    })
    .await;
    let settings = FollowSettings { waiting_bytes: "fill 7fill 8".len(), ..source(&venue).settings };
    let mut stream = AccountFollower::open(Source { settings, unread: AtomicUsize::new(1), ..source(&venue) });
    assert_eq!(next(&mut stream).await, StreamItem::Connected);
    assert_eq!(why(&mut stream).await, "more messages came than may wait while the account is read");
    is_connected(&mut stream).await;
    assert_eq!(venue.heard().len(), 6, "the second connection");
}

#[tokio::test]
async fn an_answer_to_a_heartbeat_is_a_sign_of_life() {
    let venue = Venue::start(|_, text| match text {
        "beat" => vec!["pong"],
        _ => welcoming(text),
    })
    .await;
    let mut stream = AccountFollower::open(beating(&venue));
    is_connected(&mut stream).await;
    assert_eq!(next(&mut stream).await, StreamItem::Alive);
}
