//! Plan orders: those that wait for a price.

use super::answer::answer;
use super::order::Page;
use crate::wire::event::{Planned, id, plan_status};
use crate::wire::symbols::Symbols;
use crate::wire::word::{self, Shows, ToldLeg};
use plimsoll_domain::{ClientOrderId, Order, OrderId, Stamp};
use plimsoll_venue::json::{Num, Text, each};
use plimsoll_venue::{DecodeError, message, plain};

message! {
    struct Row {
        required {
            plan_type = "planType": Text<'a>,
            symbol = "symbol": Text<'a>,
            order_id = "orderId": Num<'a>,
            side = "side": Text<'a>,
            status = "planStatus": Text<'a>,
        }
        optional {
            child = "executeOrderId": Num<'a>,
            client_oid = "clientOid": Option<Text<'a>>,
            size = "size": Num<'a>,
            price = "price": Num<'a>,
            execute = "executePrice": Num<'a>,
            mean = "priceAvg": Num<'a>,
            filled = "baseVolume": Num<'a>,
            trigger = "triggerPrice": Num<'a>,
            pos_side = "posSide": Option<Text<'a>>,
            pos_mode = "posMode": Option<Text<'a>>,
            trade_side = "tradeSide": Option<Text<'a>>,
            reduce_only = "reduceOnly": Option<Text<'a>>,
            order_type = "orderType": Option<Text<'a>>,
            created = "cTime": Num<'a>,
            updated = "uTime": Num<'a>,
        }
    }
}

message! {
    struct Listed {
        required {}
        optional {
            list = "entrustedList": Option<Vec<Row<'a>>>,
            end = "endId": Num<'a>,
        }
    }
}

/// A plan order, and what the venue wants to be told to cancel it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOrder {
    /// The order. Once it has executed, [`Order::child`] names the order that took its place.
    pub order: Order,
    /// The venue's word for its kind.
    pub plan_type: String,
}

/// The plan orders of `order/orders-plan-pending` and `order/orders-plan-history`. Nothing is a list that is null.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn plans(body: &[u8], symbols: &Symbols) -> Result<Page<PlanOrder>, DecodeError> {
    let answer = answer(body)?;
    if answer.data.is_empty() {
        return Ok(Page { rows: Vec::new(), older_than: None });
    }
    let Listed { list, end } = plain::read(answer.data)?;
    let rows = each(&list.unwrap_or_default(), |row| row.plan(symbols).map(Some));
    Ok(Page::new(rows.map_err(|error| error.inside("entrustedList"))?, end))
}

fn word_of<'t>(text: Option<&'t Text<'_>>) -> &'t str {
    text.map_or("", Text::as_str)
}

impl Row<'_> {
    fn plan(&self, symbols: &Symbols) -> Result<PlanOrder, DecodeError> {
        let planned = Planned {
            plan_type: self.plan_type.as_str(),
            order_type: word_of(self.order_type.as_ref()),
            execute: self.execute,
            price: self.price,
            size: self.size,
            told: ToldLeg {
                side: self.side.as_str(),
                trade_side: word_of(self.trade_side.as_ref()),
                pos_side: word_of(self.pos_side.as_ref()),
                pos_mode: word_of(self.pos_mode.as_ref()),
                reduce_only: word::yes(word_of(self.reduce_only.as_ref()), "reduceOnly")?,
                shows: Shows::Leg,
            },
        };
        let plan = planned.read()?;
        let filled = self.filled.maybe_quantity("baseVolume")?;
        let updated = if self.updated.maybe_time("uTime")?.is_some() { self.updated } else { self.created };
        let order = Order {
            order_id: OrderId::new(id(self.order_id, "orderId")?),
            client_order_id: ClientOrderId::reported(word_of(self.client_oid.as_ref())),
            symbol: symbols.symbol(self.symbol.as_str())?,
            side: plan.side,
            position_side: plan.position_side,
            order_type: plan.order_type,
            time_in_force: None,
            price: plan.price(&planned)?,
            trigger: self.trigger.maybe_price("triggerPrice")?,
            quantity: plan.quantity,
            filled,
            average_price: self.mean.maybe_price("priceAvg")?,
            reduce_only: plan.reduce_only,
            close_position: plan.close_position,
            child: if self.child.0.is_empty() { None } else { Some(OrderId::new(id(self.child, "executeOrderId")?)) },
            status: plan_status(self.status.as_str(), plan.quantity, filled, "planStatus")?,
            updated: Stamp::at(updated.maybe_time("uTime")?.unwrap_or_default()),
        };
        Ok(PlanOrder { order, plan_type: self.plan_type.as_str().to_owned() })
    }
}
