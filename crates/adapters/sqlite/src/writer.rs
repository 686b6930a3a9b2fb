//! The one connection that writes, and whose turn it is.

use crate::error::store_error;
use plimsoll_ports::StoreError;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

/// How long a write waits for those before it, or a reading for a connection.
pub(crate) const TURN_TIMEOUT: Duration = Duration::from_secs(10);

/// A pool of one connection. The journal keeps it at hand from one write to the next: an order waits for them, and whatever is
/// given back to a pool is asked first whether it still answers, which is a way to its thread and back.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pool: SqlitePool,
    /// `None` where others read by this pool as well, who would wait for what is at hand for ever.
    at_hand: Option<Arc<AtHand>>,
}

#[derive(Debug, Default)]
struct AtHand(Mutex<Option<PoolConnection<Sqlite>>>);

type Place<'a> = Option<MutexGuard<'a, Option<PoolConnection<Sqlite>>>>;

impl Writer {
    /// Nobody else has this pool.
    pub(crate) fn alone(pool: SqlitePool) -> Self {
        Self { pool, at_hand: Some(Arc::default()) }
    }

    /// Whoever reads has this pool too.
    pub(crate) const fn shared(pool: SqlitePool) -> Self {
        Self { pool, at_hand: None }
    }

    #[cfg(test)]
    pub(crate) const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// The connection, for statements that are transactions of their own.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, StoreError> {
        in_time(async {
            let mut place = self.place().await;
            let connection = match take(&mut place) {
                Some(connection) => connection,
                None => self.pool.acquire().await?,
            };
            Ok(Turn { connection, place })
        })
        .await
    }

    /// A transaction that holds the right to write from its first statement, so that what it reads still holds when it
    /// writes. Dropped without a commit, it leaves nothing behind.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        in_time(async {
            let mut place = self.place().await;
            drop(take(&mut place));
            self.pool.begin_with("BEGIN IMMEDIATE").await
        })
        .await
    }

    /// Waits for whoever writes; later turns are refused.
    pub(crate) async fn close(&self) {
        // From here on it gives nothing away, and it waits for all that it has given away.
        let closed = self.pool.close();
        let mut place = self.place().await;
        drop(take(&mut place));
        closed.await;
    }

    async fn place(&self) -> Place<'_> {
        match &self.at_hand {
            Some(at_hand) => Some(at_hand.0.lock().await),
            None => None,
        }
    }
}

fn take(place: &mut Place<'_>) -> Option<PoolConnection<Sqlite>> {
    place.as_mut().and_then(|place| place.take())
}

async fn in_time<T>(doing: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    timeout(TURN_TIMEOUT, doing).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(store_error)
}

/// What is at hand goes with its store: to be given back it would need a runtime, which may be gone.
impl Drop for AtHand {
    fn drop(&mut self) {
        drop(self.0.get_mut().take().map(PoolConnection::detach));
    }
}

/// The connection, in the hands of one who writes.
pub(crate) struct Turn<'a> {
    connection: PoolConnection<Sqlite>,
    place: Place<'a>,
}

