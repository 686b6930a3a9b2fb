//! What buttons stand for: each is good for one person in one chat, once, and not for long.

use plimsoll_ports::domain::Timestamp;
use plimsoll_service::Action;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A button is remembered this long after it was made: until then it is told what became of it.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);
/// So many are remembered.
const MOST: usize = 4096;

/// What a press means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offer {
    /// Confirms what was prepared.
    Confirm { nonce: String, summary: String },
    /// Asks once more: this takes a word, and a second press stands for it.
    Ask { action: Action, shown: String },
    /// The second press.
    Word { action: Action, shown: String },
}

/// Who may press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Presser {
    pub(crate) user: i64,
    pub(crate) chat: i64,
}

/// What came of a press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pressed {
    /// It is to be done; nobody else gets this.
    Now(Offer),
    /// It belongs to somebody else, or to another chat.
    Foreign { offer: Offer, owner: Presser },
    /// It was pressed before.
    Used,
    /// It was taken back.
    Cancelled,
    /// It came too late. Of what was prepared, the service says that.
    Lapsed(Offer),
    /// Nothing is known of it.
    Unknown,
}

#[derive(Debug)]
pub(crate) struct Buttons {
    holds: Duration,
    entries: Mutex<HashMap<String, Entry>>,
}

#[derive(Debug)]
struct Entry {
    presser: Presser,
    offer: Offer,
    at: Timestamp,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Used,
    Cancelled,
}

impl Buttons {
    pub(crate) fn new(holds: Duration) -> Self {
        Self { holds, entries: Mutex::default() }
    }

    /// Makes a button, and answers its name; `None` where the machine gives no randomness.
    pub(crate) fn make(&self, presser: Presser, offer: Offer, now: Timestamp) -> Option<String> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).ok()?;
        let name = hex::encode(bytes);
        let mut entries = self.entries();
        entries.retain(|_, it| now.since(it.at) <= self.holds + REMEMBERED);
        while entries.len() >= MOST {
            let oldest = entries.iter().min_by_key(|(_, it)| it.at).map(|(name, _)| name.clone())?;
            entries.remove(&oldest);
        }
        entries.insert(name.clone(), Entry { presser, offer, at: now, state: State::Open });
        Some(name)
    }

    /// Somebody presses it.
    pub(crate) fn press(&self, name: &str, presser: Presser, now: Timestamp) -> Pressed {
        self.close(name, presser, State::Used, now)
    }

    /// Somebody presses the one beside it.
    pub(crate) fn cancel(&self, name: &str, presser: Presser, now: Timestamp) -> Pressed {
        self.close(name, presser, State::Cancelled, now)
    }

    fn close(&self, name: &str, presser: Presser, state: State, now: Timestamp) -> Pressed {
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(name) else { return Pressed::Unknown };
        if entry.presser != presser {
            return Pressed::Foreign { offer: entry.offer.clone(), owner: entry.presser };
        }
        match entry.state {
            State::Used => return Pressed::Used,
            State::Cancelled => return Pressed::Cancelled,
            State::Open => entry.state = state,
        }
        let is_prepared = matches!(entry.offer, Offer::Confirm { .. });
        // A clock that was set back makes nothing good again.
        let is_young = entry.at <= now && now.since(entry.at) <= self.holds;
        if is_prepared || is_young { Pressed::Now(entry.offer.clone()) } else { Pressed::Lapsed(entry.offer.clone()) }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: Presser = Presser { user: 1, chat: 9 };

    fn offer() -> Offer {
        let action = Action::Flatten { account: None, reason: "test".to_owned() };
        Offer::Ask { action, shown: "all".to_owned() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1000)
    }

    #[test]
    fn a_button_is_good_for_one_person_in_one_chat_once_and_not_for_long() {
        let buttons = Buttons::new(Duration::from_secs(60));
        let name = buttons.make(ANA, offer(), at(0)).unwrap();
        let foreign = Pressed::Foreign { offer: offer(), owner: ANA };
        assert_eq!(buttons.press("00", ANA, at(1)), Pressed::Unknown);
        assert_eq!(buttons.press(&name, Presser { user: 2, ..ANA }, at(1)), foreign);
        assert_eq!(buttons.cancel(&name, Presser { chat: 8, ..ANA }, at(1)), foreign);
        assert_eq!(buttons.press(&name, ANA, at(60)), Pressed::Now(offer()));
        assert_eq!(buttons.press(&name, ANA, at(60)), Pressed::Used);
        assert_eq!(buttons.cancel(&name, ANA, at(60)), Pressed::Used);

        let late = buttons.make(ANA, offer(), at(0)).unwrap();
        assert_eq!(buttons.press(&late, ANA, at(61)), Pressed::Lapsed(offer()));
        let back = buttons.make(ANA, offer(), at(100)).unwrap();
        assert_eq!(buttons.press(&back, ANA, at(50)), Pressed::Lapsed(offer()), "by a clock that was set back");
        let cancelled = buttons.make(ANA, offer(), at(0)).unwrap();
        assert_eq!(buttons.cancel(&cancelled, ANA, at(1)), Pressed::Now(offer()));
        assert_eq!(buttons.press(&cancelled, ANA, at(1)), Pressed::Cancelled);
    }

    #[test]
    fn whether_what_was_prepared_still_holds_is_for_the_service_to_say() {
        let buttons = Buttons::new(Duration::from_secs(60));
        let offer = Offer::Confirm { nonce: "n".to_owned(), summary: "s".to_owned() };
        let name = buttons.make(ANA, offer.clone(), at(0)).unwrap();
        assert_eq!(buttons.press(&name, ANA, at(61)), Pressed::Now(offer));
    }

    #[test]
    fn buttons_without_end_fill_no_memory() {
        let buttons = Buttons::new(Duration::from_secs(60));
        for _ in 0..MOST + 10 {
            buttons.make(ANA, offer(), at(0)).unwrap();
        }
        assert_eq!(buttons.entries().len(), MOST);
        buttons.make(ANA, offer(), at(661)).unwrap();
        assert_eq!(buttons.entries().len(), 1);
    }
}
