//! Making a gap good: a snapshot, and the trades in it. The socket is read all the while, or the venue would cut it, and its
//! end would go unnoticed; what it brings waits for the snapshot.

use super::Follower;
use super::deaf::untold;
use crate::call_error::CallError;
use crate::event::Event;
use crate::follow::PrivateStream;
use plimsoll_domain::{AccountEvent, AccountSnapshot, Fill, Symbol};
use plimsoll_ports::StreamItem;
use plimsoll_transport::{Backoff, BackoffSettings, SocketItem};
use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

/// So many attempts at a snapshot and its trades; then the connection is given up too.
const ATTEMPTS: u32 = 5;
/// A snapshot that lags behind the stream is read again so many times, after a pause of this length.
const LATE_ANSWERS: u32 = 5;
const LATE_PAUSE: Duration = Duration::from_millis(200);

impl<S: PrivateStream> Follower<S> {
    /// The reader has caught up with what was waiting, and is to be told of what was given up.
    pub(super) async fn make_good(&mut self) {
        self.outlet.reopen();
        let reason = "the reader was too slow: events were given up".to_owned();
        if !self.is_up() {
            return self.tell_disconnected(reason);
        }
        if self.told_connected {
            self.outlet.put(StreamItem::Resync { reason });
        } else {
            self.tell_connected();
        }
        self.catch_up().await;
    }

    /// A snapshot, and the trades since what was last heard. Meanwhile messages wait.
    pub(super) async fn catch_up(&mut self) {
        self.doubt = None;
        let mut attempts = Attempts::new(self.settings.socket.backoff);
        let Some((snapshot, silence)) = self.snapshot(&mut attempts).await else { return };
        let Some(fills) = self.fills(&snapshot, &mut attempts).await else { return };
        let untold = untold(silence, self.settings.told_within, &snapshot, &fills);
        if untold.is_some() && self.hear_what_has_come().await.is_none() {
            return;
        }
        // What waits may be the news.
        let untold = untold.filter(|_| self.waiting.is_empty());
        self.bring(snapshot, fills);
        if let Some(what) = untold {
            self.reconnect(&format!("the stream has gone deaf: it has not told of {what}"));
        }
    }

    /// A snapshot that does not lag behind the stream, as far as waiting for one helps, and how long the stream had been silent
    /// when it was asked for; `None` if the connection is lost meanwhile, or given up.
    async fn snapshot(&mut self, attempts: &mut Attempts) -> Option<(AccountSnapshot, Duration)> {
        let mut late = 0;
        loop {
            let silence = self.silence.until(self.source.clock().now(), Instant::now());
            let (snapshot, listing) = self.insist(attempts, Self::read_snapshot).await?;
            self.listing = Some(listing);
            let lags = self.lags(&snapshot);
            if !lags || late >= LATE_ANSWERS {
                // Whoever is right, a look once the answers must have caught up will tell.
                self.doubt = lags.then(|| Instant::now() + self.settings.answers_lag);
                return Some((snapshot, silence));
            }
            late += 1;
            self.listening(sleep(LATE_PAUSE)).await?;
        }
    }

    /// The trades since what was last heard: in the contracts that have been heard of, and in those that the snapshot lists.
    /// `None` as of [`snapshot`](Self::snapshot).
    async fn fills(&mut self, snapshot: &AccountSnapshot, attempts: &mut Attempts) -> Option<Vec<Fill>> {
        let Some(since) = self.heard.since() else { return Some(Vec::new()) };
        let mut heard: BTreeSet<Symbol> = self.heard.symbols().cloned().collect();
        heard.extend(snapshot.positions.iter().map(|report| report.symbol.clone()));
        heard.extend(snapshot.orders.iter().map(|order| order.symbol.clone()));
        let heard = &heard;
        let read = |source: Arc<S>| async move { source.fills(since, heard).await };
        let mut fills = self.insist(attempts, read).await?;
        fills.sort_by_key(|fill| fill.time);
        Some(fills)
    }

