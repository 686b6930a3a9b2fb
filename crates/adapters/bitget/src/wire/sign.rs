//! Signatures: HMAC-SHA256 in base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use plimsoll_domain::Timestamp;
use plimsoll_venue::Method;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

pub use plimsoll_venue::request::{percent_encoded, query};

/// HMAC-SHA256 of `text` in base64.
#[must_use]
pub fn hmac_sha256(secret: &SecretString, text: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// What a call signs: time in milliseconds, method, path, `?` and query if there is one, body. The query is signed as the
/// venue reads it, before percent-encoding, and the body byte for byte as it is sent.
#[must_use]
pub fn rest_text(now: Timestamp, method: Method, path: &str, query: &str, body: &str) -> String {
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}{method}{path}{mark}{query}{body}", now.as_millis())
}

/// What a login signs: `seconds` followed by the venue's constant words.
///
/// ```
/// use plimsoll_bitget::wire::sign::{hmac_sha256, login_text};
/// let secret = "demoSecret0123456789ABCDEF".into();
/// assert_eq!(hmac_sha256(&secret, &login_text(1_732_104_000)), "+juu24leYclHz7S4/7jCRAeqgU2MNixzq4401Ps/HjE=");
/// ```
#[must_use]
pub fn login_text(seconds: i64) -> String {
    format!("{seconds}GET/user/verify")
}
