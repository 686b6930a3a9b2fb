#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]
fn main() {}
