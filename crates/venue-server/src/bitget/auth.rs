//! Who is calling: the key and passphrase in the headers, the signature over what was sent, the time it was sent at.

use crate::bitget::error::Refusal;
use crate::bitget::parameters::decoded;
use crate::running::Credentials;
use hmac::{Hmac, KeyInit, Mac};
use plimsoll_domain::{AccountId, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How far a timestamp may be from the server's time, in milliseconds.
const WINDOW: i64 = 30_000;

/// What a request was sent with, byte for byte: what a signature is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) body: &'a str,
}

/// What a request says of its sender.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Claim<'a> {
    pub(crate) key: Option<&'a str>,
    pub(crate) sign: Option<&'a str>,
    pub(crate) timestamp: Option<&'a str>,
    pub(crate) passphrase: Option<&'a str>,
}

/// Finds out who sent this: `find` knows the keys.
pub(crate) fn verify<'k>(
    claim: Claim<'_>,
    sent: Sent<'_>,
    now: Timestamp,
    find: impl FnOnce(&str) -> Option<&'k Credentials>,
) -> Result<AccountId, Refusal> {
    let there = |value: Option<&'_ str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
    let key = there(claim.key).ok_or(Refusal::KEY_MISSING)?;
    let sign = there(claim.sign).ok_or(Refusal::SIGN_MISSING)?;
    let timestamp = there(claim.timestamp).ok_or(Refusal::TIMESTAMP_MISSING)?;
    let passphrase = there(claim.passphrase).ok_or(Refusal::PASSPHRASE_MISSING)?;
    let millis: i64 = timestamp.parse().map_err(|_| Refusal::BAD_TIMESTAMP)?;
    if now.as_millis().saturating_sub(millis).saturating_abs() > WINDOW {
        return Err(Refusal::EXPIRED);
    }
    let credentials = find(&key).ok_or(Refusal::UNKNOWN_KEY)?;
    // The venue signs over what it decodes.
    let question = if sent.query.is_empty() { String::new() } else { format!("?{}", decoded(sent.query)) };
    let text = format!("{timestamp}{}{}{question}{}", sent.method, sent.path, sent.body);
    if !signed(&text, &sign, &credentials.secret) {
        return Err(Refusal::BAD_SIGNATURE);
    }
    if !same(&passphrase, &credentials.passphrase) {
        return Err(Refusal::BAD_PASSPHRASE);
    }
    Ok(credentials.account.clone())
}

/// Why a socket was not logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginRefused {
    Key,
    Passphrase,
    Timestamp,
    Expired,
    Signature,
}

/// Finds out who logs a socket in. Timestamps in seconds and in milliseconds are both taken.
pub(crate) fn verify_login<'k>(
    claim: Claim<'_>,
    now: Timestamp,
    find: impl FnOnce(&str) -> Option<&'k Credentials>,
) -> Result<AccountId, LoginRefused> {
    let timestamp = claim.timestamp.unwrap_or_default();
    let number: i64 = timestamp.parse().map_err(|_| LoginRefused::Timestamp)?;
    let millis = if number < 100_000_000_000 { number.saturating_mul(1000) } else { number };
    // In seconds the sender's moment may be almost a second later than it says.
    if now.as_millis().saturating_sub(millis).saturating_abs() > WINDOW + 1000 {
        return Err(LoginRefused::Expired);
    }
    let credentials = find(claim.key.unwrap_or_default()).ok_or(LoginRefused::Key)?;
    let text = format!("{timestamp}GET/user/verify");
    if !signed(&text, claim.sign.unwrap_or_default(), &credentials.secret) {
        return Err(LoginRefused::Signature);
    }
    if !same(claim.passphrase.unwrap_or_default(), &credentials.passphrase) {
        return Err(LoginRefused::Passphrase);
    }
    Ok(credentials.account.clone())
}

/// Whether `sign` is Base64(HMAC-SHA256(secret, text)); compared in constant time.
fn signed(text: &str, sign: &str, secret: &SecretString) -> bool {
    let Some(bytes) = from_base64(sign) else { return false };
    Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .map(|mac| mac.chain_update(text.as_bytes()))
        .is_ok_and(|mac| mac.verify_slice(&bytes).is_ok())
}

/// Compared by their digests, so that the time it takes tells nothing.
fn same(text: &str, secret: &SecretString) -> bool {
    use sha2::Digest;
    Sha256::digest(text.as_bytes()) == Sha256::digest(secret.expose_secret().as_bytes())
}

/// Reads Base64 of the standard alphabet with its padding; `None` if it is none.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let (digits, padding) = match text.as_bytes() {
        [digits @ .., b'=', b'='] => (digits, 2),
        [digits @ .., b'='] => (digits, 1),
        digits => (digits, 0),
    };
    if (digits.len() + padding) % 4 != 0 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for digit in group {
            bits = bits << 6 | u32::from(base64_digit(*digit)?);
        }
        let missing = 4 - group.len();
        bits <<= 6 * missing;
        let [_, whole @ ..] = bits.to_be_bytes();
        bytes.extend(whole.iter().take(3 - missing));
    }
    Some(bytes)
}

