//! Beside everything else: strategies are held against what their backtests predict, and what has turned is told.

use crate::config::StrategyConfig;
use crate::fingerprint;
use crate::performance::{Performances, Turned};
use crate::traders::Traders;
use plimsoll_engine::trading::{SeatStatus, TradingHandle};
use plimsoll_ports::{Alert, Clock, Notifier, Severity, SystemClock};
use plimsoll_service::{EventHub, NewEvent};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// How often it is looked whether there is anything new of a strategy.
const EVERY: Duration = Duration::from_secs(5);
/// A desk that takes longer to answer is at something, and looked at the next time.
const PATIENCE: Duration = Duration::from_secs(1);

/// Judges strategies while they trade.
pub(super) struct Degrading {
    pub(super) traders: Arc<Traders>,
    pub(super) performances: Arc<Performances>,
    pub(super) hub: Arc<EventHub>,
    pub(super) told_by: Arc<dyn Notifier>,
}

impl Degrading {
    /// Judges in a task of its own, until what it answers is dropped.
    pub(super) fn begin(self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut beat = tokio::time::interval(EVERY);
            loop {
                beat.tick().await;
                for handle in self.traders.handles() {
                    // Before a desk has begun it knows nothing of what was saved, and what is outside would seem to be over.
                    if let Ok(true) = tokio::time::timeout(PATIENCE, handle.answers()).await {
                        self.look(&handle).await;
                    }
                }
            }
        });
        tasks
    }

    async fn look(&self, handle: &TradingHandle) {
        let seats = handle.seats();
        for strategy in self.traders.configured() {
            let Some(seat) = seat_of(&strategy, &seats) else { continue };
            let (name, track) = (strategy.name.clone(), Arc::clone(&seat.track));
            let performances = Arc::clone(&self.performances);
            // Ten thousand cases take a moment: nobody else waits for them.
            match tokio::task::spawn_blocking(move || performances.judge(&strategy, &track)).await {
                Ok(turned) => {
                    for it in turned {
                        self.tell(&name, &it).await;
                    }
                }
                Err(error) => tracing::error!(%error, strategy = name, "a strategy could not be judged"),
            }
        }
    }

    async fn tell(&self, strategy: &str, turned: &Turned) {
        let (event, alert) = told(strategy, turned);
        self.hub.publish(event);
        if let Err(error) = self.told_by.notify(&alert).await {
            tracing::warn!(key = %alert.key, %error, "an alert has not arrived yet");
        }
    }
}

/// Where it sits by these settings: what it made with others is not what this one made.
fn seat_of<'a>(strategy: &StrategyConfig, seats: &'a [SeatStatus]) -> Option<&'a SeatStatus> {
    let made_with = fingerprint::of(&strategy.kind, &strategy.settings);
    seats.iter().find(|seat| seat.name == strategy.name && seat.made_with == made_with)
}

/// What a person hears, and what is an event.
fn told(strategy: &str, turned: &Turned) -> (NewEvent, Alert) {
    let Turned { matter, is_over, text } = turned;
    let severity = if *is_over { Severity::Info } else { Severity::Warning };
    let (title, key) = (format!("{strategy}: {}", matter.title()), format!("{}/{strategy}", matter.as_str()));
    let body = if *is_over { format!("it is over: {text}") } else { text.clone() };
    let kind = format!("strategy_{}", matter.as_str());
    let said = format!("{title}: {body}");
    let event = NewEvent { time: SystemClock.now(), severity, kind, account: None, symbol: None, text: said };
    (event, Alert { severity, key, title, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::Matter;
    use plimsoll_engine::trading::SeatState;
    use serde_json::{Map, Value};

    #[test]
    fn what_was_made_with_other_settings_is_not_judged() {
        let settings = Map::from_iter([("fast".to_owned(), Value::from(13))]);
        let (name, kind) = ("trend".to_owned(), "ema_cross".to_owned());
        let before = fingerprint::of(&kind, &Map::new());
        let strategy = StrategyConfig { name, kind, places: Vec::new(), settings, expectation: None };
        let seat = |made_with: &str| SeatStatus {
            name: "trend".to_owned(),
            state: SeatState::Running,
            accounts: Vec::new(),
            decisions: Vec::new(),
            made_with: made_with.to_owned(),
            track: Arc::default(),
        };
        assert_eq!(seat_of(&strategy, &[seat(&before)]), None);
        let its = seat(&fingerprint::of(&strategy.kind, &strategy.settings));
        assert_eq!(seat_of(&strategy, std::slice::from_ref(&its)), Some(&its));
    }

    #[test]
    fn it_is_a_warning_and_is_said_to_be_over_under_the_same_key() {
        let turned = |matter, is_over| Turned { matter, is_over, text: "24 round trips earned".to_owned() };
        let (event, alert) = told("trend", &turned(Matter::Degraded, false));
        assert_eq!((alert.severity, alert.key.as_str()), (Severity::Warning, "degraded/trend"));
        assert_eq!(alert.title, "trend: results are outside of what its backtest predicts");
        assert_eq!((event.kind.as_str(), event.severity), ("strategy_degraded", Severity::Warning));
        assert!(event.text.ends_with(": 24 round trips earned"), "{}", event.text);
        let (event, over) = told("trend", &turned(Matter::Degraded, true));
        assert_eq!((over.severity, over.key, over.title), (Severity::Info, alert.key, alert.title));
        assert_eq!((over.body.as_str(), event.severity), ("it is over: 24 round trips earned", Severity::Info));
        let (event, alert) = told("trend", &turned(Matter::Drift, false));
        assert_eq!((alert.key.as_str(), event.kind.as_str()), ("drift/trend", "strategy_drift"));
    }
}
