//! A venue that says what it is told to say: a snapshot behind a mock broker, a stream that is fed by hand, a clock that
//! stands still.

use async_trait::async_trait;
use plimsoll_engine::{AccountNews, AccountPorts, AccountView, Listener, VenueAccount, VenueAccountSettings};
use plimsoll_exchange::{MarketClock, listings};
use plimsoll_ports::domain::{
    AccountEvent, AccountId, AccountSnapshot, BalanceReport, Currency, Direction, Fill, FillCause, Instrument,
    Leverage, MarginMode, OrderId, Position, PositionMode, PositionReport, PositionSide, Side, Stamp, Symbol,
    Timestamp, TradeId, VenueId,
};
use plimsoll_ports::{
    AccountStream, Clock, MockBroker, MockOrderJournal, QueryError, Refusal, RefusalReason, StreamItem,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

pub(crate) struct Scripted(pub(crate) mpsc::UnboundedReceiver<StreamItem>);

#[async_trait]
impl AccountStream for Scripted {
    async fn next(&mut self) -> Option<StreamItem> {
        self.0.recv().await
    }
}

/// What the venue would say if it were asked.
#[derive(Clone)]
pub(crate) struct Truth(Arc<Mutex<AccountSnapshot>>);

pub(crate) struct World {
    pub(crate) clock: MarketClock,
    pub(crate) truth: Truth,
    pub(crate) fills: Arc<Mutex<Vec<Fill>>>,
    /// How often the whole account was asked for.
    pub(crate) asked: Arc<AtomicUsize>,
    pub(crate) stream: mpsc::UnboundedSender<StreamItem>,
    receiver: Option<mpsc::UnboundedReceiver<StreamItem>>,
    pub(crate) settings: VenueAccountSettings,
}

pub(crate) fn start() -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000)
}

pub(crate) fn btc() -> Symbol {
    listings::btc_usdt().symbol
}

pub(crate) fn journal() -> MockOrderJournal {
    let mut journal = MockOrderJournal::new();
    journal.expect_intend().returning(|_| Ok(()));
    journal.expect_record().returning(|_, _, _, _| Ok(()));
    journal
}

pub(crate) fn position(direction: Direction, quantity: &str, entry: &str) -> Position {
    Position { direction, quantity: quantity.parse().unwrap(), entry: entry.parse().unwrap() }
}

/// Isolated, at leverage 10.
pub(crate) fn report(position: Option<Position>, margin: &str, mark: &str, time: Timestamp) -> PositionReport {
    PositionReport {
        symbol: btc(),
        position_side: PositionSide::Both,
        position,
        mark_price: Some(mark.parse().unwrap()),
        liquidation_price: None,
        unrealized_pnl: None,
        realized_pnl: None,
        leverage: Some(Leverage::new(10).unwrap()),
        margin_mode: Some(MarginMode::Isolated),
        isolated_margin: Some(margin.parse().unwrap()),
        maintenance_margin: None,
        margin_ratio: None,
        stamp: Stamp::at(time),
    }
}

pub(crate) fn bought(id: &str, quantity: &str, price: &str, time: Timestamp) -> Fill {
    Fill {
        trade_id: TradeId::new(id),
        order_id: OrderId::new(id),
        client_order_id: plimsoll_ports::domain::ClientOrderId::reported(id),
        symbol: btc(),
        side: Side::Buy,
        position_side: PositionSide::Both,
        price: price.parse().unwrap(),
        quantity: quantity.parse().unwrap(),
        fee: "0.5".parse().unwrap(),
        fee_currency: None,
        liquidity: None,
        realized_pnl: None,
        cause: FillCause::Order,
        time,
    }
}

impl Truth {
    pub(crate) fn change(&self, change: impl FnOnce(&mut AccountSnapshot)) {
        change(&mut self.0.lock().unwrap());
    }

    pub(crate) fn read(&self) -> AccountSnapshot {
        self.0.lock().unwrap().clone()
    }
}

