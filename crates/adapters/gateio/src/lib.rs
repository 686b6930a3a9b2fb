//! Gate.io USDT perpetual futures, API v4.
//!
//! What the venue sends becomes domain events, and what we ask of it a signed request, without a socket or a clock:
//!
//! ```
//! use plimsoll_domain::{MarketEvent, PositionMode, Timestamp};
//! use plimsoll_gateio::wire::{self, Credentials, Event, Reading, Symbols, request};
//!
//! // The venue counts in contracts; its list says how much each of them is.
//! let listing = br#"[{"name":"BTC_USDT","type":"direct","quanto_multiplier":"0.0001","order_price_round":"0.1",
//!     "maker_fee_rate":"-0.00025","taker_fee_rate":"0.00075","funding_interval":28800,"status":"trading"}]"#;
//! let symbols = Symbols::listed(&wire::body::contracts(listing)?.contracts);
//! let reading = Reading::new(&symbols, PositionMode::OneWay);
//!
//! // Bytes in, events out.
//! let frame = br#"{"time":1545136464,"time_ms":1545136464130,"channel":"futures.trades","event":"update",
//!     "result":[{"size":"-108","id":27753479,"create_time_ms":1545136464123,"price":"96.4","contract":"BTC_USDT"}]}"#;
//! let events = wire::decode(frame, reading, 1)?;
//! let [Event::Market(MarketEvent::Trade(trade))] = &events[..] else { panic!("one trade") };
//! assert_eq!((trade.quantity.to_string(), trade.taker.as_str()), ("0.0108".to_owned(), "sell"));
//!
//! // A call out: signed for one moment, to be sent as it is.
//! let keys = Credentials::new("key", "secret");
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! let request = request::positions(true, 0).request("https://api.gateio.ws", &keys, now, None);
//! assert_eq!(request.method.as_str(), "GET");
//! assert!(request.headers.iter().any(|(name, _)| *name == "SIGN"));
//!
//! // And its answer.
//! let body = br#"[{"contract":"BTC_USDT","size":"-5000","mode":"single","entry_price":"60000","mark_price":"59000",
//!     "liq_price":"71000","leverage":"10","update_time":1700000000,"update_id":7}]"#;
//! let positions = wire::body::positions(body, reading)?;
//! assert_eq!(positions[0].position.map(|held| held.quantity), Some("0.5".parse()?));
//! assert_eq!(positions[0].liquidation_price, Some("71000".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `live` (on by default) there are a broker, streams and feeds on top; without it the crate is the
//! [`wire`] alone and needs no runtime.
//!
//! What it does not do: inverse contracts and those settled in other currencies; the split position mode; portfolio
//! margin; trailing and chase orders; limit orders behind a trigger, which it reads but does not place.

pub mod wire;

#[cfg(feature = "live")]
mod audit;
#[cfg(feature = "live")]
mod broker;
#[cfg(feature = "live")]
mod budget;
#[cfg(feature = "live")]
mod client;
#[cfg(feature = "live")]
mod directory;
#[cfg(feature = "live")]
mod endpoints;
#[cfg(feature = "live")]
mod error;
#[cfg(feature = "live")]
mod funding;
#[cfg(feature = "live")]
mod market;
#[cfg(feature = "live")]
mod names;
#[cfg(feature = "live")]
mod stream;

#[cfg(feature = "live")]
pub use {
    audit::GateioAccountAudit,
    broker::GateioBroker,
    endpoints::{Endpoints, Settings},
    error::classify,
    funding::GateioFundingRates,
    market::{GateioMarketFeed, GateioMarketStream},
    plimsoll_transport::BuildFailure,
    plimsoll_venue::{Class, Failure, Wait},
    stream::GateioAccountStream,
    wire::Credentials,
};
