//! What happens to an account and is nobody's order, put to those whose it is.

use super::{Desk, SeatIndex};
use plimsoll_domain::{
    Decimal, Direction, Fill, Leverage, Money, Quantity, Remainder, Rounding, Side, Step, Symbol, Transition,
};

/// A strategy's part of a fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Whose.
    pub seat: SeatIndex,
    /// Its part: quantity, fee and profit.
    pub fill: Fill,
    /// What it made of its position.
    pub made: Transition,
}

impl Desk {
    /// Applies a fill that is nobody's order, of protection or by force, to those who hold what it closes, by what they hold. Parts
    /// are of whole lots, and nobody's is more than is held: what is left over is somebody else's.
    pub fn share_fill(&mut self, account: usize, fill: &Fill, lot: Option<Step>) -> Vec<Share> {
        let closes = match fill.side {
            Side::Buy => Direction::Short,
            Side::Sell => Direction::Long,
        };
        let mut holders: Vec<(SeatIndex, Quantity)> = Vec::new();
        for seat in self.seats() {
            let held = self.own(seat, account).and_then(|own| own.holding(&fill.symbol));
            if let Some(held) = held.filter(|held| held.position.direction == closes) {
                holders.push((seat, held.position.quantity));
            }
        }
        let parts = parts_of(fill, &holders, lot);
        let mut shares = Vec::with_capacity(parts.len());
        for (seat, fill) in parts {
            let Some(own) = self.own_mut(seat, account) else { continue };
            let made = own.fill(&fill, Leverage::ONE);
            shares.push(Share { seat, fill, made });
        }
        shares
    }

    /// A funding payment in parts for those who hold, by what they hold; nothing if nobody does.
    #[must_use]
    pub fn share_funding(&self, account: usize, symbol: &Symbol, payment: Money) -> Vec<(SeatIndex, Money)> {
        let mut holders: Vec<(SeatIndex, Decimal)> = Vec::new();
        for seat in self.seats() {
            if let Some(held) = self.own(seat, account).and_then(|own| own.holding(symbol)) {
                holders.push((seat, held.position.quantity.get()));
            }
        }
        let total: Decimal = holders.iter().map(|(_, held)| *held).sum();
        let (mut left, count) = (payment, holders.len());
        let mut shares = Vec::with_capacity(count);
        for (number, (seat, held)) in holders.into_iter().enumerate() {
            let part = match number + 1 == count {
                true => left,
                false => Money::new((payment.get() * held / total).trunc_with_scale(8)),
            };
            left -= part;
            shares.push((seat, part));
        }
        shares
    }
}

/// The parts, rounded as they add up, so that the last gets what is left.
fn parts_of(fill: &Fill, holders: &[(SeatIndex, Quantity)], lot: Option<Step>) -> Vec<(SeatIndex, Fill)> {
    let total: Decimal = holders.iter().map(|(_, held)| held.get()).sum();
    // Whatever is more than all of them hold is not theirs.
    let whole = match Quantity::new(total) {
        Ok(total) if total < fill.quantity => part_of(fill, total),
        _ => fill.clone(),
    };
    let (mut left, mut reached, mut told) = (Some(whole.clone()), Decimal::ZERO, Decimal::ZERO);
    let mut parts = Vec::with_capacity(holders.len());
    for (number, (seat, held)) in holders.iter().enumerate() {
        let Some(rest) = left.take() else { break };
        reached += held.get();
        if number + 1 == holders.len() {
            parts.push((*seat, rest));
            break;
        }
        let until = Quantity::new(whole.quantity.get() * reached / total).ok();
        let until = until.zip(lot).and_then(|(until, lot)| until.round(lot, Rounding::Down));
        let quantity = until.and_then(|until| Quantity::new(until.get() - told).ok());
        let Some(quantity) = quantity else {
            left = Some(rest);
            continue;
        };
        let part = part_of(&whole, quantity);
        told += quantity.get();
        left = rest_of(&rest, &part);
        parts.push((*seat, if left.is_none() { rest } else { part }));
    }
    parts
}

fn part_of(fill: &Fill, quantity: Quantity) -> Fill {
    let money = |amount: Money| Money::new((amount.get() * quantity.get() / fill.quantity.get()).trunc_with_scale(8));
    Fill { quantity, fee: money(fill.fee), realized_pnl: fill.realized_pnl.map(money), ..fill.clone() }
}

