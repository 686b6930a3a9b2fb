//! The records as trading uses them: behind a spool on this machine, so that a database that is away holds up nothing that
//! removes risk.
//!
//! Each process has a spool of its own, named after the database; its file is locked while the process lives. What a process
//! that died has left flows into the database at the next start, before anything new is written.

use super::{Records, Store};
use crate::config::Database;
use crate::failure::Failure;
use plimsoll_spool::{Spool, SpoolError, SpoolSettings};
use plimsoll_sqlite::SqliteStore;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

impl Records {
    /// Opens the store with a spool in front of it. A store that cannot be reached is no failure here: what adds exposure is
    /// refused while it is away, and everything else goes on. So it is where what an earlier process left cannot be read: an
    /// order may be among it that the store does not know.
    pub(crate) async fn open_for_trading(database: &Database, state: &Path) -> Result<Self, Failure> {
        let folder = state.join("spool");
        let mut records = match Self::open_in_place(database, state).await {
            Ok(records) => records,
            Err(failure) if failure.is_unreachable() => Self::away(&failure).await?,
            Err(failure) => return Err(failure),
        };
        make_private(&folder)?;
        let name = name_of(database);
        if records.away.is_none()
            && let Err(failure) = records.take_over(&folder, &name).await
        {
            records = Self::away(&failure).await?;
        }
        let own = folder.join(format!("{name}.{}.spool", std::process::id()));
        Ok(records.behind(&records.spool_in(&own).map_err(not_opened)?))
    }

    /// A store that answers nothing: one that is closed.
    async fn away(failure: &Failure) -> Result<Self, Failure> {
        let closed = SqliteStore::in_memory().await.map_err(Failure::unreachable)?;
        closed.close().await;
        let records = Self::of(Arc::new(closed.clone()), Store::Sqlite(closed));
        Ok(Self { away: Some(failure.message().to_owned()), ..records })
    }

    /// What processes that are gone have left goes into the store, in the order of each, and their files go.
    async fn take_over(&self, folder: &Path, name: &str) -> Result<(), Failure> {
        for file in left_in(folder, name) {
            let spool = match self.spool_in(&file) {
                Ok(spool) => spool,
                Err(SpoolError::InUse { .. }) => continue,
                Err(error) => return Err(not_opened(error)),
            };
            let taken = spool.drain().await.map_err(Failure::unreachable)?;
            if taken > 0 {
                tracing::info!(taken, file = %file.display(), "what was written while the database was away is in it now");
            }
            remove(&file);
        }
        Ok(())
    }

    fn spool_in(&self, file: &Path) -> Result<Spool, SpoolError> {
        let store: Arc<dyn plimsoll_spool::Store> = match &self.store {
            Store::Sqlite(store) => Arc::new(store.clone()),
            Store::Postgres(store) => Arc::new(store.clone()),
        };
        Spool::open(file, store, SpoolSettings::default())
    }

    fn behind(&self, spool: &Spool) -> Self {
        let all = Arc::new(spool.clone());
        Self {
            journal: all.clone(),
            positions: all.clone(),
            trades: all.clone(),
            funding: all.clone(),
            bookings: all.clone(),
            equity: all.clone(),
            risk_events: all.clone(),
            controls: all.clone(),
            desks: all,
            whole: Arc::clone(&self.whole),
            spool: Some(spool.clone()),
            away: self.away.clone(),
            store: self.store.clone(),
        }
    }

    /// What waits goes into the store, if it is there; a spool with nothing in it leaves no file.
    pub(super) async fn close_spool(&self) {
        let Some(spool) = &self.spool else { return };
        if let Err(error) = spool.drain().await {
            tracing::warn!(%error, file = %spool.path().display(), "the database is away: what was written waits in the spool");
            return;
        }
        remove(spool.path());
    }
}

/// A file name of the database: its last words for people, and a hash of all of it, so that no two share one.
pub(crate) fn name_of(database: &Database) -> String {
    let whole = match database {
        Database::Sqlite(file) => std::path::absolute(file).unwrap_or_else(|_| file.clone()).display().to_string(),
        Database::Postgres(_) => database.to_string(),
    };
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let last: String = whole.rsplit('/').next().unwrap_or_default().chars().map(plain).take(60).collect();
    // FNV-1a: the same in every version, which the standard library's hasher need not be.
    let hash = whole
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{last}-{hash:016x}")
}

