//! Who is calling: the key in the headers, the signature over what was sent, the time it was sent at.

use crate::gateio::error::Refusal;
use crate::running::Credentials;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use plimsoll_domain::{AccountId, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha512};
use std::collections::BTreeMap;

/// How far a timestamp may be from the server's time, in milliseconds.
const WINDOW: i64 = 60_000;

/// The keys that are known, and what they open.
pub(crate) type Keys = BTreeMap<String, Credentials>;

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
}

/// Finds out who sent a request. The timestamp is looked at before the key.
pub(crate) fn verify(claim: Claim<'_>, sent: Sent<'_>, now: Timestamp, keys: &Keys) -> Result<AccountId, Refusal> {
    let Claim { key: Some(key), sign: Some(sign), timestamp: Some(timestamp) } = claim else {
        return Err(Refusal::MISSING_REQUIRED_HEADER);
    };
    in_time(timestamp, now)?;
    let credentials = keys.get(key).ok_or(Refusal::INVALID_KEY)?;
    let hash = hex::encode(Sha512::digest(sent.body.as_bytes()));
    let text = |query: &str| format!("{}\n{}\n{query}\n{hash}\n{timestamp}", sent.method, sent.path);
    // The query is signed as it reads before it is encoded; where nothing needs encoding that is what is sent.
    let decoded = percent_decode_str(sent.query).decode_utf8_lossy();
    let right = [sent.query, &decoded].iter().any(|query| signed(&text(query), sign, &credentials.secret));
    if right { Ok(credentials.account.clone()) } else { Err(Refusal::INVALID_SIGNATURE) }
}

/// Finds out who subscribes to a private channel.
pub(crate) fn verify_subscription(
    claim: Claim<'_>,
    channel: &str,
    event: &str,
    now: Timestamp,
    keys: &Keys,
) -> Result<AccountId, Refusal> {
    let timestamp = claim.timestamp.unwrap_or_default();
    in_time(timestamp, now)?;
    let credentials = keys.get(claim.key.unwrap_or_default()).ok_or(Refusal::INVALID_KEY)?;
    let text = format!("channel={channel}&event={event}&time={timestamp}");
    let right = signed(&text, claim.sign.unwrap_or_default(), &credentials.secret);
    if right { Ok(credentials.account.clone()) } else { Err(Refusal::INVALID_SIGNATURE) }
}

/// Finds out who logs a socket in.
pub(crate) fn verify_login(
    claim: Claim<'_>,
    channel: &str,
    param: &str,
    now: Timestamp,
    keys: &Keys,
) -> Result<AccountId, Refusal> {
    let timestamp = claim.timestamp.unwrap_or_default();
    in_time(timestamp, now)?;
    let credentials = keys.get(claim.key.unwrap_or_default()).ok_or(Refusal::INVALID_KEY)?;
    let text = format!("api\n{channel}\n{param}\n{timestamp}");
    let right = signed(&text, claim.sign.unwrap_or_default(), &credentials.secret);
    if right { Ok(credentials.account.clone()) } else { Err(Refusal::INVALID_SIGNATURE) }
}

/// Seconds, whole or with a fraction, at most a minute from the server's.
fn in_time(timestamp: &str, now: Timestamp) -> Result<(), Refusal> {
    let (whole, _) = timestamp.split_once('.').unwrap_or((timestamp, ""));
    let seconds: i64 = whole.parse().map_err(|_| Refusal::REQUEST_EXPIRED)?;
    let off = now.as_millis().saturating_sub(seconds.saturating_mul(1000));
    // A whole second may be almost a second old already.
    if (-WINDOW..=WINDOW + 999).contains(&off) { Ok(()) } else { Err(Refusal::REQUEST_EXPIRED) }
}

