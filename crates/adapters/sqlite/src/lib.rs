//! The embedded store: the order journal, positions, trades, funding, bookings, the equity curve, risk events and the controls of
//! every account, and the desks of strategies, in one SQLite file.
//!
//! ```
//! use plimsoll_domain::{AccountId, ClientOrderId, NewOrder, OrderKind, OrderSize, PositionSide, Side, Timestamp, VenueId};
//! use plimsoll_ports::{JournalEntry, JournalState, OrderJournal, Purpose};
//! use plimsoll_sqlite::SqliteStore;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = SqliteStore::in_memory().await?;
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! let entry = JournalEntry {
//!     account: AccountId::new("main"),
//!     venue: VenueId::new("binance"),
//!     order: NewOrder {
//!         client_order_id: ClientOrderId::new("long-btc-1")?,
//!         symbol: "BTC/USDT:USDT".parse()?,
//!         side: Side::Buy,
//!         position_side: PositionSide::Both,
//!         kind: OrderKind::Market,
//!         size: OrderSize::Quantity("0.001".parse()?),
//!         reduce_only: false,
//!     },
//!     purpose: Purpose::Entry,
//!     state: JournalState::Intended,
//!     intended_at: now,
//!     updated_at: now,
//! };
//!
//! // Written down before the first byte is sent: after a crash the order can be looked up.
//! store.intend(&entry).await?;
//! assert_eq!(store.unfinished(&entry.account).await?, [entry]);
//! # Ok(())
//! # }
//! ```
//!
//! [`SqliteStore`] implements every store port of `plimsoll-ports`, and passes their contract suites in
//! `plimsoll-testkit`. Decimals are kept as text, exactly; times as microseconds; a call that returns has reached the
//! disk.
//!
//! What this crate does not do: it takes no decisions, reads no clock, and adds up nothing in SQL, whose numbers would be
//! floats. It is one machine's database: several processes may share the file, several machines may not.

mod bookings;
mod composed;
mod controls;
mod desks;
mod equity;
mod error;
mod funding;
mod journal;
mod ledger;
#[cfg(test)]
mod plans;
mod positions;
mod risk_events;
mod row;
mod schema;
mod store;
mod sums;
mod trades;
mod window;
mod writer;

pub use error::OpenError;
pub use schema::{Migrated, versions};
pub use store::SqliteStore;
