//! The lives of positions: an id, when it was opened, what it has earned and cost; and what is left of it when it is over.

use plimsoll_domain::{
    AccountId, Direction, Fill, MarginMode, Money, Position, PositionSide, Symbol, Timestamp, Transition,
};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The first id of positions, far from those of orders.
const FIRST: i64 = 5_000_000_000_000_001;

/// What names a position of an account.
type Key = (AccountId, Symbol, PositionSide);

/// A position from its first fill to its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) id: i64,
    pub(crate) symbol: Symbol,
    pub(crate) position_side: PositionSide,
    pub(crate) direction: Direction,
    pub(crate) margin_mode: MarginMode,
    /// When it was opened.
    pub(crate) opened: Timestamp,
    /// When it was last filled.
    pub(crate) updated: Timestamp,
    /// What it realised, before fees and funding.
    pub(crate) realized: Money,
    /// Positive is received.
    pub(crate) funding: Option<Money>,
    /// Positive is paid.
    pub(crate) open_fee: Money,
    /// Positive is paid.
    pub(crate) close_fee: Money,
    /// Base units that were opened, and what they cost.
    pub(crate) bought: Side,
    /// Base units that were closed, and what they brought.
    pub(crate) sold: Side,
    held: Option<Position>,
}

/// One side of a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Side {
    pub(crate) quantity: Decimal,
    cost: Decimal,
}

impl Side {
    fn add(&mut self, quantity: Decimal, price: Decimal) {
        self.quantity = self.quantity.saturating_add(quantity);
        self.cost = self.cost.saturating_add(quantity.saturating_mul(price));
    }

    /// The mean price.
    pub(crate) fn average(self) -> Decimal {
        self.cost.checked_div(self.quantity).unwrap_or_default()
    }
}

/// Every position's life.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    open: BTreeMap<Key, Life>,
    over: BTreeMap<AccountId, Vec<Life>>,
    begun: i64,
}

impl Lives {
    /// The life of what is held.
    pub(crate) fn open(&self, account: &AccountId, symbol: &Symbol, side: PositionSide) -> Option<&Life> {
        self.open.get(&(account.clone(), symbol.clone(), side))
    }

    /// Lives that are over, in the order in which they ended.
    pub(crate) fn over(&self, account: &AccountId) -> &[Life] {
        self.over.get(account).map_or(&[], Vec::as_slice)
    }

    /// Takes a fill; answers the life that it ended.
    pub(crate) fn filled(&mut self, account: &AccountId, fill: &Fill, margin_mode: MarginMode) -> Option<Life> {
        let key = (account.clone(), fill.symbol.clone(), fill.position_side);
        let life = self.open.remove(&key);
        let before = life.as_ref().and_then(|life| life.held);
        let transition = Position::after(before, fill.side.into(), fill.quantity, fill.price);
        let quantity = fill.quantity.get();
        let closed = match transition {
            Transition::Opened(_) | Transition::Increased(_) => Decimal::ZERO,
            Transition::Reduced(..) | Transition::Closed(_) => quantity,
            Transition::Flipped(..) => before.map_or(Decimal::ZERO, |held| held.quantity.get()),
        };
        // A fill that turns a position around shares its fee between the two.
        let share = fill.fee.get().checked_mul(closed).and_then(|part| part.checked_div(quantity)).unwrap_or_default();
        let closing_fee = Money::new(share.round_dp(8));
        let mut ended = None;
        let mut going_on = life;
        if !closed.is_zero()
            && let Some(mut life) = going_on.take()
        {
            life.sold.add(closed, fill.price.get());
            life.close_fee += closing_fee;
            life.realized += fill.realized_pnl.unwrap_or_default();
            life.updated = fill.time;
            if let Transition::Reduced(left, _) = transition {
                life.held = Some(left);
                going_on = Some(life);
            } else {
                life.held = None;
                self.over.entry(account.clone()).or_default().push(life.clone());
                ended = Some(life);
            }
        }
        if closed < quantity
            && let Some(position) = transition.position()
        {
            let mut life = going_on.unwrap_or_else(|| self.begin(fill, position, margin_mode));
            life.bought.add(quantity - closed, fill.price.get());
            life.open_fee += fill.fee - closing_fee;
            life.updated = fill.time;
            life.held = Some(position);
            going_on = Some(life);
        }
        if let Some(life) = going_on {
            self.open.insert(key, life);
        }
        ended
    }

