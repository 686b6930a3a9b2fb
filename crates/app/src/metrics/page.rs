//! One page of figures of one moment. A value that is not set is not on it: nothing of before lingers.

use super::names::{ALL, Kind, Metric};
use metrics::{Key, KeyName, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

static OURS: Metadata<'static> = Metadata::new("plimsoll", Level::INFO, None);

pub(super) struct Page(PrometheusRecorder);

impl Page {
    pub(super) fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        describe(&recorder);
        Self(recorder)
    }

    /// Sets a gauge, with the values of its labels in their order.
    pub(super) fn set(&self, metric: Metric, labels: &[&str], value: f64) {
        self.0.register_gauge(&key(metric, labels), &OURS).set(value);
    }

    /// Sets a counter.
    pub(super) fn count(&self, metric: Metric, labels: &[&str], count: u64) {
        self.0.register_counter(&key(metric, labels), &OURS).absolute(count);
    }

    pub(super) fn render(&self) -> String {
        self.0.handle().render()
    }
}

/// Says of every figure what it is.
pub(super) fn describe(recorder: &PrometheusRecorder) {
    for it in ALL {
        let (name, help) = (KeyName::from_const_str(it.name), it.help.into());
        match it.kind {
            Kind::Gauge => recorder.describe_gauge(name, None, help),
            Kind::Counter => recorder.describe_counter(name, None, help),
            Kind::Histogram => recorder.describe_histogram(name, None, help),
        }
    }
}

fn key(metric: Metric, values: &[&str]) -> Key {
    debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
    let labels = metric.labels.iter().zip(values).map(|(name, value)| Label::new(*name, (*value).to_owned()));
    Key::from_parts(metric.name, labels.collect::<Vec<_>>())
}
