//! Following the prices of some contracts, over as many sockets as a venue carries them on.

use crate::call_error::CallError;
use crate::discreet::Discreet;
use crate::event::{Event, SessionEvent};
use crate::failure::strange;
use crate::json::DecodeError;
use crate::outlet::Outlet;
use async_trait::async_trait;
use plimsoll_ports::{Clock, MarketItem, MarketStream};
use plimsoll_transport::{Dial, SocketItem, SocketSession, SocketSettings};
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// What a venue gives so that its prices can be followed. What is subscribed to is said by the sockets' addresses and
/// greetings.
pub trait MarketSource: Send + Sync + 'static {
    /// The venue's list of contracts, which its messages are read with.
    type Listing: Send + Sync;

    /// The clock by which errors say until when the venue wants no requests.
    fn clock(&self) -> &Arc<dyn Clock>;

    /// The list of contracts, read again where it is out of date.
    fn listing(&self) -> impl Future<Output = Result<Arc<Self::Listing>, CallError>> + Send;

    /// The venue says that a contract has changed: the list is out of date.
    fn forget_listing(&self) -> impl Future<Output = ()> + Send;

    /// What one frame says. `arrival` counts the frames of all sockets and connections.
    ///
    /// # Errors
    /// [`DecodeError`] for what cannot be read: the reader is told that prices were lost, and a connection that says nothing
    /// else is given up.
    fn decode(&self, frame: &[u8], listing: &Self::Listing, arrival: u64) -> Result<Vec<Event>, DecodeError>;

    /// However many messages cannot be read, the reader is told that prices were lost no more often than this.
    fn between_gaps(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// After this error another attempt is worth nothing before this has passed, however short the back-off.
    fn pause_after(&self, _code: &str, _message: &str) -> Option<Duration> {
        None
    }
}

/// A connection of which so many messages in a row cannot be read is no feed.
const MOST_UNREAD: u32 = 3;

/// The prices of some contracts, followed in a task of its own until it is dropped.
///
/// It counts as connected while every one of its sockets is: some alone are half a feed, and tell nothing. A reader that
/// is too slow loses prices; it is told by [`MarketItem::Disconnected`].
pub struct MarketFollower {
    items: mpsc::Receiver<MarketItem>,
    task: JoinHandle<()>,
}

impl MarketFollower {
    /// Begins to follow these sockets, on the runtime that this is called on. So many items may wait for a slow reader.
    ///
    /// # Errors
    /// [`CallError`] if there is no list of contracts to read messages with.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn open<S: MarketSource, D: Dial>(
        source: Arc<S>,
        sockets: Vec<(D, SocketSettings)>,
        waiting: usize,
    ) -> Result<Self, CallError> {
        let listing = source.listing().await?;
        let (outlet, items) = Outlet::new(waiting);
        let socket = |(dial, settings)| Socket {
            // Nothing that is secret was said on it.
            session: SocketSession::new(Discreet::new(dial, Arc::clone(source.clock()), str::to_owned), settings),
            connected: false,
            unread: 0,
            has_told: false,
        };
        let sockets = sockets.into_iter().map(socket).collect();
        let follower =
            Follower { source, listing, sockets, first: 0, outlet, arrival: 0, told: None, last_gap: None, owed: None };
        Ok(Self { items, task: tokio::spawn(follower.run()) })
    }
}

#[async_trait]
impl MarketStream for MarketFollower {
    async fn next(&mut self) -> Option<MarketItem> {
        self.items.recv().await
    }
}

impl Drop for MarketFollower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for MarketFollower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MarketFollower").field("waiting", &self.items.len()).finish_non_exhaustive()
    }
}

struct Socket<D> {
    session: SocketSession<Discreet<D>>,
    connected: bool,
    /// So many messages in a row could not be read.
    unread: u32,
    /// It has told something of a market since it was connected.
    has_told: bool,
}

struct Follower<S: MarketSource, D> {
    source: Arc<S>,
    listing: Arc<S::Listing>,
    sockets: Vec<Socket<D>>,
    /// Which socket is asked first: each in its turn, so that a busy one does not keep the others waiting.
    first: usize,
    outlet: Outlet<MarketItem>,
    arrival: u64,
    /// What the reader was last told of the connection.
    told: Option<bool>,
    /// When it was last told that prices were lost though the connection stands.
    last_gap: Option<Instant>,
    /// When and why it is to be told so next.
    owed: Option<(Instant, String)>,
}

impl<S: MarketSource, D: Dial> Follower<S, D> {
    /// Until nobody reads any more.
    async fn run(mut self) {
        loop {
            self.first = self.first.wrapping_add(1);
            let owed = self.owed.as_ref().map(|(due, _)| *due);
            let (socket, item) = tokio::select! {
                () = self.outlet.closed() => return,
                () = self.outlet.room(), if self.outlet.has_gap() => {
                    self.make_good();
                    continue;
                }
                () = sleep_until(owed.unwrap_or_else(Instant::now)), if owed.is_some() => {
                    if let Some((_, reason)) = self.owed.take() {
                        self.gap(reason);
                    }
                    continue;
                }
                next = next_of(&mut self.sockets, self.first) => next,
            };
            match item {
                SocketItem::Message(frame) => self.frame(socket, &frame).await,
                SocketItem::Alive => {}
                SocketItem::Connected => self.connected(socket),
                SocketItem::Disconnected { reason } => self.lost(socket, reason),
            }
        }
    }

