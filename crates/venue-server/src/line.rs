//! The way out to one connected socket: a queue of frames that is cut, not grown, when the other side does not read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};

/// What is queued for a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// A frame.
    Frame(Arc<str>),
    /// A frame that is written after a while, and whatever comes behind it after that.
    Late(Arc<str>, Duration),
    /// From here on nothing gets through, though the socket stays open.
    Die,
}

/// The near end: frames go in. Dropping it cuts the socket at once.
#[derive(Debug)]
pub(crate) struct Line {
    queue: mpsc::Sender<Outgoing>,
    progress: Arc<Progress>,
    /// Whether what is queued is still to be written once the near end is gone.
    finish: watch::Sender<bool>,
}

/// The far end: frames come out, for the task that owns the socket.
#[derive(Debug)]
pub(crate) struct LineEnd {
    queue: mpsc::Receiver<Outgoing>,
    progress: Arc<Progress>,
    cut: watch::Receiver<bool>,
}

/// How many frames have gone in and out.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pushed: AtomicU64,
    written: AtomicU64,
    over: AtomicU64,
    moved: Notify,
}

/// A line whose queue holds `backlog` frames.
pub(crate) fn line(backlog: usize) -> (Line, LineEnd) {
    let (sender, queue) = mpsc::channel(backlog.max(1));
    let (finish, cut) = watch::channel(false);
    let progress = Arc::new(Progress::default());
    (Line { queue: sender, progress: Arc::clone(&progress), finish }, LineEnd { queue, progress, cut })
}

impl Line {
    /// Puts something in the queue; `false` if there is no room for it or nobody takes it any more.
    pub(crate) fn push(&self, outgoing: Outgoing) -> bool {
        // Counted first, so that nobody sees it written before it was pushed.
        self.progress.pushed.fetch_add(1, Ordering::SeqCst);
        self.queue.try_send(outgoing).is_ok()
    }

    /// Has what is queued so far written when the near end goes, so that nothing before the cut is lost.
    pub(crate) fn finish(&self) {
        self.finish.send_replace(true);
    }

    /// For waiting until everything that was pushed so far is written.
    pub(crate) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }
}

impl Progress {
    /// Returns once everything that had been pushed when it was called is written, or the socket is gone.
    pub(crate) async fn flushed(&self) {
        let target = self.pushed.load(Ordering::SeqCst);
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.written.load(Ordering::SeqCst) >= target || self.over.load(Ordering::SeqCst) > 0 {
                return;
            }
            moved.await;
        }
    }
}

impl LineEnd {
    /// What is next; `None` once the line is cut.
    pub(crate) async fn next(&mut self) -> Option<Outgoing> {
        self.queue.recv().await
    }

    /// Marks what was next as done.
    pub(crate) fn wrote(&self) {
        self.progress.written.fetch_add(1, Ordering::SeqCst);
        self.progress.moved.notify_waiters();
    }

    /// A watch on the cut, for use while a write hangs.
    pub(crate) fn cut(&self) -> Cut {
        Cut(self.cut.clone())
    }
}

impl Drop for LineEnd {
    fn drop(&mut self) {
        self.progress.over.fetch_add(1, Ordering::SeqCst);
        self.progress.moved.notify_waiters();
    }
}

/// Tells when a line is cut.
#[derive(Debug)]
pub(crate) struct Cut(watch::Receiver<bool>);

/// How long the last frames of a line may take.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Cut {
    /// Returns once the near end is gone; a moment later, if what is queued is to be written first.
    pub(crate) async fn happened(&mut self) {
        while self.0.changed().await.is_ok() {}
        if *self.0.borrow() {
            tokio::time::sleep(LAST_WORDS).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> Outgoing {
        Outgoing::Frame(text.into())
    }

    #[tokio::test]
    async fn a_full_line_takes_no_more() {
        let (near, mut far) = line(2);
        assert!(near.push(frame("1")) && near.push(frame("2")));
        assert!(!near.push(frame("3")));
        assert_eq!(far.next().await, Some(frame("1")));
        assert!(near.push(frame("4")));
    }

    #[tokio::test]
    async fn dropping_the_near_end_cuts() {
        let (near, far) = line(2);
        let mut cut = far.cut();
        drop(near);
        cut.happened().await;
    }

    #[tokio::test]
    async fn flushed_waits_for_what_was_pushed() {
        let (near, mut far) = line(2);
        near.push(frame("1"));
        let flushed = tokio::spawn({
            let progress = near.progress();
            async move { progress.flushed().await }
        });
        assert!(far.next().await.is_some());
        far.wrote();
        flushed.await.unwrap();
    }
}
