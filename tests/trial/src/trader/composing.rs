//! Orders that are made of several.

use super::Trader;
use super::deeds::{beyond, nth, unprotected};
use crate::market::Contract;
use crate::step::{Composes, Composition};
use plimsoll_domain::{
    Decimal, Instrument, Leverage, Position, PositionReport, Price, Quantity, Rate, Rounding, Step, TimeInForce,
};
use plimsoll_engine::Progress;
use plimsoll_ports::{ComposedKind, ComposedOrder, Opening, SlicedTrade, StopLoss};

impl Trader<'_> {
    pub(super) async fn compose(&self, it: Composition) -> String {
        if it.closes.is_none() {
            self.releases(it.entry).await;
        }
        let Some(order) = self.composed(it) else { return "nothing to compose".to_owned() };
        self.world.note(|| format!("  composes {order}"));
        match self.process().manager.compose(&order).await {
            Ok(progress) => told(&progress),
            Err(failure) => format!("not composed: {failure}"),
        }
    }

    pub(super) async fn cancel_composed(&self, which: u64) -> String {
        let manager = &self.process().manager;
        let working = match manager.working().await {
            Ok(working) => working,
            Err(failure) => return format!("nobody knows what goes on: {failure}"),
        };
        let Some(entry) = nth(&working, which) else { return "nothing composed goes on".to_owned() };
        match manager.cancel_composed(&entry.id, "trader").await {
            Ok(parts) => format!("ended {}, {} parts cancelled", entry.id, parts.len()),
            Err(failure) => format!("{} is not ended: {failure}", entry.id),
        }
    }

    fn composed(&self, it: Composition) -> Option<ComposedOrder> {
        match it.kind {
            Composes::Bracket => self.opened(it, |opening, price| {
                let time_in_force = if it.parts > 4 { TimeInForce::PostOnly } else { TimeInForce::Gtc };
                Some(ComposedKind::Bracket { opening, price, time_in_force })
            }),
            Composes::Iceberg | Composes::Twap => match it.closes {
                None => {
                    let lot = it.entry.contract.instrument().lot;
                    self.opened(it, |opening, price| sliced(it, SlicedTrade::Open(opening), price, lot))
                }
                Some(which) => self.for_held(it, which, |held| {
                    let price = beyond(held.price, held.position.direction, -it.away)?;
                    let price = price.round(held.instrument.tick, Rounding::Down)?;
                    sliced(it, SlicedTrade::Close(held.quantity), price, held.instrument.lot)
                }),
            },
            Composes::Oco => self.for_held(it, it.closes.unwrap_or_default(), |held| {
                let at = |away| {
                    beyond(held.price, held.position.direction, away)?.round(held.instrument.tick, Rounding::Down)
                };
                let (stop, target) = (at(it.away)?, at(-it.entry.target.unwrap_or(it.away))?);
                Some(ComposedKind::Oco { quantity: held.quantity, stop, target })
            }),
            Composes::TrailingStop => self.for_held(it, it.closes.unwrap_or_default(), |held| {
                let activation = it.entry.limit.and_then(|away| beyond(held.price, held.position.direction, -away));
                let activation = activation.and_then(|price| price.round(held.instrument.tick, Rounding::Down));
                Some(ComposedKind::TrailingStop { distance: Rate::new(it.away), activation })
            }),
        }
    }

    fn opened(&self, it: Composition, kind: impl Fn(Opening, Price) -> Option<ComposedKind>) -> Option<ComposedOrder> {
        let (entry, direction) = (it.entry, self.way(it.entry));
        let instrument = entry.contract.instrument();
        let limit = beyond(self.world.price(entry.contract), direction, it.away)?;
        let limit = limit.round(instrument.tick, Rounding::Down)?;
        let quantity = Quantity::new(Decimal::from(entry.notional) / limit.get()).ok()?;
        let stop = entry.stop.and_then(|away| beyond(limit, direction, away));
        let opening = Opening {
            quantity: quantity.round(instrument.lot, Rounding::Down)?,
            leverage: Leverage::new(entry.leverage).ok()?,
            stop_loss: match stop {
                _ if it.relies_on_a_stop => StopLoss::Resting,
                Some(stop) => StopLoss::At(stop),
                None => unprotected(),
            },
            take_profit: entry.target.and_then(|away| beyond(limit, direction, -away)),
        };
        Some(ComposedOrder { symbol: instrument.symbol, direction, kind: kind(opening, limit)? })
    }

    fn for_held(
        &self,
        it: Composition,
        which: u64,
        kind: impl Fn(&Held) -> Option<ComposedKind>,
    ) -> Option<ComposedOrder> {
        let (report, position) = self.held(which)?;
        let held = Held::of(&report, position, it.share, self.world.price(Contract::of(&report.symbol)))?;
        let kind = kind(&held)?;
        Some(ComposedOrder { symbol: report.symbol, direction: position.direction, kind })
    }
}

/// What a composed order is for that opens nothing.
struct Held {
    instrument: Instrument,
    position: Position,
    price: Price,
    /// How much of it.
    quantity: Quantity,
}

impl Held {
    fn of(report: &PositionReport, position: Position, share: Decimal, price: Price) -> Option<Self> {
        let instrument = Contract::of(&report.symbol).instrument();
        let part = Quantity::new(position.quantity.get() * share).ok()?;
        let quantity = part.round(instrument.lot, Rounding::Down)?;
        Some(Self { instrument, position, price, quantity })
    }
}

fn sliced(it: Composition, trade: SlicedTrade, price: Price, lot: Step) -> Option<ComposedKind> {
    let part = Quantity::new(trade.quantity().get() / Decimal::from(it.parts)).ok();
    Some(match it.kind {
        Composes::Twap => ComposedKind::Twap { trade, slices: it.parts, every: it.every },
        _ => ComposedKind::Iceberg { trade, price, visible: part?.round(lot, Rounding::Down)? },
    })
}

/// How a composed order stands, in short.
pub(crate) fn told(it: &Progress) -> String {
    let ended = it.ended.as_ref().map(|(how, why)| format!(", {}: {why}", how.as_str())).unwrap_or_default();
    let filled = it.filled.map_or_else(|| "nothing".to_owned(), |filled| filled.to_string());
    let naked = it.protected.iter().filter_map(|it| it.as_ref().err());
    let naked: String = naked.map(|failure| format!("; not protected: {failure}")).collect();
    let troubles: String = it.troubles.iter().map(|trouble| format!("; {trouble}")).collect();
    format!("{} {}: {filled} filled, {} sent{ended}{naked}{troubles}", it.order.kind.as_str(), it.id, it.sent.len())
}
