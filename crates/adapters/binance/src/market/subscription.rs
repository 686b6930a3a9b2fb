//! Prices as they come, over the two sockets that the venue carries them on.

use crate::broker::Shared;
use crate::directory::Listed;
use crate::endpoints::Settings;
use crate::wire;
use crate::wire::request::{self, Route};
use plimsoll_domain::Symbol;
use plimsoll_ports::{Clock, NotSent};
use plimsoll_transport::{Address, Dial, DialFailure, SocketSettings};
use plimsoll_venue::{CallError, DecodeError, Event, MarketFollower, MarketSource};
use std::sync::Arc;
use std::time::Duration;

/// Mark prices with funding, best quotes and trades of some contracts: see
/// [`subscribe`](plimsoll_ports::MarketFeed::subscribe).
pub type BinanceMarketStream = MarketFollower;

/// A socket carries at most 1024 streams: two a contract on the busier one, and one for changes of contracts.
const MOST_CONTRACTS: usize = 511;
/// So many streams are asked for in the address, the others in messages of this size.
const STREAMS_A_MESSAGE: usize = 200;

pub(super) async fn open(shared: Arc<Shared>, symbols: &[Symbol]) -> Result<BinanceMarketStream, CallError> {
    if symbols.is_empty() || symbols.len() > MOST_CONTRACTS {
        let reason = format!("1 to {MOST_CONTRACTS} contracts can be subscribed to, not {}", symbols.len());
        return Err(CallError::NotSent(NotSent::Invalid(reason)));
    }
    let listed = shared.listed().await?;
    let (mut quotes, mut prices) = (Vec::new(), vec!["!contractInfo".to_owned()]);
    for symbol in symbols {
        let native = listed.native(symbol)?;
        quotes.push(request::stream(&native, "bookTicker"));
        prices.extend(["markPrice@1s", "aggTrade"].map(|kind| request::stream(&native, kind)));
    }
    let Settings { market_socket, waiting_events, .. } = shared.client.rest().settings;
    let dial = |route, streams: &[String]| {
        let address = address(&shared.client.rest().endpoints.sockets, route, streams);
        UnlessBanned { shared: Arc::clone(&shared), address }
    };
    // Mark prices come every second; the best quotes of a quiet contract may stand for long.
    let quiet = SocketSettings { mute_after: None, ..market_socket };
    let sockets = vec![(dial(Route::Public, &quotes), quiet), (dial(Route::Market, &prices), market_socket)];
    MarketFollower::open(shared, sockets, waiting_events).await
}

impl MarketSource for Shared {
    type Listing = Listed;

    fn clock(&self) -> &Arc<dyn Clock> {
        self.client.clock()
    }

    async fn listing(&self) -> Result<Arc<Listed>, CallError> {
        self.listed().await
    }

    async fn forget_listing(&self) {
        self.directory.forget().await;
    }

    fn between_gaps(&self) -> Duration {
        self.client.rest().settings.between_snapshots
    }

    fn decode(&self, frame: &[u8], listing: &Listed, arrival: u64) -> Result<Vec<Event>, DecodeError> {
        wire::decode(frame, &listing.symbols, arrival)
    }
}

fn address(root: &str, route: Route, streams: &[String]) -> Address {
    let (first, more) = streams.split_at(streams.len().min(STREAMS_A_MESSAGE));
    let subscribe = |(id, streams): (u64, &[String])| request::subscribe(streams, id);
    Address {
        url: request::stream_url(root, route, first),
        greetings: (1..).zip(more.chunks(STREAMS_A_MESSAGE)).map(subscribe).collect(),
    }
}

/// The address, once the venue wants to hear from ours again.
struct UnlessBanned {
    shared: Arc<Shared>,
    address: Address,
}

impl Dial for UnlessBanned {
    async fn dial(&self) -> Result<Address, DialFailure> {
        self.shared.client.may_dial()?;
        Ok(self.address.clone())
    }
}
