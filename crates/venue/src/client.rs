//! Calls: signed with the venue's time, within its budgets, and answered or definitely not.

use crate::at_once::AtOnce;
use crate::budgets::{Budgets, Charge, Pool, Silenced};
use crate::call_error::CallError;
use crate::failure::{Class, Failure, Wait, excerpt, shown, strange};
use crate::json::DecodeError;
use crate::request::{HttpRequest, Method};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{Clock, ClockOffset, NotSent};
use plimsoll_transport as transport;
use plimsoll_transport::{BuildFailure, DialFailure, HttpFailure, HttpResponse, HttpSession, HttpSettings, Priority};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One call of a venue's REST interface, without time and secret, so that it can be signed again after the venue disliked
/// its timestamp.
pub trait RestCall: Send + Sync {
    /// The method. What is no [`Get`](Method::Get) may change something.
    fn method(&self) -> Method;

    /// The path, for logs.
    fn path(&self) -> &str;

    /// Whether it is signed with a time, so that the venue's must be known.
    fn is_signed(&self) -> bool;

    /// Whether it places or changes an order: such a call does not wait for the venue's time unless it must.
    fn is_order(&self) -> bool;

    /// Whether it may have changed something once it was sent.
    fn changes(&self) -> bool {
        self.method() != Method::Get
    }
}

/// What a venue gives so that it can be called.
pub trait Rest: Send + Sync + 'static {
    /// What can be asked of it.
    type Call: RestCall;

    /// The question for its time.
    fn server_time(&self) -> Self::Call;

    /// The answer to that.
    ///
    /// # Errors
    /// [`DecodeError`] for anything else.
    fn read_time(&self, body: &[u8]) -> Result<Timestamp, DecodeError>;

    /// The call as it is to be sent at this moment of the venue's clock.
    ///
    /// # Errors
    /// Why it cannot be sent at all: a key is wanted, and there is none.
    fn request(&self, call: &Self::Call, now: Timestamp) -> Result<HttpRequest, NotSent>;

    /// What the call takes, and from which pools.
    fn charges(&self, call: &Self::Call) -> Vec<Charge>;

    /// How much has been used of which pools, as the answer's headers tell it; nothing, unless the venue does so.
    fn used(&self, _call: &Self::Call, _answer: &HttpResponse) -> Vec<(Pool, u32)> {
        Vec::new()
    }

    /// What the answer means.
    ///
    /// # Errors
    /// [`Failure`] for everything that is no success.
    fn judge(&self, call: &Self::Call, answer: &HttpResponse) -> Result<(), Failure>;

    /// Words of the venue's, without what only the trader knows: [`without`](crate::without) the keys.
    fn hide(&self, words: &str) -> String {
        words.to_owned()
    }

    /// What the venue wants no more of, where the failure [says](Failure::wait) that it wants no more of something.
    fn silenced(&self, call: &Self::Call, failure: &Failure) -> Silenced;
}

/// How a [`Client`] calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallSettings {
    /// Timeouts.
    pub http: HttpSettings,
    /// How often the difference to the venue's clock is measured anew.
    pub measure_time_every: Duration,
    /// A call that a budget does not admit, and a question that the venue finds to be one too many, waits for so long at
    /// most, if that is enough; otherwise it fails at once. Of use where windows are short.
    pub patience: Duration,
    /// Makes the jitter of the back-off repeatable.
    pub seed: Option<u64>,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            http: HttpSettings::default(),
            measure_time_every: Duration::from_secs(600),
            patience: Duration::ZERO,
            seed: None,
        }
    }
}

/// One connection to a venue, shared by everything that calls it: they share its address's budgets too.
pub struct Client<R> {
    rest: R,
    http: HttpSession,
    clock: Arc<dyn Clock>,
    settings: CallSettings,
    offset: Mutex<Option<ClockOffset>>,
    budgets: Budgets,
}

impl<R: Rest> Client<R> {
    /// A client of the venue at this address, which is scheme and host. Nothing is sent yet.
    ///
    /// # Errors
    /// [`BuildFailure`] if no HTTP session can be made.
    pub fn new(address: &str, rest: R, clock: Arc<dyn Clock>, settings: CallSettings) -> Result<Self, BuildFailure> {
        let (http, budgets) = (HttpSession::new(settings.http)?, Budgets::new(address, settings.seed));
        Ok(Self { rest, http, clock, settings, offset: Mutex::new(None), budgets })
    }

    /// What the venue gave.
    pub fn rest(&self) -> &R {
        &self.rest
    }

