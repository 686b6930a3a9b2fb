//! Prices as they come.

use crate::broker::Shared;
use crate::directory::Listed;
use crate::endpoints::Settings;
use crate::stream;
use crate::wire::request::{self, Channel};
use crate::wire::{self, Protocol};
use plimsoll_domain::Symbol;
use plimsoll_ports::{Clock, NotSent};
use plimsoll_transport::{Address, Dial, DialFailure};
use plimsoll_venue::{CallError, DecodeError, Event, MarketFollower, MarketSource};
use std::sync::Arc;
use std::time::Duration;

/// Mark prices with funding, best quotes and trades of some contracts: see
/// [`subscribe`](plimsoll_ports::MarketFeed::subscribe).
pub type BitgetMarketStream = MarketFollower;

/// The venue takes ten messages a second, of 4096 bytes each: two channels a contract, in five messages.
const MOST_CONTRACTS: usize = 100;
const CHANNELS_A_MESSAGE: usize = 40;

pub(super) async fn open(shared: Arc<Shared>, symbols: &[Symbol]) -> Result<BitgetMarketStream, CallError> {
    if symbols.is_empty() || symbols.len() > MOST_CONTRACTS {
        let reason = format!("1 to {MOST_CONTRACTS} contracts can be subscribed to, not {}", symbols.len());
        return Err(CallError::NotSent(NotSent::Invalid(reason)));
    }
    let listed = shared.listed().await?;
    let natives: Result<Vec<Arc<str>>, CallError> = symbols.iter().map(|symbol| listed.native(symbol)).collect();
    let natives = natives?;
    let channel = |native| ["ticker", "trade"].map(|name| Channel { name, native: Some(native) });
    let channels: Vec<Channel<'_>> = natives.iter().flat_map(|native| channel(native)).collect();
    let greetings = channels.chunks(CHANNELS_A_MESSAGE).map(|part| request::subscribe(Protocol::V2, part)).collect();
    let Settings { market_socket, waiting_events, .. } = shared.client.rest().settings;
    let address = Address { url: shared.client.rest().endpoints.public(), greetings };
    let socket = UnlessSilenced { shared: Arc::clone(&shared), address };
    MarketFollower::open(shared, vec![(socket, market_socket)], waiting_events).await
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
        self.directory.listing.forget().await;
    }

    fn between_gaps(&self) -> Duration {
        self.client.rest().settings.between_snapshots
    }

    fn decode(&self, frame: &[u8], listing: &Listed, arrival: u64) -> Result<Vec<Event>, DecodeError> {
        wire::decode(frame, &listing.symbols, Protocol::V2, arrival)
    }

    fn pause_after(&self, code: &str, _: &str) -> Option<Duration> {
        stream::pause_after(code)
    }
}

/// The address, once the venue wants to hear from ours again.
struct UnlessSilenced {
    shared: Arc<Shared>,
    address: Address,
}

impl Dial for UnlessSilenced {
    async fn dial(&self) -> Result<Address, DialFailure> {
        self.shared.client.may_dial()?;
        Ok(self.address.clone())
    }

    fn heartbeat(&self) -> Option<String> {
        Some(request::ping(Protocol::V2).to_owned())
    }
}
