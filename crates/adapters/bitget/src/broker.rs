//! The broker.

mod history;
mod known;
mod learning;
mod orders;
mod snapshot;

use crate::client::{self, Client};
use crate::directory::{Directory, Listed};
use crate::endpoints::{Endpoints, Settings};
use crate::funding::BitgetFundingRates;
use crate::market::BitgetMarketFeed;
use crate::stream::{self, BitgetAccountStream};
use crate::wire::{Call, Credentials, DecodeError, Symbols, body, request};
use async_trait::async_trait;
use known::Known;
use plimsoll_domain::{
    AccountEvent, AccountSnapshot, BalanceReport, Booking, ClientOrderId, Direction, Fill, FundingPayment, Instrument,
    Leverage, MarginMode, Money, NewOrder, Order, OrderId, PositionMode, PositionReport, PositionSide, Price, Quantity,
    Stamp, Symbol, Timestamp, VenueId,
};
use plimsoll_ports::{
    Broker, Clock, ClockOffset, CommandError, NotSent, PlaceError, QueryError, Refusal, RefusalReason,
};
use plimsoll_transport::BuildFailure;
use plimsoll_transport::Priority::{self, ReducesRisk};
use plimsoll_venue::{Beside, CallError, OrderMemory};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::broadcast;

/// One account at Bitget USDT-M futures: live, demo, or a simulated venue that speaks its wire.
///
/// ```no_run
/// use plimsoll_bitget::{BitgetBroker, Credentials, Endpoints};
/// use plimsoll_ports::domain::{ClientOrderId, Leverage, NewOrder, OrderKind, OrderSize, PositionSide, Side};
/// use plimsoll_ports::{AccountStream, Broker, SystemClock};
/// use std::sync::Arc;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let var = std::env::var;
/// let keys = Credentials::new(var("DEMO_KEY")?, var("DEMO_SECRET")?, var("DEMO_PASSPHRASE")?);
/// let broker = BitgetBroker::new(Endpoints::demo(), keys, Arc::new(SystemClock))?;
/// let symbol = "BTC/USDT:USDT".parse()?;
///
/// let account = broker.account().await?;
/// let instrument = broker.instrument(&symbol).await?;
/// println!("{} positions; lots of {}", account.positions.len(), instrument.lot);
///
/// broker.set_leverage(&symbol, Leverage::new(3)?).await?;
/// let order = NewOrder {
///     client_order_id: ClientOrderId::new("entry-1")?,
///     symbol,
///     side: Side::Buy,
///     position_side: PositionSide::Both,
///     kind: OrderKind::Market,
///     size: OrderSize::Quantity("0.002".parse()?),
///     reduce_only: false,
/// };
/// broker.place(&order).await?;
///
/// // Everything that happens to the account from now on.
/// let mut events = broker.account_stream();
/// while let Some(item) = events.next().await {
///     println!("{item:?}");
/// }
/// # Ok(())
/// # }
/// ```
///
/// Cloning shares the connection, its budgets and what it remembers: make one broker for an account, and take streams,
/// feeds and rates from it. The request budget of an address is shared by every client in this process that asks the same
/// venue.
#[derive(Clone)]
pub struct BitgetBroker {
    shared: Arc<Shared>,
}

/// What broker, streams and feeds of one connection have in common.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) directory: Directory,
    pub(crate) memory: OrderMemory,
    pub(crate) known: Known,
    /// What we have set or sent that the venue does not push, for the streams of the account.
    pub(crate) ours: broadcast::Sender<Beside>,
    /// Margin tables are being learned.
    is_learning: AtomicBool,
    /// Those of what is held are.
    is_learning_held: AtomicBool,
}

