//! A call, and the request that it becomes.

use crate::wire::sign;
use plimsoll_domain::Timestamp;
use plimsoll_venue::{HttpRequest, Method};
use secrecy::{ExposeSecret, SecretString};

/// An API key, its secret, and the passphrase that was chosen with it. Neither shows in any text of ours.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The key, sent in the header `ACCESS-KEY`.
    pub key: SecretString,
    /// The secret, which signs and is never sent.
    pub secret: SecretString,
    /// The passphrase, sent in the header `ACCESS-PASSPHRASE`.
    pub passphrase: SecretString,
}

impl Credentials {
    /// A key with its secret and passphrase, all case sensitive.
    #[must_use]
    pub fn new(
        key: impl Into<SecretString>,
        secret: impl Into<SecretString>,
        passphrase: impl Into<SecretString>,
    ) -> Self {
        Self { key: key.into(), secret: secret.into(), passphrase: passphrase.into() }
    }
}

/// Whose money: the venue tells the two apart by a header, at one address. A key belongs to one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Trading {
    /// Real.
    #[default]
    Live,
    /// The venue's demo trading: the header `paptrading` is sent.
    Demo,
}

/// What a call must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Security {
    /// Nothing.
    Public,
    /// Key, passphrase, timestamp and signature.
    Signed,
}

/// Whom the venue counts an endpoint's calls against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The address.
    Address,
    /// The account.
    Account,
}

/// One call of the REST interface, without time, secret and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, from its slash.
    pub path: &'static str,
    /// The parameters, not yet encoded: of the query, sorted by name when they are sent, or of the body, in this order.
    pub params: Vec<(&'static str, Value)>,
    /// What it must show.
    pub security: Security,
    /// How many of these the venue takes a second. Every endpoint has a limit of its own.
    pub per_second: u32,
    /// Whom that limit is for.
    pub scope: Scope,
    /// Whether it places, changes or cancels an order.
    pub counts_as_order: bool,
}

/// What a parameter is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, as every number is to the venue.
    Text(String),
    /// A list of objects with texts, in a body.
    List(Vec<Vec<(&'static str, String)>>),
}

impl Call {
    pub(super) const fn new(method: Method, path: &'static str, security: Security, per_second: u32) -> Self {
        let scope = match security {
            Security::Public => Scope::Address,
            Security::Signed => Scope::Account,
        };
        Self { method, path, params: Vec::new(), security, per_second, scope, counts_as_order: false }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.params.push((name, Value::Text(value.into())));
        self
    }

    pub(super) fn with_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn with_list(mut self, name: &'static str, list: Vec<Vec<(&'static str, String)>>) -> Self {
        self.params.push((name, Value::List(list)));
        self
    }

    pub(super) fn window(self, from: Option<Timestamp>, to: Option<Timestamp>) -> Self {
        self.with_some("startTime", from.map(millis)).with_some("endTime", to.map(millis))
    }

    pub(super) fn counted(mut self) -> Self {
        self.counts_as_order = true;
        self
    }

    /// The request, to be sent byte for byte as it is. `base` is the scheme and host; `now` is the venue's time as well
    /// as we know it: the venue takes a request for 30 seconds.
    ///
    /// ```
    /// use plimsoll_bitget::wire::request::{self, Credentials, Trading};
    /// use plimsoll_domain::Timestamp;
    /// let keys = Credentials::new("key", "demoSecret0123456789ABCDEF", "phrase");
    /// let now = Timestamp::from_millis(1_732_104_000_000);
    /// let request = request::positions(None).request("https://api.bitget.com", &keys, now, Trading::Live);
    /// let sign = request.headers.iter().find(|(name, _)| *name == "ACCESS-SIGN");
    /// assert_eq!(sign.map(|(_, value)| &**value), Some("PTd1UHS1HpZfH6VA6mCzJz22VsHfcWzG3lprouOpOpk="));
    /// ```
    #[must_use]
    pub fn request(&self, base: &str, credentials: &Credentials, now: Timestamp, trading: Trading) -> HttpRequest {
        let mut request = self.public(base, trading);
        if self.security == Security::Signed {
            let body = request.body.as_deref().unwrap_or_default();
            let text = sign::rest_text(now, self.method, self.path, &self.query_as_read(), body);
            let signed = [
                ("ACCESS-KEY", credentials.key.expose_secret().to_owned()),
                ("ACCESS-SIGN", sign::hmac_sha256(&credentials.secret, &text)),
                ("ACCESS-TIMESTAMP", now.as_millis().to_string()),
                ("ACCESS-PASSPHRASE", credentials.passphrase.expose_secret().to_owned()),
            ];
            request.headers.splice(0..0, signed);
        }
        request
    }

    /// A public request, which needs no key.
    ///
    /// Calls that need one are [`Security::Signed`]; for those use [`request`](Self::request), or the venue will refuse.
    #[must_use]
    pub fn public(&self, base: &str, trading: Trading) -> HttpRequest {
        let query = sign::query(self.query_params());
        let mark = if query.is_empty() { "" } else { "?" };
        let body = (self.method != Method::Get).then(|| object(&self.params));
        let mut headers = Vec::new();
        if body.is_some() {
            headers.push(("Content-Type", "application/json".to_owned()));
        }
        headers.push(("locale", "en-US".to_owned()));
        // The venue's public endpoints are known to misbehave with the header of demo trading.
        if trading == Trading::Demo && self.security == Security::Signed {
            headers.push(("paptrading", "1".to_owned()));
        }
        HttpRequest {
            method: self.method,
            url: format!("{}{}{mark}{query}", base.trim_end_matches('/'), self.path),
            headers,
            body,
            weight: 1,
            counts_as_order: self.counts_as_order,
        }
    }

    /// The query, by name.
    fn query_params(&self) -> Vec<(&str, &str)> {
        if self.method != Method::Get {
            return Vec::new();
        }
        let texts = self.params.iter().filter_map(|(name, value)| match value {
            Value::Text(text) => Some((*name, text.as_str())),
            Value::List(_) => None,
        });
        let mut params: Vec<_> = texts.collect();
        params.sort_unstable();
        params
    }

    /// The query as the venue checks its signature: after it has been decoded.
    fn query_as_read(&self) -> String {
        let params = self.query_params();
        params.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }
}

pub(super) fn millis(time: Timestamp) -> String {
    time.as_millis().to_string()
}

/// `text` as a JSON string.
pub(super) fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn object(params: &[(&str, Value)]) -> String {
    let member = |(name, value): &(&str, Value)| {
        let value = match value {
            Value::Text(text) => json(text),
            Value::List(items) => {
                format!("[{}]", items.iter().map(|item| texts(item)).collect::<Vec<_>>().join(","))
            }
        };
        format!("{}:{value}", json(name))
    };
    format!("{{{}}}", params.iter().map(member).collect::<Vec<_>>().join(","))
}

/// A flat object of texts.
pub(super) fn texts(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, text)| format!("{}:{}", json(name), json(text))).collect();
    format!("{{{}}}", fields.join(","))
}
