//! Any body, given the call that it answers.

use super::trade::Row;
use super::{account, answer, instrument, market, order, trade};
use crate::wire::event::Context;
use crate::wire::symbols::Symbols;
use plimsoll_domain::{AccountEvent, MarketEvent, Stamp, Symbol, Timestamp};
use plimsoll_venue::json::{self, each, rows, text};
use plimsoll_venue::{DecodeError, Event, SessionEvent};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Reads the body that answers `endpoint`, written as `GET /fapi/v3/positionRisk`, with a query where the body alone does
/// not say what it is about: `GET /fapi/v1/klines?symbol=BTCUSDT`.
///
/// Answers that are read but tell no event (the time, a success) give none; an error of the venue is a
/// [`VenueError`](SessionEvent::VenueError); what is not read is
/// [`Unknown`](SessionEvent::Unknown).
///
/// # Errors
/// [`DecodeError`] for what is not the JSON that this endpoint answers with.
///
/// ```
/// use plimsoll_binance::wire::{Event, Symbols, body::decode_endpoint};
/// let body = br#"{"symbol":"BTCUSDT","markPrice":"11793.6","indexPrice":"11781.8","lastFundingRate":"0.0003","nextFundingTime":1597392000000,"time":1597370495002}"#;
/// let events = decode_endpoint("GET /fapi/v1/premiumIndex", body, &Symbols::by_suffix())?;
/// assert!(matches!(&events[..], [Event::Market(_), Event::Market(_)]));
/// # Ok::<(), plimsoll_binance::wire::DecodeError>(())
/// ```
pub fn decode_endpoint(endpoint: &str, body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
    let asked = Asked::read(endpoint);
    if let Some(trouble) = answer::trouble(body) {
        return Ok(vec![Event::venue_error(trouble.code.to_string(), trouble.message)]);
    }
    if succeeded(body) || asked.may_be_empty(body) {
        return Ok(Vec::new());
    }
    asked.decode(body, symbols).map_err(|error| error.inside(asked.path))
}

