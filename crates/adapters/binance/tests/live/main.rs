//! What no port promises and every session needs: time, keys, budgets, lost answers, slow readers, ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

mod actors;
mod answers;
mod clocks;
mod faults;
mod feeds;
mod gaps;
mod garbage;
mod keys;
mod limits;
mod orders;
#[path = "../venue/proxy.rs"]
mod proxy;
#[path = "../venue/script.rs"]
mod script;
#[path = "../venue/stage.rs"]
mod stage;
