//! Binance USDⓈ-M futures.
//!
//! What the venue sends becomes domain events, and what we ask of it a signed request, without a socket or a clock:
//!
//! ```
//! use plimsoll_binance::wire::{self, Credentials, Event, Symbols, request};
//! use plimsoll_domain::{MarketEvent, Timestamp};
//! use std::time::Duration;
//!
//! // Bytes in, events out.
//! let symbols = Symbols::by_suffix();
//! let frame = br#"{"e":"markPriceUpdate","E":1562305380000,"s":"BTCUSDT","p":"11794.15","i":"11784.63","r":"0.0001","T":1562306400000}"#;
//! let events = wire::decode(frame, &symbols, 1)?;
//! let [Event::Market(MarketEvent::Mark(mark)), Event::Market(MarketEvent::Funding(funding))] = &events[..] else {
//!     panic!("a mark price comes with its funding rate");
//! };
//! assert_eq!(mark.price.to_string(), "11794.15");
//! assert_eq!(funding.rate.to_string(), "0.0001");
//!
//! // A call out: signed for one moment, to be sent as it is.
//! let keys = Credentials::new("key", "secret");
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! let request = request::positions(Some("BTCUSDT")).request("https://demo-fapi.binance.com", &keys, now, Some(Duration::from_secs(5)));
//! assert_eq!(request.method.as_str(), "GET");
//! assert!(request.url.contains("/fapi/v3/positionRisk?symbol=BTCUSDT&recvWindow=5000&timestamp=1700000000000&signature="));
//!
//! // And its answer.
//! let body = br#"[{"symbol":"BTCUSDT","positionSide":"BOTH","positionAmt":"-0.5","entryPrice":"60000","markPrice":"59000","unRealizedProfit":"500","liquidationPrice":"71000","updateTime":1700000000000}]"#;
//! let positions = wire::body::positions(body, &symbols)?;
//! assert_eq!(positions[0].liquidation_price, Some("71000".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `live` (on by default) there are a broker, streams and feeds on top; without it the crate is the
//! [`wire`] alone and needs no runtime.
//!
//! What it does not do: COIN-margined, dated and options contracts; portfolio margin and the multi-assets mode; keys that
//! sign with RSA or Ed25519; trailing stops and limit orders behind a trigger, which it reads but does not place.

mod error;
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
mod funding;
#[cfg(feature = "live")]
mod market;
#[cfg(feature = "live")]
mod stream;

#[cfg(feature = "live")]
pub use {
    audit::BinanceAccountAudit,
    broker::BinanceBroker,
    endpoints::{Endpoints, Settings},
    funding::BinanceFundingRates,
    market::{BinanceMarketFeed, BinanceMarketStream},
    plimsoll_transport::BuildFailure,
    stream::BinanceAccountStream,
    wire::Credentials,
};

pub use error::classify;
pub use plimsoll_venue::{Class, Failure, Wait};
