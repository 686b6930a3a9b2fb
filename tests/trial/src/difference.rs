//! What our books and the exchange's do not agree in.

use plimsoll_domain::{Decimal, Money};
use std::fmt;

/// Wallets are in steps of this, and so does every venue tell what is reckoned from prices.
const LAST_DIGIT: Decimal = Decimal::from_parts(1, 0, 0, false, 8);

/// One field, or one row, that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of what.
    pub subject: String,
    /// As our books have it.
    pub ours: String,
    /// As the exchange has it.
    pub truth: String,
}

impl Difference {
    /// What ours is, and what the truth is.
    pub fn new(subject: impl Into<String>, ours: impl Into<String>, truth: impl Into<String>) -> Self {
        Self { subject: subject.into(), ours: ours.into(), truth: truth.into() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ours {}, the exchange's {}", self.subject, self.ours, self.truth)
    }
}

/// Notes fields that differ, one by one.
#[derive(Debug, Default)]
pub struct Differences(Vec<Difference>);

impl Differences {
    /// Compares one field.
    pub fn same<T: fmt::Debug + PartialEq>(&mut self, subject: &str, field: &str, ours: &T, truth: &T) {
        if ours != truth {
            self.0.push(Difference::new(format!("{subject}, {field}"), shown(ours), shown(truth)));
        }
    }

    /// The same, where ours may be silent.
    pub fn same_if_said<T: fmt::Debug + PartialEq>(
        &mut self,
        subject: &str,
        field: &str,
        ours: Option<T>,
        truth: Option<T>,
    ) {
        if ours.is_some() {
            self.same(subject, field, &ours, &truth);
        }
    }

    /// The same of what is reckoned, to the last digit that every venue tells; where ours may be silent.
    pub fn same_money_if_said(&mut self, subject: &str, field: &str, ours: Option<Money>, truth: Option<Money>) {
        let is_close = |ours: Money, truth: Money| (ours.get() - truth.get()).abs() < LAST_DIGIT;
        if !ours.zip(truth).is_some_and(|(ours, truth)| is_close(ours, truth)) {
            self.same_if_said(subject, field, ours, truth);
        }
    }

    /// Notes a difference.
    pub fn note(&mut self, subject: impl Into<String>, ours: impl Into<String>, truth: impl Into<String>) {
        self.0.push(Difference::new(subject, ours, truth));
    }

    /// Compares two lists row by row, by what tells the rows apart.
    pub fn rows<T, U, K: Ord + fmt::Debug>(
        &mut self,
        subject: &str,
        ours: Vec<(K, T)>,
        truth: Vec<(K, U)>,
        mut compare: impl FnMut(&mut Self, &str, &T, &U),
    ) {
        let name = |key: &K| format!("{subject} {}", shown(key));
        for (index, (key, our)) in ours.iter().enumerate() {
            if ours.iter().take(index).any(|(earlier, _)| earlier == key) {
                self.note(name(key), "twice", "once");
                continue;
            }
            match truth.iter().find(|(theirs, _)| theirs == key) {
                Some((_, theirs)) => compare(self, &name(key), our, theirs),
                None => self.note(name(key), "there", "none"),
            }
        }
        for (key, _) in truth.iter().filter(|(key, _)| !ours.iter().any(|(our, _)| our == key)) {
            self.note(name(key), "none", "there");
        }
    }

    /// All of them.
    #[must_use]
    pub fn into_vec(self) -> Vec<Difference> {
        self.0
    }
}

impl FromIterator<Difference> for Differences {
    fn from_iter<I: IntoIterator<Item = Difference>>(differences: I) -> Self {
        Self(differences.into_iter().collect())
    }
}

/// Without the names of wrappers, as far as that goes.
fn shown(it: &impl fmt::Debug) -> String {
    format!("{it:?}").replace('"', "")
}
