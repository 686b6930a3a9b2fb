//! What was prepared and what was confirmed: each nonce is good for one caller, one action, one time.

use super::{Caller, Outcome, REMEMBERED, REPEATED_FOR};
use crate::action::Action;
use crate::failure::ActFailure;
use plimsoll_domain::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// So much may be prepared by one caller and wait.
const MOST_WAITING: usize = 64;
/// So many outcomes are remembered.
const MOST_REMEMBERED: usize = 10_000;

type Coming = watch::Receiver<Option<Arc<Outcome>>>;

#[derive(Debug)]
pub(crate) struct Desk {
    entries: Mutex<HashMap<String, Entry>>,
    busy: Arc<watch::Sender<usize>>,
}

#[derive(Debug)]
struct Entry {
    who: Caller,
    action: Action,
    at: Timestamp,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting,
    Confirmed { key: String, outcome: Coming },
}

/// What a nonce was taken for.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is to be carried out now.
    First(Begun),
    /// It was confirmed before, by the same caller with the same key.
    Again(Coming),
}

/// What is to be carried out, and where its outcome goes.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) action: Action,
    pub(super) sender: watch::Sender<Option<Arc<Outcome>>>,
    pub(super) receiver: Coming,
}

/// Why nothing was taken.
#[derive(Debug)]
pub(super) struct NotTaken {
    pub(super) failure: ActFailure,
    /// What it was about, where that is known.
    pub(super) action: Option<Box<Action>>,
}

/// While one lives, something is under way.
pub(super) struct Busy(Arc<watch::Sender<usize>>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self { entries: Mutex::default(), busy: Arc::new(watch::Sender::new(0)) }
    }
}

impl Desk {
    /// Keeps an action, and answers the nonce that confirms it.
    pub(super) fn put(
        &self,
        who: &Caller,
        action: Action,
        now: Timestamp,
        holds: Duration,
    ) -> Result<String, ActFailure> {
        let nonce = nonce()?;
        let mut entries = self.entries();
        tidy(&mut entries, now, holds);
        let waits = |it: &&Entry| it.who == *who && matches!(it.state, State::Waiting) && now.since(it.at) <= holds;
        if entries.values().filter(waits).count() >= MOST_WAITING {
            return Err(ActFailure::Busy);
        }
        entries.insert(nonce.clone(), Entry { who: who.clone(), action, at: now, state: State::Waiting });
        Ok(nonce)
    }

    /// Takes what was prepared under a nonce.
    pub(super) fn take(
        &self,
        who: &Caller,
        nonce: &str,
        key: &str,
        now: Timestamp,
        holds: Duration,
    ) -> Result<Taken, NotTaken> {
        if !is_key(key) {
            return Err(NotTaken { failure: ActFailure::BadKey, action: None });
        }
        let mut entries = self.entries();
        let is_used = entries.iter().any(|(of, it)| of != nonce && it.who == *who && it.is_under(key));
        let Some(entry) = entries.get_mut(nonce) else {
            return Err(NotTaken { failure: ActFailure::UnknownNonce, action: None });
        };
        let fail = |failure| Err(NotTaken { failure, action: Some(Box::new(entry.action.clone())) });
        if entry.who != *who {
            return fail(ActFailure::ForeignNonce);
        }
        match &entry.state {
            State::Confirmed { key: before, outcome } if before == key => return Ok(Taken::Again(outcome.clone())),
            State::Confirmed { .. } => return fail(ActFailure::UsedNonce),
            State::Waiting => {}
        }
        if is_used {
            return fail(ActFailure::UsedKey);
        }
        let age = now.since(entry.at);
        if age > holds {
            return fail(ActFailure::ExpiredNonce { age, holds });
        }
        let (sender, receiver) = watch::channel(None);
        entry.state = State::Confirmed { key: key.to_owned(), outcome: receiver.clone() };
        Ok(Taken::First(Begun { action: entry.action.clone(), sender, receiver }))
    }

    /// Something is under way while this lives.
    pub(super) fn busy(&self) -> Busy {
        self.busy.send_modify(|count| *count += 1);
        Busy(Arc::clone(&self.busy))
    }

