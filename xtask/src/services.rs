//! `cargo xtask services`: the PostgreSQL server that the tests use.

use crate::shell::root;
use anyhow::{Context, Result, bail};
use plimsoll_testkit_postgres::{Installation, Service};
use std::net::TcpStream;
use std::path::PathBuf;

/// Names a server that is already there.
const VARIABLE: &str = "DATABASE_URL";

/// What a verb of `services` does.
pub(crate) fn run(verb: &str) -> Result<()> {
    match verb {
        "start" => println!("{}", start()?.shown()),
        "stop" => service()?.stop()?,
        "status" if given().is_some() => println!("{}", start()?.shown()),
        "status" => match service()?.running() {
            Some(url) => println!("{url}"),
            None => bail!("no server runs: cargo xtask services start"),
        },
        unknown => bail!("services start, stop or status, not '{unknown}'"),
    }
    Ok(())
}

/// A server for the tests, and whether it was there before.
pub(crate) struct Started {
    pub(crate) url: String,
    was_there: bool,
}

/// The server that `DATABASE_URL` names if it answers; else one of our own, found, or installed, and started.
pub(crate) fn start() -> Result<Started> {
    if let Some(url) = given() {
        answers(&url)?;
        return Ok(Started { url, was_there: true });
    }
    let service = service()?;
    let was_there = service.running().is_some();
    let url = service.start()?;
    eprintln!("   PostgreSQL at {url}, see {}", service.address_file().display());
    Ok(Started { url, was_there })
}

impl Started {
    /// A given address may hold a password.
    fn shown(&self) -> &str {
        if given().is_some() { "the server that DATABASE_URL names" } else { &self.url }
    }

    /// Stops what was started for this run alone.
    pub(crate) fn stop(self) -> Result<()> {
        if self.was_there { Ok(()) } else { Ok(service()?.stop()?) }
    }
}

fn given() -> Option<String> {
    std::env::var(VARIABLE).ok()
}

fn folder() -> PathBuf {
    root().join("target/services")
}

fn service() -> Result<Service> {
    Ok(Service::in_folder(&folder(), Installation::find_or_install()?)?)
}

/// Whether somebody listens where `DATABASE_URL` says: better told now than by every test.
fn answers(url: &str) -> Result<()> {
    let place = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = place.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:5432") };
    TcpStream::connect(&host).map(drop).with_context(|| format!("{VARIABLE} names {host}, where nobody answers"))
}
