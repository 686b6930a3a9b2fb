//! Running accounts from a Telegram chat: questions, actions in two steps, alerts.
//!
//! ```no_run
//! use plimsoll_alerts::RelaySettings;
//! use plimsoll_ports::Clock;
//! use plimsoll_service::Service;
//! use plimsoll_telegram::{Bot, BotToken, Settings, TelegramNotifier};
//! use std::sync::Arc;
//!
//! # async fn example(
//! #     service: Arc<Service>, clock: Arc<dyn Clock>, secret: &str, interrupted: impl Future<Output = ()> + Send,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let (chat, user) = (-1001234567890, 123456789);
//! let settings = Settings::new(BotToken::new(secret)?, [chat], [user]);
//! // Whoever guards the accounts is given this, and its alerts arrive in the chat.
//! let notifier = TelegramNotifier::start(&settings, [chat], RelaySettings::default(), Arc::clone(&clock))?;
//! Bot::new(settings, service, clock)?.run(interrupted).await?;
//! # drop(notifier);
//! # Ok(())
//! # }
//! ```
//!
//! `/futures_open long 100` answers what that would mean (notional, margin, the exact liquidation price, the stop) with two
//! buttons. Only the one who asked can press them, once, and not for long: what a press confirms is what was shown.
//! `docs/telegram.md` says it for those who use it.
//!
//! Only users on a list in chats on a list are heard; others get no answer. What a program that was away has missed is not
//! made up for. The bot's token is in the address of every call, and in no log, error or `Debug`.
//!
//! The Bot API is spoken here directly, through the HTTP client that venues are spoken to with: six methods, and of what
//! they answer a dozen fields. `teloxide-core` brings an HTTP client of its own, with a TLS stack of its own (reqwest 0.12 on
//! native TLS or its own rustls). `frankenstein` can be had without a client, but then it is the types of all the Bot API,
//! under a licence (WTFPL) that we would have to explain, and fails a whole batch of updates for one that it cannot read.
//!
//! This crate judges and computes nothing: it lets in whom it should, reads what they write, and says what the
//! [`Service`](plimsoll_service::Service) answers.

mod acting;
mod allowance;
mod answers;
mod bot;
mod buttons;
mod calls;
mod command;
mod doubts;
mod figures;
mod meant;
mod notifier;
mod pressing;
mod preview;
mod settings;
mod strangers;
mod text;
mod wire;

pub use bot::{Bot, BotFailure};
pub use notifier::TelegramNotifier;
pub use settings::{Allowance, BotToken, NotAToken, SetUpFailure, Settings};
