//! What kept the account afloat, as `run` tells it.

use plimsoll_engine::{Measure, MonitorReport};
use serde::Serialize;

/// One measure, for programs.
#[derive(Serialize)]
pub(super) struct Told {
    /// What it is.
    kind: &'static str,
    /// Whether it was to be done and was not, or not wholly.
    failed: bool,
    /// With its figures.
    said: String,
}

pub(super) fn for_programs(report: &MonitorReport) -> Vec<Told> {
    report.measures.iter().map(|it| Told { kind: kind(it), failed: it.has_failed(), said: it.to_string() }).collect()
}

/// How far the margin has come, in the line of a pass.
pub(super) fn stage(report: &MonitorReport) -> String {
    let is_due = report.measures.iter().any(|it| matches!(it, Measure::AlreadyDue { .. }));
    match report.stage() {
        _ if is_due => ", LIQUIDATION WAS DUE AT ONCE".to_owned(),
        Some(stage) => format!(", margin: {stage}"),
        None => String::new(),
    }
}

/// What a person reads below that line: not how near it is with every pass, but everything that was done.
pub(super) fn for_people(report: &MonitorReport) -> impl Iterator<Item = String> {
    let severe = |it: &&Measure| {
        it.has_acted() || it.has_failed() || matches!(it, Measure::AlreadyDue { .. } | Measure::Taken { .. })
    };
    report.measures.iter().filter(severe).map(|it| {
        let failed = if it.has_failed() { "FAILED: " } else { "" };
        format!("{failed}{it}")
    })
}

const fn kind(measure: &Measure) -> &'static str {
    match measure {
        Measure::AlreadyDue { .. } => "already_due",
        Measure::Warned { .. } => "margin_stage",
        Measure::EntriesCancelled { .. } => "entries_cancelled",
        Measure::MarginAdded { .. } => "margin_added",
        Measure::Cut { why, .. } => why.as_str(),
        Measure::Grown { .. } => "leverage_kept",
        Measure::Taken { .. } => "taken",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::AccountMargin;
    use plimsoll_engine::Backed;

    #[test]
    fn what_was_due_at_once_is_told_as_such() {
        let margin = AccountMargin { equity: "-3".parse().unwrap(), maintenance: "8".parse().unwrap() };
        let due = Measure::AlreadyDue { of: Backed::Pool, margin, last_seen: None };
        assert_eq!(kind(&due), "already_due");
        assert_eq!(
            due.to_string(),
            "the cross positions: equity -3 against 8 required: it was due when it was first seen"
        );
    }
}
