//! Everything that an account has in one contract.

use super::known::Known;
use super::life::{Cause, Life, Whose};
use super::newest::Newest;
use super::orders::{Alive, Orders};
use super::slot::Slot;
use crate::change::Change;
use crate::event::PositionReport;
use crate::fill::{Fill, FillCause};
use crate::leverage::Leverage;
use crate::name::{Symbol, TradeId};
use crate::order::{Order, OrderType};
use crate::price::Price;
use crate::side::{MarginMode, PositionSide};
use crate::time::{Stamp, Timestamp};

const TRADES_LIMIT: usize = 7168;

#[derive(Debug, Clone)]
pub(super) struct Contract {
    positions: [(Slot, Life); 3],
    pub(super) orders: Orders,
    pub(super) trades: Known<TradeId>,
    pub(super) mark: Newest<Price>,
    leverage: Newest<Leverage>,
    margin_mode: Newest<MarginMode>,
}

impl Contract {
    /// Nothing held since the newest snapshot, which did not list it.
    pub(super) fn new(since: Option<Stamp>) -> Self {
        let slot = |side| (Slot::new(side, since), Life::default());
        Self {
            positions: [slot(PositionSide::Both), slot(PositionSide::Long), slot(PositionSide::Short)],
            orders: Orders::default(),
            trades: Known::new(TRADES_LIMIT),
            mark: Newest::default(),
            leverage: Newest::default(),
            margin_mode: Newest::default(),
        }
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = (PositionSide, &Slot)> {
        SIDES.into_iter().zip(self.positions.iter().map(|(slot, _)| slot))
    }

    pub(super) fn slot(&self, side: PositionSide) -> &Slot {
        let [both, long, short] = &self.positions;
        match side {
            PositionSide::Both => &both.0,
            PositionSide::Long => &long.0,
            PositionSide::Short => &short.0,
        }
    }

    pub(super) fn slot_mut(&mut self, side: PositionSide) -> &mut (Slot, Life) {
        let [both, long, short] = &mut self.positions;
        match side {
            PositionSide::Both => both,
            PositionSide::Long => long,
            PositionSide::Short => short,
        }
    }

    pub(super) fn leverage(&self) -> Option<Leverage> {
        self.leverage.get()
    }

    pub(super) fn margin_mode(&self) -> Option<MarginMode> {
        self.margin_mode.get()
    }

    /// When leverage and margin mode were last heard of.
    pub(super) fn settings_heard(&self) -> (Option<Stamp>, Option<Stamp>) {
        (self.leverage.stamp(), self.margin_mode.stamp())
    }

    /// Takes a leverage setting; one that is merely learnt from a report is told only if another was known.
    pub(super) fn set_leverage(
        &mut self,
        symbol: &Symbol,
        stamp: Stamp,
        to: Leverage,
        said: bool,
        changes: &mut Vec<Change>,
    ) {
        if let Some(before) = self.leverage.hear(stamp, to)
            && (said || before.is_some())
        {
            changes.push(Change::LeverageChanged { symbol: symbol.clone(), before, leverage: to });
        }
    }

    /// Takes a margin mode; one that is merely learnt from a report is told only if another was known.
    pub(super) fn set_margin_mode(
        &mut self,
        symbol: &Symbol,
        stamp: Stamp,
        to: MarginMode,
        said: bool,
        changes: &mut Vec<Change>,
    ) {
        if let Some(before) = self.margin_mode.hear(stamp, to)
            && (said || before.is_some())
        {
            changes.push(Change::MarginModeChanged { symbol: symbol.clone(), before, mode: to });
        }
    }

    /// Takes a position report that was so at `stamp`.
    pub(super) fn report(&mut self, stamp: Stamp, report: &PositionReport, changes: &mut Vec<Change>) {
        let symbol = &report.symbol;
        if let Some(leverage) = report.leverage {
            self.set_leverage(symbol, stamp, leverage, false, changes);
        }
        if let Some(mode) = report.margin_mode {
            self.set_margin_mode(symbol, stamp, mode, false, changes);
        }
        if let Some(mark) = report.mark_price {
            self.mark.hear(stamp, mark);
        }
        self.place(symbol, report.position_side, stamp, Some(report), changes);
    }

    /// Takes that a snapshot listed nothing for this contract beyond what was reported from it.
    pub(super) fn unlisted(&mut self, symbol: &Symbol, stamp: Stamp, changes: &mut Vec<Change>) {
        for side in SIDES {
            self.place(symbol, side, stamp, None, changes);
        }
    }

    fn place(
        &mut self,
        symbol: &Symbol,
        position_side: PositionSide,
        stamp: Stamp,
        report: Option<&PositionReport>,
        changes: &mut Vec<Change>,
    ) {
        let (slot, life) = self.slot_mut(position_side);
        if slot.report(stamp, report) {
            let whose = Whose { symbol, position_side };
            life.tell(whose, slot.position(), &Cause::Report(report, stamp.time), changes);
            life.tell_doubt(symbol, slot.doubt(), changes);
        }
    }

    /// Takes a fill that is known to be new.
    pub(super) fn fill(&mut self, fill: &Fill, changes: &mut Vec<Change>) {
        let reduce_only = self.orders.get(false, &fill.order_id).is_some_and(may_only_reduce);
        let position_side = fill.position_side;
        let (slot, life) = self.slot_mut(position_side);
        if fill.cause != FillCause::Order {
            life.forced(fill.cause, fill.time, changes);
        }
        match slot.fill(fill, reduce_only) {
            Some(realized) => {
                let realized = fill.realized_pnl.unwrap_or(realized);
                let whose = Whose { symbol: &fill.symbol, position_side };
                life.tell(whose, slot.position(), &Cause::Fill(fill.cause, realized, fill.time), changes);
            }
            None => life.contained(fill.realized_pnl, fill.time),
        }
        life.tell_doubt(&fill.symbol, slot.doubt(), changes);
    }

    /// Takes an order report.
    pub(super) fn order(&mut self, order: &Order, alive: Alive, floor: Option<Timestamp>, changes: &mut Vec<Change>) {
        self.orders.hear(order, alive, floor, changes);
        let (slot, life) = self.slot_mut(order.position_side);
        if order.order_type == OrderType::Liquidation {
            life.forced(FillCause::Liquidation, order.updated.time, changes);
        }
        if may_only_reduce(order) && !order.order_type.is_conditional() && slot.reduces(&order.order_id) {
            let whose = Whose { symbol: &order.symbol, position_side: order.position_side };
            life.tell(whose, slot.position(), &Cause::Hindsight(order.updated.time), changes);
            life.tell_doubt(&order.symbol, slot.doubt(), changes);
        }
    }
}

const SIDES: [PositionSide; 3] = [PositionSide::Both, PositionSide::Long, PositionSide::Short];

const fn may_only_reduce(order: &Order) -> bool {
    order.reduce_only || order.close_position
}
