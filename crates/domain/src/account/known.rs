//! A bounded memory of what has been seen.

use super::id_hash::ByIds;
use crate::time::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;

/// Remembers which keys have been seen. At `limit` keys the older half is forgotten, and everything as old as the
/// newest forgotten key counts as seen: a late repetition is never taken for news.
#[derive(Debug, Clone)]
pub(super) struct Known<K> {
    seen: HashMap<K, Timestamp, ByIds>,
    limit: usize,
    forgotten: Option<Timestamp>,
}

impl<K: Eq + Hash> Known<K> {
    pub(super) fn new(limit: usize) -> Self {
        Self { seen: HashMap::default(), limit, forgotten: None }
    }

    /// Whether this is news.
    pub(super) fn learn(&mut self, key: K, time: Timestamp) -> bool {
        if self.forgotten.is_some_and(|forgotten| time <= forgotten) {
            return false;
        }
        if self.seen.insert(key, time).is_some() {
            return false;
        }
        if self.seen.len() >= self.limit {
            self.forget_older_half();
        }
        true
    }

    fn forget_older_half(&mut self) {
        let mut times: Vec<Timestamp> = self.seen.values().copied().collect();
        let middle = times.len() / 2;
        let (_, &mut floor, _) = times.select_nth_unstable(middle);
        self.seen.retain(|_, time| *time > floor);
        self.forgotten = Some(floor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_still_counts_as_known() {
        let mut known = Known::new(4);
        let at = |micros| Timestamp::from_micros(micros);
        for id in 0..100 {
            assert!(known.learn(id, at(id)));
        }
        assert!(known.seen.len() <= 4);
        for id in 0..100 {
            assert!(!known.learn(id, at(id)), "{id} was taken for news");
        }
        assert!(known.learn(100, at(100)));
    }
}
