//! The task behind a private stream: one socket, and what keeps it whole.

use super::heard::Heard;
use crate::broker::BinanceBroker;
use crate::call_error::CallError;
use crate::client::Client;
use crate::directory::Listed;
use crate::outlet::Outlet;
use crate::wire::{self, Event, SessionEvent, body, request};
use plimsoll_domain::{AccountEvent, AccountSnapshot, Fill, Symbol};
use plimsoll_ports::StreamItem;
use plimsoll_transport::{Address, Backoff, Dial, DialFailure, Priority, SocketItem, SocketSession};
use secrecy::ExposeSecret;
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// The venue does not know the listen key (any more).
const NO_SUCH_KEY: i64 = -1125;
/// When keeping the key alive failed for another reason.
const TRY_AGAIN: Duration = Duration::from_secs(60);
/// So many attempts at a snapshot; then the connection is given up too.
const ATTEMPTS: u32 = 5;

/// Asks for a listen key whenever a connection is made.
struct ListenKey(BinanceBroker);

impl Dial for ListenKey {
    async fn dial(&self) -> Result<Address, DialFailure> {
        let client = &self.0.shared().client;
        let key = client.read(&request::listen_key_open(), Priority::ReducesRisk, body::listen_key).await;
        let key = key.map_err(|error| DialFailure { reason: error.to_string(), not_before: wait(client, &error) })?;
        let url = request::private_url(&client.endpoints.sockets, key.expose_secret());
        Ok(Address { url, greetings: Vec::new() })
    }
}

fn wait(client: &Client, error: &CallError) -> Option<Duration> {
    error.silent_until().map(|until| until.since(client.clock.now()))
}

pub(super) struct Reader {
    broker: BinanceBroker,
    socket: SocketSession<ListenKey>,
    outlet: Outlet<StreamItem>,
    heard: Heard,
    listed: Option<Arc<Listed>>,
    /// Messages of all connections: the tie-break of events of one millisecond.
    arrival: u64,
    connected: bool,
    /// What the reader was last told of that.
    told_connected: bool,
    /// When a snapshot was last taken, and when the next is due.
    caught_up: Option<Instant>,
    doubt: Option<Instant>,
}

type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

enum Turn {
    Item(SocketItem),
    KeepAlive,
    Room,
    Doubt,
}

impl Reader {
    pub(super) fn new(broker: BinanceBroker, outlet: Outlet<StreamItem>) -> Self {
        let settings = broker.shared().client.settings.private_socket;
        Self {
            socket: SocketSession::new(ListenKey(broker.clone()), settings),
            broker,
            outlet,
            heard: Heard::new(),
            listed: None,
            arrival: 0,
            connected: false,
            told_connected: false,
            caught_up: None,
            doubt: None,
        }
    }

    /// Until nobody reads any more.
    pub(super) async fn run(mut self) {
        let mut keep_alive = self.timer(self.client().settings.keep_alive_every);
        loop {
            let doubt = self.doubt.unwrap_or_else(Instant::now);
            let turn = tokio::select! {
                () = self.outlet.closed() => return,
                item = self.socket.next() => Turn::Item(item),
                () = &mut keep_alive => Turn::KeepAlive,
                () = self.outlet.room(), if self.outlet.has_gap() => Turn::Room,
                () = sleep_until(doubt), if self.doubt.is_some() => Turn::Doubt,
            };
            match turn {
                Turn::Item(SocketItem::Message(frame)) => self.frame(&frame).await,
                Turn::Item(SocketItem::Alive) => self.outlet.put_if_idle(StreamItem::Alive),
                Turn::Item(SocketItem::Connected) => {
                    self.connected = true;
                    self.tell_connected();
                    self.catch_up().await;
                }
                Turn::Item(SocketItem::Disconnected { reason }) => self.lost(reason),
                Turn::KeepAlive => keep_alive = self.keep_alive().await,
                Turn::Room => self.make_good().await,
                Turn::Doubt => self.catch_up().await,
            }
        }
    }

