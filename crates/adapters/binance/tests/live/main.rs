//! What no port promises and every session needs: time, keys, budgets, lost answers, slow readers, ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

mod actors;
#[path = "../../../tests/answered.rs"]
mod answered;
mod answers;
mod clocks;
mod deaf;
#[path = "../../../tests/faults.rs"]
mod faults;
mod feeds;
#[path = "../../../tests/gaps.rs"]
mod gaps;
mod garbage;
mod keys;
mod lagging;
mod limits;
mod orders;
#[path = "../../../tests/proxy.rs"]
mod proxy;
#[path = "../../../tests/script.rs"]
mod script;
#[path = "../venue/stage.rs"]
mod stage;
#[path = "../venue/usual.rs"]
mod usual;
