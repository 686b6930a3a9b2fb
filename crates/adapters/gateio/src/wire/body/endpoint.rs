//! Any body, given the call that it answers.

use super::trade::Income;
use super::{account, answer, instrument, market, order, position, rows, trade, trigger};
use crate::wire::request::interval_of;
use crate::wire::symbols::{Reading, Traded};
use plimsoll_domain::{AccountEvent, MarketEvent, Stamp, Timestamp};
use plimsoll_venue::json::{self, DecodeError, Raw};
use plimsoll_venue::{Event, message, plain};
use serde::de::IgnoredAny;

/// Reads the body that answers `endpoint`, written as `GET /api/v4/futures/usdt/positions` or without what comes before
/// `/positions`, with a query where the body alone does not say what it is about:
/// `GET /candlesticks?contract=BTC_USDT&interval=1m`.
///
/// Answers that are read but tell no event (the time, a success) give none; an error of the venue is a
/// [`VenueError`](crate::wire::SessionEvent::VenueError); what is not read is
/// [`Unknown`](crate::wire::SessionEvent::Unknown).
///
/// # Errors
/// [`DecodeError`] for what is not the JSON that this endpoint answers with.
///
/// ```
/// use plimsoll_domain::PositionMode;
/// use plimsoll_gateio::wire::{Event, Reading, Symbols, body::decode_endpoint};
/// let symbols = Symbols::by_name();
/// let body = br#"[{"contract":"BTC_USDT","size":"-50","mode":"single","entry_price":"60000","leverage":"0"}]"#;
/// let events = decode_endpoint("GET /api/v4/futures/usdt/positions", body, Reading::new(&symbols, PositionMode::OneWay))?;
/// assert!(matches!(&events[..], [Event::Account(_)]));
/// # Ok::<(), plimsoll_gateio::wire::DecodeError>(())
/// ```
pub fn decode_endpoint(endpoint: &str, body: &[u8], reading: Reading<'_>) -> Result<Vec<Event>, DecodeError> {
    let asked = Asked::read(endpoint);
    if let Some(trouble) = answer::trouble(body) {
        return Ok(vec![Event::venue_error(trouble.label, trouble.message)]);
    }
    if asked.method == "DELETE" && matches!(json::text(body), Ok("" | "{}" | "null")) {
        return Ok(Vec::new());
    }
    asked.decode(body, reading).map_err(|error| error.inside(&asked.path))
}

struct Asked<'a> {
    method: &'a str,
    /// In capitals.
    settle: String,
    /// Below the settle currency, or the whole of it.
    path: String,
    query: &'a str,
}

