//! Every promise of the venue ports, kept over loopback sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

#[path = "../../tests/promises.rs"]
mod promises;
#[path = "venue/stage.rs"]
mod stage;
