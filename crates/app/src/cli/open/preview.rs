//! What opening would mean, before it is done.

use super::{verdict, warnings};
use crate::cli::opening::Asked;
use crate::cli::positions::{distance, liquidation, liquidation_fields};
use crate::failure::Failure;
use crate::screen::{self, Facts, full, money, price, rate};
use plimsoll_domain::{Direction, MarginMode, Price};
use plimsoll_engine::Preview;
use serde::Serialize;

/// A preview for programs.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct PreviewRow {
    symbol: String,
    side: Direction,
    quantity: String,
    mark_price: String,
    price: String,
    limit: Option<String>,
    notional: String,
    leverage: u32,
    margin_mode: String,
    initial_margin: String,
    maintenance_margin: String,
    fee: String,
    position_quantity: String,
    entry_price: String,
    liquidation_below: Option<String>,
    liquidation_above: Option<String>,
    distance: Option<String>,
    funding_rate: Option<String>,
    funding_per_day: Option<String>,
    stop_loss: Option<String>,
    loss_at_stop: Option<String>,
    take_profit: Option<String>,
    equity: String,
    available: String,
    allowed: bool,
    reasons: Vec<String>,
    warnings: Vec<String>,
    asked_quantity: Option<String>,
    asked_notional: Option<String>,
    asked_risk: Option<String>,
    asked_stop_loss: Option<String>,
    #[serde(skip)]
    asked: Asked,
}

impl PreviewRow {
    pub(in crate::cli) fn of(it: &Preview, limit: Option<Price>, margin_mode: MarginMode, asked: Asked) -> Self {
        let (liquidation_below, liquidation_above) = liquidation_fields(it.liquidation);
        let at = |price: Option<Price>| price.map(|price| full(price.get()));
        let reasons = it.refused.iter().flat_map(|refused| refused.reasons.iter().map(ToString::to_string)).collect();
        Self {
            symbol: it.symbol.to_string(),
            side: it.direction,
            quantity: full(it.quantity.get()),
            mark_price: full(it.mark.get()),
            price: full(it.price.get()),
            limit: at(limit),
            notional: full(it.notional.get()),
            leverage: it.leverage.get(),
            margin_mode: margin_mode.to_string(),
            initial_margin: full(it.initial_margin.get()),
            maintenance_margin: full(it.maintenance_margin.get()),
            fee: full(it.fee.get()),
            position_quantity: full(it.after.quantity.get()),
            entry_price: full(it.after.entry.get()),
            liquidation_below,
            liquidation_above,
            distance: it.distance.map(|distance| full(distance.get())),
            funding_rate: it.funding.map(|cost| full(cost.rate.get())),
            funding_per_day: it.funding.map(|cost| full(cost.per_day.get())),
            stop_loss: at(it.stop_loss),
            loss_at_stop: it.loss_at_stop.map(|loss| full(loss.get())),
            take_profit: at(it.take_profit),
            equity: full(it.equity.get()),
            available: full(it.available.get()),
            allowed: it.refused.is_none(),
            reasons,
            warnings: warnings(it).collect(),
            asked_quantity: asked.quantity(),
            asked_notional: asked.notional(),
            asked_risk: asked.risk(),
            asked_stop_loss: asked.stop_loss(),
            asked,
        }
    }

    pub(super) fn print(&self, it: &Preview) -> Result<(), Failure> {
        let limit = self.limit.as_ref().map(|limit| format!(", at {limit} or better, now or not at all"));
        let what = if it.before.is_some() { "add" } else { "open" };
        screen::line(format!("{what} {} {} {}{}", it.symbol, it.direction, it.quantity, limit.unwrap_or_default()))?;
        self.print_figures(it)
    }

    /// What is otherwise than it was asked for, and what it comes to at the mark, or at the limit that it
    /// waits for.
    pub(in crate::cli) fn print_figures(&self, it: &Preview) -> Result<(), Failure> {
        self.asked.lines().try_for_each(|said| screen::line(format!("  {said}")))?;
        let funding = it.funding.map_or_else(
            || "not known".to_owned(),
            |cost| format!("{} ({} every {} h)", money(cost.per_day), rate(cost.rate), cost.interval_hours),
        );
        let stop = match (it.stop_loss, it.loss_at_stop) {
            (Some(stop), Some(loss)) => format!("{}, losing {} with its fee", price(stop), money(loss)),
            _ => "NONE".to_owned(),
        };
        Facts::default()
            .line("mark", price(it.mark))
            .maybe("  entry at", (it.price != it.mark).then(|| price(it.price)))
            .line("notional", money(it.notional))
            .line("initial margin", format!("{} at {}, {}", money(it.initial_margin), it.leverage, self.margin_mode))
            .line("maintenance", format!("{} of the whole position", money(it.maintenance_margin)))
            .line("liquidation", liquidation(it.liquidation))
            .line("  distance", distance(it.distance))
            .line("fee", format!("{} ({})", money(it.fee), rate(it.fee_rate)))
            .line("funding a day", funding)
            .line("stop", stop)
            .maybe("target", it.take_profit.map(price))
            .line("available", format!("{} of {} equity", money(it.available), money(it.equity)))
            .print()?;
        verdict(it).iter().try_for_each(|said| screen::line(format!("  {said}")))
    }
}
