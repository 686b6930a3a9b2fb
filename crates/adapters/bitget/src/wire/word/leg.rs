//! Which position an order or a fill is for, and whether it buys or sells.
//!
//! In one-way mode `side` is what the order does. In hedge mode an order shows the side of its *position*: `buy` with
//! `close` sells a long. A fill shows what was done. System orders have words of their own, which say who forced them.

use super::{hold_side, position_mode, side};
use plimsoll_domain::{Direction, FillCause, PositionMode, PositionSide, Side};
use plimsoll_venue::DecodeError;

/// What `side` shows where positions have two legs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// The side that opens the leg: orders.
    Leg,
    /// What was done: fills.
    Trade,
}

/// The words that say it, each possibly empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ToldLeg<'a> {
    pub(crate) side: &'a str,
    pub(crate) trade_side: &'a str,
    pub(crate) pos_side: &'a str,
    pub(crate) pos_mode: &'a str,
    pub(crate) reduce_only: bool,
    pub(crate) shows: Shows,
}

/// What they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) side: Side,
    pub(crate) position_side: PositionSide,
    /// It can only shrink its leg.
    pub(crate) closes: bool,
    pub(crate) cause: FillCause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Open,
    Close(Option<Direction>),
    Single(Side),
    Unsaid,
}

pub(crate) fn leg(told: ToldLeg<'_>) -> Result<Leg, DecodeError> {
    let (action, cause) = trade_side(told.trade_side)?;
    let one_way = match told.pos_mode {
        "" => told.pos_side == "net" || matches!(action, Action::Single(_)),
        mode => position_mode(mode, "posMode")? == PositionMode::OneWay,
    };
    if one_way {
        let side = match action {
            Action::Single(side) => side,
            Action::Close(Some(direction)) => direction.closing_side(),
            Action::Open | Action::Close(None) | Action::Unsaid => side(told.side, "side")?,
        };
        let closes = cause != FillCause::Order || told.reduce_only;
        return Ok(Leg { side, position_side: PositionSide::Both, closes, cause });
    }
    let direction = match (told.pos_side, action) {
        ("" | "net", Action::Close(Some(direction))) => direction,
        ("" | "net", Action::Close(None)) if told.shows == Shows::Trade => {
            Direction::from(side(told.side, "side")?).opposite()
        }
        ("" | "net", _) => Direction::from(side(told.side, "side")?),
        (word, _) => hold_side(word, "posSide")?,
    };
    let closes = match action {
        Action::Open => false,
        Action::Close(_) => true,
        Action::Single(side) => side == direction.closing_side(),
        Action::Unsaid if told.shows == Shows::Trade => side(told.side, "side")? == direction.closing_side(),
        Action::Unsaid => told.reduce_only,
    };
    let side = if closes { direction.closing_side() } else { direction.opening_side() };
    Ok(Leg { side, position_side: PositionSide::of(direction, PositionMode::Hedge), closes, cause })
}

fn trade_side(word: &str) -> Result<(Action, FillCause), DecodeError> {
    let forced = [
        ("burst_", FillCause::Liquidation),
        ("reduce_", FillCause::Liquidation),
        ("offset_", FillCause::Liquidation),
        ("dte_sys_adl_", FillCause::Adl),
        ("delivery_", FillCause::Settlement),
    ];
    let (rest, cause) = forced
        .into_iter()
        .find_map(|(beginning, cause)| Some((word.strip_prefix(beginning)?, cause)))
        .unwrap_or((word, FillCause::Order));
    let action = match rest {
        "" => Action::Unsaid,
        "open" | "open_long" | "open_short" => Action::Open,
        "close" => Action::Close(None),
        "close_long" => Action::Close(Some(Direction::Long)),
        "close_short" => Action::Close(Some(Direction::Short)),
        "buy_single" | "buy_in_single_side_mode" => Action::Single(Side::Buy),
        "sell_single" | "sell_in_single_side_mode" => Action::Single(Side::Sell),
        _ => return Err(DecodeError::word("trade side", word, "tradeSide")),
    };
    Ok((action, cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(shows: Shows, (side, trade_side, pos_side, pos_mode): (&str, &str, &str, &str), expected: &str) {
        let told = leg(ToldLeg { side, trade_side, pos_side, pos_mode, reduce_only: false, shows });
        let told = told.map(|it| {
            let closes = if it.closes { " closes" } else { "" };
            format!("{} {} {}{closes}", it.side, it.position_side, it.cause)
        });
        assert_eq!(told.unwrap_or_else(|error| error.to_string()), expected, "{side} {trade_side} {pos_side}");
    }

    #[test]
    fn an_order_with_legs_shows_the_side_of_its_leg() {
        let orders = |words, expected| check(Shows::Leg, words, expected);
        orders(("buy", "open", "long", "hedge_mode"), "buy long order");
        orders(("buy", "close", "long", "hedge_mode"), "sell long order closes");
        orders(("sell", "open", "short", "hedge_mode"), "sell short order");
        orders(("sell", "close", "short", "hedge_mode"), "buy short order closes");
        orders(("sell", "close", "", "hedge_mode"), "buy short order closes");
        orders(("sell", "burst_close_long", "long", "hedge_mode"), "sell long liquidation closes");
        orders(("sell", "dte_sys_adl_close_short", "", ""), "buy short adl closes");
    }

    #[test]
    fn a_fill_shows_what_was_done() {
        let fills = |words, expected| check(Shows::Trade, words, expected);
        fills(("buy", "open", "", "hedge_mode"), "buy long order");
        fills(("sell", "close", "", "hedge_mode"), "sell long order closes");
        fills(("sell", "open", "", "hedge_mode"), "sell short order");
        fills(("buy", "close", "", "hedge_mode"), "buy short order closes");
        fills(("buy", "open", "", "one_way_mode"), "buy both order");
        fills(("sell", "sell_single", "", ""), "sell both order");
        fills(("sell", "burst_sell_single", "", "one_way_mode"), "sell both liquidation closes");
    }

    #[test]
    fn one_way_orders_have_one_position_whatever_else_they_say() {
        check(Shows::Leg, ("buy", "", "long", "one_way_mode"), "buy both order");
        check(Shows::Leg, ("sell", "sell_single", "net", ""), "sell both order");
        check(Shows::Leg, ("buy", "melt", "", ""), "unknown trade side 'melt', in tradeSide");
    }
}
