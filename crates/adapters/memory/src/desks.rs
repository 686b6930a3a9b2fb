//! Desks, each as last saved, in the order in which they were first.

use crate::MemoryStore;
use async_trait::async_trait;
use plimsoll_ports::{DeskRepository, SavedDesk, StoreError};

/// A desk by its name.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) name: String,
    pub(crate) saved: SavedDesk,
}

#[async_trait]
impl DeskRepository for MemoryStore {
    async fn desk(&self, name: &str) -> Result<Option<SavedDesk>, StoreError> {
        Ok(self.books().desks.iter().find(|it| it.name == name).map(|it| it.saved.clone()))
    }

    async fn save_desk(&self, name: &str, desk: &SavedDesk) -> Result<(), StoreError> {
        let mut books = self.books();
        match books.desks.iter_mut().find(|it| it.name == name) {
            Some(known) => known.saved = desk.clone(),
            None => books.desks.push(Desk { name: name.to_owned(), saved: desk.clone() }),
        }
        Ok(())
    }
}
