//! How a fault of a request looks to whoever calls a port, and whether what was asked for is done all the same.

use plimsoll_domain::{ClientOrderId, Timestamp};
use plimsoll_exchange::{OrderRef, PaperBroker, PaperVenue};
use plimsoll_ports::{CommandError, NotSent, PlaceError, QueryError, Refusal, RefusalReason};
use plimsoll_venue_server::faults::{Faults, Site};
use plimsoll_venue_server::{Fault, Rule, Target};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Nobody waits longer for an answer, as the adapters' clients do not.
const GIVES_UP_AFTER: Duration = Duration::from_millis(800);

/// Between a port and the venue behind it.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) venue: PaperVenue,
    weather: Arc<Mutex<Weather>>,
}

/// What goes wrong, of which every life of our process has its share.
#[derive(Debug, Default)]
pub(super) struct Weather {
    pub(super) faults: Faults,
    banned_until: Timestamp,
    /// A stop is gone, and nobody was told.
    pub(super) stop_lost: Option<Instant>,
}

impl Weather {
    pub(super) fn calm(&mut self) {
        self.faults.calm();
        self.banned_until = Timestamp::default();
    }
}

/// What is asked for.
pub(super) struct Call {
    pub(super) target: Target,
    /// The method of the port.
    pub(super) method: &'static str,
    /// It can only reduce risk: overload does not touch it.
    pub(super) only_reduces: bool,
    /// The order that it places, and where.
    pub(super) places: Option<(PaperBroker, ClientOrderId)>,
}

impl Call {
    pub(super) const fn new(target: Target, method: &'static str) -> Self {
        Self { target, method, only_reduces: false, places: None }
    }
}

/// Why there is no answer, in words that every port has.
pub(super) enum Trouble {
    Throttled(Timestamp),
    Unavailable,
    NoConnection,
    Unanswered,
    Unreadable,
    Rejected(RefusalReason),
}

impl Line {
    pub(super) fn new(venue: PaperVenue) -> Self {
        Self { venue, weather: Arc::default() }
    }

    /// Never held across an await.
    pub(super) fn weather(&self) -> MutexGuard<'_, Weather> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.venue.exchange(|exchange| exchange.now())
    }

    /// Asks, and answers as the faults would have it. What is asked for is under way even if whoever asked is no more.
    pub(super) async fn call<T, E>(
        &self,
        call: Call,
        ask: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Trouble> + Send + 'static,
    {
        let line = self.clone();
        let under_way = tokio::spawn(async move {
            tokio::task::yield_now().await;
            line.carry(call, ask).await
        });
        match under_way.await {
            Ok(answer) => answer,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going.
                Err(_) => Err(Trouble::Unanswered.into()),
            },
        }
    }

    async fn carry<T, E: From<Trouble>>(
        &self,
        call: Call,
        ask: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let rule = match self.strikes(&call) {
            Ok(None) => return ask.await,
            Ok(Some(rule)) => rule,
            Err(trouble) => return Err(trouble.into()),
        };
        if rule.fault().executes() != Some(true) {
            self.note(rule.fault(), &call, Some(false));
            return Err(self.without(rule, call.target).await.into());
        }
        let answer = ask.await;
        self.note(rule.fault(), &call, answer.is_ok().then_some(true));
        match rule.fault() {
            Fault::LoseStop => {
                if let (Ok(_), Some((broker, id))) = (&answer, &call.places) {
                    self.lose(broker, id);
                }
            }
            Fault::Slow => tokio::time::sleep(span(rule)).await,
            Fault::ShortBody => return Err(Trouble::Unreadable.into()),
            Fault::TimeoutAfter => {
                tokio::time::sleep(span(rule)).await;
                return Err(Trouble::Unanswered.into());
            }
            _ => return Err(Trouble::Unanswered.into()),
        }
        answer
    }

    /// The rule that strikes at this call, or why nothing is answered at all.
    fn strikes(&self, call: &Call) -> Result<Option<Rule>, Trouble> {
        let now = self.now();
        let mut weather = self.weather();
        if weather.faults.is_quiet() {
            return Ok(None);
        }
        if weather.faults.maintenance(now) {
            weather.faults.note(Fault::Maintenance, call.method, Some(false), now);
            return Err(Trouble::Unavailable);
        }
        if now < weather.banned_until {
            return Err(Trouble::Throttled(weather.banned_until));
        }
        let spared = call.only_reduces.then_some(Fault::Overloaded);
        Ok(weather.faults.decide_sparing(&[Site::Request], call.target, "", now, spared))
    }

    fn note(&self, fault: Fault, call: &Call, executed: Option<bool>) {
        let now = self.now();
        self.weather().faults.note(fault, format!("{} {}", call.target.word(), call.method), executed, now);
    }

    /// What is said of what was not done.
    async fn without(&self, rule: Rule, target: Target) -> Trouble {
        match rule.fault() {
            Fault::TooManyRequests => Trouble::Throttled(self.now().plus(span(rule))),
            Fault::Banned => {
                let until = self.now().plus(span(rule));
                self.weather().banned_until = until;
                Trouble::Throttled(until)
            }
            Fault::Unavailable | Fault::Overloaded => Trouble::Unavailable,
            Fault::CutBefore => Trouble::NoConnection,
            Fault::TimeoutBefore => {
                tokio::time::sleep(span(rule)).await;
                Trouble::Unanswered
            }
            Fault::Reject => Trouble::Rejected(match target {
                Target::Stop => RefusalReason::WouldTrigger,
                Target::Cancel => RefusalReason::UnknownOrder,
                _ => RefusalReason::InsufficientMargin,
            }),
            _ => Trouble::Unanswered,
        }
    }

    /// Drops the stop that was just placed, without a word to anybody. One that has triggered already is no stop any more.
    fn lose(&self, broker: &PaperBroker, id: &ClientOrderId) {
        let which = OrderRef::Client(id.clone());
        let is_lost = self.venue.exchange(|exchange| {
            let lost = exchange.cancel_conditional(broker.account_id(), &which);
            exchange.drain_events();
            lost.is_ok()
        });
        if is_lost {
            self.weather().stop_lost.get_or_insert_with(Instant::now);
        }
    }
}

