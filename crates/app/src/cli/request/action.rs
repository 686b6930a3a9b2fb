//! The actions that `plimsoll request` signs, whichever the venue.

use crate::failure::Failure;
use clap::{Args, Subcommand};
use plimsoll_domain::{
    Leverage, MarginMode, Money, OrderKind, OrderSize, OrderType, PositionMode, PositionSide, Price, Quantity, Side,
    TimeInForce, Timestamp, TriggerBy,
};

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
        #[arg(long, default_value = "1m")]
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
        /// The path, from its slash; at Binance, whose signatures leave it out, that of orders without it
        #[arg(long)]
        path: Option<String>,
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
    pub(super) symbol: String,
    /// buy or sell
    #[arg(long)]
    pub(super) side: Side,
    /// market, limit, stop_market or take_profit_market
    #[arg(long = "type")]
    pub(super) order_type: OrderType,
    /// Size in base units
    #[arg(long, allow_negative_numbers = true)]
    pub(super) quantity: Option<Quantity>,
    /// The limit
    #[arg(long, allow_negative_numbers = true)]
    pub(super) price: Option<Price>,
    /// The trigger of a conditional order
    #[arg(long, allow_negative_numbers = true)]
    pub(super) stop_price: Option<Price>,
    /// Which price triggers: mark (also without it) or last
    #[arg(long)]
    pub(super) trigger_by: Option<TriggerBy>,
    /// Of a limit order: gtc (also without it), ioc, fok or post_only
    #[arg(long)]
    pub(super) tif: Option<TimeInForce>,
    /// May only shrink a position
    #[arg(long)]
    pub(super) reduce_only: bool,
    /// Closes the whole position when triggered
    #[arg(long, conflicts_with = "quantity")]
    pub(super) close_position: bool,
    /// both, long or short
    #[arg(long, default_value = "both")]
    pub(super) position_side: PositionSide,
    /// Our name for it
    #[arg(long)]
    pub(super) client_id: Option<String>,
    /// As a message of the request-response WebSocket, with this number
    #[arg(long)]
    pub(super) ws_api: Option<String>,
    /// As the only order of a batch
    #[arg(long, conflicts_with = "ws_api")]
    pub(super) batch: bool,
}

#[derive(Debug, Args)]
pub(super) struct OneOrder {
    /// The contract
    #[arg(long)]
    pub(super) symbol: String,
    /// Our name for the order
    #[arg(long, required_unless_present = "order_id", conflicts_with = "order_id")]
    pub(super) client_id: Option<String>,
    /// The venue's id of the order
    #[arg(long)]
    pub(super) order_id: Option<String>,
    /// It is a conditional order
    #[arg(long)]
    pub(super) conditional: bool,
}

#[derive(Debug, Args)]
pub(super) struct OfSymbol {
    /// The contract
    #[arg(long)]
    pub(super) symbol: String,
    #[command(flatten)]
    pub(super) window: Window,
}

#[derive(Debug, Args)]
pub(super) struct Window {
    /// From this moment, in milliseconds since 1970
    #[arg(long)]
    pub(super) from: Option<i64>,
    /// To this moment, in milliseconds since 1970
    #[arg(long)]
    pub(super) to: Option<i64>,
}

impl PlaceArguments {
    pub(super) fn kind(&self) -> Result<OrderKind, Failure> {
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

    pub(super) fn size(&self) -> Result<OrderSize, Failure> {
        match (self.quantity, self.close_position) {
            (Some(quantity), false) => Ok(OrderSize::Quantity(quantity)),
            (None, true) => Ok(OrderSize::WholePosition),
            _ => Err(Failure::usage("an order needs --quantity, or --close-position")),
        }
    }
}

impl Window {
    pub(super) fn from(&self) -> Option<Timestamp> {
        self.from.map(Timestamp::from_millis)
    }

    pub(super) fn to(&self) -> Option<Timestamp> {
        self.to.map(Timestamp::from_millis)
    }
}
