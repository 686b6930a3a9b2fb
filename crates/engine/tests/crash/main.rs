//! Every place where the order path can die: the N-th call of a port never returns, before or after it took effect, for
//! every N of every operation. A new process reconciles, and nothing is lost, doubled, orphaned or unprotected.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod books;
mod composed;
mod dying;
#[path = "../../../adapters/spool/tests/flaky/mod.rs"]
mod flaky;
mod outage;
mod paths;
mod world;
