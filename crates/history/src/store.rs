//! Downloaded markets in a directory: `<dir>/<venue>/<symbol>/<series>/<year>-<month>.parquet`.

mod download;
mod month;
mod series;

pub use download::{Download, Kept, StoreError};
pub use series::SeriesRows;

use crate::open::OpenError;
use crate::row::Row;
use crate::span::{Span, interval_word, read_interval};
use plimsoll_domain::{Symbol, VenueId};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A directory of downloaded markets.
///
/// The candles of a minute of BTC/USDT:USDT at Binance in January 2024 are in `binance/BTC-USDT-USDT/1m/2024-01.parquet`,
/// its mark prices in `mark-1m`, its funding in `funding`. A file is replaced whole with every page that is added, and says in
/// its footer which stretches of time were asked for, so that what a venue has not got is not asked for twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

/// What a folder of the store holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// Whose market it is.
    pub venue: VenueId,
    /// The contract.
    pub symbol: Symbol,
    /// What of it.
    pub of: SeriesKind,
}

/// What of a contract is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SeriesKind {
    /// Candles of this interval.
    Candles(Duration),
    /// Candles of the mark price.
    Marks(Duration),
    /// Settled funding.
    Funding,
}

/// The word for its folder: `1m`, `mark-1m`, `funding`.
impl fmt::Display for SeriesKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Candles(interval) => f.pad(&interval_word(*interval)),
            Self::Marks(interval) => write!(f, "mark-{}", interval_word(*interval)),
            Self::Funding => f.pad("funding"),
        }
    }
}

impl SeriesKind {
    fn of_word(word: &str) -> Option<Self> {
        match word.strip_prefix("mark-") {
            Some(interval) => read_interval(interval).map(Self::Marks),
            None if word == "funding" => Some(Self::Funding),
            None => read_interval(word).map(Self::Candles),
        }
    }

    /// The time from one row to the next; funding comes at the venue's discretion, every hour at the most.
    #[must_use]
    pub const fn interval(self) -> Duration {
        match self {
            Self::Candles(interval) | Self::Marks(interval) => interval,
            Self::Funding => Duration::from_secs(3600),
        }
    }
}

impl Store {
    /// The store in this directory, which need not be there yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where the files of a series are.
    #[must_use]
    pub fn folder(&self, series: &Series) -> PathBuf {
        let symbol = series.symbol.as_str().replace(['/', ':'], "-");
        self.folder.join(plain(series.venue.as_str())).join(plain(&symbol)).join(series.of.to_string())
    }

    /// What there is, in order; nothing if there is no such directory.
    #[must_use]
    pub fn list(&self) -> Vec<Series> {
        let mut found = Vec::new();
        for (venue, folder) in folders(&self.folder) {
            for (symbol, folder) in folders(&folder) {
                let mut parts = symbol.rsplitn(3, '-');
                let (settle, quote, base) = (parts.next(), parts.next(), parts.next());
                let (Some(settle), Some(quote), Some(base)) = (settle, quote, base) else { continue };
                let Ok(symbol) = Symbol::new(base, quote, settle) else { continue };
                for of in folders(&folder).iter().filter_map(|(word, _)| SeriesKind::of_word(word)) {
                    found.push(Series { venue: VenueId::new(venue.as_str()), symbol: symbol.clone(), of });
                }
            }
        }
        found.sort();
        found
    }

    /// The rows of a series as one stream over its files, in order; with a span, those in it.
    ///
    /// # Errors
    /// [`OpenError`] if there is no such series, or its directory cannot be read.
    pub fn rows<R: Row>(&self, series: &Series, span: Option<Span>) -> Result<SeriesRows<R>, OpenError> {
        SeriesRows::open(&self.folder(series), span)
    }
}

/// The folders in a folder, by name.
fn folders(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let folders = entries.flatten().filter(|entry| entry.path().is_dir());
    folders.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path()))).collect()
}

/// A name that cannot lead out of its folder.
fn plain(name: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect()
}
