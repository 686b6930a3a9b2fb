//! What venue adapters have in common.
//!
//! A venue's message is declared with the venue's own letters, read without losing a digit, and told in the words that all
//! venues share:
//!
//! ```
//! use plimsoll_domain::{FundingRate, MarketEvent, Symbol, Timestamp};
//! use plimsoll_venue::json::Num;
//! use plimsoll_venue::{DecodeError, Event, message, plain};
//!
//! message! {
//!     /// `{"s":"BTC_USDT","rate":0.000125,"next":1700006400250}`
//!     struct Funding {
//!         required { rate = "rate": Num<'a>, }
//!         optional { next = "next": Num<'a>, mark = "mark": Num<'a>, }
//!     }
//! }
//!
//! fn funding(frame: &str, symbol: Symbol, time: Timestamp) -> Result<Event, DecodeError> {
//!     let it: Funding<'_> = plain::read(frame)?;
//!     Ok(Event::Market(MarketEvent::Funding(FundingRate {
//!         symbol,
//!         rate: it.rate.rate("rate")?,
//!         next_time: it.next.maybe_time("next")?,
//!         interval_hours: None,
//!         mark_price: it.mark.maybe_price("mark")?,
//!         index_price: None,
//!         time,
//!     })))
//! }
//!
//! let frame = r#"{"s":"BTC_USDT","rate":0.000125,"next":1700006400250}"#;
//! let symbol = Symbol::new("BTC", "USDT", "USDT")?;
//! let Event::Market(MarketEvent::Funding(rate)) = funding(frame, symbol, Timestamp::from_millis(1_700_000_000_000))? else {
//!     panic!("a rate is about a market");
//! };
//! assert_eq!(rate.rate.to_string(), "0.000125");
//! assert_eq!(rate.next_time, Some(Timestamp::from_millis(1_700_006_400_250)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`json`] and [`plain`] read, [`Event`] tells, [`HttpRequest`] asks, and a [`Failure`] says whose turn it is; all of them
//! are plain values, without a socket or a clock.
//!
//! With the feature `live` there is what calls a venue within its budgets and by its clock ([`Client`]), what keeps a private
//! stream whole ([`AccountFollower`]), and what follows prices ([`MarketFollower`]).
//!
//! It knows no venue: no address, no word of a wire, no code of an error.

mod bounded;
mod eight;
mod event;
mod failure;
pub mod json;
pub mod plain;
pub mod request;
mod unread;

#[cfg(feature = "live")]
mod at_once;
#[cfg(feature = "live")]
mod budgets;
#[cfg(feature = "live")]
mod call_error;
#[cfg(feature = "live")]
mod client;
#[cfg(feature = "live")]
mod discreet;
#[cfg(feature = "live")]
mod follow;
#[cfg(feature = "live")]
mod insist;
#[cfg(feature = "live")]
mod listing;
#[cfg(feature = "live")]
mod market;
#[cfg(feature = "live")]
mod order_memory;
#[cfg(feature = "live")]
mod outlet;
#[cfg(feature = "live")]
mod remembered;
#[cfg(feature = "live")]
mod whole;

pub use bounded::Bounded;
pub use event::{Event, FillNotice, SessionEvent};
pub use failure::{Class, Failure, Wait, excerpt, strange, without};
pub use json::DecodeError;
pub use request::{HttpRequest, Method};
pub use unread::Unread;

#[cfg(feature = "live")]
pub use {
    budgets::{Budgets, Charge, Holder, Pool, Silenced},
    call_error::CallError,
    client::{CallSettings, Client, Rest, RestCall},
    follow::{AccountFollower, Beside, FollowSettings, Greeting, Kept, PrivateStream, Refused},
    insist::insist,
    listing::{Listed, ListedContract, Listing, Lists},
    market::{MarketFollower, MarketSource},
    order_memory::OrderMemory,
    outlet::Outlet,
    remembered::{Remembered, RememberedEach},
    whole::whole,
};
