//! A call, and the request that it becomes.

use crate::wire::sign;
use plimsoll_domain::Timestamp;
use plimsoll_venue::request::percent_encoded;
use plimsoll_venue::{HttpRequest, Method};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// Where every path of the futures interface settled in USDT begins.
const FUTURES: &str = "/api/v4/futures/usdt";

/// An API key and its secret. The secret shows in no text of ours.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The key, sent in the header `KEY`.
    pub key: SecretString,
    /// The secret, which signs and is never sent.
    pub secret: SecretString,
}

impl Credentials {
    /// A key and its secret, both case sensitive.
    #[must_use]
    pub fn new(key: impl Into<SecretString>, secret: impl Into<SecretString>) -> Self {
        Self { key: key.into(), secret: secret.into() }
    }
}

/// What a call must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// Nothing.
    Public,
    /// The key, a timestamp and a signature.
    Signed,
}

/// The limit that a call takes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Public calls: 200 in 10 seconds for each endpoint and address.
    Public,
    /// Placing and changing orders: 100 a second for each user.
    Place,
    /// Cancelling: 200 a second for each user.
    Cancel,
    /// Everything else: 200 in 10 seconds for each endpoint and user.
    Private,
}

/// One call of the REST interface, without time, secret and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path below the settle currency, with names in braces for what varies: each has a limit of its own.
    pub endpoint: &'static str,
    /// The path, from its slash.
    pub path: String,
    /// The query in the order in which it is sent, not yet encoded.
    pub query: Vec<(&'static str, String)>,
    /// The body as it is signed and sent.
    pub body: Option<String>,
    /// What it must show.
    pub security: Security,
    /// The limit that it takes from.
    pub limit: Limit,
}

impl Call {
    pub(super) fn new(method: Method, endpoint: &'static str, limit: Limit) -> Self {
        let security = if limit == Limit::Public { Security::Public } else { Security::Signed };
        let path = format!("{FUTURES}{endpoint}");
        Self { method, endpoint, path, query: Vec::new(), body: None, security, limit }
    }

    pub(super) fn get(endpoint: &'static str) -> Self {
        Self::new(Method::Get, endpoint, Limit::Private)
    }

    pub(super) fn public(endpoint: &'static str) -> Self {
        Self::new(Method::Get, endpoint, Limit::Public)
    }

    pub(super) fn set(endpoint: &'static str) -> Self {
        Self::new(Method::Post, endpoint, Limit::Private)
    }

    /// One that is not below the futures interface.
    pub(super) fn elsewhere(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// Puts a value in the place of the name in braces.
    pub(super) fn of(mut self, name: &str, value: &str) -> Self {
        self.path = self.path.replace(name, value);
        self
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn with_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn body(self, body: String) -> Self {
        Self { body: Some(body), ..self }
    }

    /// From and to, in seconds. What began within a second is asked for with it.
    pub(super) fn window(self, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        self.with_some("from", from.map(|it| seconds(it).to_string()))
            .with_some("to", to.map(|it| seconds(it).to_string()))
    }

    /// It counts against the limit for placing and changing orders.
    #[must_use]
    pub fn counts_as_order(&self) -> bool {
        self.limit == Limit::Place
    }

    /// The request, to be sent byte for byte as it is. `base` is scheme and host; `now` is the venue's time as well as we
    /// know it, and is sent in whole seconds. An order that reaches the venue's gateway later than `expires_in` after
    /// `now` dies there; without it, it is taken whenever it comes within the minute for which a signature holds.
    ///
    /// ```
    /// use plimsoll_domain::Timestamp;
    /// use plimsoll_gateio::wire::request::{self, Credentials};
    /// let keys = Credentials::new("key", "secret");
    /// let now = Timestamp::from_millis(1_541_993_715_000);
    /// let request = request::positions(true, 0).request("https://api.gateio.ws", &keys, now, None);
    /// assert_eq!(request.url, "https://api.gateio.ws/api/v4/futures/usdt/positions?holding=true&limit=1000");
    /// assert!(request.headers.contains(&("Timestamp", "1541993715".to_owned())));
    /// ```
    #[must_use]
    pub fn request(
        &self,
        base: &str,
        credentials: &Credentials,
        now: Timestamp,
        expires_in: Option<Duration>,
    ) -> HttpRequest {
        let mut headers = self.headers();
        if self.security == Security::Signed {
            let timestamp = seconds(now).to_string();
            let body = self.body.as_deref().unwrap_or_default();
            let signed = sign::rest(self.method.as_str(), &self.path, &self.query(str::to_owned), body, &timestamp);
            headers.push(("KEY", credentials.key.expose_secret().to_owned()));
            headers.push(("Timestamp", timestamp));
            headers.push(("SIGN", sign::hmac_sha512(&credentials.secret, &signed)));
        }
        if let Some(window) = expires_in.filter(|_| self.counts_as_order()) {
            headers.push(("x-gate-exptime", now.plus(window).as_millis().to_string()));
        }
        self.with_headers(base, headers)
    }

    /// A public request, which needs no key; for calls that are [`Security::Signed`] use [`request`](Self::request), or
    /// the venue will refuse.
    #[must_use]
    pub fn unsigned(&self, base: &str) -> HttpRequest {
        self.with_headers(base, self.headers())
    }

    fn query(&self, encode: impl Fn(&str) -> String) -> String {
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        pairs.join("&")
    }

    /// Sizes are asked for as texts with all their digits: without the last of these headers they come as whole numbers,
    /// cut off.
    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Accept", "application/json".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("X-Gate-Size-Decimal", "1".to_owned()),
        ]
    }

    /// A few contracts have names beyond ASCII: encoded in the address, but signed as they are.
    fn with_headers(&self, base: &str, headers: Vec<(&'static str, String)>) -> HttpRequest {
        let path: Vec<String> = self.path.split('/').map(percent_encoded).collect();
        let query = self.query(percent_encoded);
        let mark = if query.is_empty() { "" } else { "?" };
        let base = base.trim_end_matches('/').trim_end_matches("/api/v4");
        HttpRequest {
            method: self.method,
            url: format!("{base}{}{mark}{query}", path.join("/")),
            headers,
            body: self.body.clone(),
            weight: 1,
            counts_as_order: self.counts_as_order(),
        }
    }
}

/// Whole seconds since 1970.
pub(super) const fn seconds(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1_000_000)
}
