//! The follower of a private stream, over loopback, at a venue that wants a login and subscriptions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use futures_util::{SinkExt, StreamExt};
use plimsoll_domain::{
    AccountEvent, AccountSnapshot, ClientOrderId, Fill, FillCause, Money, OrderId, PositionMode, PositionSide, Side,
    Symbol, Timestamp, TradeId,
};
use plimsoll_ports::{AccountStream, Clock, NotSent, StreamItem, SystemClock};
use plimsoll_transport::{Address, BackoffSettings, Dial, DialFailure, SocketSettings};
use plimsoll_venue::{
    AccountFollower, CallError, DecodeError, Event, FollowSettings, Greeting, OrderMemory, PrivateStream, Refused,
    SessionEvent, without,
};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// What a venue answers to a text, on its so-manieth connection.
type Answers = fn(usize, &str) -> Vec<&'static str>;

const PASSPHRASE: &str = "open sesame";

/// The last words of a venue that repeats what it was told.
fn words() -> CloseFrame {
    CloseFrame { code: CloseCode::Policy, reason: format!("'{PASSPHRASE}' does not fit").into() }
}

/// A venue that answers texts with texts. Its words: `login`, `subscribed X`, `refused X`, `fill N`,
/// `later fill N`, `fills COUNT`, `pong`.
struct Venue {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
    /// Ends the connection that stands.
    hang_up: Arc<Notify>,
}

impl Venue {
    async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (url, heard) = (format!("ws://{}", listener.local_addr().unwrap()), Arc::default());
        let hang_up = Arc::new(Notify::new());
        let (hears, hangs_up) = (Arc::clone(&heard), Arc::clone(&hang_up));
        tokio::spawn(async move {
            for connection in 0.. {
                let (socket, _) = listener.accept().await.unwrap();
                let mut socket = tokio_tungstenite::accept_async(socket).await.unwrap();
                let hears: Arc<Mutex<Vec<String>>> = Arc::clone(&hears);
                let hangs_up = Arc::clone(&hangs_up);
                tokio::spawn(async move {
                    loop {
                        let message = tokio::select! {
                            message = socket.next() => message,
                            () = hangs_up.notified() => break,
                        };
                        let text = match message {
                            Some(Ok(Message::Text(text))) => text,
                            Some(Ok(_)) => continue,
                            Some(Err(_)) | None => break,
                        };
                        hears.lock().unwrap().push(format!("{connection} {text}"));
                        for answer in answers(connection, &text) {
                            match answer {
                                "close" => drop(socket.close(None).await),
                                "close with words" => drop(socket.close(Some(words())).await),
                                text => drop(socket.send(Message::text(text)).await),
                            }
                        }
                    }
                });
            }
        });
        Self { url, heard, hang_up }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().filter(|text| !text.ends_with("beat")).cloned().collect()
    }
}

/// Since when, and in which contracts, fills were asked for.
type Asked = Arc<Mutex<Vec<(Timestamp, BTreeSet<Symbol>)>>>;

struct Source {
    url: String,
    clock: Arc<dyn Clock>,
    orders: OrderMemory,
    settings: FollowSettings,
    /// Beats are sent so that the venue has something to answer.
    beats: bool,
    /// So many handshakes fail before one can be made.
    unready: AtomicUsize,
    asked: Asked,
    /// The venue's list of trades.
    listed: Vec<Fill>,
    /// So many readings of the account have ended, a day after each other.
    read: AtomicU64,
    /// So many readings of the account never end.
    unread: AtomicUsize,
}

fn source(venue: &Venue) -> Source {
    let backoff = BackoffSettings { first: Duration::from_millis(1), longest: Duration::from_millis(4), seed: Some(1) };
    let socket = SocketSettings { backoff, heartbeat_every: Duration::from_millis(5), ..SocketSettings::default() };
    Source {
        url: venue.url.clone(),
        clock: Arc::new(SystemClock),
        orders: OrderMemory::default(),
        settings: FollowSettings { socket, ..FollowSettings::default() },
        beats: false,
        unready: AtomicUsize::new(0),
        asked: Arc::default(),
        listed: vec![fill("3", 12), fill("2", 11), fill("1", 10)],
        read: AtomicU64::new(0),
        unread: AtomicUsize::new(0),
    }
}

fn beating(venue: &Venue) -> Source {
    Source { beats: true, ..source(venue) }
}

impl Dial for Source {
    async fn dial(&self) -> Result<Address, DialFailure> {
        Ok(Address { url: self.url.clone(), greetings: Vec::new() })
    }

    fn heartbeat(&self) -> Option<String> {
        self.beats.then(|| "beat".to_owned())
    }
}

impl PrivateStream for Source {
    type Listing = ();

