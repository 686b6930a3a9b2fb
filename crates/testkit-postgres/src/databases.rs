//! A database for each test.

use crate::server::Server;
use crate::trouble::Trouble;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A server to make databases on: the one that the environment names, or a disposable one.
#[derive(Debug)]
pub struct Databases {
    address: String,
    _server: Option<Server>,
}

/// Name the server, and a database of it that its user may connect to. The user may create databases. The first is for
/// tests alone: the program itself reads `DATABASE_URL`, and a test's program must not.
const VARIABLES: [&str; 2] = [crate::VARIABLE, "DATABASE_URL"];

impl Databases {
    /// On the server that `PLIMSOLL_TEST_DATABASE_URL` or `DATABASE_URL` names, or else on a disposable one.
    ///
    /// # Errors
    /// [`Trouble`] if there is neither: a test without a server fails.
    pub fn open() -> Result<Self, Trouble> {
        if let Some(address) = VARIABLES.iter().find_map(|variable| std::env::var(variable).ok()) {
            return Ok(Self { address, _server: None });
        }
        let server = Server::disposable()?;
        Ok(Self { address: server.url("postgres"), _server: Some(server) })
    }

    /// On somebody's server, which may come and go.
    #[must_use]
    pub fn on(server: &Server) -> Self {
        Self { address: server.url("postgres"), _server: None }
    }

    /// A new and empty database.
    ///
    /// # Errors
    /// [`Trouble`] if the server does not make it.
    pub fn fresh(&self) -> Result<Database, Trouble> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let name = format!("plimsoll_test_{}_{now}_{number}", std::process::id());
        run(&self.address, format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))?;
        Ok(Database { url: with_database(&self.address, &name), address: self.address.clone(), name })
    }
}

/// A database, deleted when this value is dropped.
#[derive(Debug)]
pub struct Database {
    url: String,
    address: String,
    name: String,
}

impl Database {
    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs statements in it, as somebody who is held to none of our rules.
    ///
    /// # Errors
    /// [`Trouble`] if the server refuses.
    pub fn run(&self, statements: &str) -> Result<(), Trouble> {
        run(&self.url, statements.to_owned())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Where the server is gone, so is the database.
        let _ = run(&self.address, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// The same address with another database.
fn with_database(address: &str, name: &str) -> String {
    let (address, parameters) = address.split_once('?').map_or((address, ""), |(address, rest)| (address, rest));
    let server = address.find("://").map_or(0, |at| at + 3);
    let end = address[server..].find('/').map_or(address.len(), |at| server + at);
    let mark = if parameters.is_empty() { "" } else { "?" };
    format!("{}/{name}{mark}{parameters}", &address[..end])
}

/// On a thread and a runtime of its own, so that it can be called from anywhere, a drop included.
fn run(address: &str, statements: String) -> Result<(), Trouble> {
    let address = address.to_owned();
    let work = move || -> Result<(), Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Trouble::new(format!("no runtime: {error}")))?;
        let outcome = runtime.block_on(async {
            let mut connection = PgConnection::connect(&address).await?;
            sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await?;
            connection.close().await
        });
        outcome.map_err(|error| Trouble::new(format!("the server of the tests: {error}")))
    };
    let done = std::thread::spawn(work).join();
    done.unwrap_or_else(|_| Err(Trouble::new("the server of the tests: its thread panicked")))
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn an_address_keeps_everything_but_its_database() {
        for (address, expected) in [
            ("postgres://a:b@host:5432/postgres", "postgres://a:b@host:5432/x"),
            ("postgres://host", "postgres://host/x"),
            ("postgres://host/", "postgres://host/x"),
            ("postgres://host/p?sslmode=disable&a=/b", "postgres://host/x?sslmode=disable&a=/b"),
        ] {
            assert_eq!(with_database(address, "x"), expected);
        }
    }
}