/// How long it takes; for ever is as long as anybody waits.
fn span(rule: Rule) -> Duration {
    rule.span().unwrap_or(GIVES_UP_AFTER)
}

impl Trouble {
    /// What certainly was not done, or else what became of it.
    fn sorted(self) -> Result<NotSent, Self> {
        match self {
            Self::Throttled(until) => Ok(NotSent::Throttled { until }),
            Self::Unavailable => Ok(NotSent::Unavailable("the venue is down".to_owned())),
            Self::NoConnection => Ok(NotSent::Disconnected("nobody is there".to_owned())),
            Self::Unanswered | Self::Unreadable | Self::Rejected(_) => Err(self),
        }
    }
}

fn refusal(reason: RefusalReason) -> Refusal {
    Refusal { reason, code: "fault".to_owned(), message: "refused by command".to_owned() }
}

const NO_ANSWER: &str = "no answer";

impl From<Trouble> for PlaceError {
    fn from(trouble: Trouble) -> Self {
        match trouble.sorted() {
            Ok(not_sent) => Self::NotSent(not_sent),
            Err(Trouble::Rejected(reason)) => Self::Refused(refusal(reason)),
            Err(_) => Self::Unanswered(NO_ANSWER.to_owned()),
        }
    }
}

impl From<Trouble> for CommandError {
    fn from(trouble: Trouble) -> Self {
        match trouble.sorted() {
            Ok(not_sent) => Self::NotSent(not_sent),
            Err(Trouble::Rejected(reason)) => Self::Refused(refusal(reason)),
            Err(_) => Self::Unanswered(NO_ANSWER.to_owned()),
        }
    }
}

impl From<Trouble> for QueryError {
    fn from(trouble: Trouble) -> Self {
        match trouble.sorted() {
            Ok(not_sent) => Self::Unreachable(not_sent),
            Err(Trouble::Rejected(reason)) => Self::Refused(refusal(reason)),
            Err(Trouble::Unreadable) => Self::Unreadable("it ends too early".to_owned()),
            Err(_) => Self::Unreachable(NotSent::Disconnected(NO_ANSWER.to_owned())),
        }
    }
}
