//! The bounded way from the venue to one reader, who may be slow.

use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::Notify;

/// What a reader has still to read, and behind it a gap if something was lost. While there is a gap nothing is kept: what
/// happened meanwhile is read from the venue when the reader comes to it.
#[derive(Debug)]
pub(super) struct Outlet<T, G> {
    items: VecDeque<T>,
    capacity: usize,
    gap: Option<G>,
    reader: Arc<Notify>,
}

impl<T, G> Outlet<T, G> {
    /// An outlet that has kept nothing yet.
    pub(super) fn beginning(gap: G, capacity: usize) -> Self {
        Self { items: VecDeque::new(), capacity, gap: Some(gap), reader: Arc::new(Notify::new()) }
    }

    /// Wakes whoever waits for the next item.
    pub(super) fn reader(&self) -> Arc<Notify> {
        Arc::clone(&self.reader)
    }

    /// Keeps all of these, which belong together; or none, and begins a gap.
    pub(super) fn tell(&mut self, items: Vec<T>, overflow: impl FnOnce() -> G) {
        if self.gap.is_some() || items.is_empty() {
            return;
        }
        if self.items.len().saturating_add(items.len()) > self.capacity {
            return self.lose(overflow());
        }
        self.items.extend(items);
        self.reader.notify_one();
    }

    /// Keeps this if nothing waits before it: for what is worth nothing late.
    pub(super) fn tell_if_idle(&mut self, item: T) {
        if self.items.is_empty() && self.gap.is_none() {
            self.items.push_back(item);
            self.reader.notify_one();
        }
    }

    /// Begins a gap, unless there is one.
    pub(super) fn lose(&mut self, gap: G) {
        self.gap.get_or_insert(gap);
        self.reader.notify_one();
    }

    /// The gap, if there is one.
    pub(super) const fn gap(&mut self) -> Option<&mut G> {
        self.gap.as_mut()
    }

    /// The next item, if there is one. What mends a gap may be more than the capacity.
    pub(super) fn take(&mut self, mend: impl FnOnce(G) -> Vec<T>) -> Option<T> {
        if self.items.is_empty()
            && let Some(gap) = self.gap.take()
        {
            self.items.extend(mend(gap));
        }
        self.items.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::Outlet;

    #[test]
    fn what_does_not_fit_is_a_gap_behind_what_did() {
        let mut outlet = Outlet::beginning("begun", 2);
        assert_eq!(outlet.take(|gap| vec![gap]), Some("begun"));
        for items in [vec!["a"], vec!["b", "c"], vec!["d"]] {
            outlet.tell(items, || "overflowed");
        }
        let read: Vec<_> = std::iter::from_fn(|| outlet.take(|gap| vec![gap])).collect();
        assert_eq!(read, ["a", "overflowed"]);
        outlet.tell(vec!["e"], || "overflowed");
        outlet.tell_if_idle("late");
        assert_eq!(outlet.take(|gap| vec![gap]), Some("e"));
        outlet.tell_if_idle("f");
        assert_eq!(outlet.take(|gap| vec![gap]), Some("f"));
        assert_eq!(outlet.take(|gap| vec![gap]), None);
    }

    #[test]
    fn the_first_gap_stands() {
        let mut outlet: Outlet<&str, &str> = Outlet::beginning("begun", 2);
        outlet.lose("cut");
        assert_eq!(outlet.take(|gap| vec![gap]), Some("begun"));
        outlet.lose("cut");
        outlet.lose("cut again");
        assert_eq!(outlet.take(|gap| vec![gap]), Some("cut"));
    }
}
