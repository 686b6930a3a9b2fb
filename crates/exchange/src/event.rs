//! What happened, in order.

use crate::order::{ConditionalOrder, ExpiryReason, PlacedOrder};
use plimsoll_domain::{
    AccountId, BalanceReport, Fill, ForcedClose, FundingPayment, Leverage, MarginMode, MarginWarning, MarketTrade,
    Money, PositionMode, PositionReport, PositionSide, SettledFunding, Stamp, Symbol,
};

/// One thing that happened on the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeEvent {
    /// The exchange's time, and the event's number: no two have the same.
    pub stamp: Stamp,
    /// Whose it is; `None` for what everybody sees.
    pub account: Option<AccountId>,
    /// What it is.
    pub news: News,
}

/// What an [`ExchangeEvent`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// An ordinary order was accepted.
    OrderAccepted(Box<PlacedOrder>),
    /// An order traded.
    OrderFilled(Box<FillNews>),
    /// An order was cancelled by its account.
    OrderCancelled(Box<PlacedOrder>),
    /// An order was ended by the exchange.
    OrderExpired {
        /// The order.
        order: Box<PlacedOrder>,
        /// Why.
        reason: ExpiryReason,
    },
    /// An order's price or size was changed by its account, or a reduce-only order was shrunk by the exchange.
    OrderAmended(Box<PlacedOrder>),
    /// A conditional order was stored, or its trigger or size was changed.
    ConditionalStored(Box<ConditionalOrder>),
    /// A conditional order's trigger was met.
    ConditionalTriggering(Box<ConditionalOrder>),
    /// A conditional order's child was accepted; the child's own events follow.
    ConditionalTriggered(Box<ConditionalOrder>),
    /// A conditional order's child has ended.
    ConditionalFinished(Box<ConditionalOrder>),
    /// A conditional order's child was refused.
    ConditionalRejected(Box<ConditionalOrder>),
    /// A conditional order was cancelled by its account.
    ConditionalCancelled(Box<ConditionalOrder>),
    /// A conditional order was ended by the exchange.
    ConditionalExpired {
        /// The order.
        order: Box<ConditionalOrder>,
        /// Why.
        reason: ExpiryReason,
    },
    /// Funding was paid or received for one position.
    FundingPaid {
        /// The booking; its id is that of the income row.
        payment: FundingPayment,
        /// The position after it.
        position: Box<PositionReport>,
        /// The balance after it.
        balance: BalanceReport,
    },
    /// A margin pool's equity has come near its maintenance margin.
    MarginCall {
        /// Every position of the pool.
        positions: Vec<ThinPosition>,
        /// The account's cross wallet, where the pool is cross.
        cross_wallet: Option<Money>,
    },
    /// A margin pool's equity has met its maintenance margin: it is being closed.
    LiquidationStarted {
        /// Every position of the pool, before anything of it is closed.
        positions: Vec<ThinPosition>,
        /// The account's cross wallet, where the pool is cross.
        cross_wallet: Option<Money>,
    },
    /// A position was closed by force. Its fill came before.
    Liquidated {
        /// What was closed, and at what price.
        close: ForcedClose,
        /// The liquidation fee, paid to the insurance fund.
        fee: Money,
        /// The balance after it.
        balance: BalanceReport,
    },
    /// A position was closed to pay for a bankrupt one. Its fill came before.
    Deleveraged(ForcedClose),
    /// The insurance fund has made good what a wallet lacked.
    Covered {
        /// How much.
        amount: Money,
        /// The balance after it.
        balance: BalanceReport,
    },
    /// A symbol's leverage was set.
    LeverageChanged {
        /// The contract.
        symbol: Symbol,
        /// Its leverage now.
        leverage: Leverage,
    },
    /// A symbol's margin mode was set.
    MarginModeChanged {
        /// The contract.
        symbol: Symbol,
        /// Its mode now.
        mode: MarginMode,
    },
    /// The account's position mode was set.
    PositionModeChanged(PositionMode),
    /// Margin of an isolated position was added (positive) or taken (negative).
    IsolatedMarginChanged {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        position_side: PositionSide,
        /// By how much.
        amount: Money,
        /// The position after it.
        position: Box<PositionReport>,
        /// The balance after it.
        balance: BalanceReport,
    },
    /// Money came in (positive) or went out (negative).
    Transferred {
        /// How much.
        amount: Money,
        /// The balance after it.
        balance: BalanceReport,
    },
    /// A trade took place here, as everybody sees it. Forced trades are not shown.
    Trade(MarketTrade),
    /// A position was closed by force, as everybody sees it.
    ForcedOrder(Box<PlacedOrder>),
    /// Funding was settled for a contract.
    FundingSettled(SettledFunding),
}

/// A fill, and what it made of the order, the position and the wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillNews {
    /// The order after the fill.
    pub order: PlacedOrder,
    /// The fill.
    pub fill: Fill,
    /// The position after it, as whole as [`full_reports`](crate::Settings::full_reports) has it.
    pub position: PositionReport,
    /// The balance after it, likewise.
    pub balance: BalanceReport,
}

/// A position of a margin pool that is called or liquidated, as it is at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThinPosition {
    /// What there is to warn of.
    pub warning: MarginWarning,
    /// The position.
    pub report: PositionReport,
}
