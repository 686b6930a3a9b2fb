//! Desks, in table `desks`: each as last saved.

use crate::PostgresStore;
use crate::moment::Moment;
use crate::row::Columns;
use crate::store::answered;
use async_trait::async_trait;
use plimsoll_ports::{DeskRepository, SavedDesk, StoreError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query};

pub(crate) const BY_KEY: &str = "SELECT * FROM desks WHERE name = $1";
const INSERT: &str = "INSERT INTO desks (name, state, saved_at) VALUES ($1, $2, $3)";
const SAVE: &str = "INSERT INTO desks (name, state, saved_at) VALUES ($1, $2, $3) \
    ON CONFLICT (name) DO UPDATE SET state = excluded.state, saved_at = excluded.saved_at";

#[async_trait]
impl DeskRepository for PostgresStore {
    async fn desk(&self, name: &str) -> Result<Option<SavedDesk>, StoreError> {
        let found = query(BY_KEY).bind(name);
        answered(found.fetch_optional(&mut *self.reading().await?)).await?.as_ref().map(read).transpose()
    }

    /// A desk is of no account: those who save the same one take turns at its row.
    async fn save_desk(&self, name: &str, desk: &SavedDesk) -> Result<(), StoreError> {
        let mut transaction = self.writing_all().await?;
        write(&mut transaction, SAVE, name, desk).await?;
        transaction.commit().await
    }
}

/// Writes a desk that is not there yet.
pub(crate) async fn insert(connection: &mut PgConnection, name: &str, desk: &SavedDesk) -> Result<(), StoreError> {
    write(connection, INSERT, name, desk).await
}

async fn write(
    connection: &mut PgConnection,
    sql: &'static str,
    name: &str,
    desk: &SavedDesk,
) -> Result<(), StoreError> {
    let write = query(sql).bind(name).bind(&desk.state).bind(Moment(desk.saved_at));
    answered(write.execute(connection)).await.map(drop)
}

pub(crate) fn read(row: &PgRow) -> Result<SavedDesk, StoreError> {
    let row = Columns::of("desks", row);
    Ok(SavedDesk { state: row.raw("state")?, saved_at: row.read("saved_at")? })
}
