//! The store: its connections, and how it is opened and closed.

use crate::error::{OpenError, is_busy, store_error};
use crate::schema::{Migrated, NEWEST, Unmigrated, migrate, version};
use crate::writer::{TURN_TIMEOUT, Writer};
use plimsoll_ports::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite, SqlitePool};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// How long a write waits for another process's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait before a file that was busy is tried again.
const RETRY_DELAY: Duration = Duration::from_millis(20);
const READERS: u32 = 4;
/// What the connection that writes keeps of the database, in KiB, as SQLite takes it: negative. What an order's write looks at
/// fits; the rest is the system's to keep, once for all connections.
const WRITERS_CACHE: &str = "-256";
/// The same of each that reads. It forgets all of it whenever another one has written, so that more would only be memory.
const READERS_CACHE: &str = "-64";
/// After so many writes of the journal, which are about a thousand pages, the log is moved into the database.
const WRITES_A_CHECKPOINT: u32 = 400;
/// What a write of the journal adds to the log, as far as a larger one is counted by it: two and a half pages.
const BYTES_A_WRITE: usize = 10_240;
/// Once the log has so many pages a write moves it, if nobody else has.
const LONGEST_LOG: &str = "4000";

/// All records of all accounts in one SQLite database; clones share it.
///
/// Everything that has been written when a call returns survives the end of the process and of the machine's power
/// (write-ahead log, `synchronous=FULL`). Writes take turns on one connection; reads run beside them and see what was
/// committed before they began. Several processes may have the file open.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
    migrated: Migrated,
    /// How many writes of the journal there were; a larger write counts for as many.
    writes: Arc<AtomicU32>,
}

impl SqliteStore {
    /// Opens the database in this file, makes it if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`OpenError`]; one that a newer program has migrated is refused, and left as it is.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = path.as_ref();
        let options = settings(SqliteConnectOptions::new().filename(path).create_if_missing(true))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", LONGEST_LOG)
            .pragma("cache_size", WRITERS_CACHE);
        let opened = async {
            let writer = patiently(|| pool(1).connect_with(options.clone())).await?;
            let migrated = migrated_or_closed(&writer).await?;
            let options = options.pragma("query_only", "ON").pragma("cache_size", READERS_CACHE);
            let readers = patiently(|| pool(READERS).connect_with(options.clone())).await?;
            Ok(Self { writer: Writer::alone(writer), readers, migrated, writes: Arc::default() })
        };
        opened.await.map_err(|error| refused(&path.display().to_string(), error))
    }

    /// The version of the schema in this file, and the newest that this program knows; nothing is changed. A database that
    /// was never migrated has version 0.
    ///
    /// # Errors
    /// [`OpenError`] if there is no such file, or it is no database.
    pub async fn version(path: impl AsRef<Path>) -> Result<(i64, i64), OpenError> {
        let path = path.as_ref();
        let options = settings(SqliteConnectOptions::new().filename(path).read_only(true));
        let read = async {
            let mut connection = options.connect().await?;
            let found = version(&mut connection).await?;
            connection.close().await?;
            Ok((found, NEWEST))
        };
        read.await.map_err(|error| refused(&path.display().to_string(), Unmigrated::Store(store_error(error))))
    }

    /// A database in memory, gone with the last clone of this value. Its reads and writes share one connection.
    ///
    /// # Errors
    /// [`OpenError`] if SQLite has no memory for it.
    pub async fn in_memory() -> Result<Self, OpenError> {
        let options = settings(SqliteConnectOptions::new().in_memory(true)).pragma("cache_size", WRITERS_CACHE);
        let opened = async {
            let only = pool(1).min_connections(1).connect_with(options).await?;
            let migrated = migrate(&only).await?;
            Ok(Self { readers: only.clone(), writer: Writer::shared(only), migrated, writes: Arc::default() })
        };
        opened.await.map_err(|error| refused(":memory:", error))
    }

    /// What opening did to the schema; its `to` is the version of this database.
    #[must_use]
    pub const fn migrated(&self) -> Migrated {
        self.migrated
    }

    /// Waits for what is running, and closes every connection of every clone; later calls are
    /// [`StoreError::Unreachable`].
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// To be told of each write that an order waits for. Now and then the log is moved into the database, beside the writes: one
    /// that did it itself would take many times as long as any other. Where it fails the next time will do.
    pub(crate) fn wrote(&self) {
        self.wrote_bytes(0);
    }

    /// To be told of a write with so many bytes in one column, which brings the next checkpoint nearer: an order that comes
    /// behind it does not wait for the log.
    pub(crate) fn wrote_bytes(&self, bytes: usize) {
        let more = u32::try_from(bytes / BYTES_A_WRITE).unwrap_or(u32::MAX).saturating_add(1);
        let before = self.writes.fetch_add(more, Ordering::Relaxed);
        if is_checkpoint_due(before, more) {
            let readers = self.readers.clone();
            drop(tokio::spawn(async move { drop(checkpoint(&readers).await) }));
        }
    }

    /// A connection to read from.
    pub(crate) async fn reading(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.readers.acquire().await.map_err(store_error)
    }
}

/// Whether so many more writes are the ones after which the log is moved. The count begins anew at its end.
fn is_checkpoint_due(before: u32, more: u32) -> bool {
    before % WRITES_A_CHECKPOINT >= WRITES_A_CHECKPOINT.saturating_sub(more)
}

