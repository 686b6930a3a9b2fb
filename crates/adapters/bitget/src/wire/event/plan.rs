//! `orders-algo`: plan orders, which wait for a price, in an id space of their own.

use super::{Context, each_row, id};
use crate::wire::word::{self, Shows, ToldLeg, leg};
use plimsoll_domain::{
    AccountEvent, ClientOrderId, Direction, Order, OrderId, OrderStatus, OrderType, PositionMode, PositionSide,
    Quantity, Side,
};
use plimsoll_venue::json::{Num, Text};
use plimsoll_venue::{DecodeError, Event, message};

message! {
    struct Row {
        required {
            inst_id = "instId": Text<'a>,
            order_id = "orderId": Num<'a>,
            plan_type = "planType": Text<'a>,
            side = "side": Text<'a>,
            status = "status": Text<'a>,
        }
        optional {
            client_oid = "clientOid": Option<Text<'a>>,
            trigger = "triggerPrice": Num<'a>,
            price = "price": Num<'a>,
            execute = "executePrice": Num<'a>,
            size = "size": Num<'a>,
            actual = "actualSize": Num<'a>,
            order_type = "orderType": Option<Text<'a>>,
            trade_side = "tradeSide": Option<Text<'a>>,
            pos_side = "posSide": Option<Text<'a>>,
            pos_mode = "posMode": Option<Text<'a>>,
            reduce_only = "reduceOnly": Option<Text<'a>>,
            created = "cTime": Num<'a>,
            updated = "uTime": Num<'a>,
        }
    }
}

/// `{"instId":"BTCUSDT","orderId":"1","clientOid":"1","triggerPrice":"27000","triggerType":"fill_price","planType":"pl",
/// "executePrice":"27000","size":"0.02","actualSize":"0","orderType":"market","side":"buy","tradeSide":"open",
/// "posSide":"long","status":"live","posMode":"hedge_mode","uTime":"1695719197612"}`
pub(super) fn updates(rows: &str, context: Context<'_>) -> Result<Vec<Event>, DecodeError> {
    each_row(rows, |row: &Row<'_>| {
        let text =
            |text: &Option<Text<'_>>| -> String { text.as_ref().map_or_else(String::new, |it| it.as_str().to_owned()) };
        let updated = if row.updated.0.is_empty() { row.created } else { row.updated };
        let planned = Planned {
            plan_type: row.plan_type.as_str(),
            order_type: row.order_type.as_ref().map_or("", Text::as_str),
            execute: row.execute,
            price: row.price,
            size: row.size,
            told: ToldLeg {
                side: row.side.as_str(),
                trade_side: row.trade_side.as_ref().map_or("", Text::as_str),
                pos_side: row.pos_side.as_ref().map_or("", Text::as_str),
                pos_mode: row.pos_mode.as_ref().map_or("", Text::as_str),
                reduce_only: word::yes(row.reduce_only.as_ref().map_or("", Text::as_str), "reduceOnly")?,
                shows: Shows::Leg,
            },
        };
        let plan = planned.read()?;
        let filled = row.actual.maybe_quantity("actualSize")?;
        Ok(vec![Event::Account(AccountEvent::Order(Order {
            order_id: OrderId::new(id(row.order_id, "orderId")?),
            client_order_id: ClientOrderId::reported(text(&row.client_oid)),
            symbol: context.symbols.symbol(row.inst_id.as_str())?,
            side: plan.side,
            position_side: plan.position_side,
            order_type: plan.order_type,
            time_in_force: None,
            price: plan.price(&planned)?,
            trigger: row.trigger.maybe_price("triggerPrice")?,
            quantity: plan.quantity,
            filled,
            average_price: None,
            reduce_only: plan.reduce_only,
            close_position: plan.close_position,
            child: None,
            status: ended(plan_status(row.status.as_str(), plan.quantity, filled, "status")?, row.status.as_str()),
            updated: context.stamp(context.time(updated, "uTime")?),
        }))])
    })
}

/// A push does not name the order that a plan became, so a plan that has executed has done all that it will: it must not
/// count as one that waits.
fn ended(status: OrderStatus, word: &str) -> OrderStatus {
    if word == "executed" { OrderStatus::Filled } else { status }
}

/// What a plan order says of itself, in a push or in an answer.
pub(crate) struct Planned<'a> {
    pub(crate) plan_type: &'a str,
    pub(crate) order_type: &'a str,
    pub(crate) execute: Num<'a>,
    pub(crate) price: Num<'a>,
    pub(crate) size: Num<'a>,
    pub(crate) told: ToldLeg<'a>,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) order_type: OrderType,
    pub(crate) side: Side,
    pub(crate) position_side: PositionSide,
    pub(crate) quantity: Option<Quantity>,
    pub(crate) reduce_only: bool,
    pub(crate) close_position: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    Trigger,
    TakeProfit,
    StopLoss,
    Trailing,
}

