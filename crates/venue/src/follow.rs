//! Following the private stream of an account: snapshot and stream joined, so that nothing between them is lost or told
//! twice.
//!
//! What every venue needs is done here: reconnections, logins, gaps, fills that were missed, answers that lag behind the
//! stream, a stream that is deaf, a reader that is slow. What differs is a [`PrivateStream`].

mod awaited;
mod follower;
mod handshake;
mod heard;
mod lag;

pub use handshake::{Greeting, Refused};

use crate::call_error::CallError;
use crate::event::Event;
use crate::json::DecodeError;
use crate::order_memory::OrderMemory;
use crate::outlet::Outlet;
use async_trait::async_trait;
use follower::Follower;
use plimsoll_domain::{AccountEvent, AccountSnapshot, Fill, Symbol, Timestamp};
use plimsoll_ports::{AccountStream, Clock, StreamItem};
use plimsoll_transport::{Dial, SocketSettings};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// What a venue gives so that the private stream of an account can be followed.
pub trait PrivateStream: Dial {
    /// The venue's list of contracts, which its messages are read with.
    type Listing: Send + Sync;

    /// Why the connection is given up after [`SessionEvent::StreamExpired`](crate::SessionEvent::StreamExpired).
    const EXPIRED: &'static str = "the venue has ended the session";

    /// How patient to be.
    fn settings(&self) -> FollowSettings;

    /// The clock by which the session is kept alive, and by which errors say until when the venue wants no requests.
    fn clock(&self) -> &Arc<dyn Clock>;

    /// The orders of the account: what is placed is expected on the stream, and what the stream tells is learned.
    fn orders(&self) -> &OrderMemory;

    /// The list of contracts that is known, however old; read again where it was forgotten.
    fn listing(&self) -> impl Future<Output = Result<Arc<Self::Listing>, CallError>> + Send;

    /// A message cannot be read: the list of contracts may be out of date.
    fn forget_listing(&self) -> impl Future<Output = ()> + Send;

    /// What one frame says. `arrival` counts the frames of all connections.
    ///
    /// # Errors
    /// [`DecodeError`] for what cannot be read: a snapshot is taken then.
    fn decode(&self, frame: &[u8], listing: &Self::Listing, arrival: u64) -> Result<Vec<Event>, DecodeError>;

    /// The whole account, with a time before which nothing that it does not show has happened.
    fn snapshot(&self) -> impl Future<Output = Result<AccountSnapshot, CallError>> + Send;

    /// Every trade of the account since then, in any order. `heard` are the contracts in which something is held, ordered
    /// or was traded, as far as anything has been heard of them; there may be others.
    fn fills(
        &self,
        since: Timestamp,
        heard: &BTreeSet<Symbol>,
    ) -> impl Future<Output = Result<Vec<Fill>, CallError>> + Send;

    /// What is said on a new connection, and acknowledged, before it counts as connected: nothing, unless the venue wants a
    /// login or subscriptions.
    fn handshake(&self) -> impl Future<Output = Result<Vec<Greeting>, CallError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// What a refusal means, during the handshake and later. `id` is empty where the venue does not say what it refuses.
    fn refused(&self, id: &str, code: &str, message: &str) -> Refused {
        let what = if id.is_empty() { "the session" } else { id };
        Refused::GiveUp { reason: format!("the venue refuses {what}: {message} ({code})"), not_before: None }
    }

    /// Words of the venue's, without what only the trader knows: [`without`](crate::without) the keys.
    fn hide(&self, words: &str) -> String {
        words.to_owned()
    }

    /// The stream has just told something of the account.
    fn is_heard(&self) {}

    /// Whether a socket that answers is a sign that the account is quiet, and not that the session has died.
    fn is_believed(&self) -> bool {
        true
    }

    /// What is known of the account beside the stream, as it comes: what the venue does not push. Asked for once. What comes
    /// while the session is down is passed over: the snapshot that follows shows it.
    fn beside(&self) -> Option<mpsc::Receiver<Beside>> {
        None
    }

