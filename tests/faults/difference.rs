//! What our books and the exchange's do not agree in.

use std::fmt;

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
    pub(crate) fn new(subject: impl Into<String>, ours: impl Into<String>, truth: impl Into<String>) -> Self {
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
pub(crate) struct Differences(Vec<Difference>);

impl Differences {
    pub(crate) fn same<T: fmt::Debug + PartialEq>(&mut self, subject: &str, field: &str, ours: &T, truth: &T) {
        if ours != truth {
            self.0.push(Difference::new(format!("{subject}, {field}"), shown(ours), shown(truth)));
        }
    }

    pub(crate) fn note(&mut self, subject: impl Into<String>, ours: impl Into<String>, truth: impl Into<String>) {
        self.0.push(Difference::new(subject, ours, truth));
    }

    /// Compares two lists row by row, by what tells the rows apart.
    pub(crate) fn rows<T, U, K: Ord + fmt::Debug>(
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

    pub(crate) fn into_vec(self) -> Vec<Difference> {
        self.0
    }
}

/// Without the names of wrappers, as far as that goes.
fn shown(it: &impl fmt::Debug) -> String {
    format!("{it:?}").replace('"', "")
}
