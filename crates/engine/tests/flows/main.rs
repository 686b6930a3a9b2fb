//! Whole flows of the position manager against a venue and a store that live in memory and fail on command.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[macro_use]
#[path = "../passing_on/mod.rs"]
mod passing_on;

mod bookings;
mod close;
mod colleagues;
mod desk;
mod foreign;
mod funding;
mod guard;
mod lookout;
mod monitor;
mod open;
mod reconcile;
mod records;
mod store;
mod venue;
mod venue_account;
