//! The actions as Gate.io's requests and messages.

use super::action::{Action, OfSymbol, OneOrder, PlaceArguments};
use super::{Modes, Outgoing, Signing};
use crate::failure::Failure;
use plimsoll_domain::{ClientOrderId, Decimal, OrderId, OrderSize, Quantity, Symbol};
use plimsoll_gateio::wire::request::{self, Call, Credentials, Place, Security, Size, WhichOrder};
use plimsoll_gateio::wire::{HttpRequest, Symbols, body, sign};
use secrecy::ExposeSecret;
use std::path::Path;

/// The request or message of this action. Without the venue's list of contracts a contract is taken for one base unit.
pub(super) fn outgoing(
    action: &Action,
    signing: &Signing,
    modes: Modes,
    instruments: Option<&Path>,
) -> Result<Outgoing, Failure> {
    if signing.passphrase.is_some() {
        return Err(Failure::usage("Gate.io has no passphrase"));
    }
    let symbols = instruments.map_or_else(|| Ok(Symbols::by_name()), listed)?;
    let call = match action {
        Action::Place(order) => return order.at_gateio(signing, &symbols),
        Action::Subscribe { symbol, channel, id } => return subscribe(symbol, channel, *id, signing, &symbols),
        Action::Login => {
            signing.with_key().and_then(|()| signing.with_secret())?;
            return Ok(Outgoing::Socket(request::login(&signing.for_gateio(), "1", signing.now)));
        }
        Action::Sign { method, path, query, body } => {
            return raw(signing, method, path.as_deref(), query, body.as_deref());
        }
        Action::Cancel(order) => order.of_gateio(request::cancel, request::cancel_trigger)?,
        Action::Order(order) => order.of_gateio(request::order, request::trigger)?,
        Action::CancelAll { symbol, conditional: false } => request::cancel_all(&native(symbol, &symbols)?),
        Action::CancelAll { symbol, conditional: true } => request::cancel_all_triggers(&native(symbol, &symbols)?),
        Action::Amend { order, .. } if order.conditional => {
            return Err(Failure::usage("a price-triggered order is not changed: cancel it and place another"));
        }
        Action::Amend { order, side, quantity, price } => {
            let size = contracts(&order.symbol, *quantity, &symbols)?;
            order.of_gateio(|which| request::amend(which, *side, size, *price), request::trigger)?
        }
        Action::OpenOrders { symbol, conditional: false } => {
            request::open_orders(native_of(symbol, &symbols)?.as_deref(), 0)
        }
        Action::OpenOrders { symbol, conditional: true } => {
            request::open_triggers(native_of(symbol, &symbols)?.as_deref(), 0)
        }
        Action::Positions { symbol: Some(symbol) } => request::position(&native(symbol, &symbols)?, modes.position),
        Action::Positions { symbol: None } => request::positions(true, 0),
        Action::Account => request::account(),
        Action::Leverage { symbol, leverage } => {
            request::set_leverage(&native(symbol, &symbols)?, *leverage, modes.margin, modes.position)
        }
        Action::MarginMode { symbol, mode } => {
            request::set_margin_mode(&native(symbol, &symbols)?, *mode, modes.position)
        }
        Action::PositionMode { mode } => request::set_position_mode(*mode),
        Action::IsolatedMargin { amount, .. } if amount.is_zero() => {
            return Err(Failure::usage("an amount of 0 moves nothing"));
        }
        Action::IsolatedMargin { symbol, amount, position_side } => {
            request::adjust_isolated_margin(&native(symbol, &symbols)?, *position_side, *amount)
        }
        Action::FundingRate { symbol } => request::contract(&native(symbol, &symbols)?),
        Action::FundingHistory(OfSymbol { symbol, window }) => {
            request::funding_history(&native(symbol, &symbols)?, window.from(), window.to())
        }
        Action::Tiers { symbol } => request::risk_limit_tiers(native_of(symbol, &symbols)?.as_deref(), 0),
        Action::Candles { of: OfSymbol { symbol, window }, interval, limit } => {
            request::candles(&native(symbol, &symbols)?, interval, window.from(), window.to(), *limit)
        }
        Action::Fills(OfSymbol { symbol, window }) => {
            request::fills_between(Some(&native(symbol, &symbols)?), window.from(), window.to(), 0)
        }
        Action::Income { symbol, kind, window } => {
            request::bookings(native_of(symbol, &symbols)?.as_deref(), kind.as_deref(), window.from(), window.to(), 0)
        }
        Action::Instruments => request::contracts(0),
    };
    signing.at_gateio(&call).map(Outgoing::Http)
}

/// The venue's list of contracts, from a file that holds it.
pub(in crate::cli) fn listed(file: &Path) -> Result<Symbols, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("cannot read {}: {error}", file.display()))
            .help("It holds the body of GET /api/v4/futures/usdt/contracts.")
    };
    let text = std::fs::read(file).map_err(|error| unreadable(&error))?;
    let listing = body::contracts(&text).map_err(|error| unreadable(&error))?;
    Ok(Symbols::listed(&listing.contracts))
}

impl Signing {
    fn for_gateio(&self) -> Credentials {
        Credentials { key: self.key.clone(), secret: self.secret.clone() }
    }

