//! Margin tables and fees of contracts that nobody waits for, one by one, as slowly as leaves room for whoever does.

use super::Shared;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// The venue takes ten questions for a table in a second, of which we use half; these are half of that.
const PAUSE: Duration = Duration::from_millis(400);

/// Begins, unless it is being done; it ends with the last broker. Must be called within a tokio runtime.
pub(super) fn begin(shared: &Arc<Shared>, wanting: Vec<Arc<str>>) {
    if wanting.is_empty() || shared.is_learning.swap(true, Ordering::AcqRel) {
        return;
    }
    tokio::spawn(learn(Learning(Arc::downgrade(shared)), wanting));
}

/// It is being done for as long as this lives, however the task ends.
struct Learning(Weak<Shared>);

impl Drop for Learning {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.is_learning.store(false, Ordering::Release);
        }
    }
}

async fn learn(learning: Learning, wanting: Vec<Arc<str>>) {
    for native in wanting {
        let Some(shared) = learning.0.upgrade() else { return };
        if let Err(error) = shared.directory.learn(&shared.client, &native).await {
            tracing::warn!(%error, %native, "the margin table is not known yet");
        }
        let clock = Arc::clone(shared.client.clock());
        drop(shared);
        clock.sleep(PAUSE).await;
    }
}
