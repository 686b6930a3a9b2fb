//! Alerts that reach a person, however often something is said and however long nobody can be reached.
//!
//! ```no_run
//! use plimsoll_alerts::{WebhookNotifier, WebhookSettings};
//! use plimsoll_ports::{Alert, Clock, Notifier, Severity};
//! use std::sync::Arc;
//!
//! # async fn example(clock: Arc<dyn Clock>) -> Result<(), Box<dyn std::error::Error>> {
//! let settings = WebhookSettings::new("https://alerts.example/plimsoll".into());
//! let notifier = WebhookNotifier::start(settings, clock)?;
//! let alert = Alert {
//!     severity: Severity::Critical,
//!     key: "margin/main/BTC/USDT:USDT".into(),
//!     title: "main: margin is thin".into(),
//!     body: "ratio 88.45 %".into(),
//! };
//! if let Err(error) = notifier.notify(&alert).await {
//!     println!("{error}; it is kept, and sent when that works again");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Three parts, of which the first two are plain values: a [`Policy`] says what of all that is said a person hears, an
//! [`Outbox`] keeps what is on its way, and a [`Relay`] carries one to the other through any [`Courier`]: a webhook, a chat.
//!
//! - An alert of a key is told again only after a while; the first critical one of an episode always is.
//! - A warning that is repeated often becomes critical, once in a while. That it is over is told at once.
//! - What could not be delivered waits. While too much waits, the oldest information goes first, and nothing critical ever does.
//! - Whatever is told may be told twice, where it is not known whether it arrived.
//!
//! A [`Heartbeat`] is the other way round: an address that is called while all is well, and whose owner tells when it is not.
//!
//! It knows no venue, no position and no figure.

mod heartbeat;
mod outbox;
mod policy;
mod relay;
mod webhook;

pub use heartbeat::{Heartbeat, Unheard};
pub use outbox::{Letter, Outbox};
pub use policy::{Policy, PolicySettings};
pub use relay::{Courier, Relay, RelaySettings, RelayTally, Undelivered};
pub use webhook::{SetUpFailure, WebhookNotifier, WebhookSettings, host_of};
