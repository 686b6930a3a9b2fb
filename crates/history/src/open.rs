//! Which kind of file this is, and why one cannot be opened.

use crate::column::{Column, Misnamed, places};
use crate::row::{CandleRow, FundingRow, Kind, MarkRow, QuoteRow, Row};
use crate::rows::Rows;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text with a header.
    Csv,
    /// Columns in groups of rows.
    Parquet,
}

impl Format {
    /// The format that the ending of this name stands for: `.parquet` and `.pq`, `.csv`, `.tsv` and `.txt`.
    #[must_use]
    pub fn of_name(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "parquet" | "pq" => Some(Self::Parquet),
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The format of a file that begins so; what is in it counts more than its name.
    pub(crate) fn of(file: &Arc<str>, head: &[u8]) -> Result<Self, OpenError> {
        let packed = |with| Err(OpenError::Packed { file: file.clone(), with });
        match head {
            [] => Err(OpenError::Empty { file: file.clone() }),
            [b'P', b'A', b'R', b'1', ..] => Ok(Self::Parquet),
            [0x1f, 0x8b, ..] => packed("gzip"),
            [b'P', b'K', 3, 4, ..] => packed("zip"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => packed("zstd"),
            [0xfd, b'7', b'z', b'X', b'Z', ..] => packed("xz"),
            _ if Self::of_name(Path::new(&**file)) == Some(Self::Parquet) => {
                let reason = "it does not begin with PAR1".to_owned();
                Err(OpenError::NotParquet { file: file.clone(), reason })
            }
            _ => Ok(Self::Csv),
        }
    }
}

/// Why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is not there, or may not be read.
    #[error("{file}: {error}")]
    Io {
        /// The file.
        file: Arc<str>,
        /// What the system says.
        error: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{file} is empty")]
    Empty {
        /// The file.
        file: Arc<str>,
    },
    /// It is compressed as a whole.
    #[error("{file} is packed with {with}: unpack it first")]
    Packed {
        /// The file.
        file: Arc<str>,
        /// The packer.
        with: &'static str,
    },
    /// Its name says Parquet, or it begins so, but it is none, or was cut off.
    #[error("{file} is not a whole Parquet file: {reason}")]
    NotParquet {
        /// The file.
        file: Arc<str>,
        /// What is wrong.
        reason: String,
    },
    /// The first line of a CSV file is a row already.
    #[error(
        "{file} has no header: which column is which cannot be known; put a first line before it such as \
         'time,open,high,low,close,volume'"
    )]
    NoHeader {
        /// The file.
        file: Arc<str>,
    },
    /// A column is not there.
    #[error("{file} has no column '{column}', nor any name that stands for it, so it holds no {kind}; it has {found}")]
    NoColumn {
        /// The file.
        file: Arc<str>,
        /// What was looked for.
        kind: Kind,
        /// What is missing.
        column: &'static str,
        /// The columns that there are.
        found: String,
    },
    /// Two columns have one name.
    #[error("{file} has two columns '{column}': name one of them otherwise")]
    TwoColumns {
        /// The file.
        file: Arc<str>,
        /// What is there twice.
        column: &'static str,
    },
    /// A column of a Parquet file is of a type that cannot be what it should.
    #[error("{file}: the column '{column}' is of the type {found}, which is no {wanted}")]
    ColumnType {
        /// The file.
        file: Arc<str>,
        /// The column.
        column: &'static str,
        /// Its type.
        found: String,
        /// What it should be.
        wanted: &'static str,
    },
}

impl OpenError {
    pub(crate) fn io(file: &Arc<str>, error: std::io::Error) -> Self {
        Self::Io { file: file.clone(), error }
    }

    pub(crate) fn not_parquet(file: &Arc<str>, reason: &impl ToString) -> Self {
        Self::NotParquet { file: file.clone(), reason: reason.to_string() }
    }
}

/// Where the columns of a kind of row are among these names.
pub(crate) fn columns(
    file: &Arc<str>,
    kind: Kind,
    columns: &[Column],
    names: &[&str],
) -> Result<Vec<Option<usize>>, OpenError> {
    places(columns, names).map_err(|misnamed| match misnamed {
        Misnamed::Missing(column) => {
            let found = names.join(", ").chars().take(200).collect();
            OpenError::NoColumn { file: file.clone(), kind, column, found }
        }
        Misnamed::Twice(column) => OpenError::TwoColumns { file: file.clone(), column },
    })
}

/// What kind of file this is, by its columns: candles have prices and a volume, mark prices have no volume.
///
/// # Errors
/// [`OpenError`] if it cannot be opened, or is a file of nothing known here.
pub fn kind_of(path: impl AsRef<Path>) -> Result<Kind, OpenError> {
    fn is<R: Row>(path: &Path) -> Result<Option<Kind>, OpenError> {
        match Rows::<R>::open(path) {
            Ok(_) => Ok(Some(R::KIND)),
            Err(OpenError::NoColumn { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
    let path = path.as_ref();
    for is in [is::<CandleRow>, is::<QuoteRow>, is::<FundingRow>, is::<MarkRow>] {
        if let Some(kind) = is(path)? {
            return Ok(kind);
        }
    }
    // None of them: what is missing for candles says most.
    Rows::<CandleRow>::open(path).map(|_| Kind::Candles)
}
