//! The actions that `plimsoll request` signs.

use super::{Outgoing, Signing};
use crate::failure::Failure;
use clap::{Args, Subcommand};
use plimsoll_binance::wire::request::{self, Call, HttpRequest, Method, Place, Security, WhichOrder};
use plimsoll_binance::wire::sign;
use plimsoll_domain::{
    ClientOrderId, Leverage, MarginMode, Money, OrderId, OrderKind, OrderSize, OrderType, PositionMode, PositionSide,
    Price, Quantity, Side, Symbol, TimeInForce, Timestamp, TriggerBy,
};
use secrecy::{ExposeSecret, SecretString};

/// How long a candle of the venue can last.
const INTERVALS: [&str; 15] =
    ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"];

/// What to ask of the venue.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Send an order; conditional types go to the venue's service for them
    Place(PlaceArguments),
    /// Cancel an order
    Cancel(OneOrder),
    /// Cancel every order of a contract
    CancelAll {
        /// The contract
        #[arg(long)]
        symbol: String,
        /// The conditional orders instead of the others
        #[arg(long)]
        conditional: bool,
    },
    /// Change a resting limit order
    Amend {
        #[command(flatten)]
        order: OneOrder,
        /// buy or sell
        #[arg(long)]
        side: Side,
        /// The new size in base units
        #[arg(long, allow_negative_numbers = true)]
        quantity: Quantity,
        /// The new price
        #[arg(long, allow_negative_numbers = true)]
        price: Price,
    },
    /// Look up an order
    Order(OneOrder),
    /// Open orders of a contract, or of all
    OpenOrders {
        /// The contract
        #[arg(long)]
        symbol: Option<String>,
        /// The conditional orders instead of the others
        #[arg(long)]
        conditional: bool,
    },
    /// Open positions
    Positions {
        /// The contract
        #[arg(long)]
        symbol: Option<String>,
    },
    /// The account with its balances
    Account,
    /// Set a contract's leverage
    Leverage {
        /// The contract
        #[arg(long)]
        symbol: String,
        /// A whole number
        #[arg(long, allow_negative_numbers = true)]
        leverage: Leverage,
    },
    /// Set what backs a contract's positions
    MarginMode {
        /// The contract
        #[arg(long)]
        symbol: String,
        /// isolated or cross
        #[arg(long)]
        mode: MarginMode,
    },
    /// Set how many positions a contract may have
    PositionMode {
        /// one_way or hedge
        #[arg(long)]
        mode: PositionMode,
    },
    /// Move margin into (positive) or out of (negative) an isolated position
    IsolatedMargin {
        /// The contract
        #[arg(long)]
        symbol: String,
        /// The amount
        #[arg(long, allow_negative_numbers = true)]
        amount: Money,
        /// both, long or short
        #[arg(long, default_value = "both")]
        position_side: PositionSide,
    },
    /// The running funding rate and the mark price
    FundingRate {
        /// The contract
        #[arg(long)]
        symbol: String,
    },
    /// Settled funding rates
    FundingHistory(OfSymbol),
    /// Margin tables
    Tiers {
        /// The contract
        #[arg(long)]
        symbol: Option<String>,
    },
    /// Candles
    Candles {
        #[command(flatten)]
        of: OfSymbol,
        /// 1m, 5m, 1h, 1d, ...
        #[arg(long, default_value = "1m", value_parser = INTERVALS)]
        interval: String,
        /// At most so many
        #[arg(long, default_value_t = 500)]
        limit: u32,
    },
    /// The account's trades
    Fills(OfSymbol),
    /// The account's bookings
    Income {
        /// The contract
        #[arg(long)]
        symbol: Option<String>,
        /// FUNDING_FEE, COMMISSION, REALIZED_PNL, ...
        #[arg(long)]
        kind: Option<String>,
        #[command(flatten)]
        window: Window,
    },
    /// The contracts
    Instruments,
    /// Open the private stream's listen key: what this venue has instead of a login message
    Login,
    /// Subscribe to streams (WebSocket)
    Subscribe {
        /// The contract
        #[arg(long)]
        symbol: String,
        /// markPrice@1s, bookTicker, aggTrade, kline_1m, ...; several with commas
        #[arg(long, value_delimiter = ',')]
        channel: Vec<String>,
        /// The message's number
        #[arg(long, default_value_t = 1)]
        id: u64,
    },
    /// Sign a query and body as they stand
    Sign {
        /// GET, POST, PUT or DELETE
        #[arg(long, default_value = "POST")]
        method: String,
        /// The path
        #[arg(long, default_value = "/fapi/v1/order")]
        path: String,
        /// The query, encoded as it will be sent
        #[arg(long, default_value = "")]
        query: String,
        /// The body, encoded as it will be sent
        #[arg(long)]
        body: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct PlaceArguments {
    /// The contract, BTC/USDT:USDT or as the venue names it
    #[arg(long)]
    symbol: String,
    /// buy or sell
    #[arg(long)]
    side: Side,
    /// market, limit, stop_market or take_profit_market
    #[arg(long = "type")]
    order_type: OrderType,
    /// Size in base units
    #[arg(long, allow_negative_numbers = true)]
    quantity: Option<Quantity>,
    /// The limit
    #[arg(long, allow_negative_numbers = true)]
    price: Option<Price>,
    /// The trigger of a conditional order
    #[arg(long, allow_negative_numbers = true)]
    stop_price: Option<Price>,
    /// Which price triggers: mark (also without it) or last
    #[arg(long)]
    trigger_by: Option<TriggerBy>,
    /// Of a limit order: gtc (also without it), ioc, fok or post_only
    #[arg(long)]
    tif: Option<TimeInForce>,
    /// May only shrink a position
    #[arg(long)]
    reduce_only: bool,
    /// Closes the whole position when triggered
    #[arg(long, conflicts_with = "quantity")]
    close_position: bool,
    /// both, long or short
    #[arg(long, default_value = "both")]
    position_side: PositionSide,
    /// Our name for it
    #[arg(long)]
    client_id: Option<String>,
    /// As a message of the request-response WebSocket, with this number
    #[arg(long)]
    ws_api: Option<String>,
    /// As the only order of a batch
    #[arg(long, conflicts_with = "ws_api")]
    batch: bool,
}

#[derive(Debug, Args)]
pub(super) struct OneOrder {
    /// The contract
    #[arg(long)]
    symbol: String,
    /// Our name for the order
    #[arg(long, required_unless_present = "order_id", conflicts_with = "order_id")]
    client_id: Option<String>,
    /// The venue's id of the order
    #[arg(long)]
    order_id: Option<String>,
    /// It is a conditional order
    #[arg(long)]
    conditional: bool,
}

#[derive(Debug, Args)]
pub(super) struct OfSymbol {
    /// The contract
    #[arg(long)]
    symbol: String,
    #[command(flatten)]
    window: Window,
}

#[derive(Debug, Args)]
pub(super) struct Window {
    /// From this moment, in milliseconds since 1970
    #[arg(long)]
    from: Option<i64>,
    /// To this moment, in milliseconds since 1970
    #[arg(long)]
    to: Option<i64>,
}

impl Action {
    /// The request or message of this action.
    pub(super) fn outgoing(&self, signing: &Signing<'_>) -> Result<Outgoing, Failure> {
        let call = match self {
            Self::Place(order) => return order.outgoing(signing),
            Self::Subscribe { symbol, channel, id } => {
                let native = native(symbol)?;
                let streams: Vec<_> = channel.iter().map(|kind| request::stream(&native, kind)).collect();
                return Ok(Outgoing::Socket(request::subscribe(&streams, *id)));
            }
            Self::Sign { method, path, query, body } => return raw(signing, method, path, query, body.as_deref()),
            Self::Cancel(order) => order.call(request::cancel, request::cancel_algo)?,
            Self::Order(order) => order.call(request::order, request::algo_order)?,
            Self::CancelAll { symbol, conditional: false } => request::cancel_all(&native(symbol)?),
            Self::CancelAll { symbol, conditional: true } => request::cancel_all_algo(&native(symbol)?),
            Self::Amend { order, side, quantity, price } if !order.conditional => order
                .call(|native, which| request::amend(native, which, *side, *quantity, *price), request::algo_order)?,
            Self::Amend { .. } => {
                return Err(Failure::usage("Binance cannot change a conditional order: cancel it and place another"));
            }
            Self::OpenOrders { symbol, conditional: false } => request::open_orders(native_of(symbol)?.as_deref()),
            Self::OpenOrders { symbol, conditional: true } => request::open_algo_orders(native_of(symbol)?.as_deref()),
            Self::Positions { symbol } => request::positions(native_of(symbol)?.as_deref()),
            Self::Account => request::account(),
            Self::Leverage { symbol, leverage } => request::set_leverage(&native(symbol)?, *leverage),
            Self::MarginMode { symbol, mode } => request::set_margin_mode(&native(symbol)?, *mode),
            Self::PositionMode { mode } => request::set_position_mode(*mode),
            Self::IsolatedMargin { amount, .. } if amount.is_zero() => {
                return Err(Failure::usage("an amount of 0 moves nothing"));
            }
            Self::IsolatedMargin { symbol, amount, position_side } => {
                request::set_isolated_margin(&native(symbol)?, *position_side, *amount)
            }
            Self::FundingRate { symbol } => request::premium_index(Some(&native(symbol)?)),
            Self::FundingHistory(OfSymbol { symbol, window }) => {
                request::funding_history(Some(&native(symbol)?), window.from(), window.to())
            }
            Self::Tiers { symbol } => request::leverage_brackets(native_of(symbol)?.as_deref()),
            Self::Candles { of: OfSymbol { symbol, window }, interval, limit } => {
                request::candles(&native(symbol)?, interval, window.from(), window.to(), *limit)
            }
            Self::Fills(OfSymbol { symbol, window }) => request::fills(&native(symbol)?, window.from(), window.to()),
            Self::Income { symbol, kind, window } => {
                request::income(native_of(symbol)?.as_deref(), kind.as_deref(), window.from(), window.to())
            }
            Self::Instruments => request::exchange_info(),
            Self::Login => request::listen_key_open(),
        };
        signing.request(&call).map(Outgoing::Http)
    }
}

impl Signing<'_> {
    fn request(&self, call: &Call) -> Result<HttpRequest, Failure> {
        match call.security {
            Security::Public => Ok(call.public(self.base)),
            Security::Key => self.with_key().map(|()| self.signed(call)),
            Security::Signed => self.with_key().and_then(|()| self.with_secret()).map(|()| self.signed(call)),
        }
    }

    fn signed(&self, call: &Call) -> HttpRequest {
        call.request(self.base, &self.credentials, self.now, self.recv_window)
    }

    fn with_key(&self) -> Result<(), Failure> {
        present(&self.credentials.key, "--key (or PLIMSOLL_KEY)")
    }

    fn with_secret(&self) -> Result<(), Failure> {
        present(&self.credentials.secret, "--secret (or PLIMSOLL_SECRET)")
    }
}

