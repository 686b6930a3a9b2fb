//! What the demo is played on: a venue on loopback, the live adapter connected to it, a manager, a database.

use super::story::Step;
use super::{Demo, act};
use crate::config::Database;
use crate::failure::Failure;
use crate::prices::Prices;
use crate::records::Records;
use crate::screen;
use crate::simulated::{Simulated, bitcoin, open_account};
use crate::venue::{Keys, Venue, VenueName, Way};
use plimsoll_bitget::Protocol;
use plimsoll_domain::risk::{LimitSettings, RiskLimits};
use plimsoll_domain::{AccountId, Instrument, Leverage, Money, Price, Quantity, Timestamp};
use plimsoll_engine::{AccountFollower, Ports, PositionManager, Settings};
use plimsoll_exchange::{Exchange, MarketClock, Tick};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_venue_server::{AuthenticationClock, FaultPlan, Running};
use std::sync::Arc;
use std::time::Duration;

/// The demo's wallet, in USDT.
const WALLET: u32 = 10_000;

/// A market of three days where none is recorded.
const GENERATED: Duration = Duration::from_secs(3 * 86_400);

/// How much older than the market's first price the account is.
const BEFORE: Duration = Duration::from_secs(5);

const KEY: &str = "demo-key";
const SECRET: &str = "demo-secret";
const PASSPHRASE: &str = "demo-passphrase";

pub(super) struct Stage {
    pub(super) venue: Running,
    wire: VenueName,
    pub(super) clock: MarketClock,
    pub(super) connection: Venue,
    pub(super) manager: PositionManager,
    pub(super) stream: AccountFollower,
    pub(super) store: Records,
    pub(super) account: AccountId,
    pub(super) instrument: Instrument,
    pub(super) wallet: Money,
    market: String,
    records: String,
}

impl Stage {
    /// Starts the venue at the market's first price and connects everything; gives the market's further prices.
    pub(super) async fn set(demo: &Demo) -> Result<(Self, Box<dyn Iterator<Item = Tick> + Send>), Failure> {
        // Bitcoin's smallest order at the time of older recordings was 5 USDT: the demo's 0.001 must be possible.
        let instrument = Instrument { min_notional: Money::new(5.into()), ..bitcoin(demo.venue) };
        let (prices, market) = market(demo, &instrument)?;
        let clock = MarketClock::new(prices.start);
        let venue = start(demo.venue, &prices, instrument.clone()).await?;
        let account = AccountId::new(format!("demo-{}", SystemClock.now().as_millis()));
        let keys = Keys::simulated(KEY, SECRET, PASSPHRASE);
        open_account(&venue, &account, &keys).map_err(Failure::usage)?;
        let begun = Tick::at(instrument.symbol.clone(), prices.start, prices.opening);
        venue.advance([&begun]).map_err(Failure::usage)?;
        let (store, records) = store(demo).await?;
        let clock_port: Arc<dyn Clock> = Arc::new(clock.clone());
        let way = Way {
            venue: demo.venue,
            rest: venue.rest_url(),
            sockets: venue.ws_url(),
            keys,
            clock: Arc::clone(&clock_port),
            timeout: None,
            weight_limit: None,
            protocol: Protocol::V2,
            is_demo: false,
        };
        let connection = way.connect()?;
        let stream = AccountFollower::spawn(connection.account_stream(), Arc::clone(&clock_port));
        let manager = PositionManager::new(ports(&connection, &store, clock_port), settings(&account)?);
        let wallet = Money::new(WALLET.into());
        let stage = Self {
            venue,
            wire: demo.venue,
            clock,
            connection,
            manager,
            stream,
            store,
            account,
            instrument,
            wallet,
            market,
            records,
        };
        Ok((stage, prices.ticks))
    }

    pub(super) fn introduced(&self) -> Step {
        Step::new("venue", format!("1  A venue of our own, behind {}'s wire", self.wire.title()))
            .plain("rest", "REST", self.venue.rest_url())
            .plain("ws", "WebSocket", self.venue.ws_url())
            .plain("symbol", "contract", &self.instrument.symbol)
            .plain("market", "market", &self.market)
            .fact("wallet", screen::full(self.wallet.get()), "wallet", format!("{} USDT", screen::cents(self.wallet)))
            .plain("database", "records", &self.records)
    }

    /// Moves the market to these ticks, one by one, and lets every listener keep up.
    pub(super) async fn advance(&self, ticks: &[Tick]) -> Result<(), Failure> {
        self.venue.advance(ticks).map_err(Failure::usage)?;
        self.clock.tell(self.venue.exchange(|exchange| exchange.now()));
        self.venue.flushed().await;
        Ok(())
    }

