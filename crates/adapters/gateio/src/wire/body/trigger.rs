//! Price-triggered orders, as answers and as pushes tell them.

use super::body_rows;
use super::order::{leg, or_empty, side_of};
use crate::wire::moment::first_moment;
use crate::wire::symbols::{Reading, Traded, quantity};
use crate::wire::word;
use plimsoll_domain::{Order, OrderId, OrderStatus, OrderType, PositionMode, Side, Stamp, TimeInForce};
use plimsoll_venue::json::{self, DecodeError, Num, Text};
use plimsoll_venue::{message, plain};

message! {
    /// A price-triggered order: what it becomes, and when.
    pub(crate) struct Row {
        required {
            initial = "initial": Initial<'a>,
            trigger = "trigger": Trigger<'a>,
            id = "id": Num<'a>,
            status = "status": Text<'a>,
        }
        optional {
            trade_id = "trade_id": Num<'a>,
            finish_as = "finish_as": Option<Text<'a>>,
            reason = "reason": Option<Text<'a>>,
            order_type = "order_type": Option<Text<'a>>,
            create_time = "create_time": Num<'a>,
            finish_time = "finish_time": Num<'a>,
            update_time = "update_time": Num<'a>,
        }
    }
}

message! {
    pub(crate) struct Initial {
        required {
            contract = "contract": Text<'a>,
        }
        optional {
            size = "size": Num<'a>,
            amount = "amount": Num<'a>,
            price = "price": Num<'a>,
            tif = "tif": Option<Text<'a>>,
            text = "text": Option<Text<'a>>,
            reduce_only = "reduce_only": bool,
            is_reduce_only = "is_reduce_only": bool,
            close = "close": bool,
            is_close = "is_close": bool,
            auto_size = "auto_size": Option<Text<'a>>,
        }
    }
}

message! {
    pub(crate) struct Trigger {
        required {
            price = "price": Num<'a>,
            rule = "rule": Num<'a>,
        }
        optional {}
    }
}

impl Row<'_> {
    /// The order. Once it has triggered, [`Order::child`] names the order that took its place; until that has ended it
    /// counts as open. `sent` is the message's time, for what has none of its own.
    pub(crate) fn order(&self, traded: &Traded, mode: PositionMode, sent: Stamp) -> Result<Order, DecodeError> {
        let initial = &self.initial;
        let size = if initial.amount.0.is_empty() { initial.size } else { initial.amount };
        let quantity = quantity(traded.maybe_base(size, "initial.size")?, "initial.size")?;
        let side = match quantity {
            Some(_) => side_of(traded.base(size, "initial.size")?),
            None => self.closing_side()?,
        };
        let auto_size = or_empty(&initial.auto_size);
        let mode = if auto_size.is_empty() { mode } else { PositionMode::Hedge };
        let reduce_only = initial.reduce_only || initial.is_reduce_only;
        let closes = initial.close || initial.is_close || quantity.is_none();
        let price = initial.price.maybe_price("initial.price")?;
        let status = self.status()?;
        Ok(Order {
            order_id: OrderId::new(self.id.id("id")?),
            client_order_id: word::client_order_id(or_empty(&initial.text)),
            symbol: traded.symbol.clone(),
            side,
            position_side: leg(mode, side, reduce_only || closes || self.closes_by_type()),
            order_type: self.order_type(side, price.is_some())?,
            // Of what it becomes, not of itself: it rests until it triggers.
            time_in_force: word::time_in_force(or_empty(&initial.tif), "initial.tif")?
                .filter(|it| !matches!(it, TimeInForce::Ioc | TimeInForce::Fok)),
            price,
            trigger: Some(self.trigger.price.price("trigger.price")?),
            quantity,
            filled: None,
            average_price: None,
            reduce_only,
            close_position: closes,
            child: self.trade_id.maybe_id("trade_id")?.map(OrderId::new),
            status,
            updated: self.stamp(status, sent)?,
        })
    }

    /// A whole close has no size: its words say which way it goes.
    fn closing_side(&self) -> Result<Side, DecodeError> {
        let words = [or_empty(&self.initial.auto_size), or_empty(&self.order_type)];
        let says = |way: &str| words.iter().any(|word| word.contains(way));
        match (says("long"), says("short")) {
            (true, false) => Ok(Side::Sell),
            (false, true) => Ok(Side::Buy),
            _ => Err(DecodeError::new("nothing says which way a close of everything goes", "order_type")),
        }
    }

    fn closes_by_type(&self) -> bool {
        or_empty(&self.order_type).contains("close-")
    }

    /// Rule 1 waits for a price that rises to the trigger, rule 2 for one that falls to it: against the position it is a
    /// stop, in its favour a take-profit.
    fn order_type(&self, side: Side, limited: bool) -> Result<OrderType, DecodeError> {
        let rises = match self.trigger.rule.0 {
            "1" => true,
            "2" => false,
            other => return Err(DecodeError::word("rule", other, "trigger.rule")),
        };
        Ok(match (rises == (side == Side::Buy), limited) {
            (true, true) => OrderType::Stop,
            (true, false) => OrderType::StopMarket,
            (false, true) => OrderType::TakeProfit,
            (false, false) => OrderType::TakeProfitMarket,
        })
    }

    /// `inactive` waits for the order that it is attached to; `invalid` has lost it. One that has triggered and names no
    /// order that took its place protects nothing any more: it has expired, whatever its word for that is.
    fn status(&self) -> Result<OrderStatus, DecodeError> {
        let has_child = self.trade_id.maybe_id("trade_id")?.is_some();
        match (self.status.as_str(), or_empty(&self.finish_as)) {
            ("open" | "inactive", _) => Ok(OrderStatus::New),
            ("finished", "cancelled") | ("invalid", _) => Ok(OrderStatus::Canceled),
            ("finished", "failed") => Ok(OrderStatus::Rejected),
            ("finished", _) if has_child => Ok(OrderStatus::New),
            ("finished", _) => Ok(OrderStatus::Expired),
            (other, _) => Err(DecodeError::word("trigger order status", other, "status")),
        }
    }

    fn stamp(&self, status: OrderStatus, sent: Stamp) -> Result<Stamp, DecodeError> {
        let ended = status.is_final() || self.trade_id.maybe_id("trade_id")?.is_some();
        let own = match ended {
            true => first_moment(&[(self.finish_time, "finish_time"), (self.update_time, "update_time")])?,
            false => first_moment(&[(self.update_time, "update_time"), (self.create_time, "create_time")])?,
        };
        Ok(Stamp { time: own.unwrap_or(sent.time).max(sent.time), sequence: sent.sequence })
    }

    /// Why it could not become an order: what it was to protect is unprotected.
    pub(crate) fn refusal(&self) -> Option<&str> {
        let failed = or_empty(&self.finish_as) == "failed";
        failed.then(|| or_empty(&self.reason)).filter(|reason| !reason.is_empty())
    }
}

fn read(row: &Row<'_>, reading: Reading<'_>) -> Result<Order, DecodeError> {
    row.order(&reading.symbols.traded(row.initial.contract.as_str())?, reading.mode, Stamp::default())
}

/// One conditional order. What it filled, only its child says.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn trigger(body: &[u8], reading: Reading<'_>) -> Result<Order, DecodeError> {
    read(&plain::read::<Row<'_>>(json::text(body)?)?, reading)
}

/// Conditional orders.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn triggers(body: &[u8], reading: Reading<'_>) -> Result<Vec<Order>, DecodeError> {
    json::each(&body_rows::<Row<'_>>(body)?, |row| read(row, reading).map(Some))
}
