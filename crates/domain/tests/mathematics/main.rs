//! The mathematics through the public face: worked tables, properties, and the tables of a real venue.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod afloat;
mod brackets;
mod extremes;
mod funding;
mod given;
mod liquidation;
mod pnl;
mod portfolio;
mod properties;
mod reduce;
mod stress;
mod together;
