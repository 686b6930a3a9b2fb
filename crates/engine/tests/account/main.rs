//! `VenueAccount` against mocks, a scripted stream, and the paper broker.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod audits;
mod connecting;
mod gaps;
mod listing;
mod paper;
mod watching;
mod world;
