//! Names for orders, given before anything is sent.

use plimsoll_domain::{AccountId, ClientOrderId, Timestamp};
use plimsoll_ports::Purpose;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Gives every intent a name that is unique for ever, and every order of an intent a name made of it.
///
/// An id is `pl`, 5 characters for the account, 12 that only ever rise (the time in milliseconds and a counter), 6 that
/// tell this process from any other, and 2 for the order's part in its intent, or 3 for one of many parts: 27 or 28 of
/// `a-z 0-9`, which every venue takes unchanged. The first seven are [`prefix`](Self::prefix): whatever carries it at a venue is ours, so that orders which
/// outlived their position can be found and swept.
///
/// ```
/// use plimsoll_engine::ClientOrderIds;
/// use plimsoll_ports::{Purpose, domain::{AccountId, Timestamp}};
///
/// let ids = ClientOrderIds::new(&AccountId::new("main"));
/// let intent = ids.intent(Timestamp::from_millis(1_700_000_000_000));
/// let (entry, stop) = (intent.order(Purpose::Entry, 0), intent.order(Purpose::StopLoss, 0));
/// assert!(ids.is_ours(&entry) && entry != stop);
/// assert_eq!(entry, intent.order(Purpose::Entry, 0));
/// ```
#[derive(Debug)]
pub struct ClientOrderIds {
    prefix: String,
    process: String,
    last: AtomicU64,
}

/// Intents that share a millisecond are told apart by a counter of this size; then the next millisecond is used.
const PER_MILLISECOND: u64 = 46_656;

impl ClientOrderIds {
    /// Ids of this account, told from those of any other process by the operating system's randomness.
    #[must_use]
    pub fn new(account: &AccountId) -> Self {
        Self::of_process(account, RandomState::new().build_hasher().finish())
    }

    /// Ids of this account whose process part is given, so that a replay names its orders alike.
    #[must_use]
    pub fn of_process(account: &AccountId, process: u64) -> Self {
        Self {
            prefix: format!("pl{}", base36(fnv1a(account.as_str()), 5)),
            process: base36(process, 6),
            last: AtomicU64::new(0),
        }
    }

    /// How every id of this account begins.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The part by which ids of this process are told from those of any other.
    #[must_use]
    pub fn process(&self) -> &str {
        &self.process
    }

    /// The part of an id of ours that tells its process.
    #[must_use]
    pub fn process_of<'i>(&self, id: &'i ClientOrderId) -> Option<&'i str> {
        id.as_str().get(19..25).filter(|_| self.is_ours(id))
    }

    /// Whether this is an id of this account, of this process or of an earlier one.
    #[must_use]
    pub fn is_ours(&self, id: &ClientOrderId) -> bool {
        matches!(id.as_str().len(), 27 | 28) && id.as_str().starts_with(&self.prefix)
    }

    /// Whether this is an id of ours of an order that rests to protect a position.
    pub(crate) fn protects(&self, id: &ClientOrderId) -> bool {
        self.is_ours(id) && matches!(id.as_str().as_bytes().get(25), Some(b's' | b't'))
    }

    /// The intent that an order of ours belongs to.
    #[must_use]
    pub fn intent_of(&self, id: &ClientOrderId) -> Option<IntentId> {
        let name = id.as_str().get(..25).filter(|_| self.is_ours(id));
        name.map(|name| IntentId(name.to_owned()))
    }

    /// What an order of ours is for, by its name.
    #[must_use]
    pub fn purpose_of(&self, id: &ClientOrderId) -> Option<Purpose> {
        let letter = id.as_str().as_bytes().get(25).filter(|_| self.is_ours(id))?;
        Purpose::ALL.into_iter().find(|purpose| letter_of(*purpose) == char::from(*letter))
    }

    /// A name that no intent had before, whatever the clock does.
    pub fn intent(&self, now: Timestamp) -> IntentId {
        let earliest = u64::try_from(now.as_millis()).unwrap_or(0).saturating_mul(PER_MILLISECOND);
        let after = |last: u64| last.saturating_add(1).max(earliest);
        let next = match self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last))) {
            Ok(last) | Err(last) => after(last),
        };
        IntentId(format!("{}{}{}", self.prefix, base36(next, 12), self.process))
    }
}

