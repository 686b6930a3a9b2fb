//! A PostgreSQL server for tests: found or installed, started, stopped in the middle, with a database for each test.
//!
//! ```no_run
//! use plimsoll_testkit_postgres::Server;
//!
//! # fn main() -> Result<(), plimsoll_testkit_postgres::Trouble> {
//! let mut server = Server::disposable()?;
//! println!("{}", server.url("postgres"));
//! server.stop()?;
//! server.start_again()?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Installation`] is where the binaries are, [`Server`] one that ends with its process, [`Service`] one that stays until
//! it is stopped (`cargo xtask services`). With the feature `databases`, [`Databases`] gives every test a database of its
//! own: on the server that [`VARIABLE`] or `DATABASE_URL` names, or on a disposable one.
//!
//! Servers listen on loopback, trust everybody there and keep nothing safe from a power cut: they are for tests. PostgreSQL
//! refuses to run as root, so root hands it over to another user. This crate knows no store and no port of ours.

mod cluster;
#[cfg(feature = "databases")]
mod databases;
mod identity;
mod installation;
mod server;
mod service;
mod trouble;

#[cfg(feature = "databases")]
pub use databases::{Database, Databases};
pub use installation::Installation;
pub use server::Server;
pub use service::Service;
pub use trouble::Trouble;

/// The environment variable that names the server of the tests.
pub const VARIABLE: &str = "PLIMSOLL_TEST_DATABASE_URL";
