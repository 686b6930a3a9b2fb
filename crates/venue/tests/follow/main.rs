//! The follower of a private stream, over loopback, at a venue that wants a login and subscriptions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod connecting;
mod gaps;
mod scene;