    /// Our clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Calls, and reads the answer.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer, or none that can be read.
    pub async fn read<T>(
        &self,
        call: &R::Call,
        priority: Priority,
        decode: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, CallError> {
        let body = self.call(call, priority).await?;
        decode(&body).map_err(|error| self.unreadable(call, &body, &error))
    }

    /// Calls once, or twice if the venue did not like our time: it did nothing with the first then. What only asks is asked
    /// again too if it was one question too many, and there is time to wait for as long as the venue wants. Whoever wants out
    /// asks again at once, a few times, where an answer is lost or the venue has none for a moment: what he has to know is
    /// read in parts, and most that fails is answered the next time.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer, or one that is no success.
    pub async fn call(&self, call: &R::Call, priority: Priority) -> Result<Vec<u8>, CallError> {
        let latest = self.clock.now().plus(self.settings.patience);
        if call.changes() {
            return self.call_in_time(call, priority, latest).await;
        }
        let (mut at_once, mut too_many) = (AtOnce::new(self.settings.seed), 0);
        loop {
            let error = match self.call_in_time(call, priority, latest).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let is_brief = matches!(&error, CallError::Venue(failure, _) if fits(failure, latest));
            if is_brief && too_many < TOO_MANY {
                too_many += 1;
                self.clock.sleep(error.wait(self.clock.now()).unwrap_or_default()).await;
                continue;
            }
            match at_once.pause(&error, self.clock.now()).filter(|_| priority == Priority::ReducesRisk) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            }
            tracing::debug!(path = call.path(), %error, "asking again at once");
        }
    }

    async fn call_in_time(&self, call: &R::Call, priority: Priority, latest: Timestamp) -> Result<Vec<u8>, CallError> {
        match self.attempt(call, priority, latest).await {
            Err(failure) if failure.is_about_time() => {
                tracing::warn!(path = call.path(), %failure, "the clocks have drifted apart: measuring again");
                self.measure_time().await.map_err(CallError::before_sending)?;
                self.attempt(call, priority, latest).await.map_err(CallError::in_spite_of_the_right_time)
            }
            outcome => outcome,
        }
    }

    async fn attempt(&self, call: &R::Call, priority: Priority, latest: Timestamp) -> Result<Vec<u8>, CallError> {
        if call.is_signed() {
            self.know_time(call).await?;
        }
        let sent = self.admit(call, priority, latest).await?;
        let request = self.rest.request(call, sent).map_err(CallError::NotSent)?;
        match self.http.send(&request.into()).await {
            Ok(response) => self.judge(call, sent, response),
            Err(HttpFailure::NotSent(reason)) => Err(CallError::NotSent(NotSent::Disconnected(reason))),
            Err(HttpFailure::Unanswered(reason)) => Err(CallError::Unanswered(reason)),
        }
    }

    /// The venue's time at which the call may go out. `latest` is by our clock.
    async fn admit(&self, call: &R::Call, priority: Priority, latest: Timestamp) -> Result<Timestamp, CallError> {
        let charges = self.rest.charges(call);
        loop {
            let now = self.venue_time();
            match self.budgets.admit(&charges, priority, now) {
                Ok(()) => return Ok(now),
                Err(until) if self.on_our_clock(until) < latest => self.clock.sleep(until.since(now)).await,
                Err(until) => {
                    let until = self.on_our_clock(until);
                    return Err(CallError::NotSent(NotSent::Throttled { until }));
                }
            }
        }
    }

    fn judge(&self, call: &R::Call, sent: Timestamp, response: HttpResponse) -> Result<Vec<u8>, CallError> {
        let now = self.venue_time();
        self.budgets.observe(&self.rest.used(call, &response), sent, now);
        match self.rest.judge(call, &response) {
            Ok(()) => {
                self.budgets.welcome();
                Ok(response.body)
            }
            Err(failure) => Err(self.failed(call, &response, failure, now)),
        }
    }

    /// A failure as it may be told, and as it silences us. Apart from the road that most answers take, and not in its way.
    #[cold]
    fn failed(&self, call: &R::Call, response: &HttpResponse, mut failure: Failure, now: Timestamp) -> CallError {
        failure.message = if failure.message == excerpt(&response.body) {
            excerpt(&shown(&response.body, |it| self.rest.hide(it)))
        } else {
            self.rest.hide(&failure.message)
        };
        if failure.code == response.status.to_string() {
            failure.message = format!("{} {}: {}", call.method(), call.path(), told(response, &failure.message));
        }
        let silenced = self.rest.silenced(call, &failure);
        // The venue's own word decides; what is told of it from here on may be shown.
        failure.code = self.rest.hide(&failure.code);
        if let Some(until) = self.budgets.silence(silenced, failure.wait, now) {
            let until = self.on_our_clock(until);
            tracing::error!(path = call.path(), %failure.message, %until, "told to be silent");
            failure.wait = Wait::Until(until);
        }
        CallError::Venue(failure, self.clock.now())
    }

    /// Where it came from, and what is wrong with it.
    pub(crate) fn unreadable(&self, call: &R::Call, body: &[u8], error: &DecodeError) -> CallError {
        let strange = strange(&shown(body, |it| self.rest.hide(it)));
        let hidden = || error.told(|it| self.rest.hide(it));
        let what = strange.map_or_else(hidden, |what| format!("the answer is {what}"));
        CallError::Unreadable(format!("{} {}: {what}", call.method(), call.path()))
    }

