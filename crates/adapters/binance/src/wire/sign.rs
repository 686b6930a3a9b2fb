//! Signatures: HMAC-SHA256 over exactly the bytes that travel.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

pub use plimsoll_venue::request::{percent_encoded, query};

/// HMAC-SHA256 of `text` in lower-case hex. For REST the text is the query string immediately followed by the body, as
/// they are sent.
///
/// ```
/// use plimsoll_binance::wire::sign::hmac_sha256;
/// let secret = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9".into();
/// assert_eq!(
///     hmac_sha256(&secret, "timestamp=1591702613943"),
///     "84901bbeed96ffa9adf9995c40fcadcb0a9ddad37c2605ce82491f2c771077a6",
/// );
/// ```
#[must_use]
pub fn hmac_sha256(secret: &SecretString, text: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// What the request-response WebSocket signs: the parameters sorted by name, `name=value&…`, not encoded.
#[must_use]
pub fn sorted<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut params: Vec<_> = params.into_iter().collect();
    params.sort_unstable();
    joined(params.into_iter())
}

/// The same of parameters that are sorted already.
pub(crate) fn joined<'a>(params: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> String {
    let mut text = String::with_capacity(params.clone().map(|(name, value)| name.len() + value.len() + 2).sum());
    for (name, value) in params {
        if !text.is_empty() {
            text.push('&');
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    text
}
