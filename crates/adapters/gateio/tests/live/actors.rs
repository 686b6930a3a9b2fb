//! What the tests of a live session say again and again.

#[path = "../../../tests/actors.rs"]
mod shared;

pub(crate) use shared::*;

pub(crate) use crate::proxy::Proxy;
pub(crate) use crate::script::{Frames, Say, Script};
pub(crate) use crate::stage::{self, Stage, VenueBroker, VenueSettings, credentials, settings, symbol};
pub(crate) use plimsoll_domain::{
    AccountEvent, AccountState, NewOrder, OrderKind, OrderSize, OrderStatus, PositionSide, Side, TriggerBy,
};
pub(crate) use plimsoll_exchange::MarketClock;
pub(crate) use plimsoll_gateio::{Endpoints, GateioBroker, Settings};
pub(crate) use plimsoll_ports::{
    Broker, CommandError, MarketFeed, MarketItem, NotSent, PlaceError, QueryError, RefusalReason, StreamItem,
};
pub(crate) use std::sync::Arc;
pub(crate) use std::time::Duration;

/// A broker on scripted servers, by a clock that stands still until it is told.
pub(crate) fn scripted(rest: &Script, sockets: &str, clock: &MarketClock, settings: Settings) -> GateioBroker {
    let endpoints = Endpoints::custom(rest.url(), sockets);
    GateioBroker::with_settings(endpoints, credentials(), Arc::new(clock.clone()), settings).unwrap()
}

/// Nobody listens there.
pub(crate) const NOWHERE: &str = "ws://127.0.0.1:1";