/// What is left of a fill when a part of it is taken.
fn rest_of(fill: &Fill, part: &Fill) -> Option<Fill> {
    let Remainder::Left(quantity) = fill.quantity.minus(part.quantity) else { return None };
    let realized_pnl = fill.realized_pnl.zip(part.realized_pnl).map(|(whole, part)| whole - part);
    Some(Fill { quantity, fee: fill.fee - part.fee, realized_pnl, ..fill.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{ClientOrderId, FillCause, OrderId, PositionSide, Timestamp, TradeId};
    use proptest::prelude::*;

    fn fill(quantity: &str) -> Fill {
        Fill {
            trade_id: TradeId::new("1"),
            order_id: OrderId::new("1"),
            client_order_id: ClientOrderId::reported("stop"),
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            side: Side::Sell,
            position_side: PositionSide::Both,
            price: "50000".parse().unwrap(),
            quantity: quantity.parse().unwrap(),
            fee: "1.00000001".parse().unwrap(),
            fee_currency: None,
            liquidity: None,
            realized_pnl: Some("-7.77777777".parse().unwrap()),
            cause: FillCause::Order,
            time: Timestamp::default(),
        }
    }

    fn holders(held: &[&str]) -> Vec<(SeatIndex, Quantity)> {
        held.iter().enumerate().map(|(seat, held)| (SeatIndex(seat), held.parse().unwrap())).collect()
    }

    fn quantities(parts: &[(SeatIndex, Fill)]) -> Vec<(usize, String)> {
        parts.iter().map(|(seat, fill)| (seat.0, fill.quantity.to_string())).collect()
    }

    fn lot() -> Option<Step> {
        Some(Step::new("0.001".parse().unwrap()).unwrap())
    }

    #[test]
    fn holders_share_by_what_they_hold() {
        let parts = parts_of(&fill("0.3"), &holders(&["0.1", "0.2"]), lot());
        assert_eq!(quantities(&parts), [(0, "0.1".to_owned()), (1, "0.2".to_owned())]);
        let fees: Money = parts.iter().map(|(_, fill)| fill.fee).sum();
        let profit: Money = parts.iter().filter_map(|(_, fill)| fill.realized_pnl).sum();
        assert_eq!((fees, profit), ("1.00000001".parse().unwrap(), "-7.77777777".parse().unwrap()));
    }

    #[test]
    fn a_part_is_of_whole_lots() {
        let parts = parts_of(&fill("0.001"), &holders(&["0.001", "0.001"]), lot());
        assert_eq!(quantities(&parts), [(1, "0.001".to_owned())]);
    }

    #[test]
    fn what_is_more_than_all_hold_is_not_theirs() {
        let parts = parts_of(&fill("0.5"), &holders(&["0.1", "0.1"]), lot());
        assert_eq!(quantities(&parts), [(0, "0.1".to_owned()), (1, "0.1".to_owned())]);
        assert_eq!(quantities(&parts_of(&fill("0.5"), &[], lot())), []);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_nobody_gives_more_than_is_held(
            held in prop::collection::vec(1_i64..5000, 1..6),
            share in 1_i64..100,
        ) {
            let total: i64 = held.iter().sum();
            let closed = (total * share / 100).max(1);
            let lots = |count: i64| Quantity::new(Decimal::new(count, 3)).unwrap();
            let holders: Vec<_> =
                held.iter().enumerate().map(|(seat, count)| (SeatIndex(seat), lots(*count))).collect();
            let whole = Fill { quantity: lots(closed), ..fill("1") };
            let parts = parts_of(&whole, &holders, lot());
            let sum: Decimal = parts.iter().map(|(_, part)| part.quantity.get()).sum();
            prop_assert_eq!(sum, whole.quantity.get());
            let fees: Money = parts.iter().map(|(_, part)| part.fee).sum();
            prop_assert_eq!(fees, whole.fee);
            for (seat, part) in &parts {
                prop_assert!(part.quantity <= holders[seat.0].1, "{} of {}", part.quantity, holders[seat.0].1);
            }
        }
    }
}
