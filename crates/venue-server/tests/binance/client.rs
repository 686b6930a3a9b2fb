//! A client that knows nothing but how to sign.

pub(crate) use crate::bytes::Answer;

use crate::bytes::{Stream, ask, hear};
use futures_util::{SinkExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use plimsoll_domain::{AccountId, Money, Price, Timestamp};
use plimsoll_exchange::{Exchange, Tick, listings};
use plimsoll_venue_server::{AuthenticationClock, BinanceVenue, Running, Settings};
use secrecy::SecretString;
use serde_json::Value;
use sha2::Sha256;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// 2026-01-01 00:10 UTC.
pub(crate) const START: i64 = 1_767_226_200_000;
pub(crate) const KEY: &str = "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83";
const SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";

/// A venue whose clock is the market's, with Bitcoin at 60,000 and one account of 10,000.
pub(crate) struct Venue {
    pub(crate) running: Running,
    now: std::cell::Cell<i64>,
}

impl Answer {
    pub(crate) fn code(&self) -> i64 {
        self.json()["code"].as_i64().unwrap_or(0)
    }
}

impl Venue {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    pub(crate) async fn with(settings: impl FnOnce(&mut Settings), prepare: impl FnOnce(&mut Exchange)) -> Self {
        let mut exchange = Exchange::new(Timestamp::from_millis(START));
        exchange.list(listings::btc_usdt(), price("60000")).unwrap();
        exchange.list(listings::eth_usdt(), price("3000")).unwrap();
        prepare(&mut exchange);
        let mut chosen = Settings { clock: AuthenticationClock::Market, ..Settings::default() };
        settings(&mut chosen);
        let running = BinanceVenue::start(exchange, chosen).await.unwrap();
        running.open_account(&account(), KEY, SecretString::from(SECRET)).unwrap();
        Self { running, now: std::cell::Cell::new(START) }
    }

    /// Moves Bitcoin to this price, so many seconds later.
    pub(crate) fn tick(&self, last: &str, seconds: i64) {
        self.now.set(self.now.get() + seconds * 1000);
        let time = Timestamp::from_millis(self.now.get());
        let tick = Tick::at(listings::btc_usdt().symbol, time, price(last));
        self.running.advance([&tick]).unwrap();
    }

    /// Sends a request as it is, and the key with it.
    pub(crate) fn raw(&self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        self.try_raw(method, target, headers, body).expect("an answer")
    }

    /// Sends a request as it is; `None` if the connection was closed without a word.
    pub(crate) fn try_raw(&self, method: &str, target: &str, headers: &str, body: &str) -> Option<Answer> {
        ask(&self.running.rest_url(), method, target, headers, body)
    }

    /// A request that anybody may make.
    pub(crate) fn open(&self, target: &str) -> Answer {
        self.raw("GET", target, "", "")
    }

    /// A request with the key only.
    pub(crate) fn keyed(&self, method: &str, path: &str) -> Answer {
        self.raw(method, path, &format!("X-MBX-APIKEY: {KEY}\r\n"), "")
    }

    /// A signed request, everything in the query.
    pub(crate) fn signed(&self, method: &str, path: &str, parameters: &str) -> Answer {
        self.try_signed(method, path, parameters).expect("an answer")
    }

    /// A signed request; `None` if the connection was closed without a word.
    pub(crate) fn try_signed(&self, method: &str, path: &str, parameters: &str) -> Option<Answer> {
        let join = if parameters.is_empty() { "" } else { "&" };
        let query = format!("{parameters}{join}timestamp={}", self.now.get());
        let target = format!("{path}?{query}&signature={}", signature(&query));
        self.try_raw(method, &target, &format!("X-MBX-APIKEY: {KEY}\r\n"), "")
    }

    pub(crate) fn get(&self, path: &str, parameters: &str) -> Value {
        self.done("GET", path, parameters)
    }

    pub(crate) fn post(&self, path: &str, parameters: &str) -> Value {
        self.done("POST", path, parameters)
    }

    pub(crate) fn delete(&self, path: &str, parameters: &str) -> Value {
        self.done("DELETE", path, parameters)
    }

    fn done(&self, method: &str, path: &str, parameters: &str) -> Value {
        let answer = self.signed(method, path, parameters);
        assert_eq!(answer.status, 200, "{method} {path}?{parameters}: {}", answer.text);
        answer.json()
    }

    /// A market buy or sale of Bitcoin.
    pub(crate) fn trade(&self, side: &str, quantity: &str) -> Value {
        self.post("/fapi/v1/order", &format!("symbol=BTCUSDT&side={side}&type=MARKET&quantity={quantity}"))
    }

    pub(crate) async fn socket(&self, path: &str) -> Socket {
        let url = format!("{}{path}", self.running.ws_url());
        let (stream, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Socket(stream)
    }

    /// A private socket with a fresh listen key.
    pub(crate) async fn private(&self) -> Socket {
        let key = self.listen_key();
        self.socket(&format!("/private/ws/{key}")).await
    }

    pub(crate) fn listen_key(&self) -> String {
        self.keyed("POST", "/fapi/v1/listenKey").json()["listenKey"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn account() -> AccountId {
    AccountId::new("main")
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) fn signature(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

pub(crate) struct Socket(Stream);

impl Socket {
    pub(crate) async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next text; `None` once the socket is closed or cut.
    pub(crate) async fn hear(&mut self) -> Option<String> {
        hear(&mut self.0).await
    }

    /// Everything that was said until now: what is asked for is answered after it.
    pub(crate) async fn heard(&mut self) -> Vec<String> {
        self.say(r#"{"method":"GET_PROPERTY","params":["combined"],"id":4711}"#).await;
        let mut heard = Vec::new();
        loop {
            let text = self.hear().await.expect("the socket is open");
            if text.contains(r#""id":4711"#) {
                return heard;
            }
            heard.push(text);
        }
    }

    /// The types of everything that was said until now, with the status of orders.
    pub(crate) async fn told(&mut self) -> Vec<String> {
        self.heard().await.iter().map(|text| headline(text)).collect()
    }

    /// Asks for something and waits for the answer to it.
    pub(crate) async fn is_answered(&mut self, within: Duration) -> bool {
        let asked = r#"{"method":"GET_PROPERTY","params":["combined"],"id":4712}"#;
        let answered = async {
            self.0.send(Message::Ping(Vec::new().into())).await.is_ok()
                && self.0.send(Message::text(asked)).await.is_ok()
                && matches!(self.0.next().await, Some(Ok(Message::Text(_) | Message::Pong(_))))
        };
        tokio::time::timeout(within, answered).await.unwrap_or(false)
    }

    /// Waits for a ping.
    pub(crate) async fn pinged(&mut self) -> bool {
        loop {
            match tokio::time::timeout(Duration::from_secs(10), self.0.next()).await {
                Ok(Some(Ok(Message::Ping(_)))) => return true,
                Ok(Some(Ok(_))) => {}
                _ => return false,
            }
        }
    }
}

/// `ORDER_TRADE_UPDATE TRADE FILLED`, `ACCOUNT_UPDATE FUNDING_FEE`, `ALGO_UPDATE NEW`, …
fn headline(text: &str) -> String {
    let event: Value = serde_json::from_str(text).unwrap();
    let word = |value: &Value| value.as_str().map(|word| format!(" {word}")).unwrap_or_default();
    let reason = match event["o"]["er"].as_str() {
        None | Some("0") => String::new(),
        Some(reason) => format!(" er={reason}"),
    };
    let (name, order) = (event["e"].as_str().unwrap(), &event["o"]);
    format!("{name}{}{}{reason}{}", word(&order["x"]), word(&order["X"]), word(&event["a"]["m"]))
}
