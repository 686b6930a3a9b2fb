//! Whole flows of the position manager against a venue and a store that live in memory and fail on command.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[macro_use]
#[path = "../passing_on/mod.rs"]
mod passing_on;

mod afloat;
mod afloat_at_once;
mod afloat_foreign;
mod afloat_leverage;
mod afloat_lost;
mod bookings;
mod close;
mod colleagues;
mod composed_beside;
mod composed_safe;
mod composed_seen;
mod desk;
mod exposure;
mod flattening;
mod foreign;
mod funding;
mod guard;
mod ladder;
mod late_stops;
mod lookout;
mod losses;
mod monitor;
mod move_stop;
mod open;
mod open_ahead;
mod open_attached;
mod open_judged;
mod raced;
mod reconcile;
mod records;
mod stopping;
mod stopping_parts;
mod store;
mod switched;
mod trading;
mod venue;
mod venue_account;
