//! What is expected of the stream while what it has said waits for the reader, or at the socket.

use super::*;
use futures_util::{SinkExt, StreamExt};
use plimsoll_domain::{
    AccountSnapshot, Fill, Order, OrderId, OrderStatus, OrderType, PositionMode, PositionSide, Side, Stamp, Symbol,
    Timestamp,
};
use plimsoll_ports::{Clock, NotSent, SystemClock};
use plimsoll_transport::{Address, Dial, DialFailure};
use std::collections::BTreeSet;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const LIMIT: Duration = Duration::from_secs(3600);

/// A venue of which nothing is asked but the account.
struct Source {
    clock: Arc<dyn Clock>,
    orders: crate::OrderMemory,
    settings: FollowSettings,
    /// Where its socket is, if it has one.
    url: Option<String>,
    account: Option<AccountSnapshot>,
}

impl Source {
    fn new() -> Self {
        let settings = FollowSettings { news_within: LIMIT, ..FollowSettings::default() };
        let (clock, orders) = (Arc::new(SystemClock), crate::OrderMemory::default());
        Self { clock, orders, settings, url: None, account: None }
    }
}

impl Dial for Source {
    async fn dial(&self) -> Result<Address, DialFailure> {
        let url = self.url.clone().ok_or(DialFailure { reason: "nobody is there".to_owned(), not_before: None })?;
        Ok(Address { url, greetings: Vec::new() })
    }
}

fn nothing<T>() -> Result<T, CallError> {
    Err(CallError::NotSent(NotSent::Disconnected("nobody is there".to_owned())))
}

impl PrivateStream for Source {
    type Listing = ();

    fn settings(&self) -> FollowSettings {
        self.settings
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    fn orders(&self) -> &crate::OrderMemory {
        &self.orders
    }

    async fn listing(&self) -> Result<Arc<()>, CallError> {
        Ok(Arc::new(()))
    }

    async fn forget_listing(&self) {}

    fn decode(&self, _: &[u8], (): &(), _: u64) -> Result<Vec<Event>, crate::DecodeError> {
        Ok(Vec::new())
    }

    async fn snapshot(&self) -> Result<AccountSnapshot, CallError> {
        self.account.clone().map_or_else(nothing, Ok)
    }

    async fn fills(&self, _: Timestamp, _: &BTreeSet<Symbol>) -> Result<Vec<Fill>, CallError> {
        nothing()
    }
}

#[tokio::test]
async fn nothing_is_overdue_while_messages_wait_for_the_reader() {
    let (outlet, _reader) = Outlet::new(8);
    let mut follower = Follower::new(Arc::new(Source::new()), outlet);
    (follower.session, follower.listing) = (Session::Up, Some(Arc::new(())));
    let placed = Instant::now();
    follower.awaited.expect(What::Order(ClientOrderId::reported("one")), placed);
    assert_eq!(follower.overdue(), Some(placed + LIMIT));

    assert!(follower.waiting.push(b"one".to_vec()) && follower.waiting.push(b"two".to_vec()));
    assert_eq!(follower.overdue(), None);
    follower.next_waiting().await;
    assert_eq!(follower.overdue(), None, "one still waits");

    let emptied = Instant::now();
    follower.next_waiting().await;
    assert!(follower.overdue() >= Some(emptied + LIMIT), "it has all its time again");
}

/// An order that is as it was then.
pub(super) fn order(order_type: OrderType, updated: Timestamp) -> Order {
    Order {
        order_id: OrderId::new("1"),
        client_order_id: ClientOrderId::reported("one"),
        symbol: Symbol::new("BTC", "USDT", "USDT").unwrap(),
        side: Side::Buy,
        position_side: PositionSide::Both,
        order_type,
        time_in_force: None,
        price: None,
        trigger: None,
        quantity: None,
        filled: None,
        average_price: None,
        reduce_only: false,
        close_position: false,
        child: None,
        status: OrderStatus::New,
        updated: Stamp::at(updated),
    }
}

/// An account with one order, which rests since then.
fn resting(at: Timestamp) -> AccountSnapshot {
    let orders = vec![order(OrderType::Limit, at)];
    let (positions, balances) = (Vec::new(), Vec::new());
    AccountSnapshot { position_mode: PositionMode::OneWay, positions, orders, balances, time: at }
}

/// Whether a stream counts as deaf whose venue has said these words by the time that the account was read.
async fn is_deaf(words: &'static [&'static str]) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let (speak, may_speak) = oneshot::channel();
    let (spoken, has_spoken) = oneshot::channel();
    let venue = tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(client).await.unwrap();
        may_speak.await.unwrap();
        for word in words {
            socket.send((*word).into()).await.unwrap();
        }
        spoken.send(()).unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    });
    // The venue tells at once, or not at all.
    let settings = FollowSettings { told_within: Duration::ZERO, ..Source::new().settings };
    let account = Some(resting(SystemClock.now()));
    let (outlet, _reader) = Outlet::new(8);
    let mut follower = Follower::new(Arc::new(Source { settings, url: Some(url), account, ..Source::new() }), outlet);
    assert_eq!(follower.socket.next().await, SocketItem::Connected);
    follower.session = Session::Up;
    follower.something_is_heard();
    speak.send(()).unwrap();
    has_spoken.await.unwrap();
    follower.catch_up().await;
    venue.abort();
    assert_eq!(follower.waiting.is_empty(), words.is_empty());
    !follower.is_up()
}

