//! Binance USDⓈ-M futures: REST and routed WebSocket streams, as they are in 2026.

mod account;
mod algo;
mod auth;
mod deadlines;
mod error;
mod facts;
mod faulty;
mod floor;
mod leverage;
mod limits;
mod listen_key;
mod listen_key_calls;
mod market;
mod market_data;
mod modify;
mod number;
mod order_body;
mod orders;
mod parameters;
mod queries;
mod refusal;
mod request;
mod router;
mod session;
mod settings_calls;
mod subscription;
mod tape;
mod user_data;
mod words;

pub use limits::RateLimits;

use crate::binance::auth::Sent;
use crate::binance::floor::Floor;
use crate::binance::router::Arrived;
use crate::faults::{Commanded, Fault, FaultPlan, Injected, Rule, SpecError, command};
use crate::server::{HttpRequest, Opening, Reply, Server, Wire};
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use plimsoll_domain::{AccountId, Money};
use plimsoll_exchange::{Exchange, Rejection, Tick, TickRefused};
use rust_decimal::Decimal;
use secrecy::SecretString;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;

/// Whose time requests are judged by, and `GET /fapi/v1/time` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationClock {
    /// The wall clock's: for clients that have no other.
    Wall,
    /// The simulated market's: for clients that share its clock.
    Market,
}

/// How the venue behaves, beyond what its exchange does.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Whose time requests are judged by.
    pub clock: AuthenticationClock,
    /// Whether answers to placing, changing and cancelling carry `avgPrice` and `cumQuote`, as they did before
    /// July 2026.
    pub answers_show_fills: bool,
    /// What callers may ask for.
    pub rate_limits: RateLimits,
    /// What a newly opened account has in its wallet.
    pub wallet: Money,
    /// How long a listen key lives without being kept alive, on the authentication clock: where that is the market's and
    /// the market is replayed fast, longer than what passes between two of a client's requests.
    pub listen_key_life: Duration,
    /// How long fills, changes of wallets and of margin, and the ends of orders by their date are remembered.
    pub remembers: Duration,
    /// How many frames may wait for a socket's reader before the socket is cut.
    pub backlog: usize,
    /// How often a socket is pinged.
    pub ping_every: Duration,
    /// What goes wrong, from the start.
    pub faults: FaultPlan,
    /// Whether faults can be commanded over HTTP: `GET`, `POST` and `DELETE` of `/plimsoll/faults`.
    pub control: bool,
}

impl Default for Settings {
    /// A free port of 127.0.0.1, the wall clock, the venue's own limits and times, a wallet of 10,000.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: AuthenticationClock::Wall,
            answers_show_fills: false,
            rate_limits: RateLimits::default(),
            wallet: Money::new(Decimal::from(10_000)),
            listen_key_life: Duration::from_secs(3600),
            remembers: Duration::from_secs(90 * 86_400),
            backlog: 4096,
            ping_every: Duration::from_secs(180),
            faults: FaultPlan::default(),
            control: false,
        }
    }
}

/// Binance's face of an exchange.
#[derive(Debug)]
pub struct BinanceVenue;

impl BinanceVenue {
    /// Starts serving `exchange`. It stops when the answer is dropped or [shut down](Running::shutdown).
    ///
    /// # Errors
    /// [`StartError`] if the address is not on loopback or cannot be listened at.
    pub async fn start(exchange: Exchange, settings: Settings) -> Result<Running, StartError> {
        if !settings.listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(settings.listen));
        }
        let (listen, ping_every, control) = (settings.listen, settings.ping_every, settings.control);
        let venue = Arc::new(Venue { floor: Mutex::new(Floor::new(exchange, settings)), ping_every, control });
        let server = Server::start(listen, Arc::clone(&venue) as Arc<dyn Wire>).await;
        let server = server.map_err(|source| StartError::Listen { address: listen, source })?;
        let keeper = tokio::spawn(keep_time(Arc::downgrade(&venue)));
        let closing = Closing { venue: Arc::clone(&venue), keeper };
        Ok(Running { venue, server, _closing: closing })
    }
}

