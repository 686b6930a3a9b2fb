//! How often things are done, and how long they are waited for.

use super::reader::{Reader, Section};
use super::word::{duration, duration_text};
use plimsoll_engine::Patience;
use std::time::Duration;

/// How often, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Intervals {
    /// Between two looks at the account while guarding, unless its private stream is live and shows nothing to fear.
    pub(crate) monitor: Duration,
    /// Between two looks at the account while it is: what happens meanwhile is told by the stream, and looked at at once.
    pub(crate) audit: Duration,
    /// Between two comparisons of records and venue while guarding.
    pub(crate) reconcile: Duration,
    /// How far the clocks may be apart.
    pub(crate) clock: Duration,
    /// How long "not found" proves nothing of an order whose answer never came.
    pub(crate) order_window: Duration,
    /// After this long an order's fate is told as unknown.
    pub(crate) give_up: Duration,
    /// How long one request may take.
    pub(crate) request: Duration,
}

impl Default for Intervals {
    fn default() -> Self {
        let patience = Patience::default();
        Self {
            monitor: Duration::from_secs(5),
            audit: Duration::from_secs(60),
            reconcile: Duration::from_secs(60),
            clock: Duration::from_millis(500),
            order_window: patience.window,
            give_up: patience.give_up,
            request: Duration::from_secs(10),
        }
    }
}

impl Intervals {
    /// How patient the order path is.
    pub(crate) fn patience(&self) -> Patience {
        Patience { window: self.order_window, give_up: self.give_up, ..Patience::default() }
    }
}

pub(super) fn read(mut section: Section<'_>, reader: &mut Reader<'_>) -> Intervals {
    let default = Intervals::default();
    let mut time = |name, default| section.read(reader, name, &[], default, duration, |time| duration_text(*time));
    let intervals = Intervals {
        monitor: time("monitor", default.monitor),
        audit: time("audit", default.audit),
        reconcile: time("reconcile", default.reconcile),
        clock: time("clock", default.clock),
        order_window: time("order_window", default.order_window),
        give_up: time("give_up", default.give_up),
        request: time("request", default.request),
    };
    section.refuse_unknown(reader);
    intervals
}
