//! Making a gap good: a snapshot, and the trades in it. The socket is read all the while, or the venue would cut it, and its
//! end would go unnoticed; what it brings waits for the snapshot.

use super::Follower;
use super::deaf::untold;
use crate::call_error::CallError;
use crate::follow::PrivateStream;
use plimsoll_domain::{AccountEvent, AccountSnapshot, Fill, Symbol, Timestamp};
use plimsoll_ports::StreamItem;
use plimsoll_transport::{Backoff, SocketItem};
use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

/// So many attempts at a snapshot; then the connection is given up too.
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
        let mut backoff = Backoff::new(self.settings.socket.backoff);
        let (mut failures, mut late) = (0, 0);
        let mut why = String::new();
        while failures < ATTEMPTS {
            let silence = self.silence.until(self.source.clock().now(), Instant::now());
            let reading = gather(Arc::clone(&self.source), self.heard.since(), self.heard.symbols().cloned().collect());
            let Some(gathered) = self.listening(reading).await else { return };
            match gathered.map(|it| self.take_listing(it)) {
                Ok((snapshot, _)) if late < LATE_ANSWERS && self.lags(&snapshot) => {
                    late += 1;
                    if self.listening(sleep(LATE_PAUSE)).await.is_none() {
                        return;
                    }
                }
                Ok((snapshot, fills)) => {
                    // Whoever is right, a look once the answers must have caught up will tell.
                    self.doubt = self.lags(&snapshot).then(|| Instant::now() + self.settings.answers_lag);
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
                    return;
                }
                Err(error) => {
                    failures += 1;
                    why = error.to_string();
                    let wanted = error.wait(self.source.clock().now());
                    let pause = backoff.next_wait().max(wanted.unwrap_or_default());
                    tracing::warn!(%error, ?pause, "no snapshot");
                    if self.listening(sleep(pause)).await.is_none() {
                        return;
                    }
                }
            }
        }
        self.reconnect(&format!("no snapshot could be taken: {why}"));
    }

    fn lags(&self, snapshot: &AccountSnapshot) -> bool {
        let behind = self.lag.behind(snapshot);
        if let Some(what) = &behind {
            tracing::warn!(%what, "the venue's answers lag behind its stream");
        }
        behind.is_some()
    }

    fn take_listing(&mut self, gathered: Gathered<S>) -> (AccountSnapshot, Vec<Fill>) {
        let Gathered { listing, snapshot, fills } = gathered;
        self.listing = Some(listing);
        (snapshot, fills)
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

/// What was read.
struct Gathered<S: PrivateStream> {
    listing: Arc<S::Listing>,
    snapshot: AccountSnapshot,
    fills: Vec<Fill>,
}

/// A snapshot, and the trades since then: in `heard`, and in what the snapshot lists.
async fn gather<S: PrivateStream>(
    source: Arc<S>,
    since: Option<Timestamp>,
    mut heard: BTreeSet<Symbol>,
) -> Result<Gathered<S>, CallError> {
    let snapshot = source.snapshot().await?;
    // Perhaps it was read again for what the snapshot names.
    let listing = source.listing().await?;
    let mut fills = Vec::new();
    if let Some(since) = since {
        heard.extend(snapshot.positions.iter().map(|report| report.symbol.clone()));
        heard.extend(snapshot.orders.iter().map(|order| order.symbol.clone()));
        fills = source.fills(since, &heard).await?;
        fills.sort_by_key(|fill| fill.time);
    }
    Ok(Gathered { listing, snapshot, fills })
}
