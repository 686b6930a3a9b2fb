//! What opens a position, or closes one, in parts or by and by: bracket, iceberg, TWAP.

use super::closing::held;
use super::placing::Placing;
use crate::cli::opening::{Asked, ToOpen};
use crate::config::duration;
use crate::desk::Desk;
use crate::failure::Failure;
use clap::Args;
use plimsoll_domain::{Direction, Price, Quantity, Symbol, TimeInForce};
use plimsoll_ports::{ComposedKind, ComposedOrder, OpenIntent, Opening, SlicedTrade};
use std::time::Duration;

/// Open a position, or add to one, at a limit that may rest; stop and target are placed with the first fill.
///
/// Stop and target close whatever it has come to, so that what fills later is protected by them too. Cancelled, what has
/// filled stays and keeps both.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll order bracket BTC/USDT:USDT --side long --quantity 0.01 \\
      --limit 59000 --stop 58000 --take-profit 63000
  plimsoll order bracket BTC/USDT:USDT --side short --risk 50 \\
      --limit 61000 --tif post-only --stop 62000 --wait")]
pub(crate) struct Bracket {
    /// The contract, like BTC/USDT:USDT
    symbol: Symbol,
    /// long or short
    #[arg(long)]
    side: Direction,
    /// The worst price to fill at
    #[arg(long, allow_negative_numbers = true)]
    limit: Price,
    /// gtc: until cancelled; post-only: the same, and never takes
    #[arg(long, default_value = "gtc", value_name = "gtc|post-only", value_parser = time_in_force)]
    tif: TimeInForce,
    #[command(flatten)]
    what: ToOpen,
    #[command(flatten)]
    placing: Placing,
}

/// A limit order of which only a part is seen: the next part follows when one has filled.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll order iceberg BTC/USDT:USDT --side long --quantity 1 --visible 0.05 \\
      --limit 59000 --stop 57000
  plimsoll order iceberg BTC/USDT:USDT --close --visible 0.05 --limit 63000")]
pub(crate) struct Iceberg {
    /// The contract, like BTC/USDT:USDT
    symbol: Symbol,
    /// long or short; of what is closed, needed where both are held
    #[arg(long, required_unless_present = "close")]
    side: Option<Direction>,
    /// Close what is held, all of it without --quantity; reduce-only
    #[arg(long, conflicts_with_all = ToOpen::ALL_BUT_QUANTITY)]
    close: bool,
    /// The worst price to fill at
    #[arg(long, allow_negative_numbers = true)]
    limit: Price,
    /// The most that rests at once, in base units
    #[arg(long, allow_negative_numbers = true)]
    visible: Quantity,
    #[command(flatten)]
    what: ToOpen,
    #[command(flatten)]
    placing: Placing,
}

/// Market orders of one size, one after another in even steps of time.
///
/// After a pause it goes on where it was, and never trades two steps at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll order twap BTC/USDT:USDT --side long --quantity 1 --slices 20 \\
      --every 1m --stop 57000
  plimsoll order twap BTC/USDT:USDT --close --slices 10 --every 30s --wait")]
pub(crate) struct Twap {
    /// The contract, like BTC/USDT:USDT
    symbol: Symbol,
    /// long or short; of what is closed, needed where both are held
    #[arg(long, required_unless_present = "close")]
    side: Option<Direction>,
    /// Close what is held, all of it without --quantity; reduce-only
    #[arg(long, conflicts_with_all = ToOpen::ALL_BUT_QUANTITY)]
    close: bool,
    /// How many orders
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1295))]
    slices: u16,
    /// From one to the next: 30s, 5m, 1h
    #[arg(long, value_name = "TIME", value_parser = duration)]
    every: Duration,
    #[command(flatten)]
    what: ToOpen,
    #[command(flatten)]
    placing: Placing,
}

