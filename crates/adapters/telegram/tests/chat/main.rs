//! The bot over real HTTP, between a Bot API on loopback and a paper venue.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

mod alerts;
mod buttons;
mod commands;
mod doors;
mod figures;
mod meant;
mod outage;
mod scene;
mod telegram;
#[path = "../../../../service/tests/world/mod.rs"]
mod world;