#[tokio::test]
async fn what_has_come_to_the_socket_by_then_may_be_the_news() {
    assert!(is_deaf(&[]).await);
    assert!(!is_deaf(&["it rests"]).await);
}

#[tokio::test]
async fn a_silent_stream_is_looked_into_once_nothing_waits_to_be_heard() {
    let (outlet, _reader) = Outlet::new(8);
    let mut follower = Follower::new(Arc::new(Source::new()), outlet);
    assert_eq!(follower.next_look(), None, "it is not connected");
    follower.session = Session::Up;
    follower.something_is_heard();
    let look = follower.next_look().expect("a look");
    assert!(look > Instant::now() && look < Instant::now() + follower.settings.read_again_every);
    assert!(follower.waiting.push(b"one".to_vec()));
    assert_eq!(follower.next_look(), None);
}

/// Whether the connection stands after this was done with it, at a venue that is connected and does not tell the account.
async fn stands_after(doing: impl AsyncFnOnce(&mut Follower<Source>)) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let venue = tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(client).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    });
    let mut settings = Source::new().settings;
    settings.socket.backoff.longest = Duration::from_millis(1);
    let (outlet, _reader) = Outlet::new(8);
    let mut follower = Follower::new(Arc::new(Source { settings, url: Some(url), ..Source::new() }), outlet);
    assert_eq!(follower.socket.next().await, SocketItem::Connected);
    follower.session = Session::Up;
    doing(&mut follower).await;
    venue.abort();
    assert!(follower.next_look().is_none_or(|look| look > Instant::now()), "the next look is later");
    follower.is_up()
}

#[tokio::test]
async fn an_account_that_cannot_be_read_costs_the_connection_where_something_was_missed_and_not_for_a_silence() {
    assert!(stands_after(async |follower| follower.look().await).await);
    assert!(!stands_after(async |follower| follower.catch_up().await).await);
}

#[tokio::test]
async fn a_stream_that_may_be_deaf_is_looked_into_again_soon_where_the_account_cannot_be_read() {
    let (outlet, _reader) = Outlet::new(8);
    let mut follower = Follower::new(Arc::new(Source::new()), outlet);
    follower.session = Session::Up;
    let long_ago = Instant::now().checked_sub(Duration::from_secs(30)).expect("so long a time");
    follower.looks = Looks::new(follower.settings.told_within, follower.settings.read_again_every, long_ago);
    assert!(follower.next_look() < Some(Instant::now()));
    follower.look().await;
    let again = follower.next_look().expect("a look");
    assert!(again > Instant::now() && again <= Instant::now() + follower.settings.between_snapshots);
}
