//! How often things are done, and how long they are waited for.

use super::problem::{Origin, Problem};
use super::reader::{Reader, Section};
use super::word::{duration, duration_text};
use plimsoll_engine::Patience;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

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
    let mut time = |name, default, most| {
        let within = |text: &str| no_longer_than(most, text);
        section.read(reader, name, &[], default, within, |time| duration_text(*time))
    };
    let intervals = Intervals {
        monitor: time("monitor", default.monitor, DAY),
        audit: time("audit", default.audit, DAY),
        reconcile: time("reconcile", default.reconcile, DAY),
        clock: time("clock", default.clock, MINUTE),
        order_window: time("order_window", default.order_window, HOUR),
        give_up: time("give_up", default.give_up, DAY),
        request: time("request", default.request, MINUTE * 5),
    };
    fit(&intervals, &section, reader);
    section.refuse_unknown(reader);
    intervals
}

/// Who gives an order up while it may still appear would send it twice.
fn fit(intervals: &Intervals, section: &Section<'_>, reader: &mut Reader<'_>) {
    let (window, give_up) = (intervals.order_window, intervals.give_up);
    if give_up >= window {
        return;
    }
    let path = section.full("give_up");
    let (window, shown) = (duration_text(window), duration_text(give_up));
    let origin = match reader.origin_of(&path) {
        Origin::Default => reader.origin_of(&section.full("order_window")),
        origin => origin,
    };
    let what = format!("an order would be given up after {shown}, before order_window of {window} has passed");
    let remedy = format!("make give_up at least {window}, or order_window shorter");
    reader.wrong(Problem::new(origin, &path, what, remedy));
}

fn no_longer_than(most: Duration, text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    (time <= most).then_some(time).ok_or_else(|| format!("{text} is longer than {}", duration_text(most)))
}