    fn connected(&mut self, socket: usize) {
        if let Some(socket) = self.sockets.get_mut(socket) {
            (socket.connected, socket.unread, socket.has_told) = (true, 0, false);
        }
        if self.is_whole() {
            self.tell(true, String::new());
        }
    }

    fn lost(&mut self, socket: usize, reason: String) {
        if let Some(socket) = self.sockets.get_mut(socket) {
            socket.connected = false;
        }
        self.tell(false, reason);
    }

    fn is_whole(&self) -> bool {
        self.sockets.iter().all(|socket| socket.connected)
    }

    fn tell(&mut self, connected: bool, reason: String) {
        if !connected {
            // That prices were lost is told by this.
            self.owed = None;
        }
        if self.told != Some(connected) {
            self.told = Some(connected);
            self.outlet.put(if connected { MarketItem::Connected } else { MarketItem::Disconnected { reason } });
        }
    }

    fn make_good(&mut self) {
        self.outlet.reopen();
        self.gap("the reader was too slow: prices were given up".to_owned());
    }

    /// Says that prices were lost, and that others follow.
    fn gap(&mut self, reason: String) {
        self.last_gap = Some(Instant::now());
        self.told = None;
        self.tell(false, reason);
        if self.is_whole() {
            self.tell(true, String::new());
        }
    }

    async fn frame(&mut self, socket: usize, frame: &[u8]) {
        self.arrival += 1;
        match self.source.decode(frame, &self.listing, self.arrival) {
            Ok(events) => {
                if let Some(socket) = self.sockets.get_mut(socket) {
                    socket.unread = 0;
                    socket.has_told |= events.iter().any(|event| matches!(event, Event::Market(_)));
                }
                for event in events {
                    self.event(socket, event).await;
                }
            }
            Err(error) => {
                let reason = strange(frame).map_or_else(|| error.to_string(), |what| format!("a message is {what}"));
                self.unreadable(socket, format!("a market message cannot be read: {reason}"));
            }
        }
    }

    fn unreadable(&mut self, socket: usize, reason: String) {
        tracing::warn!(%reason, "prices were lost");
        let Some(it) = self.sockets.get_mut(socket) else { return };
        it.unread += 1;
        if it.unread >= MOST_UNREAD {
            self.give_up(socket, &reason, None);
        } else if self.is_whole() {
            self.gap_in_time(reason);
        }
    }

    /// The same at once, or as soon as it may be told again: a kind of message that cannot be read comes over and over.
    fn gap_in_time(&mut self, reason: String) {
        let due = self.last_gap.map(|last| last + self.source.between_gaps());
        match due.filter(|due| *due > Instant::now()) {
            None => self.gap(reason),
            Some(_) if self.owed.is_some() => {}
            Some(due) => self.owed = Some((due, reason)),
        }
    }

    async fn event(&mut self, socket: usize, event: Event) {
        match event {
            Event::Market(event) if self.told == Some(true) => {
                self.outlet.put(MarketItem::Event(event));
            }
            Event::Session(event) => self.session_event(socket, event).await,
            Event::Market(_) | Event::Account(_) | Event::FillNotice(_) => {}
        }
    }

    async fn session_event(&mut self, socket: usize, event: SessionEvent) {
        match event {
            SessionEvent::ContractChanged { native } => {
                tracing::info!(%native, "a contract has changed: what is remembered of contracts is forgotten");
                self.source.forget_listing().await;
                match self.source.listing().await {
                    Ok(listing) => self.listing = listing,
                    Err(error) => tracing::warn!(%error, "going on with the old list of contracts"),
                }
            }
            SessionEvent::VenueError { code, message } => {
                tracing::warn!(%code, %message, "the venue says that something is wrong");
                // Nothing but subscriptions was said on it yet: they will not be served.
                if self.sockets.get(socket).is_some_and(|socket| !socket.has_told) {
                    self.give_up(
                        socket,
                        &format!("the venue refuses to tell prices: {message} ({code})"),
                        self.source.pause_after(&code, &message),
                    );
                }
            }
            // Whoever goes on without it would wait for prices that never come.
            SessionEvent::Refused { id, code, message } => {
                self.give_up(
                    socket,
                    &format!("the venue refuses {id}: {message} ({code})"),
                    self.source.pause_after(&code, &message),
                );
            }
            SessionEvent::StreamExpired => self.give_up(socket, "the venue has ended the session", None),
            SessionEvent::Login
            | SessionEvent::Subscribed { .. }
            | SessionEvent::Pong
            | SessionEvent::Unknown { .. } => {}
        }
    }

    fn give_up(&mut self, socket: usize, reason: &str, not_before: Option<Duration>) {
        let item = self.sockets.get_mut(socket).map(|socket| socket.session.give_up(reason, not_before));
        if let Some(SocketItem::Disconnected { reason }) = item {
            self.lost(socket, reason);
        }
    }
}

/// The next item of any socket, and of which; the one with the number `first` is asked first. May be dropped and called
/// again without losing anything.
async fn next_of<D: Dial>(sockets: &mut [Socket<D>], first: usize) -> (usize, SocketItem) {
    let count = sockets.len().max(1);
    let next = |(index, socket)| (index, Box::pin(SocketSession::next(socket)));
    let mut waiting: Vec<_> = sockets.iter_mut().map(|socket| &mut socket.session).enumerate().map(next).collect();
    waiting.rotate_left(first % count);
    poll_fn(|context| {
        for (index, next) in &mut waiting {
            if let Poll::Ready(item) = next.as_mut().poll(context) {
                return Poll::Ready((*index, item));
            }
        }
        Poll::Pending
    })
    .await
}
