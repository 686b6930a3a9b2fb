//! What is on its way.

use plimsoll_ports::domain::Timestamp;
use plimsoll_ports::{Alert, Severity};
use std::time::Duration;

/// An alert on its way to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What is to be told.
    pub alert: Alert,
    /// When it was said.
    pub at: Timestamp,
    number: u64,
    refusals: u32,
}

/// From this age on an alert says how old it is.
const LATE: Duration = Duration::from_secs(60);

impl Letter {
    /// That it comes late, and by how much, where it does.
    #[must_use]
    pub fn lateness(&self, now: Timestamp) -> Option<String> {
        let late = now.since(self.at);
        let minutes = late.as_secs() / 60;
        (late >= LATE).then(|| format!("of {}, {minutes} min late", self.at))
    }

    /// Its number among all that were put in.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// How often the other side has said that it will not take it.
    pub(crate) const fn refusals(&self) -> u32 {
        self.refusals
    }
}

/// A bounded queue that drops information before warnings, the oldest first, and nothing critical.
#[derive(Debug)]
pub struct Outbox {
    most: usize,
    letters: Vec<Letter>,
    last: u64,
}

impl Outbox {
    /// An empty one for so many letters. Only critical ones of so many different keys can make it hold more.
    #[must_use]
    pub const fn new(most: usize) -> Self {
        Self { most, letters: Vec::new(), last: 0 }
    }

    /// Puts an alert in, and answers its number and what was dropped for it: that may be itself.
    pub fn put(&mut self, alert: Alert, at: Timestamp) -> (u64, Option<Letter>) {
        self.last += 1;
        self.letters.push(Letter { alert, at, number: self.last, refusals: 0 });
        let dropped = if self.letters.len() > self.most { self.drop_one() } else { None };
        (self.last, dropped)
    }

    /// The next to be delivered: what was refused comes last, what is critical first.
    #[must_use]
    pub fn next(&self) -> Option<&Letter> {
        self.letters.iter().min_by_key(|it| (it.refusals, it.alert.severity != Severity::Critical, it.number))
    }

    /// It has arrived, or is given up.
    pub fn remove(&mut self, number: u64) {
        self.letters.retain(|it| it.number != number);
    }

    /// The other side will not take it as things are: others go first.
    pub fn refused(&mut self, number: u64) {
        for it in self.letters.iter_mut().filter(|it| it.number == number) {
            it.refusals = it.refusals.saturating_add(1);
        }
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.letters.len()
    }

    /// Nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    fn drop_one(&mut self) -> Option<Letter> {
        let mildest = self.letters.iter().map(|it| it.alert.severity).min()?;
        let is_superseded = |place: &usize| {
            let key = &self.letters[*place].alert.key;
            self.letters[*place + 1..].iter().any(|later| later.alert.key == *key)
        };
        let place = match mildest {
            // All of it is critical: of one key the newest says it all.
            Severity::Critical => (0..self.letters.len()).find(is_superseded)?,
            mildest => self.letters.iter().position(|it| it.alert.severity == mildest)?,
        };
        Some(self.letters.remove(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Severity::{Critical, Info, Warning};

    fn outbox(most: usize, letters: &[(Severity, &str)]) -> Outbox {
        let mut outbox = Outbox::new(most);
        for (severity, key) in letters {
            outbox.put(alert(*severity, key), Timestamp::default());
        }
        outbox
    }

    fn alert(severity: Severity, key: &str) -> Alert {
        Alert { severity, key: key.to_owned(), title: String::new(), body: String::new() }
    }

    fn order(mut outbox: Outbox) -> Vec<String> {
        let mut keys = Vec::new();
        while let Some(it) = outbox.next().cloned() {
            outbox.remove(it.number);
            keys.push(it.alert.key);
        }
        keys
    }

    #[test]
    fn what_is_critical_goes_first_and_then_the_oldest() {
        let it = outbox(9, &[(Info, "a"), (Warning, "b"), (Critical, "c"), (Info, "d"), (Critical, "e")]);
        assert_eq!(order(it), ["c", "e", "a", "b", "d"]);
    }

    #[test]
    fn what_is_refused_lets_others_pass() {
        let mut it = outbox(9, &[(Critical, "a"), (Info, "b")]);
        it.refused(1);
        assert_eq!(order(it), ["b", "a"]);
    }

    #[test]
    fn the_oldest_information_is_dropped_then_warnings_and_nothing_critical() {
        let mut it = outbox(3, &[(Critical, "a"), (Info, "b"), (Warning, "c")]);
        let mut put = |severity, key: &str| it.put(alert(severity, key), Timestamp::default()).1.map(|it| it.alert.key);
        assert_eq!(put(Critical, "d").as_deref(), Some("b"));
        assert_eq!(put(Info, "e").as_deref(), Some("e"), "itself, before what is worse");
        assert_eq!(put(Critical, "f").as_deref(), Some("c"));
        assert_eq!(put(Critical, "g"), None, "it grows before it drops what is critical");
        assert_eq!(put(Critical, "d").as_deref(), Some("d"), "of one key the older");
        assert_eq!(order(it), ["a", "f", "g", "d"]);
    }

    #[test]
    fn what_comes_late_says_so() {
        let letter =
            Letter { alert: alert(Info, "a"), at: Timestamp::from_millis(1_767_600_000_000), number: 1, refusals: 0 };
        let after = |seconds| letter.lateness(letter.at.plus(Duration::from_secs(seconds)));
        assert_eq!(after(59), None);
        assert_eq!(after(150).as_deref(), Some("of 2026-01-05T08:00:00Z, 2 min late"));
    }
}
