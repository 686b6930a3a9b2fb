//! A position's lives as its fills tell them: each from flat to flat, or to what is held.

pub(crate) use crate::order_path::signed_size as signed;
use plimsoll_domain::{Decimal, Direction, Fill, Position};

/// One stretch of fills: from where a position began to where it was flat, or to what is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Life {
    /// Its fills, oldest first, each with the profit that it realised.
    pub(crate) fills: Vec<Fill>,
    /// What is held at its end; `None` if it is flat.
    pub(crate) left: Option<Position>,
}

/// Walks fills from `held` on; where the position is flat, one life ends and the next begins. A fill that goes through
/// flat ends one and begins the next. Without fills there is no life.
pub(crate) fn lives(mut held: Option<Position>, fills: Vec<Fill>) -> Vec<Life> {
    let (mut lives, mut current) = (Vec::new(), Vec::new());
    for mut fill in fills {
        let before = held;
        let transition = Position::after(held, Direction::from(fill.side), fill.quantity, fill.price);
        fill.realized_pnl.get_or_insert(transition.realized());
        held = transition.position();
        current.push(fill.clone());
        let flipped = before.zip(held).is_some_and(|(before, after)| before.direction != after.direction);
        if held.is_none() || flipped {
            lives.push(Life { fills: std::mem::take(&mut current), left: None });
        }
        if flipped {
            current.push(fill);
        }
    }
    if !current.is_empty() {
        lives.push(Life { fills: current, left: held });
    }
    lives
}

/// What was held before these fills, if `now` is held after them: signed, longs positive.
pub(crate) fn before(now: Option<Position>, fills: &[Fill]) -> Decimal {
    fills.iter().fold(signed(now), |left, fill| left.saturating_sub(signed_fill(fill)))
}

/// The fills from the first moment on at which the position was flat, if `now` is held after all of them; and those
/// before that moment, which belong to something older. `None` if it was never flat in between.
pub(crate) fn since_flat(now: Option<Position>, mut fills: Vec<Fill>) -> Option<(Vec<Fill>, Vec<Fill>)> {
    let mut held = before(now, &fills);
    let mut first = 0;
    for fill in &fills {
        if held.is_zero() {
            break;
        }
        held = held.saturating_add(signed_fill(fill));
        first += 1;
    }
    if !held.is_zero() {
        return None;
    }
    let own = fills.split_off(first);
    Some((fills, own))
}

/// No venue rounds an average entry by as much of it: a hundredth of a percent.
const ROUNDED: Decimal = Decimal::from_parts(1, 0, 0, false, 4);

/// The life of what is held after `own` had filled, from flat on; `None` if these fills do not tell its beginning. What has filled
/// after them, such as a stop that fired, may not be in what is held yet: fills without it tell the beginning if they make what is
/// held at its entry price too.
pub(crate) fn made_by(held: Position, all: Vec<Fill>, own: &[Fill]) -> Option<Life> {
    let is_own = |fill: &Fill| own.iter().any(|own| own.trade_id == fill.trade_id);
    let until_own = all.iter().rposition(is_own).map_or(&[][..], |last| &all[..=last]).to_vec();
    let from_flat = |fills: Vec<Fill>| {
        let (_, own) = since_flat(Some(held), fills)?;
        lives(None, own).pop().filter(|life| life.left.is_some())
    };
    let is_at_its_entry = |life: &Life| {
        let (made, told) = (life.left.map(|left| left.entry.get()), held.entry.get());
        made.is_some_and(|made| (made - told).abs() <= told * ROUNDED)
    };
    from_flat(all).or_else(|| from_flat(until_own).filter(is_at_its_entry))
}

