//! A client that knows nothing but how to sign.

pub(crate) use crate::bytes::Answer;

use crate::bytes::{Stream, ask, hear};
use futures_util::{SinkExt, StreamExt};
use hmac::{Hmac, KeyInit, Mac};
use plimsoll_domain::{AccountId, Price, Timestamp};
use plimsoll_exchange::listings::gateio;
use plimsoll_exchange::{Exchange, Tick};
use plimsoll_venue_server::gateio::RateLimits;
use plimsoll_venue_server::{AuthenticationClock, GateioVenue, Running, Settings};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// 2026-01-01 00:10 UTC.
pub(crate) const START: i64 = 1_767_226_200;
pub(crate) const KEY: &str = "key";
const SECRET: &str = "secret";
/// The user id of the first account.
pub(crate) const USER: &str = "100001";

/// A venue whose clock is the market's, with Bitcoin at 60,000 and one account of 10,000.
pub(crate) struct Venue {
    pub(crate) running: Running,
    now: std::cell::Cell<i64>,
}

impl Answer {
    pub(crate) fn label(&self) -> String {
        self.json()["label"].as_str().unwrap_or_default().to_owned()
    }
}

impl Venue {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    pub(crate) async fn with(
        settings: impl FnOnce(&mut Settings<RateLimits>),
        prepare: impl FnOnce(&mut Exchange),
    ) -> Self {
        let mut exchange = Exchange::new(Timestamp::from_millis(START * 1000));
        exchange.list(gateio::btc_usdt(), price("60000")).unwrap();
        exchange.list(gateio::eth_usdt(), price("3000")).unwrap();
        prepare(&mut exchange);
        let mut chosen = Settings { clock: AuthenticationClock::Market, ..Settings::default() };
        settings(&mut chosen);
        let running = GateioVenue::start(exchange, chosen).await.unwrap();
        running.open_account(&account(), KEY, SecretString::from(SECRET)).unwrap();
        Self { running, now: std::cell::Cell::new(START) }
    }

    /// Moves Bitcoin to this price, so many seconds later.
    pub(crate) fn tick(&self, last: &str, seconds: i64) {
        self.now.set(self.now.get() + seconds);
        let time = Timestamp::from_millis(self.now.get() * 1000);
        self.running.advance([&Tick::at(gateio::btc_usdt().symbol, time, price(last))]).unwrap();
    }

    /// Sends a request as it is; `None` if the connection was closed without a word.
    pub(crate) fn try_raw(&self, method: &str, target: &str, headers: &str, body: &str) -> Option<Answer> {
        ask(&self.running.rest_url(), method, target, headers, body)
    }

    pub(crate) fn raw(&self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        self.try_raw(method, target, headers, body).expect("an answer")
    }