    /// Returns once nothing is.
    pub(super) async fn idle(&self) {
        // The sender lives as long as `self`, so the wait only ends by the count.
        let _ = self.busy.subscribe().wait_for(|count| *count == 0).await;
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn is_under(&self, key: &str) -> bool {
        matches!(&self.state, State::Confirmed { key: own, .. } if own == key)
    }
}

fn tidy(entries: &mut HashMap<String, Entry>, now: Timestamp, holds: Duration) {
    entries.retain(|_, it| match it.state {
        State::Waiting => now.since(it.at) <= holds + REMEMBERED,
        State::Confirmed { .. } => now.since(it.at) <= REPEATED_FOR,
    });
    while entries.len() >= MOST_REMEMBERED {
        let oldest = entries.iter().min_by_key(|(_, it)| it.at).map(|(nonce, _)| nonce.clone());
        let Some(oldest) = oldest else { return };
        entries.remove(&oldest);
    }
}

fn is_key(key: &str) -> bool {
    (8..=64).contains(&key.len()) && key.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'))
}

/// Sixteen bytes that nobody can guess.
fn nonce() -> Result<String, ActFailure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| ActFailure::NoNonce(error.to_string()))?;
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOLDS: Duration = Duration::from_secs(60);

    fn action() -> Action {
        Action::Flatten { account: None, reason: "test".to_owned() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    fn failure(taken: Result<Taken, NotTaken>) -> ActFailure {
        taken.map(|_| ()).unwrap_err().failure
    }

    #[test]
    fn a_nonce_is_good_for_one_caller_one_key_one_time_and_not_for_long() {
        let (desk, ops, eve) = (Desk::default(), Caller::new("ops"), Caller::new("eve"));
        let nonce = desk.put(&ops, action(), at(0), HOLDS).unwrap();
        let take = |who: &Caller, nonce: &str, key: &str, second| desk.take(who, nonce, key, at(second), HOLDS);
        assert_eq!(failure(take(&ops, "00", "key-0001", 1)), ActFailure::UnknownNonce);
        assert_eq!(failure(take(&ops, &nonce, "short", 1)), ActFailure::BadKey);
        assert_eq!(failure(take(&eve, &nonce, "key-0001", 1)), ActFailure::ForeignNonce);
        assert!(matches!(take(&ops, &nonce, "key-0001", 60), Ok(Taken::First(_))));
        assert!(matches!(take(&ops, &nonce, "key-0001", 61), Ok(Taken::Again(_))), "also when it has lapsed since");
        assert_eq!(failure(take(&ops, &nonce, "key-0002", 1)), ActFailure::UsedNonce);
        assert_eq!(failure(take(&eve, &nonce, "key-0001", 1)), ActFailure::ForeignNonce);

        let other = desk.put(&ops, action(), at(0), HOLDS).unwrap();
        assert_ne!(other, nonce);
        assert_eq!(failure(take(&ops, &other, "key-0001", 1)), ActFailure::UsedKey);
        let expired = ActFailure::ExpiredNonce { age: Duration::from_secs(61), holds: HOLDS };
        assert_eq!(failure(take(&ops, &other, "key-0003", 61)), expired);
    }

    #[test]
    fn one_caller_cannot_fill_the_desk_and_what_has_lapsed_makes_room() {
        let (desk, ops, ana) = (Desk::default(), Caller::new("ops"), Caller::new("ana"));
        for _ in 0..MOST_WAITING {
            desk.put(&ops, action(), at(0), HOLDS).unwrap();
        }
        assert_eq!(desk.put(&ops, action(), at(60), HOLDS), Err(ActFailure::Busy));
        assert!(desk.put(&ana, action(), at(60), HOLDS).is_ok());
        assert!(desk.put(&ops, action(), at(61), HOLDS).is_ok());
        assert_eq!(desk.entries().len(), MOST_WAITING + 2, "what has lapsed is remembered for a while");
        desk.put(&ops, action(), at(661), HOLDS).unwrap();
        assert_eq!(desk.entries().len(), 3);
    }
}
