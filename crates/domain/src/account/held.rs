//! An open position with everything that is known of it.

use super::contract::Contract;
use crate::leverage::Leverage;
use crate::margin::MarginRatio;
use crate::money::Money;
use crate::name::Symbol;
use crate::position::Position;
use crate::price::Price;
use crate::side::{MarginMode, PositionSide};
use crate::time::Timestamp;

/// An open position with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPosition {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub position_side: PositionSide,
    /// What is held.
    pub position: Position,
    /// The newest mark price.
    pub mark_price: Option<Price>,
    /// Profit at the mark, before fees; what the venue said where no mark is known.
    pub unrealized_pnl: Option<Money>,
    /// The symbol's leverage setting.
    pub leverage: Option<Leverage>,
    /// What backs it.
    pub margin_mode: Option<MarginMode>,
    /// The wallet margin assigned to it, if it is isolated, as last reported.
    pub isolated_margin: Option<Money>,
    /// The venue's own liquidation price, unless a fill has overtaken it.
    pub liquidation_price: Option<Price>,
    /// The venue's own maintenance margin, unless a fill has overtaken it.
    pub maintenance_margin: Option<Money>,
    /// The venue's own margin ratio, our way up, unless a fill has overtaken it.
    pub margin_ratio: Option<MarginRatio>,
    /// When the position was last known to be so.
    pub as_of: Option<Timestamp>,
}

impl HeldPosition {
    pub(super) fn of(symbol: &Symbol, position_side: PositionSide, contract: &Contract) -> Option<Self> {
        let slot = contract.slot(position_side);
        let position = slot.position()?;
        let report = slot.current_report();
        let mark_price = contract.mark.get();
        let by_mark = mark_price.map(|mark| position.unrealized_pnl(mark));
        let same_life = |held: Position| held.direction == position.direction;
        let last = slot.last_report().filter(|last| last.position.is_some_and(same_life));
        Some(Self {
            symbol: symbol.clone(),
            position_side,
            position,
            mark_price,
            unrealized_pnl: by_mark.or_else(|| report?.unrealized_pnl),
            leverage: contract.leverage(),
            margin_mode: contract.margin_mode(),
            isolated_margin: last.and_then(|last| last.isolated_margin),
            liquidation_price: report.and_then(|report| report.liquidation_price),
            maintenance_margin: report.and_then(|report| report.maintenance_margin),
            margin_ratio: report.and_then(|report| report.margin_ratio),
            as_of: slot.as_of(),
        })
    }

    /// Size × mark; `None` without a mark.
    #[must_use]
    pub fn notional(&self) -> Option<Money> {
        self.mark_price.map(|mark| self.position.notional(mark))
    }
}
