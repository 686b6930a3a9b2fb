//! The actions as Bitget's requests and messages.

use super::action::{Action, OfSymbol, OneOrder, PlaceArguments};
use super::{Modes, Outgoing, Signing};
use crate::failure::Failure;
use plimsoll_bitget::wire::request::{
    self, Call, Channel, Credentials, Place, PlanKind, Security, Trading, WhichOrder,
};
use plimsoll_bitget::wire::{HttpRequest, Protocol, Symbols, sign};
use plimsoll_domain::{ClientOrderId, Direction, OrderId, Symbol};
use secrecy::{ExposeSecret, SecretString};

/// The channels of an account: they are for all contracts.
const PRIVATE: [&str; 9] = [
    "account",
    "equity",
    "positions",
    "positions-history",
    "orders",
    "fill",
    "orders-algo",
    "execution",
    "liquidation",
];

/// The request or message of this action.
pub(super) fn outgoing(
    action: &Action,
    signing: &Signing,
    modes: Modes,
    protocol: Protocol,
) -> Result<Outgoing, Failure> {
    let call = match action {
        Action::Place(order) => return order.at_bitget(signing, modes),
        Action::Subscribe { symbol, channel, .. } => {
            let native = native(symbol)?;
            let of = |name: &'static str| Channel { name, native: None };
            let channels: Vec<Channel<'_>> = channel
                .iter()
                .map(|name| match PRIVATE.into_iter().find(|private| private == name) {
                    Some(private) => of(private),
                    None => Channel { name, native: Some(&native) },
                })
                .collect();
            return Ok(Outgoing::Socket(request::subscribe(protocol, &channels)));
        }
        Action::Login => return Ok(Outgoing::Socket(request::login(&signing.for_bitget()?, signing.now))),
        Action::Sign { method, path, query, body } => {
            return raw(signing, method, path.as_deref(), query, body.as_deref());
        }
        Action::Cancel(OneOrder { conditional: true, .. }) | Action::Order(OneOrder { conditional: true, .. }) => {
            return Err(Failure::usage(
                "a plan order of Bitget is found by its plan type, which only its listing tells",
            )
            .help("`open-orders --conditional` lists them; `cancel-all --conditional` cancels them."));
        }
        Action::Cancel(order) => order.of_bitget(request::cancel)?,
        Action::Order(order) => order.of_bitget(request::order)?,
        Action::CancelAll { symbol, conditional: false } => request::cancel_all(&native(symbol)?),
        Action::CancelAll { symbol, conditional: true } => {
            request::cancel_all_plans(&native(symbol)?, PlanKind::StopLossTakeProfit.as_str())
        }
        Action::Amend { order, .. } if order.conditional => {
            return Err(Failure::usage("a plan order is not changed: cancel it and place another"));
        }
        Action::Amend { order, quantity, price, .. } => {
            let again = order.client_id.clone().ok_or_else(|| {
                Failure::usage("the changed order is a new one, and needs a client id").help("Give --client-id.")
            })?;
            order.of_bitget(|native, which| request::amend(native, which, &again, *quantity, *price))?
        }
        Action::OpenOrders { symbol, conditional: false } => request::open_orders(native_of(symbol)?.as_deref(), None),
        Action::OpenOrders { symbol, conditional: true } => {
            request::open_plans(PlanKind::StopLossTakeProfit, native_of(symbol)?.as_deref(), None)
        }
        Action::Positions { symbol } => request::positions(native_of(symbol)?.as_deref()),
        Action::Account => request::all_accounts(),
        Action::Leverage { symbol, leverage } => {
            request::set_leverage(&native(symbol)?, *leverage, modes.margin, modes.position)
        }
        Action::MarginMode { symbol, mode } => request::set_margin_mode(&native(symbol)?, *mode),
        Action::PositionMode { mode } => request::set_position_mode(*mode),
        Action::IsolatedMargin { amount, .. } if amount.is_zero() => {
            return Err(Failure::usage("an amount of 0 moves nothing"));
        }
        Action::IsolatedMargin { symbol, amount, position_side } => {
            // In one-way mode the venue wants to know which way the position goes; a long one is shown.
            request::set_isolated_margin(&native(symbol)?, *position_side, Direction::Long, *amount)
        }
        Action::FundingRate { symbol } => request::current_funding(Some(&native(symbol)?)),
        Action::FundingHistory(OfSymbol { symbol, .. }) => request::funding_history(&native(symbol)?, 1),
        Action::Tiers { symbol } => {
            let symbol =
                symbol.as_deref().ok_or_else(|| Failure::usage("Bitget has a margin table for each --symbol"))?;
            request::position_tiers(&native(symbol)?)
        }
        Action::Candles { of: OfSymbol { symbol, window }, interval, limit } => {
            request::candles(&native(symbol)?, interval, window.from(), window.to(), *limit)
        }
        Action::Fills(OfSymbol { symbol, window }) => {
            request::fills(Some(&native(symbol)?), window.from(), window.to(), None)
        }
        Action::Income { kind, window, .. } => request::bills(kind.as_deref(), window.from(), window.to(), None),
        Action::Instruments => request::contracts(),
    };
    signing.at_bitget(&call).map(Outgoing::Http)
}

