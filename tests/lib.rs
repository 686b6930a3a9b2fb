//! What no single crate can test: whole-system scenarios, and, in the files beside this one, the dependency rule.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a scenario that cannot be set up fails by panicking, as a test does"
)]

pub mod faults;
pub mod kills;
