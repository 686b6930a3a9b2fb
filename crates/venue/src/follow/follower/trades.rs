//! Reading the venue's list of trades while its stream goes on: of an account that trades much, more would be told until the
//! next gap than anybody remembers, and one that was never told could not be told from those that were.

use super::Follower;
use crate::call_error::CallError;
use crate::follow::PrivateStream;
use crate::follow::heard::Span;
use plimsoll_domain::{AccountEvent, Fill, Symbol};
use std::collections::BTreeSet;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use tokio::time::Instant;

/// The list as it is being read.
pub(super) type List = Pin<Box<dyn Future<Output = Listed> + Send>>;

/// The list, or why there is none.
pub(super) struct Listed {
    span: Span,
    fills: Result<Vec<Fill>, CallError>,
}

pub(super) async fn next_of_list(list: &mut Option<List>) -> Listed {
    match list {
        Some(list) => list.await,
        None => pending().await,
    }
}

impl<S: PrivateStream> Follower<S> {
    /// Begins to read the trades, if many have been told since they were read, and they are not being read.
    pub(super) fn list_trades(&mut self) {
        let Some(span) = self.heard.many().filter(|_| self.list.is_none()) else { return };
        let now = Instant::now();
        if self.listed_at.is_some_and(|last| now < last + self.settings.between_snapshots) {
            return;
        }
        self.listed_at = Some(now);
        let source = Arc::clone(&self.source);
        let heard: BTreeSet<Symbol> = self.heard.symbols().cloned().collect();
        self.list = Some(Box::pin(async move {
            let fills = source.fills(span.since, &heard).await;
            Listed { span, fills }
        }));
    }

    /// Tells those that the stream has not told.
    pub(super) fn trades_listed(&mut self, Listed { span, fills }: Listed) {
        self.list = None;
        let mut fills = match fills {
            Ok(fills) => fills,
            Err(error) => return tracing::warn!(%error, "the trades cannot be read, trying again later"),
        };
        fills.sort_by_key(|fill| fill.time);
        for fill in fills {
            let fill = AccountEvent::Fill(fill);
            self.awaited.hear(&fill);
            self.tell(fill);
        }
        if !self.outlet.has_gap() {
            self.heard.listed(&span);
        }
    }
}
