//! The broker.

mod history;
mod orders;
mod settings;
mod snapshot;

use crate::client::{self, Client};
use crate::directory::{Directory, Listed};
use crate::endpoints::{Endpoints, Settings};
use crate::funding::GateioFundingRates;
use crate::market::GateioMarketFeed;
use crate::names::Names;
use crate::stream::{self, GateioAccountStream};
use crate::wire::body::Account;
use crate::wire::{Call, Credentials, DecodeError, Reading, body, request};
use async_trait::async_trait;
use plimsoll_domain::{
    AccountSnapshot, BalanceReport, Booking, ClientOrderId, Currency, Fill, FundingPayment, Instrument, Leverage,
    MarginMode, Money, NewOrder, Order, OrderId, PositionMode, PositionReport, PositionSide, Price, Quantity, Stamp,
    Symbol, Timestamp, VenueId,
};
use plimsoll_ports::{Broker, Clock, ClockOffset, CommandError, PlaceError, QueryError};
use plimsoll_transport::{BuildFailure, Priority};
use plimsoll_venue::{CallError, OrderMemory};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One account at Gate.io USDT futures: live, test, or a simulated venue that speaks its wire.
///
/// ```no_run
/// use plimsoll_gateio::{Credentials, Endpoints, GateioBroker};
/// use plimsoll_ports::domain::{ClientOrderId, Leverage, NewOrder, OrderKind, OrderSize, PositionSide, Side};
/// use plimsoll_ports::{AccountStream, Broker, SystemClock};
/// use std::sync::Arc;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = Credentials::new(std::env::var("TEST_KEY")?, std::env::var("TEST_SECRET")?);
/// let broker = GateioBroker::new(Endpoints::testnet(), keys, Arc::new(SystemClock))?;
/// let symbol = "BTC/USDT:USDT".parse()?;
///
/// // What the account holds, and what the contract allows. Sizes are in base units: a lot is one contract.
/// let account = broker.account().await?;
/// let instrument = broker.instrument(&symbol).await?;
/// println!("{} positions; lots of {}", account.positions.len(), instrument.lot);
///
/// // A long at 3x.
/// broker.set_leverage(&symbol, Leverage::new(3)?).await?;
/// let entry = NewOrder {
///     client_order_id: ClientOrderId::new("entry-1")?,
///     symbol,
///     side: Side::Buy,
///     position_side: PositionSide::Both,
///     kind: OrderKind::Market,
///     size: OrderSize::Quantity("0.002".parse()?),
///     reduce_only: false,
/// };
/// println!("the venue calls it {}", broker.place(&entry).await?);
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
/// feeds and rates from it. The bans of an address are shared by every client in this process that asks the same venue.
#[derive(Clone)]
pub struct GateioBroker {
    shared: Arc<Shared>,
}

/// What broker, streams and feeds of one connection have in common.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) directory: Directory,
    pub(crate) memory: OrderMemory,
    pub(crate) names: Names,
    owner: Mutex<Owner>,
}

/// What is known of the account itself.
#[derive(Debug, Default)]
struct Owner {
    /// Which orders and trades do not say.
    mode: Option<PositionMode>,
    /// Which private channels want.
    user: Option<String>,
}

