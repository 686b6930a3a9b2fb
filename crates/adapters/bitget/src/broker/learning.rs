//! Margin tables and fees that nobody waits for for long: those of what is held, and those of all others one by one, as
//! slowly as leaves room for whoever waits.

use super::Shared;
use crate::directory::Wanting;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::timeout;

/// The venue takes ten questions for a table in a second, of which we use half; these are half of that.
const PAUSE: Duration = Duration::from_millis(400);

/// Whoever reads positions waits for unknown tables no longer than this: he may want out.
const TABLES_WITHIN: Duration = Duration::from_secs(1);

/// Begins, unless it is being done; it ends with the last broker. Must be called within a tokio runtime.
pub(super) fn begin(shared: &Arc<Shared>, wanting: Vec<Arc<str>>) {
    if let Some(learning) = Learning::begin(shared, wanting.is_empty(), |shared| &shared.is_learning) {
        tokio::spawn(learn(learning, wanting));
    }
}

/// Learns the margin tables of what is held. Old ones serve meanwhile; unknown ones are waited for, briefly. Must be called
/// within a tokio runtime.
pub(super) async fn held(shared: &Arc<Shared>, Wanting { unknown, old }: Wanting) {
    let is_late = match unknown.as_slice() {
        [] => false,
        unknown => timeout(TABLES_WITHIN, shared.directory.learn_tiers(&shared.client, unknown)).await.is_err(),
    };
    let wanting = if is_late { [unknown, old].concat() } else { old };
    if let Some(learning) = Learning::begin(shared, wanting.is_empty(), |shared| &shared.is_learning_held) {
        tokio::spawn(learn_held(learning, wanting));
    }
}

/// It is being done for as long as this lives, however the task ends.
struct Learning {
    shared: Weak<Shared>,
    flag: fn(&Shared) -> &AtomicBool,
}

impl Learning {
    /// Unless there is nothing to do, or it is being done.
    fn begin(shared: &Arc<Shared>, nothing: bool, flag: fn(&Shared) -> &AtomicBool) -> Option<Self> {
        let is_due = !nothing && !flag(shared).swap(true, Ordering::AcqRel);
        is_due.then(|| Self { shared: Arc::downgrade(shared), flag })
    }
}

impl Drop for Learning {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            (self.flag)(&shared).store(false, Ordering::Release);
        }
    }
}

async fn learn_held(learning: Learning, wanting: Vec<Arc<str>>) {
    if let Some(shared) = learning.shared.upgrade() {
        shared.directory.learn_tiers(&shared.client, &wanting).await;
    }
}

async fn learn(learning: Learning, wanting: Vec<Arc<str>>) {
    for native in wanting {
        let Some(shared) = learning.shared.upgrade() else { return };
        if let Err(error) = shared.directory.learn(&shared.client, &native).await {
            tracing::warn!(%error, %native, "the margin table is not known yet");
        }
        let clock = Arc::clone(shared.client.clock());
        drop(shared);
        clock.sleep(PAUSE).await;
    }
}
