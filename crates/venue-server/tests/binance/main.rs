//! The Binance wire, from outside: a raw HTTP and WebSocket client against a running venue.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

#[path = "../bytes/mod.rs"]
mod bytes;
mod client;
mod events;
mod faults;
mod market;
mod orders;
mod requests;
mod sockets;
