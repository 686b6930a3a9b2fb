//! What has been read of contracts one by one.

use crate::call_error::CallError;
use plimsoll_domain::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a venue tells contract by contract, by the venue's name of each, and each believed for a while: margin tables, say,
/// or fees.
pub struct RememberedEach<T>(Mutex<Kept<T>>);

struct Kept<T> {
    by_native: HashMap<Arc<str>, (T, Timestamp)>,
    /// How often anything was forgotten.
    forgotten: u64,
}

/// Before a reading: what is forgotten while it lasts, it may not show.
#[derive(Debug, Clone, Copy)]
pub struct Before(u64);

impl<T: Clone> RememberedEach<T> {
    /// What is kept of it, if it is younger than `lives`.
    pub fn fresh(&self, native: &str, now: Timestamp, lives: Duration) -> Option<T> {
        self.kept().by_native.get(native).filter(|(_, at)| now.since(*at) < lives).map(|(it, _)| it.clone())
    }

    /// What is kept of it, however old.
    pub fn known(&self, native: &str) -> Option<T> {
        self.kept().by_native.get(native).map(|(it, _)| it.clone())
    }

    /// What is kept of it, if it is younger than `lives`; otherwise what `read` brings.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn fresh_or_read(
        &self,
        native: &Arc<str>,
        now: Timestamp,
        lives: Duration,
        read: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        if let Some(it) = self.fresh(native, now, lives) {
            return Ok(it);
        }
        let before = self.before();
        let it = read.await?;
        self.note_read(before, native, it.clone(), now);
        Ok(it)
    }

    /// The same, but what is out of date rather than nothing where it cannot be read again. `what` names it in the log.
    ///
    /// # Errors
    /// Those of `read`, where nothing is kept.
    pub async fn fresh_or_old(
        &self,
        what: &str,
        native: &Arc<str>,
        now: Timestamp,
        lives: Duration,
        read: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        match self.fresh_or_read(native, now, lives, read).await {
            Ok(it) => Ok(it),
            Err(error) => {
                let old = self.known(native).ok_or(error.clone())?;
                tracing::warn!(%error, %native, "{what} cannot be read: going on with what was read before");
                Ok(old)
            }
        }
    }

    /// A reading begins that [`note_read`](Self::note_read) is to note.
    pub fn before(&self) -> Before {
        Before(self.kept().forgotten)
    }

    /// This was read then: it is not kept where anything was forgotten since the reading began.
    pub fn note_read(&self, before: Before, native: &Arc<str>, it: T, at: Timestamp) {
        let mut kept = self.kept();
        if kept.forgotten == before.0 {
            kept.by_native.insert(Arc::clone(native), (it, at));
        }
    }

    /// This was heard or set then: what is being read meanwhile may not show it.
    pub fn note(&self, native: &Arc<str>, it: T, at: Timestamp) {
        let mut kept = self.kept();
        kept.forgotten += 1;
        kept.by_native.insert(Arc::clone(native), (it, at));
    }

    /// What is kept of one may have changed.
    pub fn forget(&self, native: &str) {
        let mut kept = self.kept();
        kept.forgotten += 1;
        kept.by_native.remove(native);
    }

    /// Everything that is kept may have changed.
    pub fn forget_all(&self) {
        let mut kept = self.kept();
        kept.forgotten += 1;
        kept.by_native.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Kept<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Default for RememberedEach<T> {
    fn default() -> Self {
        Self(Mutex::new(Kept { by_native: HashMap::new(), forgotten: 0 }))
    }
}

impl<T> fmt::Debug for RememberedEach<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RememberedEach").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn fails() -> Result<u8, CallError> {
        Err(CallError::Unreadable("gibberish".to_owned()))
    }

    #[tokio::test]
    async fn each_is_read_by_itself_and_believed_for_its_time() {
        let (kept, a, b) = (RememberedEach::default(), Arc::from("A"), Arc::from("B"));
        assert_eq!(kept.fresh_or_read(&a, NOW, HOUR, async { Ok(1) }).await, Ok(1));
        assert_eq!(kept.fresh_or_read(&a, NOW, HOUR, async { panic!("read again") }).await, Ok(1));
        assert_eq!(kept.fresh_or_read(&b, NOW, HOUR, async { fails() }).await, fails());
        let later = NOW.plus(HOUR);
        assert_eq!((kept.fresh("A", later, HOUR), kept.known("A"), kept.known("B")), (None, Some(1), None));
        assert_eq!(kept.fresh_or_old("it", &a, later, HOUR, async { fails() }).await, Ok(1));
        assert_eq!(kept.fresh_or_read(&a, later, HOUR, async { fails() }).await, fails());
        assert_eq!(kept.fresh_or_read(&a, later, HOUR, async { Ok(2) }).await, Ok(2));
    }

    #[test]
    fn what_may_have_changed_is_forgotten() {
        let kept = RememberedEach::default();
        for name in ["A", "B", "C"] {
            kept.note(&Arc::from(name), name, NOW);
        }
        kept.forget("A");
        assert_eq!((kept.known("A"), kept.known("B")), (None, Some("B")));
        kept.forget_all();
        assert_eq!(kept.known("B"), None);
    }

    #[tokio::test]
    async fn what_is_forgotten_or_heard_while_it_is_read_is_not_kept_as_it_was_read() {
        for (heard, left) in [(None, None), (Some(7), Some(7))] {
            let (kept, a) = (RememberedEach::default(), Arc::from("A"));
            let read = kept.fresh_or_read(&a, NOW, HOUR, async {
                match heard {
                    Some(it) => kept.note(&a, it, NOW),
                    None => kept.forget("A"),
                }
                Ok(1)
            });
            assert_eq!((read.await, kept.known("A")), (Ok(1), left));
        }
    }
}
