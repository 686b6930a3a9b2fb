//! What differs from venue to venue: keys, paths and words.

use crate::bytes::{answer, json};
use plimsoll_domain::{AccountId, Instrument};
use plimsoll_exchange::{Exchange, listings};
use plimsoll_ports::{AccountStream, Broker, Clock, MarketFeed};
use plimsoll_transport::{BackoffSettings, HttpSettings, SocketSettings};
use plimsoll_venue_server::{AuthenticationClock, BinanceVenue, BitgetVenue, GateioVenue, Running, bitget};
use plimsoll_venue_server::{RateLimits, Settings, gateio};
use std::sync::Arc;
use std::time::Duration;

/// A key as a trader has it. A passphrase is wanted by some venues only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keys {
    pub(crate) key: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) passphrase: &'static str,
}

pub(crate) const KEYS: Keys = Keys {
    key: "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c",
    secret: "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9",
    passphrase: "correct-horse-battery",
};

/// An adapter, as the ports show it.
pub(crate) struct Adapter {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) feed: Arc<dyn MarketFeed>,
    pub(crate) open: Box<dyn Fn() -> Box<dyn AccountStream> + Send + Sync>,
}

/// Something wrong with a key, and how the venue calls it: in answers, and where the private stream begins.
pub(crate) struct Wrong {
    pub(crate) keys: Keys,
    pub(crate) in_answers: &'static str,
    pub(crate) on_streams: &'static str,
}

/// What is said where a private stream begins.
pub(crate) enum Beginning {
    /// To this request.
    Answer(&'static str),
    /// By the first frame.
    FirstFrame,
}

/// A venue as this suite meets it.
pub(crate) trait Wire: 'static {
    const PLACE: &'static str;
    const POSITIONS: &'static str;
    const TIME: &'static str;
    /// The passphrase, where keys have one.
    const PASSPHRASE: &'static str = "";
    /// Where a private stream begins, and what is no beginning of one.
    const BEGINNING: Beginning;
    /// An answer to a request whose time the venue does not like.
    fn expired() -> Vec<u8>;
    /// Limits, as the venue tells them in its own words, whatever the status.
    fn limits() -> Vec<Vec<u8>>;
    fn wrong() -> Vec<Wrong>;
    /// Malformed beginnings of a private stream: answers or frames, without their framing.
    fn malformed_beginnings() -> Vec<&'static str>;
    /// What a private socket says that has no session (any more), so that another one is wanted.
    fn ends_session() -> &'static str;
    /// A subscription that is refused, and the channel: needed, and dispensable. `None` where nothing is subscribed to.
    fn refuses_needed() -> Option<(&'static str, &'static str)>;
    fn refuses_dispensable() -> Option<(&'static str, &'static str)>;
    /// A refusal to follow prices, with the venue's words in it.
    fn refuses_prices() -> (&'static str, &'static str);
    /// Too much was asked of a socket, and the code of it.
    fn socket_limit() -> (&'static str, &'static str);

    fn listing() -> Instrument;
    fn venue(exchange: Exchange) -> impl Future<Output = Running> + Send;
    fn adapter(rest: &str, sockets: &str, keys: Keys, clock: Arc<dyn Clock>) -> Adapter;
}

fn http() -> HttpSettings {
    HttpSettings {
        connect_timeout: Duration::from_millis(500),
        timeout: Duration::from_millis(2500),
        ..HttpSettings::default()
    }
}

/// Quick to come back, and repeatable.
fn socket() -> SocketSettings {
    SocketSettings {
        connect_timeout: Duration::from_millis(1500),
        ping_after: Duration::from_millis(500),
        dead_after: Duration::from_secs(3),
        mute_after: None,
        backoff: BackoffSettings {
            first: Duration::from_millis(40),
            longest: Duration::from_millis(200),
            seed: Some(7),
        },
        largest_message: 64 * 1024,
        ..SocketSettings::default()
    }
}

