//! What no port promises and every session needs: keys, lost answers, slow readers, faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

mod actors;
mod answers;
mod books;
mod faults;
mod gaps;
mod garbage;
mod keys;
#[path = "../venue/proxy.rs"]
mod proxy;
#[path = "../venue/script.rs"]
mod script;
mod settings;
#[path = "../venue/stage.rs"]
mod stage;