impl World {
    /// 1,000 USDT, nothing held.
    pub(crate) fn new() -> Self {
        let balance = BalanceReport {
            currency: Currency::new("USDT"),
            wallet: Some("1000".parse().unwrap()),
            cross_wallet: None,
            available: None,
            equity: None,
            unrealized_pnl: None,
            stamp: Stamp::at(start()),
        };
        let truth = AccountSnapshot {
            position_mode: PositionMode::OneWay,
            positions: Vec::new(),
            orders: Vec::new(),
            balances: vec![balance],
            time: start(),
        };
        let (stream, receiver) = mpsc::unbounded_channel();
        Self {
            clock: MarketClock::new(start()),
            truth: Truth(Arc::new(Mutex::new(truth))),
            fills: Arc::default(),
            asked: Arc::default(),
            stream,
            receiver: Some(receiver),
            settings: VenueAccountSettings::new(AccountId::new("main")),
        }
    }

    /// A broker that answers the questions of a follower, and nothing else.
    pub(crate) fn broker(&self) -> MockBroker {
        self.broker_of(listings::btc_usdt())
    }

    pub(crate) fn broker_of(&self, instrument: Instrument) -> MockBroker {
        let mut broker = MockBroker::new();
        let (truth, clock, asked, fills) =
            (self.truth.clone(), self.clock.clone(), Arc::clone(&self.asked), Arc::clone(&self.fills));
        broker.expect_venue().returning(|| VenueId::new("test"));
        broker.expect_instruments().returning(move || Ok(vec![instrument.clone()]));
        broker.expect_instrument().returning(|symbol| {
            let (code, message) = ("-1121".to_owned(), format!("{symbol} is not listed"));
            Err(QueryError::Refused(Refusal { reason: RefusalReason::NotTrading, code, message }))
        });
        broker.expect_account().returning(move || {
            asked.fetch_add(1, Ordering::SeqCst);
            Ok(AccountSnapshot { time: clock.now(), ..truth.read() })
        });
        broker.expect_fills().returning(move |_, since| {
            Ok(fills.lock().unwrap().iter().filter(|fill| fill.time >= since).cloned().collect())
        });
        broker
    }

    pub(crate) fn ports(&self, broker: MockBroker) -> AccountPorts {
        let clock = Arc::new(self.clock.clone());
        AccountPorts { broker: Arc::new(broker), audit: None, journal: Arc::new(journal()), clock }
    }

    pub(crate) fn take_stream(&mut self) -> Box<dyn AccountStream> {
        Box::new(Scripted(self.receiver.take().unwrap()))
    }

    /// Connected and live.
    pub(crate) async fn account(&mut self) -> VenueAccount {
        self.send(StreamItem::Connected);
        self.send_snapshot();
        let (ports, stream) = (self.ports(self.broker()), self.take_stream());
        VenueAccount::connect(ports, stream, self.settings.clone()).await.unwrap()
    }

    pub(crate) fn send(&self, item: StreamItem) {
        self.stream.send(item).unwrap();
    }

    pub(crate) fn event(&self, event: AccountEvent) {
        self.send(StreamItem::Event(event));
    }

    /// The truth of now, by the stream.
    pub(crate) fn send_snapshot(&self) {
        let snapshot = AccountSnapshot { time: self.clock.now(), ..self.truth.read() };
        self.event(AccountEvent::Snapshot(Box::new(snapshot)));
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.tell(self.clock.now().plus(time));
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Lets time pass, a tenth of a second at a step, until this is done.
    pub(crate) async fn while_time_passes<T>(&self, doing: impl Future<Output = T>) -> T {
        let doing = async {
            let mut doing = std::pin::pin!(doing);
            loop {
                tokio::select! {
                    biased;
                    done = &mut doing => return done,
                    () = tokio::task::yield_now() => self.pass(Duration::from_millis(100)),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), doing).await.expect("it never came to that")
    }
}

pub(crate) async fn until(account: &VenueAccount, holds: impl Fn(&AccountView) -> bool) -> Arc<AccountView> {
    let mut view = account.watch();
    let found = tokio::time::timeout(Duration::from_secs(10), view.wait_for(|view| holds(view))).await;
    Arc::clone(&found.expect("the view never came to that").unwrap())
}

/// The next news that this makes something of.
pub(crate) async fn next<T>(news: &mut Listener<AccountNews>, of: impl Fn(AccountNews) -> Option<T>) -> T {
    let search = async {
        loop {
            if let Some(found) = of(news.recv().await.unwrap()) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), search).await.expect("it was never told")
}
