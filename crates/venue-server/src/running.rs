//! A venue that is running, whichever wire it speaks.

use crate::faults::{Commanded, Fault, FaultPlan, Faults, Injected, Rule, SpecError, Target, Targets, command};
use crate::line::Progress;
use crate::server::{HttpRequest, Opening, Reply, Server, Wire};
use crate::settings::Settings;
use axum::http::HeaderMap;
use plimsoll_domain::{AccountId, Money};
use plimsoll_exchange::{Exchange, Rejection, Tick, TickRefused};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::task::JoinHandle;

/// What one key opens, and what proves that it is its owner's.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) account: AccountId,
    pub(crate) secret: SecretString,
    /// Empty on venues that have none.
    pub(crate) passphrase: SecretString,
}

/// A venue's face: its exchange, who may call, who listens, and the wire that is spoken. It stands behind one lock.
pub(crate) trait Face: std::fmt::Debug + Send + 'static {
    fn exchange(&mut self) -> &mut Exchange;
    fn faults(&self) -> &Faults;
    fn faults_mut(&mut self) -> &mut Faults;
    /// What a newly opened account has.
    fn wallet(&self) -> Money;
    fn add_key(&mut self, key: String, credentials: Credentials);
    /// Tells everybody what has happened on the exchange since the last time, in order.
    fn publish(&mut self);
    /// Moves time and prices, and tells everybody.
    fn advance(&mut self, tick: &Tick) -> Result<(), TickRefused>;
    /// Does what has fallen due.
    fn keep_time(&mut self);
    /// Does what the faults have fall due.
    fn keep_faults(&mut self);
    /// Takes every fault away and lets go what they hold back.
    fn calm(&mut self);
    /// Ends what the private streams are listened to with: listen keys, logins.
    fn expire_keys(&mut self);
    /// How many private sockets are open, and how many of the market.
    fn sockets(&self) -> (usize, usize);
    /// Cuts sockets at once.
    fn cut(&mut self, targets: Targets);
    fn progress(&self) -> Vec<Arc<Progress>>;
    /// Answers one request; what it set off is published.
    fn answer(&mut self, request: HttpRequest<'_>) -> Reply;
    fn open(&mut self, path: &str, query: &str, headers: &HeaderMap) -> Opening;
    /// Takes a client's message; `false` if the socket is to be closed.
    fn hear(&mut self, socket: u64, text: &str) -> bool;
    fn close(&mut self, socket: u64);
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
        self.venue.floor().cut(Targets::SOCKETS);
    }
}

/// Serves what `floor` makes of the settings.
pub(crate) async fn start<Limits, F: Face>(
    settings: Settings<Limits>,
    floor: impl FnOnce(Settings<Limits>) -> F,
) -> Result<Running, StartError> {
    if !settings.listen.ip().is_loopback() {
        return Err(StartError::NotLoopback(settings.listen));
    }
    let (listen, ping_every, control) = (settings.listen, settings.ping_every, settings.control);
    let venue = Arc::new(Venue { floor: Box::new(Mutex::new(floor(settings))), ping_every, control });
    let server = Server::start(listen, Arc::clone(&venue) as Arc<dyn Wire>).await;
    let server = server.map_err(|source| StartError::Listen { address: listen, source })?;
    let keeper = tokio::spawn(keep_time(Arc::downgrade(&venue)));
    let closing = Closing { venue: Arc::clone(&venue), keeper };
    Ok(Running { venue, server, _closing: closing })
}

impl Running {
    /// Where REST is, `http://127.0.0.1:port`: what stands for the scheme and host of the venue's own.
    #[must_use]
    pub fn rest_url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// Where the streams are, `ws://127.0.0.1:port`: what stands for the scheme and host of the venue's own.
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
        self.open_account_with_passphrase(account, key, secret, SecretString::default())
    }

    /// The same on a venue whose keys have a passphrase.
    ///
    /// # Errors
    /// [`Rejection`] if the exchange does not open it.
    pub fn open_account_with_passphrase(
        &self,
        account: &AccountId,
        key: impl Into<String>,
        secret: SecretString,
        passphrase: SecretString,
    ) -> Result<(), Rejection> {
        let mut floor = self.venue.floor();
        let wallet = floor.wallet();
        match floor.exchange().open_account(account.clone(), wallet) {
            Ok(()) | Err(Rejection::DuplicateAccount) => {}
            Err(rejection) => return Err(rejection),
        }
        floor.add_key(key.into(), Credentials { account: account.clone(), secret, passphrase });
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
        let answer = run(floor.exchange());
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

    /// How many private sockets are open. Where one address serves both, a socket is private once it has listened to
    /// something private.
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
        self.venue.floor().cut(Targets::of(Target::Private));
    }

    /// Cuts every public and market socket.
    pub fn disconnect_market_sockets(&self) {
        self.venue.floor().cut(Targets::of(Target::Market));
    }

    /// Ends every listen key, or on venues without them every login of a socket. Their sockets are told, stay open, and
    /// hear nothing private any more.
    pub fn expire_listen_keys(&self) {
        self.venue.floor().expire_keys();
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
        self.venue.floor().faults_mut().call_off(fault);
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
    floor: Box<Mutex<dyn Face>>,
    ping_every: Duration,
    control: bool,
}

impl Venue {
    fn floor(&self) -> MutexGuard<'_, dyn Face + 'static> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Commanded for Venue {
    fn plan(&self) -> FaultPlan {
        self.floor().faults().plan()
    }

    fn injected(&self) -> Vec<Injected> {
        self.floor().faults().injected().cloned().collect()
    }

    fn begin(&self, plan: &FaultPlan) {
        let mut floor = self.floor();
        let now = floor.exchange().now();
        floor.faults_mut().begin(plan, now);
        floor.keep_faults();
    }

    fn add(&self, plan: &FaultPlan) {
        let mut floor = self.floor();
        let now = floor.exchange().now();
        for rule in &plan.rules {
            floor.faults_mut().arm(*rule, now);
        }
        floor.keep_faults();
    }

    fn calm(&self) {
        self.floor().calm();
    }
}

impl Wire for Venue {
    fn answer(&self, request: HttpRequest<'_>) -> Reply {
        if self.control
            && let Some(response) = command(self, request.method, request.path, request.body)
        {
            return Reply::Now(response);
        }
        let mut floor = self.floor();
        floor.keep_time();
        floor.publish();
        floor.answer(request)
    }

    fn open(&self, path: &str, query: &str, headers: &HeaderMap) -> Opening {
        self.floor().open(path, query, headers)
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
async fn keep_time(venue: Weak<Venue>) {
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
