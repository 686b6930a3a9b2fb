//! The task behind a private stream: one socket, and what keeps it whole.

use super::awaited::{Awaited, What};
use super::heard::Heard;
use super::lag::Lag;
use super::listen_key::{Kept, ListenKey, wait};
use crate::broker::BinanceBroker;
use crate::call_error::CallError;
use crate::client::Client;
use crate::directory::Listed;
use crate::outlet::Outlet;
use crate::wire::{self, Event, SessionEvent};
use plimsoll_domain::{AccountEvent, AccountSnapshot, ClientOrderId, Fill, Symbol};
use plimsoll_ports::StreamItem;
use plimsoll_transport::{Backoff, SocketItem, SocketSession};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep, sleep_until};

/// When it is not known whether keeping the key alive has worked.
const TRY_AGAIN: Duration = Duration::from_secs(10);
/// So many attempts at a snapshot; then the connection is given up too.
const ATTEMPTS: u32 = 5;
/// A snapshot that lags behind the stream is read again so many times, after a pause of this length.
const LATE_ANSWERS: u32 = 5;
const LATE_PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Reader {
    broker: BinanceBroker,
    socket: SocketSession<ListenKey>,
    outlet: Outlet<StreamItem>,
    heard: Heard,
    lag: Lag,
    key: ListenKey,
    awaited: Awaited,
    placed: broadcast::Receiver<ClientOrderId>,
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

type KeepAlive = Pin<Box<dyn Future<Output = Kept> + Send>>;

enum Turn {
    Item(SocketItem),
    KeepAlive(Kept),
    Placed(ClientOrderId),
    Deaf,
    Room,
    Doubt,
}

impl Reader {
    pub(super) fn new(broker: BinanceBroker, outlet: Outlet<StreamItem>) -> Self {
        let settings = broker.shared().client.settings;
        let (key, placed) = (ListenKey::new(broker.clone()), broker.shared().placed.subscribe());
        Self {
            socket: SocketSession::new(key.clone(), settings.private_socket),
            broker,
            outlet,
            heard: Heard::new(),
            lag: Lag::new(settings.answers_lag),
            key,
            awaited: Awaited::new(settings.news_within),
            placed,
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
        let mut keep_alive = self.keep_alive_after(self.client().settings.keep_alive_every);
        loop {
            let doubt = self.doubt.unwrap_or_else(Instant::now);
            let overdue = self.awaited.due();
            let turn = tokio::select! {
                () = self.outlet.closed() => return,
                item = self.socket.next() => Turn::Item(item),
                kept = &mut keep_alive => Turn::KeepAlive(kept),
                Ok(placed) = self.placed.recv() => Turn::Placed(placed),
                () = sleep_until(overdue.unwrap_or(doubt)), if overdue.is_some() => Turn::Deaf,
                () = self.outlet.room(), if self.outlet.has_gap() => Turn::Room,
                () = sleep_until(doubt), if self.doubt.is_some() => Turn::Doubt,
            };
            match turn {
                Turn::Item(SocketItem::Message(frame)) => self.frame(&frame).await,
                Turn::Item(SocketItem::Alive) => self.alive(),
                Turn::Item(SocketItem::Connected) => {
                    self.connected = true;
                    self.tell_connected();
                    self.catch_up().await;
                }
                Turn::Item(SocketItem::Disconnected { reason }) => self.lost(reason),
                Turn::KeepAlive(kept) => keep_alive = self.kept(kept),
                Turn::Placed(id) if self.connected => self.awaited.expect(What::Order(id), Instant::now()),
                Turn::Placed(_) => {}
                Turn::Deaf => self.reconnect("an order was taken, and the stream has not told of it"),
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

    /// That the socket answers says that the account is quiet only as long as the venue knows the key.
    fn alive(&mut self) {
        if self.key.is_believed() {
            self.outlet.put_if_idle(StreamItem::Alive);
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Account(event) => {
                self.key.is_heard();
                self.lag.note(&event);
                self.awaited.hear(&event);
                self.tell(event);
            }
            Event::Session(SessionEvent::StreamExpired) => self.reconnect("the listen key has expired"),
            Event::Session(SessionEvent::VenueError { code, message }) => {
                tracing::warn!(%code, %message, "the venue says that something is wrong");
            }
            Event::Session(other) => tracing::debug!(?other, "not about the account"),
            // The whole trade follows.
            Event::FillNotice(notice) => {
                self.awaited.expect(What::Trade(notice.symbol, notice.trade_id), Instant::now());
            }
            Event::Market(_) => {}
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
        self.awaited.give_up();
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
        let due = earliest.map_or(now, |earliest| earliest.max(now));
        self.doubt = Some(self.doubt.map_or(due, |doubt| doubt.min(due)));
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
        let (mut failures, mut late) = (0, 0);
        while failures < ATTEMPTS {
            match self.gather().await {
                Ok((snapshot, _)) if late < LATE_ANSWERS && self.lags(&snapshot) => {
                    late += 1;
                    sleep(LATE_PAUSE).await;
                }
                Ok((snapshot, fills)) => {
                    // Whoever is right, a look once the answers must have caught up will tell.
                    self.doubt = self.lags(&snapshot).then(|| Instant::now() + self.client().settings.answers_lag);
                    return self.bring(snapshot, fills);
                }
                Err(error) => {
                    failures += 1;
                    let pause = backoff.next_wait().max(wait(self.client(), &error).unwrap_or_default());
                    tracing::warn!(%error, ?pause, "no snapshot");
                    sleep(pause).await;
                }
            }
        }
        self.reconnect("no snapshot could be taken");
    }

    fn lags(&self, snapshot: &AccountSnapshot) -> bool {
        let behind = self.lag.behind(snapshot);
        if let Some(what) = &behind {
            tracing::warn!(%what, "the venue's answers lag behind its stream");
        }
        behind.is_some()
    }

    async fn gather(&mut self) -> Result<(AccountSnapshot, Vec<Fill>), CallError> {
        self.listed = Some(self.broker.shared().listed().await?);
        let snapshot = self.broker.snapshot().await?;
        let mut fills = Vec::new();
        if let Some(since) = self.heard.since() {
            let held = snapshot.positions.iter().map(|report| &report.symbol);
            let ordered = snapshot.orders.iter().map(|order| &order.symbol);
            // What was opened and closed in the gap is neither held nor ordered, and was perhaps never heard of.
            let traded = self.broker.traded_since(since).await?;
            let symbols: BTreeSet<&Symbol> = self.heard.symbols().chain(held).chain(ordered).chain(&traded).collect();
            for symbol in symbols {
                fills.extend(self.broker.read_fills(symbol, since).await?);
            }
            fills.sort_by_key(|fill| fill.time);
        }
        Ok((snapshot, fills))
    }

    fn bring(&mut self, snapshot: AccountSnapshot, fills: Vec<Fill>) {
        let now = Instant::now();
        self.caught_up = Some(now);
        // What nobody has told of will show then.
        self.doubt.get_or_insert(now + self.client().settings.read_again_every);
        self.heard.list(&snapshot);
        self.awaited.whole(&snapshot, now);
        let time = snapshot.time;
        self.outlet.put(StreamItem::Event(AccountEvent::Snapshot(Box::new(snapshot))));
        for fill in fills {
            let fill = AccountEvent::Fill(fill);
            self.awaited.hear(&fill);
            self.tell(fill);
        }
        if !self.outlet.has_gap() {
            self.heard.whole(time);
        }
    }

    fn kept(&mut self, kept: Kept) -> KeepAlive {
        match kept {
            Kept::Alive => {}
            // A connection that is being made asks for a key of its own.
            Kept::Gone(reason) if self.connected => self.reconnect(reason),
            Kept::Gone(_) => {}
            Kept::Unsure => return self.keep_alive_after(TRY_AGAIN),
        }
        self.keep_alive_after(self.client().settings.keep_alive_every)
    }

    /// Keeps the listen key for another hour once this has passed. Meanwhile the socket is read.
    fn keep_alive_after(&self, pause: Duration) -> KeepAlive {
        let (key, clock) = (self.key.clone(), Arc::clone(&self.client().clock));
        Box::pin(async move {
            clock.sleep(pause).await;
            key.keep_alive().await
        })
    }

    fn client(&self) -> &Client {
        &self.broker.shared().client
    }
}
