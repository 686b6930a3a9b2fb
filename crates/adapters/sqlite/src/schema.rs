//! The schema and its versions.

use crate::error::store_error;
use plimsoll_ports::StoreError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr, SqliteConnection, SqlitePool, query_scalar};

/// What opening did to a database's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The version that it had; 0 for a new database.
    pub from: i64,
    /// The version that it has now.
    pub to: i64,
}

/// Why a schema was not brought up to date.
pub(crate) enum Unmigrated {
    TooNew { found: i64, known: i64 },
    Altered(i64),
    Store(StoreError),
}

impl From<sqlx::Error> for Unmigrated {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(store_error(error))
    }
}

/// Every version, oldest first: its number, its name, and the statements that lead to it.
const VERSIONS: [(i64, &str, &str); 7] = [
    (1, "records", include_str!("../migrations/0001_records.sql")),
    (2, "bookings", include_str!("../migrations/0002_bookings.sql")),
    (3, "composed orders", include_str!("../migrations/0003_composed_orders.sql")),
    (4, "lean orders", include_str!("../migrations/0004_lean_orders.sql")),
    (5, "unfinished by their end", include_str!("../migrations/0005_unfinished_by_their_end.sql")),
    (6, "desks", include_str!("../migrations/0006_desks.sql")),
    (7, "orders in one index", include_str!("../migrations/0007_orders_in_one_index.sql")),
];

/// The newest version that this program knows.
pub(crate) const NEWEST: i64 = VERSIONS.len() as i64;

/// The versions that this program knows, oldest first, each with its name.
pub fn versions() -> impl Iterator<Item = (i64, &'static str)> {
    VERSIONS.iter().map(|(version, name, _)| (*version, *name))
}

fn migrator() -> Migrator {
    let migrations = VERSIONS.iter().map(|(version, name, statements)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, statements.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// Brings the schema up to date, all of it or nothing; two programs that open a new file at once take turns.
pub(crate) async fn migrate(writer: &SqlitePool) -> Result<Migrated, Unmigrated> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    let from = version(&mut transaction).await?;
    if from > NEWEST {
        return Err(Unmigrated::TooNew { found: from, known: NEWEST });
    }
    migrator().run_direct(None, &mut *transaction, false).await.map_err(|error| match error {
        MigrateError::VersionMismatch(version) | MigrateError::VersionMissing(version) => Unmigrated::Altered(version),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        other => Unmigrated::Store(StoreError::Corrupt(other.to_string())),
    })?;
    transaction.commit().await?;
    Ok(Migrated { from, to: NEWEST })
}

/// The version that the schema has; 0 where there is none.
pub(crate) async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    const HAS_VERSIONS: &str = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'";
    let has_versions: i64 = query_scalar(HAS_VERSIONS).fetch_one(&mut *connection).await?;
    if has_versions == 0 {
        return Ok(0);
    }
    query_scalar("SELECT ifnull(max(version), 0) FROM _sqlx_migrations").fetch_one(connection).await
}
