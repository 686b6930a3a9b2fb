//! The account's stream, whose events and connection meet the faults, within what the port promises: an event may come
//! late, twice or behind a later one, and be missed only where that is announced and made good.

use crate::clock::Sleep;
use crate::fault::Fault;
use crate::world::World;
use async_trait::async_trait;
use futures_util::FutureExt;
use plimsoll_domain::{AccountEvent, OrderId, PositionSide, Symbol, Timestamp};
use plimsoll_exchange::{PaperAccountStream, PaperBroker};
use plimsoll_ports::{AccountStream, Broker, StreamItem};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// How long an event waits to be overtaken where no other comes.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long a reading of the account takes: one of the very moment that is in doubt would prove nothing.
const READING: Duration = Duration::from_millis(20);

/// A stream whose events and connection meet the faults.
pub(crate) struct TrialStream {
    world: Arc<World>,
    broker: PaperBroker,
    inner: PaperAccountStream,
    /// What is to be told next.
    out: VecDeque<StreamItem>,
    /// What waits to be overtaken, behind so many.
    held: VecDeque<(AccountEvent, u32)>,
    /// Nothing more is told until this is over.
    pause: Option<Sleep>,
    /// What is held is not held any longer than this.
    patience: Option<Sleep>,
    /// A gap was noticed: it is made good once the pause is over, from then on.
    owes: Option<Timestamp>,
    is_up: bool,
}

impl TrialStream {
    pub(crate) fn open(world: Arc<World>, broker: PaperBroker) -> Self {
        let inner = broker.account_stream();
        Self {
            world,
            broker,
            inner,
            out: VecDeque::new(),
            held: VecDeque::new(),
            pause: None,
            patience: None,
            owes: None,
            is_up: false,
        }
    }