    /// A request that anybody may make, below `/api/v4`.
    pub(crate) fn open(&self, path: &str) -> Value {
        let answer = self.raw("GET", &format!("/api/v4{path}"), "X-Gate-Size-Decimal: 1\r\n", "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// A signed request below `/api/v4/futures/usdt`; `None` if the connection was closed without a word.
    pub(crate) fn try_signed(&self, method: &str, path: &str, query: &str, body: &str) -> Option<Answer> {
        let path = format!("/api/v4/futures/usdt{path}");
        let hash = hex::encode(Sha512::digest(body.as_bytes()));
        let sign = signature(&format!("{method}\n{path}\n{query}\n{hash}\n{}", self.now.get()));
        let headers = format!(
            "KEY: {KEY}\r\nTimestamp: {}\r\nSIGN: {sign}\r\nX-Gate-Size-Decimal: 1\r\nContent-Type: application/json\r\n",
            self.now.get()
        );
        let question = if query.is_empty() { "" } else { "?" };
        self.try_raw(method, &format!("{path}{question}{query}"), &headers, body)
    }

    pub(crate) fn signed(&self, method: &str, path: &str, query: &str, body: &str) -> Answer {
        self.try_signed(method, path, query, body).expect("an answer")
    }

    pub(crate) fn get(&self, path: &str, query: &str) -> Value {
        self.done("GET", path, query, "")
    }

    /// A call that takes its parameters in the query and has no body.
    pub(crate) fn set(&self, path: &str, query: &str) -> Value {
        self.done("POST", path, query, "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.done("POST", path, "", &body.to_string())
    }

    pub(crate) fn delete(&self, path: &str, query: &str) -> Value {
        self.done("DELETE", path, query, "")
    }

    fn done(&self, method: &str, path: &str, query: &str, body: &str) -> Value {
        let answer = self.signed(method, path, query, body);
        assert!(matches!(answer.status, 200 | 201), "{method} {path}?{query} {body}: {}", answer.text);
        answer.json()
    }

    /// The label that a call is refused with.
    pub(crate) fn refused(&self, method: &str, path: &str, query: &str, body: &Value) -> String {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = self.signed(method, path, query, &body);
        assert!(answer.status >= 400, "{method} {path}?{query} {body} was not refused: {}", answer.text);
        answer.label()
    }

    /// A market order of Bitcoin, in contracts with their sign.
    pub(crate) fn trade(&self, size: i64) -> Value {
        self.post("/orders", &market(size))
    }

    pub(crate) async fn socket(&self) -> Socket {
        self.socket_for(true).await
    }

    pub(crate) async fn socket_for(&self, decimal: bool) -> Socket {
        let mut request = format!("{}/v4/ws/usdt", self.running.ws_url()).into_client_request().unwrap();
        if decimal {
            request.headers_mut().insert("X-Gate-Size-Decimal", "1".parse().unwrap());
        }
        let (stream, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Socket { stream, now: self.now.get() }
    }

    /// A socket that hears these private channels.
    pub(crate) async fn private(&self, channels: &[&str]) -> Socket {
        let mut socket = self.socket().await;
        for channel in channels {
            let payload = if *channel == "futures.balances" { json!([USER]) } else { json!([USER, "!all"]) };
            socket.say(&subscription(channel, "subscribe", &payload, self.now.get(), SECRET)).await;
            let answer = socket.hear().await.unwrap();
            assert_eq!(answer["result"]["status"], "success", "{answer}");
        }
        socket
    }
}

/// The body of a market order of Bitcoin.
pub(crate) fn market(size: i64) -> Value {
    json!({"contract": "BTC_USDT", "size": size.to_string(), "price": "0", "tif": "ioc"})
}

/// The body of a limit order of Bitcoin.
pub(crate) fn limit(size: i64, price: &str, text: &str) -> Value {
    json!({"contract": "BTC_USDT", "size": size.to_string(), "price": price, "tif": "gtc", "text": text})
}

/// Members of an object, one after another.
pub(crate) fn pick(value: &Value, names: &[&str]) -> String {
    let text = |name: &&str| match &value[*name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    names.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// A subscription to a private channel, signed.
pub(crate) fn subscription(channel: &str, event: &str, payload: &Value, now: i64, secret: &str) -> Value {
    let text = format!("channel={channel}&event={event}&time={now}");
    let auth = json!({"method": "api_key", "KEY": KEY, "SIGN": signed_with(secret, &text)});
    json!({"id": 7, "time": now, "channel": channel, "event": event, "payload": payload, "auth": auth})
}

pub(crate) fn account() -> AccountId {
    AccountId::new("main")
}

pub(crate) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(crate) fn signature(text: &str) -> String {
    signed_with(SECRET, text)
}

fn signed_with(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

pub(crate) struct Socket {
    stream: Stream,
    now: i64,
}

impl Socket {
    pub(crate) async fn say(&mut self, message: &Value) {
        self.say_text(&message.to_string()).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// The next frame; `None` once the socket is closed or cut.
    pub(crate) async fn hear_text(&mut self) -> Option<String> {
        hear(&mut self.stream).await
    }

    pub(crate) async fn hear(&mut self) -> Option<Value> {
        let text = self.hear_text().await?;
        Some(serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}")))
    }

    /// Everything that was said until now: what is asked for is answered after it.
    pub(crate) async fn heard(&mut self) -> Vec<Value> {
        let ping = json!({"time": self.now, "channel": "futures.ping"});
        self.say(&ping).await;
        let mut heard = Vec::new();
        loop {
            let frame = self.hear().await.expect("the socket is open");
            if frame["channel"] == "futures.pong" {
                return heard;
            }
            heard.push(frame);
        }
    }

    /// The last word of the channel of everything that was said until now.
    pub(crate) async fn told(&mut self) -> Vec<String> {
        let channel = |frame: &Value| frame["channel"].as_str().unwrap().trim_start_matches("futures.").to_owned();
        self.heard().await.iter().map(channel).collect()
    }

    /// Subscribes to a public channel.
    pub(crate) async fn subscribe(&mut self, channel: &str, payload: Value) -> Value {
        let message = json!({"time": self.now, "channel": channel, "event": "subscribe", "payload": payload});
        self.say(&message).await;
        self.hear().await.unwrap()
    }

    /// Whether a ping of the venue's own is answered.
    pub(crate) async fn is_answered(&mut self, within: Duration) -> bool {
        let ping = json!({"time": self.now, "channel": "futures.ping"}).to_string();
        let answered = async {
            self.stream.send(Message::text(ping)).await.is_ok()
                && matches!(self.stream.next().await, Some(Ok(Message::Text(_))))
        };
        tokio::time::timeout(within, answered).await.unwrap_or(false)
    }
}
