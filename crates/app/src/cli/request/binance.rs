//! The actions as Binance's requests and messages.

use super::action::{Action, OfSymbol, OneOrder, PlaceArguments};
use super::{Outgoing, Signing};
use crate::failure::Failure;
use plimsoll_binance::wire::request::{self, Call, HttpRequest, Place, Security, WhichOrder};
use plimsoll_binance::wire::{Credentials, sign};
use plimsoll_domain::{ClientOrderId, OrderId, Symbol};
use secrecy::ExposeSecret;

/// How long a candle of the venue can last.
const INTERVALS: [&str; 15] =
    ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"];

/// The request or message of this action.
pub(super) fn outgoing(action: &Action, signing: &Signing) -> Result<Outgoing, Failure> {
    if signing.passphrase.is_some() {
        return Err(Failure::usage("Binance has no passphrase"));
    }
    let call = match action {
        Action::Place(order) => return order.outgoing(signing),
        Action::Subscribe { symbol, channel, id } => {
            let native = native(symbol)?;
            let streams: Vec<_> = channel.iter().map(|kind| request::stream(&native, kind)).collect();
            return Ok(Outgoing::Socket(request::subscribe(&streams, *id)));
        }
        Action::Sign { method, path, query, body } => {
            let path = path.as_deref().unwrap_or("/fapi/v1/order");
            return raw(signing, method, path, query, body.as_deref());
        }
        Action::Cancel(order) => order.call(request::cancel, request::cancel_algo)?,
        Action::Order(order) => order.call(request::order, request::algo_order)?,
        Action::CancelAll { symbol, conditional: false } => request::cancel_all(&native(symbol)?),
        Action::CancelAll { symbol, conditional: true } => request::cancel_all_algo(&native(symbol)?),
        Action::Amend { order, side, quantity, price } if !order.conditional => {
            order.call(|native, which| request::amend(native, which, *side, *quantity, *price), request::algo_order)?
        }
        Action::Amend { .. } => {
            return Err(Failure::usage("Binance cannot change a conditional order: cancel it and place another"));
        }
        Action::OpenOrders { symbol, conditional: false } => request::open_orders(native_of(symbol)?.as_deref()),
        Action::OpenOrders { symbol, conditional: true } => request::open_algo_orders(native_of(symbol)?.as_deref()),
        Action::Positions { symbol } => request::positions(native_of(symbol)?.as_deref()),
        Action::Account => request::account(),
        Action::Leverage { symbol, leverage } => request::set_leverage(&native(symbol)?, *leverage),
        Action::MarginMode { symbol, mode } => request::set_margin_mode(&native(symbol)?, *mode),
        Action::PositionMode { mode } => request::set_position_mode(*mode),
        Action::IsolatedMargin { amount, .. } if amount.is_zero() => {
            return Err(Failure::usage("an amount of 0 moves nothing"));
        }
        Action::IsolatedMargin { symbol, amount, position_side } => {
            request::set_isolated_margin(&native(symbol)?, *position_side, *amount)
        }
        Action::FundingRate { symbol } => request::premium_index(Some(&native(symbol)?)),
        Action::FundingHistory(OfSymbol { symbol, window }) => {
            request::funding_history(Some(&native(symbol)?), window.from(), window.to())
        }
        Action::Tiers { symbol } => request::leverage_brackets(native_of(symbol)?.as_deref()),
        Action::Candles { interval, .. } if !INTERVALS.contains(&interval.as_str()) => {
            let known = INTERVALS.join(", ");
            return Err(Failure::usage(format!("no candles last '{interval}': known are {known}")));
        }
        Action::Candles { of: OfSymbol { symbol, window }, interval, limit } => {
            request::candles(&native(symbol)?, interval, window.from(), window.to(), *limit)
        }
        Action::Fills(OfSymbol { symbol, window }) => request::fills(&native(symbol)?, window.from(), window.to()),
        Action::Income { symbol, kind, window } => {
            request::income(native_of(symbol)?.as_deref(), kind.as_deref(), window.from(), window.to())
        }
        Action::Instruments => request::exchange_info(),
        Action::Login => request::listen_key_open(),
    };
    signing.request(&call).map(Outgoing::Http)
}

