//! Alerts as JSON to an address.

use crate::outbox::Letter;
use crate::relay::{Courier, Relay, RelaySettings, Undelivered};
use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use plimsoll_ports::{Alert, Clock, Notifier, NotifyError, Severity};
use plimsoll_transport::{HttpFailure, HttpRequest, HttpResponse, HttpSession, HttpSettings, Method};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;
use std::sync::Arc;
use std::time::Duration;

/// Where alerts are posted. Neither the address nor the secret is shown anywhere: an address is often a secret itself.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// The whole address: `https://`, or `http://` to this machine.
    pub url: SecretString,
    /// Signs what is posted: `X-Plimsoll-Signature: sha256=<hex>` is the HMAC-SHA256 of the body under it.
    pub secret: Option<SecretString>,
    /// What is told, and how it waits.
    pub relay: RelaySettings,
}

impl WebhookSettings {
    /// The usual ones, without a signature.
    #[must_use]
    pub fn new(url: SecretString) -> Self {
        Self { url, secret: None, relay: RelaySettings::default() }
    }
}

/// Why a webhook was not set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetUpFailure {
    /// An address that alerts are not sent to.
    #[error("the address has to begin with https://, or with http:// and be on this machine")]
    Address,
    /// There is no HTTP client to be had.
    #[error("{0}")]
    Http(String),
}

/// A [`Notifier`] that posts each alert as `{"severity","key","title","body","time"}` to an address, at least once.
#[derive(Debug)]
pub struct WebhookNotifier(Relay);

impl WebhookNotifier {
    /// Starts, in a task of the runtime that this is called in.
    ///
    /// # Errors
    /// [`SetUpFailure`].
    pub fn start(settings: WebhookSettings, clock: Arc<dyn Clock>) -> Result<Self, SetUpFailure> {
        let WebhookSettings { url, secret, relay } = settings;
        let host = host_of(url.expose_secret()).ok_or(SetUpFailure::Address)?;
        let http = HttpSession::new(HttpSettings::default()).map_err(|error| SetUpFailure::Http(error.to_string()))?;
        let courier = Webhook { url, secret, host, http, clock: Arc::clone(&clock) };
        Ok(Self(Relay::start(courier, relay, clock)))
    }

    /// What carries them.
    #[must_use]
    pub const fn relay(&self) -> &Relay {
        &self.0
    }
}

#[async_trait]
impl Notifier for WebhookNotifier {
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        self.0.notify(alert).await
    }
}

struct Webhook {
    url: SecretString,
    secret: Option<SecretString>,
    host: String,
    http: HttpSession,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Courier for Webhook {
    fn place(&self) -> String {
        format!("the webhook at {}", self.host)
    }

    async fn deliver(&self, letter: &Letter) -> Result<(), Undelivered> {
        let body = written(letter, self.clock.now());
        let mut request = HttpRequest::new(Method::Post, self.url.expose_secret());
        request = request.header("content-type", "application/json");
        if let Some(secret) = &self.secret {
            request = request.header("x-plimsoll-signature", format!("sha256={}", signature(secret, &body)));
        }
        let request = request.body(body);
        let later = |reason| Undelivered::Later { reason, after: None };
        let response = self
            .http
            .send(&request)
            .await
            .map_err(|failure| later(format!("{}{}", self.host, without_address(&self.url, &request, failure))))?;
        self.judged(&response)
    }
}

impl Webhook {
    fn judged(&self, response: &HttpResponse) -> Result<(), Undelivered> {
        let reason = format!("{} answers {}", self.host, response.status);
        match response.status {
            200..=299 => Ok(()),
            408 | 425 | 429 | 500..=599 => {
                let after = response.header("retry-after").and_then(|it| it.trim().parse().ok());
                Err(Undelivered::Later { reason, after: after.map(Duration::from_secs) })
            }
            _ => Err(Undelivered::Refused(reason)),
        }
    }
}

/// A failure names the address that it happened to, which nobody is to read.
pub(crate) fn without_address(url: &SecretString, request: &HttpRequest, failure: HttpFailure) -> String {
    let (HttpFailure::NotSent(text) | HttpFailure::Unanswered(text)) = failure;
    text.replace(&format!("{request:?}"), "").replace(url.expose_secret(), "…")
}

/// What is posted.
fn written(letter: &Letter, now: plimsoll_ports::domain::Timestamp) -> String {
    let Alert { severity, key, title, body } = &letter.alert;
    let severity = match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    };
    let (time, sent_at) = (letter.at.to_string(), now.to_string());
    json!({ "severity": severity, "key": key, "title": title, "body": body, "time": time, "sent_at": sent_at })
        .to_string()
}

fn signature(secret: &SecretString, body: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("HMAC takes keys of every length");
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// The host of an address that alerts may go to: by https to anywhere, by http to this machine only. `None` of any other.
#[must_use]
pub fn host_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().filter(|it| !it.is_empty())?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_here = matches!(name, "127.0.0.1" | "[::1]" | "localhost");
    (scheme == "https" || scheme == "http" && is_here).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_posted_in_the_open_but_to_this_machine() {
        for (url, host) in [
            ("https://alerts.example/hook?key=1", Some("alerts.example")),
            ("https://user:secret@alerts.example:8443", Some("alerts.example:8443")),
            ("http://127.0.0.1:9000/x", Some("127.0.0.1:9000")),
            ("http://localhost", Some("localhost")),
            ("http://[::1]:9/x", Some("[::1]:9")),
            ("http://alerts.example/hook", None),
            ("http://127.0.0.1.example/hook", None),
            ("http://localhost@alerts.example/", None),
            ("https://", None),
            ("ftp://127.0.0.1", None),
            ("alerts.example", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }

    /// By `printf '%s' 'what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe`, as RFC 4231 has it.
    #[test]
    fn the_signature_is_that_of_everybody() {
        assert_eq!(
            signature(&"Jefe".into(), "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
