//! Names of streams, the route each is served on, and who is subscribed to what.

use crate::binance::words;
use std::collections::BTreeSet;
use std::time::Duration;

/// The three kinds of socket. A stream is served on its own route only; elsewhere it is acknowledged and stays silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// Order books. A path without a route is this one.
    Public,
    /// Prices, trades, candles.
    Market,
    /// One account's events, by listen key.
    Private,
}

/// A market stream, by what its name says. Symbols are the venue's, upper-case; `None` is all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stream {
    MarkPrice {
        symbol: Option<String>,
        every: Duration,
    },
    BookTicker {
        symbol: Option<String>,
    },
    AggregateTrade {
        symbol: String,
    },
    /// Single trades: in no list of the venue\'s, but served beside the books and followed by many clients.
    Trade {
        symbol: String,
    },
    Candle {
        symbol: String,
        word: String,
        interval: Duration,
    },
    Ticker {
        symbol: Option<String>,
        mini: bool,
    },
    Depth {
        symbol: String,
        levels: Option<usize>,
        every: Duration,
    },
    ForcedOrder {
        symbol: Option<String>,
    },
    /// A name that nothing is ever sent for.
    Silent,
}

impl Stream {
    /// Reads `btcusdt@markPrice@1s`, `!bookTicker`, … A name that means nothing is silent, not an error.
    pub(crate) fn read(name: &str) -> Self {
        match name.split_once('@') {
            Some((symbol, rest)) if !symbol.is_empty() && !symbol.starts_with('!') => Self::of(symbol, rest),
            _ => Self::of_all(name),
        }
    }

    fn of_all(name: &str) -> Self {
        match name {
            "!markPrice@arr" => Self::MarkPrice { symbol: None, every: Duration::from_secs(3) },
            "!markPrice@arr@1s" => Self::MarkPrice { symbol: None, every: Duration::from_secs(1) },
            "!bookTicker" => Self::BookTicker { symbol: None },
            "!ticker@arr" => Self::Ticker { symbol: None, mini: false },
            "!miniTicker@arr" => Self::Ticker { symbol: None, mini: true },
            "!forceOrder@arr" => Self::ForcedOrder { symbol: None },
            _ => Self::Silent,
        }
    }

    fn of(symbol: &str, rest: &str) -> Self {
        // Names are lower-case: an upper-case one is nobody's.
        if symbol.chars().any(|letter| letter.is_ascii_uppercase()) {
            return Self::Silent;
        }
        let symbol = symbol.to_uppercase();
        let (kind, option) = rest.split_once('@').map_or((rest, None), |(kind, option)| (kind, Some(option)));
        match (kind, option) {
            ("markPrice", None) => Self::MarkPrice { symbol: Some(symbol), every: Duration::from_secs(3) },
            ("markPrice", Some("1s")) => Self::MarkPrice { symbol: Some(symbol), every: Duration::from_secs(1) },
            ("bookTicker", None) => Self::BookTicker { symbol: Some(symbol) },
            ("aggTrade", None) => Self::AggregateTrade { symbol },
            ("trade", None) => Self::Trade { symbol },
            ("ticker", None) => Self::Ticker { symbol: Some(symbol), mini: false },
            ("miniTicker", None) => Self::Ticker { symbol: Some(symbol), mini: true },
            ("forceOrder", None) => Self::ForcedOrder { symbol: Some(symbol) },
            (kind, option) if kind.starts_with("depth") => Self::depth(symbol, kind, option),
            (kind, None) if kind.starts_with("kline_") => Self::candle(symbol, kind),
            _ => Self::Silent,
        }
    }

    fn depth(symbol: String, kind: &str, option: Option<&str>) -> Self {
        let levels = match kind.strip_prefix("depth") {
            Some("") => None,
            Some("5") => Some(5),
            Some("10") => Some(10),
            Some("20") => Some(20),
            _ => return Self::Silent,
        };
        let every = match option {
            None => 250,
            Some("100ms") => 100,
            Some("500ms") => 500,
            Some(_) => return Self::Silent,
        };
        Self::Depth { symbol, levels, every: Duration::from_millis(every) }
    }

    fn candle(symbol: String, kind: &str) -> Self {
        let word = kind.strip_prefix("kline_").unwrap_or_default();
        match words::read_interval(word) {
            Ok(interval) => Self::Candle { symbol, word: word.to_owned(), interval },
            Err(_) => Self::Silent,
        }
    }

