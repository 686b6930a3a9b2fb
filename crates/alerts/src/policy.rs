//! What of all that is said a person hears.

use plimsoll_ports::domain::Timestamp;
use plimsoll_ports::{Alert, Severity};
use std::collections::HashMap;
use std::time::Duration;

/// So many keys are remembered; of more, the one that was heard longest ago is forgotten, and is told as if it were new.
const MOST_KEYS: usize = 1000;

/// How often a person hears of the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicySettings {
    /// Information of one key is told at most this often.
    pub info_every: Duration,
    /// Warnings of one key are told at most this often.
    pub warning_every: Duration,
    /// Critical alerts of one key are told at most this often; the first after it was over always is.
    pub critical_every: Duration,
    /// A warning that is heard so often becomes critical; 0: never.
    pub escalate_after: u32,
    /// Within this long; and it does so at most once in this long.
    pub escalate_within: Duration,
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self {
            info_every: Duration::from_secs(5 * 60),
            warning_every: Duration::from_secs(5 * 60),
            critical_every: Duration::from_secs(60),
            escalate_after: 10,
            escalate_within: Duration::from_secs(60 * 60),
        }
    }
}

/// Judges alert by alert, each key by itself.
#[derive(Debug)]
pub struct Policy {
    settings: PolicySettings,
    keys: HashMap<String, Known>,
}

/// What is known of a key.
#[derive(Debug, Default)]
struct Known {
    /// When it was last told, at each severity.
    told: [Option<Timestamp>; 3],
    /// What it was last heard as.
    last: Option<Severity>,
    heard_at: Timestamp,
    /// How many were not told since one was.
    held: u32,
    /// How many warnings were heard since then.
    warnings: u32,
    since: Option<Timestamp>,
    escalated_at: Option<Timestamp>,
}

impl Policy {
    /// A policy that has heard nothing yet.
    #[must_use]
    pub fn new(settings: PolicySettings) -> Self {
        Self { settings, keys: HashMap::new() }
    }

    /// What is to be told of this alert, as it is to be told; `None`: nothing, since it was told lately.
    pub fn judge(&mut self, alert: &Alert, now: Timestamp) -> Option<Alert> {
        self.make_room(&alert.key);
        let settings = self.settings;
        let known = self.keys.entry(alert.key.clone()).or_default();
        if known.last.is_some_and(|last| last > Severity::Info) && alert.severity == Severity::Info {
            known.is_over();
        }
        (known.last, known.heard_at) = (Some(alert.severity), now);
        let repeated = known.repeated(alert.severity, &settings, now);
        let severity = if repeated.is_some() { Severity::Critical } else { alert.severity };
        if repeated.is_none() && is_within(known.told[place(severity)], settings.every(severity), now) {
            known.held = known.held.saturating_add(1);
            return None;
        }
        known.told[place(severity)] = Some(now);
        let held = std::mem::take(&mut known.held);
        let mut told = Alert { severity, ..alert.clone() };
        if let Some(times) = repeated {
            told.title = format!("again and again: {}", told.title);
            told.body = said_too(told.body, &format!("heard {times} times, and not over"));
        } else if held > 0 {
            told.body = said_too(told.body, &format!("{held} more of this since it was last told"));
        }
        Some(told)
    }

    fn make_room(&mut self, key: &str) {
        if self.keys.len() < MOST_KEYS || self.keys.contains_key(key) {
            return;
        }
        let oldest = self.keys.iter().min_by_key(|(_, it)| it.heard_at).map(|(key, _)| key.clone());
        oldest.map(|key| self.keys.remove(&key));
    }
}

impl PolicySettings {
    const fn every(&self, severity: Severity) -> Duration {
        match severity {
            Severity::Info => self.info_every,
            Severity::Warning => self.warning_every,
            Severity::Critical => self.critical_every,
        }
    }
}

impl Known {
    /// What comes next is a new episode: its first critical alert waits for nothing. Nor does the news that it is over.
    fn is_over(&mut self) {
        self.told[place(Severity::Critical)] = None;
        self.told[place(Severity::Info)] = None;
        (self.warnings, self.since) = (0, None);
    }

    /// How often a warning was heard, where that makes it critical now.
    fn repeated(&mut self, severity: Severity, settings: &PolicySettings, now: Timestamp) -> Option<u32> {
        if severity != Severity::Warning || settings.escalate_after == 0 {
            return None;
        }
        if !is_within(self.since, settings.escalate_within, now) {
            (self.warnings, self.since) = (0, Some(now));
        }
        self.warnings = self.warnings.saturating_add(1);
        let is_due = self.warnings >= settings.escalate_after;
        if !is_due || is_within(self.escalated_at, settings.escalate_within, now) {
            return None;
        }
        self.escalated_at = Some(now);
        Some(self.warnings)
    }
}

