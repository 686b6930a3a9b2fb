//! A simulated exchange that clients of real venues can trade on, without leaving this machine.
//!
//! ```
//! use plimsoll_domain::{AccountId, Timestamp};
//! use plimsoll_exchange::{Exchange, Tick, listings};
//! use plimsoll_venue_server::{AuthenticationClock, BinanceVenue, Settings};
//! use secrecy::SecretString;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // An exchange with one contract …
//! let bitcoin = listings::btc_usdt();
//! let start = Timestamp::from_millis(1_767_225_600_000);
//! let mut exchange = Exchange::new(start);
//! exchange.list(bitcoin.clone(), "60000".parse()?)?;
//!
//! // … behind Binance's wire, on a free port of loopback, with an account that holds a key.
//! let settings = Settings { clock: AuthenticationClock::Market, ..Settings::default() };
//! let venue = BinanceVenue::start(exchange, settings).await?;
//! let account = AccountId::new("main");
//! venue.open_account(&account, "my-key", SecretString::from("my-secret"))?;
//! println!("put {} where a client has https://fapi.binance.com", venue.rest_url());
//! println!("put {} where it has wss://fstream.binance.com", venue.ws_url());
//!
//! // The market moves when it is told to; whoever is connected hears of it.
//! let later = start.plus(std::time::Duration::from_secs(1));
//! venue.advance([&Tick::at(bitcoin.symbol, later, "60100".parse()?)])?;
//! assert!(venue.exchange(|exchange| exchange.balance(&account)).is_some());
//! venue.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! What is behind the wire is [`plimsoll_exchange::Exchange`], one value behind one lock. A request is answered, and what
//! it set off is queued on every socket that listens, before the next one is looked at; so whoever asks after an answer
//! finds the events of that answer already on their way.
//!
//! It does not listen beyond loopback, keeps nothing on disk, and has no prices of its own: feed it
//! ([`Running::advance`]) with recorded or generated ones. It is a venue's wire that is spoken, not a venue's business:
//! one asset is margin for everything, conditional orders are those that become market orders, and sizes of the outside
//! market are made up. What each wire has and has not is told by its module.

pub mod binance;
pub mod bitget;
pub mod faults;
pub mod gateio;

/// The program of the page about faults compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/faults.md")]
struct FaultsPage;

mod clock;
mod day;
mod line;
mod link;
mod number;
mod outlet;
mod running;
mod server;
mod settings;
mod sockets;
mod tape;

pub use binance::{BinanceVenue, RateLimits};
pub use bitget::BitgetVenue;
pub use clock::AuthenticationClock;
pub use faults::{Fault, FaultPlan, Injected, Rule, Target};
pub use gateio::GateioVenue;
pub use running::{Running, StartError};
pub use settings::Settings;
