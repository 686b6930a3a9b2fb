//! What PostgreSQL's complaints mean to those who keep records in it.

use plimsoll_ports::StoreError;
use sqlx::error::{DatabaseError, ErrorKind};

/// Why a database was not opened. No password is ever part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// What was given is no `postgres://user@host:port/database`.
    #[error("not the address of a PostgreSQL database: {0}")]
    Address(String),
    /// It cannot be reached, or it is damaged.
    #[error("{database}: {error}")]
    Store {
        /// The database, without its password.
        database: String,
        /// What is wrong with it.
        error: StoreError,
    },
    /// A newer program has made or migrated it. Nothing of it was changed.
    #[error(
        "{database}: the database is of version {found}, this program knows versions up to {known}: use the newer program"
    )]
    TooNew {
        /// The database, without its password.
        database: String,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// It claims a version that this program knows, but was made by other statements.
    #[error("{database}: version {version} of the database was made by another program than this one")]
    Altered {
        /// The database, without its password.
        database: String,
        /// The version whose statements differ.
        version: i64,
    },
}

/// Who is to be told what.
pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(complaint) => {
            let what = complaint.message().to_owned();
            match complaint.kind() {
                ErrorKind::UniqueViolation | ErrorKind::CheckViolation | ErrorKind::NotNullViolation => {
                    StoreError::Conflict(what)
                }
                ErrorKind::ForeignKeyViolation => StoreError::NotFound(what),
                _ => by_code(complaint.as_ref(), what),
            }
        }
        sqlx::Error::Encode(what) => StoreError::Conflict(what.to_string()),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => {
            StoreError::Corrupt(error.to_string())
        }
        sqlx::Error::PoolTimedOut => StoreError::Unreachable("no connection within the time that one may take".into()),
        _ => StoreError::Unreachable(error.to_string()),
    }
}

/// By the first two characters of the code, its class: see PostgreSQL's appendix A.
fn by_code(complaint: &dyn DatabaseError, what: String) -> StoreError {
    let code = complaint.code().unwrap_or_default();
    match code.get(..2) {
        // Records that contradict others, and such as are beyond what a column holds. A transaction that was made to give
        // way (40) is none of them: it may be tried again.
        Some("22" | "23" | "54") => StoreError::Conflict(what),
        // Tables, columns and rights that should be there, and damaged pages.
        Some("0A" | "42" | "XX") => StoreError::Corrupt(format!("{what} ({code})")),
        _ => StoreError::Unreachable(what),
    }
}

/// Whether the server itself refused: nothing was written, whatever came before.
pub(crate) fn is_refusal(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| !matches!(code.get(..2), Some("08" | "57" | "58" | "XX")))
}
