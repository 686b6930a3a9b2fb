//! The paper account's stream, whose events and connection meet the faults, within what the port promises: an event may
//! come late, twice or behind a later one, and be missed only where that is announced and made good.

use super::calls::Line;
use async_trait::async_trait;
use plimsoll_domain::{AccountEvent, OrderId, Symbol, Timestamp};
use plimsoll_exchange::{PaperAccountStream, PaperBroker};
use plimsoll_ports::{AccountStream, Broker, StreamItem};
use plimsoll_trial::random::Random;
use plimsoll_venue_server::faults::Site;
use plimsoll_venue_server::{Fault, Rule, Target};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// So often it is looked whether something is due.
const BEAT: Duration = Duration::from_millis(10);

/// How long an event waits to be overtaken where no other comes.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long it takes to notice that a connection is dead.
const NOTICED_AFTER: Duration = Duration::from_millis(300);

/// How long it takes to notice that a stop is gone of which nobody told: a reading of the account shows it.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(400);

/// A stream whose events and connection meet the faults.
pub(super) struct FaultyStream {
    items: mpsc::UnboundedReceiver<StreamItem>,
    pumping: JoinHandle<()>,
}

impl FaultyStream {
    pub(super) fn open(line: Line, broker: PaperBroker, seed: u64) -> Self {
        let (out, items) = mpsc::unbounded_channel();
        let inner = broker.account_stream();
        let pump =
            Pump { line, broker, inner, out, held: VecDeque::new(), random: Random::of(seed, "stream"), is_up: false };
        Self { items, pumping: tokio::spawn(pump.run()) }
    }
}

#[async_trait]
impl AccountStream for FaultyStream {
    async fn next(&mut self) -> Option<StreamItem> {
        self.items.recv().await
    }
}

impl Drop for FaultyStream {
    fn drop(&mut self) {
        self.pumping.abort();
    }
}

/// Brings what the venue tells to whoever listens.
struct Pump {
    line: Line,
    broker: PaperBroker,
    inner: PaperAccountStream,
    out: mpsc::UnboundedSender<StreamItem>,
    held: VecDeque<Held>,
    random: Random,
    /// The last word of the connection was that it stands.
    is_up: bool,
}

/// An event that waits to be overtaken.
struct Held {
    event: AccountEvent,
    /// How many events are still to go first.
    behind: u32,
    since: Instant,
}

impl Pump {
    async fn run(mut self) {
        // A connection that is opened may be refused, as one that comes back.
        self.connect().await;
        let mut beat = tokio::time::interval(BEAT);
        while !self.out.is_closed() {
            self.keep_faults().await;
            tokio::select! {
                item = self.inner.next() => match item {
                    Some(StreamItem::Event(event)) => self.hear(event).await,
                    Some(item) => self.pass_on(item),
                    None => return,
                },
                _ = beat.tick() => {}
            }
        }
    }

    /// Does what has fallen due.
    async fn keep_faults(&mut self) {
        self.release(|held| held.since.elapsed() >= PATIENCE);
        let now = self.line.now();
        let (due, begun, is_down, is_lost) = {
            let mut weather = self.line.weather();
            let is_lost = weather.stop_lost.take_if(|since| since.elapsed() >= READ_AGAIN_AFTER).is_some();
            let faults = &mut weather.faults;
            (faults.due(now), faults.begun(now), faults.maintenance(now), is_lost)
        };
        for rule in begun {
            self.note(rule.fault(), "venue", now);
        }
        for rule in due {
            self.note(rule.fault(), "private", now);
            if rule.fault() == Fault::HalfOpen { self.die(now).await } else { self.cut().await }
        }
        if is_down {
            self.lose("the venue is down", now).await;
        } else if is_lost {
            self.read_again("a reading differs", now).await;
        }
    }

