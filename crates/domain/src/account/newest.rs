//! A value of which the newest report counts.

use crate::time::{Stamp, Timestamp};

/// The newest value heard. Of two with one stamp the greater stands, so that the order of arrival does not matter.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newest<T>(Option<(Stamp, T)>);

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Ord + Copy> Newest<T> {
    /// A value to begin with.
    pub(super) const fn at(stamp: Stamp, value: T) -> Self {
        Self(Some((stamp, value)))
    }

    pub(super) fn get(&self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }

    /// When it was so, as last heard.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.0.map(|(stamp, _)| stamp)
    }

    /// Whether it was heard to be so after this moment.
    pub(super) fn is_newer_than(&self, time: Timestamp) -> bool {
        self.stamp().is_some_and(|stamp| stamp.time > time)
    }

    /// Takes what is newer. `Some` with the value before if the value is another now.
    pub(super) fn hear(&mut self, stamp: Stamp, value: T) -> Option<Option<T>> {
        if self.0.is_some_and(|known| known >= (stamp, value)) {
            return None;
        }
        let before = self.0.replace((stamp, value)).map(|(_, value)| value);
        (before != Some(value)).then_some(before)
    }
}
