//! What ends a position by itself: OCO, trailing stop.

use super::placing::Placing;
use crate::cli::close::percent;
use crate::cli::opening::Asked;
use crate::desk::Desk;
use crate::failure::Failure;
use clap::Args;
use plimsoll_domain::{Decimal, Direction, Position, Price, Quantity, Rate, Symbol};
use plimsoll_ports::{ComposedEntry, ComposedKind, ComposedOrder};

/// A stop and a target for a position, or for a part of it: what is left of one is cancelled when the other has filled.
///
/// The stop is placed first, and rests at the venue whatever becomes of the target. Both are reduce-only and never for more
/// than is held. An order that has opened the position with a stop of its own keeps that.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll order oco BTC/USDT:USDT --stop 58000 --target 63000
  plimsoll order oco BTC/USDT:USDT --quantity 0.005 --stop 58000 --target 63000")]
pub(crate) struct Oco {
    /// The contract, like BTC/USDT:USDT
    symbol: Symbol,
    /// long or short: needed in hedge mode, where both may be held
    #[arg(long)]
    side: Option<Direction>,
    /// How much of it, in base units; all of it without
    #[arg(long, allow_negative_numbers = true)]
    quantity: Option<Quantity>,
    /// Where the stop triggers, on the mark price
    #[arg(long, allow_negative_numbers = true)]
    stop: Price,
    /// Where the target triggers, on the mark price
    #[arg(long, allow_negative_numbers = true)]
    target: Price,
    #[command(flatten)]
    placing: Placing,
}

/// A stop for a whole position that follows the mark price at a distance, and never goes back.
///
/// It replaces the stop that rests. It rests at the venue at each moment, as far as it has come: a process that dies leaves
/// it there. It is moved by whoever carries it on, a tenth of its distance at a time or more.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll order trail BTC/USDT:USDT --distance 1.5%
  plimsoll order trail BTC/USDT:USDT --distance 1% --activation 62000 --wait")]
pub(crate) struct Trail {
    /// The contract, like BTC/USDT:USDT
    symbol: Symbol,
    /// long or short: needed in hedge mode, where both may be held
    #[arg(long)]
    side: Option<Direction>,
    /// How far behind the best mark price, in per cent
    #[arg(long, value_name = "X%", value_parser = distance)]
    distance: Rate,
    /// The mark price from which on it follows; without it at once
    #[arg(long, allow_negative_numbers = true)]
    activation: Option<Price>,
    #[command(flatten)]
    placing: Placing,
}

/// Reads `1.5%` or `1.5`: above 0, below 100.
fn distance(text: &str) -> Result<Rate, String> {
    let share = percent(text)?;
    if share >= Decimal::ONE {
        return Err(format!("a distance is below 100 %, got {text}"));
    }
    Ok(Rate::new(share))
}

impl Oco {
    pub(super) async fn place(self) -> Result<(), Failure> {
        let order = async |desk: &Desk| {
            let held = held(desk, &self.symbol, self.side).await?;
            let quantity = self.quantity.unwrap_or(held.quantity);
            let kind = ComposedKind::Oco { quantity, stop: self.stop, target: self.target };
            has_one_mover(desk, &self.symbol, held.direction, |it| it.is_trailing()).await?;
            let order = ComposedOrder { symbol: self.symbol.clone(), direction: held.direction, kind };
            Ok((order, Asked::default()))
        };
        self.placing.place(|settings| settings, order).await
    }
}

impl Trail {
    pub(super) async fn place(self) -> Result<(), Failure> {
        let order = async |desk: &Desk| {
            let held = held(desk, &self.symbol, self.side).await?;
            let kind = ComposedKind::TrailingStop { distance: self.distance, activation: self.activation };
            let places_stops = |it: &ComposedKind| it.is_trailing() || matches!(it, ComposedKind::Oco { .. });
            has_one_mover(desk, &self.symbol, held.direction, places_stops).await?;
            let order = ComposedOrder { symbol: self.symbol.clone(), direction: held.direction, kind };
            Ok((order, Asked::default()))
        };
        self.placing.place(|settings| settings, order).await
    }
}

/// Two orders that each see to the stop of a position would cancel each other's.
async fn has_one_mover(
    desk: &Desk,
    symbol: &Symbol,
    direction: Direction,
    sees_to_it: impl Fn(&ComposedKind) -> bool,
) -> Result<(), Failure> {
    let working = desk.manager.working().await.map_err(Failure::unreachable)?;
    let is_it = |it: &&ComposedEntry| {
        (&it.order.symbol, it.order.direction) == (symbol, direction) && sees_to_it(&it.order.kind)
    };
    working.iter().find(is_it).map_or(Ok(()), |it| {
        let (kind, name) = (it.order.kind.as_str().replace('_', " "), &it.id);
        Err(Failure::no(format!("the {kind} {name} sees to the stop of this position already"))
            .help(format!("`plimsoll order cancel {name}` ends it; its stop rests on until there is another.")))
    })
}

/// The one position that is meant.
pub(super) async fn held(desk: &Desk, symbol: &Symbol, side: Option<Direction>) -> Result<Position, Failure> {
    let positions = desk.manager.positions().await.map_err(Failure::unanswered)?;
    let of_symbol = positions.iter().filter(|report| report.symbol == *symbol);
    let is_it = |held: &Position| side.is_none_or(|side| held.direction == side);
    let found: Vec<Position> = of_symbol.filter_map(|report| report.position).filter(is_it).collect();
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let side = side.map(|side| format!("{side} ")).unwrap_or_default();
            Err(Failure::no(format!("{symbol} has no {side}position")).help("`plimsoll positions` shows what is held."))
        }
        _ => Err(Failure::usage(format!("{symbol} holds a long and a short")).help("Say which: --side long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_a_percentage_below_a_hundred() {
        for (text, expected) in [("1%", "0.01"), ("0.5", "0.005"), ("1.5", "0.015"), ("99.9 %", "0.999")] {
            assert_eq!(distance(text), Ok(expected.parse().unwrap()), "{text}");
        }
        for text in ["0", "100%", "-1%", "far", ""] {
            assert!(distance(text).is_err(), "{text}");
        }
    }
}