/// The spools of this database that hold something.
pub(crate) fn left_by_others(database: &Database, state: &Path) -> Vec<PathBuf> {
    let holds_something = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|it| it.len() > 0);
    left_in(&state.join("spool"), &name_of(database)).into_iter().filter(holds_something).collect()
}

fn left_in(folder: &Path, name: &str) -> Vec<PathBuf> {
    let of_database = |path: &PathBuf| {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        file.strip_prefix(name).is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".spool"))
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(of_database).collect();
    files.sort();
    files
}

fn make_private(folder: &Path) -> Result<(), Failure> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        Failure::usage(format!("cannot make the directory {}: {error}", folder.display()))
            .help("Set state to a directory that may be written: what a database that is away misses is kept there.")
    })
}

fn not_opened(error: SpoolError) -> Failure {
    Failure::usage(error).help("It holds what was written while the database was away: keep it, and say what is wrong.")
}

fn remove(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::warn!(%error, file = %file.display(), "an empty spool cannot be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{AccountId, Timestamp};
    use plimsoll_ports::SavedDesk;

    #[tokio::test]
    async fn a_desk_that_was_saved_while_the_database_was_away_is_in_it_once_it_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let (state, database) = (folder.path().join("state"), Database::Sqlite(folder.path().join("records.db")));
        let desk = |micros| SavedDesk { state: "{}".to_owned(), saved_at: Timestamp::from_micros(micros) };
        let records = Records::open_for_trading(&database, &state).await.unwrap();
        assert_eq!(records.desks.desk("main").await, Ok(None));
        records.desks.save_desk("main", &desk(1)).await.unwrap();
        assert_eq!(records.spool.as_ref().unwrap().status().pending, 0);
        let Store::Sqlite(store) = &records.store else { panic!("a file") };
        store.close().await;
        records.desks.save_desk("main", &desk(2)).await.unwrap();
        assert_eq!(records.desks.desk("main").await, Ok(Some(desk(2))));
        assert_eq!(records.spool.as_ref().unwrap().status().pending, 1);
        drop(records);
        let records = Records::open_for_trading(&database, &state).await.unwrap();
        assert_eq!((&records.away, records.desks.desk("main").await), (&None, Ok(Some(desk(2)))));
        assert!(left_by_others(&database, &state).is_empty());
        records.close().await;
    }

    #[tokio::test]
    async fn a_directory_that_is_not_there_is_made_below_the_state_and_away_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (state, typo) = (folder.path().join("state"), folder.path().join("recrods"));
        let elsewhere = Database::Sqlite(typo.join("plimsoll.db"));
        let records = Records::open_for_trading(&elsewhere, &state).await.unwrap();
        let why = records.away.clone().unwrap();
        assert!(why.starts_with(&format!("there is no directory {}", typo.display())), "{why}");
        assert!(records.controls.kill_switch(&AccountId::new("main")).await.is_err(), "nothing is opened");
        records.close().await;
        assert!(!typo.exists(), "it was made");
        let below = Database::Sqlite(state.join("records/plimsoll.db"));
        let records = Records::open_for_trading(&below, &state).await.unwrap();
        assert_eq!(records.away, None);
        records.close().await;
        Records::open(&elsewhere).await.unwrap().close().await;
        assert!(typo.exists(), "`db migrate` makes it");
    }

    #[tokio::test]
    async fn what_an_earlier_process_left_and_cannot_be_read_keeps_nobody_from_getting_out() {
        let folder = tempfile::tempdir().unwrap();
        let (state, database) = (folder.path().join("state"), Database::Sqlite(folder.path().join("records.db")));
        Records::open(&database).await.unwrap().close().await;
        let records = Records::open_for_trading(&database, &state).await.unwrap();
        assert_eq!(records.away, None);
        records.close().await;
        let left = state.join("spool").join(format!("{}.1.spool", name_of(&database)));
        std::fs::write(&left, "no line of ours\nnor of theirs\n").unwrap();
        let records = Records::open_for_trading(&database, &state).await.unwrap();
        let why = records.away.clone().unwrap();
        assert!(why.contains("1.spool"), "{why}");
        assert!(records.controls.kill_switch(&AccountId::new("main")).await.is_err(), "nothing is opened");
        records.close().await;
        assert_eq!(std::fs::read_to_string(&left).unwrap(), "no line of ours\nnor of theirs\n", "it is kept");
    }
}
