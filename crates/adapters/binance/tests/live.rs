//! What no port promises and every session needs: time, keys, budgets, ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]
#![allow(dead_code, reason = "the stage serves two test files")]

#[path = "venue/stage.rs"]
mod stage;

#[tokio::test]
async fn nothing() {
    let _ = stage::Stage::new().await;
}
