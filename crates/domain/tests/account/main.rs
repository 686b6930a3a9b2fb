//! An account's state against everything that a stream may do to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod convergence;
mod difference;
mod events;
mod lifecycle;
mod orders;
mod snapshot;
