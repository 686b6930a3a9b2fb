//! Downloads that can be taken up again: which page to ask for next, and what is kept of its answer.

use crate::fault::RowError;
use crate::open::OpenError;
use crate::row::Row;
use crate::span::{Span, month};
use crate::store::month::{MonthFile, missing};
use crate::store::{Series, Store};
use crate::write::WriteError;
use plimsoll_domain::Timestamp;
use std::collections::VecDeque;
use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::time::Duration;

/// What is younger is not asked for: a venue takes a moment to publish what has just closed.
const SETTLING: Duration = Duration::from_secs(60);

/// A download under way. It does not ask by itself: ask for [`next_page`](Self::next_page), then
/// [`keep`](Self::keep) the answer. Each page is in its file before the next is asked for, so a download that was killed goes on
/// where it was.
///
/// ```
/// use plimsoll_domain::{Price, Timestamp, VenueId};
/// use plimsoll_history::{CandleRow, Download, Series, SeriesKind, Span, Store};
/// use std::time::Duration;
///
/// let folder = tempfile::tempdir()?;
/// let store = Store::new(folder.path());
/// let minute = Duration::from_secs(60);
/// let series =
///     Series { venue: VenueId::new("binance"), symbol: "BTC/USDT:USDT".parse()?, of: SeriesKind::Candles(minute) };
/// let span = Span { from: Timestamp::from_millis(0), to: Timestamp::from_millis(600_000) };
/// let now = Timestamp::from_millis(3_600_000);
///
/// let mut download = Download::<CandleRow>::begin(&store, &series, span, now, 4)?;
/// let mut asked = 0;
/// while let Some(page) = download.next_page() {
///     let one: Price = "1".parse()?;
///     let row = CandleRow { time: page.from, open: one, high: one, low: one, close: one, volume: 0.into() };
///     download.keep(page, vec![row])?;
///     asked += 1;
/// }
/// assert_eq!(asked, 3);
/// drop(download);
/// assert_eq!(Download::<CandleRow>::begin(&store, &series, span, now, 4)?.next_page(), None);
/// assert_eq!(store.rows::<CandleRow>(&series, None)?.count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Download<R> {
    folder: PathBuf,
    pages: VecDeque<Span>,
    all: usize,
    open: Option<(Timestamp, MonthFile<R>)>,
    /// Held until this is dropped.
    _lock: File,
}

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// How many rows were new.
    pub new: u64,
    /// How many were there already.
    pub known: u64,
}

impl<R: Row> Download<R> {
    /// Plans a download: the pages of at most `rows` rows that the store has not got of this span, oldest first. What has not closed
    /// by `now` is not asked for.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read, or another process downloads this series.
    pub fn begin(store: &Store, series: &Series, span: Span, now: Timestamp, rows: u32) -> Result<Self, StoreError> {
        let folder = store.folder(series);
        std::fs::create_dir_all(&folder).map_err(|error| StoreError::Io { path: folder.clone(), error })?;
        let lock = lock(&folder)?;
        let interval = series.of.interval();
        let span = Span { to: span.to.min(closed(now, interval)), ..span };
        let mut pages = VecDeque::new();
        let mut from = span.from;
        while from < span.to {
            let month = month(from);
            for missing in missing(&folder, month, span)? {
                pages.extend(missing.pages(interval * rows.max(1)));
            }
            from = month.to;
        }
        let all = pages.len();
        Ok(Self { folder, pages, all, open: None, _lock: lock })
    }

    /// What to ask for next; `None` when everything is there.
    #[must_use]
    pub fn next_page(&self) -> Option<Span> {
        self.pages.front().copied()
    }

    /// How many pages were kept, and how many there are in all.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.all.saturating_sub(self.pages.len()), self.all)
    }

    /// Keeps the answer to a page, safe on the disk: all of it or nothing. An empty one says that there is nothing, and is not asked for
    /// again.
    ///
    /// # Errors
    /// [`StoreError`] if the answer is not one to this page, says otherwise than what is there, or cannot be written. Nothing is
    /// kept then, and the page may be asked for again.
    pub fn keep(&mut self, page: Span, rows: Vec<R>) -> Result<Kept, StoreError> {
        if let Some(row) = rows.iter().find(|row| !page.holds(row.time())) {
            return Err(StoreError::Astray { page, time: row.time() });
        }
        let begin = month(page.from).from;
        let mut file = match self.open.take() {
            Some((open, file)) if open == begin => file,
            _ => MonthFile::load(&self.folder, begin)?,
        };
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let new = file.add(page, rows)?;
        file.save()?;
        self.open = Some((begin, file));
        self.pages.retain(|planned| *planned != page);
        Ok(Kept { new, known: count.saturating_sub(new) })
    }

    /// Asks for every page that is missing, one after the other.
    ///
    /// # Errors
    /// What `ask` says, or [`StoreError`]; what was kept until then stays.
    pub fn run<E: From<StoreError>>(&mut self, mut ask: impl FnMut(Span) -> Result<Vec<R>, E>) -> Result<u64, E> {
        let mut new = 0;
        while let Some(page) = self.next_page() {
            new += self.keep(page, ask(page)?)?.new;
        }
        Ok(new)
    }
}

/// The end of the last interval that has closed and settled by now.
fn closed(now: Timestamp, interval: Duration) -> Timestamp {
    let settled = now.minus(SETTLING).as_micros();
    let length = i64::try_from(interval.as_micros()).unwrap_or(i64::MAX).max(1);
    Timestamp::from_micros(settled - settled.rem_euclid(length))
}

fn lock(folder: &std::path::Path) -> Result<File, StoreError> {
    let path = folder.join(".lock");
    let lock = File::create(&path).map_err(|error| StoreError::Io { path: path.clone(), error })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(StoreError::Io { path, error }),
    }
}

/// Why the store cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system says no.
    #[error("{}: {error}", path.display())]
    Io {
        /// What it is about.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// Another download writes there.
    #[error("another process downloads into {}", .0.display())]
    Busy(PathBuf),
    /// A file of it cannot be opened.
    #[error("{0}; move it away, and it is downloaded again")]
    Open(#[from] OpenError),
    /// A file of it cannot be read.
    #[error("{0}; move it away, and it is downloaded again")]
    Row(#[from] RowError),
    /// A file of it cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// An answer holds what was not asked for.
    #[error("asked for {} to {}, and got a row of {time}", page.from, page.to)]
    Astray {
        /// What was asked for.
        page: Span,
        /// What came.
        time: Timestamp,
    },
    /// An answer says something else than what is there, or than itself.
    #[error("{}: two rows of {time} that say different things; move the file away, and it is downloaded again", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// The time of both.
        time: Timestamp,
    },
}
