//! The versions of a schema.

use super::Finding;
use crate::config::Database;
use serde::Serialize;

/// A version by its name.
#[derive(Debug, Serialize)]
pub(super) struct Version {
    pub(super) version: i64,
    pub(super) name: &'static str,
}

/// Every version of this kind of database, oldest first.
pub(super) fn versions(database: &Database) -> Vec<Version> {
    let version = |(version, name)| Version { version, name };
    match database {
        Database::Sqlite(_) => plimsoll_sqlite::versions().map(version).collect(),
        Database::Postgres(_) => plimsoll_postgres::versions().map(version).collect(),
    }
}

/// What is wrong with a version, if anything is.
pub(super) fn finding(database: &Database, version: i64, known: i64) -> Option<Finding> {
    if version < known {
        let what = format!("the schema is of version {version}, this program needs {known}");
        return Some(Finding { what, remedy: format!("plimsoll db migrate --database {database}") });
    }
    (version > known).then(|| Finding {
        what: format!("the schema is of version {version}, this program knows versions up to {known}"),
        remedy: "use the newer program".to_owned(),
    })
}
