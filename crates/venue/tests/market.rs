//! The follower of prices, over loopback, with two sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use futures_util::{SinkExt, StreamExt};
use plimsoll_domain::{MarkPrice, MarketEvent, Symbol, Timestamp};
use plimsoll_ports::{Clock, MarketItem, MarketStream, SystemClock};
use plimsoll_transport::{Address, BackoffSettings, SocketSettings};
use plimsoll_venue::{CallError, DecodeError, Event, MarketFollower, MarketSource, SessionEvent};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::tungstenite::Message;

/// A socket that takes any number of connections, and says what it is told to say; "close" ends the connection.
async fn socket() -> (String, mpsc::UnboundedSender<&'static str>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let (say, mut said) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(socket).await.unwrap();
            loop {
                tokio::select! {
                    text = said.recv() => match text {
                        Some("close") => break,
                        Some(text) => socket.send(Message::text(text)).await.unwrap(),
                        None => return,
                    },
                    message = socket.next() => if !matches!(message, Some(Ok(_))) { break },
                }
            }
        }
    });
    (url, say)
}

/// A venue whose words are `mark N`, `refused X`, `changed` and nothing else.
struct Source {
    clock: Arc<dyn Clock>,
    listed: AtomicUsize,
    decoded: watch::Sender<u64>,
    between_gaps: Duration,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            listed: AtomicUsize::default(),
            decoded: watch::Sender::default(),
            between_gaps: Duration::default(),
        }
    }
}

impl MarketSource for Source {
    type Listing = usize;

    fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    async fn listing(&self) -> Result<Arc<usize>, CallError> {
        Ok(Arc::new(self.listed.load(Ordering::Relaxed)))
    }

    async fn forget_listing(&self) {
        self.listed.fetch_add(1, Ordering::Relaxed);
    }

    fn between_gaps(&self) -> Duration {
        self.between_gaps
    }

    fn decode(&self, frame: &[u8], listing: &usize, arrival: u64) -> Result<Vec<Event>, DecodeError> {
        self.decoded.send_replace(arrival);
        let text = std::str::from_utf8(frame).unwrap();
        let words: Vec<&str> = text.split(' ').collect();
        Ok(vec![match words[..] {
            ["mark", price] => Event::Market(MarketEvent::Mark(mark(price, *listing))),
            ["refused", id] => Event::Session(SessionEvent::Refused {
                id: id.to_owned(),
                code: "7".to_owned(),
                message: "no".to_owned(),
            }),
            ["changed"] => Event::Session(SessionEvent::ContractChanged { native: "BTCUSDT".to_owned() }),
            _ => return Err(DecodeError::new("no word of ours", "the whole message")),
        }])
    }
}

/// A mark price, read with the list of this number.
fn mark(price: &str, listing: usize) -> MarkPrice {
    MarkPrice {
        symbol: Symbol::new("BTC", "USDT", "USDT").unwrap(),
        price: price.parse().unwrap(),
        index: None,
        time: Timestamp::from_millis(i64::try_from(listing).unwrap()),
    }
}

async fn follow(urls: &[&str]) -> MarketFollower {
    follow_with(Arc::default(), urls, 100).await
}

async fn follow_with(source: Arc<Source>, urls: &[&str], waiting: usize) -> MarketFollower {
    let backoff = BackoffSettings { first: Duration::from_millis(1), longest: Duration::from_millis(4), seed: Some(1) };
    let settings = SocketSettings { backoff, ..SocketSettings::default() };
    let dial = |url: &&str| (Address { url: (*url).to_owned(), greetings: Vec::new() }, settings);
    MarketFollower::open(source, urls.iter().map(dial).collect(), waiting).await.unwrap()
}

async fn next(stream: &mut MarketFollower) -> MarketItem {
    tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("an item").expect("a stream")
}

fn told(price: &str, listing: usize) -> MarketItem {
    MarketItem::Event(MarketEvent::Mark(mark(price, listing)))
}

