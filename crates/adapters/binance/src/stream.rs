//! The account's private events.

mod awaited;
mod heard;
mod lag;
mod listen_key;
mod reader;

use crate::broker::BinanceBroker;
use crate::outlet::Outlet;
use async_trait::async_trait;
use plimsoll_ports::{AccountStream, StreamItem};
use reader::Reader;
use std::fmt;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The private events of one account: see [`BinanceBroker::account_stream`].
///
/// After every connection comes a snapshot, and after a gap the trades in it. An expired listen key, a message that
/// cannot be read and a reader that is too slow are gaps too. Trades are told once.
pub struct BinanceAccountStream {
    items: mpsc::Receiver<StreamItem>,
    task: JoinHandle<()>,
}

/// Half of it is free when a gap is made good: room for the news of the connection, the snapshot, and some trades.
const FEWEST: usize = 8;

impl BinanceAccountStream {
    pub(crate) fn open(broker: BinanceBroker) -> Self {
        let (outlet, items) = Outlet::new(broker.shared().client.settings.waiting_events.max(FEWEST));
        let task = tokio::spawn(Reader::new(broker, outlet).run());
        Self { items, task }
    }
}

#[async_trait]
impl AccountStream for BinanceAccountStream {
    async fn next(&mut self) -> Option<StreamItem> {
        self.items.recv().await
    }
}

impl Drop for BinanceAccountStream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for BinanceAccountStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BinanceAccountStream").field("waiting", &self.items.len()).finish_non_exhaustive()
    }
}
