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
            // Taken for a file, it would be made, and its name, with the password in it, shown.
            path if starts_like_postgres(path) => {
                Err("a PostgreSQL database is written postgres://user@host/name, in small letters and with two \
                     slashes; a SQLite file of such a name ./postgres…"
                    .to_owned())
            }
            "" => Err("a database is a file, sqlite:FILE, or postgres://user@host/name".to_owned()),
            path if path.contains("://") => {
                Err(format!("'{}' is neither sqlite nor postgres", path.split("://").next().unwrap_or_default()))
            }
            path => Ok(Self::Sqlite(PathBuf::from(path))),
        }
    }

    fn has_password(&self) -> bool {
        let has_one = |url: &str| password_parameter(url).is_some() || split(url).is_some();
        matches!(self, Self::Postgres(url) if has_one(url.expose_secret()))
    }
}

impl fmt::Display for Database {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => match split(url.expose_secret()) {
                Some((before, after)) => write!(f, "{before}:***@{after}"),
                None => f.write_str(without_query(url.expose_secret())),
            },
        }
    }
}

fn starts_like_postgres(path: &str) -> bool {
    path.trim_start().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("postgre"))
}

/// Where the query begins that gives the password as a parameter, if one does.
fn password_parameter(url: &str) -> Option<usize> {
    let at = url.to_ascii_lowercase().rfind("password=")?;
    url.get(..at)?.rfind('?')
}

/// Everything before the query.
fn without_query(url: &str) -> &str {
    let before = password_parameter(url).and_then(|query| url.get(..query)).unwrap_or(url);
    before.split('?').next().unwrap_or_default()
}

/// `postgres://user` and `host/name` of a URL with a password before its host; what comes after a question mark is left
/// out. An `@` in a password that is given as a parameter is none before a host.
fn split(url: &str) -> Option<(&str, &str)> {
    let url = password_parameter(url).map_or(Some(url), |query| url.get(..query))?;
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
            ("postgres://host:5432/name?password=a:secret@b", "postgres://host:5432/name"),
            ("postgres://me:p?ss@host/name?sslmode=require&PASSWORD=a@secret", "postgres://me:***@host/name"),
        ] {
            let database = Database::parse(text).unwrap();
            assert_eq!(database.to_string(), shown);
            assert!(!format!("{database:?}").contains("secret"), "{text}");
        }
        for text in ["", "sqlite:", "mysql://host/name"] {
            assert!(Database::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_of_a_server_with_a_slip_in_it_is_no_file() {
        for text in [
            "postgres:/me:hunter2@host/name",
            "Postgres://me:hunter2@host/name",
            "POSTGRESQL:me:hunter2@host",
            "sqlite:postgres:/me:hunter2@host/name",
            " postgre:/me:hunter2@host/name",
        ] {
            let why = Database::parse(text).expect_err("it is no file");
            assert!(why.contains("postgres://user@host/name") && !why.contains("hunter2"), "{text}: {why}");
        }
        assert!(Database::parse("./postgres.db").is_ok());
    }

    #[test]
    fn a_password_may_stand_before_the_host_or_among_the_parameters() {
        for (text, has_one) in [
            ("postgres://me@host/name", false),
            ("postgres://me@host/name?sslmode=require", false),
            ("postgres://me:hunter2@host/name", true),
            ("postgres://me@host/name?password=hunter2", true),
            ("postgres://me@host/name?sslmode=require&Password=hunter2", true),
        ] {
            assert_eq!(Database::parse(text).unwrap().has_password(), has_one, "{text}");
        }
    }
}
