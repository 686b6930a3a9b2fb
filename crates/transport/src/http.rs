//! HTTP: one request, one answer, or a failure that says whether anything can have been done.

use crate::redact::redacted;
use crate::tls;
use reqwest::Url;
use reqwest::header::HeaderMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The verbs that venues use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes.
    Post,
    /// Changes.
    Put,
    /// Takes away.
    Delete,
}

impl Method {
    /// The verb as it is sent.
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

/// A request as a plain value. Its `Debug` shows neither query, headers nor body: they may hold keys and signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The verb.
    pub method: Method,
    /// The whole address; it is sent as it is, so that a signature over it stays right.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body, if there is one.
    pub body: Option<String>,
}

impl HttpRequest {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: None }
    }

    /// With one header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), redacted(&self.url))
    }
}

/// An answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The value of a header, its name in any case; `None` too where the value is not text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text, for people.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// No byte of the request left: no name, no connection, no valid request. Trying again is safe.
    #[error("{0}")]
    NotSent(String),
    /// The request may have arrived; no whole answer came back.
    #[error("{0}")]
    Unanswered(String),
}

/// The session could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no HTTP session: {0}")]
pub struct BuildFailure(String);

/// How long to wait for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpSettings {
    /// For a connection.
    pub connect_timeout: Duration,
    /// For the whole exchange, connection included; longer than the former, so that "no connection" stays certain.
    pub timeout: Duration,
    /// How long an idle connection is kept for the next request. Shorter than the other side keeps it: a request on a
    /// connection that is closing under it may be lost without an answer.
    pub keep_idle: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            keep_idle: Duration::from_secs(30),
        }
    }
}

/// Connections to one or more hosts, kept open and reused.
#[derive(Debug, Clone)]
pub struct HttpSession {
    client: reqwest::Client,
    settings: HttpSettings,
    /// Scheme, host and port of the last request: what a venue's addresses share, and what takes longest to read.
    origin: Arc<Mutex<Option<Url>>>,
}

/// The largest answer that is read: the longest known (a venue's whole list of contracts) is a tenth of it.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

impl HttpSession {
    /// Connects to nothing yet. TLS is rustls with ring and compiled-in roots; redirects, proxies and retries are off: a
    /// signed request goes where it was meant to go, once.
    ///
    /// # Errors
    /// [`BuildFailure`] if the client library refuses the settings.
    pub fn new(settings: HttpSettings) -> Result<Self, BuildFailure> {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(rustls::ClientConfig::clone(&tls::client_config()))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            .pool_idle_timeout(settings.keep_idle)
            .build()
            .map_err(|error| BuildFailure(chain(&error)))?;
        Ok(Self { client, settings, origin: Arc::default() })
    }

    /// Sends the request, once.
    ///
    /// # Errors
    /// [`HttpFailure`], which says whether the request can have arrived. It names the host and path, never the query.
    pub async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, HttpFailure> {
        let url = self.url(&request.url).map_err(|why| HttpFailure::NotSent(format!("{request:?}: {why}")))?;
        let mut builder = self.client.request(verb(request.method), url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let built = builder.build().map_err(|error| HttpFailure::NotSent(self.described(request, error)))?;
        let mut response = self.client.execute(built).await.map_err(|error| self.failure(request, error))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unanswered(request, error))? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(HttpFailure::Unanswered(format!("{request:?}: the answer is too large")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(HttpResponse { status, headers, body })
    }

    /// Only what failed before a connection stood is certainly not sent.
    fn failure(&self, request: &HttpRequest, error: reqwest::Error) -> HttpFailure {
        if error.is_connect() || error.is_builder() {
            return HttpFailure::NotSent(self.described(request, error));
        }
        self.unanswered(request, error)
    }

    fn unanswered(&self, request: &HttpRequest, error: reqwest::Error) -> HttpFailure {
        HttpFailure::Unanswered(self.described(request, error))
    }

    fn described(&self, request: &HttpRequest, error: reqwest::Error) -> String {
        let HttpSettings { connect_timeout, timeout, .. } = self.settings;
        match (error.is_timeout(), error.is_connect()) {
            (true, true) => format!("{request:?}: no connection within {connect_timeout:?}"),
            (true, false) => format!("{request:?}: no whole answer within {timeout:?}"),
            (false, _) => {
                let error = chain(&error.without_url());
                format!("{request:?}: {error}{}", advice(&error))
            }
        }
    }

    /// The address, read from its path on where its host is that of the last.
    fn url(&self, whole: &str) -> Result<Url, String> {
        let mut last = self.origin.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = last.as_ref()
            && let Some(rest) = whole.strip_prefix(origin.as_str().trim_end_matches('/'))
            && rest.starts_with('/')
            && !rest.starts_with("//")
        {
            return origin.join(rest).map_err(|error| error.to_string());
        }
        let url = Url::parse(whole).map_err(|error| error.to_string())?;
        if !url.cannot_be_a_base() {
            let mut origin = url.clone();
            origin.set_path("");
            origin.set_query(None);
            origin.set_fragment(None);
            *last = Some(origin);
        }
        Ok(url)
    }
}

fn verb(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// What to look at, where one side speaks TLS and the other does not. The libraries keep these kinds of errors to themselves;
/// this is what they say.
fn advice(error: &str) -> &'static str {
    if error.contains("received corrupt message") || error.contains("certificate") {
        return ": does the other side speak TLS, with a certificate of this name?";
    }
    if error.contains("invalid HTTP version parsed") {
        return ": what answers there is no HTTP: is the address right, and is it http:// or https:// (does it speak TLS)?";
    }
    ""
}

/// An error and what caused it, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
