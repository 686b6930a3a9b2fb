//! Making a gap good: a snapshot, and the trades in it. The socket is read all the while, or the venue would cut it, and its
//! end would go unnoticed; what it brings waits for the snapshot.

use super::Follower;
use super::deaf::untold;
use crate::call_error::CallError;
use crate::follow::PrivateStream;
use plimsoll_domain::{AccountEvent, AccountSnapshot, Fill, Symbol, Timestamp};
use plimsoll_ports::StreamItem;
use plimsoll_transport::{Backoff, BackoffSettings, SocketItem};
use std::collections::BTreeSet;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

/// So many attempts at the account; then the connection is given up too.
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

    /// A gap, or doubt: a snapshot, and the trades since what was last heard. Meanwhile messages wait.
    pub(super) async fn catch_up(&mut self) {
        self.doubt = None;
        let mut attempts = Attempts::new(ATTEMPTS, self.settings.socket.backoff);
        match self.whole_account(&mut attempts).await {
            Read::Whole(account) => self.bring_and_judge(account).await,
            Read::Failed(error) => self.reconnect(&format!("the account could not be read: {error}")),
            Read::Lost => {}
        }
        self.looks.heard(Instant::now());
    }

    /// The stream is silent, and the account is looked at once. That it cannot be read says nothing of the stream.
    pub(super) async fn look(&mut self) {
        let mut attempts = Attempts::new(1, self.settings.socket.backoff);
        match self.whole_account(&mut attempts).await {
            Read::Whole(account) => self.bring_and_judge(account).await,
            Read::Failed(error) => {
                tracing::warn!(%error, "the account cannot be read to see whether its stream is deaf, trying again soon");
                return self.looks.blind(Instant::now(), self.settings.between_snapshots);
            }
            Read::Lost => {}
        }
        self.looks.looked(Instant::now());
    }

    /// A stream is deaf that has not told of what the account shows.
    async fn bring_and_judge(&mut self, Account { snapshot, fills, silence, lags }: Account) {
        // Whoever is right, a look once the answers must have caught up will tell.
        self.doubt = lags.then(|| Instant::now() + self.settings.answers_lag);
        let untold = untold(silence, self.settings.told_within, &snapshot, &fills);
        if untold.is_some() && self.hear_what_has_come().await.is_none() {
            return;
        }
        // What waits may be the news.
        let untold = untold.filter(|_| self.waiting.is_empty());
        self.bring(snapshot, fills, lags);
        if let Some(what) = untold {
            self.reconnect(&format!("the stream has gone deaf: it has not told of {what}"));
        }
    }

    /// A snapshot that does not lag behind the stream, as far as waiting for one helps, and then the trades. Where a part
    /// fails all is read again, so that a snapshot is not old when it is told.
    async fn whole_account(&mut self, attempts: &mut Attempts) -> Read {
        let mut late = 0;
        // What is read now shows more.
        self.lists.drop_read();
        loop {
            let silence = self.silence.until(self.source.clock().now(), Instant::now());
            let Some(read) = self.listening(read_snapshot(Arc::clone(&self.source))).await else { return Read::Lost };
            let error = match read {
                Ok((snapshot, listing)) => {
                    self.listing = Some(listing);
                    let lags = self.lags(&snapshot);
                    if lags && late < LATE_ANSWERS {
                        late += 1;
                        if self.listening(sleep(LATE_PAUSE)).await.is_none() {
                            return Read::Lost;
                        }
                        continue;
                    }
                    let Some(fills) = self.fills(&snapshot).await else { return Read::Lost };
                    match fills {
                        Ok(fills) => return Read::Whole(Account { snapshot, fills, silence, lags }),
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            attempts.left = attempts.left.saturating_sub(1);
            if attempts.left == 0 {
                return Read::Failed(error);
            }
            let source = Arc::clone(&self.source);
            let (ours, theirs) = (attempts.backoff.next_wait(), error.wait(source.clock().now()).unwrap_or_default());
            tracing::warn!(%error, ?ours, ?theirs, "the account cannot be read");
            // What the venue has said is by the account's clock, which may be faster than time.
            let both = async { tokio::join!(sleep(ours), source.clock().sleep(theirs)) };
            if self.listening(both).await.is_none() {
                return Read::Lost;
            }
        }
    }

    /// The trades since what was last heard, the oldest first: in the contracts that have been heard of, and in those that
    /// the snapshot lists. `None` if the connection is lost meanwhile.
    async fn fills(&mut self, snapshot: &AccountSnapshot) -> Option<Result<Vec<Fill>, CallError>> {
        let Some(since) = self.heard.since() else { return Some(Ok(Vec::new())) };
        let mut heard: BTreeSet<Symbol> = self.heard.symbols().cloned().collect();
        heard.extend(snapshot.positions.iter().map(|report| report.symbol.clone()));
        heard.extend(snapshot.orders.iter().map(|order| order.symbol.clone()));
        let source = Arc::clone(&self.source);
        let read = self.listening(async move { source.fills(since, &heard).await }).await?;
        Some(read.map(|mut fills| {
            fills.sort_by_key(|fill| fill.time);
            fills
        }))
    }

    fn lags(&self, snapshot: &AccountSnapshot) -> bool {
        let behind = self.lag.behind(snapshot);
        if let Some(what) = &behind {
            tracing::warn!(%what, "the venue's answers lag behind its stream");
        }
        behind.is_some()
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

    /// Answers that lag may lack trades: from when on they are asked for stays as it was.
    fn bring(&mut self, snapshot: AccountSnapshot, fills: Vec<Fill>, lags: bool) {
        let now = Instant::now();
        self.caught_up = Some(now);
        // What nobody has told of will show then.
        self.doubt.get_or_insert(now + self.settings.read_again_every);
        self.heard.list(&snapshot);
        self.heard.snapshot(snapshot.time);
        self.awaited.whole(&snapshot, now);
        let time = snapshot.time;
        self.outlet.put(StreamItem::Event(AccountEvent::Snapshot(Box::new(snapshot))));
        let until = if lags { Timestamp::default() } else { time };
        if self.tell_trades(fills, until) && !lags {
            self.heard.whole(time);
        }
    }

    /// Tells these, which are all that there were since the time from which on they are asked for, the oldest first. Whether
    /// there was room for all; those for which there was are not asked for again, up to this time.
    pub(super) fn tell_trades(&mut self, fills: Vec<Fill>, until: Timestamp) -> bool {
        for fill in fills {
            let time = fill.time;
            let fill = AccountEvent::Fill(fill);
            self.awaited.hear(&fill);
            self.tell(fill);
            if self.outlet.has_gap() {
                return false;
            }
            self.heard.whole_until(time.min(until));
        }
        !self.outlet.has_gap()
    }
}

/// With the list of contracts, which perhaps was read again for what the snapshot names.
async fn read_snapshot<S: PrivateStream>(source: Arc<S>) -> Result<(AccountSnapshot, Arc<S::Listing>), CallError> {
    Ok((source.snapshot().await?, source.listing().await?))
}

/// What came of reading the account.
enum Read {
    Whole(Account),
    /// As often as it was tried, at last for this reason.
    Failed(CallError),
    /// The connection is no more.
    Lost,
}

/// What was read.
struct Account {
    snapshot: AccountSnapshot,
    fills: Vec<Fill>,
    /// How long the stream had been silent when the snapshot was asked for.
    silence: Duration,
    /// Whether the snapshot lags behind the stream.
    lags: bool,
}

/// What is left of the patience with one gap.
struct Attempts {
    left: u32,
    backoff: Backoff,
}

impl Attempts {
    fn new(left: u32, backoff: BackoffSettings) -> Self {
        Self { left, backoff: Backoff::new(backoff) }
    }
}
