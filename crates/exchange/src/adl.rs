//! Auto-deleveraging: when the insurance fund cannot bear a bankruptcy, the positions that profited from it are closed
//! against it, at the bankruptcy price and without a fee. First in the queue is the highest profit, as a share of the
//! entry notional, times leverage.

use crate::account::POSITION_SIDES;
use crate::event::News;
use crate::exchange::Exchange;
use crate::fills::Part;
use crate::order::ExpiryReason;
use plimsoll_domain::{Direction, FillCause, Position, PositionSide, Price, Quantity};
use rust_decimal::Decimal;

/// A profitable position that may be deleveraged.
#[derive(Debug, Clone, Copy)]
struct Queued {
    account: usize,
    side: PositionSide,
    position: Position,
    score: Decimal,
}

/// The last place of the queue as it is shown, 0 to 4.
const LEVELS: usize = 5;

impl Exchange {
    /// The profitable positions of this direction, the first to be deleveraged first.
    fn queue(&self, market: usize, direction: Direction) -> Vec<Queued> {
        let mark = self.markets[market].mark;
        let mut queue = Vec::new();
        for (account, it) in self.accounts.iter().enumerate() {
            let holding = &it.holdings[market];
            for side in POSITION_SIDES {
                let Some(position) = holding.position(side).filter(|held| held.direction == direction) else {
                    continue;
                };
                let profit = position.unrealized_pnl(mark).get();
                if profit > Decimal::ZERO {
                    let share = profit / position.notional(position.entry).get();
                    queue.push(Queued { account, side, position, score: share * holding.leverage.as_decimal() });
                }
            }
        }
        queue.sort_by(|one, other| other.score.cmp(&one.score).then(one.account.cmp(&other.account)));
        queue
    }

    /// Closes profitable positions against a bankrupt one. Answers how much could be closed.
    pub(crate) fn deleverage(&mut self, bankrupt: usize, market: usize, position: Position, price: Price) -> Decimal {
        let mut wanted = position.quantity.get();
        for queued in self.queue(market, position.direction.opposite()) {
            let Ok(open) = Quantity::new(wanted) else { break };
            if queued.account == bankrupt {
                continue;
            }
            let quantity = open.min(queued.position.quantity);
            let level = self.adl_quantile(queued.account, market, queued.side);
            for number in self.open_orders_of(queued.account, market) {
                self.expire(number, ExpiryReason::Adl);
            }
            let Queued { account, side, position, .. } = queued;
            let number = self.force_order(account, market, side, position, quantity, price, FillCause::Adl);
            self.execute(number, price, quantity, Part::Forced);
            let close = self.forced_close(market, side, quantity, price, Some(level));
            self.tell(account, News::Deleveraged(close));
            wanted -= quantity.get();
        }
        position.quantity.get() - wanted
    }

    /// A position's place in the queue in fifths: 4 is among the first to be deleveraged, 0 among the last or not in
    /// the queue.
    pub(crate) fn adl_quantile(&self, account: usize, market: usize, side: PositionSide) -> u8 {
        let Some(position) = self.accounts[account].holdings[market].position(side) else { return 0 };
        let queue = self.queue(market, position.direction);
        let place = queue.iter().position(|queued| (queued.account, queued.side) == (account, side));
        let from_last = place.map_or(0, |place| queue.len() - 1 - place);
        let fifth = (from_last + 1) * LEVELS / queue.len().max(1);
        u8::try_from(if place.is_some() { fifth.saturating_sub(1) } else { 0 }).unwrap_or_default()
    }
}
