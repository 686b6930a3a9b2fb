//! One owner per account: a task that takes in everything its venue says.

use plimsoll_domain::{
    AccountState, Balance, Change, Currency, HeldPosition, MarkPrice, Order, PositionMode, Timestamp,
};
use plimsoll_ports::{AccountStream, Clock, StreamItem};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

/// How many changes a slow listener may fall behind before it is told that it missed some.
const CHANGES_KEPT: usize = 4096;

/// How many mark prices may wait for the task.
const MARKS_KEPT: usize = 1024;

/// The task that owns the [`AccountState`] of one account. It consumes the account's stream, publishes what is known
/// after every item, and tells every change once.
///
/// Nobody else touches the state, and nobody waits for anybody: a reader takes the newest [`AccountView`] from a watch
/// channel, a listener that falls behind is told so by its channel. The task ends when the stream does, or when this
/// handle is dropped.
#[derive(Debug)]
pub struct VenueAccount {
    view: watch::Receiver<Arc<AccountView>>,
    changes: broadcast::Sender<Change>,
    marks: mpsc::Sender<MarkPrice>,
    task: JoinHandle<()>,
}

/// What is known of an account at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// Whether events flow.
    pub link: Link,
    /// When the stream last brought anything, on our clock.
    pub heard_at: Option<Timestamp>,
    /// Something was missed: what follows is in doubt until the next snapshot.
    pub needs_resync: bool,
    /// The venue's time of the newest event.
    pub as_of: Option<Timestamp>,
    /// How many positions a symbol may have, once known.
    pub position_mode: Option<PositionMode>,
    /// Every open position.
    pub positions: Vec<HeldPosition>,
    /// Every open order.
    pub orders: Vec<Order>,
    /// Every known balance.
    pub balances: Vec<(Currency, Balance)>,
}

/// Whether an account's events flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// Not connected yet.
    Connecting,
    /// Connected; a snapshot is awaited first.
    Syncing,
    /// Events flow, and everything before them is known.
    Live,
    /// Events do not flow.
    Down {
        /// Why.
        reason: String,
    },
    /// The stream was shut down for good.
    Ended,
}

impl AccountView {
    /// How long ago the stream last brought anything, while it is live and nothing is in doubt. `None` is staler than any
    /// age: nothing that adds exposure may be judged on it.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        let trusted = self.link == Link::Live && !self.needs_resync;
        self.heard_at.filter(|_| trusted).map(|heard_at| now.since(heard_at))
    }
}

impl VenueAccount {
    /// Starts the task. Must be called within a tokio runtime.
    #[must_use]
    pub fn spawn(stream: Box<dyn AccountStream>, clock: Arc<dyn Clock>) -> Self {
        let owner = Owner { state: AccountState::new(), link: Link::Connecting, heard_at: None };
        let (view_sender, view) = watch::channel(Arc::new(owner.view()));
        let (changes, _) = broadcast::channel(CHANGES_KEPT);
        let (marks, marks_receiver) = mpsc::channel(MARKS_KEPT);
        let task = tokio::spawn(run(owner, stream, clock, marks_receiver, view_sender, changes.clone()));
        Self { view, changes, marks, task }
    }

    /// What is known now.
    #[must_use]
    pub fn view(&self) -> Arc<AccountView> {
        Arc::clone(&self.view.borrow())
    }

    /// A channel that always holds what is known now.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<AccountView>> {
        self.view.clone()
    }

    /// Every change from now on. A listener that falls behind gets
    /// [`Lagged`](broadcast::error::RecvError::Lagged) and should read the view again.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Tells the task a mark price, so that profits are current. While the task is busy the price is dropped: the next
    /// one replaces it.
    pub fn mark(&self, mark: MarkPrice) {
        if self.marks.try_send(mark).is_err() {
            tracing::debug!("a mark price was dropped, since the account's task is busy or has ended");
        }
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for VenueAccount {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What only the task touches.
struct Owner {
    state: AccountState,
    link: Link,
    heard_at: Option<Timestamp>,
}

async fn run(
    mut owner: Owner,
    mut stream: Box<dyn AccountStream>,
    clock: Arc<dyn Clock>,
    mut marks: mpsc::Receiver<MarkPrice>,
    view: watch::Sender<Arc<AccountView>>,
    changes: broadcast::Sender<Change>,
) {
    loop {
        let item = {
            // The same future is polled until it is ready: a mark that comes first must not lose an event.
            let mut next = stream.next();
            loop {
                tokio::select! {
                    item = &mut next => break item,
                    Some(mark) = marks.recv() => {
                        owner.state.mark(&mark);
                        view.send_replace(Arc::new(owner.view()));
                    }
                }
            }
        };
        let ended = item.is_none();
        for change in owner.take(item, clock.now()) {
            tracing::debug!(change = change.as_str(), "the account changed");
            // Nobody listening is no failure: the view holds the same.
            let _ = changes.send(change);
        }
        view.send_replace(Arc::new(owner.view()));
        if ended {
            return;
        }
    }
}

impl Owner {
    fn take(&mut self, item: Option<StreamItem>, now: Timestamp) -> Vec<Change> {
        match item {
            Some(StreamItem::Connected) => {
                self.heard_at = Some(now);
                self.link = Link::Syncing;
                Vec::new()
            }
            Some(StreamItem::Disconnected { reason }) => {
                tracing::warn!(%reason, "the account's stream is down");
                self.link = Link::Down { reason };
                self.lose_track(now)
            }
            Some(StreamItem::Resync { reason }) => {
                tracing::warn!(%reason, "the account is resynchronised");
                self.heard_at = Some(now);
                self.link = Link::Syncing;
                self.lose_track(now)
            }
            Some(StreamItem::Alive) => {
                self.heard_at = Some(now);
                Vec::new()
            }
            Some(StreamItem::Event(event)) => {
                self.heard_at = Some(now);
                if matches!(event, plimsoll_domain::AccountEvent::Snapshot(_)) {
                    self.link = Link::Live;
                }
                self.state.apply(&event)
            }
            None => {
                self.link = Link::Ended;
                self.lose_track(now)
            }
        }
    }

    /// The doubt is as of the newest thing the venue said, in the venue's own time: its clock is not ours.
    fn lose_track(&mut self, now: Timestamp) -> Vec<Change> {
        let at = self.state.as_of().unwrap_or(now);
        self.state.lose_track(at)
    }

    fn view(&self) -> AccountView {
        AccountView {
            link: self.link.clone(),
            heard_at: self.heard_at,
            needs_resync: self.state.needs_resync(),
            as_of: self.state.as_of(),
            position_mode: self.state.position_mode(),
            positions: self.state.positions().collect(),
            orders: self.state.open_orders().cloned().collect(),
            balances: self.state.balances().map(|(currency, balance)| (currency.clone(), balance)).collect(),
        }
    }
}
