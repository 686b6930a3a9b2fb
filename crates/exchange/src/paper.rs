//! The exchange behind the ports: a venue for trading on paper, without a wire.

mod broker;
mod feed;
mod outlet;
mod reading;
mod refusal;
mod stream;
mod telling;

pub use broker::PaperBroker;
pub use stream::PaperAccountStream;

use crate::clock::MarketClock;
use crate::exchange::Exchange;
use crate::rejection::Rejection;
use crate::tick::{Tick, TickRefused};
use feed::MarketLine;
use plimsoll_domain::{AccountId, Money, VenueId};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stream::AccountLine;

/// One [`Exchange`] and its [clock](MarketClock), shared by the paper brokers and streams of its accounts. It is itself the
/// [`MarketFeed`](plimsoll_ports::MarketFeed) and the [`FundingRates`](plimsoll_ports::FundingRates). Clones are the same
/// venue.
///
/// ```
/// use plimsoll_exchange::{Exchange, PaperVenue, Tick, listings};
/// use plimsoll_ports::domain::{
///     AccountId, ClientOrderId, NewOrder, OrderKind, OrderSize, PositionSide, Side, Timestamp, VenueId,
/// };
/// use plimsoll_ports::Broker;
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let start = Timestamp::from_millis(1_704_067_200_000);
/// let mut exchange = Exchange::new(start);
/// let bitcoin = listings::btc_usdt().symbol;
/// exchange.list(listings::btc_usdt(), "50000".parse()?)?;
/// let venue = PaperVenue::new(VenueId::new("paper"), exchange);
/// let ann = venue.open_account(AccountId::new("ann"), "1000".parse()?)?;
///
/// let order = NewOrder {
///     client_order_id: ClientOrderId::new("ann-1")?,
///     symbol: bitcoin.clone(),
///     side: Side::Buy,
///     position_side: PositionSide::Both,
///     kind: OrderKind::Market,
///     size: OrderSize::Quantity("0.1".parse()?),
///     reduce_only: false,
/// };
/// ann.place(&order).await?;
/// venue.advance([&Tick::at(bitcoin, start.plus(Duration::from_secs(1)), "50100.1".parse()?)])?;
/// assert_eq!(ann.positions().await?[0].unrealized_pnl, Some("10".parse()?));
/// # Ok(())
/// # }
/// ```
///
/// Time passes only with the ticks that [`advance`](Self::advance) is given, of history or of a live venue's prices.
/// Everything happens at once, within a call; a stream's events wait for their reader. It simulates no network: no delay, no
/// request budget, no answer that is lost. Those are the venue server's, whose faults can be commanded.
#[derive(Clone)]
pub struct PaperVenue {
    name: VenueId,
    clock: MarketClock,
    floor: Arc<Mutex<Floor>>,
}

/// The exchange, and everybody who listens.
#[derive(Debug)]
struct Floor {
    exchange: Exchange,
    private: BTreeMap<u64, AccountLine>,
    public: BTreeMap<u64, MarketLine>,
    lines: u64,
}

impl PaperVenue {
    /// A venue of this name. Its contracts are those that the exchange lists, wherever their terms are from.
    #[must_use]
    pub fn new(name: VenueId, exchange: Exchange) -> Self {
        let clock = MarketClock::new(exchange.now());
        let mut floor = Floor { exchange, private: BTreeMap::new(), public: BTreeMap::new(), lines: 0 };
        floor.tell();
        Self { name, clock, floor: Arc::new(Mutex::new(floor)) }
    }

    /// What the venue is called.
    #[must_use]
    pub const fn name(&self) -> &VenueId {
        &self.name
    }

    /// A clock that shows the market's time.
    #[must_use]
    pub fn clock(&self) -> MarketClock {
        self.clock.clone()
    }

    /// Opens an account with this much in its wallet.
    ///
    /// # Errors
    /// Those of [`Exchange::open_account`].
    pub fn open_account(&self, account: AccountId, wallet: Money) -> Result<PaperBroker, Rejection> {
        self.exchange(|exchange| exchange.open_account(account.clone(), wallet))?;
        Ok(PaperBroker::new(self.clone(), account))
    }

    /// The broker of an account that is open already.
    ///
    /// # Errors
    /// [`Rejection::UnknownAccount`].
    pub fn broker(&self, account: &AccountId) -> Result<PaperBroker, Rejection> {
        if !self.floor().exchange.accounts().any(|open| open == account) {
            return Err(Rejection::UnknownAccount);
        }
        Ok(PaperBroker::new(self.clone(), account.clone()))
    }

    /// Moves time and prices tick by tick. After each, streams are told what it did, and the clock shows its time.
    ///
    /// # Errors
    /// [`TickRefused`] for the first tick that the exchange does not take; those before it have happened.
    pub fn advance<'a>(&self, ticks: impl IntoIterator<Item = &'a Tick>) -> Result<(), TickRefused> {
        ticks.into_iter().try_for_each(|tick| {
            let mut floor = self.floor();
            floor.exchange.advance(tick)?;
            floor.tell_prices(tick);
            floor.tell();
            floor.tell_life();
            self.clock.tell(floor.exchange.now());
            Ok(())
        })
    }

    /// Tells every private stream that it lives, where no price has come for a while.
    pub fn beat(&self) {
        self.floor().tell_life();
    }

    /// Inspects or commands the exchange itself. What that does to accounts is told to their streams; prices are told to
    /// market streams by [`advance`](Self::advance) only. The venue waits for `run`, which therefore must not ask the venue,
    /// its brokers or its streams for anything.
    pub fn exchange<T>(&self, run: impl FnOnce(&mut Exchange) -> T) -> T {
        let mut floor = self.floor();
        let answer = run(&mut floor.exchange);
        floor.tell();
        self.clock.tell(floor.exchange.now());
        answer
    }

    /// Cuts every stream, so that readers can be seen to cope: after what waits for them already they are told
    /// `Disconnected`, and what happens from now on only when they have been connected again.
    pub fn cut_streams(&self) {
        let mut floor = self.floor();
        let now = floor.exchange.now();
        floor.private.values_mut().for_each(|line| line.cut(now));
        floor.public.values_mut().for_each(MarketLine::cut);
    }

    /// Never held across an await: every use is within one synchronous call.
    fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PaperVenue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaperVenue").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Floor {
    fn tell(&mut self) {
        for event in self.exchange.drain_events() {
            if event.account.is_some() {
                self.private.values_mut().for_each(|line| line.hear(&event));
            } else {
                self.public.values_mut().for_each(|line| line.hear(&event));
            }
        }
    }

    fn tell_prices(&mut self, tick: &Tick) {
        for line in self.public.values_mut() {
            line.hear_prices(&self.exchange, &tick.symbol);
        }
    }

    fn tell_life(&mut self) {
        self.private.values_mut().for_each(|line| line.live(&self.exchange));
    }

    /// A number for a new line.
    const fn number(&mut self) -> u64 {
        self.lines += 1;
        self.lines
    }
}