const fn base64_digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            account: AccountId::new("main"),
            secret: SecretString::from("demoSecret0123456789ABCDEF"),
            passphrase: SecretString::from("phrase"),
        }
    }

    const MILLIS: &str = "1732104000000";

    fn claim(sign: &str) -> Claim<'_> {
        Claim { key: Some("key"), sign: Some(sign), timestamp: Some(MILLIS), passphrase: Some("phrase") }
    }

    fn check(claim: Claim<'_>, sent: Sent<'_>, now: i64) -> Result<(), i32> {
        let known = credentials();
        let find = |key: &str| (key == "key").then_some(&known);
        verify(claim, sent, Timestamp::from_millis(now), find).map(drop).map_err(|refusal| refusal.code)
    }

    const QUERY: Sent<'_> = Sent {
        method: "GET",
        path: "/api/v2/mix/position/all-position",
        query: "marginCoin=USDT&productType=USDT-FUTURES",
        body: "",
    };
    const SIGN: &str = "PTd1UHS1HpZfH6VA6mCzJz22VsHfcWzG3lprouOpOpk=";
    const NOW: i64 = 1_732_104_000_000;

    #[test]
    fn signatures_are_over_the_time_the_path_the_query_and_the_body() {
        assert_eq!(check(claim(SIGN), QUERY, NOW), Ok(()));
        let body = r#"{"symbol":"BTCUSDT","productType":"USDT-FUTURES","marginMode":"isolated","marginCoin":"USDT","size":"0.001","price":"60000","side":"buy","tradeSide":"open","orderType":"limit","force":"gtc","clientOid":"test-0001"}"#;
        let order = Sent { method: "POST", path: "/api/v2/mix/order/place-order", query: "", body };
        assert_eq!(check(claim("Ge1xwtSzmyDhFN6Ov9DwA+F8LIxNyDeAhgjxLiQG7x0="), order, NOW), Ok(()));
        assert_eq!(check(claim("Ge1xwtSzmyDhFN6Ov9DwA+F8LIxNyDeAhgjxLiQG7x0="), QUERY, NOW), Err(40009));
    }

    #[test]
    fn the_query_is_signed_as_it_reads_decoded() {
        let encoded = Sent { query: "marginCoin=%55SDT&productType=USDT-FUTURES", ..QUERY };
        assert_eq!(check(claim(SIGN), encoded, NOW), Ok(()));
    }

    #[test]
    fn what_is_missing_or_wrong_has_its_code() {
        let whole = claim(SIGN);
        for (claim, code) in [
            (Claim { key: None, ..whole }, 40001),
            (Claim { sign: Some(""), ..whole }, 40002),
            (Claim { timestamp: None, ..whole }, 40003),
            (Claim { timestamp: Some("soon"), ..whole }, 40005),
            (Claim { passphrase: None, ..whole }, 40011),
            (Claim { passphrase: Some("other"), ..whole }, 40012),
            (Claim { key: Some("nobody"), ..whole }, 40037),
            (Claim { sign: Some("not base64!"), ..whole }, 40009),
        ] {
            assert_eq!(check(claim, QUERY, NOW), Err(code));
        }
        assert_eq!(check(whole, QUERY, NOW + 30_000), Ok(()));
        assert_eq!(check(whole, QUERY, NOW + 30_001), Err(40008));
        assert_eq!(check(whole, QUERY, NOW - 30_001), Err(40008));
    }

    #[test]
    fn sockets_log_in_with_seconds_or_milliseconds() {
        let known = credentials();
        let check = |claim: Claim<'_>, now: i64| {
            let find = |key: &str| (key == "key").then_some(&known);
            verify_login(claim, Timestamp::from_millis(now), find).map(drop)
        };
        let sign = "+juu24leYclHz7S4/7jCRAeqgU2MNixzq4401Ps/HjE=";
        let whole = Claim { timestamp: Some("1732104000"), ..claim(sign) };
        assert_eq!(check(whole, NOW), Ok(()));
        assert_eq!(check(whole, NOW + 31_001), Err(LoginRefused::Expired));
        assert_eq!(check(Claim { key: Some("nobody"), ..whole }, NOW), Err(LoginRefused::Key));
        assert_eq!(check(Claim { passphrase: Some("other"), ..whole }, NOW), Err(LoginRefused::Passphrase));
        assert_eq!(check(Claim { timestamp: Some("soon"), ..whole }, NOW), Err(LoginRefused::Timestamp));
        assert_eq!(check(Claim { timestamp: Some(MILLIS), ..whole }, NOW), Err(LoginRefused::Signature));
    }

    #[test]
    fn base64_is_read_to_the_byte() {
        assert_eq!(from_base64("").as_deref(), Some(&b""[..]));
        assert_eq!(from_base64("Zg==").as_deref(), Some(&b"f"[..]));
        assert_eq!(from_base64("Zm8=").as_deref(), Some(&b"fo"[..]));
        assert_eq!(from_base64("Zm9v").as_deref(), Some(&b"foo"[..]));
        assert_eq!(from_base64("Zm9vYg==").as_deref(), Some(&b"foob"[..]));
        assert_eq!(from_base64("Zm9"), None);
        assert_eq!(from_base64("Zm9-"), None);
    }
}
