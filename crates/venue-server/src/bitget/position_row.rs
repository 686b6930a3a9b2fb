//! Positions as the venue shows them: over REST, on the private channels, and when they are over.

use crate::bitget::floor::Floor;
use crate::bitget::lives::Life;
use crate::bitget::plans::PlanType;
use crate::bitget::words;
use crate::number::{cut, trimmed};
use plimsoll_domain::{
    AccountId, Direction, Instrument, MarginMode, Money, Position, PositionReport, PositionSide, Price, Quantity,
};
use plimsoll_exchange::{ConditionalOrder, PlacedOrder};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// The fee of a taker, which the venue adds to the published maintenance rate.
const FEE: Decimal = Decimal::from_parts(6, 0, 0, false, 4);

/// What the venue publishes of a maintenance rate: the fee is not in it.
pub(crate) fn keep_margin_rate(rate: Decimal) -> Decimal {
    (rate - FEE).max(Decimal::ZERO)
}

/// A position that is held, and everything that is shown of it.
pub(crate) struct PositionFacts<'a> {
    report: &'a PositionReport,
    position: Position,
    instrument: &'a Instrument,
    life: Option<&'a Life>,
    position_mode: &'static str,
    margin: Money,
    /// Base units that open orders would close, and would open.
    closing: Decimal,
    opening: Decimal,
    plans: Vec<(PlanType, ConditionalOrder)>,
    updated: i64,
}

impl<'a> PositionFacts<'a> {
    /// `None` where nothing is held.
    pub(crate) fn new(floor: &'a Floor, account: &AccountId, report: &'a PositionReport) -> Option<Self> {
        let position = report.position?;
        let (symbol, side) = (&report.symbol, report.position_side);
        let orders = floor.open_orders(account, Some(symbol));
        let closing_side = position.direction.closing_side();
        let of_leg = |placed: &&PlacedOrder| placed.order.position_side == side;
        let closes = |placed: &PlacedOrder| {
            placed.order.side == closing_side && (placed.order.reduce_only || side != PositionSide::Both)
        };
        let remaining = |closing: bool| -> Decimal {
            let orders = orders.iter().filter(of_leg).filter(|placed| closes(placed) == closing);
            orders.filter(|placed| closing || !placed.order.reduce_only).map(remaining).sum()
        };
        let figures = floor.exchange.position_figures(account, symbol, side)?;
        let margin = match report.margin_mode {
            Some(MarginMode::Isolated) => report.isolated_margin.unwrap_or_default(),
            _ => figures.initial_margin,
        };
        let plans = floor.open_plans(account, Some(symbol));
        let plans = plans.into_iter().filter(|(_, order)| order.order.position_side == side).collect();
        Some(Self {
            report,
            position,
            instrument: floor.instrument(symbol)?,
            life: floor.lives.open(account, symbol, side),
            position_mode: words::position_mode(floor.position_mode(account)),
            margin,
            closing: remaining(true),
            opening: remaining(false),
            plans,
            updated: floor.exchange.position_updated(account, symbol, side).unwrap_or_default().as_millis(),
        })
    }

    fn total(&self) -> Decimal {
        self.position.quantity.get()
    }

    fn locked(&self) -> Decimal {
        self.closing.min(self.total())
    }

    fn available(&self) -> Decimal {
        self.total() - self.locked()
    }

    fn mark(&self) -> Decimal {
        self.report.mark_price.map_or(Decimal::ZERO, Price::get)
    }

    fn profit(&self) -> Money {
        self.report.unrealized_pnl.unwrap_or_default()
    }

    /// Profit on its margin.
    fn rate_of_profit(&self) -> String {
        cut(self.profit().get().checked_div(self.margin.get()).unwrap_or_default(), 8)
    }

    fn keep_margin_rate(&self) -> String {
        let notional = self.report.mark_price.map_or(Money::ZERO, |mark| self.position.notional(mark));
        trimmed(keep_margin_rate(self.instrument.tiers.at(notional).rate.get()))
    }

