//! What strategies at a desk were at, so that the next process takes their seats where this one left them.

use super::StoreError;
use async_trait::async_trait;
use plimsoll_domain::Timestamp;

/// What strategies at a desk were at when they were last seen: their states, what each holds and has resting.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait DeskRepository: Send + Sync {
    /// The desk as last saved; `None` if never.
    ///
    /// # Errors
    /// [`StoreError`]; where the store cannot be reached, it is not known whether there is one.
    async fn desk(&self, name: &str) -> Result<Option<SavedDesk>, StoreError>;

    /// Saves the desk; it replaces what was saved before, whatever the clock of either said. What was saved survives the end
    /// of the process once this returns; saved while others save it too, the desk is one of theirs, whole.
    ///
    /// # Errors
    /// [`StoreError`]; what was saved before is there still, but where [`StoreError::Unreachable`] says that it is not certain:
    /// then it is that or this, whole.
    async fn save_desk(&self, name: &str, desk: &SavedDesk) -> Result<(), StoreError>;
}

/// A desk as it was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedDesk {
    /// What the engine reads again: JSON. A store neither reads nor changes it; of any text it keeps every letter but
    /// U+0000, which JSON never holds and a store may refuse as a [`StoreError::Conflict`].
    pub state: String,
    /// When, by our clock, to the microsecond.
    pub saved_at: Timestamp,
}
