//! Fills: what happened.

use crate::money::Money;
use crate::name::{ClientOrderId, Currency, OrderId, Symbol, TradeId};
use crate::price::Price;
use crate::quantity::Quantity;
use crate::side::{PositionSide, Side, UnknownWord, words};
use crate::time::Timestamp;
use std::fmt;
use std::str::FromStr;

/// One trade of one of the account's orders. A trade is known by its symbol and id: seeing it twice changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The venue's id of the trade, unique within the symbol.
    pub trade_id: TradeId,
    /// The order that traded.
    pub order_id: OrderId,
    /// That order's client id.
    pub client_order_id: ClientOrderId,
    /// The contract.
    pub symbol: Symbol,
    /// Bought or sold.
    pub side: Side,
    /// Which position of the symbol it changed.
    pub position_side: PositionSide,
    /// At this price.
    pub price: Price,
    /// This much, in base units.
    pub quantity: Quantity,
    /// Positive is paid, negative is a rebate.
    pub fee: Money,
    /// What the fee was paid in, where the report says; not always the settle currency.
    pub fee_currency: Option<Currency>,
    /// Added liquidity or took it, where the report says.
    pub liquidity: Option<Liquidity>,
    /// Profit of what it closed, before fees, where the venue says.
    pub realized_pnl: Option<Money>,
    /// Who traded: an order of the account, or the venue by force.
    pub cause: FillCause,
    /// When.
    pub time: Timestamp,
}

/// Who brought a fill about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FillCause {
    /// An order of the account.
    Order,
    /// The venue, because margin was gone.
    Liquidation,
    /// The venue, because the losing side of someone else could not pay.
    Adl,
    /// The venue, because the contract ended.
    Settlement,
}
words!(FillCause, "fill cause", Order = "order", Liquidation = "liquidation", Adl = "adl", Settlement = "settlement");

/// Which part a fill had in the trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liquidity {
    /// Added to the book.
    Maker,
    /// Took from the book.
    Taker,
}
words!(Liquidity, "liquidity", Maker = "maker", Taker = "taker");