    /// Reads until it is read, while messages wait; `None` if the connection is lost meanwhile, or given up after too many
    /// failures.
    async fn insist<T, F>(&mut self, attempts: &mut Attempts, read: impl Fn(Arc<S>) -> F) -> Option<T>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        loop {
            let error = match self.listening(read(Arc::clone(&self.source))).await? {
                Ok(it) => return Some(it),
                Err(error) => error,
            };
            let wanted = error.wait(self.source.clock().now()).unwrap_or_default();
            let pause = attempts.backoff.next_wait().max(wanted);
            tracing::warn!(%error, ?pause, "no snapshot");
            self.listening(sleep(pause)).await?;
            attempts.left = attempts.left.saturating_sub(1);
            if attempts.left == 0 {
                self.reconnect(&format!("no snapshot could be taken: {error}"));
                return None;
            }
        }
    }

    /// With the list of contracts, which perhaps was read again for what the snapshot names.
    async fn read_snapshot(source: Arc<S>) -> Result<(AccountSnapshot, Arc<S::Listing>), CallError> {
        Ok((source.snapshot().await?, source.listing().await?))
    }

    /// Whether the stream has told of what the snapshot does not know. What waits will tell the rest of it.
    fn lags(&self, snapshot: &AccountSnapshot) -> bool {
        let behind = self.lag.behind(snapshot, || self.what_waits());
        if let Some(what) = &behind {
            tracing::warn!(%what, "the venue's answers lag behind its stream");
        }
        behind.is_some()
    }

    fn what_waits(&self) -> Vec<AccountEvent> {
        let Some(listing) = &self.listing else { return Vec::new() };
        let told = |frame: &Vec<u8>| self.source.decode(frame, listing, self.arrival).unwrap_or_default();
        let account = |event| if let Event::Account(event) = event { Some(event) } else { None };
        self.waiting.frames().flat_map(told).filter_map(account).collect()
    }

    /// Does this while messages come in and wait; `None` if the connection is lost meanwhile, or given up because more come
    /// than may wait: a socket that is not read would be cut by the venue, and the next one's snapshot shows it all.
    async fn listening<T>(&mut self, doing: impl Future<Output = T>) -> Option<T> {
        let mut doing = std::pin::pin!(doing);
        loop {
            let item = tokio::select! {
                // It has begun before anything is heard.
                biased;
                done = &mut doing => return Some(done),
                item = self.socket.next() => item,
            };
            self.set_aside(item)?;
        }
    }

    /// Looks whether the socket has brought a message already; `None` as in [`listening`](Self::listening).
    async fn hear_what_has_come(&mut self) -> Option<()> {
        // The runtime notices what has come to its sockets only in between.
        yield_now().await;
        while self.waiting.is_empty() {
            let item = tokio::select! {
                biased;
                item = self.socket.next() => item,
                () = ready(()) => break,
            };
            self.set_aside(item)?;
        }
        Some(())
    }

    /// Has a message wait; `None` if there is no connection any more.
    fn set_aside(&mut self, item: SocketItem) -> Option<()> {
        match item {
            SocketItem::Message(frame) => {
                if !self.waiting.push(frame) {
                    self.reconnect("more messages came than may wait while the account is read");
                    return None;
                }
            }
            SocketItem::Alive | SocketItem::Connected => {}
            SocketItem::Disconnected { reason } => {
                self.lost(reason);
                return None;
            }
        }
        Some(())
    }

    fn bring(&mut self, snapshot: AccountSnapshot, fills: Vec<Fill>) {
        let now = Instant::now();
        self.caught_up = Some(now);
        self.looks.looked(now);
        // What nobody has told of will show then.
        self.doubt.get_or_insert(now + self.settings.read_again_every);
        self.heard.list(&snapshot);
        self.awaited.whole(&snapshot, now);
        let time = snapshot.time;
        self.outlet.put(StreamItem::Event(AccountEvent::Snapshot(Box::new(snapshot))));
        for fill in fills {
            let fill = AccountEvent::Fill(fill);
            self.awaited.hear(&fill);
            self.tell(fill);
        }
        if !self.outlet.has_gap() {
            self.heard.whole(time);
        }
    }
}

/// What is left of the patience with one gap.
struct Attempts {
    left: u32,
    backoff: Backoff,
}

impl Attempts {
    fn new(backoff: BackoffSettings) -> Self {
        Self { left: ATTEMPTS, backoff: Backoff::new(backoff) }
    }
}
