//! A WebSocket that stays: it connects, watches that the other side is alive, and connects again.

use crate::backoff::{Backoff, BackoffSettings};
use crate::redact::redacted;
use crate::tls;
use crate::trouble::{SocketError, closing, short, wait};
use futures_util::{SinkExt, StreamExt};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderName;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use tracing::{debug, warn};

/// Where to connect, and what to say first. Its `Debug` hides keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// The whole address (`wss://…`).
    pub url: String,
    /// Text frames to send once connected: logins, subscriptions.
    pub greetings: Vec<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", redacted(&self.url))
    }
}

/// Why there is no address to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialFailure {
    /// For the log; without secrets.
    pub reason: String,
    /// Do not ask again before this has passed, however short the back-off.
    pub not_before: Option<Duration>,
}

/// Finds the address anew for every connection: a venue may want a fresh key in it.
pub trait Dial: Send + Sync + 'static {
    /// The address to connect to now.
    fn dial(&self) -> impl Future<Output = Result<Address, DialFailure>> + Send;

    /// A text that the other side wants to hear every [`heartbeat_every`](SocketSettings::heartbeat_every), made anew each
    /// time; `None` where pings of the protocol are enough.
    fn heartbeat(&self) -> Option<String> {
        None
    }

    /// Headers that the other side wants in the handshake: names and values.
    fn headers(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Waits for as long as the other side wants to be left alone: in real time, unless what it said is by another clock.
    fn rest(&self, wait: Duration) -> impl Future<Output = ()> + Send {
        sleep(wait)
    }

    /// Words of the other side's, as they may be told and logged: without what only we know, should it repeat that. Unless
    /// said otherwise they hold nothing of the kind, and are only kept to one line.
    fn told(&self, words: &str) -> String {
        words.replace(char::is_control, " ")
    }
}

/// A dialler that is used elsewhere too.
impl<D: Dial> Dial for Arc<D> {
    async fn dial(&self) -> Result<Address, DialFailure> {
        D::dial(self).await
    }

    fn heartbeat(&self) -> Option<String> {
        D::heartbeat(self)
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        D::headers(self)
    }

    async fn rest(&self, wait: Duration) {
        D::rest(self, wait).await;
    }

    fn told(&self, words: &str) -> String {
        D::told(self, words)
    }
}

/// An address that never changes.
impl Dial for Address {
    async fn dial(&self) -> Result<Address, DialFailure> {
        Ok(self.clone())
    }
}

/// When a connection counts as dead, and when another is tried. Times are of the real network, never of a simulated
/// clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketSettings {
    /// For a connection and its handshake.
    pub connect_timeout: Duration,
    /// A ping goes out when nothing has arrived for this long.
    pub ping_after: Duration,
    /// Dead when nothing at all, not even a pong, has arrived for this long.
    pub dead_after: Duration,
    /// Dead when no message has arrived for this long, whatever the pongs say; `None` where silence is normal.
    pub mute_after: Option<Duration>,
    /// How often the [heartbeat](Dial::heartbeat) is sent, where there is one.
    pub heartbeat_every: Duration,
    /// A connection is given up for a new one at this age, before the venue cuts it.
    pub longest_life: Duration,
    /// A connection that lived this long was a good one: the back-off starts from the beginning. Short, since who waits
    /// hears nothing, and long enough that connections which are cut time and again stay far below what venues allow.
    pub settled_after: Duration,
    /// The waits between attempts.
    pub backoff: BackoffSettings,
    /// The largest message that is read, in bytes.
    pub largest_message: usize,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            ping_after: Duration::from_secs(15),
            dead_after: Duration::from_secs(45),
            mute_after: None,
            heartbeat_every: Duration::from_secs(20),
            longest_life: Duration::from_secs(23 * 3600),
            settled_after: Duration::from_secs(5),
            backoff: BackoffSettings::default(),
            largest_message: 16 * 1024 * 1024,
        }
    }
}