impl Shared {
    pub(crate) fn new(
        endpoints: Endpoints,
        credentials: Option<Credentials>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Arc<Self>, BuildFailure> {
        let client = client::connect(endpoints, credentials, clock, settings)?;
        let (directory, memory) = (Directory::default(), OrderMemory::default());
        let (known, ours) = (Known::default(), broadcast::Sender::new(TOLD));
        let (is_learning, is_learning_held) = (AtomicBool::new(false), AtomicBool::new(false));
        Ok(Arc::new(Self { client, directory, memory, known, ours, is_learning, is_learning_held }))
    }

    /// The list that is known, however old.
    pub(crate) async fn known(&self) -> Result<Arc<Listed>, CallError> {
        self.directory.listing.known(&self.client).await
    }

    pub(crate) async fn listed(&self) -> Result<Arc<Listed>, CallError> {
        self.directory.listing.fresh(&self.client).await
    }

    /// Asks, and reads the answer with the names of contracts.
    pub(crate) async fn ask<T>(
        &self,
        call: &Call,
        priority: Priority,
        decode: impl Fn(&[u8], &Symbols) -> Result<T, DecodeError>,
    ) -> Result<T, CallError> {
        self.directory.listing.ask(&self.client, call, priority, decode).await
    }

    /// The venue's name of a contract, found before anything is sent.
    pub(crate) async fn native(&self, symbol: &Symbol) -> Result<Arc<str>, CallError> {
        self.directory.listing.native(&self.client, symbol).await
    }

    async fn command(&self, call: &Call, priority: Priority) -> Result<(), CommandError> {
        match self.client.read(call, priority, body::acknowledged).await {
            Ok(()) => Ok(()),
            Err(error) => error.command_outcome(),
        }
    }

    /// Tells the streams of the account what the venue does not push.
    pub(crate) fn tell(&self, event: AccountEvent) {
        // An error means that there is no stream.
        drop(self.ours.send(Beside::Event(Box::new(event))));
    }

    /// As the venue's clock shows it now.
    fn stamp(&self) -> Stamp {
        Stamp::at(self.client.venue_time())
    }

    /// Takes note of an order that the venue reports.
    pub(crate) fn learn(&self, order: &Order) {
        self.memory.learn(order);
        self.known.learn(order);
    }
}

/// So much of what we set may wait for a stream.
const TOLD: usize = 256;

/// The venue's name in [`VenueId`].
const VENUE: &str = "bitget";

/// The most leverage that the venue has ever taken.
const MOST_LEVERAGE: u32 = 150;

impl BitgetBroker {
    /// A broker with the usual [`Settings`]. Nothing is sent yet.
    ///
    /// # Errors
    /// [`BuildFailure`] if no HTTP session can be made.
    pub fn new(endpoints: Endpoints, credentials: Credentials, clock: Arc<dyn Clock>) -> Result<Self, BuildFailure> {
        Self::with_settings(endpoints, credentials, clock, Settings::default())
    }

    /// A broker with settings of the caller's.
    ///
    /// # Errors
    /// [`BuildFailure`] if no HTTP session can be made.
    pub fn with_settings(
        endpoints: Endpoints,
        credentials: Credentials,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, BuildFailure> {
        Ok(Self { shared: Shared::new(endpoints, Some(credentials), clock, settings)? })
    }

    /// The account's private events. The stream runs in a task of its own, on the runtime that this is called on, until
    /// it is dropped.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn account_stream(&self) -> BitgetAccountStream {
        stream::open(self)
    }

    /// Prices, through the same connection and budget.
    #[must_use]
    pub fn market_feed(&self) -> BitgetMarketFeed {
        BitgetMarketFeed::of(Arc::clone(&self.shared))
    }

    /// Funding rates, through the same connection and budget.
    #[must_use]
    pub fn funding_rates(&self) -> BitgetFundingRates {
        BitgetFundingRates::of(Arc::clone(&self.shared))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// How a contract is set, read before anything is changed.
    async fn settings_of(&self, native: &Arc<str>) -> Result<body::Settings, CommandError> {
        let shared = &self.shared;
        let settings = shared.directory.settings(&shared.client, native, Priority::ReducesRisk).await;
        settings.or_else(CallError::nothing_sent)
    }

    /// Whether the position that is held in one-way mode is long; margin can be moved to and from nothing else.
    async fn held(&self, symbol: &Symbol, native: &str) -> Result<Direction, CommandError> {
        let call = request::positions(Some(native));
        let positions = self.shared.ask(&call, Priority::ReducesRisk, body::positions).await;
        let positions = positions.or_else(CallError::nothing_sent)?;
        let held = positions.iter().filter(|report| report.symbol == *symbol).find_map(|report| report.position);
        let none = || Refusal {
            reason: RefusalReason::NothingToReduce,
            code: "40802".to_owned(),
            message: format!("nothing is held in {symbol}"),
        };
        held.map(|position| position.direction).ok_or_else(|| CommandError::Refused(none()))
    }
}

impl fmt::Debug for BitgetBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BitgetBroker").field("endpoints", &self.shared.client.rest().endpoints).finish_non_exhaustive()
    }
}

#[async_trait]
impl Broker for BitgetBroker {
    fn venue(&self) -> VenueId {
        VenueId::new(VENUE)
    }

