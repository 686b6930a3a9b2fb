//! One record as a line of JSON, with every digit that is on record.

use plimsoll_domain::{Decimal, OrderKind, OrderSize, Timestamp};
use plimsoll_ports::{
    BookingRecord, ComposedEntry, ComposedState, FundingRecord, JournalEntry, JournalState, LedgerRecord, PnlSnapshot,
    PositionRecord, RiskEventRecord, TradeRecord,
};
use serde_json::{Value, json};

/// The line of a record. The same record gives the same line, whatever held it.
pub(super) fn line(record: &LedgerRecord) -> String {
    let value = match record {
        LedgerRecord::Position(it) => position(it),
        LedgerRecord::Trade(it) => trade(it),
        LedgerRecord::Order { entry, order_id } => order(entry, order_id.as_ref().map(|it| it.as_str())),
        LedgerRecord::Composed(it) => composed(it),
        LedgerRecord::Funding(it) => funding(it),
        LedgerRecord::Booking(it) => booking(it),
        LedgerRecord::Point(it) => point(it),
        LedgerRecord::RiskEvent(it) => risk_event(it),
        LedgerRecord::KillSwitch { account, record } => json!({
            "record": "kill_switch", "account": account.as_str(), "engaged": record.engaged, "reason": record.reason,
            "by": record.by, "since": record.since.map(time),
        }),
        LedgerRecord::Ladder { account, step } => json!({
            "record": "ladder", "account": account.as_str(), "step": step.name, "since": time(step.since),
            "overridden_by": step.overridden_by,
        }),
        // The state is a text in the line, not a part of it: not a digit of it is read and written again.
        LedgerRecord::Desk { name, desk } => json!({
            "record": "desk", "name": name, "state": desk.state, "saved_at": time(desk.saved_at),
        }),
    };
    value.to_string()
}

/// With the places that it has; there is no negative zero.
fn number(value: Decimal) -> String {
    if value.is_zero() { value.abs().to_string() } else { value.to_string() }
}

/// RFC 3339, or microseconds since 1970 where a year has more than four digits.
fn time(time: Timestamp) -> String {
    match crate::screen::instant(time) {
        text if text.is_empty() => time.as_micros().to_string(),
        text => text,
    }
}

fn position(it: &PositionRecord) -> Value {
    let opened = &it.opened;
    json!({
        "record": "position", "id": it.id.0, "account": opened.account.as_str(), "venue": opened.venue.as_str(),
        "symbol": opened.symbol.as_str(), "side": opened.side.as_str(), "direction": opened.direction.as_str(),
        "quantity": number(opened.quantity.get()), "entry_price": number(opened.entry_price.get()),
        "leverage": opened.leverage.get(), "margin_mode": opened.margin_mode.as_str(), "strategy": opened.strategy,
        "opened_at": time(opened.opened_at),
        "closed": it.closed.as_ref().map(|closed| json!({
            "status": closed.status.as_str(), "exit_price": number(closed.exit_price.get()),
            "realized_pnl": number(closed.realized_pnl.get()), "fees": number(closed.fees.get()),
            "funding": number(closed.funding.get()), "reason": closed.reason, "closed_at": time(closed.closed_at),
        })),
    })
}

fn trade(it: &TradeRecord) -> Value {
    let fill = &it.fill;
    json!({
        "record": "trade", "account": it.account.as_str(), "venue": it.venue.as_str(),
        "position": it.position.map(|id| id.0), "trade_id": fill.trade_id.as_str(), "order_id": fill.order_id.as_str(),
        "client_order_id": fill.client_order_id.as_str(), "symbol": fill.symbol.as_str(), "side": fill.side.as_str(),
        "position_side": fill.position_side.as_str(), "price": number(fill.price.get()),
        "quantity": number(fill.quantity.get()), "fee": number(fill.fee.get()),
        "fee_currency": fill.fee_currency.as_ref().map(|it| it.as_str()),
        "liquidity": fill.liquidity.map(|it| it.as_str()),
        "realized_pnl": fill.realized_pnl.map(|it| number(it.get())), "cause": fill.cause.as_str(),
        "time": time(fill.time),
    })
}