/// What a session brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketItem {
    /// Connected and greeted.
    Connected,
    /// A message, text or binary.
    Message(Vec<u8>),
    /// A ping or a pong: the other side is alive, and has nothing to say.
    Alive,
    /// The connection is gone, or the first attempt failed; further failures are only logged, until it stands again.
    Disconnected {
        /// For the log; without secrets.
        reason: String,
    },
}

/// A connection through every reconnection. Dropping it closes the connection.
#[derive(Debug)]
pub struct SocketSession<D> {
    dial: Arc<D>,
    settings: SocketSettings,
    backoff: Backoff,
    state: State,
    /// Whoever reads has been told that nothing flows.
    told: bool,
}

#[derive(Debug)]
enum State {
    Waiting { until: Instant, rest: Option<Rest> },
    Connecting(Attempt),
    Open(Box<Link>),
}

/// An attempt to connect. It outlives the call that began it: a reader that turns to something else meanwhile, such as a
/// second socket that is busy, would start the handshake over and over again, and never connect.
struct Attempt(Pin<Box<dyn Future<Output = Result<Link, DialFailure>> + Send>>);

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attempt")
    }
}

/// What the other side wants to be waited. Like an attempt it outlives the call that began it.
struct Rest(Pin<Box<dyn Future<Output = ()> + Send>>);

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rest")
    }
}

#[derive(Debug)]
struct Link {
    /// Where it leads, for the log; without keys.
    place: String,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    opened: Instant,
    last_frame: Instant,
    last_message: Instant,
    last_ping: Instant,
    /// When the next heartbeat is due, where there is one.
    beat: Option<Instant>,
    /// Goes off at a deadline, or before it: what has arrived since it was set has put the deadline off. It is set anew when
    /// it goes off, and not with every frame, which would cost a frame two turns at the runtime's timers.
    alarm: Pin<Box<Sleep>>,
}

impl<D: Dial> SocketSession<D> {
    /// A session that connects when it is first read.
    #[must_use]
    pub fn new(dial: D, settings: SocketSettings) -> Self {
        let state = State::Waiting { until: Instant::now(), rest: None };
        Self { dial: Arc::new(dial), settings, backoff: Backoff::new(settings.backoff), state, told: false }
    }

    /// The next item. Waits for as long as it takes; may be dropped and called again without losing anything.
    pub async fn next(&mut self) -> SocketItem {
        loop {
            match &mut self.state {
                State::Open(link) => match link.read(&self.settings, &*self.dial).await {
                    Ok(Some(message)) => return SocketItem::Message(message),
                    Ok(None) => return SocketItem::Alive,
                    Err(reason) => return self.lost(reason),
                },
                State::Waiting { until, rest } => {
                    if let Some(Rest(resting)) = rest {
                        resting.await;
                        *rest = None;
                    }
                    sleep_until(*until).await;
                    self.state = State::Connecting(Attempt(Box::pin(connect(Arc::clone(&self.dial), self.settings))));
                }
                State::Connecting(attempt) => match attempt.0.as_mut().await {
                    Ok(link) => {
                        self.state = State::Open(Box::new(link));
                        self.told = false;
                        return SocketItem::Connected;
                    }
                    Err(failure) => {
                        let wait = self.backoff.next_wait();
                        warn!(reason = %failure.reason, ?wait, not_before = ?failure.not_before, "no connection");
                        self.wait(wait, failure.not_before);
                        if !self.told {
                            self.told = true;
                            return SocketItem::Disconnected { reason: failure.reason };
                        }
                    }
                },
            }
        }
    }

    /// Gives the connection up for a new one, for example because its key has expired: at once, unless it was a young one,
    /// so that a session which ends as soon as it has begun is no busy loop.
    pub fn reconnect(&mut self, reason: &str) -> SocketItem {
        self.lost(Lost::Ended(reason.to_owned()))
    }

