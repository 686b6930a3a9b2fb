//! Whether what strategies do live is still what their backtests predict.

use crate::config::StrategyConfig;
use plimsoll_backtest::expectation::{Expectation, JudgedCosts, JudgedTrips, Verdict, judge_costs, judge_trips};
use plimsoll_domain::Decimal;
use plimsoll_engine::track::{Measured, Track};
use plimsoll_service::{Figure, Judged, Performance};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was found of every strategy: written by whoever judges, read by every surface.
#[derive(Debug, Default)]
pub(crate) struct Performances(Mutex<BTreeMap<String, Known>>);

/// What was found of one.
#[derive(Debug, Clone, Default)]
struct Known {
    track: Arc<Track>,
    by: Option<Expectation>,
    trips: Option<JudgedTrips>,
    costs: Option<JudgedCosts>,
    is_degraded: bool,
    is_drifting: bool,
}

/// What it is that has fallen outside of what was predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Matter {
    /// The results of round trips.
    Degraded,
    /// What orders cost.
    Drift,
}

/// Something has fallen outside, or is inside again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turned {
    pub(crate) matter: Matter,
    pub(crate) is_over: bool,
    /// With its numbers.
    pub(crate) text: String,
}

impl Matter {
    /// The word for it, which is also the beginning of its alert's key.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Degraded => "degraded",
            Self::Drift => "drift",
        }
    }

    /// What a person hears first.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Degraded => "results are outside of what its backtest predicts",
            Self::Drift => "orders fill worse than its backtest took for",
        }
    }
}

impl Performances {
    /// Judges a strategy if its record, or what is expected of it, is another than before; answers what has turned.
    pub(crate) fn judge(&self, strategy: &StrategyConfig, track: &Arc<Track>) -> Vec<Turned> {
        let before = self.known().get(&strategy.name).cloned().unwrap_or_default();
        let is_same = before.by == strategy.expectation;
        if is_same && Arc::ptr_eq(&before.track, track) {
            return Vec::new();
        }
        let by = strategy.expectation.as_ref();
        let trips = match is_same && before.trips.is_some() && before.track.trips() == track.trips() {
            true => before.trips,
            false => by.map(|by| judge_trips(&shares(track.trips()), by)),
        };
        let costs = by.and_then(|by| by.costs).map(|by| judge_costs(&shares(track.costs()), &by));
        let now = Known {
            track: Arc::clone(track),
            by: strategy.expectation.clone(),
            is_degraded: trips.is_some_and(|it| it.verdict(before.is_degraded) == Verdict::Outside),
            is_drifting: costs.is_some_and(|it| it.verdict(before.is_drifting) == Verdict::Outside),
            trips,
            costs,
        };
        let turned = [
            turned(Matter::Degraded, (before.is_degraded, now.is_degraded), now.trips.map(|it| it.to_string())),
            turned(Matter::Drift, (before.is_drifting, now.is_drifting), now.costs.map(|it| it.to_string())),
        ];
        self.known().insert(strategy.name.clone(), now);
        turned.into_iter().flatten().collect()
    }

    /// What was found of a strategy; `None` if nobody has looked yet.
    pub(crate) fn of(&self, strategy: &str) -> Option<Performance> {
        self.known().get(strategy).map(Known::told)
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn told(&self) -> Performance {
        let verdict = |is_outside: bool, verdict: Verdict| match is_outside {
            true => Verdict::Outside.as_str(),
            false => verdict.as_str(),
        };
        let (trips, costs) = (self.trips.as_ref(), self.costs.as_ref());
        Performance {
            results: Judged {
                verdict: trips.map(|it| verdict(self.is_degraded, it.verdict(self.is_degraded))),
                text: trips.map(ToString::to_string),
                number: self.track.trips().len(),
                mean: mean(self.track.trips()),
                expected: trips.and_then(|it| figure(it.expected)),
                chance: trips.and_then(|it| figure(it.chance?)),
            },
            costs: Judged {
                verdict: costs.map(|it| verdict(self.is_drifting, it.verdict(self.is_drifting))),
                text: costs.map(ToString::to_string),
                number: self.track.costs().len(),
                mean: mean(self.track.costs()),
                expected: costs.and_then(|it| figure(it.expected)),
                chance: costs.and_then(|it| figure(it.chance?)),
            },
            left_out: self.track.left_out(),
        }
    }
}

fn turned(matter: Matter, (was, is): (bool, bool), text: Option<String>) -> Option<Turned> {
    let text = text.unwrap_or_else(|| "nothing is expected of it any more".to_owned());
    (was != is).then_some(Turned { matter, is_over: was, text })
}

fn shares(them: &[Measured]) -> Vec<Decimal> {
    them.iter().map(|it| it.share).collect()
}

fn mean(them: &[Measured]) -> Option<Figure> {
    let sum: Decimal = them.iter().map(|it| it.share).sum();
    Some(sum.checked_div(Decimal::from(them.len()))?.round_dp(8).into())
}

/// A figure of statistics: nothing is reckoned with further.
fn figure(it: f64) -> Option<Figure> {
    Decimal::try_from(it).ok().map(|it| it.round_dp(8).into())
}

#[cfg(test)]
mod tests;
