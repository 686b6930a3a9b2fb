//! What a strategy sees.

use plimsoll_domain::{
    AccountId, FundingRate, Instrument, Leverage, Money, Position, Price, Quantity, Side, Symbol, Timestamp,
};
use std::fmt;
use std::sync::Arc;

/// What a strategy sees: its accounts, and on them what is its own.
#[derive(Debug, Clone, Copy)]
pub struct StrategyView<'a> {
    /// Now.
    pub now: Timestamp,
    /// The accounts it trades.
    pub accounts: &'a [TradedAccount<'a>],
}

impl<'a> StrategyView<'a> {
    /// The account of this name.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> Option<&'a TradedAccount<'a>> {
        self.accounts.iter().find(|account| account.id == id)
    }
}

/// What an account has to trade with, reckoned at the moment at which it is asked for: most events ask for nothing.
pub trait Funds: fmt::Debug + Send + Sync {
    /// Wallet and unrealised profit, in the settle currency.
    fn equity(&self) -> Money;

    /// What new positions may use.
    fn available(&self) -> Money;

    /// What the risk limits allow a position at most: what is larger is refused. Nothing is limited unless it is said.
    fn caps(&self) -> Caps {
        Caps::default()
    }
}

/// What the risk limits allow a position at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caps {
    /// Its notional.
    pub notional: Option<Money>,
    /// Its leverage.
    pub leverage: Option<Leverage>,
}

impl Caps {
    /// This leverage, or the most that is allowed.
    #[must_use]
    pub fn leverage(&self, wished: Leverage) -> Leverage {
        self.leverage.map_or(wished, |most| wished.min(most))
    }

    /// This notional, or the most that is allowed.
    #[must_use]
    pub fn notional(&self, wished: Money) -> Money {
        self.notional.map_or(wished, |most| wished.min(most))
    }
}

/// Figures that are known, from a reading of the account, or for a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnownFunds {
    /// Wallet and unrealised profit, in the settle currency.
    pub equity: Money,
    /// What new positions may use.
    pub available: Money,
}

impl Funds for KnownFunds {
    fn equity(&self) -> Money {
        self.equity
    }

    fn available(&self) -> Money {
        self.available
    }
}

/// One account that a strategy trades.
#[derive(Debug, Clone, Copy)]
pub struct TradedAccount<'a> {
    /// Its name.
    pub id: &'a AccountId,
    /// What it has to trade with.
    pub funds: &'a dyn Funds,
    /// The contracts that may be traded, and their prices.
    pub markets: &'a [TradedMarket],
    /// What the strategy holds.
    pub holdings: &'a [Holding],
    /// What the strategy has resting, its protection apart.
    pub orders: &'a [WorkingOrder],
}

impl<'a> TradedAccount<'a> {
    /// Wallet and unrealised profit, in the settle currency.
    #[must_use]
    pub fn equity(&self) -> Money {
        self.funds.equity()
    }

    /// What new positions may use.
    #[must_use]
    pub fn available(&self) -> Money {
        self.funds.available()
    }

    /// What the risk limits allow a position at most.
    #[must_use]
    pub fn caps(&self) -> Caps {
        self.funds.caps()
    }

    /// The market of a contract.
    #[must_use]
    pub fn market(&self, symbol: &Symbol) -> Option<&'a TradedMarket> {
        self.markets.iter().find(|market| market.instrument.symbol == *symbol)
    }

    /// What the strategy holds of a contract.
    #[must_use]
    pub fn holding(&self, symbol: &Symbol) -> Option<&'a Holding> {
        self.holdings.iter().find(|holding| holding.symbol == *symbol)
    }

    /// The resting order of this label.
    #[must_use]
    pub fn order(&self, symbol: &Symbol, label: &str) -> Option<&'a WorkingOrder> {
        self.orders.iter().find(|order| order.symbol == *symbol && order.label == label)
    }
}

/// A contract that may be traded, and its prices now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradedMarket {
    /// What its venue publishes about it.
    pub instrument: Arc<Instrument>,
    /// The last traded price.
    pub last: Option<Price>,
    /// The fair price.
    pub mark: Option<Price>,
    /// When it was that, by its venue's clock: of a venue that is not heard it may be long ago.
    pub marked_at: Option<Timestamp>,
    /// The funding to come.
    pub funding: Option<FundingRate>,
}

/// What a strategy holds of a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The contract.
    pub symbol: Symbol,
    /// Direction, size and average entry.
    pub position: Position,
    /// The leverage it has.
    pub leverage: Leverage,
    /// Where the strategy wants its stop; where somebody else holds the contract too, a nearer one may rest instead.
    pub stop: Option<Price>,
    /// When it was opened.
    pub opened_at: Timestamp,
}

/// An order of a strategy that rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingOrder {
    /// The contract.
    pub symbol: Symbol,
    /// The strategy's name for it.
    pub label: String,
    /// Buy or sell.
    pub side: Side,
    /// Its limit.
    pub price: Price,
    /// Its size, in base units.
    pub quantity: Quantity,
    /// How much of it has filled.
    pub filled: Option<Quantity>,
}