impl Turn<'_> {
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// All went well: the next one finds it at hand. Otherwise it goes back to the pool, which looks whether it is of use yet.
    pub(crate) fn keep(self) {
        if let Some(mut place) = self.place {
            *place = Some(self.connection);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SqliteStore;
    use futures_util::future::poll_immediate;
    use sqlx::{Executor, query, query_scalar};
    use std::path::Path;
    use std::pin::pin;
    use tokio::runtime::Runtime;

    const MOMENT: Duration = Duration::from_millis(20);

    async fn store(directory: &Path) -> SqliteStore {
        let store = SqliteStore::open(directory.join("plimsoll.db")).await.unwrap();
        store.writer.pool().execute("CREATE TABLE words (word TEXT NOT NULL) STRICT").await.unwrap();
        store
    }

    async fn say(writer: &Writer, word: Option<&str>) -> Result<(), StoreError> {
        let mut turn = writer.turn().await?;
        query("INSERT INTO words VALUES (?1)").bind(word).execute(turn.connection()).await.map_err(store_error)?;
        turn.keep();
        Ok(())
    }

    fn is_at_hand(writer: &Writer) -> bool {
        writer.at_hand.as_ref().unwrap().0.try_lock().unwrap().is_some()
    }

    async fn said(store: &SqliteStore) -> i64 {
        query_scalar("SELECT count(*) FROM words").fetch_one(&store.readers).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_at_hand_serves_the_next_and_makes_way_for_a_transaction() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(directory.path()).await;
        assert!(!is_at_hand(&store.writer));
        say(&store.writer, Some("one")).await.unwrap();
        assert!(is_at_hand(&store.writer));
        say(&store.writer, Some("two")).await.unwrap();
        let mut transaction = store.writer.begin().await.unwrap();
        transaction.execute("INSERT INTO words VALUES ('three')").await.unwrap();
        transaction.commit().await.unwrap();
        assert!(!is_at_hand(&store.writer));
        say(&store.writer, Some("four")).await.unwrap();
        assert_eq!(said(&store).await, 4);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn everybody_gets_a_turn() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(directory.path()).await;
        let all = (0..200).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                match number % 4 {
                    0 => {
                        let mut transaction = store.writer.begin().await.unwrap();
                        transaction.execute("INSERT INTO words VALUES ('in a transaction')").await.unwrap();
                        transaction.commit().await.unwrap();
                    }
                    // One that nobody commits.
                    1 => drop(store.writer.begin().await.unwrap()),
                    2 => assert!(matches!(say(&store.writer, None).await, Err(StoreError::Conflict(_)))),
                    _ => say(&store.writer, Some("alone")).await.unwrap(),
                }
            })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        assert_eq!(said(&store).await, 100);
    }

    #[tokio::test]
    async fn one_that_failed_is_not_kept() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(directory.path()).await;
        say(&store.writer, Some("one")).await.unwrap();
        say(&store.writer, None).await.unwrap_err();
        assert!(!is_at_hand(&store.writer));
        say(&store.writer, Some("two")).await.unwrap();
        assert_eq!(said(&store).await, 2);
    }

    #[tokio::test]
    async fn closing_waits_for_whoever_writes_and_refuses_the_rest() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(directory.path()).await;
        say(&store.writer, Some("one")).await.unwrap();
        let turn = store.writer.turn().await.unwrap();
        let mut closing = pin!(store.writer.close());
        assert!(timeout(MOMENT, &mut closing).await.is_err(), "somebody writes");
        let late = say(&store.writer, Some("late"));
        turn.keep();
        let (closed, late) = timeout(TURN_TIMEOUT, async { tokio::join!(closing, late) }).await.unwrap();
        assert_eq!((closed, matches!(late, Err(StoreError::Unreachable(_)))), ((), true), "{late:?}");
        assert!(matches!(say(&store.writer, Some("two")).await, Err(StoreError::Unreachable(_))));
        assert!(matches!(store.writer.begin().await, Err(StoreError::Unreachable(_))));
    }

    #[tokio::test]
    async fn one_that_nobody_waits_for_any_more_holds_up_nobody() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(directory.path()).await;
        for _ in 0..20 {
            timeout(TURN_TIMEOUT, say(&store.writer, Some("whole"))).await.unwrap().unwrap();
            let mut saying = pin!(say(&store.writer, Some("half-way")));
            assert!(poll_immediate(&mut saying).await.is_none());
        }
        timeout(TURN_TIMEOUT, say(&store.writer, Some("whole"))).await.unwrap().unwrap();
        assert_eq!(said(&store).await, 41, "each was in the hands of SQLite when it was dropped");
    }

    #[test]
    fn a_store_may_outlive_its_runtime() {
        let directory = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let store = runtime.block_on(async {
            let store = store(directory.path()).await;
            say(&store.writer, Some("one")).await.unwrap();
            store
        });
        drop(runtime);
        drop(store);
    }
}
