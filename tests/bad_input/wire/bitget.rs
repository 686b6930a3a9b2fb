//! Bitget, as this suite meets it, over either private stream.

use super::{ANOTHER_SECRET, Beginning, KEYS, NOBODYS_KEY, OWNER, Wire, Wrong, http, socket};
use crate::bytes::{answer, json};
use plimsoll_bitget::Protocol;
use plimsoll_domain::{AccountId, Instrument};
use plimsoll_exchange::{Exchange, listings};
use plimsoll_tests::venues::{AdapterSettings, Keys};
use plimsoll_venue_server::{AuthenticationClock, BitgetVenue, Running, bitget};
use std::time::Duration;

pub(crate) struct Bitget;

/// The same with the private stream in the older dialect.
pub(crate) struct BitgetMixV1;

impl Wire for Bitget {
    const PLACE: &'static str = "POST /api/v2/mix/order/place-order";
    const POSITIONS: &'static str = "GET /api/v2/mix/position/all-position";
    const TIME: &'static str = "GET /api/v2/public/time";
    const PASSPHRASE: &'static str = KEYS.passphrase;
    const BEGINNING: Beginning = Beginning::FirstFrame;

    fn expired() -> Vec<u8> {
        json(400, r#"{"code":"40008","msg":"Request timestamp expired","requestTime":1,"data":null}"#)
    }

    fn limits() -> Vec<Vec<u8>> {
        let body = r#"{"code":"429","msg":"Too Many Requests","requestTime":1,"data":null}"#;
        let sockets = r#"{"code":"30007","msg":"request over limit","requestTime":1,"data":null}"#;
        vec![json(200, body), json(400, body), json(429, body), json(200, sockets), answer(429, "", "")]
    }

    fn wrong() -> Vec<Wrong> {
        let passphrase = Keys { passphrase: "incorrect-horse-battery", ..KEYS };
        vec![
            Wrong { keys: NOBODYS_KEY, in_answers: "40037", on_streams: "(30011)" },
            Wrong { keys: ANOTHER_SECRET, in_answers: "40009", on_streams: "(30015)" },
            Wrong { keys: passphrase, in_answers: "40012", on_streams: "(30012)" },
        ]
    }

    fn malformed_beginnings() -> Vec<&'static str> {
        vec![
            r#"{"event":"login","code":{}}"#,
            r#"{"event":5,"code":0}"#,
            "[]",
            "",
            r#"{"event":"login","co"#,
            "<html></html>",
            r#"{"event":"login","code":"many"}"#,
        ]
    }

    fn ends_session() -> &'static str {
        r#"{"event":"error","code":30033,"msg":"service upgrade, please reconnect"}"#
    }

    fn refuses_needed() -> Option<(&'static str, &'static str)> {
        Some((
            r#"{"event":"error","arg":{"instType":"USDT-FUTURES","channel":"orders","instId":"default"},"code":30001,"msg":"channel doesn't exist","op":"subscribe"}"#,
            "orders",
        ))
    }

    fn refuses_dispensable() -> Option<(&'static str, &'static str)> {
        Some((
            r#"{"event":"error","arg":{"instType":"USDT-FUTURES","channel":"positions-history","instId":"default"},"code":30001,"msg":"channel doesn't exist","op":"subscribe"}"#,
            "positions-history",
        ))
    }

    fn refuses_prices() -> (&'static str, &'static str) {
        (
            r#"{"event":"error","arg":{"instType":"USDT-FUTURES","channel":"ticker","instId":"BTCUSDT"},"code":30001,"msg":"instId doesn't exist","op":"subscribe"}"#,
            "instId doesn't exist",
        )
    }

    fn socket_limit() -> (&'static str, &'static str) {
        (r#"{"event":"error","code":30007,"msg":"request over limit, connection close"}"#, "30007")
    }

    fn listing() -> Instrument {
        listings::bitget::btc_usdt()
    }

    async fn venue(exchange: Exchange) -> Running {
        let usual = bitget::Settings::default();
        let rate_limits = bitget::RateLimits { scale: 10, ..usual.rate_limits };
        let settings = bitget::Settings { clock: AuthenticationClock::Market, rate_limits, ..usual };
        let venue = BitgetVenue::start(exchange, settings).await.expect("a venue");
        let owner = AccountId::new(OWNER);
        venue
            .open_account_with_passphrase(&owner, KEYS.key, KEYS.secret.into(), KEYS.passphrase.into())
            .expect("an account");
        venue
    }

    fn settings() -> AdapterSettings {
        settings(Protocol::V2)
    }
}

impl Wire for BitgetMixV1 {
    const PLACE: &'static str = Bitget::PLACE;
    const POSITIONS: &'static str = Bitget::POSITIONS;
    const TIME: &'static str = Bitget::TIME;
    const PASSPHRASE: &'static str = Bitget::PASSPHRASE;
    const BEGINNING: Beginning = Bitget::BEGINNING;

    fn expired() -> Vec<u8> {
        Bitget::expired()
    }

    fn limits() -> Vec<Vec<u8>> {
        Bitget::limits()
    }

    fn wrong() -> Vec<Wrong> {
        Bitget::wrong().into_iter().map(|wrong| Wrong { on_streams: "60001", ..wrong }).collect()
    }

    fn malformed_beginnings() -> Vec<&'static str> {
        Bitget::malformed_beginnings()
    }

    fn ends_session() -> &'static str {
        Bitget::ends_session()
    }

    fn refuses_needed() -> Option<(&'static str, &'static str)> {
        Bitget::refuses_needed()
    }

    fn refuses_dispensable() -> Option<(&'static str, &'static str)> {
        Some((
            r#"{"event":"error","arg":{"instType":"FUTURES","channel":"liquidation","instId":"default"},"code":30001,"msg":"channel doesn't exist","op":"subscribe"}"#,
            "liquidation",
        ))
    }

    fn refuses_prices() -> (&'static str, &'static str) {
        Bitget::refuses_prices()
    }

    fn socket_limit() -> (&'static str, &'static str) {
        Bitget::socket_limit()
    }

    fn listing() -> Instrument {
        Bitget::listing()
    }

    fn venue(exchange: Exchange) -> impl Future<Output = Running> + Send {
        Bitget::venue(exchange)
    }

    fn settings() -> AdapterSettings {
        settings(Protocol::MixV1)
    }
}

fn settings(protocol: Protocol) -> AdapterSettings {
    AdapterSettings::Bitget(plimsoll_bitget::Settings {
        protocol,
        http: http(),
        private_socket: socket(),
        market_socket: socket(),
        between_snapshots: Duration::ZERO,
        endpoint_scale: 10,
        ..plimsoll_bitget::Settings::default()
    })
}
