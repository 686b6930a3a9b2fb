//! What a strategy holds and has resting on an account.

use plimsoll_domain::{Direction, Fill, Leverage, Position, Price, Quantity, Remainder, Side, Symbol, Transition};
use plimsoll_ports::{Holding, WorkingOrder};

/// What a strategy holds and has resting on an account, as its fills made it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    holdings: Vec<Holding>,
    orders: Vec<WorkingOrder>,
}

impl Own {
    /// What was held and rested before a restart.
    #[must_use]
    pub const fn of(holdings: Vec<Holding>, orders: Vec<WorkingOrder>) -> Self {
        Self { holdings, orders }
    }

    /// What it holds.
    #[must_use]
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    /// What it has resting, protection apart.
    #[must_use]
    pub fn orders(&self) -> &[WorkingOrder] {
        &self.orders
    }

    /// What it holds of a contract.
    #[must_use]
    pub fn holding(&self, symbol: &Symbol) -> Option<&Holding> {
        self.holdings.iter().find(|holding| holding.symbol == *symbol)
    }

    /// Applies a fill; answers what it made of the position. A new position has this leverage, and no stop yet.
    pub fn fill(&mut self, fill: &Fill, leverage: Leverage) -> Transition {
        let place = self.holdings.iter().position(|holding| holding.symbol == fill.symbol);
        let before = place.map(|place| self.holdings[place].position);
        let direction = match fill.side {
            Side::Buy => Direction::Long,
            Side::Sell => Direction::Short,
        };
        let made = Position::after(before, direction, fill.quantity, fill.price);
        match (made.position(), place) {
            (Some(position), Some(place)) => {
                let holding = &mut self.holdings[place];
                if matches!(made, Transition::Flipped(..)) {
                    (holding.stop, holding.opened_at) = (None, fill.time);
                }
                holding.position = position;
            }
            (Some(position), None) => self.holdings.push(Holding {
                symbol: fill.symbol.clone(),
                position,
                leverage,
                stop: None,
                opened_at: fill.time,
            }),
            (None, Some(place)) => drop(self.holdings.remove(place)),
            (None, None) => {}
        }
        made
    }

    /// Its position has this stop now.
    pub fn stop_at(&mut self, symbol: &Symbol, stop: Option<Price>) {
        if let Some(holding) = self.holdings.iter_mut().find(|holding| holding.symbol == *symbol) {
            holding.stop = stop;
        }
    }

    /// Only so much is held any more, for a reason that no fill tells; `None` is nothing.
    pub fn shrink(&mut self, symbol: &Symbol, left: Option<Quantity>) {
        match left {
            None => self.holdings.retain(|holding| holding.symbol != *symbol),
            Some(left) => {
                if let Some(holding) = self.holdings.iter_mut().find(|holding| holding.symbol == *symbol) {
                    holding.position.quantity = left;
                }
            }
        }
    }

    /// An order rests.
    pub fn rests(&mut self, order: WorkingOrder) {
        self.ended(&order.symbol, &order.label);
        self.orders.push(order);
    }

    /// So much of a resting order has filled now; answers whether that is all of it, in which case it rests no more.
    pub fn filled_resting(&mut self, symbol: &Symbol, label: &str, quantity: Quantity) -> bool {
        let is_it = |order: &WorkingOrder| order.symbol == *symbol && order.label == label;
        let Some(place) = self.orders.iter().position(is_it) else { return false };
        let order = &mut self.orders[place];
        let filled = order.filled.map_or(quantity, |before| before + quantity);
        order.filled = Some(filled);
        let is_whole = !matches!(order.quantity.minus(filled), Remainder::Left(_));
        if is_whole {
            self.orders.remove(place);
        }
        is_whole
    }

    /// An order does not rest any more.
    pub fn ended(&mut self, symbol: &Symbol, label: &str) {
        self.orders.retain(|order| order.symbol != *symbol || order.label != label);
    }
}