    /// How long this address is to be silent from now on, if it is.
    fn silence_left(&self) -> Option<Duration> {
        let now = self.venue_time();
        self.budgets.silent_until(now).map(|until| until.since(now))
    }

    /// Whether a socket may be dialled: a ban of the address is one of its sockets too.
    ///
    /// # Errors
    /// [`DialFailure`] with how long the address is to be silent.
    pub fn may_dial(&self) -> Result<(), DialFailure> {
        match self.silence_left() {
            Some(left) => {
                let reason = format!("the venue wants no requests for another {} s", left.as_secs().saturating_add(1));
                Err(DialFailure { reason, not_before: Some(left) })
            }
            None => Ok(()),
        }
    }

    /// The venue's time now, as well as it is known.
    pub fn venue_time(&self) -> Timestamp {
        Timestamp::from_micros(self.clock.now().as_micros().saturating_add(self.ahead()))
    }

    /// The venue's time now, measured if it never was.
    ///
    /// # Errors
    /// [`CallError`] if it cannot be measured.
    pub async fn known_time(&self) -> Result<Timestamp, CallError> {
        if self.offset().is_none() {
            self.measure_time().await.map_err(CallError::before_sending)?;
        }
        Ok(self.venue_time())
    }

    fn on_our_clock(&self, venue: Timestamp) -> Timestamp {
        Timestamp::from_micros(venue.as_micros().saturating_sub(self.ahead()))
    }

    /// Measures the venue's time if it is not known or known too long. An order does not wait for that unless it must.
    async fn know_time(&self, call: &R::Call) -> Result<(), CallError> {
        let every = self.settings.measure_time_every;
        let patience = if call.is_order() { every * 3 } else { every };
        let known = *self.offset();
        if known.is_some_and(|offset| self.clock.now().since(offset.measured_at) < patience) {
            return Ok(());
        }
        match self.measure_time().await {
            Ok(_) => Ok(()),
            Err(failure) if known.is_none() => Err(failure.before_sending()),
            Err(failure) => {
                tracing::warn!(%failure, "the venue's time could not be measured: going on with the last difference");
                Ok(())
            }
        }
    }

    /// Asks for the venue's time and notes the difference: the venue read its clock half way between question and
    /// answer, as far as we can know.
    ///
    /// # Errors
    /// [`CallError`] if there is no answer, or none that can be read.
    pub async fn measure_time(&self) -> Result<Timestamp, CallError> {
        let call = self.rest.server_time();
        let latest = self.clock.now().plus(self.settings.patience);
        let sent = self.admit(&call, Priority::ReducesRisk, latest).await?;
        let asked = self.clock.now().as_micros();
        let request = self.rest.request(&call, sent).map_err(CallError::NotSent)?;
        let response = match self.http.send(&request.into()).await {
            Ok(response) => self.judge(&call, sent, response)?,
            Err(HttpFailure::NotSent(reason) | HttpFailure::Unanswered(reason)) => {
                return Err(CallError::NotSent(NotSent::Disconnected(reason)));
            }
        };
        let measured = self.clock.now();
        let venue = self.rest.read_time(&response).map_err(|error| self.unreadable(&call, &response, &error))?;
        let half_way = asked + measured.as_micros().saturating_sub(asked) / 2;
        let micros = venue.as_micros().saturating_sub(half_way);
        *self.offset() = Some(ClockOffset { micros, measured_at: measured });
        Ok(venue)
    }

    /// How far the venue's clock is ahead of ours; `None` until it is measured. Nothing is asked.
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        *self.offset()
    }

    /// By how many microseconds the venue's clock is ahead of ours, as well as it is known.
    fn ahead(&self) -> i64 {
        self.offset().map_or(0, |offset| offset.micros)
    }

    fn offset(&self) -> MutexGuard<'_, Option<ClockOffset>> {
        self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the venue wants to be left alone for less time than there is, by our clock.
fn fits(failure: &Failure, latest: Timestamp) -> bool {
    failure.class == Class::BackOff && matches!(failure.wait, Wait::Until(until) if until < latest)
}

/// A question is asked again so often at most after it was one too many.
const TOO_MANY: u32 = 3;

/// What an answer says that is no error of the venue's own.
fn told(answer: &HttpResponse, message: &str) -> String {
    match answer.header("location") {
        Some(to) if (300..400).contains(&answer.status) => {
            format!("a redirect to {}, which is not followed: is the address right?", transport::redacted(to))
        }
        _ if strange(&answer.body).is_some() => format!("the answer is {message}"),
        _ => message.to_owned(),
    }
}

impl<R> fmt::Debug for Client<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl From<HttpRequest> for transport::HttpRequest {
    fn from(request: HttpRequest) -> Self {
        let method = match request.method {
            Method::Get => transport::Method::Get,
            Method::Post => transport::Method::Post,
            Method::Put => transport::Method::Put,
            Method::Delete => transport::Method::Delete,
        };
        Self { method, url: request.url, headers: request.headers, body: request.body }
    }
}