    /// Takes one event, as the faults would have it.
    async fn hear(&mut self, event: AccountEvent) {
        let now = self.line.now();
        let kind = kind(&event);
        // A snapshot is read, not told.
        if matches!(event, AccountEvent::Snapshot(_)) {
            return self.pass_on(StreamItem::Event(event));
        }
        let rule = {
            let faults = &mut self.line.weather().faults;
            let orders = matches!(event, AccountEvent::Order(_))
                .then(|| faults.decide(&[Site::Events], Target::Private, kind, now));
            faults.decide(&[Site::Frame, Site::Socket], Target::Private, kind, now).or(orders.flatten())
        };
        match rule {
            Some(rule) => {
                self.note(rule.fault(), kind, now);
                self.misdo(rule, event, now).await;
            }
            None if self.waits_with_its_order(&event) => self.hold(event, BEFORE_THE_ORDER),
            None => self.tell(event),
        }
    }

    async fn misdo(&mut self, rule: Rule, event: AccountEvent, now: Timestamp) {
        let since = time_of(&event).unwrap_or(now);
        match rule.fault() {
            Fault::Drop => self.read_again("an event is missing", since).await,
            Fault::Garble | Fault::Truncate => self.read_again("an event cannot be read", since).await,
            Fault::Duplicate => {
                self.tell(event.clone());
                self.tell(event);
            }
            Fault::Delay => {
                tokio::time::sleep(rule.span().unwrap_or_default()).await;
                self.tell(event);
            }
            Fault::Reorder => self.hold(event, rule.frames()),
            Fault::PositionsFirst => self.hold(event, BEFORE_THE_ORDER),
            Fault::Disconnect => {
                self.tell(event);
                self.cut().await;
            }
            Fault::HalfOpen => self.die(since).await,
            _ => self.tell(event),
        }
    }

    /// Cut behind what was told already: it is the venue that says so, and makes it good.
    async fn cut(&mut self) {
        self.line.venue.cut_streams();
        self.back_off().await;
    }

    /// Nothing gets through any more, until that is noticed.
    async fn die(&mut self, since: Timestamp) {
        self.release(|_| true);
        tokio::time::sleep(NOTICED_AFTER).await;
        self.lose("nothing was heard", since).await;
    }

    /// The connection is gone, and comes back.
    async fn lose(&mut self, reason: &str, since: Timestamp) {
        self.pass_on(StreamItem::Disconnected { reason: reason.to_owned() });
        self.connect().await;
        self.make_good(since, true).await;
    }

    /// The connection stands, but something was missed.
    async fn read_again(&mut self, reason: &str, since: Timestamp) {
        // Where the venue has just said that it cut the connection, its snapshot is due anyway.
        if self.is_up {
            self.pass_on(StreamItem::Resync { reason: reason.to_owned() });
        }
        self.make_good(since, !self.is_up).await;
    }

    /// Tells a snapshot, and what it does not hold of the time since: before anything newer. To read takes time: what is
    /// read is newer than what was told.
    async fn make_good(&mut self, since: Timestamp, is_new: bool) {
        self.let_time_pass().await;
        self.inner = self.broker.account_stream();
        while let Some(item) = self.inner.next().await {
            let is_snapshot = matches!(item, StreamItem::Event(AccountEvent::Snapshot(_)));
            if is_snapshot || is_new {
                self.pass_on(item);
            }
            if is_snapshot {
                break;
            }
        }
        let symbols: Vec<Symbol> =
            self.line.venue.exchange(|it| it.instruments().map(|listed| listed.symbol.clone()).collect());
        for symbol in symbols {
            for fill in self.broker.fills(&symbol, since).await.unwrap_or_default() {
                self.pass_on(StreamItem::Event(AccountEvent::Fill(fill)));
            }
        }
        for payment in self.broker.funding_payments(since).await.unwrap_or_default() {
            self.pass_on(StreamItem::Event(AccountEvent::Funding(payment)));
        }
        // What has happened at the very moment of the reading is in it, but not told again, and newer than the reading
        // says it is: a second one settles that.
        self.let_time_pass().await;
        if let Ok(snapshot) = self.broker.account().await {
            self.pass_on(StreamItem::Event(AccountEvent::Snapshot(Box::new(snapshot))));
        }
    }