    /// Gives the connection up for a new one after the back-off, and not before `not_before` has passed: the other side
    /// does not want it as it is, for example because it does not know the key.
    pub fn give_up(&mut self, reason: &str, not_before: Option<Duration>) -> SocketItem {
        self.lost(Lost::Unwanted(reason.to_owned(), not_before))
    }

    /// Sends a text frame, if connected.
    ///
    /// # Errors
    /// The item that says that the connection is gone, which is not told again.
    pub async fn send(&mut self, text: &str) -> Result<(), SocketItem> {
        let State::Open(link) = &mut self.state else { return Ok(()) };
        match link.say(Message::text(text), self.settings.connect_timeout).await {
            Ok(()) => Ok(()),
            Err(reason) => Err(self.lost(reason)),
        }
    }

    fn lost(&mut self, reason: Lost) -> SocketItem {
        let life = match &self.state {
            State::Open(link) => link.opened.elapsed(),
            State::Waiting { .. } | State::Connecting(_) => Duration::ZERO,
        };
        if life >= self.settings.settled_after {
            self.backoff.reset();
        }
        let wait = match &reason {
            Lost::Aged(_) => Duration::ZERO,
            Lost::Ended(_) if life >= self.settings.settled_after => Duration::ZERO,
            _ => self.backoff.next_wait(),
        };
        let not_before = if let Lost::Unwanted(_, not_before) = &reason { *not_before } else { None };
        let reason = match (&self.state, &reason) {
            (_, Lost::Unwanted(..) | Lost::Ended(_)) | (State::Waiting { .. } | State::Connecting(_), _) => {
                reason.to_string()
            }
            (State::Open(link), _) => format!("{}: {reason}", link.place),
        };
        warn!(%reason, ?life, ?wait, ?not_before, "connection lost");
        self.wait(wait, not_before);
        self.told = true;
        SocketItem::Disconnected { reason }
    }

    /// Another attempt once both have passed: our back-off, and what the other side wants.
    fn wait(&mut self, ours: Duration, theirs: Option<Duration>) {
        let dial = Arc::clone(&self.dial);
        let rest = theirs.map(|theirs| Rest(Box::pin(async move { dial.rest(theirs).await })));
        self.state = State::Waiting { until: Instant::now() + ours, rest };
    }
}

async fn connect<D: Dial>(dial: Arc<D>, settings: SocketSettings) -> Result<Link, DialFailure> {
    let address = dial.dial().await?;
    let beats = dial.heartbeat().is_some();
    let failed = |reason: String, not_before| DialFailure { reason: format!("{address:?}: {reason}"), not_before };
    match timeout(settings.connect_timeout, open(&address, dial.headers(), &settings)).await {
        Ok(Ok(link)) => {
            debug!(?address, "connected");
            let beat = beats.then(|| link.opened + settings.heartbeat_every);
            Ok(Link { beat, ..link })
        }
        Ok(Err(error)) => Err(failed(short(&error), wait(&error, settings.backoff.longest))),
        Err(_) => Err(failed(format!("no connection within {:?}", settings.connect_timeout), None)),
    }
}

async fn open(
    address: &Address,
    headers: Vec<(&'static str, String)>,
    settings: &SocketSettings,
) -> Result<Link, SocketError> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_AT_ONCE)
        .max_message_size(Some(settings.largest_message))
        .max_frame_size(Some(settings.largest_message));
    let tls = Connector::Rustls(tls::client_config());
    let mut request = address.url.as_str().into_client_request()?;
    for (name, value) in headers {
        request.headers_mut().insert(name.parse::<HeaderName>()?, value.parse()?);
    }
    let (mut socket, _) = connect_async_tls_with_config(request, Some(config), true, Some(tls)).await?;
    for greeting in &address.greetings {
        socket.send(Message::text(greeting.as_str())).await?;
    }
    let now = Instant::now();
    let place = format!("{address:?}");
    let alarm = Box::pin(sleep_until(now));
    Ok(Link { place, socket, opened: now, last_frame: now, last_message: now, last_ping: now, beat: None, alarm })
}

