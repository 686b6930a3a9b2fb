//! What happens, counted as it happens, by whoever uses the `metrics` facade.

use super::names::{ALL, Kind};
use super::page::describe;
use crate::failure::Failure;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use plimsoll_domain::Timestamp;
use plimsoll_ports::{Clock, SystemClock};
use std::sync::OnceLock;
use std::time::Duration;

/// Upper bounds of the histograms, in seconds: from an answer within the venue's own machine room to a bad hour.
const BUCKETS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0];

/// How often what was measured is put into its buckets: until then every measurement takes memory of its own.
const UPKEEP: Duration = Duration::from_secs(5);

static ONE: OnceLock<Recorded> = OnceLock::new();

/// What has happened in this process since it began to be recorded. Clones are the same.
#[derive(Clone)]
pub(crate) struct Recorded {
    handle: PrometheusHandle,
    since: Timestamp,
}

impl Recorded {
    /// Begins to record, within a tokio runtime; a process does so once. Until then nothing is, and costs nothing.
    ///
    /// # Errors
    /// Somebody else records already.
    pub(crate) fn begin() -> Result<Self, Failure> {
        if let Some(it) = ONE.get() {
            return Ok(it.clone());
        }
        let mut builder = PrometheusBuilder::new();
        for it in ALL.iter().filter(|it| it.kind == Kind::Histogram) {
            let name = Matcher::Full(it.name.to_owned());
            builder = builder.set_buckets_for_metric(name, BUCKETS).map_err(Failure::usage)?;
        }
        let recorder = builder.build_recorder();
        describe(&recorder);
        let it = Self { handle: recorder.handle(), since: SystemClock.now() };
        metrics::set_global_recorder(recorder).map_err(Failure::usage)?;
        let handle = it.handle.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                handle.run_upkeep();
            }
        });
        Ok(ONE.get_or_init(|| it).clone())
    }

    pub(super) const fn since(&self) -> Timestamp {
        self.since
    }

    pub(super) fn render(&self) -> String {
        self.handle.render()
    }
}
