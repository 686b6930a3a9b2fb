//! Who is calling: the key in the header, the signature over what was sent, the time it was sent at.

use crate::binance::error::Refusal;
use crate::binance::parameters::Parameters;
use hmac::{Hmac, KeyInit, Mac};
use plimsoll_domain::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How long after its timestamp a request is good, in milliseconds, unless it says.
const DEFAULT_WINDOW: i64 = 5000;
/// How far ahead of the server a timestamp may be, in milliseconds.
const AHEAD: i64 = 1000;

/// What a request was sent with, byte for byte: what a signature is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) query: &'a str,
    pub(crate) body: &'a str,
}

/// Whether `key` is shaped like a key at all.
pub(crate) fn well_formed(key: &str) -> bool {
    !key.is_empty() && key.len() <= 128 && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Checks that whoever sent this knows `secret`.
///
/// The signature is the last parameter of the query or of the body; it is over the query and the body, each without it,
/// with nothing in between. It is compared in constant time; the case of its hex does not matter.
pub(crate) fn verify(sent: Sent<'_>, secret: &SecretString) -> Result<(), Refusal> {
    let (query, in_query) = split_signature(sent.query);
    let (body, in_body) = split_signature(sent.body);
    let signature = in_query.or(in_body).filter(|hex| !hex.is_empty()).ok_or_else(|| {
        // Somewhere else than last it is part of what it would have to sign.
        if misplaced(sent.query) || misplaced(sent.body) {
            Refusal::BAD_SIGNATURE
        } else {
            Refusal::mandatory("signature")
        }
    })?;
    let signature = hex::decode(signature).map_err(|_| Refusal::BAD_SIGNATURE)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).map_err(|_| Refusal::UNKNOWN)?;
    mac.update(query.as_bytes());
    mac.update(body.as_bytes());
    mac.verify_slice(&signature).map_err(|_| Refusal::BAD_SIGNATURE)
}

/// Checks that a request is neither from the past nor from the future: `timestamp < now + 1000` and
/// `now − timestamp ≤ recvWindow`.
pub(crate) fn in_time(parameters: &Parameters, now: Timestamp) -> Result<(), Refusal> {
    let timestamp = parameters.required_integer("timestamp")?;
    let window = parameters.integer("recvWindow")?.unwrap_or(DEFAULT_WINDOW);
    let age = now.as_millis().saturating_sub(timestamp);
    if age <= -AHEAD {
        return Err(Refusal::AHEAD_OF_SERVER);
    }
    if age > window {
        return Err(Refusal::OUTSIDE_WINDOW);
    }
    Ok(())
}

/// The string without its last parameter, if that is the signature, and the signature.
fn split_signature(form: &str) -> (&str, Option<&str>) {
    let (rest, last) = form.rsplit_once('&').unwrap_or(("", form));
    match last.strip_prefix("signature=") {
        Some(signature) => (rest, Some(signature)),
        None => (form, None),
    }
}

fn misplaced(form: &str) -> bool {
    form.split('&').any(|pair| pair.starts_with("signature="))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9";

    fn check(query: &str, body: &str) -> Result<(), i32> {
        verify(Sent { query, body }, &SecretString::from(SECRET)).map_err(|refusal| refusal.code)
    }

    #[test]
    fn the_documented_signatures_verify() {
        let plain = "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943";
        let signature = "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9";
        assert_eq!(check(&format!("{plain}&signature={signature}"), ""), Ok(()));
        assert_eq!(check("", &format!("{plain}&signature={signature}")), Ok(()));
        assert_eq!(check(&format!("{plain}&signature={}", signature.to_uppercase()), ""), Ok(()));
        let query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC";
        let body = "quantity=1&price=9000&recvWindow=5000&timestamp=1591702613943";
        let joined = "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4";
        assert_eq!(check(query, &format!("{body}&signature={joined}")), Ok(()));
        assert_eq!(check(&format!("{query}&signature={joined}"), body), Ok(()));
        for (form, signature) in [
            ("timestamp=1591702613943", "84901bbeed96ffa9adf9995c40fcadcb0a9ddad37c2605ce82491f2c771077a6"),
            (
                "recvWindow=5000&timestamp=1591702613943",
                "5581570ecf76b9b74c6f1a66ef6520c2959a75c32641affb2634d655d6e64db8",
            ),
            (
                "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=8500&closePosition=true&workingType=MARK_PRICE&clientAlgoId=sl-1&recvWindow=5000&timestamp=1591702613943",
                "000a4d146ea1b03546592317d16d1ad7593833ae36b046d63c758046cdf85a36",
            ),
            (
                "batchOrders=%5B%7B%22type%22%3A%22LIMIT%22%2C%22timeInForce%22%3A%22GTC%22%2C%22symbol%22%3A%22BTCUSDT%22%2C%22side%22%3A%22BUY%22%2C%22price%22%3A%2210001%22%2C%22quantity%22%3A%220.001%22%7D%5D&timestamp=1591702613943",
                "dcac873835e9c3c74083d5e19cd547b0020b65acee0be43f5e585ef521981c0f",
            ),
            (
                "symbol=%E6%B5%8B%E8%AF%95USDT&side=BUY&type=MARKET&quantity=1&timestamp=1760000007980",
                "f5a675acf0ed2365094143f2921df08b17ba837118e5e06178defa1b39d60116",
            ),
        ] {
            assert_eq!(check(&format!("{form}&signature={signature}"), ""), Ok(()), "{form}");
        }
    }

    #[test]
    fn a_signature_that_is_wrong_missing_or_not_last_is_refused() {
        let signature = "84901bbeed96ffa9adf9995c40fcadcb0a9ddad37c2605ce82491f2c771077a6";
        assert_eq!(check(&format!("timestamp=1591702613944&signature={signature}"), ""), Err(-1022));
        assert_eq!(check(&format!("signature={signature}&timestamp=1591702613943"), ""), Err(-1022));
        assert_eq!(check("timestamp=1591702613943&signature=beef", ""), Err(-1022));
        assert_eq!(check("timestamp=1591702613943&signature=not-hex", ""), Err(-1022));
        assert_eq!(check("timestamp=1591702613943", ""), Err(-1102));
        assert_eq!(check("", ""), Err(-1102));
    }

    #[test]
    fn a_request_is_good_from_a_second_ahead_until_its_window_is_over() {
        let now = Timestamp::from_millis(1_000_000);
        let check = |timestamp: i64, window: &str| {
            let parameters = Parameters::read(&format!("timestamp={timestamp}{window}"), "");
            in_time(&parameters, now).map_err(|refusal| refusal.msg)
        };
        assert_eq!(check(1_000_000, ""), Ok(()));
        assert_eq!(check(1_000_999, ""), Ok(()));
        assert_eq!(check(1_001_000, ""), Err(Refusal::AHEAD_OF_SERVER.msg));
        assert_eq!(check(995_000, ""), Ok(()));
        assert_eq!(check(994_999, ""), Err(Refusal::OUTSIDE_WINDOW.msg));
        assert_eq!(check(994_999, "&recvWindow=6000"), Ok(()));
        assert_eq!(check(i64::MIN, ""), Err(Refusal::OUTSIDE_WINDOW.msg));
    }
}
