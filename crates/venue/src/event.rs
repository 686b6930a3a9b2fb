//! What messages say: the same words for every venue.

use plimsoll_domain::{
    AccountEvent, ClientOrderId, Liquidity, MarketEvent, OrderId, Price, Quantity, Side, Symbol, Timestamp, TradeId,
};

/// One thing that a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// About the account.
    Account(AccountEvent),
    /// A trade of the account, told early and in part: the whole [`Fill`](plimsoll_domain::Fill) follows.
    FillNotice(FillNotice),
    /// About a market.
    Market(MarketEvent),
    /// About the connection.
    Session(SessionEvent),
}

/// The fast copy of a fill, as some venues send it: no fee, no position side, no profit. The fill with the same trade id
/// follows and is the one that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillNotice {
    /// The contract.
    pub symbol: Symbol,
    /// The venue's id of the trade, unique within the symbol.
    pub trade_id: TradeId,
    /// The order that traded.
    pub order_id: OrderId,
    /// That order's client id.
    pub client_order_id: ClientOrderId,
    /// Bought or sold.
    pub side: Side,
    /// At this price.
    pub price: Price,
    /// This much, in base units.
    pub quantity: Quantity,
    /// Added liquidity or took it.
    pub liquidity: Liquidity,
    /// When.
    pub time: Timestamp,
}

/// Something about the connection, or something that is neither of the account nor of a market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    /// The session is logged on.
    Login,
    /// The venue has taken a request. A subscription that is acknowledged need not be delivered.
    Subscribed {
        /// What was asked for: the request's id as sent, or the channel.
        id: String,
    },
    /// The venue refuses a request: a login, or a subscription.
    Refused {
        /// What was asked for: the request's id as sent, or the channel.
        id: String,
        /// The venue's code.
        code: String,
        /// The venue's text.
        message: String,
    },
    /// The venue answers that the connection lives.
    Pong,
    /// What the private stream was opened with has run out: the stream is silent from here on.
    StreamExpired,
    /// The venue says that something is wrong.
    VenueError {
        /// The venue's code, or the event type.
        code: String,
        /// The venue's text.
        message: String,
    },
    /// A contract was listed, changed, or given other margin tiers: what is remembered of it is stale.
    ContractChanged {
        /// The venue's name of it.
        native: String,
    },
    /// Something that is not read.
    Unknown {
        /// What it is.
        what: String,
    },
}

impl Event {
    /// Something that is not read.
    pub fn unknown(what: impl Into<String>) -> Self {
        Self::Session(SessionEvent::Unknown { what: what.into() })
    }

    /// The venue says that something is wrong.
    pub fn venue_error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Session(SessionEvent::VenueError { code: code.into(), message: message.into() })
    }
}