impl<'a> Asked<'a> {
    fn read(endpoint: &'a str) -> Self {
        let (method, url) = endpoint.trim().split_once(' ').unwrap_or(("GET", endpoint.trim()));
        let (path, query) = url.trim().split_once('?').unwrap_or((url.trim(), ""));
        let path = path.strip_prefix("/api/v4").unwrap_or(path);
        let futures = path.strip_prefix("/futures/").and_then(|rest| rest.split_once('/'));
        match futures {
            Some((settle, rest)) => Self { method, settle: settle.to_uppercase(), path: format!("/{rest}"), query },
            None => Self { method, settle: "USDT".to_owned(), path: path.to_owned(), query },
        }
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        let named = self.query.split('&').filter_map(|pair| pair.split_once('='));
        named.into_iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// The contract that was asked about, for bodies that do not repeat it.
    fn traded(&self, reading: Reading<'_>) -> Result<(Traded, bool), DecodeError> {
        let native = self.parameter("contract").ok_or_else(|| {
            DecodeError::new(
                "the body does not say of which contract it is: add ?contract=… to the endpoint",
                "contract",
            )
        })?;
        let native = percent_encoding::percent_decode_str(native).decode_utf8_lossy();
        let of_mark = native.strip_prefix("mark_").or_else(|| native.strip_prefix("index_"));
        Ok((reading.symbols.traded(of_mark.unwrap_or(&native))?, of_mark.is_some()))
    }

    fn decode(&self, body: &[u8], reading: Reading<'_>) -> Result<Vec<Event>, DecodeError> {
        let segments: Vec<&str> = self.path.trim_matches('/').split('/').collect();
        match (self.method, segments.as_slice()) {
            (_, ["batch_orders" | "batch_amend_orders"]) => batch(body, reading),
            (_, ["orders" | "orders_timerange" | "bbo_orders"] | ["orders", _]) => {
                Ok(orders(order::orders(body, reading)?))
            }
            ("POST", ["price_orders"]) => order::placed(body).map(|_| Vec::new()),
            (_, ["price_orders"] | ["price_orders", _]) if !is_only_id(body)? => {
                Ok(orders(trigger::triggers(body, reading)?))
            }
            (_, ["price_orders", ..]) => Ok(Vec::new()),
            (_, ["positions" | "positions_timerange"] | ["positions", ..] | ["dual_comp", "positions", ..]) => {
                let positions = position::positions(body, reading)?;
                Ok(positions.into_iter().map(AccountEvent::Position).map(Event::Account).collect())
            }
            (_, ["accounts" | "dual_mode" | "set_position_mode"]) => whole_account(body),
            ("POST", ["batch_cancel_orders"]) => cancelled(body),
            ("POST", ["countdown_cancel_all"]) => answer::acknowledged(body).map(|()| Vec::new()),
            ("POST", ["funding_rates"]) => Ok(settled(market::settled_batch(body, reading.symbols)?)),
            ("GET", segments) => self.decode_read(segments, body, reading),
            _ => self.unread(body),
        }
    }

    fn decode_read(&self, segments: &[&str], body: &[u8], reading: Reading<'_>) -> Result<Vec<Event>, DecodeError> {
        let forced = |closes: Vec<_>, event: fn(_) -> AccountEvent| closes.into_iter().map(event).map(Event::Account);
        match segments {
            ["my_trades" | "my_trades_timerange"] => {
                let fills = trade::fills(body, reading)?;
                Ok(fills.into_iter().map(AccountEvent::Fill).map(Event::Account).collect())
            }
            ["account_book"] => self.income(body, reading),
            ["liquidates"] => Ok(forced(trade::forced_closes(body, reading)?, AccountEvent::Liquidation).collect()),
            ["auto_deleverages"] => Ok(forced(trade::deleveragings(body, reading)?, AccountEvent::Adl).collect()),
            _ => self.decode_market(segments, body, reading),
        }
    }

    /// Bodies without a time are told as of none.
    fn decode_market(&self, segments: &[&str], body: &[u8], reading: Reading<'_>) -> Result<Vec<Event>, DecodeError> {
        let none = Timestamp::default();
        let events: Vec<MarketEvent> = match segments {
            ["tickers"] => market::tickers(body, reading.symbols, none)?,
            ["funding_rate"] => {
                let (traded, _) = self.traded(reading)?;
                return Ok(settled(market::settled_funding(body, &traded.symbol)?));
            }
            ["candlesticks"] => self.candles(body, reading)?,
            ["trades"] => market::trades(body, reading)?.into_iter().map(MarketEvent::Trade).collect(),
            ["order_book"] => vec![MarketEvent::Book(market::book(body, &self.traded(reading)?.0)?)],
            ["liq_orders"] => market::liquidations(body, reading)?.into_iter().map(MarketEvent::Liquidation).collect(),
            _ => return self.decode_catalogue(segments, body),
        };
        Ok(events.into_iter().map(Event::Market).collect())
    }

    fn candles(&self, body: &[u8], reading: Reading<'_>) -> Result<Vec<MarketEvent>, DecodeError> {
        let (traded, of_mark) = self.traded(reading)?;
        // The venue's own default.
        let word = self.parameter("interval").unwrap_or("5m");
        let interval = interval_of(word).ok_or_else(|| DecodeError::word("interval", word, "interval"))?;
        let of = if of_mark { market::CandlesOf::MarkPrice } else { market::CandlesOf::Trades };
        let candles = market::candles(body, reading.symbols, &traded.symbol, of, interval, None)?;
        Ok(candles.into_iter().map(MarketEvent::Candle).collect())
    }

    /// What describes contracts is no event; it is read to the end all the same.
    fn decode_catalogue(&self, segments: &[&str], body: &[u8]) -> Result<Vec<Event>, DecodeError> {
        match segments {
            ["contracts" | "contracts_all"] | ["contracts", _] => match instrument::contracts(body)? {
                instrument::Listing { contracts, unread } if unread.is_empty() => {
                    Ok(vec![Event::unknown(format!("{} contracts", contracts.len()))])
                }
                instrument::Listing { unread, .. } => Err(unread.into_iter().next().map_or_else(
                    || DecodeError::new("a contract that cannot be read", "contracts"),
                    DecodeError::from,
                )),
            },
            ["risk_limit_tiers" | "risk_limit_table"] if names_contracts(body)? => {
                let tables: Result<Vec<_>, _> = instrument::margin_tables(body)?.into_values().collect();
                Ok(vec![Event::unknown(format!("{} margin tables", tables?.len()))])
            }
            ["risk_limit_tiers" | "risk_limit_table"] => {
                instrument::margin_tiers(body)?;
                Ok(vec![Event::unknown("a margin table")])
            }
            ["fee"] => {
                instrument::fees(body)?;
                Ok(vec![Event::unknown("fees")])
            }
            ["spot", "time"] => answer::server_time(body).map(|_| Vec::new()),
            ["account", "detail"] => account::user_id(body).map(|_| vec![Event::unknown("the key's account")]),
            _ => self.unread(body),
        }
    }

    fn income(&self, body: &[u8], reading: Reading<'_>) -> Result<Vec<Event>, DecodeError> {
        let event = |row| match row {
            Income::Funding(payment) => Event::Account(AccountEvent::Funding(payment)),
            Income::Traded { .. } => Event::unknown("profit or fee of a trade"),
            Income::Booked(booking) => Event::unknown(format!("booking {} {}", booking.kind, booking.amount)),
        };
        Ok(trade::income(body, reading.symbols, &self.settle)?.into_iter().map(event).collect())
    }

    fn unread(&self, body: &[u8]) -> Result<Vec<Event>, DecodeError> {
        json::read::<IgnoredAny>(json::text(body)?)?;
        Ok(vec![Event::unknown(format!("{} {}", self.method, self.path))])
    }
}

fn orders(orders: Vec<plimsoll_domain::Order>) -> Vec<Event> {
    orders.into_iter().map(AccountEvent::Order).map(Event::Account).collect()
}

fn settled(settled: Vec<plimsoll_domain::SettledFunding>) -> Vec<Event> {
    settled.into_iter().map(MarketEvent::Settled).map(Event::Market).collect()
}

fn batch(body: &[u8], reading: Reading<'_>) -> Result<Vec<Event>, DecodeError> {
    let answers = order::orders_or_troubles(body, reading)?;
    let event = |answer| match answer {
        Ok(order) => Event::Account(AccountEvent::Order(order)),
        Err(answer::Trouble { label, message }) => Event::venue_error(label, message),
    };
    Ok(answers.into_iter().map(event).collect())
}

/// Of a batch of cancellations only what went wrong is told: what did not succeed says so, or leaves it out.
fn cancelled(body: &[u8]) -> Result<Vec<Event>, DecodeError> {
    let rows: Vec<answer::LabelAndText<'_>> = rows(json::text(body)?)?;
    json::each(&rows, |row| {
        let failed = row.succeeded != Some(true);
        Ok(failed.then(|| row.failure()).map(|trouble| Event::venue_error(trouble.label, trouble.message)))
    })
}

fn whole_account(body: &[u8]) -> Result<Vec<Event>, DecodeError> {
    let account = account::account(body)?;
    let mode = account.mode.map(|mode| AccountEvent::PositionMode { mode, stamp: Stamp::default() });
    let balance = AccountEvent::Balance(account.balance);
    Ok([Some(balance), mode].into_iter().flatten().map(Event::Account).collect())
}

message! {
    /// What distinguishes answers that do not say what they answer.
    struct Shape {
        required {}
        optional {
            initial = "initial": Raw<'a>,
            contract = "contract": Raw<'a>,
            status = "status": Raw<'a>,
            succeeded = "succeeded": Raw<'a>,
            api_key = "api_key": Raw<'a>,
            uid = "uid": Raw<'a>,
        }
    }
}

fn first_shape(text: &str) -> Result<Option<Shape<'_>>, DecodeError> {
    let first = rows::<Raw<'_>>(text)?.into_iter().next();
    first.map(|row| plain::read::<Shape<'_>>(row.0)).transpose()
}

/// A cancelled or changed trigger order is answered whole or with its id alone.
fn is_only_id(body: &[u8]) -> Result<bool, DecodeError> {
    Ok(first_shape(json::text(body)?)?.is_some_and(|shape| shape.initial.is_nothing()))
}

fn names_contracts(body: &[u8]) -> Result<bool, DecodeError> {
    Ok(first_shape(json::text(body)?)?.is_some_and(|shape| !shape.contract.is_nothing()))
}

/// What the request-response channels answer, which is known by members that no other answer has. An empty list, or an
/// answer of nothing, tells nothing.
pub(crate) fn by_shape(result: &str, reading: Reading<'_>) -> Result<Vec<Event>, DecodeError> {
    let Some(shape) = first_shape(result)? else { return Ok(Vec::new()) };
    let body = result.as_bytes();
    match shape {
        Shape { succeeded, .. } if !succeeded.is_nothing() && shape.contract.is_nothing() => cancelled(body),
        Shape { succeeded, .. } if !succeeded.is_nothing() => batch(body, reading),
        Shape { status, contract, .. } if !status.is_nothing() && !contract.is_nothing() => {
            Ok(orders(order::orders(body, reading)?))
        }
        Shape { api_key, uid, .. } if !api_key.is_nothing() || !uid.is_nothing() => {
            Ok(vec![Event::Session(crate::wire::SessionEvent::Login)])
        }
        _ => Ok(vec![Event::unknown("an answer to a request")]),
    }
}
