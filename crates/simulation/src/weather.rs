//! What goes wrong between a process and its venues.

use crate::random::Random;
use crate::time::Time;
use plimsoll_domain::Timestamp;
use plimsoll_ports::{CommandError, NotSent, PlaceError, QueryError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How venues and the way to them behave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weather {
    /// What a call takes at least, each way.
    pub latency: Duration,
    /// What it may take more, each way.
    pub jitter: Duration,
    /// Of a thousand calls so many meet a fault.
    pub faults_per_mille: u32,
    /// Streams are cut once in so long in the mean; zero is never.
    pub cut_every: Duration,
}

impl Weather {
    /// Nothing takes any time, and nothing goes wrong: as in a backtest.
    #[must_use]
    pub const fn still() -> Self {
        Self { latency: Duration::ZERO, jitter: Duration::ZERO, faults_per_mille: 0, cut_every: Duration::ZERO }
    }

    /// A network as it is: 10 to 40 ms each way, one call in a hundred meets a fault, streams are cut every four hours.
    #[must_use]
    pub const fn usual() -> Self {
        Self {
            latency: Duration::from_millis(10),
            jitter: Duration::from_millis(30),
            faults_per_mille: 10,
            cut_every: Duration::from_secs(4 * 3600),
        }
    }
}

/// What may go wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The venue is down.
    Unavailable,
    /// The venue has had enough of us for a while.
    Throttled,
    /// There is no connection.
    Disconnected,
    /// It never arrives, and nobody says so.
    LostBefore,
    /// It is done, and nobody says so.
    LostAfter,
    /// It takes seconds.
    Slow,
}

impl Fault {
    const ALL: [Self; 6] =
        [Self::Unavailable, Self::Throttled, Self::Disconnected, Self::LostBefore, Self::LostAfter, Self::Slow];

    /// The words for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "venue unavailable",
            Self::Throttled => "throttled",
            Self::Disconnected => "no connection",
            Self::LostBefore => "request lost",
            Self::LostAfter => "answer lost",
            Self::Slow => "slow answer",
        }
    }
}

/// How long somebody waits who is not answered.
const GIVES_UP_AFTER: Duration = Duration::from_secs(10);

/// How long a venue has had enough.
const THROTTLED_FOR: Duration = Duration::from_secs(5);

/// The weather as it is.
#[derive(Debug)]
pub(crate) struct Sky {
    weather: Weather,
    time: Time,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    random: Random,
    struck: BTreeMap<Fault, u64>,
    calls: u64,
    /// Nothing goes wrong any more.
    is_over: bool,
}

impl Sky {
    pub(crate) fn new(weather: Weather, time: Time, seed: u64) -> Arc<Self> {
        let (random, struck) = (Random::of(seed, "weather"), BTreeMap::new());
        let state = State { random, struck, calls: 0, is_over: false };
        Arc::new(Self { weather, time, state: Mutex::new(state) })
    }

    /// Asks and answers as the weather has it.
    pub(crate) async fn call<T, E: From<Unanswered>>(&self, ask: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        self.travel().await;
        let fault = self.strikes();
        let answer = match fault {
            None | Some(Fault::LostAfter | Fault::Slow) => ask.await,
            Some(fault) => Err(self.unanswered(fault).into()),
        };
        match fault {
            Some(fault @ (Fault::LostBefore | Fault::LostAfter)) => {
                self.time.sleep(GIVES_UP_AFTER).await;
                return Err(self.unanswered(fault).into());
            }
            Some(Fault::Slow) => {
                let late = self.state().random.between(200, 3000);
                self.time.sleep(Duration::from_millis(late)).await;
            }
            _ => {}
        }
        self.travel().await;
        answer
    }

    /// From now on nothing goes wrong.
    pub(crate) fn clear(&self) {
        self.state().is_over = true;
    }

    /// Whether the streams are cut in a span of this length.
    pub(crate) fn cuts_within(&self, span: Duration) -> bool {
        let (every, span) = (self.weather.cut_every.as_micros(), span.as_micros());
        if every == 0 || span == 0 {
            return false;
        }
        let drawn = u128::from(self.state().random.between(0, 999_999));
        drawn < span.saturating_mul(1_000_000) / every
    }

    /// How many calls there were, and what they met.
    pub(crate) fn met(&self) -> (u64, BTreeMap<Fault, u64>) {
        let state = self.state();
        (state.calls, state.struck.clone())
    }

    async fn travel(&self) {
        let Weather { latency, jitter, .. } = self.weather;
        let most = u64::try_from(jitter.as_micros()).unwrap_or(0);
        let more = if most == 0 { 0 } else { self.state().random.between(0, most) };
        let takes = latency + Duration::from_micros(more);
        if !takes.is_zero() {
            self.time.sleep(takes).await;
        }
    }

    fn strikes(&self) -> Option<Fault> {
        let mut state = self.state();
        state.calls = state.calls.saturating_add(1);
        let chance = u64::from(self.weather.faults_per_mille);
        if state.is_over || chance == 0 || state.random.between(0, 999) >= chance {
            return None;
        }
        let which = usize::try_from(state.random.between(0, Fault::ALL.len() as u64 - 1)).unwrap_or(0);
        let fault = Fault::ALL.get(which).copied()?;
        *state.struck.entry(fault).or_default() += 1;
        Some(fault)
    }

    fn unanswered(&self, fault: Fault) -> Unanswered {
        Unanswered { fault, until: self.time.now().plus(THROTTLED_FOR) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a call has no answer.
pub(crate) struct Unanswered {
    fault: Fault,
    until: Timestamp,
}

impl Unanswered {
    fn not_sent(&self) -> Option<NotSent> {
        match self.fault {
            Fault::Throttled => Some(NotSent::Throttled { until: self.until }),
            Fault::Unavailable => Some(NotSent::Unavailable("the venue is down".to_owned())),
            Fault::Disconnected => Some(NotSent::Disconnected("nobody is there".to_owned())),
            Fault::LostBefore | Fault::LostAfter | Fault::Slow => None,
        }
    }
}

const NO_ANSWER: &str = "no answer";

impl From<Unanswered> for PlaceError {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.not_sent().map_or_else(|| Self::Unanswered(NO_ANSWER.to_owned()), Self::NotSent)
    }
}

impl From<Unanswered> for CommandError {
    fn from(unanswered: Unanswered) -> Self {
        unanswered.not_sent().map_or_else(|| Self::Unanswered(NO_ANSWER.to_owned()), Self::NotSent)
    }
}

impl From<Unanswered> for QueryError {
    fn from(unanswered: Unanswered) -> Self {
        let disconnected = || NotSent::Disconnected(NO_ANSWER.to_owned());
        Self::Unreachable(unanswered.not_sent().unwrap_or_else(disconnected))
    }
}