/// Why a venue did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A simulated venue is nobody else's business.
    #[error("{0} is not a loopback address: a simulated venue listens on 127.0.0.1 or ::1 only")]
    NotLoopback(SocketAddr),
    /// The address is taken, or not ours.
    #[error("cannot listen at {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A venue that is running.
#[derive(Debug)]
pub struct Running {
    venue: Arc<Venue>,
    server: Server,
    _closing: Closing,
}

/// Cuts every socket when it goes: their tasks would keep the venue alive.
#[derive(Debug)]
struct Closing {
    venue: Arc<Venue>,
    keeper: JoinHandle<()>,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.keeper.abort();
        let mut floor = self.venue.floor();
        floor.cut_private_sockets();
        floor.cut_market_sockets();
    }
}

impl Running {
    /// Where REST is, `http://127.0.0.1:port`: what stands for `https://fapi.binance.com`.
    #[must_use]
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Where the streams are, `ws://127.0.0.1:port`: what stands for `wss://fstream.binance.com`.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.server.address)
    }

    /// Gives `account` a key to call with. An account that the exchange does not have yet is opened with the wallet of
    /// the [settings](Settings::wallet).
    ///
    /// # Errors
    /// [`Rejection`] if the exchange does not open it.
    pub fn open_account(
        &self,
        account: &AccountId,
        key: impl Into<String>,
        secret: SecretString,
    ) -> Result<(), Rejection> {
        let mut floor = self.venue.floor();
        let wallet = floor.settings.wallet;
        match floor.exchange.open_account(account.clone(), wallet) {
            Ok(()) | Err(Rejection::DuplicateAccount) => {}
            Err(rejection) => return Err(rejection),
        }
        floor.add_key(account.clone(), key.into(), secret);
        floor.publish();
        Ok(())
    }

    /// Moves time and prices tick by tick, and tells those who listen after each.
    ///
    /// # Errors
    /// [`TickRefused`] for the first tick that the exchange does not take; those before it have happened.
    pub fn advance<'a>(&self, ticks: impl IntoIterator<Item = &'a Tick>) -> Result<(), TickRefused> {
        ticks.into_iter().try_for_each(|tick| self.venue.floor().advance(tick))
    }

    /// Inspects or commands the exchange itself; what that sets off is told to those who listen.
    pub fn exchange<R>(&self, run: impl FnOnce(&mut Exchange) -> R) -> R {
        let mut floor = self.venue.floor();
        let answer = run(&mut floor.exchange);
        floor.publish();
        answer
    }

    /// Returns once every frame that was pushed so far is written to its socket, or the socket is gone. With it a fast
    /// replay keeps step with its readers.
    pub async fn flushed(&self) {
        let progress = self.venue.floor().progress();
        for line in progress {
            line.flushed().await;
        }
    }

    /// How many private sockets are open.
    #[must_use]
    pub fn private_sockets(&self) -> usize {
        self.venue.floor().sockets().0
    }

    /// How many public and market sockets are open.
    #[must_use]
    pub fn market_sockets(&self) -> usize {
        self.venue.floor().sockets().1
    }

    /// Cuts every private socket.
    pub fn disconnect_private_sockets(&self) {
        self.venue.floor().cut_private_sockets();
    }

    /// Cuts every public and market socket.
    pub fn disconnect_market_sockets(&self) {
        self.venue.floor().cut_market_sockets();
    }

    /// Ends every listen key. Their sockets are told, stay open, and hear nothing more.
    pub fn expire_listen_keys(&self) {
        self.venue.floor().expire_listen_keys();
    }

    /// Begins a plan of faults in place of what was.
    pub fn begin_faults(&self, plan: &FaultPlan) {
        self.venue.begin(plan);
    }

    /// Adds one fault to what is planned: the next of its kind, or whatever the rule says. What is due [now](Fault::now)
    /// has happened when this returns.
    pub fn inject(&self, rule: Rule) {
        self.venue.add(&FaultPlan::default().with(rule));
    }

    /// The same from text, such as `timeout-after=place:x1`, `drop=private:x3`, `half-open@0s`.
    ///
    /// # Errors
    /// [`SpecError`] if the text is no plan.
    pub fn inject_spec(&self, spec: &str) -> Result<(), SpecError> {
        self.venue.add(&spec.parse()?);
        Ok(())
    }

    /// Takes every rule of this fault away.
    pub fn call_off(&self, fault: Fault) {
        self.venue.floor().faults.call_off(fault);
    }

    /// No faults any more: what they hold back is sent, a ban is lifted. What has happened stays as it is: sockets that
    /// are half open, listen keys that have ended, stops that were lost.
    pub fn calm(&self) {
        self.venue.calm();
    }

    /// The plan as it is now.
    #[must_use]
    pub fn faults(&self) -> FaultPlan {
        self.venue.plan()
    }

    /// Every fault that was injected so far, in order; of very many, the last 100,000.
    #[must_use]
    pub fn injected(&self) -> Vec<Injected> {
        Commanded::injected(&*self.venue)
    }

    /// Stops: every socket is cut, answers under way are finished.
    pub async fn shutdown(self) {
        let Self { server, _closing: closing, .. } = self;
        drop(closing);
        server.stop().await;
    }
}