    fn settings(&self) -> FollowSettings {
        self.settings
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    fn orders(&self) -> &OrderMemory {
        &self.orders
    }

    async fn listing(&self) -> Result<Arc<()>, CallError> {
        Ok(Arc::new(()))
    }

    async fn forget_listing(&self) {}

    fn decode(&self, frame: &[u8], (): &(), _arrival: u64) -> Result<Vec<Event>, DecodeError> {
        let text = std::str::from_utf8(frame).unwrap();
        let words: Vec<&str> = text.split(' ').collect();
        let session = match words[..] {
            ["login"] => SessionEvent::Login,
            ["subscribed", id] => SessionEvent::Subscribed { id: id.to_owned() },
            ["refused", id] => {
                SessionEvent::Refused { id: id.to_owned(), code: "7".to_owned(), message: "no".to_owned() }
            }
            ["pong"] => SessionEvent::Pong,
            ["fill", number] => return Ok(vec![told(number, 10)]),
            ["later", "fill", number] => return Ok(vec![told(number, 3600)]),
            ["fills", count] => {
                return Ok((0..count.parse().unwrap()).map(|n: u64| told(&format!("-{n}"), 10)).collect());
            }
            _ => return Err(DecodeError::new("no word of ours", "the whole message")),
        };
        Ok(vec![Event::Session(session)])
    }

    async fn snapshot(&self) -> Result<AccountSnapshot, CallError> {
        let less = |left: usize| left.checked_sub(1);
        if self.unread.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            std::future::pending::<()>().await;
        }
        let (positions, orders, balances) = (Vec::new(), Vec::new(), Vec::new());
        let days = self.read.fetch_add(1, Ordering::Relaxed);
        let time = START.plus(Duration::from_secs(24 * 3600 * days));
        Ok(AccountSnapshot { position_mode: PositionMode::OneWay, positions, orders, balances, time })
    }

    async fn fills(&self, since: Timestamp, heard: &BTreeSet<Symbol>) -> Result<Vec<Fill>, CallError> {
        self.asked.lock().unwrap().push((since, heard.clone()));
        Ok(self.listed.iter().filter(|fill| fill.time >= since).cloned().collect())
    }

    async fn handshake(&self) -> Result<Vec<Greeting>, CallError> {
        let less = |left: usize| left.checked_sub(1);
        if self.unready.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok() {
            return Err(CallError::NotSent(NotSent::Disconnected("nobody answers".to_owned())));
        }
        let subscribe = vec!["give orders".to_owned(), "give extras".to_owned()];
        Ok(vec![Greeting::login("log in".to_owned()), Greeting::subscriptions(subscribe, ["orders", "extras"])])
    }

    fn hide(&self, words: &str) -> String {
        without(words, &[PASSPHRASE])
    }

    fn refused(&self, id: &str, code: &str, message: &str) -> Refused {
        match id {
            "extras" => Refused::GoOn,
            _ => Refused::GiveUp { reason: format!("{id}: {message} ({code})"), not_before: None },
        }
    }
}

fn symbol() -> Symbol {
    Symbol::new("BTC", "USDT", "USDT").unwrap()
}

fn fill(number: &str, seconds: u64) -> Fill {
    Fill {
        trade_id: TradeId::new(number),
        order_id: OrderId::new("1"),
        client_order_id: ClientOrderId::reported("one"),
        symbol: symbol(),
        side: Side::Buy,
        position_side: PositionSide::Both,
        price: "60000".parse().unwrap(),
        quantity: "1".parse().unwrap(),
        fee: Money::ZERO,
        fee_currency: None,
        realized_pnl: None,
        liquidity: None,
        cause: FillCause::Order,
        time: START.plus(Duration::from_secs(seconds)),
    }
}

fn told(number: &str, seconds: u64) -> Event {
    Event::Account(AccountEvent::Fill(fill(number, seconds)))
}

/// A venue that lets everybody in.
fn welcoming(text: &str) -> Vec<&'static str> {
    match text {
        "log in" => vec!["login"],
        "give orders" => vec!["subscribed orders"],
        "give extras" => vec!["subscribed extras"],
        _ => Vec::new(),
    }
}

async fn next(stream: &mut AccountFollower) -> StreamItem {
    tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("an item").expect("a stream")
}

async fn why(stream: &mut AccountFollower) -> String {
    match next(stream).await {
        StreamItem::Disconnected { reason } => reason,
        other => panic!("{other:?}"),
    }
}

async fn is_connected(stream: &mut AccountFollower) {
    assert_eq!(next(stream).await, StreamItem::Connected);
    let snapshot = next(stream).await;
    assert!(matches!(snapshot, StreamItem::Event(AccountEvent::Snapshot(_))), "{snapshot:?}");
}

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
