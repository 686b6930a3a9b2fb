//! Gate.io, as this suite meets it.

use super::{ANOTHER_SECRET, Beginning, KEYS, NOBODYS_KEY, OWNER, Wire, Wrong, http, socket};
use crate::bytes::json;
use plimsoll_domain::{AccountId, Instrument};
use plimsoll_exchange::{Exchange, listings};
use plimsoll_tests::venues::AdapterSettings;
use plimsoll_venue_server::{AuthenticationClock, GateioVenue, Running, Settings, gateio};
use std::time::Duration;

pub(crate) struct Gateio;

impl Wire for Gateio {
    const PLACE: &'static str = "POST /api/v4/futures/usdt/orders";
    const POSITIONS: &'static str = "GET /api/v4/futures/usdt/positions";
    const TIME: &'static str = "GET /api/v4/spot/time";
    const BEGINNING: Beginning = Beginning::FirstFrame;

    fn expired() -> Vec<u8> {
        json(403, r#"{"label":"REQUEST_EXPIRED","message":"gap between request Timestamp and server time exceeds 60"}"#)
    }

    fn limits() -> Vec<Vec<u8>> {
        let body = r#"{"label":"TOO_MANY_REQUESTS","message":"Request Rate limit Exceeded (311)"}"#;
        vec![json(200, body), json(400, body), json(429, body)]
    }

    fn wrong() -> Vec<Wrong> {
        vec![
            Wrong { keys: NOBODYS_KEY, in_answers: "INVALID_KEY", on_streams: "INVALID_KEY" },
            Wrong { keys: ANOTHER_SECRET, in_answers: "INVALID_SIGNATURE", on_streams: "INVALID_SIGNATURE" },
        ]
    }

    fn malformed_beginnings() -> Vec<&'static str> {
        vec![
            r#"{"time":1,"channel":5,"event":"subscribe","result":{"status":"success"}}"#,
            r#"{"time":1,"channel":"futures.orders","event":{},"result":{"status":"success"}}"#,
            "[]",
            "",
            r#"{"time":1,"channel":"futures.or"#,
            "<html></html>",
        ]
    }

    fn ends_session() -> &'static str {
        r#"{"time":1,"channel":"futures.system","event":"update","result":{"type":"upgrade","msg":"soon"}}"#
    }

    fn refuses_needed() -> Option<(&'static str, &'static str)> {
        Some((
            r#"{"time":1,"channel":"futures.orders","event":"subscribe","error":{"code":4,"message":"authentication fail"},"result":{"status":"fail"}}"#,
            "futures.orders",
        ))
    }

    fn refuses_dispensable() -> Option<(&'static str, &'static str)> {
        Some((
            r#"{"time":1,"channel":"futures.position_adl_rank","event":"subscribe","error":{"code":2,"message":"unknown channel"},"result":{"status":"fail"}}"#,
            "futures.position_adl_rank",
        ))
    }

    fn refuses_prices() -> (&'static str, &'static str) {
        (
            r#"{"time":1,"channel":"futures.tickers","event":"subscribe","error":{"code":2,"message":"unknown contract BTC_USDT"},"result":{"status":"fail"}}"#,
            "unknown contract",
        )
    }

    fn socket_limit() -> (&'static str, &'static str) {
        (
            r#"{"time":1,"channel":"futures.orders","event":"subscribe","error":{"code":1,"message":"TOO_MANY_REQUESTS"},"result":null}"#,
            "TOO_MANY_REQUESTS",
        )
    }

    fn listing() -> Instrument {
        listings::gateio::btc_usdt()
    }

    async fn venue(exchange: Exchange) -> Running {
        let settings = Settings::<gateio::RateLimits> { clock: AuthenticationClock::Market, ..Settings::default() };
        let venue = GateioVenue::start(exchange, settings).await.expect("a venue");
        venue.open_account(&AccountId::new(OWNER), KEYS.key, KEYS.secret.into()).expect("an account");
        venue
    }

    fn settings() -> AdapterSettings {
        AdapterSettings::Gateio(plimsoll_gateio::Settings {
            http: http(),
            private_socket: socket(),
            market_socket: socket(),
            between_snapshots: Duration::ZERO,
            ..plimsoll_gateio::Settings::default()
        })
    }
}
