//! What an event changed: the life of positions, orders and balances, with figures.

use crate::event::{ForcedClose, FundingPayment, MarginWarning};
use crate::fill::{Fill, FillCause};
use crate::leverage::Leverage;
use crate::money::Money;
use crate::name::{Currency, Symbol};
use crate::order::{Order, OrderStatus};
use crate::position::Position;
use crate::side::{MarginMode, PositionMode, PositionSide};
use crate::time::Timestamp;

/// One thing that an event changed in an [`AccountState`](crate::AccountState). Each is told once: an event that is
/// repeated, or older than what is known, changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A position exists that did not.
    PositionOpened {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        position_side: PositionSide,
        /// What is held now.
        position: Position,
    },
    /// A position grew or shrank, or its venue corrected its entry price.
    PositionUpdated {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        position_side: PositionSide,
        /// What was held.
        before: Position,
        /// What is held now.
        position: Position,
        /// Profit that this realised, before fees, where it can be known.
        realized: Option<Money>,
    },
    /// A position is gone.
    PositionClosed(ClosedPosition),
    /// A position is gone because its margin was. When its venue told the close before the cause, a
    /// [`PositionClosed`](Self::PositionClosed) of the same position came first.
    PositionLiquidated(ClosedPosition),
    /// The margin assigned to an isolated position changed.
    MarginUpdated {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        position_side: PositionSide,
        /// The assigned margin before.
        before: Money,
        /// The assigned margin now.
        margin: Money,
    },
    /// The automatic margin top-up was switched.
    AutoMarginSet {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        position_side: PositionSide,
        /// Whether it is on.
        on: bool,
    },
    /// The venue asks for margin.
    MarginCalled(MarginWarning),
    /// The venue warns that a liquidation is near.
    LiquidationNear(MarginWarning),
    /// The venue has closed by force, in whole or part, because margin was gone.
    LiquidationExecuted(ForcedClose),
    /// The place in the deleveraging queue: nothing is closed yet.
    AdlWarned(ForcedClose),
    /// The venue has closed by force, in whole or part, to pay for someone else's loss.
    AdlExecuted(ForcedClose),
    /// Funding was booked.
    FundingPaid(FundingPayment),
    /// A notice of funding without an id: the booking is to be looked up, and comes as
    /// [`FundingPaid`](Self::FundingPaid).
    FundingNoticed(FundingPayment),
    /// An order is known that was not, or its state changed: see its status.
    OrderChanged {
        /// The order now.
        order: Order,
        /// Its status before; `None` if it was not known.
        before: Option<OrderStatus>,
    },
    /// An order that was open is missing from a newer snapshot: how it ended is to be looked up.
    OrderVanished(Order),
    /// A trade of the account.
    Filled(Fill),
    /// A balance changed.
    BalanceChanged {
        /// Of this currency.
        currency: Currency,
        /// What was known before.
        before: Balance,
        /// What is known now.
        balance: Balance,
    },
    /// A symbol's leverage setting changed.
    LeverageChanged {
        /// The contract.
        symbol: Symbol,
        /// Before, if it was known.
        before: Option<Leverage>,
        /// Now.
        leverage: Leverage,
    },
    /// A symbol's margin mode changed.
    MarginModeChanged {
        /// The contract.
        symbol: Symbol,
        /// Before, if it was known.
        before: Option<MarginMode>,
        /// Now.
        mode: MarginMode,
    },
    /// The account's position mode changed.
    PositionModeChanged {
        /// Before, if it was known.
        before: Option<PositionMode>,
        /// Now.
        mode: PositionMode,
    },
    /// Something was missed: a snapshot is needed before the account can be trusted.
    ResyncNeeded {
        /// The contract whose fills do not add up; `None` for the whole account.
        symbol: Option<Symbol>,
        /// Everything up to this moment is in doubt.
        at: Timestamp,
    },
}

impl Change {
    /// The word for it in logs and records.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::PositionOpened { .. } => "position_opened",
            Self::PositionUpdated { .. } => "position_updated",
            Self::PositionClosed(_) => "position_closed",
            Self::PositionLiquidated(_) => "position_liquidated",
            Self::MarginUpdated { .. } => "margin_updated",
            Self::AutoMarginSet { .. } => "auto_margin",
            Self::MarginCalled(_) => "margin_call",
            Self::LiquidationNear(_) => "liquidation_warning",
            Self::LiquidationExecuted(_) => "liquidation_executed",
            Self::AdlWarned(_) => "adl_warning",
            Self::AdlExecuted(_) => "adl_executed",
            Self::FundingPaid(_) => "funding_paid",
            Self::FundingNoticed(_) => "funding_noticed",
            Self::OrderChanged { .. } => "order_changed",
            Self::OrderVanished(_) => "order_vanished",
            Self::Filled(_) => "filled",
            Self::BalanceChanged { .. } => "balance_changed",
            Self::LeverageChanged { .. } => "leverage_changed",
            Self::MarginModeChanged { .. } => "margin_mode_changed",
            Self::PositionModeChanged { .. } => "position_mode_changed",
            Self::ResyncNeeded { .. } => "resync_needed",
        }
    }
}

/// A position at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPosition {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub position_side: PositionSide,
    /// What was held last.
    pub position: Position,
    /// Profit realised since it was opened, or first seen, before fees and funding; `None` where it can only be
    /// summed up from the fills.
    pub realized: Option<Money>,
    /// Who closed it, where that is known.
    pub cause: Option<FillCause>,
}

/// What is known of a balance. Each figure is the newest that the venue has given, which need not be of one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// Everything but unrealised profit.
    pub wallet: Option<Money>,
    /// The part of the wallet that backs cross positions.
    pub cross_wallet: Option<Money>,
    /// What new positions may use.
    pub available: Option<Money>,
    /// Wallet and unrealised profit, by the venue.
    pub equity: Option<Money>,
    /// Profit of the open positions, by the venue.
    pub unrealized_pnl: Option<Money>,
}
