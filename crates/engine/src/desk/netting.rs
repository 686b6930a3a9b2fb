//! Openings of one moment that stand against each other.

use super::{SeatIndex, Wanted};
use plimsoll_domain::{AccountId, Direction, Quantity, Remainder, Symbol};
use plimsoll_ports::{Decision, Intent, OpenIntent};

/// An opening of which something was taken out, because another strategy wanted the opposite at the same moment. The two would
/// have paid fees and spread to hold nothing between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Netted {
    /// Whose it was.
    pub seat: SeatIndex,
    /// The decision as it was.
    pub decision: Decision,
    /// What is left of it to be opened; `None` if nothing is.
    pub left: Option<Quantity>,
}

/// Where an opening stands among the wishes: only decisions of one leg are netted, since legs belong together.
fn opening(wanted: &Wanted) -> Option<(&AccountId, &OpenIntent)> {
    match wanted.decision.legs.as_slice() {
        [leg] => match &leg.intent {
            Intent::Open(open) => Some((&leg.account, open)),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn net(wanted: &mut Vec<Wanted>) -> Vec<Netted> {
    if wanted.len() < 2 {
        return Vec::new();
    }
    let mut contracts: Vec<(AccountId, Symbol)> = Vec::new();
    for (account, open) in wanted.iter().filter_map(opening) {
        if !contracts.iter().any(|(known, symbol)| known == account && *symbol == open.symbol) {
            contracts.push((account.clone(), open.symbol.clone()));
        }
    }
    let mut netted = Vec::new();
    for (account, symbol) in &contracts {
        net_one(wanted, account, symbol, &mut netted);
    }
    let is_out =
        |it: &Wanted| netted.iter().any(|out| out.left.is_none() && out.seat == it.seat && out.decision == it.decision);
    wanted.retain(|it| !is_out(it));
    netted
}

fn net_one(wanted: &mut [Wanted], account: &AccountId, symbol: &Symbol, netted: &mut Vec<Netted>) {
    let sum = |direction: Direction, wanted: &[Wanted]| {
        let openings = wanted.iter().filter_map(opening);
        let of_it =
            openings.filter(|(on, open)| *on == account && open.symbol == *symbol && open.direction == direction);
        of_it.map(|(_, open)| open.quantity).reduce(|sum, it| sum + it)
    };
    let (Some(long), Some(short)) = (sum(Direction::Long, wanted), sum(Direction::Short, wanted)) else { return };
    let (loser, mut taken) = match long.minus(short) {
        Remainder::Left(_) => (Direction::Short, Some(short)),
        Remainder::Nothing | Remainder::Excess(_) => (Direction::Long, Some(long)),
    };
    for it in wanted.iter_mut() {
        let Some((_, open)) = opening(it).filter(|(on, open)| *on == account && open.symbol == *symbol) else {
            continue;
        };
        let (seat, decision, quantity) = (it.seat, it.decision.clone(), open.quantity);
        if open.direction == loser {
            netted.push(Netted { seat, decision, left: None });
            continue;
        }
        // The side with more gives up, in the order of the seats, as much as the other wanted.
        let Some(out) = taken else { continue };
        let left = match quantity.minus(out) {
            Remainder::Left(left) => {
                taken = None;
                Some(left)
            }
            Remainder::Nothing => {
                taken = None;
                None
            }
            Remainder::Excess(still) => {
                taken = Some(still);
                None
            }
        };
        netted.push(Netted { seat, decision, left });
        if let (Some(left), Some(Intent::Open(open))) = (left, it.decision.legs.first_mut().map(|leg| &mut leg.intent))
        {
            open.quantity = left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Leverage;
    use plimsoll_ports::StopLoss;

    fn wants(seat: usize, direction: Direction, quantity: &str) -> Wanted {
        let open = OpenIntent {
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            direction,
            quantity: quantity.parse().unwrap(),
            leverage: Leverage::ONE,
            stop_loss: StopLoss::Resting,
            take_profit: None,
        };
        let decision = Decision::one(AccountId::new("main"), Intent::Open(open), format!("{seat}"));
        Wanted { seat: SeatIndex(seat), decision }
    }

    fn left(wanted: &[Wanted]) -> Vec<(usize, String)> {
        let opened = wanted.iter().filter_map(|it| Some((it.seat.0, opening(it)?.1.quantity.to_string())));
        opened.collect()
    }

    #[test]
    fn what_two_want_against_each_other_is_taken_out() {
        let mut wanted = vec![wants(0, Direction::Long, "1"), wants(1, Direction::Short, "0.4")];
        let netted = net(&mut wanted);
        assert_eq!(left(&wanted), [(0, "0.6".to_owned())]);
        assert_eq!(netted.iter().map(|it| (it.seat.0, it.left.is_some())).collect::<Vec<_>>(), [(0, true), (1, false)]);
    }

    #[test]
    fn equal_wishes_leave_nothing() {
        let mut wanted = vec![wants(0, Direction::Long, "1"), wants(1, Direction::Short, "1")];
        assert_eq!(net(&mut wanted).len(), 2);
        assert_eq!(left(&wanted), []);
    }

    #[test]
    fn the_side_with_more_gives_up_as_much_as_the_other_wanted() {
        let mut wanted =
            vec![wants(0, Direction::Long, "1"), wants(1, Direction::Short, "1.5"), wants(2, Direction::Long, "2")];
        net(&mut wanted);
        assert_eq!(left(&wanted), [(2, "1.5".to_owned())]);
    }

    #[test]
    fn wishes_of_one_direction_stand() {
        let mut wanted = vec![wants(0, Direction::Long, "1"), wants(1, Direction::Long, "2")];
        assert_eq!(net(&mut wanted), []);
        assert_eq!(left(&wanted), [(0, "1".to_owned()), (1, "2".to_owned())]);
    }
}
