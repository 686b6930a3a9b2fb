//! A client that knows nothing but how to sign.

pub(crate) use crate::bytes::Answer;

use crate::bytes::{Stream, ask, hear};
use futures_util::{SinkExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use plimsoll_domain::{AccountId, Money, Price, Timestamp};
use plimsoll_exchange::{Exchange, Tick, listings};
use plimsoll_venue_server::bitget::{RateLimits, Settings};
use plimsoll_venue_server::{AuthenticationClock, BitgetVenue, Running};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// 2026-01-01 00:10 UTC.
pub(crate) const START: i64 = 1_767_226_200_000;
pub(crate) const KEY: &str = "bg_0123456789";
const SECRET: &str = "demoSecret0123456789ABCDEF";
const PASSPHRASE: &str = "phrase";

/// A venue whose clock is the market's, with Bitcoin at 60,000 and one account of 10,000.
pub(crate) struct Venue {
    pub(crate) running: Running,
    now: std::cell::Cell<i64>,
}

impl Answer {
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
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
        // The market's clock stands still in most tests, and so would the limits.
        let rate_limits = RateLimits { scale: 100, ..RateLimits::default() };
        let mut chosen = Settings { clock: AuthenticationClock::Market, rate_limits, ..Settings::default() };
        settings(&mut chosen);
        let running = BitgetVenue::start(exchange, chosen).await.unwrap();
        let (secret, passphrase) = (SecretString::from(SECRET), SecretString::from(PASSPHRASE));
        running.open_account_with_passphrase(&account(), KEY, secret, passphrase).unwrap();
        Self { running, now: std::cell::Cell::new(START) }
    }

    /// Moves Bitcoin to this price, so many seconds later.
    pub(crate) fn tick(&self, last: &str, seconds: i64) {
        self.now.set(self.now.get() + seconds * 1000);
        let time = Timestamp::from_millis(self.now.get());
        let tick = Tick::at(listings::btc_usdt().symbol, time, price(last));
        self.running.advance([&tick]).unwrap();
    }

    /// Sends a request as it is; `None` if the connection was closed without a word.
    pub(crate) fn try_raw(&self, method: &str, target: &str, headers: &str, body: &str) -> Option<Answer> {
        ask(&self.running.rest_url(), method, target, headers, body)
    }

    /// A request that anybody may make.
    pub(crate) fn open(&self, target: &str) -> Answer {
        self.try_raw("GET", target, "", "").expect("an answer")
    }

    /// A request with headers of its own, signed at `millis`.
    pub(crate) fn signed_at(&self, millis: i64, method: &str, target: &str, body: &str) -> Option<Answer> {
        let sign = sign(&format!("{millis}{method}{target}{body}"));
        let headers = format!(
            "ACCESS-KEY: {KEY}\r\nACCESS-SIGN: {sign}\r\nACCESS-TIMESTAMP: {millis}\r\nACCESS-PASSPHRASE: {PASSPHRASE}\r\nContent-Type: application/json\r\npaptrading: 1\r\n"
        );
        self.try_raw(method, target, &headers, body)
    }

    /// A signed request; the path is what follows `/api/v2/mix/`.
    pub(crate) fn try_ask(&self, method: &str, path: &str, body: &str) -> Option<Answer> {
        self.signed_at(self.now.get(), method, &format!("/api/v2/mix/{path}"), body)
    }

    /// What a signed query is answered with.
    pub(crate) fn get(&self, path: &str) -> Value {
        let join = if path.contains('?') { "&" } else { "?" };
        let path = format!("{path}{join}productType=USDT-FUTURES");
        let answer = self.try_ask("GET", &path, "").expect("an answer");
        assert_eq!((answer.status, answer.code().as_str()), (200, "00000"), "{path}: {}", answer.text);
        answer.json()["data"].clone()
    }

    /// A command about Bitcoin.
    pub(crate) fn command(&self, path: &str, more: &Value) -> Answer {
        self.try_command(path, more).expect("an answer")
    }

    pub(crate) fn try_command(&self, path: &str, more: &Value) -> Option<Answer> {
        let mut body = json!({"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.try_ask("POST", path, &body.to_string())
    }

    /// A command that is done.
    pub(crate) fn post(&self, path: &str, more: &Value) -> Value {
        let answer = self.command(path, more);
        assert_eq!((answer.status, answer.code().as_str()), (200, "00000"), "{path} {more}: {}", answer.text);
        answer.json()["data"].clone()
    }

    /// A command that is refused: its code.
    pub(crate) fn refused(&self, path: &str, more: &Value) -> String {
        let answer = self.command(path, more);
        assert_eq!((answer.status, &answer.json()["data"]), (400, &Value::Null), "{path} {more}: {}", answer.text);
        answer.code()
    }

    /// A market buy or sale of Bitcoin.
    pub(crate) fn trade(&self, side: &str, size: &str) -> Value {
        self.post("order/place-order", &market(side, size))
    }

    pub(crate) async fn socket(&self, path: &str) -> Socket {
        let url = format!("{}{path}", self.running.ws_url());
        let (stream, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Socket(stream)
    }

    /// A socket that is logged in.
    pub(crate) async fn logged_in(&self, path: &str) -> Socket {
        let mut socket = self.socket(path).await;
        socket.say(&self.login()).await;
        let answer = socket.hear().await.unwrap();
        assert!(answer.contains(r#""event":"login""#), "{answer}");
        socket
    }

    /// A private socket that listens to these channels, its first pushes heard.
    pub(crate) async fn private(&self, channels: &[&str]) -> Socket {
        let mut socket = self.logged_in("/v2/ws/private").await;
        for channel in channels {
            socket.say(&subscribe(channel)).await;
        }
        socket.heard().await;
        socket
    }

    pub(crate) fn login(&self) -> String {
        let seconds = self.now.get() / 1000;
        let sign = sign(&format!("{seconds}GET/user/verify"));
        let arg = json!({"apiKey": KEY, "passphrase": PASSPHRASE, "timestamp": seconds.to_string(), "sign": sign});
        json!({"op": "login", "args": [arg]}).to_string()
    }
}

pub(crate) fn market(side: &str, size: &str) -> Value {
    json!({"marginMode": "crossed", "side": side, "orderType": "market", "size": size})
}

pub(crate) fn limit(side: &str, size: &str, price: &str, name: &str) -> Value {
    json!({"marginMode": "crossed", "side": side, "orderType": "limit", "size": size, "price": price, "clientOid": name})
}

pub(crate) fn with(mut order: Value, name: &str, value: &str) -> Value {
    order.as_object_mut().unwrap().insert(name.to_owned(), value.into());
    order
}

pub(crate) fn subscribe(channel: &str) -> String {
    let selector = if channel == "account" { "coin" } else { "instId" };
    json!({"op": "subscribe", "args": [{"instType": "USDT-FUTURES", "channel": channel, selector: "default"}]})
        .to_string()
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

pub(crate) fn sign(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    base64(&mac.finalize().into_bytes())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |group: &[u8]| {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
        (0..4).map(move |at| char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize])).take(group.len() + 1)
    };
    let mut text: String = bytes.chunks(3).flat_map(digits).collect();
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
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

    /// Everything that was said until now: a ping is answered after it.
    pub(crate) async fn heard(&mut self) -> Vec<String> {
        self.say("ping").await;
        let mut heard = Vec::new();
        loop {
            let text = self.hear().await.expect("the socket is open");
            if text == "pong" {
                return heard;
            }
            heard.push(text);
        }
    }

    /// The channels of everything that was pushed until now, with what rows say of themselves.
    pub(crate) async fn told(&mut self) -> Vec<String> {
        self.heard().await.iter().map(|text| headline(text)).collect()
    }

    /// Asks for something and waits for the answer to it.
    pub(crate) async fn is_answered(&mut self, within: Duration) -> bool {
        let answered = async {
            self.0.send(Message::text("ping")).await.is_ok()
                && matches!(self.0.next().await, Some(Ok(Message::Text(_))))
        };
        tokio::time::timeout(within, answered).await.unwrap_or(false)
    }
}

/// `orders live`, `fill`, `positions 1`, `account`, `orders-algo executing`, …
fn headline(text: &str) -> String {
    let push: Value = serde_json::from_str(text).unwrap();
    let Some(channel) = push["arg"]["channel"].as_str() else { return text.to_owned() };
    let rows = push["data"].as_array().cloned().unwrap_or_default();
    match (channel, rows.first().and_then(|row| row["status"].as_str())) {
        (_, Some(status)) => format!("{channel} {status}"),
        ("positions", None) => format!("{channel} {}", rows.len()),
        (_, None) => channel.to_owned(),
    }
}
