//! What is wrong before the first order: one check, one finding, one remedy.
//!
//! The checks of a place are in a file of its own: this machine and its configuration ([`setup`]), the venue and the key
//! ([`venue`], with the remedies of each in [`remedy`]), what is held and recorded ([`books`]). A check that cannot be made is a finding too.

pub(crate) mod books;
pub(crate) mod remedy;
pub(crate) mod setup;
pub(crate) mod venue;

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Weight {
    /// To be known before trading.
    Warning,
    /// To be mended before trading.
    Wrong,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// Which check found it: a word that scripts may rely on.
    pub(crate) check: &'static str,
    pub(crate) weight: Weight,
    /// What it is about: a contract, an order, a file.
    pub(crate) subject: Option<String>,
    pub(crate) found: String,
    pub(crate) remedy: String,
}

/// Everything that was looked at, and what was found.
#[derive(Debug, Default)]
pub(crate) struct Checkup {
    /// The checks that were made, in their order.
    pub(crate) made: Vec<&'static str>,
    pub(crate) findings: Vec<Finding>,
}

impl Checkup {
    /// Notes that a check was made, and its finding if it has one.
    pub(crate) fn check(&mut self, check: &'static str, weight: Weight, found: Option<(String, String)>) {
        self.note(check, weight, None, found);
    }

    /// The same, of one of several subjects.
    pub(crate) fn check_of(
        &mut self,
        check: &'static str,
        weight: Weight,
        subject: impl ToString,
        found: Option<(String, String)>,
    ) {
        self.note(check, weight, Some(subject.to_string()), found);
    }

    fn note(&mut self, check: &'static str, weight: Weight, subject: Option<String>, found: Option<(String, String)>) {
        if !self.made.contains(&check) {
            self.made.push(check);
        }
        if let Some((found, remedy)) = found {
            self.findings.push(Finding { check, weight, subject, found, remedy });
        }
    }

    /// Nothing has to be mended.
    pub(crate) fn is_well(&self) -> bool {
        self.findings.iter().all(|finding| finding.weight == Weight::Warning)
    }
}

/// `found` with its remedy, if it is so.
pub(crate) fn when(is_so: bool, found: impl FnOnce() -> String, remedy: impl Into<String>) -> Option<(String, String)> {
    is_so.then(|| (found(), remedy.into()))
}