/// What a fill makes of a position, longs positive.
pub(crate) fn signed_fill(fill: &Fill) -> Decimal {
    Direction::from(fill.side).sign() * fill.quantity.get()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{ClientOrderId, FillCause, Money, OrderId, PositionSide, Side, Timestamp, TradeId};

    /// Fills at 100 of these signed sizes, named by their places.
    fn fills(sizes: &str) -> Vec<Fill> {
        let fill = |(place, size): (usize, &str)| Fill {
            trade_id: TradeId::new(place.to_string()),
            order_id: OrderId::new("o"),
            client_order_id: ClientOrderId::reported("c"),
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            side: if size.starts_with('-') { Side::Sell } else { Side::Buy },
            position_side: PositionSide::Both,
            price: "100".parse().unwrap(),
            quantity: size.trim_start_matches(['-', '+']).parse().unwrap(),
            fee: Money::ZERO,
            fee_currency: None,
            liquidity: None,
            realized_pnl: None,
            cause: FillCause::Order,
            time: Timestamp::from_millis(i64::try_from(place).unwrap()),
        };
        sizes.split_whitespace().enumerate().map(fill).collect()
    }

    fn held(size: Decimal) -> Option<Position> {
        let (quantity, direction) = plimsoll_domain::Quantity::from_signed(size).unwrap()?;
        Some(Position { direction, quantity, entry: "100".parse().unwrap() })
    }

    fn told(lives: &[Life]) -> String {
        let names = |life: &Life| life.fills.iter().map(|it| it.trade_id.as_str().to_owned()).collect::<String>();
        lives.iter().map(|life| format!("{}={}", names(life), signed(life.left))).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_life_ends_where_the_position_is_flat() {
        for (before, sizes, expected) in [
            (Decimal::from(0), "", ""),
            (Decimal::from(0), "+2 -1", "01=1"),
            (Decimal::from(0), "+2 -2 -3", "01=0 2=-3"),
            (Decimal::from(2), "-2 +1", "0=0 1=1"),
            (Decimal::from(2), "-5", "0=0 0=-3"),
            (Decimal::from(0), "+1 -1 +2 -2", "01=0 23=0"),
            (Decimal::from(-1), "+1", "0=0"),
        ] {
            assert_eq!(told(&lives(held(before), fills(sizes))), expected, "{before} {sizes}");
        }
    }

    #[test]
    fn what_an_entry_made_is_told_from_flat_on_whatever_has_filled_since() {
        for (now, sizes, own, expected) in [
            (2, "+2", "0", Some("0=2")),
            (3, "+1 +2", "1", Some("01=3")),
            (3, "+1 +2 -3", "1", Some("01=3")),
            (3, "-4 +4 +1 +2 -3", "3", Some("23=3")),
            (5, "+1 +2", "1", None),
            (5, "+1 +2 -5", "1", None),
        ] {
            let (all, own): (Vec<Fill>, _) = (fills(sizes), own.parse::<usize>().unwrap());
            let held = held(Decimal::from(now)).unwrap();
            let life = made_by(held, all.clone(), &all[own..=own]);
            assert_eq!(life.map(|life| told(&[life])).as_deref(), expected, "{now} after {sizes}");
        }
        // What was held before these fills, and is not among them, has another entry.
        let all = fills("+1 +1 -2");
        for (entry, is_told) in [("100", true), ("90", false)] {
            let held = Position { entry: entry.parse().unwrap(), ..held(Decimal::from(2)).unwrap() };
            assert_eq!(made_by(held, all.clone(), &all[1..2]).is_some(), is_told, "{entry}");
        }
    }

    #[test]
    fn what_was_held_before_is_told_by_what_is_held_after() {
        for (now, sizes, older, own) in [
            (Decimal::from(2), "+2", Some(0), 1),
            (Decimal::from(2), "-1 +2", Some(1), 1),
            (Decimal::from(0), "+1 -1", Some(0), 2),
            (Decimal::from(0), "-1 +2 -2", Some(1), 2),
            (Decimal::from(5), "+1", None, 0),
        ] {
            let found = since_flat(held(now), fills(sizes));
            assert_eq!(found.as_ref().map(|it| it.0.len()), older, "{now} {sizes}");
            assert_eq!(found.map_or(0, |it| it.1.len()), own, "{now} {sizes}");
        }
    }
}