    async fn step(&mut self) -> Option<StreamItem> {
        if let Some(item) = self.out.pop_front() {
            return Some(item);
        }
        if let Some(pause) = &mut self.pause {
            pause.await;
            self.pause = None;
        }
        if let Some(since) = self.owes.take() {
            self.make_good(since);
            return self.out.pop_front();
        }
        let patience = &mut self.patience;
        let waiting = async {
            match patience {
                Some(patience) => patience.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            item = self.inner.next() => self.hear(item?),
            () = waiting => self.release(|_| true),
        }
        None
    }

    fn hear(&mut self, item: StreamItem) {
        // A reading of the account, had now and then, shows what nobody told.
        if item == StreamItem::Alive && self.is_up && self.world.finds_stop_lost() {
            self.pass_on(StreamItem::Resync { reason: "a reading differs".to_owned() });
            self.owe(self.world.time.now());
            self.wait(READING);
            return;
        }
        match item {
            // A snapshot is read, not told.
            StreamItem::Event(event) if !matches!(event, AccountEvent::Snapshot(_)) => self.event(event),
            item => self.pass_on(item),
        }
    }

    /// Takes one event, as the faults would have it.
    fn event(&mut self, event: AccountEvent) {
        let since = time_of(&event).unwrap_or(self.world.time.now());
        let Some((fault, span)) = self.world.strikes_event() else {
            if self.waits_with_its_order(&event) {
                self.hold(event, 2);
            } else {
                self.tell(event);
            }
            return;
        };
        self.world.note(|| format!("  the stream: {fault:?}, {span:?}"));
        match fault {
            Fault::Missed => {
                if self.is_up {
                    self.pass_on(StreamItem::Resync { reason: "an event is missing".to_owned() });
                }
                self.owe(since);
                self.wait(span / 8);
            }
            Fault::Twice => {
                self.tell(event.clone());
                self.tell(event);
            }
            Fault::Late => {
                self.tell(event);
                self.wait(span);
            }
            Fault::Overtaken => self.hold(event, 2),
            Fault::Cut => {
                self.tell(event);
                self.world.venue.cut_streams();
            }
            _ => {
                self.release(|_| true);
                self.out.push_back(StreamItem::Disconnected { reason: "nothing was heard".to_owned() });
                self.is_up = false;
                self.owe(since);
                self.wait(span);
            }
        }
    }

    fn owe(&mut self, since: Timestamp) {
        self.owes = Some(self.owes.map_or(since, |earlier| earlier.min(since)));
    }

    fn wait(&mut self, span: Duration) {
        self.pause = Some(self.world.time.sleep(span));
    }

    /// Tells a snapshot, and what it does not hold of the time since, before anything newer.
    fn make_good(&mut self, since: Timestamp) {
        self.world.sync();
        self.release(|_| true);
        let is_new = !self.is_up;
        self.inner = self.broker.account_stream();
        while let Some(Some(item)) = self.inner.next().now_or_never() {
            let is_snapshot = matches!(item, StreamItem::Event(AccountEvent::Snapshot(_)));
            if is_snapshot || is_new {
                self.pass_on(item);
            }
            if is_snapshot {
                break;
            }
        }
        let symbols: Vec<_> = self.world.venue.exchange(|it| it.instruments().map(|it| it.symbol.clone()).collect());
        for symbol in symbols {
            let fills = self.broker.fills(&symbol, since).now_or_never().and_then(Result::ok).unwrap_or_default();
            fills.into_iter().for_each(|fill| self.pass_on(StreamItem::Event(AccountEvent::Fill(fill))));
        }
        let paid = self.broker.funding_payments(since).now_or_never().and_then(Result::ok).unwrap_or_default();
        paid.into_iter().for_each(|payment| self.pass_on(StreamItem::Event(AccountEvent::Funding(payment))));
    }

    /// Whether the order that this fill is of waits: what one happening sets off stays together.
    fn waits_with_its_order(&self, event: &AccountEvent) -> bool {
        let AccountEvent::Fill(fill) = event else { return false };
        let order_of = |held: &(AccountEvent, u32)| match &held.0 {
            AccountEvent::Order(order) => Some(order.order_id.clone()),
            _ => None,
        };
        let waiting: Option<OrderId> = self.held.back().and_then(order_of);
        waiting.is_some_and(|waiting| waiting == fill.order_id)
    }

    fn hold(&mut self, event: AccountEvent, behind: u32) {
        self.held.push_back((event, behind));
        self.patience = Some(self.world.time.sleep(PATIENCE));
    }

    /// Tells an event, and after it those that only waited for it.
    fn tell(&mut self, event: AccountEvent) {
        self.say(StreamItem::Event(event));
        self.held.iter_mut().for_each(|(_, behind)| *behind = behind.saturating_sub(1));
        self.release(|behind| behind == 0);
    }

    /// What is no event, and what is read: nothing waits beyond it.
    fn pass_on(&mut self, item: StreamItem) {
        if item != StreamItem::Alive {
            self.release(|_| true);
        }
        self.say(item);
    }

    fn release(&mut self, ready: impl Fn(u32) -> bool) {
        while let Some(at) = self.held.iter().position(|(_, behind)| ready(*behind)) {
            if let Some((event, _)) = self.held.remove(at) {
                self.say(StreamItem::Event(event));
            }
        }
        if self.held.is_empty() {
            self.patience = None;
        }
    }

    fn say(&mut self, item: StreamItem) {
        match &item {
            StreamItem::Event(AccountEvent::Fill(fill)) => self.see(&fill.symbol, fill.position_side),
            StreamItem::Event(AccountEvent::Position(report)) if report.position.is_some() => {
                self.see(&report.symbol, report.position_side);
            }
            StreamItem::Event(AccountEvent::Snapshot(account)) => {
                self.world.note(|| format!("  the stream: a snapshot of {}", account.time));
                let held = account.positions.iter().filter(|report| report.position.is_some());
                held.for_each(|report| self.see(&report.symbol, report.position_side));
            }
            StreamItem::Connected => self.is_up = true,
            StreamItem::Disconnected { .. } => self.is_up = false,
            StreamItem::Resync { reason } => self.world.note(|| format!("  the stream: in doubt, {reason}")),
            _ => {}
        }
        self.out.push_back(item);
    }

    /// Somebody hears of what is held there.
    fn see(&self, symbol: &Symbol, side: PositionSide) {
        self.world.state().naked.see(symbol, side, self.world.time.now());
    }
}

#[async_trait]
impl AccountStream for TrialStream {
    async fn next(&mut self) -> Option<StreamItem> {
        loop {
            if let Some(item) = self.step().await {
                return Some(item);
            }
        }
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