    /// 0 stands for none.
    fn liquidation(&self) -> String {
        self.report.liquidation_price.map_or_else(|| "0".to_owned(), |price| trimmed(price.get()))
    }

    /// Maintenance ÷ equity; of a cross position it is the account's.
    fn margin_ratio(&self) -> String {
        self.report.margin_ratio.map_or_else(|| "0".to_owned(), |ratio| trimmed(ratio.get()))
    }

    /// The price at which closing would cost what opening cost: the entry and one taker fee.
    fn break_even(&self) -> String {
        let fee = self.position.direction.sign() * self.instrument.fees.taker.get();
        cut(self.position.entry.get() * (Decimal::ONE + fee), 8)
    }

    fn life<T>(&self, of: impl Fn(&Life) -> T) -> Option<T> {
        self.life.map(of)
    }

    fn realized(&self) -> String {
        trimmed(self.life(|life| life.realized).unwrap_or_default().get())
    }

    /// Empty until the first funding.
    fn funding(&self) -> String {
        self.life(|life| life.funding).flatten().map_or_else(String::new, |funding| trimmed(funding.get()))
    }

    fn fees(&self) -> String {
        trimmed(self.life(|life| life.open_fee + life.close_fee).unwrap_or_default().get())
    }

    fn opened(&self) -> i64 {
        self.life(|life| life.opened.as_millis()).unwrap_or(self.updated)
    }

    /// The plan of this type that closes the whole position: its trigger and its id.
    fn whole(&self, plan_type: PlanType) -> (String, &str) {
        let plan = self.plans.iter().find(|(it, _)| *it == plan_type).map(|(_, order)| &order.order);
        plan.map_or_else(
            || (String::new(), ""),
            |order| (order.trigger.map_or_else(String::new, |price| trimmed(price.get())), order.order_id.as_str()),
        )
    }

    fn margin_mode(&self) -> &'static str {
        words::margin_mode(self.report.margin_mode.unwrap_or(MarginMode::Cross))
    }

    fn leverage(&self) -> u32 {
        self.report.leverage.map_or(1, |leverage| leverage.get())
    }

    /// Over REST.
    pub(crate) fn row(&self) -> Value {
        let (profit, loss) = (self.whole(PlanType::PositionProfit), self.whole(PlanType::PositionLoss));
        json!({
            "marginCoin": self.instrument.settle.as_str(), "symbol": &*self.instrument.native,
            "holdSide": words::direction(self.position.direction), "openDelegateSize": trimmed(self.opening),
            "marginSize": trimmed(self.margin.get()), "available": trimmed(self.available()),
            "locked": trimmed(self.locked()), "total": trimmed(self.total()), "leverage": self.leverage().to_string(),
            "achievedProfits": self.realized(), "openPriceAvg": trimmed(self.position.entry.get()),
            "marginMode": self.margin_mode(), "posMode": self.position_mode,
            "unrealizedPL": trimmed(self.profit().get()), "liquidationPrice": self.liquidation(),
            "keepMarginRate": self.keep_margin_rate(), "markPrice": trimmed(self.mark()),
            "breakEvenPrice": self.break_even(), "totalFee": self.funding(), "deductedFee": self.fees(),
            "takeProfit": profit.0, "takeProfitId": profit.1, "stopLoss": loss.0, "stopLossId": loss.1,
            "marginRatio": self.margin_ratio(), "assetMode": "single", "autoMargin": "off", "cashDividend": "",
            "grant": "", "cTime": self.opened().to_string(), "uTime": self.updated.to_string(),
        })
    }

    /// On the positions channel.
    pub(crate) fn pushed(&self) -> Value {
        json!({
            "posId": self.life(|life| life.id).unwrap_or_default().to_string(), "instId": &*self.instrument.native,
            "marginCoin": self.instrument.settle.as_str(), "marginSize": trimmed(self.margin.get()),
            "marginMode": self.margin_mode(), "holdSide": words::direction(self.position.direction),
            "posMode": self.position_mode, "total": trimmed(self.total()), "available": trimmed(self.available()),
            "frozen": trimmed(self.locked()), "openPriceAvg": trimmed(self.position.entry.get()),
            "leverage": self.leverage(), "achievedProfits": self.realized(),
            "unrealizedPL": trimmed(self.profit().get()), "unrealizedPLR": self.rate_of_profit(),
            "liquidationPrice": self.liquidation(), "keepMarginRate": self.keep_margin_rate(),
            "marginRate": self.margin_ratio(), "breakEvenPrice": self.break_even(), "totalFee": self.funding(),
            "deductedFee": self.fees(), "markPrice": trimmed(self.mark()), "assetMode": "single", "autoMargin": "off",
            "cTime": self.opened().to_string(), "uTime": self.updated.to_string(),
        })
    }
}

