//! What is public.

use super::call::{Call, Scope, Security};
use crate::wire::word::PRODUCT;
use plimsoll_domain::Timestamp;
use plimsoll_venue::Method;
use std::time::Duration;

const fn read(path: &'static str) -> Call {
    Call::new(Method::Get, path, Security::Public, 20)
}

fn of(path: &'static str, native: &str) -> Call {
    read(path).with("symbol", native).with("productType", PRODUCT)
}

/// The venue's time.
#[must_use]
pub fn server_time() -> Call {
    read("/api/v2/public/time")
}

/// Every contract with its rules.
#[must_use]
pub fn contracts() -> Call {
    read("/api/v2/mix/market/contracts").with("productType", PRODUCT)
}

/// Best quotes, last, mark and index price, and the running funding rate of one contract.
#[must_use]
pub fn ticker(native: &str) -> Call {
    of("/api/v2/mix/market/ticker", native)
}

/// As [`ticker`], of all contracts.
#[must_use]
pub fn tickers() -> Call {
    read("/api/v2/mix/market/tickers").with("productType", PRODUCT)
}

/// Last, mark and index price of one contract.
#[must_use]
pub fn prices(native: &str) -> Call {
    of("/api/v2/mix/market/symbol-price", native)
}

/// The order book of one contract.
#[must_use]
pub fn order_book(native: &str) -> Call {
    of("/api/v2/mix/market/merge-depth", native).with("limit", "50")
}

/// The running funding rate of one contract, or of all, with its interval and next settlement.
#[must_use]
pub fn current_funding(native: Option<&str>) -> Call {
    read("/api/v2/mix/market/current-fund-rate").with_some("symbol", native).with("productType", PRODUCT)
}

/// The next settlement of one contract.
#[must_use]
pub fn funding_time(native: &str) -> Call {
    of("/api/v2/mix/market/funding-time", native)
}

/// Settled funding of one contract, newest first: the page with this number from 1, of 100 settlements.
#[must_use]
pub fn funding_history(native: &str, page: u32) -> Call {
    of("/api/v2/mix/market/history-fund-rate", native).with("pageSize", "100").with("pageNo", page.to_string())
}

/// The margin table of one contract.
#[must_use]
pub fn position_tiers(native: &str) -> Call {
    Call { per_second: 10, scope: Scope::Address, ..of("/api/v2/mix/market/query-position-lever", native) }
}

/// Recent candles of traded prices, oldest first, the last one possibly open; at most 1000. `interval` is a word of
/// [`interval_word`].
#[must_use]
pub fn candles(native: &str, interval: &str, from: Option<Timestamp>, to: Option<Timestamp>, limit: u32) -> Call {
    candles_at("/api/v2/mix/market/candles", native, interval, from, to).with("limit", limit.clamp(1, 1000).to_string())
}

/// Recent candles of the mark price, as [`candles`].
#[must_use]
pub fn mark_price_candles(
    native: &str,
    interval: &str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    limit: u32,
) -> Call {
    candles(native, interval, from, to, limit).with("kLineType", "MARK")
}

/// Closed candles of any age; at most 200.
#[must_use]
pub fn history_candles(
    native: &str,
    interval: &str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    limit: u32,
) -> Call {
    candles_at("/api/v2/mix/market/history-candles", native, interval, from, to)
        .with("limit", limit.clamp(1, 200).to_string())
}

fn candles_at(
    path: &'static str,
    native: &str,
    interval: &str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Call {
    of(path, native).with("granularity", interval).window(from, to)
}

/// Candles by their word. Those of a day and longer open at midnight UTC: the venue's plain ones open at 16:00.
pub(crate) const INTERVALS: [(&str, u64); 12] = [
    ("1m", 1),
    ("3m", 3),
    ("5m", 5),
    ("15m", 15),
    ("30m", 30),
    ("1H", 60),
    ("4H", 240),
    ("6Hutc", 360),
    ("12Hutc", 720),
    ("1Dutc", 1440),
    ("3Dutc", 4320),
    ("1Wutc", 10080),
];

/// The venue's word for a candle's length; `None` if it has no such candles. A month is no fixed length.
#[must_use]
pub fn interval_word(interval: Duration) -> Option<&'static str> {
    INTERVALS.into_iter().find_map(|(word, minutes)| (interval == Duration::from_secs(60 * minutes)).then_some(word))
}
