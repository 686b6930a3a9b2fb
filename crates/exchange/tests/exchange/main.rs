//! The exchange as its users see it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod attached;
mod closing_fee;
mod conditionals;
mod deleveraging;
mod filters;
mod fundings;
mod history;
mod liquidations;
mod orders;
mod properties;
mod recorded;
mod reduce_only;
mod retention;
mod settings;
mod venue;
