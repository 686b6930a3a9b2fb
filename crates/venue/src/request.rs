//! Requests as plain values.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::borrow::Cow;
use std::fmt;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or sets.
    Post,
    /// Changes.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// The word for it in HTTP.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An HTTP request as it is to be sent: not one byte may change, or its signature is void.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The whole address, with query and signature.
    pub url: String,
    /// Headers to add. Key and signature may be among them.
    pub headers: Vec<(&'static str, String)>,
    /// The body, if any.
    pub body: Option<String>,
    /// What it takes from the budget that it counts against; 1 where the venue counts requests.
    pub weight: u32,
    /// Whether it takes from the limits on orders too.
    pub counts_as_order: bool,
}

impl HttpRequest {
    /// The address without its query: for logs.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }
}

impl fmt::Debug for HttpRequest {
    /// Without key and signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = match self.url.split_once("signature=") {
            Some((before, _)) => format!("{before}signature=…"),
            None => self.url.clone(),
        };
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &url)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("weight", &self.weight)
            .field("counts_as_order", &self.counts_as_order)
            .finish_non_exhaustive()
    }
}

/// RFC 3986: everything but `A-Z a-z 0-9 - _ . ~` is written `%XX`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `text` percent-encoded as UTF-8, upper-case, with nothing but `A-Z a-z 0-9 - _ . ~` left as it is.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// `name=value&…` in the given order, encoded as it is signed and sent.
#[must_use]
pub fn query<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::with_capacity(LONG_QUERY);
    for (name, value) in params {
        add_to_query(&mut query, name, value);
    }
    query
}

/// As many bytes as most queries have with a signature.
const LONG_QUERY: usize = 256;

/// The names and values of a [`query`], decoded.
pub fn params(query: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name, percent_decode_str(value).decode_utf8_lossy()))
}

/// Adds `&name=value` to a query, the value encoded as it is signed and sent. Venues' names are plain, and added as they are.
pub fn add_to_query(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    query.extend(utf8_percent_encode(value, RESERVED));
}