/// A clock that was set back makes nobody silent.
fn is_within(at: Option<Timestamp>, within: Duration, now: Timestamp) -> bool {
    at.is_some_and(|at| at <= now && now.since(at) < within)
}

const fn place(severity: Severity) -> usize {
    match severity {
        Severity::Info => 0,
        Severity::Warning => 1,
        Severity::Critical => 2,
    }
}

fn said_too(body: String, more: &str) -> String {
    if body.is_empty() { format!("({more})") } else { format!("{body}\n({more})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Severity::{Critical, Info, Warning};

    fn alert(severity: Severity, key: &str) -> Alert {
        Alert { severity, key: key.to_owned(), title: "title".to_owned(), body: "body".to_owned() }
    }

    /// At each second what is said, and whether a person hears it, and as what.
    fn check(settings: PolicySettings, story: &[(i64, Severity, Option<Severity>)]) {
        let mut policy = Policy::new(settings);
        for (second, said, heard) in story {
            let told = policy.judge(&alert(*said, "key"), Timestamp::from_millis(second * 1000));
            assert_eq!(told.map(|it| it.severity), *heard, "{said:?} at {second} s");
        }
    }

    #[test]
    fn the_same_is_told_again_only_after_a_while_and_what_is_worse_at_once() {
        check(
            PolicySettings::default(),
            &[
                (0, Warning, Some(Warning)),
                (1, Warning, None),
                (2, Critical, Some(Critical)),
                (3, Critical, None),
                (61, Critical, None),
                (62, Critical, Some(Critical)),
                (299, Warning, None),
                (300, Warning, Some(Warning)),
            ],
        );
    }

    #[test]
    fn that_it_is_over_is_told_at_once_and_the_next_critical_one_too() {
        check(
            PolicySettings::default(),
            &[
                (0, Critical, Some(Critical)),
                (1, Info, Some(Info)),
                (2, Info, None),
                (3, Critical, Some(Critical)),
                (4, Critical, None),
                (5, Info, Some(Info)),
            ],
        );
    }

    #[test]
    fn a_warning_that_is_repeated_becomes_critical_and_not_all_the_time() {
        let settings = PolicySettings { escalate_after: 3, ..PolicySettings::default() };
        check(
            settings,
            &[
                (0, Warning, Some(Warning)),
                (1, Warning, None),
                (2, Warning, Some(Critical)),
                (3, Warning, None),
                (301, Warning, Some(Warning)),
                (302, Warning, None),
                (4000, Warning, Some(Warning)),
                (4001, Warning, None),
                (4002, Warning, Some(Critical)),
            ],
        );
        check(
            settings,
            &[
                (0, Warning, Some(Warning)),
                (1, Warning, None),
                (2, Info, Some(Info)),
                (3, Warning, None),
                (4, Warning, None),
                (5, Warning, Some(Critical)),
            ],
        );
        check(
            PolicySettings { escalate_after: 0, ..settings },
            &[(0, Warning, Some(Warning)), (1, Warning, None), (2, Warning, None)],
        );
    }

    #[test]
    fn what_was_not_told_is_counted() {
        let mut policy = Policy::new(PolicySettings::default());
        let mut judge = |second: i64| policy.judge(&alert(Warning, "a"), Timestamp::from_millis(second * 1000));
        assert_eq!(judge(0).map(|it| it.body), Some("body".to_owned()));
        assert_eq!((judge(1), judge(2)), (None, None));
        assert_eq!(judge(300).map(|it| it.body), Some("body\n(2 more of this since it was last told)".to_owned()));
    }

    #[test]
    fn each_key_is_judged_by_itself_and_a_clock_set_back_silences_none() {
        let mut policy = Policy::new(PolicySettings::default());
        let at = |second: i64| Timestamp::from_millis(second * 1000);
        assert!(policy.judge(&alert(Warning, "a"), at(1000)).is_some());
        assert!(policy.judge(&alert(Warning, "b"), at(1000)).is_some());
        assert!(policy.judge(&alert(Warning, "a"), at(900)).is_some());
    }

    #[test]
    fn keys_without_end_fill_no_memory() {
        let mut policy = Policy::new(PolicySettings::default());
        for number in 0..3000 {
            assert!(policy.judge(&alert(Info, &number.to_string()), Timestamp::from_millis(number)).is_some());
        }
        assert_eq!(policy.keys.len(), MOST_KEYS);
        assert!(policy.judge(&alert(Info, "2999"), Timestamp::from_millis(3000)).is_none(), "the newest are known");
    }
}
