//! A local write-ahead spool in front of any store: while the database is away, what protection has to write down is
//! written to a local file, and flows into the database when it is back: in order, once.
//!
//! ```
//! use plimsoll_domain::{AccountId, Timestamp};
//! use plimsoll_ports::{ControlRepository, KillSwitchRecord};
//! use plimsoll_spool::{Spool, SpoolSettings};
//! use plimsoll_sqlite::SqliteStore;
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! let database = SqliteStore::in_memory().await?;
//! let store = Spool::open(directory.path().join("plimsoll.spool"), Arc::new(database.clone()), SpoolSettings::default())?;
//!
//! // The database goes away. What stops trading is kept all the same, and seen by whoever asks.
//! database.close().await;
//! let (account, now) = (AccountId::new("main"), Timestamp::from_millis(1_700_000_000_000));
//! let engaged =
//!     KillSwitchRecord { engaged: true, reason: "daily loss".to_owned(), by: "limits".to_owned(), since: Some(now) };
//! store.set_kill_switch(&account, &engaged).await?;
//! assert_eq!(store.kill_switch(&account).await?, engaged);
//! assert_eq!(store.status().pending, 1);
//! # Ok(())
//! # }
//! ```
//!
//! [`Spool`] is every store port that its inner store is. What it takes while that is away: intents of orders that do not
//! add exposure and the states of every order, composed orders that open nothing and the ends of all, trades, positions as
//! they open, change and close, funding, bookings, points of the equity curve, risk events, the engaging of the kill
//! switch, and the desks of strategies. What it refuses, with
//! [`StoreError::Unreachable`](plimsoll_ports::StoreError::Unreachable): the intent of an order that adds exposure, a composed
//! order that opens something, releasing the kill switch, and steps on the ladder to live trading. Reads need the store; four
//! also see what is spooled: an order's journal entry, a composed order, the kill switch, and a desk.
//!
//! The file holds one checksummed line a write, synced before the call returns. Every write is known by a natural key, so
//! that replaying it twice is replaying it once: a crash in the middle of a replay repeats harmlessly. A write that the
//! store refuses on replay, since it contradicts what is there, is kept aside in a file beside the spool and told. Of each desk
//! only the newest save waits, unless the store knows a later one; a file that is mostly older ones is written anew without
//! them, so that a long outage leaves room on the disk for what removes risk.
//!
//! What this crate does not do: it queues nothing in memory only, decides nothing about orders, and is no database.

mod field;
mod file;
mod replay;
mod spool;
mod store;
mod write;

pub use file::SpoolError;
pub use spool::{Spool, SpoolSettings, SpoolStatus};
pub use store::Store;
