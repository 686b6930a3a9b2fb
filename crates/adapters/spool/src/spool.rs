//! The spool: in front of a store, through to it while it answers.

mod composed;
mod desks;
mod journal;
mod ports;

use crate::file::{SpoolError, SpoolFile};
use crate::store::Store;
use crate::write::Write;
use plimsoll_ports::{PositionId, StoreError};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How many writes one call takes over from the spool at most, so that nobody waits for a long one.
const A_FEW: usize = 64;

/// How patient a [`Spool`] is with store and disk. These are the machine's seconds, not the market's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolSettings {
    /// A store that has not answered for so long is away.
    pub answer_within: Duration,
    /// A store that was away is left in peace for so long.
    pub retry_after: Duration,
    /// A disk that has not taken a line for so long has not taken it.
    pub disk_within: Duration,
}

impl Default for SpoolSettings {
    /// Two seconds for the store, one before the next try, one for the disk.
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(2),
            retry_after: Duration::from_secs(1),
            disk_within: Duration::from_secs(1),
        }
    }
}

/// How a [`Spool`] stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpoolStatus {
    /// Writes that wait for the store; none while it answers.
    pub pending: usize,
    /// Writes that the store has refused on replay: kept in the file beside the spool.
    pub refused: usize,
    /// Why the store was away when it last was.
    pub away: Option<String>,
    /// Why the spool itself could not be written when it last could not.
    pub unwritable: Option<String>,
}

/// A store with a local write-ahead spool in front of it; clones are the same spool.
#[derive(Clone)]
pub struct Spool {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    path: PathBuf,
    settings: SpoolSettings,
    /// Something waits: whatever is written goes behind it.
    spooling: AtomicBool,
    /// File and queue. Locked by blocking threads while the disk works: others only try.
    disk: Mutex<Disk>,
    /// Whoever holds it takes writes over to the store.
    draining: tokio::sync::Mutex<()>,
    notes: Mutex<Notes>,
}

/// What waits, on disk and in memory. The file may hold besides what is done or outdated.
#[derive(Debug)]
struct Disk {
    file: SpoolFile,
    pending: VecDeque<Write>,
}

#[derive(Debug, Default)]
struct Notes {
    status: SpoolStatus,
    /// When the store was last found to be away.
    tried: Option<Instant>,
    /// The store's numbers of positions that were opened under numbers of our own.
    numbers: HashMap<i64, PositionId>,
    /// The last number of our own; they are negative, the store's are not.
    last_number: i64,
}

impl Spool {
    /// A spool in this file, in front of this store. What the file holds from before flows into the store first.
    ///
    /// # Errors
    /// [`SpoolError`] if the file cannot be opened, or is damaged before its last line.
    pub fn open(path: impl AsRef<Path>, store: Arc<dyn Store>, settings: SpoolSettings) -> Result<Self, SpoolError> {
        let path = path.as_ref().to_owned();
        let (file, writes) = SpoolFile::open(&path)?;
        let last_number = writes.iter().filter_map(number_of).min().unwrap_or(0);
        let mut disk = Disk { file, pending: VecDeque::new() };
        writes.into_iter().for_each(|write| disk.queue(write));
        let notes = Notes {
            status: SpoolStatus { pending: disk.pending.len(), ..SpoolStatus::default() },
            last_number,
            ..Notes::default()
        };
        let spooling = AtomicBool::new(!disk.pending.is_empty());
        let (disk, draining, notes) = (Mutex::new(disk), tokio::sync::Mutex::new(()), Mutex::new(notes));
        Ok(Self { shared: Arc::new(Shared { store, path, settings, spooling, disk, draining, notes }) })
    }

