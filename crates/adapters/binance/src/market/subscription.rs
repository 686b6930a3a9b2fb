//! Prices as they come, over the two sockets that the venue carries them on.

use crate::broker::Shared;
use crate::directory::Listed;
use crate::wire::request::{self, Route};
use crate::wire::{self, Event, SessionEvent};
use async_trait::async_trait;
use plimsoll_domain::Symbol;
use plimsoll_ports::{MarketItem, MarketStream, NotSent};
use plimsoll_transport::{Address, Dial, DialFailure, SocketItem, SocketSession, SocketSettings};
use plimsoll_venue::{CallError, Outlet};
use std::fmt;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Mark prices with funding, best quotes and trades of some contracts: see
/// [`subscribe`](plimsoll_ports::MarketFeed::subscribe).
///
/// It counts as connected while both sockets are. A reader that is too slow loses prices; it is told by
/// [`MarketItem::Disconnected`].
pub struct BinanceMarketStream {
    items: mpsc::Receiver<MarketItem>,
    task: JoinHandle<()>,
}

/// A socket carries at most 1024 streams: two a contract on the busier one, and one for changes of contracts.
const MOST_CONTRACTS: usize = 511;
/// So many streams are asked for in the address, the others in messages of this size.
const STREAMS_A_MESSAGE: usize = 200;

impl BinanceMarketStream {
    pub(super) async fn open(shared: Arc<Shared>, symbols: &[Symbol]) -> Result<Self, CallError> {
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
        let settings = shared.client.rest().settings.market_socket;
        let socket = |route, streams: &[String], settings| {
            let address = address(&shared.client.rest().endpoints.sockets, route, streams);
            let dial = UnlessBanned { shared: Arc::clone(&shared), address };
            Socket { session: SocketSession::new(dial, settings), connected: false }
        };
        // Mark prices come every second; the best quotes of a quiet contract may stand for long.
        let public = socket(Route::Public, &quotes, SocketSettings { mute_after: None, ..settings });
        let market = socket(Route::Market, &prices, settings);
        let (outlet, items) = Outlet::new(shared.client.rest().settings.waiting_events);
        let task = tokio::spawn(Reader { shared, listed, public, market, outlet, arrival: 0, told: None }.run());
        Ok(Self { items, task })
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
        match self.shared.client.silence_left() {
            Some(left) => {
                let reason = format!("the venue wants no requests for another {} s", left.as_secs().saturating_add(1));
                Err(DialFailure { reason, not_before: Some(left) })
            }
            None => Ok(self.address.clone()),
        }
    }
}

struct Socket {
    session: SocketSession<UnlessBanned>,
    connected: bool,
}

struct Reader {
    shared: Arc<Shared>,
    listed: Arc<Listed>,
    public: Socket,
    market: Socket,
    outlet: Outlet<MarketItem>,
    arrival: u64,
    /// What the reader was last told of the connection.
    told: Option<bool>,
}

impl Reader {
    /// Until nobody reads any more.
    async fn run(mut self) {
        loop {
            let (public, item) = tokio::select! {
                () = self.outlet.closed() => return,
                () = self.outlet.room(), if self.outlet.has_gap() => {
                    self.make_good();
                    continue;
                }
                item = self.public.session.next() => (true, item),
                item = self.market.session.next() => (false, item),
            };
            let socket = if public { &mut self.public } else { &mut self.market };
            match item {
                SocketItem::Message(frame) => self.frame(&frame).await,
                SocketItem::Alive => {}
                SocketItem::Connected => {
                    socket.connected = true;
                    if self.public.connected && self.market.connected {
                        self.tell(true, String::new());
                    }
                }
                SocketItem::Disconnected { reason } => {
                    socket.connected = false;
                    self.tell(false, reason);
                }
            }
        }
    }

    fn tell(&mut self, connected: bool, reason: String) {
        if self.told != Some(connected) {
            self.told = Some(connected);
            self.outlet.put(if connected { MarketItem::Connected } else { MarketItem::Disconnected { reason } });
        }
    }

    fn make_good(&mut self) {
        self.outlet.reopen();
        self.told = None;
        self.tell(false, "the reader was too slow: prices were given up".to_owned());
        if self.public.connected && self.market.connected {
            self.tell(true, String::new());
        }
    }

    async fn frame(&mut self, frame: &[u8]) {
        self.arrival += 1;
        match wire::decode(frame, &self.listed.symbols, self.arrival) {
            Ok(events) => {
                for event in events {
                    self.event(event).await;
                }
            }
            Err(error) => tracing::warn!(%error, "a market message cannot be read"),
        }
    }

    async fn event(&mut self, event: Event) {
        match event {
            // One socket alone is half a feed: it counts as disconnected, and says nothing.
            Event::Market(event) if self.told == Some(true) => {
                self.outlet.put(MarketItem::Event(event));
            }
            Event::Session(SessionEvent::ContractChanged { native }) => {
                tracing::info!(%native, "a contract has changed: what is remembered of contracts is forgotten");
                self.shared.directory.forget().await;
                match self.shared.listed().await {
                    Ok(listed) => self.listed = listed,
                    Err(error) => tracing::warn!(%error, "going on with the old list of contracts"),
                }
            }
            Event::Session(SessionEvent::VenueError { code, message }) => {
                tracing::warn!(%code, %message, "the venue says that something is wrong");
            }
            Event::Market(_) | Event::Session(_) | Event::Account(_) | Event::FillNotice(_) => {}
        }
    }
}

#[async_trait]
impl MarketStream for BinanceMarketStream {
    async fn next(&mut self) -> Option<MarketItem> {
        self.items.recv().await
    }
}

impl Drop for BinanceMarketStream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for BinanceMarketStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BinanceMarketStream").field("waiting", &self.items.len()).finish_non_exhaustive()
    }
}
