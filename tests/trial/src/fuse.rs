//! When a process dies.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// When, and in the midst of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// With this call of a port from now on, before it leaves.
    Before(u64),
    /// With this call of a port, when it has left: what it asks for is done, and nobody hears of it.
    After(u64),
    /// After so much time, whatever is under way.
    Later(Duration),
}

/// The end of one process: everything that it asks from then on is never answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fuse {
    state: Arc<Mutex<State>>,
    died: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    death: Option<Death>,
    is_dead: bool,
}

/// Whether the process dies when this call has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Doomed(bool);

impl Fuse {
    pub(crate) fn arm(&self, death: Option<Death>) {
        self.state().death = death;
    }

    pub(crate) fn blow(&self) {
        self.state().is_dead = true;
        self.died.notify_one();
    }

    /// Returns once it is dead.
    pub(crate) async fn died(&self) {
        while !self.state().is_dead {
            self.died.notified().await;
        }
    }

    /// A call begins. The dead do not return from it.
    pub(crate) async fn begin(&self) -> Doomed {
        self.alive().await;
        let death = self.state().death;
        match death {
            Some(Death::Before(0 | 1)) => {
                self.blow();
                self.alive().await;
            }
            Some(Death::After(0 | 1)) => return Doomed(true),
            Some(Death::Before(left)) => self.arm(Some(Death::Before(left.saturating_sub(1)))),
            Some(Death::After(left)) => self.arm(Some(Death::After(left.saturating_sub(1)))),
            Some(Death::Later(_)) | None => {}
        }
        Doomed(false)
    }

    /// A call has been answered.
    pub(crate) async fn end(&self, doomed: Doomed) {
        // Whoever was to die of it may have been spared since.
        let is_armed = matches!(self.state().death, Some(Death::After(_)));
        if doomed.0 && is_armed {
            self.blow();
        }
        self.alive().await;
    }

    async fn alive(&self) {
        let is_dead = self.state().is_dead;
        if is_dead {
            pending::<()>().await;
        }
    }

    /// Never held across an await.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
