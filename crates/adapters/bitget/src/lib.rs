//! Bitget USDT-M futures: API v2 `mix`, of the classic account.
//!
//! What the venue sends becomes domain events, and what we ask of it a signed request, without a socket or a clock:
//!
//! ```
//! use plimsoll_bitget::wire::{self, Credentials, Event, Protocol, Symbols, Trading, request};
//! use plimsoll_domain::{AccountEvent, Timestamp};
//!
//! // Bytes in, events out.
//! let symbols = Symbols::by_suffix();
//! let frame = br#"{"action":"snapshot","arg":{"instType":"USDT-FUTURES","channel":"account","coin":"default"},"data":[{"marginCoin":"USDT","frozen":"0","available":"4987.5","equity":"5000.5","unrealizedPL":"-2"}],"ts":1764000000140}"#;
//! let events = wire::decode(frame, &symbols, Protocol::V2, 1)?;
//! let [Event::Account(AccountEvent::Balance(balance))] = &events[..] else {
//!     panic!("an account is told by its balances");
//! };
//! assert_eq!(balance.wallet, Some("5002.5".parse()?));
//!
//! // A call out: signed for one moment, to be sent as it is.
//! let keys = Credentials::new("key", "secret", "passphrase");
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! let request = request::positions(Some("BTCUSDT")).request("https://api.bitget.com", &keys, now, Trading::Demo);
//! assert_eq!(request.method.as_str(), "GET");
//! assert!(request.headers.contains(&("paptrading", "1".to_owned())));
//!
//! // And its answer.
//! let body = br#"{"code":"00000","msg":"success","requestTime":1764000000140,"data":[{"symbol":"BTCUSDT","holdSide":"short","posMode":"one_way_mode","total":"0.5","openPriceAvg":"60000","marginMode":"crossed","liquidationPrice":"71000","uTime":"1764000000120"}]}"#;
//! let positions = wire::body::positions(body, &symbols)?;
//! assert_eq!(positions[0].liquidation_price, Some("71000".parse()?));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With the feature `live` (on by default) there are a broker, streams and feeds on top; without it the crate is the
//! [`wire`] alone and needs no runtime.
//!
//! What it does not do: contracts that settle in other coins than USDT; the unified account (API v3); keys that sign with
//! RSA; the multi-assets mode; trailing orders, trigger orders with a limit and attached take-profits, which it reads but
//! does not place; orders over the WebSocket.

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
    audit::BitgetAccountAudit,
    broker::BitgetBroker,
    endpoints::{Endpoints, Settings},
    funding::BitgetFundingRates,
    market::{BitgetMarketFeed, BitgetMarketStream},
    plimsoll_transport::BuildFailure,
    stream::BitgetAccountStream,
    wire::Credentials,
};

pub use error::classify;
pub use plimsoll_venue::{Class, Failure, Wait};
pub use wire::{Protocol, Trading};
