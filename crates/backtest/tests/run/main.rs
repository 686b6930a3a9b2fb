//! Runs of scripted strategies: what they do, and that the books add up to the last digit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod books;
mod orders;
mod several;
mod stage;
