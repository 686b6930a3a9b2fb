//! Dying in the midst of something.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Something that is dropped, unfinished, at one of its awaits: what a process does that dies there.
///
/// The await is counted in polls, so it is the same one only as far as tasks and sockets interleave alike.
pub(crate) struct Mortal<F> {
    doing: Option<Pin<Box<F>>>,
    polls_left: Option<u64>,
}

impl<F: Future> Mortal<F> {
    /// `None` lives to its end.
    pub(crate) fn new(doing: F, dies_at: Option<u64>) -> Self {
        Self { doing: Some(Box::pin(doing)), polls_left: dies_at }
    }
}

impl<F: Future> Future for Mortal<F> {
    /// `None` if it died.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(doing) = &mut self.doing else { return Poll::Ready(None) };
        if let Poll::Ready(done) = doing.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        match &mut self.polls_left {
            Some(0 | 1) => {
                self.doing = None;
                Poll::Ready(None)
            }
            Some(left) => {
                *left -= 1;
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}