/// `{"code":200,"msg":"success"}`: it is done, and there is nothing to tell.
fn succeeded(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Success<'a> {
        #[serde(borrow)]
        code: plimsoll_venue::json::Num<'a>,
        #[serde(rename = "msg")]
        _msg: IgnoredAny,
    }
    let text = text(body).ok().filter(|text| text.starts_with('{'));
    text.is_some_and(|text| json::read::<Success<'_>>(text).is_ok_and(|it| it.code.0 == "200"))
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

    /// Calls that are answered with an empty object or with nothing.
    fn may_be_empty(&self, body: &[u8]) -> bool {
        let empty = ["/listenKey", "/ping", "/order/test"].iter().any(|end| self.path.ends_with(end));
        empty && matches!(text(body), Ok("" | "{}" | "null"))
    }

    /// The contract that was asked about, for bodies that do not repeat it.
    fn symbol(&self, symbols: &Symbols) -> Result<Symbol, DecodeError> {
        let named = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let native = named.into_iter().find_map(|(name, value)| matches!(name, "symbol" | "pair").then_some(value));
        let native = native.ok_or_else(|| {
            DecodeError::new("the body does not say of which contract it is: add ?symbol=… to the endpoint", "symbol")
        })?;
        let native = percent_encoding::percent_decode_str(native).decode_utf8_lossy();
        symbols.symbol(&native)
    }

    fn decode(&self, body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
        let Self { method, path, .. } = *self;
        match (method, path) {
            (_, "/fapi/v1/batchOrders") => batch(body, symbols),
            ("POST" | "PUT" | "DELETE" | "GET", "/fapi/v1/order" | "/fapi/v1/order/test") => {
                Ok(orders(vec![order::order(body, symbols)?]))
            }
            (_, "/fapi/v1/openOrder" | "/fapi/v1/openOrders" | "/fapi/v1/allOrders" | "/fapi/v1/forceOrders") => {
                Ok(orders(order::orders(body, symbols)?))
            }
            ("DELETE", "/fapi/v1/algoOrder") if !has_status(body)? => {
                order::algo_placed(body)?;
                Ok(Vec::new())
            }
            (_, "/fapi/v1/algoOrder" | "/fapi/v1/openAlgoOrders" | "/fapi/v1/allAlgoOrders") => {
                Ok(orders(order::algo_orders(body, symbols)?))
            }
            ("POST", "/fapi/v1/leverage") => {
                let (symbol, leverage) = answer::leverage(body, symbols)?;
                Ok(vec![Event::Account(AccountEvent::Leverage { symbol, leverage, stamp: Stamp::default() })])
            }
            ("GET", _) => self.decode_read(body, symbols),
            _ => self.unread(body),
        }
    }

    fn decode_read(&self, body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
        match self.path {
            "/fapi/v3/account" | "/fapi/v2/account" | "/fapi/v1/account" => whole_account(body, symbols),
            "/fapi/v3/balance" | "/fapi/v2/balance" | "/fapi/v1/balance" => {
                Ok(account::balances(body)?.into_iter().map(AccountEvent::Balance).map(Event::Account).collect())
            }
            "/fapi/v3/positionRisk" | "/fapi/v2/positionRisk" | "/fapi/v1/positionRisk" => {
                let positions = account::positions(body, symbols)?;
                Ok(positions.into_iter().map(AccountEvent::Position).map(Event::Account).collect())
            }
            "/fapi/v1/symbolConfig" => settings(body, symbols),
            "/fapi/v1/accountConfig" | "/fapi/v1/positionSide/dual" => {
                let mode = account::position_mode(body)?;
                Ok(vec![Event::Account(AccountEvent::PositionMode { mode, stamp: Stamp::default() })])
            }
            "/fapi/v1/adlQuantile" => {
                let levels = account::adl_levels(body, symbols, Timestamp::default())?;
                Ok(levels.into_iter().map(AccountEvent::Adl).map(Event::Account).collect())
            }
            "/fapi/v1/userTrades" => {
                Ok(trade::fills(body, symbols)?.into_iter().map(AccountEvent::Fill).map(Event::Account).collect())
            }
            "/fapi/v1/income" => income(body, symbols),
            _ => self.decode_market(body, symbols),
        }
    }

    fn decode_market(&self, body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
        let events: Vec<MarketEvent> = match self.path {
            "/fapi/v1/premiumIndex" => {
                let rows = market::mark_and_funding(body, symbols)?.into_iter();
                let both =
                    |(mark, funding)| [Some(MarketEvent::Mark(mark)), Option::map(funding, MarketEvent::Funding)];
                rows.flat_map(both).flatten().collect()
            }
            "/fapi/v1/fundingRate" => {
                market::settled_funding(body, symbols)?.into_iter().map(MarketEvent::Settled).collect()
            }
            "/fapi/v1/ticker/bookTicker" => {
                market::quotes(body, symbols)?.into_iter().map(MarketEvent::Quotes).collect()
            }
            "/fapi/v1/ticker/price" | "/fapi/v2/ticker/price" | "/fapi/v1/ticker/24hr" => {
                market::last_prices(body, symbols)?.into_iter().map(MarketEvent::Last).collect()
            }
            "/fapi/v1/klines" | "/fapi/v1/continuousKlines" => {
                let candles = market::candles(body, &self.symbol(symbols)?, market::CandlesOf::Trades, None)?;
                candles.into_iter().map(MarketEvent::Candle).collect()
            }
            "/fapi/v1/markPriceKlines" => {
                let candles = market::candles(body, &self.symbol(symbols)?, market::CandlesOf::MarkPrice, None)?;
                candles.into_iter().map(MarketEvent::Candle).collect()
            }
            "/fapi/v1/trades" | "/fapi/v1/historicalTrades" | "/fapi/v1/aggTrades" => {
                market::trades(body, &self.symbol(symbols)?)?.into_iter().map(MarketEvent::Trade).collect()
            }
            "/fapi/v1/depth" => vec![MarketEvent::Book(market::depth(body, self.symbol(symbols)?)?)],
            _ => return self.decode_catalogue(body),
        };
        Ok(events.into_iter().map(Event::Market).collect())
    }

    /// What describes contracts is no event; it is read to the end all the same.
    fn decode_catalogue(&self, body: &[u8]) -> Result<Vec<Event>, DecodeError> {
        match self.path {
            "/fapi/v1/time" => answer::server_time(body).map(|_| Vec::new()),
            "/fapi/v1/exchangeInfo" => match instrument::contracts(body)? {
                instrument::Listing { contracts, unread } if unread.is_empty() => {
                    Ok(vec![Event::unknown(format!("{} contracts", contracts.len()))])
                }
                instrument::Listing { unread, .. } => Err(unread
                    .into_iter()
                    .next()
                    .map_or_else(|| DecodeError::new("a contract that cannot be read", "symbols"), DecodeError::from)),
            },
            "/fapi/v1/leverageBracket" => {
                let tables: Result<Vec<_>, _> = instrument::leverage_brackets(body)?.into_values().collect();
                Ok(vec![Event::unknown(format!("{} margin tables", tables?.len()))])
            }
            "/fapi/v1/commissionRate" => {
                instrument::commission_rate(body)?;
                Ok(vec![Event::unknown("fees")])
            }
            "/fapi/v1/fundingInfo" => {
                Ok(vec![Event::unknown(format!("{} funding intervals", instrument::funding_intervals(body)?.len()))])
            }
            _ => self.unread(body),
        }
    }

    fn unread(&self, body: &[u8]) -> Result<Vec<Event>, DecodeError> {
        json::read::<IgnoredAny>(text(body)?)?;
        if self.path.ends_with("/listenKey") {
            answer::listen_key(body)?;
            return Ok(Vec::new());
        }
        Ok(vec![Event::unknown(format!("{} {}", self.method, self.path))])
    }
}

