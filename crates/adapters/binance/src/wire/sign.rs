//! Signatures: HMAC-SHA256 over exactly the bytes that travel.

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// RFC 3986: everything but `A-Z a-z 0-9 - _ . ~` is written `%XX`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

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

/// `text` percent-encoded as UTF-8, upper-case, with nothing but `A-Z a-z 0-9 - _ . ~` left as it is.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// `name=value&…` in the given order, encoded as it is signed and sent.
#[must_use]
pub fn query<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::new();
    for (name, value) in params {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&percent_encoded(name));
        query.push('=');
        query.extend(utf8_percent_encode(value, RESERVED));
    }
    query
}

/// What the request-response WebSocket signs: the parameters sorted by name, `name=value&…`, not encoded.
#[must_use]
pub fn sorted<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut params: Vec<_> = params.into_iter().collect();
    params.sort_unstable();
    let params: Vec<String> = params.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    params.join("&")
}