async fn why(stream: &mut MarketFollower) -> String {
    match next(stream).await {
        MarketItem::Disconnected { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn it_is_connected_while_every_socket_is() {
    let ((one, first), (two, second)) = (socket().await, socket().await);
    let mut stream = follow(&[&one, &two]).await;
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    first.send("mark 1").unwrap();
    assert_eq!(next(&mut stream).await, told("1", 0));
    second.send("mark 2").unwrap();
    assert_eq!(next(&mut stream).await, told("2", 0));
    second.send("close").unwrap();
    why(&mut stream).await;
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    second.send("mark 3").unwrap();
    assert_eq!(next(&mut stream).await, told("3", 0));
}

#[tokio::test]
async fn what_cannot_be_read_is_a_gap_and_a_changed_contract_is_read_anew() {
    let (url, say) = socket().await;
    let mut stream = follow(&[&url]).await;
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    for text in ["gibberish", "mark 1", "changed", "mark 2"] {
        say.send(text).unwrap();
    }
    assert!(why(&mut stream).await.starts_with("a market message cannot be read: "));
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    assert_eq!(next(&mut stream).await, told("1", 0));
    assert_eq!(next(&mut stream).await, told("2", 1));
}

#[tokio::test]
async fn one_kind_of_message_that_cannot_be_read_is_no_gap_each_time() {
    let (url, say) = socket().await;
    let source = Source { between_gaps: Duration::from_secs(3600), ..Source::default() };
    let mut stream = follow_with(Arc::new(source), &[&url], 100).await;
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    for text in ["gibberish", "mark 1", "gibberish", "mark 2", "gibberish", "mark 3"] {
        say.send(text).unwrap();
    }
    assert!(why(&mut stream).await.starts_with("a market message cannot be read: "));
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    for price in ["1", "2", "3"] {
        assert_eq!(next(&mut stream).await, told(price, 0));
    }
    // Three in a row are no feed, whenever the last gap was told.
    for _ in 0..3 {
        say.send("gibberish").unwrap();
    }
    why(&mut stream).await;
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    say.send("mark 4").unwrap();
    assert_eq!(next(&mut stream).await, told("4", 0));
}

#[tokio::test]
async fn a_gap_that_may_not_be_told_at_once_is_told_later() {
    let (url, say) = socket().await;
    let source = Source { between_gaps: Duration::from_millis(100), ..Source::default() };
    let mut stream = follow_with(Arc::new(source), &[&url], 100).await;
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    for text in ["gibberish", "mark 1", "gibberish"] {
        say.send(text).unwrap();
    }
    why(&mut stream).await;
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    assert_eq!(next(&mut stream).await, told("1", 0));
    assert!(why(&mut stream).await.starts_with("a market message cannot be read: "));
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
}

#[tokio::test]
async fn a_socket_that_says_nothing_that_can_be_read_is_given_up() {
    let (url, say) = socket().await;
    let mut stream = follow(&[&url]).await;
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    for _ in 0..3 {
        say.send("gibberish").unwrap();
    }
    for _ in 0..3 {
        assert!(why(&mut stream).await.starts_with("a market message cannot be read: "));
        assert_eq!(next(&mut stream).await, MarketItem::Connected);
    }
    say.send("mark 1").unwrap();
    assert_eq!(next(&mut stream).await, told("1", 0));
}

#[tokio::test]
async fn a_refused_subscription_is_told_and_tried_again() {
    let (url, say) = socket().await;
    let mut stream = follow(&[&url]).await;
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    say.send("refused tickers").unwrap();
    assert_eq!(why(&mut stream).await, "the venue refuses tickers: no (7)");
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_told_once_it_has_caught_up() {
    let (url, say) = socket().await;
    let source = Arc::new(Source::default());
    let mut stream = follow_with(Arc::clone(&source), &[&url], 2).await;
    for text in ["mark 1", "mark 2", "mark 3", "mark 4"] {
        say.send(text).unwrap();
    }
    // When the fourth is read there was no room for the second.
    let mut decoded = source.decoded.subscribe();
    let all = tokio::time::timeout(Duration::from_secs(20), decoded.wait_for(|arrival| *arrival == 4));
    all.await.expect("four messages").unwrap();
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
    assert_eq!(next(&mut stream).await, told("1", 0));
    assert_eq!(why(&mut stream).await, "the reader was too slow: prices were given up");
    assert_eq!(next(&mut stream).await, MarketItem::Connected);
}
