//! What `/metrics` answers: figures for Prometheus. docs/metrics.md lists them.
//!
//! What accounts are at one moment is asked of the service when somebody collects it, so that nothing is counted twice, nothing
//! lingers that is held no more, and nothing is done while nobody asks. What happens is counted as it happens.

mod accounts;
pub(crate) mod names;
mod page;
mod process;
mod recording;

pub(crate) use recording::Recorded;

use crate::alerting::Alerting;
use crate::pulse::Pulse;
use names::{
    ALERTS_DELIVERED, ALERTS_DROPPED, ALERTS_FAILED, ALERTS_WAITING, EVENTS, STRATEGY_DECISIONS, STRATEGY_DEGRADED,
    STRATEGY_DRIFTING, STRATEGY_FILLS, STRATEGY_ORDERS, STRATEGY_ROUND_TRIPS, STRATEGY_STATE,
};
use page::Page;
use plimsoll_engine::desk::SeatIndex;
use plimsoll_engine::trading::TradingNews;
use plimsoll_service::{Performance, RunState, Service};
use std::sync::Arc;

/// Everything that is asked when somebody collects.
#[derive(Clone)]
pub(crate) struct Collector {
    /// The accounts and the strategies.
    pub(crate) service: Service,
    /// What has become of alerts.
    pub(crate) alerting: Arc<Alerting>,
    /// Whether all is looked after.
    pub(crate) pulse: Arc<Pulse>,
    /// What has happened.
    pub(crate) recorded: Recorded,
}

impl Collector {
    /// Renders all of it on demand.
    pub(crate) fn into_metrics(self) -> plimsoll_api::Metrics {
        Arc::new(move || {
            let it = self.clone();
            Box::pin(async move { it.render().await })
        })
    }

    async fn render(&self) -> String {
        let page = Page::new();
        accounts::show(&page, &self.service, &self.pulse).await;
        self.show_strategies(&page).await;
        self.show_events(&page);
        self.show_alerts(&page);
        process::show(&page, self.recorded.since());
        // The names on the two never meet: one holds what is, the other what has happened.
        page.render() + &self.recorded.render()
    }

    async fn show_strategies(&self, page: &Page) {
        for it in self.service.strategies().await.strategies {
            for (state, word) in
                [(RunState::Running, "running"), (RunState::Paused, "paused"), (RunState::Stopped, "stopped")]
            {
                page.set(STRATEGY_STATE, &[&it.name, word], f64::from(u8::from(it.state == state)));
            }
            let Some(Performance { results, costs, .. }) = &it.performance else { continue };
            for (of, outside, number) in
                [(results, STRATEGY_DEGRADED, STRATEGY_ROUND_TRIPS), (costs, STRATEGY_DRIFTING, STRATEGY_ORDERS)]
            {
                let labels = [it.name.as_str()];
                page.set(number, &labels, f64::from(u32::try_from(of.number).unwrap_or(u32::MAX)));
                if let Some(verdict) = of.verdict {
                    page.set(outside, &labels, f64::from(u8::from(verdict == "outside")));
                }
            }
        }
    }

    fn show_events(&self, page: &Page) {
        for (of, count) in self.service.hub().counts() {
            page.count(EVENTS, &[of.account.as_deref().unwrap_or_default(), &of.kind, of.severity], count);
        }
    }

    fn show_alerts(&self, page: &Page) {
        for (place, tally, waiting) in self.alerting.tallies() {
            page.count(ALERTS_DELIVERED, &[place], tally.delivered);
            page.count(ALERTS_FAILED, &[place], tally.failed);
            page.count(ALERTS_DROPPED, &[place], tally.dropped);
            page.set(ALERTS_WAITING, &[place], f64::from(u32::try_from(waiting).unwrap_or(u32::MAX)));
        }
    }
}

/// Counts what a strategy has decided and traded.
pub(crate) fn count(names: &[String], news: &TradingNews) {
    let name = |seat: &SeatIndex| names.get(seat.get()).cloned().unwrap_or_default();
    let decision = |seat, outcome| {
        metrics::counter!(STRATEGY_DECISIONS.name, "strategy" => name(seat), "outcome" => outcome).increment(1);
    };
    match news {
        TradingNews::Decided { seat, .. } => decision(seat, "decided"),
        TradingNews::Refused { seat, .. } => decision(seat, "refused"),
        TradingNews::Filled { seat, .. } => {
            metrics::counter!(STRATEGY_FILLS.name, "strategy" => name(seat)).increment(1);
        }
        _ => {}
    }
}

/// Nothing has happened yet, which is a figure too: whoever watches for the first time sees it.
pub(crate) fn count_from_nothing(names: &[String]) {
    for name in names {
        for outcome in ["decided", "refused"] {
            metrics::counter!(STRATEGY_DECISIONS.name, "strategy" => name.clone(), "outcome" => outcome).increment(0);
        }
        metrics::counter!(STRATEGY_FILLS.name, "strategy" => name.clone()).increment(0);
    }
}
