//! The API over a real socket on loopback, in front of a paper venue.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod acting;
mod client;
mod doors;
mod streaming;
#[path = "../../../service/tests/world/mod.rs"]
mod world;