/// What is still to be filled of an order.
pub(crate) fn remaining(placed: &PlacedOrder) -> Decimal {
    let filled = placed.order.filled.map_or(Decimal::ZERO, Quantity::get);
    placed.order.quantity.map_or(Decimal::ZERO, Quantity::get) - filled
}

/// A position that is over, over REST.
pub(crate) fn history_row(instrument: &Instrument, life: &Life) -> Value {
    let mode = if life.position_side == PositionSide::Both { "one_way_mode" } else { "hedge_mode" };
    let (opened, updated) = (life.opened.as_millis().to_string(), life.updated.as_millis().to_string());
    json!({
        "positionId": life.id.to_string(), "marginCoin": instrument.settle.as_str(), "symbol": &*instrument.native,
        "holdSide": words::direction(life.direction), "openAvgPrice": cut(life.bought.average(), 8),
        "closeAvgPrice": cut(life.sold.average(), 8), "marginMode": words::margin_mode(life.margin_mode),
        "openTotalPos": trimmed(life.bought.quantity), "closeTotalPos": trimmed(life.sold.quantity),
        "pnl": trimmed(life.realized.get()), "netProfit": trimmed(life.net().get()),
        "totalFunding": trimmed(life.funding.unwrap_or_default().get()), "openFee": trimmed((-life.open_fee).get()),
        "closeFee": trimmed((-life.close_fee).get()), "posMode": mode, "ctime": opened, "utime": updated,
    })
}

/// The same on the channel of positions that are over, which has a word of its own for isolated.
pub(crate) fn history_pushed(instrument: &Instrument, life: &Life) -> Value {
    let mode = if life.position_side == PositionSide::Both { "one_way_mode" } else { "hedge_mode" };
    let margin = match life.margin_mode {
        MarginMode::Isolated => "fixed",
        MarginMode::Cross => "crossed",
    };
    json!({
        "posId": life.id.to_string(), "instId": &*instrument.native, "marginCoin": instrument.settle.as_str(),
        "marginMode": margin, "holdSide": words::direction(life.direction), "posMode": mode,
        "openPriceAvg": cut(life.bought.average(), 8), "closePriceAvg": cut(life.sold.average(), 8),
        "openSize": trimmed(life.bought.quantity), "closeSize": trimmed(life.sold.quantity),
        "achievedProfits": trimmed(life.realized.get()),
        "settleFee": trimmed(life.funding.unwrap_or_default().get()), "openFee": trimmed((-life.open_fee).get()),
        "closeFee": trimmed((-life.close_fee).get()), "cTime": life.opened.as_millis().to_string(),
        "uTime": life.updated.as_millis().to_string(),
    })
}

/// The position of an account that a call means by its direction.
pub(crate) fn leg(floor: &Floor, account: &AccountId, direction: Direction) -> PositionSide {
    match (floor.position_mode(account), direction) {
        (plimsoll_domain::PositionMode::OneWay, _) => PositionSide::Both,
        (plimsoll_domain::PositionMode::Hedge, Direction::Long) => PositionSide::Long,
        (plimsoll_domain::PositionMode::Hedge, Direction::Short) => PositionSide::Short,
    }
}