fn orders(orders: Vec<plimsoll_domain::Order>) -> Vec<Event> {
    orders.into_iter().map(AccountEvent::Order).map(Event::Account).collect()
}

fn batch(body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
    let answers = order::orders_or_troubles(body, symbols)?;
    let event = |answer| match answer {
        Ok(order) => Event::Account(AccountEvent::Order(order)),
        Err(answer::Trouble { code, message }) => Event::venue_error(code.to_string(), message),
    };
    Ok(answers.into_iter().map(event).collect())
}

fn whole_account(body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
    let balances = account::account_balances(body)?.into_iter().map(AccountEvent::Balance).map(Event::Account);
    let position = |row| match row {
        Ok(position) => Event::Account(AccountEvent::Position(position)),
        Err(symbol) => Event::unknown(format!("a position of {symbol} without its entry price")),
    };
    Ok(balances.chain(account::account_positions(body, symbols)?.into_iter().map(position)).collect())
}

fn settings(body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
    let stamp = Stamp::default();
    let both = |config: account::SymbolConfig| {
        let account::SymbolConfig { symbol, leverage, margin_mode } = config;
        let leverage = AccountEvent::Leverage { symbol: symbol.clone(), leverage, stamp };
        [leverage, AccountEvent::MarginMode { symbol, mode: margin_mode, stamp }]
    };
    Ok(account::symbol_config(body, symbols)?.into_iter().flat_map(both).map(Event::Account).collect())
}

fn income(body: &[u8], symbols: &Symbols) -> Result<Vec<Event>, DecodeError> {
    let rows: Vec<Row<'_>> = rows(text(body)?)?;
    each(&rows, |row| {
        Ok(Some(match row.funding(symbols)? {
            Some(payment) => Event::Account(AccountEvent::Funding(payment)),
            None => Event::unknown(format!("income {}", row.income_type.as_str())),
        }))
    })
}

/// A cancelled conditional order is answered with its id alone, or, by some accounts of it, whole.
fn has_status(body: &[u8]) -> Result<bool, DecodeError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Shape {
        algo_status: Option<IgnoredAny>,
    }
    Ok(json::read::<Shape>(text(body)?)?.algo_status.is_some())
}

/// The answers of the request-response socket do not say what they answer; they are known by fields that no other answer
/// has.
pub(crate) fn by_shape(result: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "camelCase", default)]
    struct Shape {
        algo_status: Option<IgnoredAny>,
        algo_id: Option<IgnoredAny>,
        order_id: Option<IgnoredAny>,
        position_amt: Option<IgnoredAny>,
        account_alias: Option<IgnoredAny>,
        assets: Option<IgnoredAny>,
        bid_price: Option<IgnoredAny>,
        listen_key: Option<IgnoredAny>,
        authorized_since: Option<IgnoredAny>,
        price: Option<IgnoredAny>,
    }
    let Some(shape) = rows::<Shape>(result)?.into_iter().next() else {
        return Ok(Vec::new());
    };
    let (body, symbols) = (result.as_bytes(), context.symbols);
    match shape {
        Shape { algo_status: Some(_), .. } => Ok(orders(order::algo_orders(body, symbols)?)),
        Shape { algo_id: Some(_), .. } => order::algo_placed(body).map(|_| Vec::new()),
        Shape { order_id: Some(_), .. } => Ok(orders(order::orders(body, symbols)?)),
        Shape { position_amt: Some(_), .. } => Asked::read("GET /fapi/v3/positionRisk").decode_read(body, symbols),
        Shape { account_alias: Some(_), .. } => Asked::read("GET /fapi/v3/balance").decode_read(body, symbols),
        Shape { assets: Some(_), .. } => whole_account(body, symbols),
        Shape { bid_price: Some(_), .. } => Asked::read("GET /fapi/v1/ticker/bookTicker").decode_market(body, symbols),
        Shape { listen_key: Some(_), .. } => Ok(Vec::new()),
        Shape { authorized_since: Some(_), .. } => Ok(vec![Event::Session(SessionEvent::Login)]),
        Shape { price: Some(_), .. } => Asked::read("GET /fapi/v2/ticker/price").decode_market(body, symbols),
        _ if succeeded(body) || result == "{}" => Ok(Vec::new()),
        _ => Ok(vec![Event::unknown("an answer to a request")]),
    }
}
