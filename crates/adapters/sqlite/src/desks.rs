//! Desks, in table `desks`: each as last saved.

use crate::SqliteStore;
use crate::error::store_error;
use crate::row::Columns;
use async_trait::async_trait;
use plimsoll_ports::{DeskRepository, SavedDesk, StoreError};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, query};

pub(crate) const BY_KEY: &str = "SELECT * FROM desks WHERE name = ?1";
const INSERT: &str = "INSERT INTO desks (name, state, saved_at) VALUES (?1, ?2, ?3)";
const SAVE: &str = "INSERT INTO desks (name, state, saved_at) VALUES (?1, ?2, ?3) \
    ON CONFLICT (name) DO UPDATE SET state = excluded.state, saved_at = excluded.saved_at";

#[async_trait]
impl DeskRepository for SqliteStore {
    async fn desk(&self, name: &str) -> Result<Option<SavedDesk>, StoreError> {
        let row = query(BY_KEY).bind(name).fetch_optional(&self.readers).await.map_err(store_error)?;
        row.as_ref().map(read).transpose()
    }

    async fn save_desk(&self, name: &str, desk: &SavedDesk) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await?;
        write(&mut transaction, SAVE, name, desk).await?;
        transaction.commit().await.map_err(store_error)?;
        self.wrote_bytes(desk.state.len());
        Ok(())
    }
}

/// Writes a desk that is not there yet.
pub(crate) async fn insert(connection: &mut SqliteConnection, name: &str, desk: &SavedDesk) -> Result<(), StoreError> {
    write(connection, INSERT, name, desk).await
}

async fn write(
    connection: &mut SqliteConnection,
    sql: &'static str,
    name: &str,
    desk: &SavedDesk,
) -> Result<(), StoreError> {
    let write = query(sql).bind(name).bind(&desk.state).bind(desk.saved_at.as_micros());
    write.execute(connection).await.map(drop).map_err(store_error)
}

pub(crate) fn read(row: &SqliteRow) -> Result<SavedDesk, StoreError> {
    let row = Columns::of("desks", row);
    Ok(SavedDesk { state: row.raw("state")?, saved_at: row.time("saved_at")? })
}
