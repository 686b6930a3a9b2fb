//! A bounded way out to a reader that may be slow. What does not fit is given up, and that is noticed.

use tokio::sync::mpsc;

/// The sending end; the receiver is an ordinary channel of tokio.
#[derive(Debug)]
pub struct Outlet<T> {
    sender: mpsc::Sender<T>,
    gave_up: bool,
}

impl<T> Outlet<T> {
    /// The two ends of a way out in which so many items may wait.
    #[must_use]
    pub fn new(capacity: usize) -> (Self, mpsc::Receiver<T>) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        (Self { sender, gave_up: false }, receiver)
    }

    /// Passes the item on, unless something before it was given up: then it would leave a gap behind it. Whether it was
    /// passed on.
    pub fn put(&mut self, item: T) -> bool {
        if !self.gave_up {
            self.gave_up = matches!(self.sender.try_send(item), Err(mpsc::error::TrySendError::Full(_)));
        }
        !self.gave_up
    }

    /// Passes the item on if nothing waits before it: for what is worth nothing late.
    pub fn put_if_idle(&mut self, item: T) {
        if self.sender.capacity() == self.sender.max_capacity() {
            self.put(item);
        }
    }

    /// Something was given up, and its reader does not know yet.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        self.gave_up
    }

    /// Returns once the reader has made room for half of what may wait, so that there is room for making good.
    pub async fn room(&self) {
        // An error means that the reader is gone, which `closed` tells too.
        drop(self.sender.reserve_many(self.sender.max_capacity().div_ceil(2)).await);
    }

    /// Returns once there is place for one more, or a gap anyway: what can wait makes none.
    pub async fn place(&self) {
        if self.gave_up {
            return;
        }
        // An error means that the reader is gone, which `closed` tells too.
        drop(self.sender.reserve().await);
    }

    /// Begins again after a gap.
    pub fn reopen(&mut self) {
        self.gave_up = false;
    }

    /// Returns once nobody reads any more.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }
}

#[cfg(test)]
mod tests {
    use super::Outlet;

    #[tokio::test]
    async fn after_a_gap_nothing_passes_until_it_is_reopened() {
        let (mut outlet, mut reader) = Outlet::new(2);
        assert_eq!([1, 2, 3].map(|item| outlet.put(item)), [true, true, false]);
        assert!(outlet.has_gap());
        assert_eq!(reader.recv().await, Some(1));
        assert!(!outlet.put(4), "there is room, and a gap before it");
        outlet.room().await;
        outlet.reopen();
        assert!(outlet.put(5));
        assert_eq!((reader.recv().await, reader.recv().await), (Some(2), Some(5)));
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_is_noticed() {
        let (outlet, reader) = Outlet::<u8>::new(1);
        drop(reader);
        outlet.closed().await;
        outlet.room().await;
    }
}
