//! Who hears what an account tells, each thing once.

use std::sync::Arc;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// Hears everything that is told from when it began to listen on, in order.
///
/// What is told is kept once for all listeners until the last has heard it: a place that waits for news costs a pointer, and
/// not what the largest of them does.
#[derive(Debug)]
pub struct Listener<T>(broadcast::Receiver<Arc<T>>);

impl<T: Clone> Listener<T> {
    /// The next thing that is told.
    ///
    /// # Errors
    /// [`Lagged`](RecvError::Lagged) with how much was missed, once, if it fell too far behind; [`Closed`](RecvError::Closed) when
    /// nobody tells any more.
    pub async fn recv(&mut self) -> Result<T, RecvError> {
        self.0.recv().await.map(Arc::unwrap_or_clone)
    }

    /// The next thing that was told already.
    ///
    /// # Errors
    /// [`Empty`](TryRecvError::Empty) if there is none, and as [`recv`](Self::recv).
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.0.try_recv().map(Arc::unwrap_or_clone)
    }
}

/// Who tells them.
#[derive(Debug)]
pub(super) struct Speaker<T>(broadcast::Sender<Arc<T>>);

impl<T> Speaker<T> {
    /// Keeps so much for a listener that is slow.
    pub(super) fn new(kept: usize) -> Self {
        Self(broadcast::channel(kept).0)
    }

    pub(super) fn listener(&self) -> Listener<T> {
        Listener(self.0.subscribe())
    }

    pub(super) fn is_heard(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Nobody listening is no failure.
    pub(super) fn tell(&self, it: T) {
        let _ = self.0.send(Arc::new(it));
    }
}

impl<T> Clone for Speaker<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_listener_hears_everything_once_and_is_told_how_much_it_missed() {
        let speaker = Speaker::new(2);
        assert!(!speaker.is_heard());
        let (mut prompt, mut slow) = (speaker.listener(), speaker.listener());
        assert!(speaker.is_heard());
        for said in ["one", "two", "three"] {
            speaker.tell(said.to_owned());
            assert_eq!(prompt.recv().await.unwrap(), said);
        }
        assert_eq!(prompt.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(slow.recv().await, Err(RecvError::Lagged(1)));
        assert_eq!((slow.recv().await.unwrap(), slow.try_recv().unwrap()), ("two".to_owned(), "three".to_owned()));
        drop(speaker);
        assert_eq!(slow.recv().await, Err(RecvError::Closed));
    }
}