    fn begin(&mut self, fill: &Fill, position: Position, margin_mode: MarginMode) -> Life {
        let id = FIRST + self.begun;
        self.begun += 1;
        Life {
            id,
            symbol: fill.symbol.clone(),
            position_side: fill.position_side,
            direction: position.direction,
            margin_mode,
            opened: fill.time,
            updated: fill.time,
            realized: Money::ZERO,
            funding: None,
            open_fee: Money::ZERO,
            close_fee: Money::ZERO,
            bought: Side::default(),
            sold: Side::default(),
            held: None,
        }
    }

    /// Takes funding: positive is received.
    pub(crate) fn funded(&mut self, account: &AccountId, symbol: &Symbol, side: PositionSide, amount: Money) {
        if let Some(life) = self.open.get_mut(&(account.clone(), symbol.clone(), side)) {
            life.funding = Some(life.funding.unwrap_or_default() + amount);
        }
    }

    /// Forgets the lives that ended before.
    pub(crate) fn forget_before(&mut self, time: Timestamp) {
        self.over.values_mut().for_each(|lives| lives.retain(|life| life.updated >= time));
    }
}

impl Life {
    /// Profit, funding and fees together.
    pub(crate) fn net(&self) -> Money {
        self.realized + self.funding.unwrap_or_default() - self.open_fee - self.close_fee
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::{ClientOrderId, FillCause, OrderId, Side as OrderSide, TradeId};

    fn fill(side: OrderSide, quantity: &str, price: &str, fee: &str, realized: &str) -> Fill {
        Fill {
            trade_id: TradeId::new("1"),
            order_id: OrderId::new("1"),
            client_order_id: ClientOrderId::reported("one"),
            symbol: plimsoll_exchange::listings::btc_usdt().symbol,
            side,
            position_side: PositionSide::Both,
            price: price.parse().unwrap(),
            quantity: quantity.parse().unwrap(),
            fee: fee.parse().unwrap(),
            fee_currency: None,
            liquidity: None,
            realized_pnl: Some(realized.parse().unwrap()),
            cause: FillCause::Order,
            time: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn a_life_adds_up_and_a_turn_ends_one_and_begins_another() {
        let (mut lives, account) = (Lives::default(), AccountId::new("ann"));
        let mut take = |fill: Fill| lives.filled(&account, &fill, MarginMode::Cross);
        assert_eq!(take(fill(OrderSide::Buy, "1", "100", "1", "0")), None);
        assert_eq!(take(fill(OrderSide::Buy, "1", "200", "2", "0")), None);
        assert_eq!(take(fill(OrderSide::Sell, "1", "160", "0.5", "10")), None);
        let ended = take(fill(OrderSide::Sell, "3", "140", "6", "-10")).unwrap();
        assert_eq!((ended.bought.quantity, ended.bought.average()), (Decimal::from(2), Decimal::from(150)));
        assert_eq!((ended.sold.quantity, ended.sold.average()), (Decimal::from(2), Decimal::from(150)));
        assert_eq!((ended.open_fee, ended.close_fee), ("3".parse().unwrap(), "2.5".parse().unwrap()));
        assert_eq!((ended.realized, ended.net()), (Money::ZERO, "-5.5".parse().unwrap()));
        let symbol = plimsoll_exchange::listings::btc_usdt().symbol;
        lives.funded(&account, &symbol, PositionSide::Both, "0.3".parse().unwrap());
        let next = lives.open(&account, &symbol, PositionSide::Both).unwrap();
        assert_eq!((next.direction, next.bought.quantity), (Direction::Short, Decimal::from(2)));
        assert_eq!((next.open_fee, next.funding), ("4".parse().unwrap(), Some("0.3".parse().unwrap())));
        assert!(next.id > ended.id);
        assert_eq!(lives.over(&account).len(), 1);
    }
}