/// The name of one intent: what the ids of all its orders have in common.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IntentId(String);

impl IntentId {
    /// The name that the ids of all its orders begin with. No order is sent under it.
    #[must_use]
    pub fn name(&self) -> ClientOrderId {
        ClientOrderId::reported(self.0.clone())
    }

    /// The intent of this [`name`](Self::name).
    pub(crate) fn named(name: &ClientOrderId) -> Self {
        Self(name.as_str().to_owned())
    }

    /// Which one of its purpose an order of an intent is.
    pub(crate) fn number_of(id: &ClientOrderId) -> Option<u16> {
        u16::from_str_radix(id.as_str().get(26..)?, 36).ok()
    }

    /// The id of this intent's order for `purpose`; `number` tells several for one purpose apart (0 to 1295). The same
    /// question has the same answer always: an intent is never sent under a second id.
    #[must_use]
    pub fn order(&self, purpose: Purpose, number: u16) -> ClientOrderId {
        let letter = letter_of(purpose);
        let digits = if number < 36 { 1 } else { 2 };
        ClientOrderId::reported(format!("{}{letter}{}", self.0, base36(u64::from(number), digits)))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const fn letter_of(purpose: Purpose) -> char {
    match purpose {
        Purpose::Entry => 'e',
        Purpose::Exit => 'x',
        Purpose::StopLoss => 's',
        Purpose::TakeProfit => 't',
        Purpose::Reduce => 'r',
        Purpose::Flatten => 'f',
    }
}

/// The lowest `width` digits of a number in base 36.
fn base36(mut number: u64, width: usize) -> String {
    let mut digits = Vec::with_capacity(width);
    for _ in 0..width {
        let digit = u32::try_from(number % 36).unwrap_or(0);
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        number /= 36;
    }
    digits.into_iter().rev().collect()
}

/// FNV-1a, 64 bits: the same in every process, now and later.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn ids(process: u64) -> ClientOrderIds {
        ClientOrderIds::of_process(&AccountId::new("main"), process)
    }

    #[test]
    fn every_id_is_one_that_all_venues_take() {
        for millis in [0, 1_700_000_000_000, 4_102_444_800_000, -5] {
            for purpose in Purpose::ALL {
                for number in [0, 35, 36, 1295] {
                    let id = ids(u64::MAX).intent(Timestamp::from_millis(millis)).order(purpose, number);
                    assert_eq!(ClientOrderId::new(id.as_str()), Ok(id.clone()));
                    assert!(ids(1).is_ours(&id) && id.as_str().len() <= 28, "{id}");
                    assert_eq!(IntentId::number_of(&id), Some(number));
                    assert_eq!(ids(1).purpose_of(&id), Some(purpose));
                }
            }
        }
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_gives_new_ids_all_the_same() {
        let ids = ids(7);
        let mut seen = HashSet::new();
        for millis in [1_000, 1_000, 999, 0, 1_001, 1_001] {
            for _ in 0..100 {
                assert!(seen.insert(ids.intent(Timestamp::from_millis(millis)).order(Purpose::Entry, 0)));
            }
        }
    }

    #[test]
    fn a_restart_within_a_millisecond_is_told_apart_by_the_process() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        assert_ne!(ids(1).intent(now), ids(2).intent(now));
        assert_eq!(ids(1).intent(now), ids(1).intent(now));
    }

    #[test]
    fn the_orders_of_an_intent_are_told_to_belong_together() {
        let intent = ids(7).intent(Timestamp::from_millis(1_700_000_000_000));
        for purpose in Purpose::ALL {
            assert_eq!(ids(1).intent_of(&intent.order(purpose, 3)), Some(intent.clone()));
        }
        for foreign in
            ["web_abc", "", "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}x"]
        {
            assert_eq!(ids(1).intent_of(&ClientOrderId::reported(foreign)), None);
            assert_eq!(ids(1).purpose_of(&ClientOrderId::reported(foreign)), None);
        }
    }

    #[test]
    fn ids_of_others_are_not_ours() {
        let other = ClientOrderIds::of_process(&AccountId::new("other"), 7);
        assert!(!ids(7).is_ours(&other.intent(Timestamp::default()).order(Purpose::Entry, 0)));
        assert!(!ids(7).is_ours(&ClientOrderId::reported("web_abc")));
    }
}
