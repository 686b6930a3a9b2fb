//! Desks, through the spool: of each the newest save waits.

use super::{Disk, Spool};
use crate::write::Write;
use async_trait::async_trait;
use plimsoll_ports::{DeskRepository, SavedDesk, StoreError};

#[async_trait]
impl DeskRepository for Spool {
    async fn desk(&self, name: &str) -> Result<Option<SavedDesk>, StoreError> {
        let known = self.read(DeskRepository::desk(&**self.store(), name)).await;
        if !self.is_spooling() {
            return known;
        }
        let name = name.to_owned();
        let waiting = self
            .pending(move |writes| {
                let of_desk = writes.filter_map(|write| match write {
                    Write::Desk { name: whose, desk } if *whose == name => Some(desk.clone()),
                    _ => None,
                });
                of_desk.last()
            })
            .await?;
        match (waiting, known) {
            (Some(waiting), Ok(Some(known))) if known.saved_at > waiting.saved_at => Ok(Some(known)),
            (Some(waiting), _) => Ok(Some(waiting)),
            (None, known) => known,
        }
    }

    async fn save_desk(&self, name: &str, desk: &SavedDesk) -> Result<(), StoreError> {
        let through = DeskRepository::save_desk(&**self.store(), name, desk);
        self.write(|| Write::Desk { name: name.to_owned(), desk: desk.clone() }, through, ()).await
    }
}

impl Disk {
    /// Puts a write behind the others. The save of a desk that it takes the place of waits no longer.
    pub(super) fn queue(&mut self, write: Write) {
        if let Write::Desk { name, .. } = &write {
            self.pending.retain(|it| !matches!(it, Write::Desk { name: known, .. } if known == name));
        }
        self.pending.push_back(write);
    }
}