impl Signing {
    fn request(&self, call: &Call) -> Result<HttpRequest, Failure> {
        match call.security {
            Security::Public => Ok(call.public(&self.base)),
            Security::Key => self.with_key().map(|()| self.signed(call)),
            Security::Signed => self.with_key().and_then(|()| self.with_secret()).map(|()| self.signed(call)),
        }
    }

    fn signed(&self, call: &Call) -> HttpRequest {
        call.request(&self.base, &self.credentials(), self.now, self.recv_window)
    }

    fn credentials(&self) -> Credentials {
        Credentials { key: self.key.clone(), secret: self.secret.clone() }
    }
}

impl PlaceArguments {
    fn outgoing(&self, signing: &Signing) -> Result<Outgoing, Failure> {
        let native = native(&self.symbol)?;
        let place = Place {
            native: &native,
            side: self.side,
            position_side: self.position_side,
            kind: self.kind()?,
            size: self.size()?,
            reduce_only: self.reduce_only,
            client_order_id: self.client_id.as_deref(),
        };
        let call = if self.batch { request::batch_place(&[place]) } else { request::place(&place) };
        let call = call.ok_or_else(|| {
            Failure::usage(format!("Binance has no such {} order", self.order_type))
                .help("--close-position is for stop_market and take_profit_market; a batch takes market and limit.")
        })?;
        Ok(match &self.ws_api {
            Some(id) => {
                let method = if call.path.ends_with("algoOrder") { "algoOrder.place" } else { "order.place" };
                signing.with_key().and_then(|()| signing.with_secret())?;
                let Signing { now, recv_window, .. } = signing;
                Outgoing::Socket(request::ws_api(method, &call, &signing.credentials(), *now, *recv_window, id))
            }
            None => Outgoing::Http(signing.request(&call)?),
        })
    }
}

impl OneOrder {
    fn call(
        &self,
        ordinary: impl FnOnce(&str, WhichOrder<'_>) -> Call,
        conditional: impl FnOnce(WhichOrder<'_>) -> Call,
    ) -> Result<Call, Failure> {
        let ours = self.client_id.as_deref().map(ClientOrderId::reported);
        let theirs = OrderId::new(self.order_id.as_deref().unwrap_or_default());
        let which = ours.as_ref().map_or(WhichOrder::Id(&theirs), WhichOrder::Client);
        let native = native(&self.symbol)?;
        Ok(if self.conditional { conditional(which) } else { ordinary(&native, which) })
    }
}

/// A query and a body signed as they stand: the venue signs the one and the other without anything between.
fn raw(signing: &Signing, method: &str, path: &str, query: &str, body: Option<&str>) -> Result<Outgoing, Failure> {
    let method = super::method(method)?;
    signing.with_key().and_then(|()| signing.with_secret())?;
    let signature = sign::hmac_sha256(&signing.secret, &format!("{query}{}", body.unwrap_or_default()));
    let signed = |text: &str| format!("{text}{}signature={signature}", if text.is_empty() { "" } else { "&" });
    let (query, body) = match body {
        Some(body) => (query.to_owned(), Some(signed(body))),
        None => (signed(query), None),
    };
    let mark = if query.is_empty() { "" } else { "?" };
    Ok(Outgoing::Http(HttpRequest {
        method,
        url: format!("{}{path}{mark}{query}", signing.base.trim_end_matches('/')),
        headers: vec![("X-MBX-APIKEY", signing.key.expose_secret().to_owned())],
        body,
        weight: 0,
        counts_as_order: false,
    }))
}

/// Binance's name of a contract: base and quote together. A name that is no unified symbol is taken as the venue's own.
fn native(symbol: &str) -> Result<String, Failure> {
    let Ok(unified) = symbol.parse::<Symbol>() else { return Ok(symbol.to_owned()) };
    if unified.settle() != unified.quote() {
        return Err(Failure::usage(format!(
            "{symbol} is no USDⓈ-M perpetual: those settle in what they are quoted in"
        )));
    }
    Ok(format!("{}{}", unified.base(), unified.quote()))
}

fn native_of(symbol: &Option<String>) -> Result<Option<String>, Failure> {
    symbol.as_deref().map(native).transpose()
}
