//! Plans: what waits for a trigger. The exchange knows stops and take-profits; the venue also knows what they were placed
//! as.

use crate::bitget::error::Refusal;
use crate::bitget::orders::Preset;
use plimsoll_domain::{
    ClientOrderId, Direction, NewOrder, OrderId, OrderKind, OrderSize, OrderType, PositionMode, PositionSide, Price,
    Side, Symbol, TriggerBy,
};
use plimsoll_exchange::ConditionalOrder;
use std::collections::BTreeMap;

/// What a plan was placed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlanType {
    /// Opens or closes.
    Normal,
    /// Takes a profit of part of a position.
    Profit,
    /// Stops a loss of part of it.
    Loss,
    /// Takes the profit of all of it.
    PositionProfit,
    /// Stops the loss of all of it.
    PositionLoss,
}

impl PlanType {
    /// The word for it over REST.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal_plan",
            Self::Profit => "profit_plan",
            Self::Loss => "loss_plan",
            Self::PositionProfit => "pos_profit",
            Self::PositionLoss => "pos_loss",
        }
    }

    /// The word for it on its channel.
    pub(crate) const fn letters(self) -> &'static str {
        match self {
            Self::Normal => "pl",
            Self::Profit => "tp",
            Self::Loss => "sl",
            Self::PositionProfit => "ptp",
            Self::PositionLoss => "psl",
        }
    }

    /// One that leaves a position.
    pub(crate) fn read_exit(word: &str) -> Result<Self, Refusal> {
        match word {
            "profit_plan" => Ok(Self::Profit),
            "loss_plan" => Ok(Self::Loss),
            "pos_profit" => Ok(Self::PositionProfit),
            "pos_loss" => Ok(Self::PositionLoss),
            // One that follows the price is not offered.
            _ => Err(Refusal::PLAN_TYPE),
        }
    }

    pub(crate) const fn is_whole(self) -> bool {
        matches!(self, Self::PositionProfit | Self::PositionLoss)
    }

    const fn takes_profit(self) -> bool {
        matches!(self, Self::Profit | Self::PositionProfit)
    }
}

/// Which plans a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    Normal,
    Trailing,
    Exits,
    One(PlanType),
}

impl Group {
    /// The three that lists are asked for by.
    pub(crate) fn read(word: &str) -> Result<Self, Refusal> {
        match word {
            "normal_plan" => Ok(Self::Normal),
            "track_plan" => Ok(Self::Trailing),
            "profit_loss" => Ok(Self::Exits),
            _ => Err(Refusal::PLAN_TYPE),
        }
    }

    /// Those that can be cancelled: lists and single types.
    pub(crate) fn read_any(word: &str) -> Result<Self, Refusal> {
        match word {
            "moving_plan" => Ok(Self::Trailing),
            other => Self::read(other).or_else(|_| PlanType::read_exit(other).map(Self::One)),
        }
    }

    pub(crate) fn holds(self, plan_type: PlanType) -> bool {
        match self {
            Self::Normal => plan_type == PlanType::Normal,
            Self::Trailing => false,
            Self::Exits => plan_type != PlanType::Normal,
            Self::One(one) => plan_type == one,
        }
    }
}

/// What plans were placed as.
#[derive(Debug, Default)]
pub(crate) struct Plans(BTreeMap<OrderId, PlanType>);

impl Plans {
    pub(crate) fn remember(&mut self, id: OrderId, plan_type: PlanType) {
        self.0.insert(id, plan_type);
    }

    /// What a plan was placed as; of one that did not come over this wire, what it amounts to.
    pub(crate) fn of(&self, plan: &ConditionalOrder) -> PlanType {
        let order = &plan.order;
        let profit = order.order_type == OrderType::TakeProfitMarket;
        let kind = match (order.close_position, !order.adds_exposure(), profit) {
            (true, _, true) => PlanType::PositionProfit,
            (true, _, false) => PlanType::PositionLoss,
            (false, true, true) => PlanType::Profit,
            (false, true, false) => PlanType::Loss,
            (false, false, _) => PlanType::Normal,
        };
        self.0.get(&order.order_id).copied().unwrap_or(kind)
    }
}

impl Preset {
    /// The plans that it becomes.
    pub(crate) fn plans(self) -> impl Iterator<Item = (PlanType, Price)> {
        let profit = self.profit.map(|price| (PlanType::Profit, price));
        profit.into_iter().chain(self.loss.map(|price| (PlanType::Loss, price)))
    }
}

/// The order that leaves a position of this direction at a trigger.
pub(crate) fn exit(
    mode: PositionMode,
    symbol: &Symbol,
    direction: Direction,
    plan_type: PlanType,
    (trigger, trigger_by): (Price, TriggerBy),
    size: OrderSize,
    client_order_id: ClientOrderId,
) -> NewOrder {
    let position_side = PositionSide::of(direction, mode);
    let kind = if plan_type.takes_profit() {
        OrderKind::TakeProfitMarket { trigger, trigger_by }
    } else {
        OrderKind::StopMarket { trigger, trigger_by }
    };
    NewOrder {
        client_order_id,
        symbol: symbol.clone(),
        side: direction.closing_side(),
        position_side,
        kind,
        size,
        reduce_only: position_side == PositionSide::Both && size != OrderSize::WholePosition,
    }
}

/// What a plan is to the exchange: a price has to come from where it is now to the trigger.
pub(crate) fn kind(side: Side, trigger: Price, trigger_by: TriggerBy, price: Price) -> OrderKind {
    let rises = trigger > price;
    if rises == (side == Side::Buy) {
        OrderKind::StopMarket { trigger, trigger_by }
    } else {
        OrderKind::TakeProfitMarket { trigger, trigger_by }
    }
}