    /// Does something while the market's time goes on at its prices, as it would outside.
    pub(super) async fn live<T>(&self, doing: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            done = doing => Ok(done),
            failure = self.keep_passing() => Err(failure),
        }
    }

    /// Lets time pass until it cannot, and says why.
    async fn keep_passing(&self) -> Failure {
        let mut beat = tokio::time::interval(Duration::from_millis(2));
        loop {
            beat.tick().await;
            if let Err(failure) = self.pass(Duration::from_millis(2)).await {
                return failure;
            }
        }
    }

    /// Lets time pass at the prices of now.
    async fn pass(&self, duration: Duration) -> Result<(), Failure> {
        let symbol = &self.instrument.symbol;
        let Some(market) = self.venue.exchange(|exchange| exchange.market(symbol)) else { return Ok(()) };
        let (time, last, mark) = (self.now().plus(duration), market.last, market.mark);
        self.advance(&[Tick { symbol: symbol.clone(), time, last, mark, index: None }]).await
    }

    /// A price of the market, a while after now.
    pub(super) fn tick(&self, price: Price, later: Duration) -> Tick {
        Tick::at(self.instrument.symbol.clone(), self.now().plus(later), price)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The last price.
    pub(super) fn price(&self) -> Price {
        let symbol = &self.instrument.symbol;
        self.venue.exchange(|exchange| exchange.market(symbol).map(|market| market.last)).unwrap_or(Price::MAX)
    }

    /// Ends everything.
    pub(super) async fn strike(self) {
        drop(self.stream);
        self.store.close().await;
        self.venue.shutdown().await;
    }
}

fn market(demo: &Demo, instrument: &Instrument) -> Result<(Prices, String), Failure> {
    match &demo.prices {
        Some(file) => {
            let prices = Prices::recorded(file, instrument)?;
            playable(&prices, instrument)?;
            Ok((prices, format!("recorded, {}", file.display())))
        }
        None => {
            let start = Timestamp::from_millis(1_767_225_600_000);
            let opening = Price::new(60_000.into()).map_err(Failure::usage)?;
            let every = Duration::from_secs(10);
            let Prices { start, opening, ticks } = Prices::generated(demo.seed, instrument, start, opening, every);
            let count = usize::try_from(GENERATED.as_secs() / every.as_secs()).unwrap_or(usize::MAX);
            let prices = Prices { start, opening, ticks: Box::new(ticks.take(count)) };
            Ok((prices, format!("three days, generated from seed {}", demo.seed)))
        }
    }
}

/// The demo trades bitcoin: a market in which its order is too small or too large is refused before anything starts.
fn playable(prices: &Prices, instrument: &Instrument) -> Result<(), Failure> {
    let size = act::OPENED.parse::<Quantity>().map_err(Failure::usage)?;
    let (notional, wallet) = (size * prices.opening, Money::new(WALLET.into()));
    let playable = notional >= instrument.min_notional && notional < wallet;
    let wrong = format!("{} BTC at {} are worth {notional}", act::OPENED, prices.opening);
    if !playable {
        return Err(Failure::usage(format!("{wrong}: not between {} and {wallet}", instrument.min_notional))
            .help("The demo trades bitcoin: --prices takes candles of a market in that range."));
    }
    if prices.start <= Timestamp::default() {
        return Err(Failure::usage("the candles begin before 1970"));
    }
    Ok(())
}

async fn start(venue: VenueName, prices: &Prices, instrument: Instrument) -> Result<Running, Failure> {
    // What was in the wallet before anybody looked is nobody's booking: the account is older than the market's first price.
    let mut exchange = Exchange::new(prices.start.minus(BEFORE));
    exchange.list(instrument, prices.opening).map_err(Failure::usage)?;
    let wallet = Money::new(WALLET.into());
    // An hour of the market is over in a blink: too soon for keeping a key alive in between. At the end our records are
    // held against the exchange's, which therefore forgets nothing.
    let simulated = Simulated {
        listen: None,
        clock: AuthenticationClock::Market,
        wallet,
        for_ever: true,
        faults: FaultPlan::default(),
        control: false,
    };
    simulated.serve(venue, exchange).await.map_err(Failure::unreachable)
}

async fn store(demo: &Demo) -> Result<(Records, String), Failure> {
    let Some(url) = &demo.database else {
        return Ok((Records::in_memory().await?, "SQLite, in memory (--database FILE keeps them)".to_owned()));
    };
    let database = Database::parse(url).map_err(|why| Failure::usage(format!("--database: {why}")))?;
    let told = match &database {
        Database::Sqlite(file) => format!("SQLite, {}", file.display()),
        Database::Postgres(_) => format!("PostgreSQL, {database}"),
    };
    Ok((Records::open(&database).await?, told))
}

/// The same wiring as for real, but for the clock.
fn ports(connection: &Venue, store: &Records, clock: Arc<dyn Clock>) -> Ports {
    Ports { clock, ..crate::desk::ports(connection, store) }
}

/// The default limits, but for leverage: the second act borrows twenty times.
fn settings(account: &AccountId) -> Result<Settings, Failure> {
    let max_leverage = Leverage::new(20).map_err(Failure::usage)?;
    let limits = RiskLimits::new(LimitSettings { max_leverage, ..LimitSettings::default() }).map_err(Failure::usage)?;
    Ok(Settings { limits, ..Settings::new(account.clone()) })
}
