//! Reading the venue's list of trades while its stream goes on: of an account that trades much, more would be told until the
//! next gap than anybody remembers, and one that was never told could not be told from those that were.

use super::Follower;
use crate::call_error::CallError;
use crate::follow::PrivateStream;
use crate::follow::heard::Span;
use plimsoll_domain::{Fill, Symbol};
use std::collections::BTreeSet;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The lists that are read, one at a time.
pub(super) struct Lists {
    read: Option<Pin<Box<dyn Future<Output = Listed> + Send>>>,
    not_before: Instant,
    failures: u32,
}

/// The list, or why there is none.
pub(super) struct Listed {
    span: Span,
    fills: Result<Vec<Fill>, CallError>,
}

/// The pause after failures is doubled so often at most.
const MOST_DOUBLED: u32 = 6;

impl Lists {
    pub(super) fn new(now: Instant) -> Self {
        Self { read: None, not_before: now, failures: 0 }
    }

    /// Whether one is being read.
    pub(super) const fn are_read(&self) -> bool {
        self.read.is_some()
    }

    /// The one that is being read.
    pub(super) async fn next(&mut self) -> Listed {
        match &mut self.read {
            Some(read) => read.await,
            None => pending().await,
        }
    }

    /// What is being read is not wanted any more.
    pub(super) fn drop_read(&mut self) {
        self.read = None;
    }

    fn begin(&mut self, list: impl Future<Output = Listed> + Send + 'static, now: Instant, pause: Duration) {
        self.read = Some(Box::pin(list));
        self.not_before = now + pause * 2_u32.pow(self.failures.min(MOST_DOUBLED));
    }
}

impl<S: PrivateStream> Follower<S> {
    /// Begins to read the trades, if many have been told since they were read, and nothing waits to be told before them.
    pub(super) fn list_trades(&mut self) {
        let now = Instant::now();
        let is_busy = self.lists.are_read() || !self.waiting.is_empty() || self.outlet.has_gap();
        if is_busy || now < self.lists.not_before {
            return;
        }
        let source = Arc::clone(&self.source);
        let Some(span) = self.heard.many(source.clock().now()) else { return };
        let heard: BTreeSet<Symbol> = self.heard.symbols().cloned().collect();
        let list = async move {
            let fills = source.fills(span.since, &heard).await;
            Listed { span, fills }
        };
        self.lists.begin(list, now, self.settings.between_snapshots);
    }

    /// Tells those that the stream has not told. It may still tell the newest of them itself, and tells more of them.
    pub(super) fn trades_listed(&mut self, Listed { span, fills }: Listed) {
        self.lists.drop_read();
        let mut fills = match fills {
            Ok(fills) => fills,
            Err(error) => {
                self.lists.failures += 1;
                return tracing::warn!(%error, "the trades cannot be read, trying again later");
            }
        };
        self.lists.failures = 0;
        fills.retain(|fill| fill.time <= span.until);
        fills.sort_by_key(|fill| fill.time);
        if self.tell_trades(fills, span.until) {
            self.heard.listed(&span);
        }
    }
}