/// The floor behind its lock, which is never held across an await.
#[derive(Debug)]
struct Venue {
    floor: Mutex<Floor>,
    ping_every: Duration,
    control: bool,
}

impl Venue {
    fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Commanded for Venue {
    fn plan(&self) -> FaultPlan {
        self.floor().faults.plan()
    }

    fn injected(&self) -> Vec<Injected> {
        self.floor().faults.injected().cloned().collect()
    }

    fn begin(&self, plan: &FaultPlan) {
        let mut floor = self.floor();
        let now = floor.exchange.now();
        floor.faults.begin(plan, now);
        floor.keep_faults();
    }

    fn add(&self, plan: &FaultPlan) {
        let mut floor = self.floor();
        let now = floor.exchange.now();
        for rule in &plan.rules {
            floor.faults.arm(*rule, now);
        }
        floor.keep_faults();
    }

    fn calm(&self) {
        self.floor().calm();
    }
}

impl Wire for Venue {
    fn answer(&self, request: HttpRequest<'_>) -> Reply {
        let HttpRequest { method, path, query, headers, body } = request;
        if self.control
            && let Some(response) = command(self, method, path, body)
        {
            return Reply::Now(response);
        }
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let content = header("content-type").unwrap_or_default();
        let form = content.is_empty() || content.starts_with("application/x-www-form-urlencoded");
        let Ok(body) = std::str::from_utf8(body) else { return Reply::Now(plain(StatusCode::BAD_REQUEST)) };
        let arrived = Arrived { method, path, key: header("x-mbx-apikey"), sent: Sent { query, body }, form };
        let mut floor = self.floor();
        floor.keep_time();
        floor.publish();
        faulty::answer(&mut floor, arrived)
    }

    fn open(&self, path: &str, query: &str) -> Opening {
        self.floor().open(path, query)
    }

    fn hear(&self, socket: u64, text: &str) -> bool {
        self.floor().hear(socket, text)
    }

    fn close(&self, socket: u64) {
        self.floor().close(socket);
    }

    fn ping_every(&self) -> Duration {
        self.ping_every
    }
}

/// Lets deadlines fall due though nobody calls.
async fn keep_time(venue: std::sync::Weak<Venue>) {
    let mut beat = tokio::time::interval(Duration::from_millis(100));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        let Some(venue) = venue.upgrade() else { return };
        let mut floor = venue.floor();
        floor.keep_time();
        floor.publish();
    }
}

fn http(answer: router::Answer) -> Response<Body> {
    let mut response = plain(StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
    *response.body_mut() = Body::from(answer.body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-mbx-used-weight-1m", HeaderValue::from(answer.used_weight));
    if let Some((ten_seconds, minute)) = answer.order_count {
        headers.insert("x-mbx-order-count-10s", HeaderValue::from(ten_seconds));
        headers.insert("x-mbx-order-count-1m", HeaderValue::from(minute));
    }
    if let Some(seconds) = answer.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
