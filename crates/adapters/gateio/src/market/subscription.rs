//! Prices as they come.

use crate::broker::Shared;
use crate::directory::Listed;
use crate::endpoints::Settings;
use crate::stream;
use crate::wire::{self, Reading, request};
use plimsoll_domain::{PositionMode, Symbol};
use plimsoll_ports::{Clock, NotSent};
use plimsoll_transport::{Address, Dial, DialFailure};
use plimsoll_venue::{CallError, DecodeError, Event, MarketFollower, MarketSource, SessionEvent};
use std::sync::Arc;
use std::time::Duration;

/// Mark prices with funding, best quotes and trades of some contracts: see
/// [`subscribe`](plimsoll_ports::MarketFeed::subscribe).
pub type GateioMarketStream = MarketFollower;

/// More than the venue lists.
const MOST_CONTRACTS: usize = 2000;
/// A subscription fails as a whole if it names one contract that is not there, so each is for some of them.
const CONTRACTS_A_MESSAGE: usize = 100;
/// What every contract is followed by.
const CHANNELS: [&str; 3] = ["futures.tickers", "futures.book_ticker", "futures.trades"];
/// Told of contracts that have changed; newer than the others, and dispensable.
const CHANGES: &str = "futures.contract_info";

pub(super) async fn open(shared: Arc<Shared>, symbols: &[Symbol]) -> Result<GateioMarketStream, CallError> {
    if symbols.is_empty() || symbols.len() > MOST_CONTRACTS {
        let reason = format!("1 to {MOST_CONTRACTS} contracts can be subscribed to, not {}", symbols.len());
        return Err(CallError::NotSent(NotSent::Invalid(reason)));
    }
    let listed = shared.listed().await?;
    let natives: Result<Vec<Arc<str>>, CallError> = symbols.iter().map(|symbol| listed.native(symbol)).collect();
    let Settings { market_socket, waiting_events, .. } = shared.client.rest().settings;
    let dial = Prices { shared: Arc::clone(&shared), natives: natives? };
    MarketFollower::open(shared, vec![(dial, market_socket)], waiting_events).await
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
        // No price depends on how the account is set.
        let mut events = wire::decode(frame, Reading::new(&listing.symbols, PositionMode::OneWay), arrival)?;
        events.retain(|event| !matches!(event, Event::Session(SessionEvent::Refused { id, .. }) if id == CHANGES));
        Ok(events)
    }

    fn pause_after(&self, code: &str, message: &str) -> Option<Duration> {
        stream::pause_after(code, message)
    }
}

/// The socket with all that is subscribed to, said anew on every connection.
struct Prices {
    shared: Arc<Shared>,
    natives: Vec<Arc<str>>,
}

impl Dial for Prices {
    async fn dial(&self) -> Result<Address, DialFailure> {
        let now = self.shared.client.venue_time();
        let mut subscriptions = vec![(CHANGES, vec!["!all"])];
        for natives in self.natives.chunks(CONTRACTS_A_MESSAGE) {
            let names: Vec<&str> = natives.iter().map(AsRef::as_ref).collect();
            subscriptions.extend(CHANNELS.map(|channel| (channel, names.clone())));
        }
        let say = |(id, (channel, payload)): (u64, (&str, Vec<&str>))| request::subscribe(channel, &payload, id, now);
        stream::address(&self.shared.client, (1..).zip(subscriptions).map(say).collect())
    }

    fn heartbeat(&self) -> Option<String> {
        Some(request::ping(self.shared.client.venue_time()))
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        stream::headers()
    }
}
