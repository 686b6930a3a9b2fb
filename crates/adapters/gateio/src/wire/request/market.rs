//! What is public.

use super::call::Call;
use plimsoll_domain::Timestamp;
use std::time::Duration;

/// The venue's time. The futures interface has no call for it.
#[must_use]
pub fn server_time() -> Call {
    Call::public("/spot/time").elsewhere("/api/v4/spot/time")
}

/// Every contract, a page of them.
#[must_use]
pub fn contracts(offset: usize) -> Call {
    Call::public("/contracts").page(offset)
}

/// One contract, with its mark price and its running funding rate.
#[must_use]
pub fn contract(native: &str) -> Call {
    Call::public("/contracts/{contract}").of("{contract}", native)
}

/// Prices and running funding rate of one contract, or of all. They lack the time and the interval of the funding.
#[must_use]
pub fn tickers(native: Option<&str>) -> Call {
    Call::public("/tickers").with_some("contract", native)
}

/// The best so many levels of a contract's book.
#[must_use]
pub fn order_book(native: &str, levels: u32) -> Call {
    Call::public("/order_book").with("contract", native).with("limit", levels.to_string()).with("with_id", "true")
}

/// Settled funding of one contract, newest first, at most 1000. Without `to` the venue looks back 30 days only, and never
/// more than 180.
#[must_use]
pub fn funding_history(native: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> Call {
    Call::public("/funding_rate").with("contract", native).window(from, to).with("limit", "1000")
}

/// The margin table of one contract, or the tables of a page of a hundred contracts.
#[must_use]
pub fn risk_limit_tiers(native: Option<&str>, offset: usize) -> Call {
    let call = Call::public("/risk_limit_tiers").with_some("contract", native);
    if native.is_some() { call } else { call.with("limit", "100").with("offset", offset.to_string()) }
}

/// Candles of traded prices, oldest first, the last one possibly open; at most 2000. `interval` is a word of
/// [`interval_word`]. The venue refuses a count beside a window: with either end given, `limit` is not sent.
#[must_use]
pub fn candles(native: &str, interval: &str, from: Option<Timestamp>, to: Option<Timestamp>, limit: u32) -> Call {
    let windowed = from.is_some() || to.is_some();
    let limit = (!windowed).then(|| limit.clamp(1, 2000).to_string());
    Call::public("/candlesticks")
        .with("contract", native)
        .window(from, to)
        .with_some("limit", limit)
        .with("interval", interval)
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
    candles(&format!("mark_{native}"), interval, from, to, limit)
}

const INTERVALS: [(u64, &str); 10] = [
    (10, "10s"),
    (60, "1m"),
    (300, "5m"),
    (900, "15m"),
    (1800, "30m"),
    (3600, "1h"),
    (14_400, "4h"),
    (28_800, "8h"),
    (86_400, "1d"),
    (604_800, "7d"),
];

/// The venue's word for a candle's length; `None` if it has no such candles.
#[must_use]
pub fn interval_word(interval: Duration) -> Option<&'static str> {
    INTERVALS.iter().find_map(|(seconds, word)| (interval == Duration::from_secs(*seconds)).then_some(*word))
}

/// How long the candles of this word last. The natural week is as long as seven days.
pub(crate) fn interval_of(word: &str) -> Option<Duration> {
    let seconds = match word {
        "1w" => Some(604_800),
        "30d" => Some(2_592_000),
        _ => INTERVALS.iter().find_map(|(seconds, known)| (*known == word).then_some(*seconds)),
    };
    seconds.map(Duration::from_secs)
}
