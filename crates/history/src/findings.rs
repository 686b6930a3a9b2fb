//! What was found, counted whole and kept in part.

use crate::fault::{Fault, RowError};
use serde::Serialize;
use std::collections::BTreeMap;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Rows that cannot be read or be true.
    Wrong,
    /// Rows before the one before.
    Unsorted,
    /// Rows of one time that say different things.
    Contradictions,
    /// Rows once more.
    Duplicates,
    /// Missing rows.
    Gaps,
    /// Rows at another time than their interval says.
    OffGrid,
    /// Moves far beyond what is usual around them.
    Outliers,
    /// Funding before or after all candles.
    Outside,
    /// Candles without a mark.
    Unmarked,
    /// Candles without funding.
    Unfunded,
}

impl Topic {
    /// Whether a run over such a file could come out wrong, so that it is refused unless told otherwise.
    #[must_use]
    pub const fn is_grave(self) -> bool {
        matches!(self, Self::Wrong | Self::Unsorted | Self::Contradictions)
    }

    /// The word for it in a report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong rows",
            Self::Unsorted => "unsorted rows",
            Self::Contradictions => "contradictions",
            Self::Duplicates => "duplicates",
            Self::Gaps => "gaps",
            Self::OffGrid => "off the interval",
            Self::Outliers => "outliers",
            Self::Outside => "funding outside",
            Self::Unmarked => "without marks",
            Self::Unfunded => "without funding",
        }
    }

    /// What this fault is about.
    #[must_use]
    pub const fn of(fault: &Fault) -> Self {
        match fault {
            Fault::Unsorted { .. } => Self::Unsorted,
            Fault::Contradiction(_) => Self::Contradictions,
            Fault::Duplicate(_) => Self::Duplicates,
            Fault::Gap { .. } => Self::Gaps,
            Fault::OffGrid { .. } => Self::OffGrid,
            Fault::Outlier { .. } => Self::Outliers,
            Fault::Outside { .. } => Self::Outside,
            Fault::Unmarked { .. } => Self::Unmarked,
            Fault::Unfunded { .. } => Self::Unfunded,
            _ => Self::Wrong,
        }
    }
}

/// Findings by what they are about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Findings(BTreeMap<Topic, Found>);

/// The findings about one thing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// How many there are.
    pub count: u64,
    /// How many rows they leave out, or have wrong.
    pub rows: u64,
    /// The first of them.
    #[serde(serialize_with = "as_text")]
    pub first: Vec<RowError>,
}

impl Findings {
    pub(crate) fn add(&mut self, error: RowError, kept: usize) {
        let found = self.0.entry(Topic::of(&error.fault)).or_default();
        found.count += 1;
        found.rows = found.rows.saturating_add(error.fault.rows());
        if found.first.len() < kept {
            found.first.push(error);
        }
    }

    /// How many there are of all kinds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().map(|found| found.count).sum()
    }

    /// Those about this, if there are any.
    #[must_use]
    pub fn about(&self, topic: Topic) -> Option<&Found> {
        self.0.get(&topic)
    }

    /// All of them, the gravest first.
    pub fn iter(&self) -> impl Iterator<Item = (Topic, &Found)> {
        self.0.iter().map(|(topic, found)| (*topic, found))
    }

    /// Whether there are any that could make a run come out wrong.
    #[must_use]
    pub fn are_grave(&self) -> bool {
        self.0.keys().any(|topic| topic.is_grave())
    }
}

fn as_text<S: serde::Serializer>(errors: &[RowError], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(errors.iter().map(ToString::to_string))
}
