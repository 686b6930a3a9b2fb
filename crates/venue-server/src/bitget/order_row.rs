//! Ordinary orders as the venue shows them: over REST, and on the private channels.

use crate::bitget::floor::Floor;
use crate::bitget::orders::Preset;
use crate::bitget::words;
use crate::number::trimmed;
use plimsoll_domain::{AccountId, Fill, Instrument, Money, OrderStatus, PositionSide, Price, Quantity, TriggerBy};
use plimsoll_exchange::{ExpiryReason, PlacedOrder};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

/// What the venue adds up of an order beyond the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Positive is paid.
    pub(crate) fee: Money,
    pub(crate) profit: Money,
    /// Why the venue ended it.
    pub(crate) ended: Option<ExpiryReason>,
}

/// What a call shows an order's status as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One order asked for: its status is a state.
    Detail,
    /// One of a list.
    Listed,
}

/// A size that may not be there.
pub(crate) fn size(quantity: Option<Quantity>) -> String {
    trimmed(quantity.map_or(Decimal::ZERO, Quantity::get))
}

/// A price that may not be there.
fn price(price: Option<Price>) -> String {
    price.map_or_else(String::new, |price| trimmed(price.get()))
}

/// What a paid fee is on the wire: negative.
pub(crate) fn fee(paid: Money) -> String {
    trimmed((-paid).get())
}

/// An order and everything that is shown of it.
pub(crate) struct OrderFacts<'a> {
    placed: &'a PlacedOrder,
    instrument: &'a Instrument,
    client_id: String,
    tally: Tally,
    preset: Preset,
    leverage: u32,
    margin_mode: &'static str,
    position_mode: &'static str,
    /// For an estimate of its value.
    mark: Option<Price>,
}

impl<'a> OrderFacts<'a> {
    pub(crate) fn new(floor: &'a Floor, account: &AccountId, placed: &'a PlacedOrder) -> Option<Self> {
        let order = &placed.order;
        let (leverage, mode) = floor.setting(account, &order.symbol);
        Some(Self {
            placed,
            instrument: floor.instrument(&order.symbol)?,
            client_id: floor.shown_client_id(placed),
            tally: floor.tally(&order.order_id),
            preset: floor.preset(&order.order_id),
            leverage: leverage.get(),
            margin_mode: words::margin_mode(mode),
            position_mode: words::position_mode(floor.position_mode(account)),
            mark: floor.market(&order.symbol).map(|view| view.mark),
        })
    }

    fn reduces(&self) -> bool {
        !self.placed.order.adds_exposure()
    }

