//! Binance, as this suite meets it.

use super::{ANOTHER_SECRET, Beginning, KEYS, NOBODYS_KEY, OWNER, Wire, Wrong, http, socket};
use crate::bytes::json;
use plimsoll_domain::{AccountId, Instrument};
use plimsoll_exchange::{Exchange, listings};
use plimsoll_tests::venues::AdapterSettings;
use plimsoll_venue_server::{AuthenticationClock, BinanceVenue, RateLimits, Running, Settings};
use std::time::Duration;

pub(crate) struct Binance;

impl Wire for Binance {
    const PLACE: &'static str = "POST /fapi/v1/order";
    const POSITIONS: &'static str = "GET /fapi/v3/positionRisk";
    const TIME: &'static str = "GET /fapi/v1/time";
    const BEGINNING: Beginning = Beginning::Answer("POST /fapi/v1/listenKey");

    fn expired() -> Vec<u8> {
        json(400, r#"{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}"#)
    }

    fn limits() -> Vec<Vec<u8>> {
        let body = r#"{"code":-1003,"msg":"Too many requests."}"#;
        vec![json(200, body), json(400, body), json(429, body)]
    }

    fn wrong() -> Vec<Wrong> {
        vec![
            Wrong { keys: NOBODYS_KEY, in_answers: "-2015", on_streams: "-2015" },
            Wrong { keys: ANOTHER_SECRET, in_answers: "-1022", on_streams: "-1022" },
        ]
    }

    fn malformed_beginnings() -> Vec<&'static str> {
        vec![r#"{"listenKey":5}"#, "{}", "[]", "", r#"{"listenKey":"#, "<html></html>", r#"{"listenKey":""}"#]
    }

    fn ends_session() -> &'static str {
        r#"{"e":"listenKeyExpired","E":1736996475556,"listenKey":"pqia91ma19a5s61cv6a81va65sdf19v8a65a1"}"#
    }

    fn refuses_needed() -> Option<(&'static str, &'static str)> {
        None
    }

    fn refuses_dispensable() -> Option<(&'static str, &'static str)> {
        None
    }

    fn refuses_prices() -> (&'static str, &'static str) {
        (r#"{"error":{"code":2,"msg":"Invalid request: unknown stream"},"id":1}"#, "unknown stream")
    }

    fn socket_limit() -> (&'static str, &'static str) {
        (r#"{"code":4,"msg":"Too many requests"}"#, "Too many requests")
    }

    fn listing() -> Instrument {
        listings::btc_usdt()
    }

    async fn venue(exchange: Exchange) -> Running {
        // Whatever goes wrong, the account is read again: nobody here is a question too many.
        let rate_limits = RateLimits { weight_per_minute: 1_000_000, ..RateLimits::default() };
        let settings = Settings { clock: AuthenticationClock::Market, rate_limits, ..Settings::default() };
        let venue = BinanceVenue::start(exchange, settings).await.expect("a venue");
        venue.open_account(&AccountId::new(OWNER), KEYS.key, KEYS.secret.into()).expect("an account");
        venue
    }

    fn settings() -> AdapterSettings {
        AdapterSettings::Binance(plimsoll_binance::Settings {
            weight_limit: 1_000_000,
            http: http(),
            private_socket: socket(),
            market_socket: socket(),
            between_snapshots: Duration::ZERO,
            ..plimsoll_binance::Settings::default()
        })
    }
}