    fn at_gateio(&self, call: &Call) -> Result<HttpRequest, Failure> {
        match call.security {
            Security::Public => Ok(call.unsigned(&self.base)),
            Security::Signed => {
                self.with_key().and_then(|()| self.with_secret())?;
                Ok(call.request(&self.base, &self.for_gateio(), self.now, self.recv_window))
            }
        }
    }
}

impl PlaceArguments {
    fn at_gateio(&self, signing: &Signing, symbols: &Symbols) -> Result<Outgoing, Failure> {
        if self.batch {
            return Err(Failure::usage("orders go to Gate.io one by one"));
        }
        let native = native(&self.symbol, symbols)?;
        let size = match self.size()? {
            OrderSize::Quantity(quantity) => Size::Contracts(contracts(&self.symbol, quantity, symbols)?),
            OrderSize::WholePosition => Size::WholePosition,
        };
        let place = Place {
            native: &native,
            side: self.side,
            position_side: self.position_side,
            kind: self.kind()?,
            size,
            reduce_only: self.reduce_only,
            client_order_id: self.client_id.as_deref(),
        };
        let none = || Failure::usage(format!("Gate.io has no such {} order", self.order_type));
        match &self.ws_api {
            Some(id) => {
                let message = request::place_over_socket(&place, id, signing.now).ok_or_else(none)?;
                Ok(Outgoing::Socket(message))
            }
            None => signing.at_gateio(&request::place(&place).ok_or_else(none)?).map(Outgoing::Http),
        }
    }
}

impl OneOrder {
    fn of_gateio(
        &self,
        ordinary: impl FnOnce(WhichOrder<'_>) -> Call,
        conditional: impl FnOnce(&OrderId) -> Call,
    ) -> Result<Call, Failure> {
        let ours = self.client_id.as_deref().map(ClientOrderId::reported);
        let theirs = OrderId::new(self.order_id.as_deref().unwrap_or_default());
        match (self.conditional, &ours) {
            (true, Some(_)) => Err(Failure::usage("price-triggered orders go by the venue's id only: --order-id")),
            (true, None) => Ok(conditional(&theirs)),
            (false, Some(ours)) => Ok(ordinary(WhichOrder::Client(ours))),
            (false, None) => Ok(ordinary(WhichOrder::Id(&theirs))),
        }
    }
}

/// Private channels are signed, each for itself; the user id that they want stands where a public channel has the contract.
fn subscribe(
    symbol: &str,
    channels: &[String],
    id: u64,
    signing: &Signing,
    symbols: &Symbols,
) -> Result<Outgoing, Failure> {
    let [channel] = channels else { return Err(Failure::usage("Gate.io subscribes one --channel with each message")) };
    let message = if request::PRIVATE_CHANNELS.contains(&channel.as_str()) {
        signing.with_key().and_then(|()| signing.with_secret())?;
        let payload = request::private_payload(channel, symbol);
        request::subscribe_private(channel, &payload, &signing.for_gateio(), id, signing.now)
    } else {
        request::subscribe(channel, &[&native(symbol, symbols)?], id, signing.now)
    };
    Ok(Outgoing::Socket(message))
}

/// A call and its body signed as they stand.
fn raw(
    signing: &Signing,
    method: &str,
    path: Option<&str>,
    query: &str,
    body: Option<&str>,
) -> Result<Outgoing, Failure> {
    let path = path.ok_or_else(|| Failure::usage("the path is signed: give --path"))?;
    let method = super::method(method)?;
    signing.with_key().and_then(|()| signing.with_secret())?;
    let timestamp = signing.now.as_millis().div_euclid(1000).to_string();
    let signed = sign::rest(method.as_str(), path, query, body.unwrap_or_default(), &timestamp);
    let mark = if query.is_empty() { "" } else { "?" };
    Ok(Outgoing::Http(HttpRequest {
        method,
        url: format!("{}{path}{mark}{query}", signing.base.trim_end_matches('/')),
        headers: vec![
            ("KEY", signing.key.expose_secret().to_owned()),
            ("Timestamp", timestamp),
            ("SIGN", sign::hmac_sha512(&signing.secret, &signed)),
        ],
        body: body.map(str::to_owned),
        weight: 0,
        counts_as_order: false,
    }))
}

fn contracts(symbol: &str, quantity: Quantity, symbols: &Symbols) -> Result<Decimal, Failure> {
    // By the venue's own name of a contract nothing is known of it but that it counts in contracts.
    let Ok(unified) = symbol.parse::<Symbol>() else { return Ok(quantity.get()) };
    symbols.contracts(&unified, quantity).map_err(Failure::usage)
}

/// Gate.io's name of a contract. A name that is no unified symbol is taken as the venue's own.
fn native(symbol: &str, symbols: &Symbols) -> Result<String, Failure> {
    let Ok(unified) = symbol.parse::<Symbol>() else { return Ok(symbol.to_owned()) };
    let native = symbols.native(&unified).map(|native| native.to_string());
    native.ok_or_else(|| Failure::usage(format!("{symbol} is no perpetual of Gate.io")))
}

fn native_of(symbol: &Option<String>, symbols: &Symbols) -> Result<Option<String>, Failure> {
    symbol.as_deref().map(|symbol| native(symbol, symbols)).transpose()
}
