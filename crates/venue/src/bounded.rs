//! What is remembered must not grow for ever.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A map that forgets its oldest entry for a new one.
#[derive(Debug)]
pub struct Bounded<K, V> {
    entries: HashMap<K, V>,
    order: VecDeque<K>,
    limit: usize,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    /// An empty one, which will remember so many.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), limit }
    }

    /// `false` if the key was there.
    pub fn insert(&mut self, key: K, value: V) -> bool {
        if self.entries.insert(key.clone(), value).is_some() {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > self.limit
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
        true
    }

    /// Whether the key is remembered.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// What is remembered of the key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::Bounded;

    #[test]
    fn the_oldest_is_forgotten() {
        let mut bounded = Bounded::new(2);
        assert!(bounded.insert("a", 1) && bounded.insert("b", 2));
        assert!(!bounded.insert("a", 3), "known");
        assert!(bounded.insert("c", 4));
        assert_eq!((bounded.get(&"a"), bounded.get(&"b"), bounded.get(&"c")), (None, Some(&2), Some(&4)));
    }
}
