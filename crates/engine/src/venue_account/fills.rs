//! The fills that a stream has not told, asked of the venue contract by contract.

use super::view::AccountView;
use futures_util::{StreamExt, stream};
use plimsoll_domain::{AccountSnapshot, Fill, Symbol, Timestamp};
use plimsoll_ports::{Broker, QueryError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// So many contracts are asked for their fills at once.
const ASKED_AT_ONCE: usize = 8;

/// Asks for fills, and remembers up to when they were had.
pub(super) struct FillReader {
    broker: Arc<dyn Broker>,
    overlap: Duration,
    /// The venue's time up to which every fill of a contract was read here.
    read_until: Mutex<BTreeMap<Symbol, Timestamp>>,
}

impl FillReader {
    /// `overlap` is how much the venue's lists may lag.
    pub(super) fn new(broker: Arc<dyn Broker>, overlap: Duration) -> Self {
        Self { broker, overlap, read_until: Mutex::default() }
    }

    /// The fills, the oldest first, of each contract in which something may have happened, since shortly before the time up
    /// to which they are known; and the contracts whose fills cannot be had. What was heard since that time is no sign that
    /// nothing was missed after it.
    pub(super) async fn read(&self, view: &AccountView, snapshot: &AccountSnapshot) -> (Vec<Fill>, Vec<Symbol>) {
        let told_until = view.traded_until.unwrap_or(snapshot.time);
        let since = |symbol: &Symbol| {
            let read_until = self.read_until().get(symbol).copied();
            read_until.map_or(told_until, |read| read.max(told_until)).minus(self.overlap)
        };
        let asked = traded(view, snapshot).into_iter().map(|symbol| {
            let since = since(&symbol);
            ask(Arc::clone(&self.broker), symbol, since)
        });
        let mut answers: Vec<_> = stream::iter(asked).buffer_unordered(ASKED_AT_ONCE).collect().await;
        answers.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (mut fills, mut missing) = (Vec::new(), Vec::new());
        for (symbol, answer) in answers {
            match answer {
                Ok(told) => {
                    fills.extend(told);
                    self.read_until().insert(symbol, snapshot.time);
                }
                Err(error) => {
                    tracing::warn!(%symbol, %error, "fills cannot be read");
                    missing.push(symbol);
                }
            }
        }
        fills.sort_by_key(|fill| fill.time);
        (fills, missing)
    }

    fn read_until(&self) -> MutexGuard<'_, BTreeMap<Symbol, Timestamp>> {
        self.read_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(broker: Arc<dyn Broker>, symbol: Symbol, since: Timestamp) -> (Symbol, Result<Vec<Fill>, QueryError>) {
    let fills = broker.fills(&symbol, since).await;
    (symbol, fills)
}

/// The contracts in which something may have happened: those with positions or orders, then or now.
fn traded(view: &AccountView, snapshot: &AccountSnapshot) -> BTreeSet<Symbol> {
    let known = view.positions.iter().map(|it| &it.symbol).chain(view.orders.iter().map(|it| &it.symbol));
    let read = snapshot.positions.iter().map(|it| &it.symbol).chain(snapshot.orders.iter().map(|it| &it.symbol));
    known.chain(read).cloned().collect()
}