    async fn let_time_pass(&self) {
        let now = self.line.now();
        while self.line.now() <= now {
            tokio::time::sleep(BEAT / 10).await;
        }
    }

    /// Waits until the venue takes a connection.
    async fn connect(&mut self) {
        loop {
            let now = self.line.now();
            let (is_down, refused) = {
                let faults = &mut self.line.weather().faults;
                let is_down = faults.maintenance(now);
                (is_down, faults.decide(&[Site::Handshake], Target::Private, "", now).filter(|_| !is_down))
            };
            if let Some(rule) = refused {
                self.note(rule.fault(), "a stream", now);
            } else if !is_down {
                return;
            }
            self.back_off().await;
        }
    }

    async fn back_off(&mut self) {
        tokio::time::sleep(Duration::from_millis(self.random.between(10, 80))).await;
    }

    fn note(&self, fault: Fault, at: &str, now: Timestamp) {
        self.line.weather().faults.note(fault, format!("private {at}"), None, now);
    }

    /// Whether the order that this fill is of waits: what one happening sets off stays together.
    fn waits_with_its_order(&self, event: &AccountEvent) -> bool {
        let AccountEvent::Fill(fill) = event else { return false };
        let order_of = |held: &Held| match &held.event {
            AccountEvent::Order(order) => Some(order.order_id.clone()),
            _ => None,
        };
        let waiting: Option<OrderId> = self.held.back().and_then(order_of);
        waiting.is_some_and(|waiting| waiting == fill.order_id)
    }

    fn hold(&mut self, event: AccountEvent, behind: u32) {
        self.held.push_back(Held { event, behind, since: Instant::now() });
    }

    /// Tells an event, and after it those that only waited for it.
    fn tell(&mut self, event: AccountEvent) {
        self.say(StreamItem::Event(event));
        for held in &mut self.held {
            held.behind = held.behind.saturating_sub(1);
        }
        self.release(|held| held.behind == 0);
    }

    /// What is no event, and what is read: nothing waits beyond it.
    fn pass_on(&mut self, item: StreamItem) {
        if item != StreamItem::Alive {
            self.release(|_| true);
        }
        self.say(item);
    }

    fn release(&mut self, ready: impl Fn(&Held) -> bool) {
        while let Some(at) = self.held.iter().position(&ready) {
            if let Some(held) = self.held.remove(at) {
                self.say(StreamItem::Event(held.event));
            }
        }
    }

    fn say(&mut self, item: StreamItem) {
        match item {
            StreamItem::Connected => self.is_up = true,
            StreamItem::Disconnected { .. } => self.is_up = false,
            _ => {}
        }
        // Whoever listened may have gone.
        let _ = self.out.send(item);
    }
}

/// The position and the balance are told before the order and its fill.
const BEFORE_THE_ORDER: u32 = 2;

/// Its type, which draws from a stream of its own.
pub(super) const fn kind(event: &AccountEvent) -> &'static str {
    match event {
        AccountEvent::Snapshot(_) => "snapshot",
        AccountEvent::Order(_) => "order",
        AccountEvent::Fill(_) => "fill",
        AccountEvent::Position(_) => "position",
        AccountEvent::Balance(_) => "balance",
        AccountEvent::Funding(_) => "funding",
        AccountEvent::MarginCall(_) | AccountEvent::LiquidationWarning(_) => "warning",
        AccountEvent::Liquidation(_) | AccountEvent::Adl(_) => "forced",
        AccountEvent::Leverage { .. }
        | AccountEvent::MarginMode { .. }
        | AccountEvent::PositionMode { .. }
        | AccountEvent::AutoMargin { .. } => "setting",
    }
}

/// When it happened, where fills and funding since then are to be read again.
const fn time_of(event: &AccountEvent) -> Option<Timestamp> {
    match event {
        AccountEvent::Order(order) => Some(order.updated.time),
        AccountEvent::Fill(fill) => Some(fill.time),
        AccountEvent::Funding(payment) => Some(payment.time),
        AccountEvent::Position(report) => Some(report.stamp.time),
        AccountEvent::Balance(balance) => Some(balance.stamp.time),
        _ => None,
    }
}
