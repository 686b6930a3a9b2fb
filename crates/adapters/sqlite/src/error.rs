//! What SQLite's complaints mean to those who keep records in it.

use plimsoll_ports::StoreError;
use sqlx::error::{DatabaseError, ErrorKind};

/// SQLite's primary result codes: locked by another process, damaged, and no database at all.
const BUSY: i32 = 5;
const CORRUPT: i32 = 11;
const NOT_A_DATABASE: i32 = 26;

/// Why a database was not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It cannot be reached, or it is damaged.
    #[error("{path}: {error}")]
    Store {
        /// The file.
        path: String,
        /// What is wrong with it.
        error: StoreError,
    },
    /// A newer program has made or migrated it. Nothing of it was changed.
    #[error(
        "{path}: the database is of version {found}, this program knows versions up to {known}: use the newer program"
    )]
    TooNew {
        /// The file.
        path: String,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// It claims a version that this program knows, but was made by other statements.
    #[error("{path}: version {version} of the database was made by another program than this one")]
    Altered {
        /// The file.
        path: String,
        /// The version whose statements differ.
        version: i64,
    },
}

/// Who is to be told what.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(complaint) => match complaint.kind() {
            ErrorKind::UniqueViolation | ErrorKind::CheckViolation | ErrorKind::NotNullViolation => {
                StoreError::Conflict(complaint.message().to_owned())
            }
            ErrorKind::ForeignKeyViolation => StoreError::NotFound(complaint.message().to_owned()),
            _ if is_damage(complaint.as_ref()) => StoreError::Corrupt(complaint.message().to_owned()),
            _ => StoreError::Unreachable(complaint.message().to_owned()),
        },
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => {
            StoreError::Corrupt(error.to_string())
        }
        _ => StoreError::Unreachable(error.to_string()),
    }
}

/// Whether another process had the file to itself.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(primary_code) == Some(BUSY)
}

fn is_damage(complaint: &dyn DatabaseError) -> bool {
    matches!(primary_code(complaint), Some(CORRUPT | NOT_A_DATABASE))
}

/// The result code without what an extended one adds to it.
fn primary_code(complaint: &dyn DatabaseError) -> Option<i32> {
    Some(complaint.code()?.parse::<i32>().ok()? & 0xff)
}
