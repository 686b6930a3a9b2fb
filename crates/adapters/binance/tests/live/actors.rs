//! What the tests of a live session say again and again.

#[path = "../../../tests/actors.rs"]
mod shared;

pub(crate) use shared::*;

pub(crate) use crate::proxy::Proxy;
pub(crate) use crate::script::{Frames, Say, Script};
pub(crate) use crate::stage::{self, Stage, VenueBroker, VenueSettings, credentials, settings, symbol};
pub(crate) use async_trait::async_trait;
pub(crate) use plimsoll_binance::{BinanceBroker, BinanceFundingRates, BinanceMarketFeed, Endpoints, Settings};
pub(crate) use plimsoll_domain::{
    AccountEvent, AccountState, ClientOrderId, NewOrder, OrderKind, OrderSize, OrderStatus, PositionSide, Side,
    Timestamp, TriggerBy,
};
pub(crate) use plimsoll_exchange::MarketClock;
pub(crate) use plimsoll_ports::{
    AccountStream, Broker, Clock, CommandError, FundingRates, MarketFeed, MarketItem, NotSent, PlaceError, QueryError,
    RefusalReason, StreamItem,
};
pub(crate) use plimsoll_transport::{HttpSettings, SocketSettings};
pub(crate) use plimsoll_venue_server::RateLimits;
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::atomic::{AtomicI64, Ordering};
pub(crate) use std::time::Duration;

/// A broker on scripted servers, by a clock that stands still until it is told.
pub(crate) fn scripted(rest: &Script, sockets: &str, clock: &MarketClock, settings: Settings) -> BinanceBroker {
    let endpoints = Endpoints::custom(rest.url(), sockets);
    BinanceBroker::with_settings(endpoints, credentials(), Arc::new(clock.clone()), settings).unwrap()
}

/// Nobody listens there.
pub(crate) const NOWHERE: &str = "ws://127.0.0.1:1";
