//! What an account tells whoever listens.

use super::view::{Gap, Link};
use plimsoll_domain::risk::MarginAlert;
use plimsoll_domain::{
    Change, ContractChange, Crossing, Decimal, Difference, MarginWarning, PositionSide, Symbol, Threshold,
};

/// One thing to know about an account. What a venue said and what was worked out are never mixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountNews {
    /// What the venue's events changed.
    Changed(Change),
    /// What was worked out from the state, since no venue said it.
    Derived(Derived),
    /// A figure crossed a threshold.
    Watched(Watched),
    /// Whether events flow.
    Link(Link),
    /// The account was in doubt, and is not any more.
    GapClosed(Gap),
    /// The venue lists a contract otherwise than before.
    Contract(ContractChange),
    /// The venue, asked twice, says something else than was believed; its word has been taken.
    Differs(Difference),
}

/// What no venue said, worked out from marks, positions and margin tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Derived {
    /// A position's margin ratio asks for margin, at a venue that pushes no margin call, or has pushed none yet.
    MarginCall(MarginWarning),
    /// A liquidation is near; told each time that it becomes nearer by a level.
    LiquidationWarning {
        /// How near.
        level: MarginAlert,
        /// The position's figures.
        warning: MarginWarning,
    },
}

/// A figure that crossed a threshold, one way or back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Which figure.
    pub figure: WatchedFigure,
    /// Which way.
    pub crossing: Crossing,
    /// What it is now; `None` if the position that it was of is gone.
    pub value: Option<Decimal>,
    /// What it crossed.
    pub threshold: Threshold,
    /// Whether the account was fresh then: in doubt, only the marks are of now.
    pub is_certain: bool,
}

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchedFigure {
    /// A position's maintenance ÷ equity.
    PositionMarginRatio(Symbol, PositionSide),
    /// What the open positions have lost together, positive.
    UnrealizedLoss,
    /// The account's maintenance ÷ equity, or the cross pool's, whichever is worse.
    AccountMarginRatio,
    /// What new positions may use.
    AvailableBalance,
}

impl AccountNews {
    /// Whether it was worked out by us, rather than said by the venue.
    #[must_use]
    pub const fn is_derived(&self) -> bool {
        matches!(self, Self::Derived(_) | Self::Watched(_))
    }

    /// The word for it in logs and records.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Changed(change) => change.as_str(),
            Self::Derived(Derived::MarginCall(_)) => "derived_margin_call",
            Self::Derived(Derived::LiquidationWarning { .. }) => "derived_liquidation_warning",
            Self::Watched(_) => "threshold_crossed",
            Self::Link(_) => "link",
            Self::GapClosed(_) => "gap_closed",
            Self::Contract(change) => change.as_str(),
            Self::Differs(_) => "audit_difference",
        }
    }
}