    async fn frame(&mut self, frame: &[u8]) {
        self.arrival += 1;
        let events = match &self.listed {
            Some(listed) => wire::decode(frame, &listed.symbols, self.arrival).map_err(|error| error.to_string()),
            None => Err("a message came before the list of contracts".to_owned()),
        };
        match events {
            Ok(events) => {
                for event in events {
                    self.event(event);
                }
            }
            Err(reason) => {
                tracing::warn!(%reason, "a message cannot be read: taking a snapshot");
                // It may name a contract that is new.
                self.broker.shared().directory.forget().await;
                self.resync(reason);
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Account(event) => self.tell(event),
            Event::Session(SessionEvent::StreamExpired) => self.reconnect("the listen key has expired"),
            Event::Session(SessionEvent::VenueError { code, message }) => {
                tracing::warn!(%code, %message, "the venue says that something is wrong");
            }
            Event::Session(other) => tracing::debug!(?other, "not about the account"),
            // The whole trade follows.
            Event::FillNotice(_) | Event::Market(_) => {}
        }
    }

    fn tell(&mut self, event: AccountEvent) {
        if let AccountEvent::Order(order) = &event {
            self.broker.shared().memory.learn(order);
        }
        self.heard.meet(&event);
        if self.heard.knows(&event) {
            return;
        }
        // What is given up was not told, and is asked for once there is room.
        let news = Heard::news(&event);
        if self.outlet.put(StreamItem::Event(event)) {
            self.heard.told(news);
        }
    }

    fn tell_connected(&mut self) {
        self.told_connected |= self.outlet.put(StreamItem::Connected);
    }

    fn tell_disconnected(&mut self, reason: String) {
        self.told_connected &= !self.outlet.put(StreamItem::Disconnected { reason });
    }

    fn lost(&mut self, reason: String) {
        self.connected = false;
        self.doubt = None;
        self.tell_disconnected(reason);
    }

    fn reconnect(&mut self, reason: &str) {
        if let SocketItem::Disconnected { reason } = self.socket.reconnect(reason) {
            self.lost(reason);
        }
    }

    /// Says that something was missed, and has a snapshot taken now, or as soon as that may be again.
    fn resync(&mut self, reason: String) {
        self.outlet.put(StreamItem::Resync { reason });
        let pause = self.client().settings.between_snapshots;
        let earliest = self.caught_up.map(|last| last + pause);
        let now = Instant::now();
        self.doubt.get_or_insert(earliest.map_or(now, |earliest| earliest.max(now)));
    }

    /// The reader has caught up with what was waiting, and is to be told of what was given up.
    async fn make_good(&mut self) {
        self.outlet.reopen();
        let reason = "the reader was too slow: events were given up".to_owned();
        if !self.connected {
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
    async fn catch_up(&mut self) {
        self.doubt = None;
        let mut backoff = Backoff::new(self.client().settings.private_socket.backoff);
        for _ in 0..ATTEMPTS {
            match self.gather().await {
                Ok((snapshot, fills)) => return self.bring(snapshot, fills),
                Err(error) => {
                    let pause = backoff.next_wait().max(wait(self.client(), &error).unwrap_or_default());
                    tracing::warn!(%error, ?pause, "no snapshot");
                    sleep(pause).await;
                }
            }
        }
        self.reconnect("no snapshot could be taken");
    }

    async fn gather(&mut self) -> Result<(AccountSnapshot, Vec<Fill>), CallError> {
        self.listed = Some(self.broker.shared().listed().await?);
        let snapshot = self.broker.snapshot().await?;
        let mut fills = Vec::new();
        if let Some(since) = self.heard.since() {
            let held = snapshot.positions.iter().map(|report| &report.symbol);
            let ordered = snapshot.orders.iter().map(|order| &order.symbol);
            let symbols: BTreeSet<&Symbol> = self.heard.symbols().chain(held).chain(ordered).collect();
            for symbol in symbols {
                fills.extend(self.broker.read_fills(symbol, since).await?);
            }
            fills.sort_by_key(|fill| fill.time);
        }
        Ok((snapshot, fills))
    }

    fn bring(&mut self, snapshot: AccountSnapshot, fills: Vec<Fill>) {
        self.caught_up = Some(Instant::now());
        self.heard.list(&snapshot);
        let time = snapshot.time;
        self.outlet.put(StreamItem::Event(AccountEvent::Snapshot(Box::new(snapshot))));
        for fill in fills {
            self.tell(AccountEvent::Fill(fill));
        }
        if !self.outlet.has_gap() {
            self.heard.whole(time);
        }
    }

    /// Keeps the listen key for another hour; the timer for the next time.
    async fn keep_alive(&mut self) -> Timer {
        let call = request::listen_key_keep_alive();
        match self.broker.shared().client.call(&call, Priority::ReducesRisk).await {
            Ok(_) => {}
            Err(error) if error.code() == Some(NO_SUCH_KEY) => self.reconnect("the listen key is gone"),
            Err(error) => {
                tracing::warn!(%error, "the listen key could not be kept alive");
                return self.timer(TRY_AGAIN);
            }
        }
        self.timer(self.client().settings.keep_alive_every)
    }

    fn timer(&self, duration: Duration) -> Timer {
        let clock = Arc::clone(&self.client().clock);
        Box::pin(async move { clock.sleep(duration).await })
    }

    fn client(&self) -> &Client {
        &self.broker.shared().client
    }
}
