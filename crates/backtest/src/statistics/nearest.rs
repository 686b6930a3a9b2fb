//! How near a liquidation came.

use super::ratio::share;
use crate::{ChartCandle, Outcome};
use plimsoll_domain::{FillCause, Money, Price, Symbol, Timestamp};

/// The moment at which a liquidation was nearest.
#[derive(Debug, Clone, PartialEq)]
pub struct NearestLiquidation {
    /// Of this contract.
    pub symbol: Symbol,
    /// In the candle that opened then; at that moment, if there was a liquidation.
    pub time: Timestamp,
    /// By how large a fraction of the price it had still to move; 0 if there was a liquidation.
    pub distance: f64,
}

/// Over the chart's candles: as near as the price is known to have come to the liquidation price, which is that at a
/// candle's end. A candle's extreme counts if there was a position at its beginning too, on the same side; its last
/// price counts in any case. `None` if nothing was ever liable to be liquidated.
#[must_use]
pub fn nearest_liquidation(outcome: &Outcome) -> Option<NearestLiquidation> {
    let liquidated = outcome.fills.iter().find(|tagged| tagged.fill.cause == FillCause::Liquidation);
    if let Some(tagged) = liquidated {
        let fill = &tagged.fill;
        return Some(NearestLiquidation { symbol: fill.symbol.clone(), time: fill.time, distance: 0.0 });
    }
    let mut nearest: Option<NearestLiquidation> = None;
    for (at, candle) in outcome.chart.iter().enumerate() {
        let before = outcome.chart.iter().take(at).rev().find(|other| other.symbol == candle.symbol);
        let Some(distance) = approach(candle, before) else { continue };
        if nearest.as_ref().is_none_or(|it| distance < it.distance) {
            nearest = Some(NearestLiquidation { symbol: candle.symbol.clone(), time: candle.open_time, distance });
        }
    }
    nearest
}

fn approach(candle: &ChartCandle, before: Option<&ChartCandle>) -> Option<f64> {
    let liquidation = candle.liquidation?;
    let is_below = liquidation < candle.close;
    let was_held = before.is_some_and(|it| it.liquidation.is_some_and(|line| (line < it.close) == is_below));
    let reached = match (was_held, is_below) {
        (false, _) => candle.close,
        (true, true) => candle.low,
        (true, false) => candle.high,
    };
    let money = |price: Price| Money::new(price.get());
    let left = if is_below { money(reached) - money(liquidation) } else { money(liquidation) - money(reached) };
    share(left, money(reached)).map(|distance| distance.max(0.0))
}
