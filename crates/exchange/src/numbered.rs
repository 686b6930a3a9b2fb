//! What is numbered in the order of its coming, and some of it forgotten.

use std::collections::VecDeque;
use std::ops::{Index, IndexMut};

/// Things by their number, the first of which is 0. What is forgotten leaves a place of one pointer, until everything
/// before it is forgotten too.
#[derive(Debug, Clone)]
pub(crate) struct Numbered<T> {
    kept: VecDeque<Option<Box<T>>>,
    /// The number of the first place.
    first: usize,
}

impl<T> Numbered<T> {
    /// The number that the next one gets.
    pub(crate) fn next(&self) -> usize {
        self.first + self.kept.len()
    }

    /// There never was one.
    pub(crate) fn is_unused(&self) -> bool {
        self.next() == 0
    }

    pub(crate) fn push(&mut self, it: T) {
        self.kept.push_back(Some(Box::new(it)));
    }

    /// `None` if there is none of this number yet, or not any more.
    pub(crate) fn get(&self, number: usize) -> Option<&T> {
        self.kept.get(number.checked_sub(self.first)?)?.as_deref()
    }

    pub(crate) fn forget(&mut self, number: usize) -> Option<T> {
        let forgotten = self.kept.get_mut(number.checked_sub(self.first)?)?.take();
        while let Some(None) = self.kept.front() {
            self.kept.pop_front();
            self.first += 1;
        }
        forgotten.map(|it| *it)
    }
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { kept: VecDeque::new(), first: 0 }
    }
}

/// For numbers of what is known to be kept: whatever is open, and what this very call has made.
impl<T> Index<usize> for Numbered<T> {
    type Output = T;

    #[expect(clippy::expect_used, reason = "nothing that is open or new is forgotten")]
    fn index(&self, number: usize) -> &T {
        self.kept[number - self.first].as_deref().expect("what is open or new is kept")
    }
}

impl<T> IndexMut<usize> for Numbered<T> {
    #[expect(clippy::expect_used, reason = "nothing that is open or new is forgotten")]
    fn index_mut(&mut self, number: usize) -> &mut T {
        self.kept[number - self.first].as_deref_mut().expect("what is open or new is kept")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_when_some_are_forgotten() {
        let mut letters = Numbered::default();
        assert!(letters.is_unused());
        for letter in ['a', 'b', 'c', 'd'] {
            letters.push(letter);
        }
        assert_eq!(letters.forget(1), Some('b'));
        assert_eq!((letters.get(0), letters.get(1), letters[2]), (Some(&'a'), None, 'c'));
        assert_eq!(letters.forget(0), Some('a'));
        assert_eq!(letters.kept.len(), 2, "places at the front are given back");
        letters[3] = 'e';
        assert_eq!((letters.get(0), letters.get(3), letters.get(4), letters.next()), (None, Some(&'e'), None, 4));
        assert_eq!((letters.forget(1), letters.forget(9)), (None, None));
        assert!(!letters.is_unused());
    }
}