/// Moves as much of the log into the database as nobody reads from: whether it had to stop for somebody, how many pages the log
/// has, and how many of them are in the database now.
async fn checkpoint(readers: &SqlitePool) -> Result<(bool, i64, i64), sqlx::Error> {
    sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(readers).await
}

fn settings(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options.foreign_keys(true).busy_timeout(BUSY_TIMEOUT).disable_statement_logging()
}

/// A connection is not asked whether it is there before it is used: it leads to a file, not to somebody who may have gone, and
/// an order waits for the answer. Nor is it replaced by another after a while, which would be a thread, a cache and prepared
/// statements anew each time: a file does not tire of anybody.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(TURN_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// SQLite does not wait its busy timeout where a file is switched to its write-ahead log: two that open a new file at
/// once have to try again.
async fn patiently<F>(mut connect: impl FnMut() -> F) -> Result<SqlitePool, sqlx::Error>
where
    F: Future<Output = Result<SqlitePool, sqlx::Error>>,
{
    let mut tries_left = BUSY_TIMEOUT.as_millis() / RETRY_DELAY.as_millis();
    loop {
        match connect().await {
            Err(error) if tries_left > 0 && is_busy(&error) => tries_left -= 1,
            outcome => return outcome,
        }
        sleep(RETRY_DELAY).await;
    }
}

/// A database that was refused is let go of at once.
async fn migrated_or_closed(writer: &SqlitePool) -> Result<Migrated, Unmigrated> {
    let outcome = migrate(writer).await;
    if outcome.is_err() {
        writer.close().await;
    }
    outcome
}

fn refused(path: &str, error: Unmigrated) -> OpenError {
    let path = path.to_owned();
    match error {
        Unmigrated::TooNew { found, known } => OpenError::TooNew { path, found, known },
        Unmigrated::Altered(version) => OpenError::Altered { path, version },
        Unmigrated::Store(error) => OpenError::Store { path, error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::query_scalar;

    #[tokio::test]
    async fn every_connection_is_durable_and_patient() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("plimsoll.db")).await.unwrap();
        for pool in [store.writer.pool(), &store.readers] {
            let journal: String = query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
            let synchronous: i64 = query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
            let foreign_keys: i64 = query_scalar("PRAGMA foreign_keys").fetch_one(pool).await.unwrap();
            let busy_timeout: i64 = query_scalar("PRAGMA busy_timeout").fetch_one(pool).await.unwrap();
            assert_eq!((journal.as_str(), synchronous, foreign_keys, busy_timeout), ("wal", 2, 1, 5000));
        }
    }

    #[tokio::test]
    async fn a_connection_stays_and_keeps_little() {
        let directory = tempfile::tempdir().unwrap();
        let on_disk = SqliteStore::open(directory.path().join("plimsoll.db")).await.unwrap();
        let in_memory = SqliteStore::in_memory().await.unwrap();
        let keep = [
            (on_disk.writer.pool(), WRITERS_CACHE),
            (&on_disk.readers, READERS_CACHE),
            (in_memory.writer.pool(), WRITERS_CACHE),
        ];
        for (pool, cache) in keep {
            let kept: i64 = query_scalar("PRAGMA cache_size").fetch_one(pool).await.unwrap();
            assert_eq!(kept.to_string(), cache);
            let options = pool.options();
            assert_eq!((options.get_idle_timeout(), options.get_max_lifetime()), (None, None));
        }
    }

    #[tokio::test]
    async fn every_table_of_ours_is_strict() {
        const LAX: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0 \
            AND name NOT LIKE 'sqlite_%' AND name <> '_sqlx_migrations'";
        let store = SqliteStore::in_memory().await.unwrap();
        let lax: Vec<String> = query_scalar(LAX).fetch_all(&store.readers).await.unwrap();
        assert_eq!(lax, [""; 0]);
    }

    #[tokio::test]
    async fn a_reader_moves_the_whole_log_into_the_database() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("plimsoll.db")).await.unwrap();
        let (stopped, pages, moved) = checkpoint(&store.readers).await.unwrap();
        assert!(!stopped && pages > 0, "{stopped} {pages}");
        assert_eq!(moved, pages);
        let longest: i64 = query_scalar("PRAGMA wal_autocheckpoint").fetch_one(store.writer.pool()).await.unwrap();
        assert_eq!(longest.to_string(), LONGEST_LOG);
    }

    #[test]
    fn a_checkpoint_is_due_after_so_many_writes_or_fewer_that_are_larger() {
        for (before, more, due) in
            [(0, 1, false), (398, 1, false), (399, 1, true), (400, 1, false), (799, 1, true), (0, 399, false)]
        {
            assert_eq!(is_checkpoint_due(before, more), due, "{before} and {more}");
        }
        for (before, more) in [(0, 400), (0, u32::MAX), (390, 20), (1_190, 20), (u32::MAX, u32::MAX)] {
            assert!(is_checkpoint_due(before, more), "{before} and {more}");
        }
    }

    #[tokio::test]
    async fn a_reader_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("plimsoll.db")).await.unwrap();
        let outcome = sqlx::query("DELETE FROM controls").execute(&store.readers).await;
        assert!(outcome.is_err_and(|error| error.to_string().contains("readonly")));
    }
}