    fn trade_side(&self) -> &'static str {
        words::trade_side(self.placed.order.side, self.placed.order.position_side, self.placed.cause)
    }

    fn cancel_reason(&self) -> &'static str {
        match (self.placed.order.status, self.tally.ended) {
            (OrderStatus::Canceled, _) => "normal_cancel",
            (_, Some(ExpiryReason::SelfTrade)) => "stp_cancel",
            (OrderStatus::Expired, _) => "system_cancel",
            _ => "",
        }
    }

    /// Over REST.
    pub(crate) fn row(&self, shape: Shape) -> Value {
        let order = &self.placed.order;
        let filled = order.filled.is_some();
        let mut row = json!({
            "symbol": &*self.instrument.native, "size": size(order.quantity), "orderId": order.order_id.as_str(),
            "clientOid": self.client_id, "baseVolume": size(order.filled), "price": price(order.price),
            "fee": if filled { fee(self.tally.fee) } else { String::new() },
            "priceAvg": price(order.average_price), "side": words::shown_side(order.side, order.position_side),
            "force": words::force(order.time_in_force), "totalProfits": trimmed(self.tally.profit.get()),
            "posSide": words::position_side(order.position_side), "marginCoin": self.instrument.settle.as_str(),
            "quoteVolume": trimmed(self.placed.cost.get()), "leverage": self.leverage.to_string(),
            "marginMode": self.margin_mode, "reduceOnly": if self.reduces() { "YES" } else { "NO" },
            "enterPointSource": words::entered_by(self.placed.cause), "tradeSide": self.trade_side(),
            "posMode": self.position_mode, "orderType": words::order_type(order.order_type),
            "orderSource": words::order_source(self.placed.cause, self.placed.original_type),
            "cancelReason": self.cancel_reason(), "cTime": self.placed.created.as_millis().to_string(),
            "uTime": order.updated.time.as_millis().to_string(),
        });
        if let Value::Object(row) = &mut row {
            let status = match shape {
                Shape::Detail => "state",
                Shape::Listed => "status",
            };
            row.insert(status.to_owned(), words::order_status(order.status).into());
            self.add_preset(row);
        }
        row
    }

    fn add_preset(&self, row: &mut Map<String, Value>) {
        for (name, trigger) in [("Surplus", self.preset.profit), ("Loss", self.preset.loss)] {
            let kind = trigger.map_or("", |_| words::trigger_type(TriggerBy::Last));
            row.insert(format!("presetStop{name}Price"), price(trigger).into());
            row.insert(format!("presetStop{name}Type"), kind.into());
            row.insert(format!("presetStop{name}ExecutePrice"), "".into());
        }
    }

    /// On the orders channel; with the fill that is news of it.
    pub(crate) fn pushed(&self, news: Option<&Fill>) -> Value {
        let order = &self.placed.order;
        let base = order.quantity.map_or(Decimal::ZERO, Quantity::get);
        let worth = order.average_price.or(order.price).or(self.mark).map_or(Decimal::ZERO, Price::get);
        let settle = self.instrument.settle.as_str();
        let mut row = json!({
            "instId": &*self.instrument.native, "orderId": order.order_id.as_str(), "clientOid": self.client_id,
            "size": size(order.quantity), "price": order.price.map_or_else(|| "0".to_owned(), |it| trimmed(it.get())),
            "orderType": words::order_type(order.order_type), "force": words::force(order.time_in_force),
            "side": words::shown_side(order.side, order.position_side), "tradeSide": self.trade_side(),
            "posSide": words::position_side(order.position_side), "posMode": self.position_mode,
            "marginMode": self.margin_mode, "marginCoin": settle, "leverage": self.leverage.to_string(),
            "reduceOnly": if self.reduces() { "yes" } else { "no" }, "accBaseVolume": size(order.filled),
            "status": words::order_status(order.status), "stpMode": "cancel_maker",
            "enterPointSource": words::entered_by(self.placed.cause), "cancelReason": self.cancel_reason(),
            "notionalUsd": trimmed(base.saturating_mul(worth).round_dp(8)),
            "feeDetail": [{"feeCoin": settle, "fee": fee(self.tally.fee)}],
            "totalProfits": trimmed(self.tally.profit.get()), "cTime": self.placed.created.as_millis().to_string(),
            "uTime": order.updated.time.as_millis().to_string(),
        });
        let Value::Object(members) = &mut row else { return row };
        // A mean is sent until the order is cancelled.
        if words::order_status(order.status) != "canceled" {
            let mean = order.average_price.map_or_else(|| "0".to_owned(), |it| trimmed(it.get()));
            members.insert("priceAvg".to_owned(), mean.into());
        }
        if self.preset.is_some() {
            self.add_preset(members);
        }
        if let Some(fill) = news {
            let notional = fill.quantity * fill.price;
            let profit = fill.realized_pnl.unwrap_or_default();
            for (name, value) in [
                ("baseVolume", trimmed(fill.quantity.get())),
                ("fillPrice", trimmed(fill.price.get())),
                ("tradeId", fill.trade_id.to_string()),
                ("fillTime", fill.time.as_millis().to_string()),
                ("fillFee", fee(fill.fee)),
                ("fillFeeCoin", settle.to_owned()),
                ("fillNotionalUsd", trimmed(notional.get())),
                ("tradeScope", words::trade_letter(fill.liquidity).to_owned()),
                ("pnl", trimmed(profit.get())),
            ] {
                members.insert(name.to_owned(), value.into());
            }
        }
        row
    }

    /// On the fill channel: the side is that of the trade.
    pub(crate) fn fill_pushed(&self, fill: &Fill) -> Value {
        let millis = fill.time.as_millis().to_string();
        json!({
            "orderId": fill.order_id.as_str(), "clientOid": self.client_id, "tradeId": fill.trade_id.as_str(),
            "symbol": &*self.instrument.native, "side": words::side(fill.side),
            "orderType": words::order_type(self.placed.order.order_type), "posMode": self.position_mode,
            "price": trimmed(fill.price.get()), "baseVolume": trimmed(fill.quantity.get()),
            "quoteVolume": trimmed((fill.quantity * fill.price).get()),
            "profit": trimmed(fill.realized_pnl.unwrap_or_default().get()), "tradeSide": self.trade_side(),
            "tradeScope": words::trade_scope(fill.liquidity), "feeDetail": [fee_detail(self.instrument, fill)],
            "cTime": millis, "uTime": millis,
        })
    }
}

/// What a fill cost.
fn fee_detail(instrument: &Instrument, fill: &Fill) -> Value {
    let coin = fill.fee_currency.as_ref().unwrap_or(&instrument.settle);
    json!({"feeCoin": coin.as_str(), "deduction": "no", "totalDeductionFee": "0", "totalFee": fee(fill.fee)})
}

/// A fill over REST: the side is that of the trade.
pub(crate) fn fill_row(instrument: &Instrument, fill: &Fill) -> Value {
    let mode = if fill.position_side == PositionSide::Both { "one_way_mode" } else { "hedge_mode" };
    json!({
        "tradeId": fill.trade_id.as_str(), "symbol": &*instrument.native, "marginCoin": instrument.settle.as_str(),
        "orderId": fill.order_id.as_str(), "price": trimmed(fill.price.get()),
        "baseVolume": trimmed(fill.quantity.get()), "feeDetail": [fee_detail(instrument, fill)],
        "side": words::side(fill.side), "quoteVolume": trimmed((fill.quantity * fill.price).get()),
        "profit": trimmed(fill.realized_pnl.unwrap_or_default().get()), "enterPointSource": words::entered_by(fill.cause),
        "tradeSide": words::trade_side(fill.side, fill.position_side, fill.cause), "posMode": mode,
        "tradeScope": words::trade_scope(fill.liquidity), "cTime": fill.time.as_millis().to_string(),
    })
}
