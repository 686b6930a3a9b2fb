//! The account's private events.

mod listen_key;

use crate::broker::BinanceBroker;
use crate::directory::Listed;
use crate::wire;
use futures_util::{StreamExt, TryStreamExt, stream};
use listen_key::ListenKey;
use plimsoll_domain::{AccountSnapshot, Fill, Symbol, Timestamp};
use plimsoll_ports::Clock;
use plimsoll_transport::{Address, Dial, DialFailure};
use plimsoll_venue::{
    AccountFollower, CallError, DecodeError, Event, FollowSettings, Kept, OrderMemory, PrivateStream, Rest, insist,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// So many contracts are asked for their trades at once.
const ASKED_AT_ONCE: usize = 8;

/// The private events of one account: see [`BinanceBroker::account_stream`].
pub type BinanceAccountStream = AccountFollower;

pub(crate) fn open(broker: &BinanceBroker) -> BinanceAccountStream {
    AccountFollower::open(Source { broker: broker.clone(), key: ListenKey::new(broker.clone()) })
}

/// What the venue's stream has of its own: a listen key, and the readings that make a gap good.
struct Source {
    broker: BinanceBroker,
    key: ListenKey,
}

impl Dial for Source {
    async fn dial(&self) -> Result<Address, DialFailure> {
        self.key.open().await
    }
}

impl PrivateStream for Source {
    type Listing = Listed;

    const EXPIRED: &'static str = "the listen key has expired";

    fn settings(&self) -> FollowSettings {
        self.broker.shared().client.rest().settings.follow()
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        self.broker.shared().client.clock()
    }

    fn orders(&self) -> &OrderMemory {
        &self.broker.shared().memory
    }

    async fn listing(&self) -> Result<Arc<Listed>, CallError> {
        let shared = self.broker.shared();
        shared.directory.listing.unforgotten(&shared.client).await
    }

    async fn forget_listing(&self) {
        self.broker.shared().directory.forget().await;
    }

    fn decode(&self, frame: &[u8], listing: &Listed, arrival: u64) -> Result<Vec<Event>, DecodeError> {
        wire::decode(frame, &listing.symbols, arrival)
    }

    fn hide(&self, words: &str) -> String {
        self.broker.shared().client.rest().hide(words)
    }

    async fn snapshot(&self) -> Result<AccountSnapshot, CallError> {
        self.broker.snapshot().await
    }

    async fn fills(&self, since: Timestamp, heard: &BTreeSet<Symbol>) -> Result<Vec<Fill>, CallError> {
        // What was opened and closed in a gap is neither held nor ordered, and was perhaps never heard of.
        let clock = self.clock().as_ref();
        let traded = insist(clock, || self.broker.traded_since(since)).await?;
        // One contract that fails for a moment is read again by itself.
        let read = |symbol| insist(clock, move || self.broker.read_fills(symbol, since));
        let asked: Vec<_> = heard.union(&traded).map(read).collect();
        let fills: Vec<Vec<Fill>> = stream::iter(asked).buffered(ASKED_AT_ONCE).try_collect().await?;
        Ok(fills.concat())
    }

    fn is_heard(&self) {
        self.key.is_heard();
    }

    fn is_believed(&self) -> bool {
        self.key.is_believed()
    }

    async fn keep_alive(&self) -> Kept {
        self.key.keep_alive().await
    }
}
