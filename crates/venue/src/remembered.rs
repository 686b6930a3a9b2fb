//! What has been read from a venue, and is believed for a while.

use crate::call_error::CallError;
use plimsoll_domain::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// A reading that is kept: the list of contracts, say. Whoever needs it while it is being read waits for that reading.
pub struct Remembered<T> {
    /// With when it was read; the beginning of time where it is known to be out of date.
    kept: Mutex<Option<(Arc<T>, Timestamp)>>,
}

impl<T> Remembered<T> {
    /// What is kept, if it is younger than `lives`; otherwise what `read` brings.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn fresh(
        &self,
        now: Timestamp,
        lives: Duration,
        read: impl Future<Output = Result<T, CallError>>,
    ) -> Result<Arc<T>, CallError> {
        let mut kept = self.kept.lock().await;
        if let Some((it, _)) = kept.as_ref().filter(|(_, at)| now.since(*at) < lives) {
            return Ok(Arc::clone(it));
        }
        let it = Arc::new(read.await?);
        *kept = Some((Arc::clone(&it), now));
        Ok(it)
    }

    /// The same, but what is out of date rather than nothing where it cannot be read again. `what` names it in the log.
    ///
    /// # Errors
    /// Those of `read`, where nothing is kept.
    pub async fn fresh_or_old(
        &self,
        what: &str,
        now: Timestamp,
        lives: Duration,
        read: impl Future<Output = Result<T, CallError>>,
    ) -> Result<Arc<T>, CallError> {
        match self.fresh(now, lives, read).await {
            Ok(it) => Ok(it),
            Err(error) => {
                let old = self.known().await.ok_or(error.clone())?;
                tracing::warn!(%error, "{what} cannot be read: going on with what was read before");
                Ok(old)
            }
        }
    }

    /// What is kept, however old.
    pub async fn known(&self) -> Option<Arc<T>> {
        self.kept.lock().await.as_ref().map(|(it, _)| Arc::clone(it))
    }

    /// What is kept is out of date: it is read again when it is needed next.
    pub async fn forget(&self) {
        if let Some((_, at)) = self.kept.lock().await.as_mut() {
            *at = Timestamp::default();
        }
    }
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self { kept: Mutex::new(None) }
    }
}

impl<T> fmt::Debug for Remembered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
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
    async fn what_was_read_is_believed_for_its_time() {
        let kept = Remembered::default();
        assert_eq!(kept.known().await, None);
        assert_eq!(kept.fresh(NOW, HOUR, async { Ok(1) }).await.as_deref(), Ok(&1));
        let later = NOW.plus(HOUR / 2);
        assert_eq!(kept.fresh(later, HOUR, async { Ok(2) }).await.as_deref(), Ok(&1));
        assert_eq!(kept.fresh(NOW.plus(HOUR), HOUR, async { Ok(2) }).await.as_deref(), Ok(&2));
        kept.forget().await;
        assert_eq!(kept.known().await.as_deref(), Some(&2));
        assert_eq!(kept.fresh(later, HOUR, async { Ok(3) }).await.as_deref(), Ok(&3));
    }

    #[tokio::test]
    async fn what_is_old_is_better_than_nothing_where_that_is_asked_for() {
        let kept = Remembered::default();
        assert!(kept.fresh_or_old("it", NOW, HOUR, async { fails() }).await.is_err());
        kept.fresh(NOW, HOUR, async { Ok(1) }).await.unwrap();
        let later = NOW.plus(HOUR);
        assert!(kept.fresh(later, HOUR, async { fails() }).await.is_err());
        assert_eq!(kept.fresh_or_old("it", later, HOUR, async { fails() }).await.as_deref(), Ok(&1));
    }
}
