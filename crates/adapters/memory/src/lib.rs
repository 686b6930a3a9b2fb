//! A store in memory: the order journal, positions, trades, funding, bookings, the equity curve, risk events and the
//! controls of every account, and the desks of strategies, for tests, trials and backtests.
//!
//! ```
//! use plimsoll_domain::{AccountId, ClientOrderId, NewOrder, OrderKind, OrderSize, PositionSide, Side, Timestamp, VenueId};
//! use plimsoll_memory::MemoryStore;
//! use plimsoll_ports::{JournalEntry, JournalState, OrderJournal, Purpose};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::new();
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
//! let another_process = store.clone();
//! store.intend(&entry).await?;
//! assert_eq!(another_process.unfinished(&entry.account).await?, [entry]);
//! # Ok(())
//! # }
//! ```
//!
//! [`MemoryStore`] implements every store port of `plimsoll-ports` and passes the contract suites of `plimsoll-testkit`
//! that the databases pass. Every call is done when it is first polled, so whoever drives it decides the order of
//! everything.
//!
//! What this crate does not do: it keeps nothing on any disk, reads no clock, and decides nothing.

mod bookings;
mod composed;
mod controls;
mod desks;
mod equity;
mod funding;
mod journal;
mod ledger;
mod positions;
mod risk_events;
mod store;
mod sums;
mod table;
mod trades;

pub use store::MemoryStore;
