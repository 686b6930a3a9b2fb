//! Signatures: HMAC-SHA512 over what travels, in lower-case hex.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha512};

/// HMAC-SHA512 of `text` in lower-case hex.
///
/// ```
/// use plimsoll_gateio::wire::sign::{hmac_sha512, login};
/// let signature = hmac_sha512(&"secret".into(), &login(1_541_993_715));
/// assert!(signature.starts_with("2085a2b6f0343904fb273d0dd6fbe5c4"));
/// ```
#[must_use]
pub fn hmac_sha512(secret: &SecretString, text: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
    let mut mac =
        Hmac::<Sha512>::new_from_slice(secret.expose_secret().as_bytes()).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// SHA-512 of a body in lower-case hex; without a body, of nothing.
#[must_use]
pub fn body_hash(body: &str) -> String {
    hex::encode(Sha512::digest(body.as_bytes()))
}

/// What a REST request signs. `path` begins with `/api/v4`; `query` is as it is sent, but not percent-encoded;
/// `timestamp` is in seconds, as in the header.
#[must_use]
pub fn rest(method: &str, path: &str, query: &str, body: &str, timestamp: &str) -> String {
    format!("{method}\n{path}\n{query}\n{}\n{timestamp}", body_hash(body))
}

/// What a subscription to a private channel signs. `time` is the message's, in seconds.
#[must_use]
pub fn subscription(channel: &str, event: &str, time: i64) -> String {
    format!("channel={channel}&event={event}&time={time}")
}

/// What the login of the request-response socket signs; `timestamp` is in seconds.
#[must_use]
pub fn login(timestamp: i64) -> String {
    format!("api\nfutures.login\n\n{timestamp}")
}
