//! A call, and the request that it becomes.

use crate::wire::sign;
use plimsoll_domain::Timestamp;
use plimsoll_venue::request::{add_to_query, params};
use plimsoll_venue::{HttpRequest, Method};
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::time::Duration;

/// An API key and its secret. The secret shows in no text of ours.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The key, sent in the header `X-MBX-APIKEY`.
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
    /// The key.
    Key,
    /// The key, a timestamp and a signature.
    Signed,
}

/// One call of the REST interface, without time, secret and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, from its slash.
    pub path: &'static str,
    /// The parameters in the order in which they are sent, as they are sent: [`params`](Self::params) tells them.
    pub query: String,
    /// What it must show.
    pub security: Security,
    /// What it takes from the request weight of the minute.
    pub weight: u32,
    /// Whether it takes from the order limits.
    pub counts_as_order: bool,
}

impl Call {
    pub(super) const fn new(method: Method, path: &'static str, security: Security, weight: u32) -> Self {
        Self { method, path, query: String::new(), security, weight, counts_as_order: false }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        if self.query.is_empty() {
            self.query.reserve(LONG_QUERY);
        }
        add_to_query(&mut self.query, name, value.as_ref());
        self
    }

    pub(super) fn with_some(self, name: &'static str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn counted(mut self) -> Self {
        self.counts_as_order = true;
        self
    }

    /// The parameters in the order in which they are sent, not encoded.
    pub fn params(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        params(&self.query)
    }

    /// The request, to be sent byte for byte as it is. `base` is the scheme and host; `now` is the venue's time as well
    /// as we know it; without `recv_window` the venue accepts the request for 5 seconds.
    ///
    /// ```
    /// use plimsoll_binance::wire::request::{self, Credentials};
    /// use plimsoll_domain::Timestamp;
    /// use std::time::Duration;
    /// let keys = Credentials::new("key", "secret");
    /// let now = Timestamp::from_millis(1_700_000_000_000);
    /// let request = request::account_config().request("https://demo-fapi.binance.com", &keys, now, Some(Duration::from_secs(5)));
    /// assert!(request.url.starts_with(
    ///     "https://demo-fapi.binance.com/fapi/v1/accountConfig?recvWindow=5000&timestamp=1700000000000&signature="
    /// ));
    /// ```
    #[must_use]
    pub fn request(
        &self,
        base: &str,
        credentials: &Credentials,
        now: Timestamp,
        recv_window: Option<Duration>,
    ) -> HttpRequest {
        let mut query = String::with_capacity(self.query.len() + LONGEST_SIGNED);
        query.push_str(&self.query);
        if self.security == Security::Signed {
            for (name, value) in times(now, recv_window) {
                add_to_query(&mut query, name, &value);
            }
            let signature = sign::hmac_sha256(&credentials.secret, &query);
            add_to_query(&mut query, "signature", &signature);
        }
        let headers = match self.security {
            Security::Public => Vec::new(),
            Security::Key | Security::Signed => {
                vec![("X-MBX-APIKEY", credentials.key.expose_secret().to_owned())]
            }
        };
        self.with_query(base, &query, headers)
    }

    /// A public request, which needs no key.
    ///
    /// Calls that need one are [`Security::Key`] or [`Security::Signed`]; for those use [`request`](Self::request), or the
    /// venue will refuse.
    #[must_use]
    pub fn public(&self, base: &str) -> HttpRequest {
        self.with_query(base, &self.query, Vec::new())
    }

    fn with_query(&self, base: &str, query: &str, headers: Vec<(&'static str, String)>) -> HttpRequest {
        let mark = if query.is_empty() { "" } else { "?" };
        HttpRequest {
            method: self.method,
            url: [base.trim_end_matches('/'), self.path, mark, query].concat(),
            headers,
            body: None,
            weight: self.weight,
            counts_as_order: self.counts_as_order,
        }
    }
}

/// As many bytes as the query of an order has.
const LONG_QUERY: usize = 192;

/// Time and signature of a query are no longer than this.
const LONGEST_SIGNED: usize = 160;

/// `recvWindow` and `timestamp`, in the order of the venue's examples.
pub(super) fn times(now: Timestamp, recv_window: Option<Duration>) -> Vec<(&'static str, String)> {
    let millis = |window: Duration| u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
    let recv_window = recv_window.map(|window| ("recvWindow", millis(window).to_string()));
    recv_window.into_iter().chain([("timestamp", now.as_millis().to_string())]).collect()
}
