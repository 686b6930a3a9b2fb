//! Where the records are.

use super::problem::{Origin, Problem};
use super::reader::{Reader, Section};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where the records are.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, by its URL, which may hold a password.
    Postgres(SecretString),
}

impl Database {
    /// Reads a URL, or a path, which is one of SQLite.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(SecretString::from(text)));
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        match path {
            "" => Err("a database is a file, sqlite:FILE, or postgres://user@host/name".to_owned()),
            path if path.contains("://") => {
                Err(format!("'{}' is neither sqlite nor postgres", path.split("://").next().unwrap_or_default()))
            }
            path => Ok(Self::Sqlite(PathBuf::from(path))),
        }
    }

    fn has_password(&self) -> bool {
        matches!(self, Self::Postgres(url) if split(url.expose_secret()).is_some())
    }
}

impl fmt::Display for Database {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => match split(url.expose_secret()) {
                Some((before, after)) => write!(f, "{before}:***@{after}"),
                None => f.write_str(url.expose_secret().split('?').next().unwrap_or_default()),
            },
        }
    }
}

/// `postgres://user` and `host/name` of a URL with a password; what comes after a question mark is left out.
fn split(url: &str) -> Option<(&str, &str)> {
    let start = url.find("://")? + 3;
    let at = url.rfind('@')?;
    let colon = start + url.get(start..at)?.find(':')?;
    Some((url.get(..colon)?, url.get(at + 1..)?.split('?').next()?))
}

pub(super) fn read(root: &mut Section<'_>, reader: &mut Reader<'_>, state: &Path) -> Database {
    let default = Database::Sqlite(state.join("plimsoll.db"));
    let parse = Database::parse;
    let database = root.read(reader, "database", &["DATABASE_URL"], default, parse, ToString::to_string);
    let origin = reader.origin_of("database");
    if database.has_password() && matches!(origin, Origin::File { .. }) {
        let remedy = "take it out of the file, and set DATABASE_URL to the whole URL in the environment";
        reader.wrong(Problem::new(origin, "database", "a password is written in the file", remedy));
    }
    database
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_shown_without_its_password() {
        for (text, shown) in [
            ("records.db", "sqlite:records.db"),
            ("sqlite:/var/records.db", "sqlite:/var/records.db"),
            ("sqlite:///var/records.db", "sqlite:/var/records.db"),
            ("postgres://me:secret@host:5432/name", "postgres://me:***@host:5432/name"),
            ("postgres://me:p@ss@host/name?password=x", "postgres://me:***@host/name"),
            ("postgresql://host/name?password=secret", "postgresql://host/name"),
        ] {
            let database = Database::parse(text).unwrap();
            assert_eq!(database.to_string(), shown);
            assert!(!format!("{database:?}").contains("secret"), "{text}");
        }
        for text in ["", "sqlite:", "mysql://host/name"] {
            assert!(Database::parse(text).is_err(), "{text}");
        }
    }
}
