//! The broker.

mod history;
mod orders;
mod snapshot;
mod traded;

use crate::client::{self, Client};
use crate::directory::{Directory, Listed};
use crate::endpoints::{Endpoints, Settings};
use crate::funding::BinanceFundingRates;
use crate::market::BinanceMarketFeed;
use crate::stream::{self, BinanceAccountStream};
use crate::wire::{Call, Credentials, DecodeError, Symbols, body, request};
use async_trait::async_trait;
use plimsoll_domain::{
    AccountSnapshot, BalanceReport, Booking, ClientOrderId, Fill, FundingPayment, Instrument, Leverage, MarginMode,
    Money, NewOrder, Order, OrderId, PositionMode, PositionReport, PositionSide, Price, Quantity, Symbol, Timestamp,
    VenueId,
};
use plimsoll_ports::{Broker, Clock, ClockOffset, CommandError, NotSent, PlaceError, QueryError};
use plimsoll_transport::BuildFailure;
use plimsoll_transport::Priority::{self, ReducesRisk};
use plimsoll_venue::{CallError, OrderMemory};
use std::fmt;
use std::sync::Arc;

/// One account at Binance USDⓈ-M futures: live, demo, or a simulated venue that speaks its wire.
///
/// ```no_run
/// use plimsoll_binance::{BinanceBroker, Credentials, Endpoints};
/// use plimsoll_ports::domain::{
///     ClientOrderId, Decimal, Direction, Leverage, NewOrder, OrderKind, OrderSize, PositionSide, Price, Side, TriggerBy,
/// };
/// use plimsoll_ports::{AccountStream, Bracket, Broker, MarketFeed, Protection, SystemClock, place_bracket};
/// use std::sync::Arc;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = Credentials::new(std::env::var("DEMO_KEY")?, std::env::var("DEMO_SECRET")?);
/// let broker = BinanceBroker::new(Endpoints::testnet(), keys, Arc::new(SystemClock))?;
/// let symbol = "BTC/USDT:USDT".parse()?;
///
/// // What the account holds, and what the contract allows.
/// let account = broker.account().await?;
/// let instrument = broker.instrument(&symbol).await?;
/// println!("{} positions; lots of {}", account.positions.len(), instrument.lot);
///
/// // A long at 3x with a stop 3 % below the mark. The entry's fate is known before the stop is sent, and the stop is
/// // read back.
/// broker.set_leverage(&symbol, Leverage::new(3)?).await?;
/// let mark = broker.market_feed().mark_price(&symbol).await?.price;
/// let stop = Price::new(mark.get() * Decimal::new(97, 2))?;
/// let trigger = instrument.stop_price(Direction::Long, stop).ok_or("no price is left")?;
/// let entry = NewOrder {
///     client_order_id: ClientOrderId::new("entry-1")?,
///     symbol,
///     side: Side::Buy,
///     position_side: PositionSide::Both,
///     kind: OrderKind::Market,
///     size: OrderSize::Quantity("0.002".parse()?),
///     reduce_only: false,
/// };
/// let client_order_id = ClientOrderId::new("stop-1")?;
/// let stop_loss = Protection { client_order_id, trigger, trigger_by: TriggerBy::Mark };
/// let placed = place_bracket(&broker, &SystemClock, &Bracket { entry, stop_loss, take_profit: None }).await?;
/// println!("filled at {:?}", placed.entry.average_price);
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
/// feeds and rates from it. The request budget and the bans of an address are shared by every client in this process that
/// asks the same venue.
#[derive(Clone)]
pub struct BinanceBroker {
    shared: Arc<Shared>,
}

/// What broker, streams and feeds of one connection have in common.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) directory: Directory,
    pub(crate) memory: OrderMemory,
}

impl Shared {
    pub(crate) fn new(
        endpoints: Endpoints,
        credentials: Option<Credentials>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Arc<Self>, BuildFailure> {
        let client = client::connect(endpoints, credentials, clock, settings)?;
        Ok(Arc::new(Self { client, directory: Directory::default(), memory: OrderMemory::default() }))
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
}

/// The venue's name in [`VenueId`].
const VENUE: &str = "binance";

/// The most leverage that the venue has ever taken.
const MOST_LEVERAGE: u32 = 125;

impl BinanceBroker {
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
    pub fn account_stream(&self) -> BinanceAccountStream {
        stream::open(self)
    }

    /// Prices, through the same connection and budget.
    #[must_use]
    pub fn market_feed(&self) -> BinanceMarketFeed {
        BinanceMarketFeed::of(Arc::clone(&self.shared))
    }

    /// Funding rates, through the same connection and budget.
    #[must_use]
    pub fn funding_rates(&self) -> BinanceFundingRates {
        BinanceFundingRates::of(Arc::clone(&self.shared))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    async fn listing(&self) -> Result<Vec<Instrument>, CallError> {
        self.shared.directory.instruments(&self.shared.client).await
    }
}

impl fmt::Debug for BinanceBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BinanceBroker").field("endpoints", &self.shared.client.rest().endpoints).finish_non_exhaustive()
    }
}

#[async_trait]
impl Broker for BinanceBroker {
    fn venue(&self) -> VenueId {
        VenueId::new(VENUE)
    }

    fn clock_offset(&self) -> Option<ClockOffset> {
        self.shared.client.clock_offset()
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        Ok(self.listing().await?)
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        Ok(self.shared.directory.instrument(&self.shared.client, symbol).await?)
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        Ok(self.snapshot().await?)
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        Ok(self.read_held().await?)
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
        Ok(self.read_fills(symbol, since).await?)
    }

    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError> {
        Ok(self.read_funding(since).await?)
    }

    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError> {
        Ok(self.read_bookings(since).await?)
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        self.send(order).await
    }

    async fn amend(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), CommandError> {
        self.change(symbol, id, quantity, price).await
    }

    async fn cancel(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        self.cancel_one(symbol, id).await
    }

    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError> {
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        // One service that fails keeps the other from nothing.
        let orders = self.shared.command(&request::cancel_all(&native), Priority::ReducesRisk).await;
        let conditional = self.shared.command(&request::cancel_all_algo(&native), Priority::ReducesRisk).await;
        orders.and(conditional)
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        if leverage.get() > MOST_LEVERAGE {
            let reason = format!("leverage is at most {MOST_LEVERAGE} here, not {leverage}");
            return Err(CommandError::NotSent(NotSent::Invalid(reason)));
        }
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        self.shared.command(&request::set_leverage(&native, leverage), Priority::Ordinary).await
    }

    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        self.shared.command(&request::set_margin_mode(&native, mode), Priority::Ordinary).await
    }

    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        self.shared.command(&request::set_position_mode(mode), Priority::Ordinary).await
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
        let priority = if amount.is_negative() { Priority::Ordinary } else { Priority::ReducesRisk };
        self.shared.command(&request::set_isolated_margin(&native, side, amount), priority).await
    }
}

/// The position mode, for whoever only needs that.
pub(super) async fn position_mode(shared: &Shared) -> Result<PositionMode, CallError> {
    shared.client.read(&request::account_config(), Priority::Watches, body::position_mode).await
}
