//! Decisions: a market and portfolio view in, intents out.

use plimsoll_domain::{
    AccountId, ClientOrderId, Direction, Instrument, Leverage, MarketEvent, Money, PositionReport, Price, Quantity,
    Symbol, Timestamp,
};

/// A trading strategy: pure, so that it decides the same in a backtest, on paper and live.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Strategy: Send {
    /// Its name, for records.
    fn name(&self) -> String;

    /// What it wants, given what has just happened and what is held.
    fn decide<'a>(&mut self, view: &StrategyView<'a>, event: &MarketEvent) -> Vec<Intent>;

    /// Its state as text, to be given to [`restore`](Self::restore) after a restart.
    fn state(&self) -> String;

    /// Takes up where [`state`](Self::state) left off.
    ///
    /// # Errors
    /// [`BadState`] if the text is not one of its states; it is as new then.
    fn restore(&mut self, state: &str) -> Result<(), BadState>;
}

/// A text that is no state of the strategy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a state of this strategy: {0}")]
pub struct BadState(pub String);

/// What a strategy sees.
#[derive(Debug, Clone)]
pub struct StrategyView<'a> {
    /// Now.
    pub now: Timestamp,
    /// The account it trades.
    pub account: &'a AccountId,
    /// The contracts it may trade.
    pub instruments: &'a [Instrument],
    /// What is held.
    pub positions: &'a [PositionReport],
    /// Wallet and unrealised profit.
    pub equity: Money,
    /// What new positions may use.
    pub available: Money,
}

/// What a strategy or an operator wants. It is checked, journalled and sent by the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Open a position, or add to it.
    Open(OpenIntent),
    /// Close a position, in whole or part.
    Close(CloseIntent),
    /// Cancel an order.
    Cancel {
        /// The contract.
        symbol: Symbol,
        /// The order.
        id: ClientOrderId,
    },
}

/// Open a position, or add to it, at market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIntent {
    /// The contract.
    pub symbol: Symbol,
    /// Long or short.
    pub direction: Direction,
    /// How much, in base units.
    pub quantity: Quantity,
    /// The leverage to set.
    pub leverage: Leverage,
    /// Where a protective stop is to rest, on the mark price.
    pub stop_loss: Option<Price>,
    /// Where profit is to be taken, on the mark price.
    pub take_profit: Option<Price>,
}

/// Close a position at market.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseIntent {
    /// The contract.
    pub symbol: Symbol,
    /// Which way the position is.
    pub direction: Direction,
    /// How much, in base units; `None` closes it whole.
    pub quantity: Option<Quantity>,
}
