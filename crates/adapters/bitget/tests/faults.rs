//! Whatever goes wrong at the venue, what the stream has told comes to what the venue has done.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

#[path = "../../tests/actors.rs"]
mod actors;
#[path = "../../tests/faults.rs"]
mod faults;
#[path = "venue/stage.rs"]
mod stage;
