//! What no port promises and every session needs: keys, lost answers, slow readers, faults.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves several test files")]

mod actors;
#[path = "../../../tests/answered.rs"]
mod answered;
mod answers;
mod books;
#[path = "../../../tests/faults.rs"]
mod faults;
#[path = "../../../tests/gaps.rs"]
mod gaps;
mod garbage;
mod keys;
#[path = "../../../tests/proxy.rs"]
mod proxy;
#[path = "../../../tests/script.rs"]
mod script;
mod settings;
#[path = "../venue/stage.rs"]
mod stage;
#[path = "../venue/usual.rs"]
mod usual;
