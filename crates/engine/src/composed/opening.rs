//! When what opens a position is to open no more of it.

use super::Facts;
use super::part::{Part, Parts};
use plimsoll_ports::{ComposedEnd, Purpose};

/// Why nothing more is to be opened, whatever is left. `stopped` says that trading is stopped, and by what.
pub(crate) fn opening_is_over(
    parts: &Parts,
    facts: &Facts<'_>,
    stopped: Option<&str>,
) -> Option<(ComposedEnd, String)> {
    if let Some(why) = stopped {
        return Some((ComposedEnd::Canceled, why.to_owned()));
    }
    let has_ended = |purpose| parts.of(purpose).any(Part::is_done);
    if has_ended(Purpose::StopLoss) {
        return Some((ComposedEnd::Done, "its stop-loss has filled".to_owned()));
    }
    if has_ended(Purpose::TakeProfit) {
        return Some((ComposedEnd::Done, "its take-profit has filled".to_owned()));
    }
    // Whoever closed what was opened wants no more of it.
    if facts.held.is_none() && !parts.filled(Purpose::Entry).is_zero() {
        return Some((ComposedEnd::Canceled, "what it had opened was closed".to_owned()));
    }
    None
}
