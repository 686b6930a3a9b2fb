//! `plimsoll run`, a process of its own, as a machine and a person watch it: figures, alerts, a chat, and a call that stays away.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod alerts;
mod chat;
mod exposition;
mod figures;
mod receiver;
mod scene;
#[allow(dead_code, reason = "the bot's own tests take all of it")]
#[path = "../../../adapters/telegram/tests/chat/telegram.rs"]
mod telegram;