const OWNER: &str = "trader";

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
        let key = Keys { key: "nobodys-key-nobodys-key-nobodys-key", ..KEYS };
        let secret = Keys { secret: "not-the-secret-not-the-secret-not-it", ..KEYS };
        vec![
            Wrong { keys: key, in_answers: "-2015", on_streams: "-2015" },
            Wrong { keys: secret, in_answers: "-1022", on_streams: "-1022" },
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

    fn adapter(rest: &str, sockets: &str, keys: Keys, clock: Arc<dyn Clock>) -> Adapter {
        use plimsoll_binance::{BinanceBroker, Credentials, Endpoints, Settings};
        let settings = Settings {
            weight_limit: 1_000_000,
            http: http(),
            private_socket: socket(),
            market_socket: socket(),
            between_snapshots: Duration::ZERO,
            ..Settings::default()
        };
        let credentials = Credentials::new(keys.key, keys.secret);
        let broker = BinanceBroker::with_settings(Endpoints::custom(rest, sockets), credentials, clock, settings);
        let broker = broker.expect("a broker");
        let feed = Arc::new(broker.market_feed());
        Adapter { feed, open: opener(&broker, |it| Box::new(it.account_stream())), broker: Arc::new(broker) }
    }
}

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
        let key = Keys { key: "nobodys-key-nobodys-key-nobodys-key", ..KEYS };
        let secret = Keys { secret: "not-the-secret-not-the-secret-not-it", ..KEYS };
        vec![
            Wrong { keys: key, in_answers: "INVALID_KEY", on_streams: "INVALID_KEY" },
            Wrong { keys: secret, in_answers: "INVALID_SIGNATURE", on_streams: "INVALID_SIGNATURE" },
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

    fn adapter(rest: &str, sockets: &str, keys: Keys, clock: Arc<dyn Clock>) -> Adapter {
        use plimsoll_gateio::{Credentials, Endpoints, GateioBroker, Settings};
        let settings = Settings {
            http: http(),
            private_socket: socket(),
            market_socket: socket(),
            between_snapshots: Duration::ZERO,
            ..Settings::default()
        };
        let credentials = Credentials::new(keys.key, keys.secret);
        let broker = GateioBroker::with_settings(Endpoints::custom(rest, sockets), credentials, clock, settings);
        let broker = broker.expect("a broker");
        let feed = Arc::new(broker.market_feed());
        Adapter { feed, open: opener(&broker, |it| Box::new(it.account_stream())), broker: Arc::new(broker) }
    }
}

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
        let key = Keys { key: "nobodys-key-nobodys-key-nobodys-key", ..KEYS };
        let secret = Keys { secret: "not-the-secret-not-the-secret-not-it", ..KEYS };
        let passphrase = Keys { passphrase: "incorrect-horse-battery", ..KEYS };
        vec![
            Wrong { keys: key, in_answers: "40037", on_streams: "(30011)" },
            Wrong { keys: secret, in_answers: "40009", on_streams: "(30015)" },
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

    fn adapter(rest: &str, sockets: &str, keys: Keys, clock: Arc<dyn Clock>) -> Adapter {
        bitget_adapter(plimsoll_bitget::Protocol::V2, (rest, sockets), keys, clock)
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

    fn adapter(rest: &str, sockets: &str, keys: Keys, clock: Arc<dyn Clock>) -> Adapter {
        bitget_adapter(plimsoll_bitget::Protocol::MixV1, (rest, sockets), keys, clock)
    }
}

fn bitget_adapter(
    protocol: plimsoll_bitget::Protocol,
    (rest, sockets): (&str, &str),
    keys: Keys,
    clock: Arc<dyn Clock>,
) -> Adapter {
    use plimsoll_bitget::{BitgetBroker, Credentials, Endpoints, Settings};
    let settings = Settings {
        protocol,
        http: http(),
        private_socket: socket(),
        market_socket: socket(),
        between_snapshots: Duration::ZERO,
        endpoint_scale: 10,
        ..Settings::default()
    };
    let credentials = Credentials::new(keys.key, keys.secret, keys.passphrase);
    let broker = BitgetBroker::with_settings(Endpoints::custom(rest, sockets), credentials, clock, settings);
    let broker = broker.expect("a broker");
    let feed = Arc::new(broker.market_feed());
    Adapter { feed, open: opener(&broker, |it| Box::new(it.account_stream())), broker: Arc::new(broker) }
}

fn opener<B: Clone + Send + Sync + 'static>(
    broker: &B,
    open: impl Fn(&B) -> Box<dyn AccountStream> + Send + Sync + 'static,
) -> Box<dyn Fn() -> Box<dyn AccountStream> + Send + Sync> {
    let broker = broker.clone();
    Box::new(move || open(&broker))
}
