//! Calls: signed with the venue's time, within its budget, and answered or definitely not.

use crate::budget::Budgets;
use crate::endpoints::{Endpoints, Settings};
use crate::error::classify;
use crate::wire::body;
use crate::wire::{Call, Credentials, DecodeError, Method, Security, request};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{Clock, NotSent};
use plimsoll_transport as transport;
use plimsoll_transport::{BuildFailure, HttpFailure, HttpResponse, HttpSession, Priority};
use plimsoll_venue::{CallError, Wait};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One connection to the venue, shared by everything that calls it: they share its address's budget too.
pub(crate) struct Client {
    http: HttpSession,
    pub(crate) endpoints: Endpoints,
    pub(crate) settings: Settings,
    credentials: Option<Credentials>,
    pub(crate) clock: Arc<dyn Clock>,
    offset: Mutex<Option<Offset>>,
    budgets: Budgets,
}

/// How far the venue's clock is ahead of ours.
#[derive(Debug, Clone, Copy)]
struct Offset {
    micros: i64,
    measured: Timestamp,
}

impl Client {
    pub(crate) fn new(
        endpoints: Endpoints,
        credentials: Option<Credentials>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, BuildFailure> {
        let budgets = Budgets::new(&endpoints.rest, &settings);
        Ok(Self {
            http: HttpSession::new(settings.http)?,
            endpoints,
            settings,
            credentials,
            clock,
            offset: Mutex::new(None),
            budgets,
        })
    }

    /// Calls, and reads the answer.
    pub(crate) async fn read<T>(
        &self,
        call: &Call,
        priority: Priority,
        decode: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, CallError> {
        let body = self.call(call, priority).await?;
        decode(&body).map_err(|error| CallError::Unreadable(format!("{} {}: {error}", call.method, call.path)))
    }

    /// Calls once, or twice if the venue did not like our time: it did nothing with the first then.
    pub(crate) async fn call(&self, call: &Call, priority: Priority) -> Result<Vec<u8>, CallError> {
        match self.attempt(call, priority).await {
            Err(failure) if failure.is_about_time() => {
                tracing::warn!(path = call.path, %failure, "the clocks have drifted apart: measuring again");
                self.measure_time().await.map_err(CallError::before_sending)?;
                self.attempt(call, priority).await
            }
            outcome => outcome,
        }
    }

    async fn attempt(&self, call: &Call, priority: Priority) -> Result<Vec<u8>, CallError> {
        if call.security == Security::Signed {
            self.know_time(call).await?;
        }
        let request = self.request(call)?;
        self.admit(call, priority)?;
        let sent = self.venue_time();
        match self.http.send(&request).await {
            Ok(response) => self.judge(call, sent, response),
            Err(HttpFailure::NotSent(reason)) => Err(CallError::NotSent(NotSent::Disconnected(reason))),
            Err(HttpFailure::Unanswered(reason)) => Err(CallError::Unanswered(reason)),
        }
    }

    fn request(&self, call: &Call) -> Result<transport::HttpRequest, CallError> {
        let base = &self.endpoints.rest;
        let request = match (&self.credentials, call.security) {
            (_, Security::Public) => call.public(base),
            (Some(credentials), _) => {
                call.request(base, credentials, self.venue_time(), Some(self.settings.recv_window))
            }
            (None, _) => return Err(CallError::NotSent(NotSent::Invalid(format!("{} needs a key", call.path)))),
        };
        let method = match request.method {
            Method::Get => transport::Method::Get,
            Method::Post => transport::Method::Post,
            Method::Put => transport::Method::Put,
            Method::Delete => transport::Method::Delete,
        };
        let headers = request.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(transport::HttpRequest { method, url: request.url, headers, body: request.body })
    }

    fn judge(&self, call: &Call, sent: Timestamp, response: HttpResponse) -> Result<Vec<u8>, CallError> {
        let now = self.venue_time();
        self.budgets.observe(call, &response, sent, now);
        let retry_after = response.header("retry-after").and_then(|seconds| seconds.parse().ok());
        let retry_after = retry_after.map(Duration::from_secs);
        // What may have changed something and was not clearly refused is unknown, whatever it was.
        let changes = call.method != Method::Get;
        if (200..300).contains(&response.status) && !(changes && body::trouble(&response.body).is_some()) {
            self.budgets.welcome();
            return Ok(response.body);
        }
        let mut failure = classify(response.status, retry_after, &response.body, changes);
        if let Some(until) = self.budgets.silence(call, &failure, now) {
            let until = self.on_our_clock(until);
            tracing::error!(path = call.path, %failure.message, %until, "told to be silent");
            failure.wait = Wait::Until(until);
        }
        Err(CallError::Venue(failure, self.clock.now()))
    }

    fn admit(&self, call: &Call, priority: Priority) -> Result<(), CallError> {
        self.budgets.admit(call, priority, self.venue_time()).map_err(|until| {
            let until = self.on_our_clock(until);
            CallError::NotSent(NotSent::Throttled { until })
        })
    }

    /// How long this address is to be silent from now on, if it is.
    pub(crate) fn silence_left(&self) -> Option<Duration> {
        let now = self.venue_time();
        self.budgets.silent_until(now).map(|until| until.since(now))
    }

    /// The venue's time now, as well as it is known.
    pub(crate) fn venue_time(&self) -> Timestamp {
        let offset = self.offset().map_or(0, |offset| offset.micros);
        Timestamp::from_micros(self.clock.now().as_micros().saturating_add(offset))
    }

    /// The venue's time now, measured if it never was.
    pub(crate) async fn known_time(&self) -> Result<Timestamp, CallError> {
        if self.offset().is_none() {
            self.measure_time().await.map_err(CallError::before_sending)?;
        }
        Ok(self.venue_time())
    }

    fn on_our_clock(&self, venue: Timestamp) -> Timestamp {
        let offset = self.offset().map_or(0, |offset| offset.micros);
        Timestamp::from_micros(venue.as_micros().saturating_sub(offset))
    }

    /// Measures the venue's time if it is not known or known too long. An order does not wait for that unless it must.
    async fn know_time(&self, call: &Call) -> Result<(), CallError> {
        let every = self.settings.measure_time_every;
        let patience = if call.counts_as_order { every * 3 } else { every };
        let known = *self.offset();
        if known.is_some_and(|offset| self.clock.now().since(offset.measured) < patience) {
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
    pub(crate) async fn measure_time(&self) -> Result<Timestamp, CallError> {
        let call = request::server_time();
        self.admit(&call, Priority::ReducesRisk)?;
        let request = self.request(&call)?;
        let (asked, sent) = (self.clock.now().as_micros(), self.venue_time());
        let response = match self.http.send(&request).await {
            Ok(response) => self.judge(&call, sent, response)?,
            Err(HttpFailure::NotSent(reason) | HttpFailure::Unanswered(reason)) => {
                return Err(CallError::NotSent(NotSent::Disconnected(reason)));
            }
        };
        let measured = self.clock.now();
        let venue = body::server_time(&response).map_err(|error| CallError::Unreadable(error.to_string()))?;
        let half_way = asked + measured.as_micros().saturating_sub(asked) / 2;
        let micros = venue.as_micros().saturating_sub(half_way);
        *self.offset.lock().unwrap_or_else(PoisonError::into_inner) = Some(Offset { micros, measured });
        Ok(venue)
    }

    fn offset(&self) -> MutexGuard<'_, Option<Offset>> {
        self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