/// As many bytes as one record of TLS holds, so that more would seldom be there. The library fills all of its buffer with
/// zeros before every attempt to read, twice a message: with the 128 KiB that it would choose, that takes longer than a
/// message takes to be understood, and drives everything else out of the processor's nearest cache.
const READ_AT_ONCE: usize = 16 * 1024;

/// Why a connection is given up.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("closed by the other side{0}")]
    Closed(String),
    #[error("{0}")]
    Broken(String),
    #[error("nothing has arrived for {0:?}")]
    Dead(Duration),
    #[error("connected, but no message has arrived for {0:?}")]
    Mute(Duration),
    #[error("given up at {0:?} of age, before the venue cuts it")]
    Aged(Duration),
    #[error("{0}")]
    Ended(String),
    #[error("{0}")]
    Unwanted(String, Option<Duration>),
}

impl Link {
    /// The next message; `None` for a mere sign of life.
    async fn read(&mut self, settings: &SocketSettings, dial: &impl Dial) -> Result<Option<Vec<u8>>, Lost> {
        loop {
            tokio::select! {
                biased;
                frame = self.socket.next() => {
                    self.last_frame = Instant::now();
                    match frame {
                        Some(Ok(Message::Text(text))) => return Ok(Some(self.message(text.as_bytes().to_vec()))),
                        Some(Ok(Message::Binary(bytes))) => return Ok(Some(self.message(bytes.to_vec()))),
                        // A ping is answered by the library when the socket is next read.
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(None),
                        Some(Ok(Message::Frame(_))) => {}
                        Some(Ok(Message::Close(frame))) => return Err(Lost::Closed(closing(frame.as_ref(), dial))),
                        None => return Err(Lost::Closed(String::new())),
                        Some(Err(error)) => return Err(Lost::Broken(short(&error))),
                    }
                }
                () = self.alarm.as_mut() => match self.next_deadline(settings) {
                    deadline if Instant::now() < deadline => self.alarm.as_mut().reset(deadline),
                    _ => self.overdue(settings, dial).await?,
                },
            }
        }
    }

    fn message(&mut self, message: Vec<u8>) -> Vec<u8> {
        self.last_message = self.last_frame;
        message
    }

    /// Never earlier than it was before.
    fn next_deadline(&self, settings: &SocketSettings) -> Instant {
        let ping = self.last_frame.max(self.last_ping) + settings.ping_after;
        let dead = self.last_frame + settings.dead_after;
        let aged = self.opened + settings.longest_life;
        let mute = settings.mute_after.map_or(aged, |limit| self.last_message + limit);
        ping.min(dead).min(aged).min(mute).min(self.beat.unwrap_or(aged))
    }

    async fn overdue(&mut self, settings: &SocketSettings, dial: &impl Dial) -> Result<(), Lost> {
        let now = Instant::now();
        if now >= self.opened + settings.longest_life {
            return Err(Lost::Aged(settings.longest_life));
        }
        if now >= self.last_frame + settings.dead_after {
            return Err(Lost::Dead(settings.dead_after));
        }
        if let Some(limit) = settings.mute_after
            && now >= self.last_message + limit
        {
            return Err(Lost::Mute(limit));
        }
        if self.beat.is_some_and(|beat| now >= beat) {
            self.beat = Some(now + settings.heartbeat_every);
            return match dial.heartbeat() {
                Some(text) => self.say(Message::text(text), settings.ping_after).await,
                None => Ok(()),
            };
        }
        self.last_ping = now;
        self.say(Message::Ping(Vec::new().into()), settings.ping_after).await
    }

    async fn say(&mut self, message: Message, within: Duration) -> Result<(), Lost> {
        let what = if message.is_ping() { "a ping" } else { "a message" };
        match timeout(within, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Lost::Broken(short(&error))),
            Err(_) => Err(Lost::Broken(format!("{what} could not be sent"))),
        }
    }
}