impl Shared {
    pub(crate) fn new(
        endpoints: Endpoints,
        credentials: Option<Credentials>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Arc<Self>, BuildFailure> {
        let client = client::connect(endpoints, credentials, clock, settings)?;
        Ok(Arc::new(Self {
            client,
            directory: Directory::default(),
            memory: OrderMemory::default(),
            names: Names::default(),
            owner: Mutex::default(),
        }))
    }

    pub(crate) async fn listed(&self) -> Result<Arc<Listed>, CallError> {
        self.directory.listing.fresh(&self.client).await
    }

    /// A list of contracts that holds this one, found before anything is sent.
    pub(crate) async fn knowing(&self, symbol: &Symbol) -> Result<Arc<Listed>, CallError> {
        self.directory.listing.knowing(&self.client, symbol).await
    }

    /// Asks, and reads the answer with the names of contracts and the account's position mode.
    pub(crate) async fn ask<T>(
        &self,
        call: &Call,
        priority: Priority,
        decode: impl Fn(&[u8], Reading<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, CallError> {
        let mode = self.mode().await.map_err(CallError::before_sending)?;
        let decode = |body: &[u8], symbols: &_| decode(body, Reading::new(symbols, mode));
        self.directory.listing.ask(&self.client, call, priority, decode).await
    }

    /// The venue's name of a contract, found before anything is sent.
    pub(crate) async fn native(&self, symbol: &Symbol) -> Result<Arc<str>, CallError> {
        self.directory.listing.native(&self.client, symbol).await
    }

    pub(crate) async fn account(&self, priority: Priority) -> Result<Account, CallError> {
        Ok(self.account_and_mode(priority).await?.0)
    }

    /// The account and its position mode; what the streams need of it is learned. A wallet that was never funded does not
    /// exist for the venue: it is empty.
    pub(crate) async fn account_and_mode(&self, priority: Priority) -> Result<(Account, PositionMode), CallError> {
        let account = match self.client.read(&request::account(), priority, body::account).await {
            Ok(account) => account,
            Err(error) if error.code() == Some(NO_WALLET) => never_funded(),
            Err(error) => return Err(error),
        };
        let Some(mode) = account.mode else {
            return Err(CallError::Unreadable("the split position mode is not read".to_owned()));
        };
        let mut owner = self.owner();
        owner.mode = Some(mode);
        if !account.user.is_empty() {
            owner.user = Some(account.user.clone());
        }
        drop(owner);
        Ok((account, mode))
    }

    /// The position mode, as it was last heard of.
    pub(crate) async fn mode(&self) -> Result<PositionMode, CallError> {
        match self.known_mode() {
            Some(mode) => Ok(mode),
            // The answer's own: what is known may have become unknown again since.
            None => Ok(self.account_and_mode(Priority::ReducesRisk).await?.1),
        }
    }

    pub(crate) fn known_mode(&self) -> Option<PositionMode> {
        self.owner().mode
    }

    /// The position mode is this now; `None` if it has to be asked for.
    pub(crate) fn heard_mode(&self, mode: Option<PositionMode>) {
        self.owner().mode = mode;
    }

    /// The user id that private channels want: by the futures account or, without a wallet, by the key, whose own account
    /// not every key may ask for.
    pub(crate) async fn user(&self) -> Result<String, CallError> {
        if self.owner().user.is_none() {
            self.account(Priority::ReducesRisk).await?;
        }
        let known = self.owner().user.clone();
        if let Some(user) = known {
            return Ok(user);
        }
        let user = self.client.read(&request::account_detail(), Priority::ReducesRisk, body::user_id).await?;
        self.owner().user = Some(user.clone());
        Ok(user)
    }

    async fn command(&self, call: &Call, priority: Priority) -> Result<(), CommandError> {
        match self.client.read(call, priority, body::acknowledged).await {
            Ok(()) => Ok(()),
            Err(error) => {
                if error.code() == Some("POSITION_DUAL_MODE") {
                    self.heard_mode(None);
                }
                error.command_outcome()
            }
        }
    }

    fn owner(&self) -> MutexGuard<'_, Owner> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// There is no futures wallet.
const NO_WALLET: &str = "USER_NOT_FOUND";

fn never_funded() -> Account {
    let zero = Some(Money::ZERO);
    Account {
        balance: BalanceReport {
            currency: Currency::new("USDT"),
            wallet: zero,
            cross_wallet: None,
            available: zero,
            equity: zero,
            unrealized_pnl: zero,
            stamp: Stamp::default(),
        },
        mode: Some(PositionMode::OneWay),
        user: String::new(),
        multi_assets: false,
        has_points: false,
    }
}

/// The venue's name in [`VenueId`].
const VENUE: &str = "gateio";

impl GateioBroker {
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
    pub fn account_stream(&self) -> GateioAccountStream {
        stream::open(self)
    }

    /// Prices, through the same connection and budget.
    #[must_use]
    pub fn market_feed(&self) -> GateioMarketFeed {
        GateioMarketFeed::of(Arc::clone(&self.shared))
    }

    /// Funding rates, through the same connection and budget.
    #[must_use]
    pub fn funding_rates(&self) -> GateioFundingRates {
        GateioFundingRates::of(Arc::clone(&self.shared))
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl fmt::Debug for GateioBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateioBroker").field("endpoints", &self.shared.client.rest().endpoints).finish_non_exhaustive()
    }
}

#[async_trait]
impl Broker for GateioBroker {
    fn venue(&self) -> VenueId {
        VenueId::new(VENUE)
    }

    fn clock_offset(&self) -> Option<ClockOffset> {
        self.shared.client.clock_offset()
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        Ok(self.shared.directory.instruments(&self.shared.client).await?)
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        Ok(self.shared.directory.instrument(&self.shared.client, symbol).await?)
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        Ok(self.snapshot().await?)
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        // Whoever wants out must see what is held.
        Ok(self.read_positions(Priority::ReducesRisk).await?)
    }

    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError> {
        Ok(self.read_balances().await?)
    }

    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError> {
        Ok(self.read_open_orders(symbol, Priority::ReducesRisk).await?)
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
        let triggers = self.shared.command(&request::cancel_all_triggers(&native), Priority::ReducesRisk).await;
        orders.and(triggers)
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        self.change_leverage(symbol, leverage).await
    }

    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        self.change_margin_mode(symbol, mode).await
    }

    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        self.change_position_mode(mode).await
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
        self.shared.command(&request::adjust_isolated_margin(&native, side, amount), priority).await
    }
}
