//! Plan orders: those that wait for a price. What reduces a position is a stop-loss or take-profit order, which the venue
//! ends with its position; what opens one is a trigger order.

use super::call::{Call, Security};
use super::order::{Place, WhichOrder, post};
use crate::wire::word::{self, MARGIN_COIN, PRODUCT};
use plimsoll_domain::{Direction, OrderKind, OrderSize, PositionSide, Price, Timestamp, TriggerBy};
use plimsoll_venue::Method;

/// Which of the venue's listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlanKind {
    /// Trigger orders.
    Trigger,
    /// Trailing orders.
    Trailing,
    /// Stop-loss and take-profit orders of every kind.
    StopLossTakeProfit,
}

impl PlanKind {
    /// All that there are.
    pub const ALL: [Self; 3] = [Self::Trigger, Self::Trailing, Self::StopLossTakeProfit];

    /// The venue's word for it in queries.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "normal_plan",
            Self::Trailing => "track_plan",
            Self::StopLossTakeProfit => "profit_loss",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trigger {
    Stop,
    TakeProfit,
}

pub(super) fn place(order: &Place<'_>, price: Price, by: TriggerBy) -> Option<Call> {
    let plan_type = plan_type(order)?;
    Some(if order.reduces() { protects(order, plan_type, price, by) } else { opens(order, plan_type, price, by) })
}

/// The venue's word for the kind of plan order that [`place`](super::place) makes of this order; `None` if it is no plan
/// order.
#[must_use]
pub fn plan_type(order: &Place<'_>) -> Option<&'static str> {
    let trigger = match order.kind {
        OrderKind::StopMarket { .. } => Trigger::Stop,
        OrderKind::TakeProfitMarket { .. } => Trigger::TakeProfit,
        OrderKind::Market | OrderKind::Limit { .. } => return None,
    };
    if !order.reduces() {
        return Some("normal_plan");
    }
    Some(match (order.size, trigger) {
        (OrderSize::WholePosition, Trigger::Stop) => "pos_loss",
        (OrderSize::WholePosition, Trigger::TakeProfit) => "pos_profit",
        (OrderSize::Quantity(_), Trigger::Stop) => "loss_plan",
        (OrderSize::Quantity(_), Trigger::TakeProfit) => "profit_plan",
    })
}

/// `holdSide` is the leg in hedge mode, and in one-way mode the side that opened the position.
fn protects(order: &Place<'_>, plan_type: &str, price: Price, by: TriggerBy) -> Call {
    let size = match order.size {
        OrderSize::Quantity(quantity) => Some(quantity.to_string()),
        OrderSize::WholePosition => None,
    };
    let hold_side = match (order.position_side, order.closed()) {
        (PositionSide::Both, direction) => word::of_side(direction.opening_side()),
        (_, Direction::Long) => "long",
        (_, Direction::Short) => "short",
    };
    post("/api/v2/mix/order/place-tpsl-order", 10)
        .with("marginCoin", MARGIN_COIN)
        .with("productType", PRODUCT)
        .with("symbol", order.native)
        .with("planType", plan_type)
        .with("triggerPrice", price.to_string())
        .with("triggerType", word::of_trigger_by(by))
        .with("executePrice", "0")
        .with("holdSide", hold_side)
        .with_some("size", size)
        .with_some("clientOid", order.client_order_id)
}

fn opens(order: &Place<'_>, plan_type: &str, price: Price, by: TriggerBy) -> Call {
    let size = match order.size {
        OrderSize::Quantity(quantity) => Some(quantity.to_string()),
        OrderSize::WholePosition => None,
    };
    let (side, trade_side) = order.sides();
    post("/api/v2/mix/order/place-plan-order", 10)
        .with("planType", plan_type)
        .with("symbol", order.native)
        .with("productType", PRODUCT)
        .with("marginMode", word::of_margin_mode(order.margin_mode))
        .with("marginCoin", MARGIN_COIN)
        .with_some("size", size)
        .with("triggerPrice", price.to_string())
        .with("triggerType", word::of_trigger_by(by))
        .with("side", side)
        .with_some("tradeSide", trade_side)
        .with("orderType", "market")
        .with_some("clientOid", order.client_order_id)
}

/// Cancels one plan order. The venue looks for it among orders of this type only: `normal_plan`, `track_plan`,
/// `profit_plan`, `loss_plan`, `pos_profit`, `pos_loss`, `moving_plan`.
#[must_use]
pub fn cancel_plan(native: &str, which: WhichOrder<'_>, plan_type: &str) -> Call {
    let (name, id) = which.named();
    cancels(Some(native), plan_type).with_list("orderIdList", vec![vec![(name, id)]])
}

/// Cancels every plan order of a contract of this type; see [`cancel_plan`].
#[must_use]
pub fn cancel_all_plans(native: &str, plan_type: &str) -> Call {
    cancels(Some(native), plan_type)
}

/// Cancels every plan order of the account of this type; see [`cancel_plan`].
#[must_use]
pub fn cancel_every_plan(plan_type: &str) -> Call {
    cancels(None, plan_type)
}

fn cancels(native: Option<&str>, plan_type: &str) -> Call {
    post("/api/v2/mix/order/cancel-plan-order", 10)
        .with_some("symbol", native)
        .with("productType", PRODUCT)
        .with("marginCoin", MARGIN_COIN)
        .with("planType", plan_type)
}

/// Up to 100 waiting plan orders of one contract, or of all, newest first: those before the plan order `older_than`.
#[must_use]
pub fn open_plans(kind: PlanKind, native: Option<&str>, older_than: Option<&str>) -> Call {
    listed("/api/v2/mix/order/orders-plan-pending", kind, native).with_some("idLessThan", older_than)
}

/// The one of these that waits.
#[must_use]
pub fn open_plan(kind: PlanKind, native: &str, which: WhichOrder<'_>) -> Call {
    let (name, id) = which.named();
    listed("/api/v2/mix/order/orders-plan-pending", kind, Some(native)).with(name, id)
}

/// Up to 100 plan orders that wait no longer, newest first, of a window of at most 90 days: those before `older_than`.
#[must_use]
pub fn plan_history(
    kind: PlanKind,
    native: Option<&str>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    older_than: Option<&str>,
) -> Call {
    listed("/api/v2/mix/order/orders-plan-history", kind, native).window(from, to).with_some("idLessThan", older_than)
}

/// The one of these that waits no longer.
#[must_use]
pub fn past_plan(kind: PlanKind, native: &str, which: WhichOrder<'_>) -> Call {
    let (name, id) = which.named();
    listed("/api/v2/mix/order/orders-plan-history", kind, Some(native)).with(name, id)
}

fn listed(path: &'static str, kind: PlanKind, native: Option<&str>) -> Call {
    Call::new(Method::Get, path, Security::Signed, 10)
        .with("planType", kind.as_str())
        .with("productType", PRODUCT)
        .with_some("symbol", native)
        .with("limit", "100")
}
