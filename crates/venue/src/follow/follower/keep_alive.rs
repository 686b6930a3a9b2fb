//! Keeping the session alive by calls, where the venue wants that.

use super::Follower;
use crate::follow::{Kept, PrivateStream};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// When it is not known whether keeping the session alive has worked.
const TRY_AGAIN: Duration = Duration::from_secs(10);

/// The next call, and what came of it.
pub(super) type KeepAlive = Pin<Box<dyn Future<Output = Kept> + Send>>;

impl<S: PrivateStream> Follower<S> {
    pub(super) fn kept(&mut self, kept: Kept) -> KeepAlive {
        match kept {
            Kept::Alive => {}
            // A connection that is being made asks for a session of its own.
            Kept::Gone(reason) if self.is_up() => self.reconnect(reason),
            Kept::Gone(_) => {}
            Kept::Unsure => return self.keep_alive_after(Some(TRY_AGAIN)),
        }
        self.keep_alive_after(self.settings.keep_alive_every)
    }

    /// Keeps the session alive once this has passed. Meanwhile the socket is read.
    pub(super) fn keep_alive_after(&self, pause: Option<Duration>) -> KeepAlive {
        let Some(pause) = pause else { return Box::pin(std::future::pending()) };
        let source = Arc::clone(&self.source);
        Box::pin(async move {
            source.clock().sleep(pause).await;
            source.keep_alive().await
        })
    }
}
