//! What is public.

use super::call::{Call, Security};
use plimsoll_domain::Timestamp;
use plimsoll_venue::Method;
use std::time::Duration;

const fn read(path: &'static str, weight: u32) -> Call {
    Call::new(Method::Get, path, Security::Public, weight)
}

/// The venue's time.
#[must_use]
pub fn server_time() -> Call {
    read("/fapi/v1/time", 1)
}

/// Every contract with its filters.
#[must_use]
pub fn exchange_info() -> Call {
    read("/fapi/v1/exchangeInfo", 1)
}

/// Mark price, index price and running funding rate of one contract, or of all.
#[must_use]
pub fn premium_index(native: Option<&str>) -> Call {
    let weight = if native.is_some() { 1 } else { 10 };
    read("/fapi/v1/premiumIndex", weight).with_some("symbol", native)
}

/// Settled funding of one contract, oldest first, at most 1000; both ends of the window count.
#[must_use]
pub fn funding_history(native: Option<&str>, from: Option<Timestamp>, to: Option<Timestamp>) -> Call {
    read("/fapi/v1/fundingRate", 0).with_some("symbol", native).window(from, to).with("limit", "1000")
}

/// Funding intervals that are not the usual 8 hours, with caps and floors.
#[must_use]
pub fn funding_info() -> Call {
    read("/fapi/v1/fundingInfo", 0)
}

/// Best bid and ask of one contract, or of all.
#[must_use]
pub fn book_ticker(native: Option<&str>) -> Call {
    let weight = if native.is_some() { 2 } else { 5 };
    read("/fapi/v1/ticker/bookTicker", weight).with_some("symbol", native)
}

/// Candles of traded prices, oldest first, the last one possibly open; at most 1500. `interval` is a word of
/// [`interval_word`].
#[must_use]
pub fn candles(native: &str, interval: &str, from: Option<Timestamp>, to: Option<Timestamp>, limit: u32) -> Call {
    candles_at("/fapi/v1/klines", native, interval, from, to, limit)
}

/// Candles of the mark price, as [`candles`].
#[must_use]
pub fn mark_price_candles(
    native: &str,
    interval: &str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    limit: u32,
) -> Call {
    candles_at("/fapi/v1/markPriceKlines", native, interval, from, to, limit)
}

fn candles_at(
    path: &'static str,
    native: &str,
    interval: &str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    limit: u32,
) -> Call {
    let limit = limit.clamp(1, 1500);
    let weight = match limit {
        ..100 => 1,
        100..500 => 2,
        500..=1000 => 5,
        _ => 10,
    };
    read(path, weight)
        .with("symbol", native)
        .with("interval", interval)
        .window(from, to)
        .with("limit", limit.to_string())
}

/// The venue's word for a candle's length; `None` if it has no such candles. A month is no fixed length: its word is
/// `1M`.
#[must_use]
pub fn interval_word(interval: Duration) -> Option<&'static str> {
    let words = [
        (1, "1m"),
        (3, "3m"),
        (5, "5m"),
        (15, "15m"),
        (30, "30m"),
        (60, "1h"),
        (120, "2h"),
        (240, "4h"),
        (360, "6h"),
        (480, "8h"),
        (720, "12h"),
        (1440, "1d"),
        (4320, "3d"),
        (10080, "1w"),
    ];
    words.into_iter().find_map(|(minutes, word)| (interval == Duration::from_secs(60 * minutes)).then_some(word))
}
