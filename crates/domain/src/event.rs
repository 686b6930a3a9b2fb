//! What a venue says about an account.

use crate::fill::Fill;
use crate::leverage::Leverage;
use crate::margin::MarginRatio;
use crate::money::Money;
use crate::name::{Currency, Symbol};
use crate::order::Order;
use crate::position::Position;
use crate::price::Price;
use crate::quantity::Quantity;
use crate::rate::Rate;
use crate::side::{MarginMode, PositionMode, PositionSide};
use crate::time::{Stamp, Timestamp};
use std::sync::Arc;

/// One thing a venue says about an account. Applying it twice, late or out of order changes nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountEvent {
    /// The whole account at one moment; what it does not list does not exist.
    Snapshot(Box<AccountSnapshot>),
    /// The state of an order.
    Order(Order),
    /// A trade of the account.
    Fill(Fill),
    /// The state of a position.
    Position(PositionReport),
    /// The state of a balance.
    Balance(BalanceReport),
    /// Funding that was settled.
    Funding(FundingPayment),
    /// The venue asks for margin.
    MarginCall(MarginWarning),
    /// The venue warns that a liquidation is near.
    LiquidationWarning(MarginWarning),
    /// The venue has closed a position by force, in whole or part.
    Liquidation(ForcedClose),
    /// The venue has closed, or is about to close, a position to pay for someone else's.
    Adl(ForcedClose),
    /// A symbol's leverage setting.
    Leverage {
        /// The contract.
        symbol: Symbol,
        /// Its leverage now.
        leverage: Leverage,
        /// When it was set.
        stamp: Stamp,
    },
    /// A symbol's margin mode.
    MarginMode {
        /// The contract.
        symbol: Symbol,
        /// Its margin mode now.
        mode: MarginMode,
        /// When it was set.
        stamp: Stamp,
    },
    /// The account's position mode.
    PositionMode {
        /// The mode now.
        mode: PositionMode,
        /// When it was set.
        stamp: Stamp,
    },
    /// A symbol's automatic margin top-up.
    AutoMargin {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        position_side: PositionSide,
        /// Whether it is on.
        on: bool,
        /// When it was set.
        stamp: Stamp,
    },
}

/// The whole account as its venue gives it on request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSnapshot {
    /// How many positions a symbol may have.
    pub position_mode: PositionMode,
    /// Every open position.
    pub positions: Vec<PositionReport>,
    /// Every open order, conditional ones included.
    pub orders: Vec<Order>,
    /// Every balance that is not empty.
    pub balances: Vec<BalanceReport>,
    /// The venue's time *before* the first of the readings it was made of: later events are news to it.
    pub time: Timestamp,
}

impl AccountSnapshot {
    /// The currency that an open position settles in and of which no balance is listed. There is none where the account was
    /// told whole: what is held is backed by something, and what was not told is not a zero.
    #[must_use]
    pub fn unbacked(&self) -> Option<&str> {
        let held = self.positions.iter().filter(|report| report.position.is_some());
        let mut settles = held.map(|report| report.symbol.settle());
        settles.find(|settle| !self.balances.iter().any(|balance| balance.currency.as_str() == *settle))
    }
}

/// A position as its venue reports it: a whole state, not an increment. What a report does not carry is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionReport {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub position_side: PositionSide,
    /// What is held; `None` once it is closed.
    pub position: Option<Position>,
    /// The mark price that the figures below are for.
    pub mark_price: Option<Price>,
    /// The venue's own liquidation price.
    pub liquidation_price: Option<Price>,
    /// Profit at the mark, before fees.
    pub unrealized_pnl: Option<Money>,
    /// Profit realised so far, as this venue counts it, before fees.
    pub realized_pnl: Option<Money>,
    /// The symbol's leverage setting.
    pub leverage: Option<Leverage>,
    /// What backs it.
    pub margin_mode: Option<MarginMode>,
    /// The wallet margin assigned to an isolated position, without unrealised profit.
    pub isolated_margin: Option<Money>,
    /// The venue's own maintenance margin.
    pub maintenance_margin: Option<Money>,
    /// The venue's own margin ratio, turned our way up: 1 liquidates.
    pub margin_ratio: Option<MarginRatio>,
    /// When it was so.
    pub stamp: Stamp,
}

/// A balance as its venue reports it. What a report does not carry is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceReport {
    /// Of this currency.
    pub currency: Currency,
    /// Everything but unrealised profit.
    pub wallet: Option<Money>,
    /// The part of the wallet that backs cross positions.
    pub cross_wallet: Option<Money>,
    /// What new positions may use.
    pub available: Option<Money>,
    /// Wallet and unrealised profit.
    pub equity: Option<Money>,
    /// Profit of the open positions at the mark, before fees.
    pub unrealized_pnl: Option<Money>,
    /// When it was so.
    pub stamp: Stamp,
}

/// Funding that a venue has settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundingPayment {
    /// The venue's id of the booking. Without one (a stream's notice) the booking is to be looked up.
    pub id: Option<Arc<str>>,
    /// For this contract, where the message says.
    pub symbol: Option<Symbol>,
    /// Positive is paid by the account, negative is received.
    pub payment: Money,
    /// The rate it was settled at, where the message says.
    pub rate: Option<Rate>,
    /// What it was paid in.
    pub currency: Currency,
    /// When it was settled.
    pub time: Timestamp,
}

/// A venue's warning about one position's margin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarginWarning {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub position_side: PositionSide,
    /// Its size.
    pub quantity: Option<Quantity>,
    /// Maintenance ÷ equity.
    pub margin_ratio: Option<MarginRatio>,
    /// Where it would be liquidated.
    pub liquidation_price: Option<Price>,
    /// The mark price that warned.
    pub mark_price: Option<Price>,
    /// Its maintenance margin.
    pub maintenance_margin: Option<Money>,
    /// How near the venue says it is, where it has levels: higher is nearer.
    pub level: Option<u8>,
    /// When.
    pub time: Timestamp,
}

/// A close that a venue has forced, or is about to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForcedClose {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub position_side: PositionSide,
    /// How much was closed; `None` in a warning.
    pub quantity: Option<Quantity>,
    /// At what price; `None` in a warning.
    pub price: Option<Price>,
    /// The place in the deleveraging queue, from 0; higher is sooner.
    pub level: Option<u8>,
    /// When.
    pub time: Timestamp,
}