/// Reads how long the entry of a bracket lives.
fn time_in_force(text: &str) -> Result<TimeInForce, String> {
    match text.replace('-', "_").parse() {
        Ok(rests @ (TimeInForce::Gtc | TimeInForce::PostOnly)) => Ok(rests),
        Ok(now @ (TimeInForce::Ioc | TimeInForce::Fok)) => {
            Err(format!("a bracket's entry may rest: {now} is `plimsoll open --limit PRICE --tif {now}`"))
        }
        Ok(other) => Err(format!("no entry is sent {other}: gtc or post-only")),
        Err(error) => Err(error.to_string()),
    }
}

impl Bracket {
    pub(super) async fn place(self) -> Result<(), Failure> {
        let order = async |desk: &Desk| {
            self.what.is_allowed(desk)?;
            let (intent, asked) = self.what.intent(desk, &self.symbol, self.side, Some(self.limit)).await?;
            let (symbol, opening) = (self.symbol.clone(), opening(intent));
            let kind = ComposedKind::Bracket { opening, price: self.limit, time_in_force: self.tif };
            Ok((ComposedOrder { symbol, direction: self.side, kind }, asked))
        };
        self.placing.place(|settings| self.what.settings(settings), order).await
    }
}

impl Iceberg {
    pub(super) async fn place(self) -> Result<(), Failure> {
        let (price, visible) = (self.limit, self.visible);
        let order = async |desk: &Desk| {
            let sliced = Sliced {
                symbol: &self.symbol,
                side: self.side,
                close: self.close,
                limit: Some(price),
                what: &self.what,
            };
            let (direction, trade, asked) = sliced.trade(desk).await?;
            let kind = ComposedKind::Iceberg { trade, price, visible };
            Ok((ComposedOrder { symbol: self.symbol.clone(), direction, kind }, asked))
        };
        self.placing.place(|settings| self.what.settings(settings), order).await
    }
}

impl Twap {
    pub(super) async fn place(self) -> Result<(), Failure> {
        let (slices, every) = (self.slices, self.every);
        let order = async |desk: &Desk| {
            let sliced =
                Sliced { symbol: &self.symbol, side: self.side, close: self.close, limit: None, what: &self.what };
            let (direction, trade, asked) = sliced.trade(desk).await?;
            let kind = ComposedKind::Twap { trade, slices, every };
            Ok((ComposedOrder { symbol: self.symbol.clone(), direction, kind }, asked))
        };
        self.placing.place(|settings| self.what.settings(settings), order).await
    }
}

/// What is traded in parts.
struct Sliced<'a> {
    symbol: &'a Symbol,
    side: Option<Direction>,
    close: bool,
    limit: Option<Price>,
    what: &'a ToOpen,
}

impl Sliced<'_> {
    async fn trade(&self, desk: &Desk) -> Result<(Direction, SlicedTrade, Asked), Failure> {
        match self.side.filter(|_| !self.close) {
            Some(side) => {
                self.what.is_allowed(desk)?;
                let (intent, asked) = self.what.intent(desk, self.symbol, side, self.limit).await?;
                Ok((side, SlicedTrade::Open(opening(intent)), asked))
            }
            None => {
                let held = held(desk, self.symbol, self.side).await?;
                let quantity = self.what.quantity.unwrap_or(held.quantity);
                Ok((held.direction, SlicedTrade::Close(quantity), Asked::default()))
            }
        }
    }
}

fn opening(intent: OpenIntent) -> Opening {
    let OpenIntent { quantity, leverage, stop_loss, take_profit, .. } = intent;
    Opening { quantity, leverage, stop_loss, take_profit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_of_a_bracket_may_rest() {
        for (text, expected) in
            [("gtc", TimeInForce::Gtc), ("post-only", TimeInForce::PostOnly), ("post_only", TimeInForce::PostOnly)]
        {
            assert_eq!(time_in_force(text), Ok(expected), "{text}");
        }
        for (text, said) in [
            ("ioc", "plimsoll open --limit PRICE --tif ioc"),
            ("fok", "plimsoll open --limit PRICE --tif fok"),
            ("gtd", "gtc or post-only"),
            ("now", "unknown time in force 'now'"),
        ] {
            let error = time_in_force(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
