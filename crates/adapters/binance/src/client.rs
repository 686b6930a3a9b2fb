//! Calls: signed with the venue's time, within its budget, and answered or definitely not.

use crate::call_error::CallError;
use crate::endpoints::{Endpoints, Settings};
use crate::error::{Wait, classify};
use crate::wire::body;
use crate::wire::{Call, Credentials, DecodeError, Method, Security, request};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{Clock, NotSent};
use plimsoll_transport as transport;
use plimsoll_transport::{BuildFailure, HttpFailure, HttpResponse, HttpSession, Priority, WeightBudget};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Too many orders within ten seconds or a minute.
const ORDER_LIMIT: i64 = -1015;

/// The longest ban that the venue gives an address.
const LONGEST_BAN: Duration = Duration::from_secs(3 * 24 * 3600);

/// One connection to the venue, shared by everything that calls it: they share its address's budget too.
pub(crate) struct Client {
    http: HttpSession,
    pub(crate) endpoints: Endpoints,
    pub(crate) settings: Settings,
    credentials: Option<Credentials>,
    pub(crate) clock: Arc<dyn Clock>,
    offset: Mutex<Option<Offset>>,
    budget: Mutex<WeightBudget>,
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
        let budget = WeightBudget::new(settings.weight_limit, settings.weight_reserve, 60_000);
        Ok(Self {
            http: HttpSession::new(settings.http)?,
            endpoints,
            settings,
            credentials,
            clock,
            offset: Mutex::new(None),
            budget: Mutex::new(budget),
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
        self.admit(call.weight, priority)?;
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
        // This call's header is known to be wrong; zero and less are what free calls show.
        let used = response.header("x-mbx-used-weight-1m").and_then(|used| used.parse::<u32>().ok());
        if let Some(used) = used.filter(|used| *used > 0 && !call.path.contains("/ticker/")) {
            self.budget().observe(used, sent.as_millis(), now.as_millis());
        }
        let retry_after = response.header("retry-after").and_then(|seconds| seconds.parse().ok());
        let retry_after = retry_after.map(Duration::from_secs);
        // What may have changed something and was not clearly refused is unknown, whatever it was.
        let changes = call.method != Method::Get;
        if (200..300).contains(&response.status) && !(changes && body::trouble(&response.body).is_some()) {
            return Ok(response.body);
        }
        let mut failure = classify(response.status, retry_after, &response.body, changes);
        let until = match failure.wait {
            Wait::None => None,
            Wait::For(wait) => Some(now.plus(wait)),
            // A number that is no time must not silence us for ever.
            Wait::Until(until) => Some(until.min(now.plus(LONGEST_BAN))),
        };
        if let Some(until) = until {
            tracing::error!(path = call.path, %failure.message, until_ms = until.as_millis(), "told to be silent");
            // The order limit is not the address's: cancels are wanted still.
            if failure.code != ORDER_LIMIT {
                self.budget().silence(until.as_millis());
            }
            failure.wait = Wait::Until(self.on_our_clock(until));
        }
        Err(CallError::Venue(failure, self.clock.now()))
    }

    fn admit(&self, weight: u32, priority: Priority) -> Result<(), CallError> {
        let now = self.venue_time().as_millis();
        self.budget().admit(weight, priority, now).map_err(|until| {
            let until = self.on_our_clock(Timestamp::from_millis(until));
            CallError::NotSent(NotSent::Throttled { until })
        })
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
        self.admit(call.weight, Priority::ReducesRisk)?;
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

    fn budget(&self) -> MutexGuard<'_, WeightBudget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