/// An empty secret signs as well as any, to be refused by the venue only.
fn present(secret: &SecretString, what: &str) -> Result<(), Failure> {
    if secret.expose_secret().is_empty() { Err(Failure::usage(format!("this request needs {what}"))) } else { Ok(()) }
}

impl PlaceArguments {
    fn outgoing(&self, signing: &Signing<'_>) -> Result<Outgoing, Failure> {
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
                let Signing { credentials, now, recv_window, .. } = signing;
                Outgoing::Socket(request::ws_api(method, &call, credentials, *now, *recv_window, id))
            }
            None => Outgoing::Http(signing.request(&call)?),
        })
    }

    fn kind(&self) -> Result<OrderKind, Failure> {
        let needed = |what: &str| Failure::usage(format!("a {} order needs --{what}", self.order_type));
        let trigger = || self.stop_price.ok_or_else(|| needed("stop-price"));
        let trigger_by = self.trigger_by.unwrap_or(TriggerBy::Mark);
        self.nothing_lost()?;
        match self.order_type {
            OrderType::Market => Ok(OrderKind::Market),
            OrderType::Limit => {
                let time_in_force = self.tif.unwrap_or(TimeInForce::Gtc);
                Ok(OrderKind::Limit { price: self.price.ok_or_else(|| needed("price"))?, time_in_force })
            }
            OrderType::StopMarket => Ok(OrderKind::StopMarket { trigger: trigger()?, trigger_by }),
            OrderType::TakeProfitMarket => Ok(OrderKind::TakeProfitMarket { trigger: trigger()?, trigger_by }),
            other => Err(Failure::usage(format!("{other} orders are not sent, only read"))
                .help("Known are market, limit, stop_market and take_profit_market.")),
        }
    }

    /// What was given for another type of order is refused: left out in silence, a limit order would become another.
    fn nothing_lost(&self) -> Result<(), Failure> {
        let is_limit = self.order_type == OrderType::Limit;
        let is_conditional = matches!(self.order_type, OrderType::StopMarket | OrderType::TakeProfitMarket);
        let given = [
            ("price", self.price.is_some(), is_limit),
            ("tif", self.tif.is_some(), is_limit),
            ("stop-price", self.stop_price.is_some(), is_conditional),
            ("trigger-by", self.trigger_by.is_some(), is_conditional),
        ];
        match given.iter().find(|(_, is_given, is_meant)| *is_given && !is_meant) {
            Some((what, ..)) => Err(Failure::usage(format!("a {} order has no --{what}", self.order_type))),
            None => Ok(()),
        }
    }

    fn size(&self) -> Result<OrderSize, Failure> {
        match (self.quantity, self.close_position) {
            (Some(quantity), false) => Ok(OrderSize::Quantity(quantity)),
            (None, true) => Ok(OrderSize::WholePosition),
            _ => Err(Failure::usage("an order needs --quantity, or --close-position")),
        }
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

impl Window {
    fn from(&self) -> Option<Timestamp> {
        self.from.map(Timestamp::from_millis)
    }

    fn to(&self) -> Option<Timestamp> {
        self.to.map(Timestamp::from_millis)
    }
}

/// A query and a body signed as they stand: the venue signs the one and the other without anything between.
fn raw(signing: &Signing<'_>, method: &str, path: &str, query: &str, body: Option<&str>) -> Result<Outgoing, Failure> {
    let method = [Method::Get, Method::Post, Method::Put, Method::Delete]
        .into_iter()
        .find(|known| known.as_str() == method)
        .ok_or_else(|| Failure::usage(format!("unknown method '{method}': known are GET, POST, PUT, DELETE")))?;
    signing.with_key().and_then(|()| signing.with_secret())?;
    let signature = sign::hmac_sha256(&signing.credentials.secret, &format!("{query}{}", body.unwrap_or_default()));
    let signed = |text: &str| format!("{text}{}signature={signature}", if text.is_empty() { "" } else { "&" });
    let (query, body) = match body {
        Some(body) => (query.to_owned(), Some(signed(body))),
        None => (signed(query), None),
    };
    let mark = if query.is_empty() { "" } else { "?" };
    Ok(Outgoing::Http(HttpRequest {
        method,
        url: format!("{}{path}{mark}{query}", signing.base.trim_end_matches('/')),
        headers: vec![("X-MBX-APIKEY", signing.credentials.key.expose_secret().to_owned())],
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
