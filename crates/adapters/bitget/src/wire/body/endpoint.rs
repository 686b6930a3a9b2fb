//! Any body, given the call that it answers.

use super::{account, answer, instrument, market, order, plan, trade};
use crate::wire::request::INTERVALS;
use crate::wire::symbols::Symbols;
use plimsoll_domain::{AccountEvent, MarketEvent, Order, Stamp, Symbol, Timestamp};
use plimsoll_venue::{DecodeError, Event, json};
use serde::de::IgnoredAny;
use std::time::Duration;

/// Reads the body that answers `endpoint`, written as `GET /api/v2/mix/position/all-position`, with a query where the body
/// alone does not say what it is about: `GET /api/v2/mix/market/candles?symbol=BTCUSDT&granularity=1m`.
///
/// Answers that are read but tell no event (the time, a success) give none; an error of the venue is a
/// [`VenueError`](plimsoll_venue::SessionEvent::VenueError); what is not read is
/// [`Unknown`](plimsoll_venue::SessionEvent::Unknown).
///
/// # Errors
/// [`DecodeError`] for what is not the JSON that this endpoint answers with.
///
/// ```
/// use plimsoll_bitget::wire::{Event, Symbols, body::decode_endpoint};
/// let body = br#"{"code":"00000","msg":"success","requestTime":1,"data":[{"symbol":"BTCUSDT","price":"26242","indexPrice":"34867","markPrice":"25555","ts":"1695793390482"}]}"#;
/// let events = decode_endpoint("GET /api/v2/mix/market/symbol-price", body, &Symbols::by_suffix())?;
/// assert!(matches!(&events[..], [Event::Market(_), Event::Market(_)]));
/// # Ok::<(), plimsoll_bitget::wire::DecodeError>(())
/// ```
pub fn decode_endpoint(endpoint: &str, body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
    let asked = Asked::read(endpoint);
    if let Some(trouble) = answer::trouble(body) {
        return Ok(vec![Event::venue_error(trouble.code, trouble.message)]);
    }
    asked.decode(body, symbols).map_err(|error| error.inside(asked.path))
}

