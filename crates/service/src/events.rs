//! What has happened, in one line each, for whoever listens: the same words on every surface.

mod news;
mod notifier;

pub use notifier::ToldToo;

use crate::figure::{Moment, answers};
use crate::service::Service;
use plimsoll_domain::{AccountId, Symbol, Timestamp};
use plimsoll_ports::Severity;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// How many events are kept for those who come later.
pub const EVENTS_KEPT: usize = 1000;

/// One thing that happened, before it has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// When.
    pub time: Timestamp,
    /// How urgent.
    pub severity: Severity,
    /// What kind, as a short word: that of a risk event where there is one.
    pub kind: String,
    /// Of this account, if of one.
    pub account: Option<AccountId>,
    /// About this contract, if about one.
    pub symbol: Option<Symbol>,
    /// What it is, in one explanation with its figures.
    pub text: String,
}

answers! {
    /// One thing that happened.
    pub struct Event {
        /// Its number: one more than that of the event before. Numbers begin anew with each start.
        pub seq: u64,
        /// When.
        pub time: Moment,
        /// `info`, `warning` or `critical`.
        pub severity: &'static str,
        /// What kind, as a short word.
        pub kind: String,
        /// Of this account, if of one.
        pub account: Option<String>,
        /// About this contract, if about one.
        pub symbol: Option<String>,
        /// What it is, in one explanation with its figures.
        pub text: String,
    }

    /// The newest events.
    pub struct Events {
        /// When it was put together.
        pub time: Moment,
        /// Changes with each start: numbers of another epoch mean nothing here.
        pub epoch: String,
        /// The number of the oldest event that is kept; none yet if null.
        pub oldest: Option<u64>,
        /// The number of the newest event; 0 before the first.
        pub last: u64,
        /// The events, oldest first.
        pub events: Vec<Event>,
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only those after this one, from the oldest of them on; without it the newest.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: usize,
    /// Only these and worse.
    pub severity: Option<Severity>,
    /// Only those of this account.
    pub account: Option<AccountId>,
}

/// Carries events to everybody who listens, and keeps the newest [`EVENTS_KEPT`]. Nobody who listens slowly holds up
/// anything: who falls behind is told how much is missing.
#[derive(Debug)]
pub struct EventHub {
    epoch: String,
    kept: Mutex<Kept>,
    sender: broadcast::Sender<Arc<Event>>,
}

#[derive(Debug, Default)]
struct Kept {
    events: VecDeque<Arc<Event>>,
    last: u64,
    counts: BTreeMap<Counted, u64>,
}

/// What events are counted by: kinds are few, whatever they are about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// Of this account, if of one.
    pub account: Option<String>,
    /// What kind, as a short word.
    pub kind: String,
    /// `info`, `warning` or `critical`.
    pub severity: &'static str,
}

/// What is kept after an event, and what comes from then on: nothing between them is lost or doubled.
#[derive(Debug)]
pub struct Following {
    /// Those that are kept, oldest first.
    pub kept: Vec<Arc<Event>>,
    /// Those that come.
    pub coming: broadcast::Receiver<Arc<Event>>,
    /// Some after the one that was asked for are kept no more.
    pub has_gap: bool,
    /// The number of the newest event by then.
    pub last: u64,
}

impl EventHub {
    /// A hub that began at this time.
    #[must_use]
    pub fn new(began: Timestamp) -> Self {
        let (sender, _) = broadcast::channel(256);
        Self { epoch: format!("{:x}", began.as_micros()), kept: Mutex::default(), sender }
    }

    /// Tells of an event. Answers its number.
    pub fn publish(&self, event: NewEvent) -> u64 {
        let mut kept = self.kept();
        kept.last += 1;
        let event = Arc::new(Event {
            seq: kept.last,
            time: event.time.into(),
            severity: word(event.severity),
            kind: event.kind,
            account: event.account.map(|it| it.to_string()),
            symbol: event.symbol.map(|it| it.to_string()),
            text: event.text,
        });
        let Event { account, kind, severity, .. } = &*event;
        let counted = Counted { account: account.clone(), kind: kind.clone(), severity };
        let count = kept.counts.entry(counted).or_default();
        *count = count.saturating_add(1);
        if kept.events.len() == EVENTS_KEPT {
            kept.events.pop_front();
        }
        kept.events.push_back(Arc::clone(&event));
        // Under the lock, so that they come in the order of their numbers. Nobody listening is no failure.
        let _ = self.sender.send(event);
        kept.last
    }