fn order(it: &JournalEntry, order_id: Option<&str>) -> Value {
    let order = &it.order;
    let mut value = json!({
        "record": "order", "account": it.account.as_str(), "venue": it.venue.as_str(),
        "client_order_id": order.client_order_id.as_str(), "order_id": order_id, "symbol": order.symbol.as_str(),
        "side": order.side.as_str(), "position_side": order.position_side.as_str(),
        "order_type": order.kind.order_type().as_str(), "reduce_only": order.reduce_only,
        "purpose": it.purpose.as_str(), "state": it.state.as_str(), "intended_at": time(it.intended_at),
        "updated_at": time(it.updated_at),
        "quantity": match &order.size {
            OrderSize::Quantity(quantity) => Some(number(quantity.get())),
            OrderSize::WholePosition => None,
        },
    });
    let details = match &order.kind {
        OrderKind::Market => json!({}),
        OrderKind::Limit { price, time_in_force } => {
            json!({ "price": number(price.get()), "time_in_force": time_in_force.as_str() })
        }
        OrderKind::StopMarket { trigger, trigger_by } | OrderKind::TakeProfitMarket { trigger, trigger_by } => {
            json!({ "trigger_price": number(trigger.get()), "trigger_by": trigger_by.as_str() })
        }
    };
    let end = match &it.state {
        JournalState::Intended | JournalState::Unanswered | JournalState::Accepted { .. } => json!({}),
        JournalState::Refused { reason } | JournalState::NotSent { reason } => json!({ "reason": reason }),
        JournalState::Finished { status, filled, average_price } => json!({
            "status": status.as_str(), "filled": filled.map(|it| number(it.get())),
            "average_price": average_price.map(|it| number(it.get())),
        }),
    };
    for more in [details, end] {
        if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
            value.extend(more);
        }
    }
    value
}

/// The order is the one line of text that a store keeps of it.
fn composed(it: &ComposedEntry) -> Value {
    let reason = match &it.state {
        ComposedState::Working => None,
        ComposedState::Ended { reason, .. } => Some(reason),
    };
    json!({
        "record": "composed_order", "account": it.account.as_str(), "venue": it.venue.as_str(), "id": it.id.as_str(),
        "kind": it.order.kind.as_str(), "symbol": it.order.symbol.as_str(), "order": it.order.to_string(),
        "state": it.state.as_str(), "reason": reason, "placed_at": time(it.placed_at),
        "updated_at": time(it.updated_at),
    })
}

fn funding(it: &FundingRecord) -> Value {
    json!({
        "record": "funding", "account": it.account.as_str(), "venue": it.venue.as_str(), "booking": it.booking,
        "symbol": it.symbol.as_str(), "side": it.side.map(|it| it.as_str()),
        "rate": it.rate.map(|it| number(it.get())), "quantity": it.quantity.map(|it| number(it.get())),
        "mark_price": it.mark_price.map(|it| number(it.get())), "payment": number(it.payment.get()),
        "expected": it.expected.map(|it| number(it.get())), "currency": it.currency.as_str(), "time": time(it.time),
    })
}

fn booking(it: &BookingRecord) -> Value {
    let booking = &it.booking;
    json!({
        "record": "booking", "account": it.account.as_str(), "venue": it.venue.as_str(), "booking": booking.id,
        "kind": booking.kind.to_string(), "symbol": booking.symbol.as_ref().map(|it| it.as_str()),
        "amount": number(booking.amount.get()), "currency": booking.currency.as_str(), "time": time(booking.time),
    })
}

fn point(it: &PnlSnapshot) -> Value {
    json!({
        "record": "equity", "account": it.account.as_str(), "time": time(it.time), "wallet": number(it.wallet.get()),
        "unrealized_pnl": number(it.unrealized_pnl.get()), "realized_pnl": number(it.realized_pnl.get()),
        "fees": number(it.fees.get()), "funding": number(it.funding.get()),
        "adjustments": number(it.adjustments.get()), "margin_ratio": it.margin_ratio.map(|it| number(it.get())),
        "open_positions": it.open_positions,
    })
}

fn risk_event(it: &RiskEventRecord) -> Value {
    json!({
        "record": "risk_event", "account": it.account.as_str(), "time": time(it.time), "kind": it.kind,
        "symbol": it.symbol.as_ref().map(|it| it.as_str()), "detail": it.detail, "figure": it.figure.map(number),
        "limit": it.limit.map(number), "action": it.action,
    })
}