impl Planned<'_> {
    pub(crate) fn read(&self) -> Result<Plan, DecodeError> {
        let (purpose, whole) = match self.plan_type {
            "pl" | "normal_plan" => (For::Trigger, false),
            "tp" | "profit_plan" => (For::TakeProfit, false),
            "sl" | "loss_plan" => (For::StopLoss, false),
            "ptp" | "pos_profit" => (For::TakeProfit, true),
            "psl" | "pos_loss" => (For::StopLoss, true),
            "track" | "track_plan" | "mtpsl" | "moving_plan" => (For::Trailing, false),
            word => return Err(DecodeError::word("plan type", word, "planType")),
        };
        let (side, position_side, closes) = self.leg(
            matches!(self.plan_type, "mtpsl" | "moving_plan") || matches!(purpose, For::TakeProfit | For::StopLoss),
        )?;
        let market = self.is_market()?;
        Ok(Plan {
            order_type: match (purpose, market) {
                // A trigger order does not say on which side of the price it waits.
                (For::Trigger | For::StopLoss, true) => OrderType::StopMarket,
                (For::Trigger | For::StopLoss, false) => OrderType::Stop,
                (For::TakeProfit, true) => OrderType::TakeProfitMarket,
                (For::TakeProfit, false) => OrderType::TakeProfit,
                (For::Trailing, _) => OrderType::TrailingStopMarket,
            },
            side,
            position_side,
            quantity: if whole { None } else { self.size.maybe_quantity("size")? },
            reduce_only: closes,
            close_position: whole,
        })
    }

    /// A stop-loss or take-profit order closes, whatever it says: in hedge mode the leg, in one-way mode the position,
    /// whose direction some of the venue's rows show as `posSide`.
    fn leg(&self, protects: bool) -> Result<(Side, PositionSide, bool), DecodeError> {
        if !protects {
            let leg = leg(self.told)?;
            return Ok((leg.side, leg.position_side, leg.closes));
        }
        let one_way = match self.told.pos_mode {
            "" => !matches!(self.told.pos_side, "long" | "short"),
            mode => word::position_mode(mode, "posMode")? == PositionMode::OneWay,
        };
        let direction = match self.told.pos_side {
            "long" => Some(Direction::Long),
            "short" => Some(Direction::Short),
            _ => None,
        };
        if let Some(direction) = direction {
            let mode = if one_way { PositionMode::OneWay } else { PositionMode::Hedge };
            return Ok((direction.closing_side(), PositionSide::of(direction, mode), true));
        }
        let leg = leg(ToldLeg {
            trade_side: if one_way || !self.told.trade_side.is_empty() { self.told.trade_side } else { "close" },
            ..self.told
        })?;
        Ok((leg.side, leg.position_side, true))
    }

    fn is_market(&self) -> Result<bool, DecodeError> {
        match self.order_type {
            "" => Ok(self.execute.maybe_price("executePrice")?.is_none()),
            word => Ok(word::order_type(word, "orderType")? == OrderType::Market),
        }
    }
}

impl Plan {
    /// The price that it trades at once triggered, if it is limited.
    pub(crate) fn price(&self, planned: &Planned<'_>) -> Result<Option<plimsoll_domain::Price>, DecodeError> {
        match self.order_type {
            OrderType::Stop | OrderType::TakeProfit => {
                let execute = planned.execute.maybe_price("executePrice")?;
                if execute.is_some() { Ok(execute) } else { planned.price.maybe_price("price") }
            }
            _ => Ok(None),
        }
    }
}

/// A plan order that has executed is open until the order that it became has ended; how that ended, the filled quantity
/// says where it is known.
pub(crate) fn plan_status(
    word: &str,
    quantity: Option<Quantity>,
    filled: Option<Quantity>,
    place: &str,
) -> Result<OrderStatus, DecodeError> {
    match (word, filled) {
        ("live" | "not_trigger" | "executing", _) => Ok(OrderStatus::New),
        ("executed", Some(filled)) if quantity.is_none_or(|quantity| filled >= quantity) => Ok(OrderStatus::Filled),
        ("executed", _) => Ok(OrderStatus::New),
        ("fail_execute" | "fail_trigger", _) => Ok(OrderStatus::Rejected),
        ("cancelled" | "canceled", _) => Ok(OrderStatus::Canceled),
        _ => Err(DecodeError::word("plan order status", word, place)),
    }
}