    /// Its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> SpoolStatus {
        self.notes().status.clone()
    }

    /// Takes everything that waits over to the store; answers how many writes that were.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] if the store went away in the middle: what is left waits on.
    pub async fn drain(&self) -> Result<usize, StoreError> {
        let mut drained = 0;
        while self.is_spooling() {
            drained += self.drain_some(usize::MAX).await?;
        }
        Ok(drained)
    }

    fn is_spooling(&self) -> bool {
        self.shared.spooling.load(Ordering::SeqCst)
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.shared.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing waits any more: the store may be used as if there were no spool.
    async fn is_through(&self) -> bool {
        if !self.is_spooling() {
            return true;
        }
        let is_due = self.notes().tried.is_none_or(|tried| tried.elapsed() >= self.shared.settings.retry_after);
        is_due && self.drain_some(A_FEW).await.is_ok() && !self.is_spooling()
    }

    /// Takes up to so many writes over to the store, oldest first.
    async fn drain_some(&self, most: usize) -> Result<usize, StoreError> {
        let _draining = self.shared.draining.lock().await;
        let mut drained = 0;
        while drained < most {
            let Some(write) = self.front().await else {
                self.forget_if_empty().await;
                break;
            };
            match self.replay(&write).await {
                Ok(()) => {}
                Err(StoreError::Unreachable(why)) => return Err(self.found_away(why)),
                Err(refused) => self.keep_aside(write.clone(), refused).await,
            }
            self.pop(write).await;
            drained += 1;
        }
        Ok(drained)
    }

    /// A write of the ports: to the store if it is there, else to the file, with this as its answer.
    async fn write<T>(
        &self,
        write: impl FnOnce() -> Write,
        through: impl Future<Output = Result<T, StoreError>>,
        spooled: T,
    ) -> Result<T, StoreError> {
        if self.is_through().await {
            match self.reach(through).await {
                Err(StoreError::Unreachable(_)) => {}
                answer => return answer,
            }
        }
        self.append(write()).await.map(|()| spooled)
    }

    /// A write that nobody may believe to be made while it is not.
    async fn write_through<T>(&self, through: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.is_worth_asking()?;
        if self.is_through().await {
            return self.reach(through).await;
        }
        let why = self.notes().status.away.clone().unwrap_or_else(|| "what was spooled comes first".to_owned());
        Err(StoreError::Unreachable(why))
    }

    /// A read: what waits is taken over first, since a store that lacks it answers with what is not so.
    async fn read<T>(&self, ask: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        self.is_worth_asking()?;
        let begun = Instant::now();
        while self.is_spooling() {
            if begun.elapsed() >= self.shared.settings.answer_within {
                return Err(StoreError::Unreachable("what was spooled comes first".to_owned()));
            }
            self.drain_some(A_FEW).await?;
        }
        self.reach(ask).await
    }

    /// A store that has just been away is not asked again at once: whoever asks has an answer at once.
    fn is_worth_asking(&self) -> Result<(), StoreError> {
        let notes = self.notes();
        match notes.tried {
            Some(tried) if tried.elapsed() < self.shared.settings.retry_after => {
                Err(StoreError::Unreachable(notes.status.away.clone().unwrap_or_default()))
            }
            _ => Ok(()),
        }
    }

    /// Asks the store, and waits for its answer as long as is reasonable.
    pub(crate) async fn reach<T>(&self, ask: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let within = self.shared.settings.answer_within;
        let answer = timeout(within, ask).await;
        match answer.unwrap_or_else(|_| Err(StoreError::Unreachable(format!("no answer within {within:?}")))) {
            Err(StoreError::Unreachable(why)) => Err(self.found_away(why)),
            answer => {
                self.notes().tried = None;
                answer
            }
        }
    }

    fn found_away(&self, why: String) -> StoreError {
        let mut notes = self.notes();
        notes.tried = Some(Instant::now());
        notes.status.away = Some(why.clone());
        StoreError::Unreachable(why)
    }

    /// Appends to the file, on a thread that may wait for the disk.
    async fn append(&self, write: Write) -> Result<(), StoreError> {
        let outcome = self
            .on_disk(move |shared, disk| {
                disk.file.append(&write)?;
                disk.queue(write);
                shared.spooling.store(true, Ordering::SeqCst);
                // What was appended is on the disk, slim or not.
                if let Err(error) = disk.file.slim() {
                    tracing::warn!(%error, "the spool cannot be written anew without what is outdated: it stays as long as it is");
                }
                Ok(disk.pending.len())
            })
            .await;
        let mut notes = self.notes();
        match outcome {
            Ok(pending) => {
                notes.status.pending = pending;
                notes.status.unwritable = None;
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, path = %self.shared.path.display(), "neither store nor spool can be written");
                let away = notes.status.away.clone().unwrap_or_default();
                notes.status.unwritable = Some(error.clone());
                Err(StoreError::Unreachable(format!("{away}; and the spool cannot be written: {error}")))
            }
        }
    }

    /// Does something with file and queue, on a thread that may wait for the disk; gives up waiting in time.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared, &mut Disk) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, String> {
        let shared = Arc::clone(&self.shared);
        let working = tokio::task::spawn_blocking(move || {
            let mut disk = shared.disk.lock().unwrap_or_else(PoisonError::into_inner);
            work(&shared, &mut disk)
        });
        match timeout(self.shared.settings.disk_within, working).await {
            Ok(Ok(outcome)) => outcome.map_err(|error| error.to_string()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the disk does not answer".to_owned()),
        }
    }

    async fn front(&self) -> Option<Write> {
        self.on_disk(|_, disk| Ok(disk.pending.front().cloned())).await.ok().flatten()
    }

    /// Removes a write that was replayed. Nobody may wait any more when the disk comes to it: only if it still is the first.
    async fn pop(&self, write: Write) {
        let left = self
            .on_disk(move |_, disk| {
                if disk.pending.front() == Some(&write) {
                    disk.pending.pop_front();
                }
                Ok(disk.pending.len())
            })
            .await;
        if let Ok(left) = left {
            self.notes().status.pending = left;
        }
    }

    /// The store has everything: the file is emptied, and nothing goes through it any more.
    async fn forget_if_empty(&self) {
        let outcome = self
            .on_disk(|shared, disk| {
                if disk.pending.is_empty() {
                    // What stays in a file that cannot be emptied is replayed by the next process, without harm.
                    let emptied = disk.file.empty();
                    shared.spooling.store(false, Ordering::SeqCst);
                    emptied?;
                }
                Ok(disk.pending.is_empty())
            })
            .await;
        match outcome {
            Ok(true) => {
                let mut notes = self.notes();
                notes.status.away = None;
                notes.tried = None;
            }
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the spool cannot be emptied: the next process replays it"),
        }
    }

    /// What the store refuses is kept in a file beside the spool, for a person.
    async fn keep_aside(&self, write: Write, refused: StoreError) {
        tracing::error!(?write, %refused, "the store refuses what was spooled: kept aside");
        let (path, line) = (self.shared.path.with_extension("refused"), write.to_line());
        let kept = self
            .on_disk(move |_, _| {
                use std::io::Write as _;
                let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
                writeln!(file, "{line}\t# {refused}")
            })
            .await;
        if let Err(error) = kept {
            tracing::error!(%error, "what the store refuses cannot be kept aside");
        }
        self.notes().status.refused += 1;
    }
}

