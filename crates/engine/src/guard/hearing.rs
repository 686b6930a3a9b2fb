//! What of an account's news is a reason to look at once.

use super::alarm::{Wake, Why};
use crate::client_order_id::ClientOrderIds;
use crate::position_manager::is_covered;
use crate::venue_account::{AccountNews, AccountView, Derived};
use plimsoll_domain::{Change, ClientOrderId, Crossing, Order, OrderType, PositionSide, Symbol};
use std::collections::BTreeMap;
use std::time::Duration;

/// A position that moves so soon after an order of ours was heard of moves because of it.
const EXPLAINED_FOR: Duration = Duration::from_secs(5);

/// Tells what others did from what orders of ours did: of this process, or of another one of this machine.
#[derive(Debug)]
pub(super) struct Hearing {
    ids: ClientOrderIds,
    /// When an order of ours that opens, reduces or closes was last heard of, in time that passed: the clock may be set back.
    ordered: BTreeMap<(Symbol, PositionSide), Duration>,
}

impl Hearing {
    pub(super) const fn new(ids: ClientOrderIds) -> Self {
        Self { ids, ordered: BTreeMap::new() }
    }

    /// Why this is to be looked at, if it is. `view` knows of it already. `is_carried` says whether an order is a part of a
    /// composed one that nobody else looks after.
    pub(super) fn hear(
        &mut self,
        news: &AccountNews,
        view: &AccountView,
        now: Duration,
        is_carried: impl Fn(&ClientOrderId) -> bool,
    ) -> Option<Wake> {
        match news {
            AccountNews::Changed(Change::Filled(fill)) if is_carried(&fill.client_order_id) => {
                self.note(&fill.symbol, fill.position_side, now);
                Some(Wake::of(Why::PartFilled, &fill.symbol))
            }
            AccountNews::Changed(Change::OrderChanged { order, .. })
                if order.status.is_final() && is_carried(&order.client_order_id) =>
            {
                self.note(&order.symbol, order.position_side, now);
                Some(Wake::of(Why::PartFilled, &order.symbol))
            }
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

    fn hear_of(&mut self, change: &Change, view: &AccountView, now: Duration) -> Option<Wake> {
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

    fn note(&mut self, symbol: &Symbol, side: PositionSide, now: Duration) {
        self.ordered.retain(|_, at| now.saturating_sub(*at) < EXPLAINED_FOR);
        self.ordered.insert((symbol.clone(), side), now);
    }

    fn explains(&self, symbol: &Symbol, side: PositionSide, now: Duration) -> bool {
        let at = self.ordered.get(&(symbol.clone(), side));
        at.is_some_and(|at| now.saturating_sub(*at) < EXPLAINED_FOR)
    }
}

/// It was a stop, and the position that it was for is held without one.
fn has_bared(order: &Order, view: &AccountView) -> bool {
    let was_stop = matches!(order.order_type, OrderType::StopMarket | OrderType::Stop | OrderType::TrailingStopMarket);
    let held = view.position(&order.symbol, order.position_side);
    was_stop && held.is_some_and(|it| order.side == it.position.direction.closing_side() && !is_covered(view, it))
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{
        AccountId, Direction, Fill, FillCause, ForcedClose, HeldPosition, MarginMode, OrderId, OrderStatus, Position,
        Side, Stamp, Timestamp, TradeId,
    };
    use plimsoll_ports::Purpose;
    use std::sync::Arc;

    const TODAY: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    const NOW: Duration = Duration::from_secs(1000);

    fn btc() -> Symbol {
        "BTC/USDT:USDT".parse().unwrap()
    }

    fn ids() -> ClientOrderIds {
        ClientOrderIds::of_process(&AccountId::new("main"), 7)
    }

    fn ours(purpose: Purpose) -> ClientOrderId {
        ids().intent(TODAY).order(purpose, 0)
    }

    fn fill(id: ClientOrderId) -> AccountNews {
        AccountNews::Changed(Change::Filled(Fill {
            trade_id: TradeId::new("1"),
            order_id: OrderId::new("1"),
            client_order_id: id,
            symbol: btc(),
            side: Side::Buy,
            position_side: PositionSide::Both,
            price: "50000".parse().unwrap(),
            quantity: "0.1".parse().unwrap(),
            fee: "0".parse().unwrap(),
            fee_currency: None,
            liquidity: None,
            realized_pnl: None,
            cause: FillCause::Order,
            time: TODAY,
        }))
    }

    fn long() -> Position {
        let (quantity, entry) = ("0.1".parse().unwrap(), "50000".parse().unwrap());
        Position { direction: Direction::Long, quantity, entry }
    }

    fn opened() -> AccountNews {
        let (symbol, position_side) = (btc(), PositionSide::Both);
        AccountNews::Changed(Change::PositionOpened { symbol, position_side, position: long() })
    }

    fn stop(id: ClientOrderId, status: OrderStatus) -> Order {
        Order {
            order_id: OrderId::new("9"),
            client_order_id: id,
            symbol: btc(),
            side: Side::Sell,
            position_side: PositionSide::Both,
            order_type: OrderType::StopMarket,
            time_in_force: None,
            price: None,
            trigger: Some("45000".parse().unwrap()),
            quantity: None,
            filled: None,
            average_price: None,
            reduce_only: true,
            close_position: true,
            child: None,
            status,
            updated: Stamp::at(TODAY),
        }
    }

    fn view(orders: Vec<Order>) -> AccountView {
        let held = HeldPosition {
            symbol: btc(),
            position_side: PositionSide::Both,
            position: long(),
            mark_price: None,
            unrealized_pnl: None,
            leverage: None,
            margin_mode: Some(MarginMode::Cross),
            isolated_margin: None,
            liquidation_price: None,
            maintenance_margin: None,
            margin_ratio: None,
            as_of: None,
        };
        AccountView { positions: vec![held], orders: Arc::from(orders), ..AccountView::unknown() }
    }

    fn why(hearing: &mut Hearing, news: &AccountNews, view: &AccountView, now: Duration) -> Option<Why> {
        hearing.hear(news, view, now, |_: &ClientOrderId| false).map(|wake| wake.why)
    }

    #[test]
    fn what_orders_of_ours_do_is_no_news_and_what_others_do_is() {
        let (mut hearing, view) = (Hearing::new(ids()), view(Vec::new()));
        assert_eq!(why(&mut hearing, &opened(), &view, NOW), Some(Why::PositionOpened));
        for purpose in [Purpose::Entry, Purpose::Exit, Purpose::Reduce, Purpose::Flatten] {
            let mut hearing = Hearing::new(ids());
            assert_eq!(why(&mut hearing, &fill(ours(purpose)), &view, NOW), None);
            assert_eq!(why(&mut hearing, &opened(), &view, NOW), None, "{purpose:?}");
            let later = NOW.saturating_add(EXPLAINED_FOR);
            assert_eq!(why(&mut hearing, &opened(), &view, later), Some(Why::PositionOpened), "{purpose:?}");
        }
        for id in [ours(Purpose::StopLoss), ours(Purpose::TakeProfit), ClientOrderId::reported("web_1")] {
            let mut hearing = Hearing::new(ids());
            assert_eq!(why(&mut hearing, &fill(id), &view, NOW), Some(Why::TradedElsewhere));
            assert_eq!(why(&mut hearing, &opened(), &view, NOW), Some(Why::PositionOpened));
        }
    }

    #[test]
    fn a_fill_of_a_composed_orders_part_is_looked_at_at_once_and_explains_its_position() {
        let (mut hearing, view) = (Hearing::new(ids()), view(Vec::new()));
        let part = ours(Purpose::Entry);
        let woken = hearing.hear(&fill(part.clone()), &view, NOW, |id| *id == part).map(|wake| wake.why);
        assert_eq!(woken, Some(Why::PartFilled));
        assert_eq!(why(&mut hearing, &opened(), &view, NOW), None);
        let other = ours(Purpose::Exit);
        assert_eq!(hearing.hear(&fill(other), &view, NOW, |id| *id == part), None);
    }

    #[test]
    fn a_stop_is_gone_if_nothing_covers_its_position_any_more() {
        let mut hearing = Hearing::new(ids());
        let (open, gone) = (OrderStatus::New, OrderStatus::Canceled);
        let ended = |status| {
            let order = stop(ours(Purpose::StopLoss), status);
            AccountNews::Changed(Change::OrderChanged { order, before: Some(open) })
        };
        let vanished = AccountNews::Changed(Change::OrderVanished(stop(ours(Purpose::StopLoss), open)));
        let bare = view(Vec::new());
        let covered = view(vec![stop(ClientOrderId::reported("web_2"), open)]);
        let flat = AccountView { positions: Vec::new(), ..view(Vec::new()) };
        for (news, view, expected) in [
            (ended(gone), &bare, Some(Why::StopGone)),
            (ended(OrderStatus::Expired), &bare, Some(Why::StopGone)),
            (ended(open), &bare, None),
            (ended(gone), &covered, None),
            (ended(gone), &flat, None),
            (vanished.clone(), &bare, Some(Why::StopGone)),
            (vanished, &covered, Some(Why::OrderVanished)),
        ] {
            assert_eq!(why(&mut hearing, &news, view, NOW), expected, "{news:?}");
        }
    }

    #[test]
    fn the_last_place_in_the_queue_is_no_news() {
        let (mut hearing, view) = (Hearing::new(ids()), view(Vec::new()));
        for (level, expected) in [(Some(0), None), (Some(1), Some(Why::AdlWarning)), (None, Some(Why::AdlWarning))] {
            let (symbol, position_side) = (btc(), PositionSide::Both);
            let it = ForcedClose { symbol, position_side, quantity: None, price: None, level, time: TODAY };
            assert_eq!(why(&mut hearing, &AccountNews::Changed(Change::AdlWarned(it)), &view, NOW), expected);
        }
    }
}