/// Whether `sign` is the hex of HMAC-SHA512(secret, text); compared in constant time.
fn signed(text: &str, sign: &str, secret: &SecretString) -> bool {
    let Ok(bytes) = hex::decode(sign) else { return false };
    Hmac::<Sha512>::new_from_slice(secret.expose_secret().as_bytes())
        .map(|mac| mac.chain_update(text.as_bytes()))
        .is_ok_and(|mac| mac.verify_slice(&bytes).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_541_993_715_000;

    fn keys() -> Keys {
        let credentials = Credentials {
            account: AccountId::new("main"),
            secret: SecretString::from("secret"),
            passphrase: SecretString::default(),
        };
        BTreeMap::from([("key".to_owned(), credentials)])
    }

    fn claim(sign: &str) -> Claim<'_> {
        Claim { key: Some("key"), sign: Some(sign), timestamp: Some("1541993715") }
    }

    fn check(claim: Claim<'_>, sent: Sent<'_>, now: i64) -> Result<(), &'static str> {
        let caller = verify(claim, sent, Timestamp::from_millis(now), &keys());
        caller.map(drop).map_err(|refusal| refusal.label)
    }

    const QUERY: Sent<'_> = Sent {
        method: "GET",
        path: "/api/v4/futures/orders",
        query: "contract=BTC_USD&status=finished&limit=50",
        body: "",
    };
    const SIGN: &str = "55f84ea195d6fe57ce62464daaa7c3c02fa9d1dde954e4c898289c9a2407a3d6fb3faf24deff16790d726b66ac9f74526668b13bd01029199cc4fcc522418b8a";

    #[test]
    fn the_documented_signatures_verify() {
        assert_eq!(check(claim(SIGN), QUERY, NOW), Ok(()));
        let sent = Sent {
            method: "POST",
            path: "/api/v4/futures/usdt/positions/BTC_USDT/leverage",
            query: "leverage=0&cross_leverage_limit=10",
            body: "",
        };
        let sign = "73136904f1a7410ec21d5e29769232178886b82e07dcf34ef7211bd3ebd009cdd5157b366278909922f10e6f1cfbdd2d9846cb26537ad9207bdc2709d9624a97";
        assert_eq!(check(claim(sign), sent, NOW), Ok(()));
        let body = r#"{"contract":"BTC_USDT","size":"10","price":"65000.1","tif":"gtc","text":"t-my-custom-id"}"#;
        let order = Sent { method: "POST", path: "/api/v4/futures/usdt/orders", query: "", body };
        let sign = "e1409e14a8f435f16c467c7f9ab78148d7a36baf0ae3dec7b467f0c729e1ed154f77931fb866315e5e817bff29c74835661b2ead1c4e7d95112e9f3ca81ff986";
        assert_eq!(check(claim(sign), order, NOW), Ok(()));
        assert_eq!(check(claim(sign), QUERY, NOW), Err("INVALID_SIGNATURE"));
    }

    #[test]
    fn a_query_is_signed_as_it_reads_decoded() {
        let encoded = Sent { query: "contract=BTC%5FUSD&status=finished&limit=50", ..QUERY };
        assert_eq!(check(claim(SIGN), encoded, NOW), Ok(()));
    }

    #[test]
    fn the_time_is_looked_at_before_the_key_and_the_key_before_the_signature() {
        let whole = claim(SIGN);
        assert_eq!(check(Claim { key: None, ..whole }, QUERY, NOW), Err("MISSING_REQUIRED_HEADER"));
        assert_eq!(check(Claim { key: Some("nobody"), ..whole }, QUERY, NOW + 61_000), Err("REQUEST_EXPIRED"));
        assert_eq!(check(Claim { key: Some("nobody"), ..whole }, QUERY, NOW), Err("INVALID_KEY"));
        assert_eq!(check(Claim { timestamp: Some("soon"), ..whole }, QUERY, NOW), Err("REQUEST_EXPIRED"));
        assert_eq!(check(claim("no hex"), QUERY, NOW), Err("INVALID_SIGNATURE"));
        assert_eq!(check(whole, QUERY, NOW - 60_000), Ok(()));
        assert_eq!(check(whole, QUERY, NOW - 60_001), Err("REQUEST_EXPIRED"));
        assert_eq!(check(whole, QUERY, NOW + 60_999), Ok(()));
    }

    #[test]
    fn subscriptions_and_logins_are_signed_each_in_its_own_way() {
        let now = Timestamp::from_millis(NOW);
        let sign = "4cdab02f21aba635fce8684a050806325cb4aa74a93d00c39f2084da73614d2e1d25878ca7c9ebcbde9541cddfc5ae36b1ccde10982eb82fd09f7a30a6d43d84";
        assert!(verify_subscription(claim(sign), "futures.orders", "subscribe", now, &keys()).is_ok());
        assert!(verify_subscription(claim(sign), "futures.orders", "unsubscribe", now, &keys()).is_err());
        let sign = "2085a2b6f0343904fb273d0dd6fbe5c4724286a72284822976925ec2496b8f744d33aab0f5edfb886c4661951a407fb02e9238cb18dee6743b1ff409b0ab783f";
        assert!(verify_login(claim(sign), "futures.login", "", now, &keys()).is_ok());
        let stranger = Claim { key: Some("nobody"), ..claim(sign) };
        assert_eq!(verify_login(stranger, "futures.login", "", now, &keys()).unwrap_err(), Refusal::INVALID_KEY);
    }
}