impl Signing {
    fn for_bitget(&self) -> Result<Credentials, Failure> {
        self.with_key().and_then(|()| self.with_secret())?;
        let passphrase = self.passphrase.clone().filter(|it| !it.expose_secret().is_empty());
        let passphrase =
            passphrase.ok_or_else(|| Failure::usage("this request needs --passphrase (or PLIMSOLL_PASSPHRASE)"))?;
        Ok(Credentials { key: self.key.clone(), secret: self.secret.clone(), passphrase })
    }

    fn at_bitget(&self, call: &Call) -> Result<HttpRequest, Failure> {
        match call.security {
            Security::Public => Ok(call.public(&self.base, Trading::Live)),
            Security::Signed => Ok(call.request(&self.base, &self.for_bitget()?, self.now, Trading::Live)),
        }
    }
}

impl PlaceArguments {
    fn at_bitget(&self, signing: &Signing, modes: Modes) -> Result<Outgoing, Failure> {
        if self.batch || self.ws_api.is_some() {
            return Err(Failure::usage("orders go to Bitget one by one, over REST"));
        }
        let native = native(&self.symbol)?;
        let place = Place {
            native: &native,
            side: self.side,
            position_side: self.position_side,
            kind: self.kind()?,
            size: self.size()?,
            reduce_only: self.reduce_only,
            client_order_id: self.client_id.as_deref(),
            margin_mode: modes.margin,
            stop: None,
        };
        let none = || Failure::usage(format!("Bitget has no such {} order", self.order_type));
        signing.at_bitget(&request::place(&place).ok_or_else(none)?).map(Outgoing::Http)
    }
}

impl OneOrder {
    fn of_bitget(&self, make: impl FnOnce(&str, WhichOrder<'_>) -> Call) -> Result<Call, Failure> {
        let ours = self.client_id.as_deref().map(ClientOrderId::reported);
        let theirs = OrderId::new(self.order_id.as_deref().unwrap_or_default());
        let which = match (&self.order_id, &ours) {
            (None, Some(ours)) => WhichOrder::Client(ours),
            _ => WhichOrder::Id(&theirs),
        };
        Ok(make(&native(&self.symbol)?, which))
    }
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
    let Credentials { key, secret, passphrase } = signing.for_bitget()?;
    let text = sign::rest_text(signing.now, method, path, query, body.unwrap_or_default());
    let mark = if query.is_empty() { "" } else { "?" };
    let plain = |secret: &SecretString| secret.expose_secret().to_owned();
    Ok(Outgoing::Http(HttpRequest {
        method,
        url: format!("{}{path}{mark}{query}", signing.base.trim_end_matches('/')),
        headers: vec![
            ("ACCESS-KEY", plain(&key)),
            ("ACCESS-SIGN", sign::hmac_sha256(&secret, &text)),
            ("ACCESS-TIMESTAMP", signing.now.as_millis().to_string()),
            ("ACCESS-PASSPHRASE", plain(&passphrase)),
        ],
        body: body.map(str::to_owned),
        weight: 0,
        counts_as_order: false,
    }))
}

/// Bitget's name of a contract: base and quote together. A name that is no unified symbol is taken as the venue's own.
fn native(symbol: &str) -> Result<String, Failure> {
    let Ok(unified) = symbol.parse::<Symbol>() else { return Ok(symbol.to_owned()) };
    let native = Symbols::by_suffix().native(&unified).map(|native| native.to_string());
    native.ok_or_else(|| Failure::usage(format!("{symbol} is no USDT-M perpetual of Bitget")))
}

fn native_of(symbol: &Option<String>) -> Result<Option<String>, Failure> {
    symbol.as_deref().map(native).transpose()
}
