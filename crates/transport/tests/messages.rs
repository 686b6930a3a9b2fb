//! Messages of every length through a socket session, over loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use futures_util::SinkExt;
use plimsoll_transport::{Address, SocketItem, SocketSession, SocketSettings};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// A session, and the other side of its connection.
async fn connected(settings: SocketSettings) -> (SocketSession<Address>, WebSocketStream<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/ws", listener.local_addr().unwrap());
    let mut session = SocketSession::new(Address { url, greetings: Vec::new() }, settings);
    let accepted = async {
        let (socket, _) = listener.accept().await.unwrap();
        tokio_tungstenite::accept_async(socket).await.unwrap()
    };
    let (item, other_side) = tokio::join!(next(&mut session), accepted);
    assert_eq!(item, SocketItem::Connected);
    (session, other_side)
}

/// The next item, within a time that only a hang exceeds.
async fn next(session: &mut SocketSession<Address>) -> SocketItem {
    tokio::time::timeout(Duration::from_secs(20), session.next()).await.expect("an item")
}

#[tokio::test]
async fn messages_arrive_whole_however_long_they_are_and_whatever_is_read_at_once() {
    let (mut session, mut other_side) = connected(SocketSettings::default()).await;
    let lengths = [0, 1, 125, 126, 16_383, 16_384, 16_385, 65_535, 65_536, 1_000_000, 2, 40_000, 3];
    let text = |length: usize| "0123456789".chars().cycle().take(length).collect::<String>();
    let sent = tokio::spawn(async move {
        for length in lengths {
            other_side.send(Message::text(text(length))).await.unwrap();
        }
        other_side
    });
    for length in lengths {
        assert_eq!(next(&mut session).await, SocketItem::Message(text(length).into_bytes()), "{length} bytes");
    }
    sent.await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_longer_than_the_largest_ends_the_connection() {
    let (mut session, mut other_side) =
        connected(SocketSettings { largest_message: 1000, ..SocketSettings::default() }).await;
    for length in [1000, 1001] {
        other_side.send(Message::text("x".repeat(length))).await.unwrap();
    }
    assert_eq!(next(&mut session).await, SocketItem::Message(vec![b'x'; 1000]));
    let SocketItem::Disconnected { reason } = next(&mut session).await else { panic!("it was read") };
    assert!(reason.contains("1001"), "{reason}");
}
