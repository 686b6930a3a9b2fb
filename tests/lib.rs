//! What no single crate can test: whole-system scenarios, and, in the files beside this one, the dependency rule.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a scenario that cannot be set up fails by panicking, as a test does"
)]

pub mod faults;
pub mod kills;
pub mod soak;
pub mod venues;

/// The programs of the README and of its pages compile; `cargo xtask readme` runs them as strangers would.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/own-venue.md")]
    struct OwnVenue;
    #[doc = include_str!("../docs/embed.md")]
    struct Embed;
}
