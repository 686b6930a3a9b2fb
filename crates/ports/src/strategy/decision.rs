//! What a strategy wants, and why.

use crate::stop_loss::StopLoss;
use plimsoll_domain::{AccountId, Direction, Leverage, Price, Quantity, Side, Symbol};

/// What a strategy wants at one moment, and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is to be done. Several legs are done together or not at all: where one fails, what the others have opened is
    /// closed again.
    pub legs: Vec<Leg>,
    /// Why, with its figures: for records and for people.
    pub reason: String,
}

impl Decision {
    /// One intent on one account.
    #[must_use]
    pub fn one(account: AccountId, intent: Intent, reason: impl Into<String>) -> Self {
        Self { legs: vec![Leg { account, intent }], reason: reason.into() }
    }
}

/// One intent of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// On this account.
    pub account: AccountId,
    /// What is to be done.
    pub intent: Intent,
}

/// What a strategy or an operator wants. It is checked, journalled and sent by the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Open a position, or add to it, at market.
    Open(OpenIntent),
    /// Let an order rest at a limit.
    Rest(RestIntent),
    /// Close a position at market, in whole or part.
    Close(CloseIntent),
    /// Put the stop of the strategy's position elsewhere.
    MoveStop {
        /// The contract.
        symbol: Symbol,
        /// Which way the position is.
        direction: Direction,
        /// The new trigger, on the mark price.
        trigger: Price,
    },
    /// Cancel a resting order of the strategy.
    Cancel {
        /// The contract.
        symbol: Symbol,
        /// The order's [label](RestIntent::label).
        label: String,
    },
}

impl Intent {
    /// The contract.
    #[must_use]
    pub const fn symbol(&self) -> &Symbol {
        match self {
            Self::Open(OpenIntent { symbol, .. })
            | Self::Rest(RestIntent { symbol, .. })
            | Self::Close(CloseIntent { symbol, .. })
            | Self::MoveStop { symbol, .. }
            | Self::Cancel { symbol, .. } => symbol,
        }
    }

    /// Whether it may add exposure, now or once it fills.
    #[must_use]
    pub const fn adds_exposure(&self) -> bool {
        match self {
            Self::Open(_) => true,
            Self::Rest(rest) => matches!(rest.effect, RestingEffect::Opens { .. }),
            Self::Close(_) | Self::MoveStop { .. } | Self::Cancel { .. } => false,
        }
    }
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
    /// What ends its loss.
    pub stop_loss: StopLoss,
    /// Where profit is to be taken, on the mark price.
    pub take_profit: Option<Price>,
}

/// A limit order that rests, and is maker or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestIntent {
    /// The contract.
    pub symbol: Symbol,
    /// The strategy's own name for the order: one of a label rests at a time.
    pub label: String,
    /// Buy or sell.
    pub side: Side,
    /// How much, in base units.
    pub quantity: Quantity,
    /// The limit.
    pub price: Price,
    /// What filling it does.
    pub effect: RestingEffect,
}

/// What filling a resting order does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestingEffect {
    /// It opens a position, or adds to it.
    Opens {
        /// The leverage to set.
        leverage: Leverage,
        /// What ends its loss.
        stop_loss: StopLoss,
    },
    /// It only shrinks what is held.
    Reduces,
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