    /// Its kind, whatever it is of.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::MarkPrice { .. } => "markPrice",
            Self::BookTicker { .. } => "bookTicker",
            Self::AggregateTrade { .. } => "aggTrade",
            Self::Trade { .. } => "trade",
            Self::Candle { .. } => "kline",
            Self::Ticker { .. } => "ticker",
            Self::Depth { .. } => "depth",
            Self::ForcedOrder { .. } => "forceOrder",
            Self::Silent => "silent",
        }
    }

    /// The one route that this stream is served on.
    pub(crate) const fn route(&self) -> Option<Route> {
        match self {
            Self::BookTicker { .. } | Self::Depth { .. } | Self::Trade { .. } => Some(Route::Public),
            Self::MarkPrice { .. }
            | Self::AggregateTrade { .. }
            | Self::Candle { .. }
            | Self::Ticker { .. }
            | Self::ForcedOrder { .. } => Some(Route::Market),
            Self::Silent => None,
        }
    }

    /// The least time between two frames of it.
    pub(crate) const fn every(&self) -> Duration {
        match self {
            Self::MarkPrice { every, .. } | Self::Depth { levels: Some(_), every, .. } => *every,
            Self::BookTicker { symbol: None } => Duration::from_secs(5),
            Self::Candle { .. } => Duration::from_millis(250),
            Self::Ticker { .. } => Duration::from_secs(1),
            Self::BookTicker { symbol: Some(_) }
            | Self::AggregateTrade { .. }
            | Self::Trade { .. }
            // Changes of a book are numbered in a chain: leaving one out would break it.
            | Self::Depth { levels: None, .. }
            | Self::ForcedOrder { .. }
            | Self::Silent => Duration::ZERO,
        }
    }

    /// Whether it is about this contract.
    pub(crate) fn covers(&self, native: &str) -> bool {
        match self {
            Self::MarkPrice { symbol, .. }
            | Self::BookTicker { symbol }
            | Self::Ticker { symbol, .. }
            | Self::ForcedOrder { symbol } => symbol.as_deref().is_none_or(|symbol| symbol == native),
            Self::AggregateTrade { symbol }
            | Self::Trade { symbol }
            | Self::Candle { symbol, .. }
            | Self::Depth { symbol, .. } => symbol == native,
            Self::Silent => false,
        }
    }
}

/// One account's events on one socket: by its listen key, all of them or some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserData {
    pub(crate) listen_key: String,
    /// Only events of these types; empty is all.
    pub(crate) events: BTreeSet<String>,
}

impl UserData {
    /// Reads `<listenKey>`, or `<listenKey>@EVENT` as a live subscription names it.
    pub(crate) fn read(name: &str) -> Self {
        let (key, event) = name.split_once('@').map_or((name, None), |(key, event)| (key, Some(event)));
        Self { listen_key: key.to_owned(), events: event.map(str::to_owned).into_iter().collect() }
    }

    /// Reads `listenKey=<k1>&events=A/B&listenKey=<k2>&events=C`.
    pub(crate) fn read_query(query: &str) -> Vec<Self> {
        let mut found: Vec<Self> = Vec::new();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match (name, found.last_mut()) {
                ("listenKey", _) => found.push(Self { listen_key: value.to_owned(), events: BTreeSet::new() }),
                ("events", Some(last)) => last.events.extend(
                    value
                        .replace("%2F", "/")
                        .replace("%2f", "/")
                        .split('/')
                        .filter(|word| !word.is_empty())
                        .map(str::to_owned),
                ),
                _ => {}
            }
        }
        found
    }

    /// Whether events of this type are wanted.
    pub(crate) fn wants(&self, event: &str) -> bool {
        // Whoever filters is still told that the key has died.
        self.events.is_empty() || self.events.contains(event) || event == "listenKeyExpired"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_streams_on_routes() {
        let check = |name: &str, route: Option<Route>| assert_eq!(Stream::read(name).route(), route, "{name}");
        check("btcusdt@bookTicker", Some(Route::Public));
        check("!bookTicker", Some(Route::Public));
        check("btcusdt@depth", Some(Route::Public));
        check("btcusdt@depth5@100ms", Some(Route::Public));
        check("btcusdt@markPrice", Some(Route::Market));
        check("!markPrice@arr@1s", Some(Route::Market));
        check("btcusdt@kline_5m", Some(Route::Market));
        check("btcusdt@aggTrade", Some(Route::Market));
        check("btcusdt@forceOrder", Some(Route::Market));
        check("!miniTicker@arr", Some(Route::Market));
        check("BTCUSDT@aggTrade", None);
        check("btcusdt@kline_7m", None);
        check("btcusdt@depth7", None);
        check("btcusdt@trade", Some(Route::Public));
        check("", None);
        check("@", None);
    }

    #[test]
    fn user_data_is_read_with_its_filter() {
        let read = UserData::read_query("listenKey=one&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE&listenKey=two");
        assert_eq!(read.len(), 2);
        assert!(read[0].wants("ACCOUNT_UPDATE") && !read[0].wants("TRADE_LITE") && read[0].wants("listenKeyExpired"));
        assert!(read[1].wants("TRADE_LITE"));
        assert_eq!(UserData::read("key@TRADE_LITE").listen_key, "key");
        assert!(!UserData::read("key@TRADE_LITE").wants("ACCOUNT_UPDATE"));
    }
}
