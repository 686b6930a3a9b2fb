//! `VenueAccount` against mocks, a scripted stream, and the paper broker.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[macro_use]
#[path = "../passing_on/mod.rs"]
mod passing_on;

mod audits;
mod connecting;
mod gaps;
mod held_up;
mod listing;
mod paper;
mod watching;
mod world;