    /// What tells this start from another.
    #[must_use]
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The number of the newest event; 0 before the first.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.kept().last
    }

    /// Follows events from after this one, or, without one, those that come.
    #[must_use]
    pub fn follow(&self, after: Option<u64>) -> Following {
        let kept = self.kept();
        let (coming, last) = (self.sender.subscribe(), kept.last);
        let Some(after) = after else { return Following { kept: Vec::new(), coming, has_gap: false, last } };
        let missed = kept.events.iter().filter(|it| it.seq > after).cloned().collect();
        let oldest = kept.events.front().map_or(last + 1, |it| it.seq);
        Following { kept: missed, coming, has_gap: after + 1 < oldest || after > last, last }
    }

    /// The number of the oldest event that is kept.
    #[must_use]
    pub fn oldest(&self) -> Option<u64> {
        self.kept().events.front().map(|it| it.seq)
    }

    /// How many events of each kind there were since the start, those that are kept no more among them.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Counted, u64> {
        self.kept().counts.clone()
    }

    fn chosen(&self, filter: &EventFilter) -> (Option<u64>, u64, Vec<Event>) {
        let kept = self.kept();
        let is_wanted = |it: &&Arc<Event>| {
            filter.after.is_none_or(|after| it.seq > after)
                && filter.severity.is_none_or(|least| rank(it.severity) >= least)
                && filter.account.as_ref().is_none_or(|account| it.account.as_deref() == Some(account.as_str()))
        };
        let wanted: Vec<&Arc<Event>> = kept.events.iter().filter(is_wanted).collect();
        let from = if filter.after.is_some() { 0 } else { wanted.len().saturating_sub(filter.limit) };
        let events = wanted.into_iter().skip(from).take(filter.limit).map(|it| Event::clone(it)).collect();
        (kept.events.front().map(|it| it.seq), kept.last, events)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// The newest events, or those after one.
    #[must_use]
    pub fn events(&self, filter: &EventFilter) -> Events {
        let (oldest, last, events) = self.hub().chosen(filter);
        Events { time: self.now().into(), epoch: self.hub().epoch.clone(), oldest, last, events }
    }
}

/// The word for a severity.
const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}

fn rank(word: &str) -> Severity {
    match word {
        "critical" => Severity::Critical,
        "warning" => Severity::Warning,
        _ => Severity::Info,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(severity: Severity, account: &str) -> NewEvent {
        NewEvent {
            time: Timestamp::default(),
            severity,
            kind: "test".to_owned(),
            account: Some(AccountId::new(account)),
            symbol: None,
            text: "something".to_owned(),
        }
    }

    fn numbers(events: &[Arc<Event>]) -> Vec<u64> {
        events.iter().map(|it| it.seq).collect()
    }

    #[test]
    fn whoever_comes_back_gets_what_was_missed_and_then_what_comes() {
        let hub = EventHub::new(Timestamp::default());
        for _ in 0..3 {
            hub.publish(event(Severity::Info, "main"));
        }
        let mut following = hub.follow(Some(1));
        hub.publish(event(Severity::Info, "main"));
        assert_eq!((numbers(&following.kept), following.has_gap, following.last), (vec![2, 3], false, 3));
        assert_eq!(following.coming.try_recv().map(|it| it.seq), Ok(4));
        assert!(following.coming.try_recv().is_err());
    }

    #[test]
    fn what_is_kept_no_more_is_a_gap_and_so_is_what_never_was() {
        let hub = EventHub::new(Timestamp::default());
        assert!(!hub.follow(Some(0)).has_gap);
        for _ in 0..EVENTS_KEPT + 5 {
            hub.publish(event(Severity::Info, "main"));
        }
        for (after, has_gap, kept) in
            [(4, true, 1000), (5, false, 1000), (1004, false, 1), (1005, false, 0), (1006, true, 0)]
        {
            let following = hub.follow(Some(after));
            assert_eq!((following.has_gap, following.kept.len()), (has_gap, kept), "after {after}");
        }
        assert_eq!(hub.oldest(), Some(6));
    }

    #[test]
    fn events_are_counted_by_account_kind_and_severity_however_many_are_kept() {
        let hub = EventHub::new(Timestamp::default());
        for _ in 0..EVENTS_KEPT + 5 {
            hub.publish(event(Severity::Info, "main"));
        }
        hub.publish(event(Severity::Critical, "main"));
        hub.publish(NewEvent { account: None, ..event(Severity::Info, "") });
        let counts = hub.counts();
        let of = |account: Option<&str>, severity| {
            let account = account.map(str::to_owned);
            counts.get(&Counted { account, kind: "test".to_owned(), severity }).copied()
        };
        assert_eq!(of(Some("main"), "info"), Some(1005));
        assert_eq!(of(Some("main"), "critical"), Some(1));
        assert_eq!((of(None, "info"), counts.len()), (Some(1), 3));
    }

    #[test]
    fn the_newest_that_match_are_chosen_and_after_one_the_next() {
        let hub = EventHub::new(Timestamp::default());
        for (severity, account) in [
            (Severity::Info, "main"),
            (Severity::Critical, "main"),
            (Severity::Warning, "other"),
            (Severity::Warning, "main"),
        ] {
            hub.publish(event(severity, account));
        }
        let chosen = |after, limit, severity, account: Option<&str>| {
            let filter = EventFilter { after, limit, severity, account: account.map(AccountId::new) };
            hub.chosen(&filter).2.iter().map(|it| it.seq).collect::<Vec<_>>()
        };
        assert_eq!(chosen(None, 2, None, None), [3, 4]);
        assert_eq!(chosen(Some(0), 2, None, None), [1, 2]);
        assert_eq!(chosen(None, 9, Some(Severity::Warning), None), [2, 3, 4]);
        assert_eq!(chosen(None, 9, Some(Severity::Warning), Some("main")), [2, 4]);
        assert!(chosen(Some(4), 9, None, None).is_empty());
    }
}
