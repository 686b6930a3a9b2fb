//! A venue over loopback, and whoever follows a stream of it.

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

pub(crate) const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// What a venue answers to a text, on its so-manieth connection.
pub(crate) type Answers = fn(usize, &str) -> Vec<&'static str>;

pub(crate) const PASSPHRASE: &str = "open sesame";

/// The last words of a venue that repeats what it was told.
pub(crate) fn words() -> CloseFrame {
    CloseFrame { code: CloseCode::Policy, reason: format!("'{PASSPHRASE}' does not fit").into() }
}

/// A venue that answers texts with texts. Its words: `login`, `subscribed X`, `refused X`, `fill N`,
/// `later fill N`, `fills COUNT`, `pong`.
pub(crate) struct Venue {
    url: String,
    heard: Arc<Mutex<Vec<String>>>,
    /// Ends the connection that stands.
    pub(crate) hang_up: Arc<Notify>,
}

impl Venue {
    pub(crate) async fn start(answers: Answers) -> Self {
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

    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().iter().filter(|text| !text.ends_with("beat")).cloned().collect()
    }
}

/// Since when, and in which contracts, fills were asked for.
pub(crate) type Asked = Arc<Mutex<Vec<(Timestamp, BTreeSet<Symbol>)>>>;

pub(crate) struct Source {
    pub(crate) url: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) orders: OrderMemory,
    pub(crate) settings: FollowSettings,
    /// Beats are sent so that the venue has something to answer.
    pub(crate) beats: bool,
    /// So many handshakes fail before one can be made.
    pub(crate) unready: AtomicUsize,
    pub(crate) asked: Asked,
    /// The venue's list of trades.
    pub(crate) listed: Vec<Fill>,
    /// So many readings of the account have ended, a day after each other.
    pub(crate) read: AtomicU64,
    /// So many readings of the account never end.
    pub(crate) unread: AtomicUsize,
}

pub(crate) fn source(venue: &Venue) -> Source {
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

pub(crate) fn beating(venue: &Venue) -> Source {
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

pub(crate) fn symbol() -> Symbol {
    Symbol::new("BTC", "USDT", "USDT").unwrap()
}

pub(crate) fn fill(number: &str, seconds: u64) -> Fill {
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

pub(crate) fn told(number: &str, seconds: u64) -> Event {
    Event::Account(AccountEvent::Fill(fill(number, seconds)))
}

/// A venue that lets everybody in.
pub(crate) fn welcoming(text: &str) -> Vec<&'static str> {
    match text {
        "log in" => vec!["login"],
        "give orders" => vec!["subscribed orders"],
        "give extras" => vec!["subscribed extras"],
        _ => Vec::new(),
    }
}

pub(crate) async fn next(stream: &mut AccountFollower) -> StreamItem {
    tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("an item").expect("a stream")
}

pub(crate) async fn why(stream: &mut AccountFollower) -> String {
    match next(stream).await {
        StreamItem::Disconnected { reason } => reason,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn is_connected(stream: &mut AccountFollower) {
    assert_eq!(next(stream).await, StreamItem::Connected);
    let snapshot = next(stream).await;
    assert!(matches!(snapshot, StreamItem::Event(AccountEvent::Snapshot(_))), "{snapshot:?}");
}
