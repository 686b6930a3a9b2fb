//! What a check says, as data and as text.

use crate::findings::{Findings, Topic};
use crate::open::Format;
use crate::row::Kind;
use crate::span::interval_word;
use plimsoll_domain::Timestamp;
use serde::{Serialize, Serializer};
use std::fmt;
use std::time::Duration;

/// What there is to say about one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file, as it was named.
    pub file: String,
    /// What it is a file of.
    pub kind: Kind,
    /// How it is written.
    pub format: Format,
    /// The rows that can be used: right, in order, each time once.
    pub rows: u64,
    /// The time of the first of them.
    #[serde(serialize_with = "time")]
    pub from: Option<Timestamp>,
    /// The time of the last of them.
    #[serde(serialize_with = "time")]
    pub to: Option<Timestamp>,
    /// The usual time from one row to the next, in seconds; none for quotes.
    #[serde(rename = "interval_seconds", serialize_with = "seconds")]
    pub interval: Option<Duration>,
    /// What was found.
    pub findings: Findings,
}

impl FileReport {
    /// Whether there are rows, and nothing that could make a run over them come out wrong.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.rows > 0 && !self.findings.are_grave()
    }
}

/// What there is to say about candles and what belongs to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// The candles.
    pub candles: FileReport,
    /// Their mark prices.
    pub marks: Option<FileReport>,
    /// Their funding.
    pub funding: Option<FileReport>,
    /// What does not fit together.
    pub together: Findings,
}

impl CheckReport {
    /// Whether each file is usable by itself.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let mut files = [Some(&self.candles), self.marks.as_ref(), self.funding.as_ref()].into_iter().flatten();
        files.all(FileReport::is_usable)
    }
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.file, self.rows, self.kind)?;
        if let Some(interval) = self.interval {
            write!(f, ", every {}", interval_word(interval))?;
        }
        if let (Some(from), Some(to)) = (self.from, self.to) {
            write!(f, ", {from} to {to}")?;
        }
        writeln!(f)?;
        if self.rows == 0 {
            writeln!(f, "  no row can be used")?;
        }
        if self.findings.count() == 0 {
            return writeln!(f, "  nothing found");
        }
        findings(f, &self.findings)
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.candles)?;
        for file in self.marks.iter().chain(&self.funding) {
            write!(f, "{file}")?;
        }
        if self.together.count() > 0 {
            writeln!(f, "together:")?;
            findings(f, &self.together)?;
        }
        Ok(())
    }
}

/// A line for each thing found, and one for each of the first findings.
fn findings(f: &mut fmt::Formatter<'_>, findings: &Findings) -> fmt::Result {
    for (topic, found) in findings.iter() {
        write!(f, "  {}: {}", topic.as_str(), found.count)?;
        if matches!(topic, Topic::Gaps | Topic::Unmarked) {
            write!(f, " ({} rows)", found.rows)?;
        }
        writeln!(f)?;
        for error in &found.first {
            writeln!(f, "    {}: {}", error.place, error.fault)?;
        }
        let kept = u64::try_from(found.first.len()).unwrap_or(u64::MAX);
        if found.count > kept {
            writeln!(f, "    and {} more", found.count - kept)?;
        }
    }
    Ok(())
}

fn time<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_string()).serialize(serializer)
}

fn seconds<S: Serializer>(interval: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    interval.map(|interval| interval.as_secs_f64()).serialize(serializer)
}
