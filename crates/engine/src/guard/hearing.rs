//! What of an account's news is a reason to look at once.

use super::alarm::{Wake, Why};
use crate::client_order_id::ClientOrderIds;
use crate::position_manager::is_covered;
use crate::venue_account::{AccountNews, AccountView, Derived};
use plimsoll_domain::{Change, ClientOrderId, Crossing, Order, OrderType, PositionSide, Symbol, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// A position that moves so soon after an order of ours was heard of moves because of it.
const EXPLAINED_FOR: Duration = Duration::from_secs(5);

/// Tells what others did from what orders of ours did: of this process, or of another one of this machine.
#[derive(Debug)]
pub(super) struct Hearing {
    ids: ClientOrderIds,
    /// When an order of ours that opens, reduces or closes was last heard of.
    ordered: BTreeMap<(Symbol, PositionSide), Timestamp>,
}

impl Hearing {
    pub(super) const fn new(ids: ClientOrderIds) -> Self {
        Self { ids, ordered: BTreeMap::new() }
    }

    /// Why this is to be looked at, if it is. `view` knows of it already.
    pub(super) fn hear(&mut self, news: &AccountNews, view: &AccountView, now: Timestamp) -> Option<Wake> {
        match news {
            AccountNews::Changed(change) => self.hear_of(change, view, now),
            AccountNews::Derived(Derived::MarginCall(it)) => Some(Wake::of(Why::MarginCall, &it.symbol)),
            AccountNews::Derived(Derived::LiquidationWarning { warning, .. }) => {
                Some(Wake::of(Why::LiquidationWarning, &warning.symbol))
            }
            AccountNews::Watched(it) => {
                (it.crossing == Crossing::Raised).then(|| Wake::of_account(Why::of(&it.figure)))
            }
            AccountNews::Differs(_) => Some(Wake::of_account(Why::AuditDifference)),
            AccountNews::Link(_) | AccountNews::GapClosed(_) | AccountNews::Contract(_) => None,
        }
    }

    fn hear_of(&mut self, change: &Change, view: &AccountView, now: Timestamp) -> Option<Wake> {
        let (why, symbol) = match change {
            Change::Filled(fill) if self.deals(&fill.client_order_id) => {
                self.note(&fill.symbol, fill.position_side, now);
                return None;
            }
            Change::Filled(fill) => (Why::TradedElsewhere, &fill.symbol),
            Change::OrderChanged { order, .. } if self.deals(&order.client_order_id) => {
                self.note(&order.symbol, order.position_side, now);
                return None;
            }
            Change::OrderChanged { order, .. } if order.status.is_final() && has_bared(order, view) => {
                (Why::StopGone, &order.symbol)
            }
            Change::OrderVanished(order) if has_bared(order, view) => (Why::StopGone, &order.symbol),
            Change::OrderVanished(order) => (Why::OrderVanished, &order.symbol),
            Change::PositionOpened { symbol, position_side, .. } if !self.explains(symbol, *position_side, now) => {
                (Why::PositionOpened, symbol)
            }
            Change::PositionUpdated { symbol, position_side, .. } if !self.explains(symbol, *position_side, now) => {
                (Why::PositionChanged, symbol)
            }
            Change::PositionClosed(it) if !self.explains(&it.symbol, it.position_side, now) => {
                (Why::PositionClosed, &it.symbol)
            }
            Change::PositionLiquidated(it) => (Why::Liquidated, &it.symbol),
            Change::MarginCalled(it) => (Why::MarginCall, &it.symbol),
            Change::LiquidationNear(it) => (Why::LiquidationWarning, &it.symbol),
            Change::LiquidationExecuted(it) | Change::AdlExecuted(it) => (Why::ForcedClose, &it.symbol),
            // The last place in the queue is nobody's trouble.
            Change::AdlWarned(it) if it.level != Some(0) => (Why::AdlWarning, &it.symbol),
            _ => return None,
        };
        Some(Wake::of(why, symbol))
    }

    /// It is an order of ours by which exposure is added or taken away; not one that rests to protect.
    fn deals(&self, id: &ClientOrderId) -> bool {
        self.ids.is_ours(id) && !self.ids.protects(id)
    }

    fn note(&mut self, symbol: &Symbol, side: PositionSide, now: Timestamp) {
        self.ordered.retain(|_, at| now.since(*at) < EXPLAINED_FOR);
        self.ordered.insert((symbol.clone(), side), now);
    }

    fn explains(&self, symbol: &Symbol, side: PositionSide, now: Timestamp) -> bool {
        let at = self.ordered.get(&(symbol.clone(), side));
        at.is_some_and(|at| now.since(*at) < EXPLAINED_FOR)
    }
}

/// It was a stop, and the position that it was for is held without one.
fn has_bared(order: &Order, view: &AccountView) -> bool {
    let was_stop = matches!(order.order_type, OrderType::StopMarket | OrderType::Stop | OrderType::TrailingStopMarket);
    let held = view.position(&order.symbol, order.position_side);
    was_stop && held.is_some_and(|it| order.side == it.position.direction.closing_side() && !is_covered(view, it))
}