    /// Keeps the session alive; asked for [so often](FollowSettings::keep_alive_every).
    fn keep_alive(&self) -> impl Future<Output = Kept> + Send {
        async { Kept::Alive }
    }
}

/// Something of the account that the stream does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beside {
    /// This has happened.
    Event(Box<AccountEvent>),
    /// Something has, for this reason: a snapshot shows what.
    Doubt(String),
}

/// What became of keeping a session alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// The venue knows it.
    Alive,
    /// The venue does not know it, for this reason: a new one is wanted.
    Gone(&'static str),
    /// Nothing is known; it may live on.
    Unsure,
}

/// How patient a follower is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowSettings {
    /// When the socket counts as dead.
    pub socket: SocketSettings,
    /// The venue must acknowledge each greeting within this time.
    pub answers_within: Duration,
    /// How often the session is kept alive by a call, where it must be.
    pub keep_alive_every: Option<Duration>,
    /// How many events, at least eight, may wait for a slow reader before some are given up for a fresh snapshot.
    pub waiting_events: usize,
    /// So many bytes of messages may wait while the account is read; beyond that the connection is given up for another.
    pub waiting_bytes: usize,
    /// However many messages cannot be read, snapshots of the account are taken no more often than this.
    pub between_snapshots: Duration,
    /// The stream is deaf, and is given up for a new one, when it has not told of an order for so long after the venue has
    /// taken it.
    pub news_within: Duration,
    /// What the venue does is told within this time, or not at all: a stream that has told of nothing since, and for so much
    /// longer, is deaf.
    pub told_within: Duration,
    /// However well everything seems to go, the account is read again this often, and sooner after the stream has fallen
    /// silent: what a venue never told is noticed by no other sign.
    pub read_again_every: Duration,
    /// The venue's answers may lag behind its stream by so much: a snapshot that contradicts what the stream has told
    /// within this time is read again.
    pub answers_lag: Duration,
}

impl Default for FollowSettings {
    fn default() -> Self {
        Self {
            // A quiet account's freshness rests on pongs, and orders that add exposure rest on freshness.
            socket: SocketSettings {
                ping_after: Duration::from_secs(4),
                dead_after: Duration::from_secs(12),
                ..SocketSettings::default()
            },
            answers_within: Duration::from_secs(10),
            keep_alive_every: None,
            waiting_events: 4096,
            waiting_bytes: 64 * 1024 * 1024,
            between_snapshots: Duration::from_secs(5),
            news_within: Duration::from_secs(5),
            told_within: Duration::from_secs(10),
            read_again_every: Duration::from_secs(5 * 60),
            answers_lag: Duration::from_secs(3),
        }
    }
}

/// Half of it is free when a gap is made good: room for the news of the connection, the snapshot, and some trades.
const FEWEST: usize = 8;

/// The private events of one account, followed in a task of its own until it is dropped.
///
/// After every connection comes a snapshot, and after a gap the trades in it. A session that has expired, a message that
/// cannot be read and a reader that is too slow are gaps too. Trades are told once.
pub struct AccountFollower {
    items: mpsc::Receiver<StreamItem>,
    task: JoinHandle<()>,
}

impl AccountFollower {
    /// Begins to follow, on the runtime that this is called on.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn open<S: PrivateStream>(source: S) -> Self {
        let (outlet, items) = Outlet::new(source.settings().waiting_events.max(FEWEST));
        let task = tokio::spawn(Follower::new(Arc::new(source), outlet).run());
        Self { items, task }
    }
}

#[async_trait]
impl AccountStream for AccountFollower {
    async fn next(&mut self) -> Option<StreamItem> {
        self.items.recv().await
    }
}

impl Drop for AccountFollower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for AccountFollower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountFollower").field("waiting", &self.items.len()).finish_non_exhaustive()
    }
}
