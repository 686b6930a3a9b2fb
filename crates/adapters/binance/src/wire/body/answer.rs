//! Answers that are no data: errors, acknowledgements, the time, the listen key.

use crate::wire::event::leverage_of;
use crate::wire::symbols::Symbols;
use plimsoll_domain::{Leverage, Symbol, Timestamp};
use plimsoll_venue::json::{self, Num, Text, text};
use plimsoll_venue::{DecodeError, message, plain};
use secrecy::SecretString;
use serde::Deserialize;

/// What the venue says is wrong: `{"code":-1121,"msg":"Invalid symbol."}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Trouble {
    /// The venue's code; below zero for errors.
    pub code: i64,
    /// The venue's text.
    pub message: String,
}

message! {
    struct CodeAndText {
        required {}
        optional { code = "code": Option<Num<'a>>, msg = "msg": Option<Text<'a>>, }
    }
}

/// The error that a row is, if it is one.
pub(super) fn trouble_of(row: &str) -> Result<Option<Trouble>, DecodeError> {
    Ok(plain::read::<CodeAndText<'_>>(row)?.trouble())
}

impl CodeAndText<'_> {
    fn trouble(&self) -> Option<Trouble> {
        let code: i64 = self.code?.0.parse().ok().filter(|code| *code < 0)?;
        Some(Trouble { code, message: self.msg.as_ref().map_or_else(String::new, |text| text.as_str().to_owned()) })
    }
}

/// The error that a body is, if it is one.
#[must_use]
pub fn trouble(body: &[u8]) -> Option<Trouble> {
    // Most answers are none, and are read once.
    let text = text(body).ok().filter(|text| text.starts_with('{') && text.contains("\"code\""))?;
    trouble_of(text).ok()?
}

/// The answer to something that was set, changed or cancelled: an object of any members, or nothing, but no page of
/// somebody on the way.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn acknowledged(body: &[u8]) -> Result<(), DecodeError> {
    let text = text(body)?;
    if text.is_empty() {
        return Ok(());
    }
    if !text.starts_with('{') {
        return Err(DecodeError::new("not an object", "the whole answer"));
    }
    json::read::<serde::de::IgnoredAny>(text).map(|_| ())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerTime<'a> {
    #[serde(borrow)]
    server_time: Num<'a>,
}

/// `{"serverTime":1499827319559}`.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn server_time(body: &[u8]) -> Result<Timestamp, DecodeError> {
    json::read::<ServerTime<'_>>(text(body)?)?.server_time.time("serverTime")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListenKey<'a> {
    #[serde(borrow)]
    listen_key: Text<'a>,
}

/// `{"listenKey":"…"}`: who has it, reads the account's events.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn listen_key(body: &[u8]) -> Result<SecretString, DecodeError> {
    Ok(json::read::<ListenKey<'_>>(text(body)?)?.listen_key.as_str().into())
}

/// The key that `PUT /fapi/v1/listenKey` has kept alive, where the venue says which.
///
/// # Errors
/// [`DecodeError`] for what is no object.
pub fn kept_listen_key(body: &[u8]) -> Result<Option<SecretString>, DecodeError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Kept<'a> {
        #[serde(default, borrow)]
        listen_key: Option<Text<'a>>,
    }
    let text = text(body)?;
    if text.is_empty() {
        return Ok(None);
    }
    Ok(json::read::<Kept<'_>>(text)?.listen_key.map(|key| key.as_str().into()))
}

#[derive(Deserialize)]
struct SetLeverage<'a> {
    #[serde(borrow)]
    symbol: Text<'a>,
    #[serde(borrow)]
    leverage: Num<'a>,
}

/// `{"leverage":21,"maxNotionalValue":"1000000","symbol":"BTCUSDT"}`.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn leverage(body: &[u8], symbols: &Symbols) -> Result<(Symbol, Leverage), DecodeError> {
    let it: SetLeverage<'_> = json::read(text(body)?)?;
    Ok((symbols.symbol(it.symbol.as_str())?, leverage_of(it.leverage, "leverage")?))
}
