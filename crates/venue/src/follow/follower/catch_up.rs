//! Making a gap good: a snapshot, and the trades in it.

use super::Follower;
use crate::call_error::CallError;
use crate::follow::PrivateStream;
use plimsoll_domain::{AccountEvent, AccountSnapshot, Fill, Symbol};
use plimsoll_ports::StreamItem;
use plimsoll_transport::Backoff;
use std::collections::BTreeSet;
use std::time::Duration;
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

    /// A snapshot, and the trades since what was last heard. Meanwhile messages wait at the socket.
    pub(super) async fn catch_up(&mut self) {
        self.doubt = None;
        let mut backoff = Backoff::new(self.settings.socket.backoff);
        let (mut failures, mut late) = (0, 0);
        while failures < ATTEMPTS {
            match self.gather().await {
                Ok((snapshot, _)) if late < LATE_ANSWERS && self.lags(&snapshot) => {
                    late += 1;
                    sleep(LATE_PAUSE).await;
                }
                Ok((snapshot, fills)) => {
                    // Whoever is right, a look once the answers must have caught up will tell.
                    self.doubt = self.lags(&snapshot).then(|| Instant::now() + self.settings.answers_lag);
                    return self.bring(snapshot, fills);
                }
                Err(error) => {
                    failures += 1;
                    let wanted = error.wait(self.source.clock().now());
                    let pause = backoff.next_wait().max(wanted.unwrap_or_default());
                    tracing::warn!(%error, ?pause, "no snapshot");
                    sleep(pause).await;
                }
            }
        }
        self.reconnect("no snapshot could be taken");
    }

    fn lags(&self, snapshot: &AccountSnapshot) -> bool {
        let behind = self.lag.behind(snapshot);
        if let Some(what) = &behind {
            tracing::warn!(%what, "the venue's answers lag behind its stream");
        }
        behind.is_some()
    }

    async fn gather(&mut self) -> Result<(AccountSnapshot, Vec<Fill>), CallError> {
        self.listing = Some(self.source.listing().await?);
        let snapshot = self.source.snapshot().await?;
        let Some(since) = self.heard.since() else { return Ok((snapshot, Vec::new())) };
        let held = snapshot.positions.iter().map(|report| &report.symbol);
        let ordered = snapshot.orders.iter().map(|order| &order.symbol);
        let symbols: BTreeSet<Symbol> = self.heard.symbols().chain(held).chain(ordered).cloned().collect();
        let mut fills = self.source.fills(since, &symbols).await?;
        fills.sort_by_key(|fill| fill.time);
        Ok((snapshot, fills))
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