    fn clock_offset(&self) -> Option<ClockOffset> {
        self.shared.client.clock_offset()
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        let (instruments, wanting) = self.shared.directory.instruments(&self.shared.client).await?;
        learning::begin(&self.shared, wanting);
        Ok(instruments)
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        Ok(self.shared.directory.instrument(&self.shared.client, symbol).await?)
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        Ok(self.snapshot().await?)
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        Ok(self.read_positions(ReducesRisk).await?)
    }

    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError> {
        Ok(self.read_balances().await?)
    }

    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError> {
        // Whoever wants out must see what would take him back in.
        Ok(self.read_open_orders(symbol, ReducesRisk).await?)
    }

    async fn order(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError> {
        Ok(self.look_up(symbol, id).await?)
    }

    async fn fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError> {
        Ok(self.read_fills(Some(symbol), since).await?)
    }

    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError> {
        Ok(self.read_funding(since).await?)
    }

    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError> {
        Ok(self.read_bookings(since).await?)
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        self.send(order, None).await
    }

    fn attaches_stops(&self) -> bool {
        true
    }

    /// The stop becomes a plan order of the venue's naming, of the size that was filled, triggered by the last price.
    async fn place_with_stop(&self, order: &NewOrder, stop: Price) -> Result<OrderId, PlaceError> {
        if !order.adds_exposure() || order.kind.order_type().is_conditional() {
            let reason = "a stop is attached only to a market or limit order that opens".to_owned();
            return Err(PlaceError::NotSent(NotSent::Invalid(reason)));
        }
        self.send(order, Some(stop)).await
    }

    /// The venue would cancel the order and put another in its place, with ids of its own: that is left to the caller, who
    /// can journal it.
    async fn amend(&self, symbol: &Symbol, id: &ClientOrderId, _: Quantity, _: Price) -> Result<(), CommandError> {
        self.change(symbol, id).await
    }

    async fn cancel(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        self.cancel_one(symbol, id).await
    }

    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError> {
        self.cancel_every(symbol).await
    }

    async fn cancel_everything(&self, listed: &[Order]) -> Result<Option<Vec<OrderId>>, CommandError> {
        self.cancel_kinds(listed).await.map(Some)
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        if leverage.get() > MOST_LEVERAGE {
            let reason = format!("leverage is at most {MOST_LEVERAGE} here, not {leverage}");
            return Err(CommandError::NotSent(NotSent::Invalid(reason)));
        }
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        let settings = self.settings_of(&native).await?;
        let call = request::set_leverage(&native, leverage, settings.margin_mode, settings.position_mode);
        self.shared.command(&call, Priority::Ordinary).await?;
        self.shared.tell(AccountEvent::Leverage { symbol: symbol.clone(), leverage, stamp: self.shared.stamp() });
        Ok(())
    }

    /// What is set already is not set again: the venue refuses any change while there is a position or an order.
    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        if self.settings_of(&native).await?.margin_mode == mode {
            return Ok(());
        }
        let outcome = self.shared.command(&request::set_margin_mode(&native, mode), Priority::Ordinary).await;
        match outcome {
            Ok(()) => {
                self.shared.directory.note_margin_mode(&self.shared.client, &native, mode);
                self.shared.tell(AccountEvent::MarginMode { symbol: symbol.clone(), mode, stamp: self.shared.stamp() });
            }
            Err(_) => self.shared.directory.forget_margin_mode(&native),
        }
        outcome
    }

    /// What is set already is not set again: the venue refuses any change while there is a position or an order.
    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        let now = snapshot::position_mode(&self.shared).await.or_else(CallError::nothing_sent)?;
        if now == mode {
            return Ok(());
        }
        self.shared.command(&request::set_position_mode(mode), Priority::Ordinary).await?;
        self.shared.tell(AccountEvent::PositionMode { mode, stamp: self.shared.stamp() });
        Ok(())
    }

    async fn adjust_isolated_margin(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        amount: Money,
    ) -> Result<(), CommandError> {
        if amount.is_zero() {
            return Ok(());
        }
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        let held = match side.direction() {
            Some(leg) => leg,
            None => self.held(symbol, &native).await?,
        };
        let priority = if amount.is_negative() { Priority::Ordinary } else { Priority::ReducesRisk };
        self.shared.command(&request::set_isolated_margin(&native, side, held, amount), priority).await
    }
}