struct Asked<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Asked<'a> {
    fn read(endpoint: &'a str) -> Self {
        let (method, url) = endpoint.trim().split_once(' ').unwrap_or(("GET", endpoint.trim()));
        let (path, query) = url.trim().split_once('?').unwrap_or((url.trim(), ""));
        Self { method, path, query }
    }

    fn param(&self, wanted: &str) -> Option<&'a str> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find_map(|(name, value)| (name == wanted).then_some(value))
    }

    /// The contract that was asked about, for bodies that do not repeat it.
    fn symbol(&self, symbols: &Symbols) -> Result<Symbol, DecodeError> {
        let native = self.param("symbol").ok_or_else(|| {
            DecodeError::new("the body does not say of which contract it is: add ?symbol=… to the endpoint", "symbol")
        })?;
        symbols.symbol(&percent_encoding::percent_decode_str(native).decode_utf8_lossy())
    }

    fn interval(&self) -> Result<Duration, DecodeError> {
        let word = self.param("granularity").ok_or_else(|| {
            DecodeError::new("the body does not say how long its candles last: add &granularity=…", "granularity")
        })?;
        let known = INTERVALS.into_iter().find(|(known, _)| *known == word || known.strip_suffix("utc") == Some(word));
        let (_, minutes) = known.ok_or_else(|| DecodeError::word("candle length", word, "granularity"))?;
        Ok(Duration::from_secs(60 * minutes))
    }

    fn decode(&self, body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
        let name = self.path.strip_prefix("/api/v2/mix/").or_else(|| self.path.strip_prefix("/api/v2/"));
        match (self.method, name.unwrap_or(self.path)) {
            ("GET", name) => self.decode_read(name, body, symbols),
            ("POST", "account/set-leverage" | "account/set-margin-mode") => set(body, symbols),
            ("POST", "account/set-position-mode") => position_mode(body),
            ("POST", name) if name.starts_with("order/") => done(body),
            ("POST", name) if name.starts_with("account/") => answer::acknowledged(body).map(|()| Vec::new()),
            _ => self.unread(body),
        }
    }

    fn decode_read(&self, name: &str, body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
        let events: Vec<AccountEvent> = match name {
            "account/account" => return whole_account(body, symbols),
            "account/accounts" => account::balances(body, symbols)?.into_iter().map(AccountEvent::Balance).collect(),
            "position/all-position" | "position/single-position" => {
                account::positions(body, symbols)?.into_iter().map(AccountEvent::Position).collect()
            }
            "position/adlRank" => {
                let levels = account::adl_levels(body, symbols, Timestamp::default())?;
                levels.into_iter().map(AccountEvent::Adl).collect()
            }
            "order/detail" => order::order(body, symbols)?.into_iter().map(AccountEvent::Order).collect(),
            "order/orders-pending" | "order/orders-history" => told(order::orders(body, symbols)?.rows),
            "order/orders-plan-pending" | "order/orders-plan-history" => {
                told(plan::plans(body, symbols)?.rows.into_iter().map(|plan| plan.order))
            }
            "order/fills" | "order/fill-history" => {
                trade::fills(body, symbols)?.rows.into_iter().map(AccountEvent::Fill).collect()
            }
            "account/bill" => return bills(body, symbols),
            _ => return self.decode_market(name, body, symbols),
        };
        Ok(events.into_iter().map(Event::Account).collect())
    }

    fn decode_market(&self, name: &str, body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
        let events: Vec<MarketEvent> = match name {
            "market/ticker" | "market/tickers" => {
                let rows = market::tickers(body, symbols)?.into_iter();
                let both = |(quotes, mark)| [Some(MarketEvent::Quotes(quotes)), Option::map(mark, MarketEvent::Mark)];
                rows.flat_map(both).flatten().collect()
            }
            "market/symbol-price" => {
                let rows = market::prices(body, symbols)?.into_iter();
                let both = |(mark, last)| [Some(MarketEvent::Mark(mark)), Option::map(last, MarketEvent::Last)];
                rows.flat_map(both).flatten().collect()
            }
            "market/current-fund-rate" => {
                let running = market::running_funding(body, symbols)?;
                running.into_iter().map(|it| MarketEvent::Funding(it.funding)).collect()
            }
            "market/history-fund-rate" => {
                market::settled_funding(body, symbols)?.into_iter().map(MarketEvent::Settled).collect()
            }
            "market/candles"
            | "market/history-candles"
            | "market/history-mark-candles"
            | "market/history-index-candles" => {
                let candles = market::candles(body, &self.symbol(symbols)?, self.interval()?, None)?;
                candles.into_iter().map(MarketEvent::Candle).collect()
            }
            "market/fills" | "market/fills-history" => {
                market::trades(body, symbols)?.into_iter().map(MarketEvent::Trade).collect()
            }
            "market/merge-depth" => vec![MarketEvent::Book(market::order_book(body, &self.symbol(symbols)?)?)],
            _ => return self.decode_catalogue(name, body),
        };
        Ok(events.into_iter().map(Event::Market).collect())
    }

    /// What describes contracts is no event; it is read to the end all the same.
    fn decode_catalogue(&self, name: &str, body: &[u8]) -> Result<Vec<Event>, DecodeError> {
        match name {
            "public/time" => answer::server_time(body).map(|_| Vec::new()),
            "market/contracts" => {
                let listing = instrument::contracts(body)?;
                match listing.unread.into_iter().next() {
                    None => Ok(vec![Event::unknown(format!("{} contracts", listing.contracts.len()))]),
                    Some(unread) => Err(unread.into()),
                }
            }
            "market/query-position-lever" => {
                let tiers = instrument::margin_tiers(body)?;
                Ok(vec![Event::unknown(format!("a margin table of {} tiers", tiers.lines().len()))])
            }
            "common/trade-rate" => instrument::trade_rate(body).map(|_| vec![Event::unknown("fees")]),
            _ => self.unread(body),
        }
    }

    fn unread(&self, body: &[u8]) -> Result<Vec<Event>, DecodeError> {
        json::read::<IgnoredAny>(json::text(body)?)?;
        Ok(vec![Event::unknown(format!("{} {}", self.method, self.path))])
    }
}

fn told(orders: impl IntoIterator<Item = Order>) -> Vec<AccountEvent> {
    orders.into_iter().map(AccountEvent::Order).collect()
}

/// Something was done; what was not is told.
fn done(body: &[u8]) -> Result<Vec<Event>, DecodeError> {
    let failures = answer::cancelled(body)?.failures.into_iter();
    Ok(failures.map(|trouble| Event::venue_error(trouble.code, trouble.message)).collect())
}

fn whole_account(body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
    let balances = account::balances(body, symbols)?;
    let stamp = balances.first().map_or_else(Stamp::default, |balance| balance.stamp);
    let mode = account::settings(body)?.position_mode;
    let events = balances.into_iter().map(AccountEvent::Balance).chain([AccountEvent::PositionMode { mode, stamp }]);
    Ok(events.map(Event::Account).collect())
}

fn set(body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
    let (symbol, mode, leverage) = account::leverage(body, symbols)?;
    let stamp = Stamp::default();
    let leverage = leverage.map(|leverage| AccountEvent::Leverage { symbol: symbol.clone(), leverage, stamp });
    let mode = AccountEvent::MarginMode { symbol, mode, stamp };
    Ok(leverage.into_iter().chain([mode]).map(Event::Account).collect())
}

fn position_mode(body: &[u8]) -> Result<Vec<Event>, DecodeError> {
    let mode = account::position_mode(body)?;
    Ok(vec![Event::Account(AccountEvent::PositionMode { mode, stamp: Stamp::default() })])
}

fn bills(body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
    let event = |bill| match bill {
        trade::Bill::Funding(payment) => Event::Account(AccountEvent::Funding(payment)),
        trade::Bill::Traded { .. } => Event::unknown("a bill of a trade"),
        trade::Bill::Moved { .. } => Event::unknown("a bill of margin that moved"),
        trade::Bill::Booked(booking) => Event::unknown(format!("a bill of {} {}", booking.kind, booking.amount)),
    };
    Ok(trade::bills(body, symbols)?.rows.into_iter().map(event).collect())
}
