//! The schema and its versions.

use crate::error::store_error;
use plimsoll_ports::StoreError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{PgConnection, PgPool, SqlSafeStr, query, query_scalar};

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
const VERSIONS: [(i64, &str, &str); 3] = [
    (1, "records", include_str!("../migrations/0001_records.sql")),
    (2, "composed orders", include_str!("../migrations/0002_composed_orders.sql")),
    (3, "desks", include_str!("../migrations/0003_desks.sql")),
];

/// The newest version that this program knows.
pub(crate) const NEWEST: i64 = VERSIONS.len() as i64;

/// Programs that open one database at once take turns at its schema by this number, which is ours alone.
const TURN: i64 = 0x0050_6c69_6d73_6f6c;

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

/// Brings the schema up to date, all of it or nothing.
pub(crate) async fn migrate(pool: &PgPool) -> Result<Migrated, Unmigrated> {
    let mut transaction = pool.begin().await?;
    query("SELECT pg_advisory_xact_lock($1)").bind(TURN).execute(&mut *transaction).await?;
    let from = version(&mut transaction).await?;
    if from > NEWEST {
        return Err(Unmigrated::TooNew { found: from, known: NEWEST });
    }
    migrator().run_direct(None, &mut *transaction, false).await.map_err(|error| match error {
        MigrateError::VersionMismatch(version) | MigrateError::VersionMissing(version) => Unmigrated::Altered(version),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        other => Unmigrated::Store(StoreError::Corrupt(other.to_string())),
    })?;
    // Nobody asks any more what became of a commit so long ago.
    query("DELETE FROM commits WHERE at < now() - interval '1 day'").execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Migrated { from, to: NEWEST })
}

/// The version that the schema has; 0 where there is none.
pub(crate) async fn version(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let has_versions: bool =
        query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut *connection).await?;
    if !has_versions {
        return Ok(0);
    }
    query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations").fetch_one(connection).await
}
