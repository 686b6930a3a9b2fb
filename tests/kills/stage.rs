//! What outlives the process: the venue with a market that goes on, the configuration and the ledger file.

use plimsoll_domain::{AccountId, Decimal, Fill, Instrument, Order, PositionReport, Price, Rounding, Symbol};
use plimsoll_domain::{FillCause, Timestamp};
use plimsoll_exchange::{Exchange, Tick, listings};
use plimsoll_ports::{Clock, SystemClock};
use plimsoll_trial::random::Random;
use plimsoll_venue_server::{BinanceVenue, RateLimits, Running, Settings};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub(super) const KEY: &str = "kills-key";
pub(super) const SECRET: &str = "kills-secret";

/// How long "not found" proves nothing of an order whose answer never came: the time that Binance takes an order for, which no
/// configuration shortens.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// So often the price moves.
const BEAT: Duration = Duration::from_millis(5);

pub(super) struct Stage {
    pub(super) venue: Arc<Running>,
    pub(super) account: AccountId,
    pub(super) instrument: Instrument,
    moving: JoinHandle<()>,
    stands_still: Arc<AtomicBool>,
    directory: TempDir,
}

/// The exchange's side of the books.
pub(super) struct Truth {
    pub(super) positions: Vec<PositionReport>,
    /// Every order that our side ever sent, conditional ones among them.
    pub(super) orders: Vec<Order>,
    /// What rests, and what waits for its trigger.
    pub(super) open: Vec<Order>,
    pub(super) fills: Vec<Fill>,
}

impl Stage {
    pub(super) async fn set(seed: u64) -> Self {
        let instrument = listings::btc_usdt();
        let mut exchange = Exchange::new(SystemClock.now());
        exchange.list(instrument.clone(), "60000".parse().expect("a price")).expect("a listing");
        // A process that starts asks for everything anew; two hundred of them ask for more than a venue allows a minute.
        let rate_limits = RateLimits {
            weight_per_minute: 10_000_000,
            orders_per_minute: 1_000_000,
            orders_per_ten_seconds: 1_000_000,
            funding_per_five_minutes: 1_000_000,
            ..RateLimits::default()
        };
        let settings = Settings { rate_limits, wallet: "100000".parse().expect("an amount"), ..Settings::default() };
        let venue = Arc::new(BinanceVenue::start(exchange, settings).await.expect("a venue on loopback"));
        let account = AccountId::new("main");
        venue.open_account(&account, KEY, SECRET.into()).expect("an account");
        let directory = tempfile::tempdir().expect("a directory for configuration and ledger");
        let stands_still = Arc::new(AtomicBool::new(false));
        let prices = Random::of(seed, "prices");
        let mover = move_prices(Arc::clone(&venue), instrument.clone(), prices, Arc::clone(&stands_still));
        let moving = tokio::spawn(mover);
        let stage = Self { venue, account, instrument, moving, stands_still, directory };
        std::fs::write(stage.config(), stage.configuration()).expect("the configuration can be written");
        stage
    }

    /// While the books are compared, prices stand still: what a stop does between two looks is nobody's fault.
    pub(super) fn hold_prices(&self, hold: bool) {
        self.stands_still.store(hold, Ordering::Relaxed);
    }

    pub(super) fn config(&self) -> PathBuf {
        self.directory.path().join("plimsoll.toml")
    }

    pub(super) fn ledger(&self) -> PathBuf {
        self.directory.path().join("plimsoll.db")
    }

    pub(super) fn symbol(&self) -> &Symbol {
        &self.instrument.symbol
    }

    pub(super) fn price(&self) -> Price {
        let market = self.venue.exchange(|exchange| exchange.market(self.symbol()));
        market.expect("the market is listed").last
    }

    pub(super) fn truth(&self) -> Truth {
        self.venue.exchange(|exchange| {
            let (account, symbol) = (&self.account, self.symbol());
            let sent = exchange.orders(account, symbol).into_iter();
            let sent = sent.filter(|it| it.parent.is_none() && it.cause == FillCause::Order).map(|it| it.order);
            let conditional = exchange.conditionals(account, symbol).into_iter().map(|it| it.order);
            let waiting = exchange.open_conditionals(account).into_iter().map(|it| it.order);
            Truth {
                positions: exchange.positions(account),
                orders: sent.chain(conditional).collect(),
                open: exchange.open_orders(account).into_iter().map(|it| it.order).chain(waiting).collect(),
                fills: exchange.fills(account, symbol).cloned().collect(),
            }
        })
    }

    /// How many orders and fills there were.
    pub(super) fn traded(&self) -> (usize, usize) {
        let truth = self.truth();
        (truth.orders.len(), truth.fills.len())
    }

    fn configuration(&self) -> String {
        let state = self.directory.path().display();
        let ledger = self.ledger();
        let (rest, socket) = (self.venue.rest_url(), self.venue.ws_url());
        format!(
            "database = \"sqlite:{}\"\nstate = \"{state}\"\n\n\
             [limits]\nmax_position = 1000000\nmax_position_share = \"1000 %\"\nmax_daily_loss = 1000000\n\
             max_daily_loss_share = \"100 %\"\nmax_drawdown = 1000000\n\n\
             [accounts.main]\nvenue = \"binance\"\nenvironment = \"loopback\"\nrest_url = \"{rest}\"\n\
             socket_url = \"{socket}\"\nkey_env = \"KILLS_KEY\"\nsecret_env = \"KILLS_SECRET\"\nweight_limit = 1000000\n\n\
             [intervals]\nmonitor = \"250ms\"\naudit = \"1s\"\n",
            ledger.display()
        )
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.moving.abort();
    }
}

/// A price that wanders by up to two hundredths of a percent a beat: stops and targets are hit now and then, also while
/// nobody is there.
async fn move_prices(venue: Arc<Running>, instrument: Instrument, mut random: Random, stands_still: Arc<AtomicBool>) {
    let mut price: Price = "60000".parse().expect("a price");
    let mut beat = tokio::time::interval(BEAT);
    let mut last = Timestamp::default();
    loop {
        beat.tick().await;
        if !stands_still.load(Ordering::Relaxed) {
            price = moved(price, &instrument, &mut random);
        }
        let now = SystemClock.now();
        if now > last {
            last = now;
            // The market is at this moment already, if the wall clock was set back: then the price waits.
            let _ = venue.advance([&Tick::at(instrument.symbol.clone(), now, price)]);
        }
    }
}

fn moved(price: Price, instrument: &Instrument, random: &mut Random) -> Price {
    let share = random.share(0, 4) - "0.0002".parse::<Decimal>().expect("a number");
    let moved = Price::new(price.get() + price.get() * share).ok();
    let moved = moved.and_then(|it| it.round(instrument.tick, Rounding::Down)).unwrap_or(price);
    moved.clamp("50000".parse().expect("a price"), "70000".parse().expect("a price"))
}