/// The number of our own that a write gives.
fn number_of(write: &Write) -> Option<i64> {
    match write {
        Write::Open { number: PositionId(number), .. } => Some(*number),
        _ => None,
    }
}

impl fmt::Debug for Spool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool").field("path", &self.shared.path).field("status", &self.status()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{AccountId, Timestamp};
    use plimsoll_ports::{ControlRepository, KillSwitchRecord};
    use plimsoll_sqlite::SqliteStore;

    #[tokio::test]
    async fn only_the_write_that_was_replayed_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::in_memory().await.unwrap();
        let spool = Spool::open(directory.path().join("spool"), Arc::new(store), SpoolSettings::default()).unwrap();
        let write = |reason: &str| Write::KillSwitch {
            account: AccountId::new("main"),
            record: KillSwitchRecord { engaged: true, reason: reason.to_owned(), by: "limits".to_owned(), since: None },
        };
        spool.append(write("first")).await.unwrap();
        spool.append(write("second")).await.unwrap();
        // The second time is that of a disk which came to it after its caller had given up waiting, and tried again.
        for _ in 0..2 {
            spool.pop(write("first")).await;
            assert_eq!(spool.front().await, Some(write("second")));
        }
    }

    #[tokio::test]
    async fn a_disk_that_takes_nothing_is_told_and_hides_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spool");
        let store = SqliteStore::in_memory().await.unwrap();
        let settings = SpoolSettings { retry_after: Duration::ZERO, ..SpoolSettings::default() };
        let spool = Spool::open(&path, Arc::new(store.clone()), settings).unwrap();
        spool.shared.disk.lock().unwrap().file = SpoolFile::read_only(&path);
        let account = AccountId::new("main");
        let engaged = KillSwitchRecord {
            engaged: true,
            reason: "loss".to_owned(),
            by: "limits".to_owned(),
            since: Some(Timestamp::from_millis(1)),
        };
        spool.set_kill_switch(&account, &engaged).await.unwrap();
        assert_eq!(spool.status(), SpoolStatus::default(), "the store has it");
        store.close().await;
        let again = KillSwitchRecord { reason: "again".to_owned(), ..engaged };
        let outcome = spool.set_kill_switch(&account, &again).await;
        assert!(matches!(&outcome, Err(StoreError::Unreachable(why)) if why.contains("the spool cannot be written")));
        let status = spool.status();
        assert!(status.unwritable.is_some() && status.pending == 0, "{status:?}");
    }
}
