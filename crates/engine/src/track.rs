//! What a strategy made of its round trips, and what its orders cost beside the prices at which they were decided.
//!
//! A round trip is a holding from nothing to nothing. Its result is what was left of it after fees and funding, as a share of the
//! most that was held, at the average entry: the same that a backtest tells of its trades. Of an order at market it is taken
//! down what it was filled at beside the middle of the quotes when it was decided, or the last price where no quotes are heard.

mod state;

pub use state::TrackState;

use plimsoll_domain::{
    AccountId, Decimal, Fill, Money, Price, Quantity, Remainder, Side, Symbol, Timestamp, Transition,
};
use std::collections::BTreeMap;

/// So many round trips, and so many orders, are kept: the newest.
pub const KEPT: usize = 200;

/// Of so many orders fills may still come, in any order: legs of one decision fill side by side.
const FILLING: usize = 8;

/// Results and costs are rounded to this: a millionth of a basis point.
const PLACES: u32 = 10;

/// The record of one strategy. It begins anew when the strategy's settings change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Track {
    trips: Vec<Measured>,
    costs: Vec<Measured>,
    left_out: u32,
    open: BTreeMap<(AccountId, Symbol), Open>,
    /// The orders that the newest costs are of, in the same order: what else fills of one of them is no cost of its own.
    recent: Vec<Order>,
}

/// A share of something, and when it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// When.
    pub time: Timestamp,
    /// The share.
    pub share: Decimal,
}

/// A round trip that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    most: Quantity,
    entered: (Quantity, Money),
    /// Profit less fees and funding.
    net: Money,
    /// Fees were paid in another currency, or something was closed where nobody saw it.
    is_unknown: bool,
}

/// An order at market, as far as it has filled.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    id: String,
    quantity: Quantity,
    notional: Money,
}

impl Track {
    /// The round trips that have ended, oldest first: what was left of each, as a share of the most that was held.
    #[must_use]
    pub fn trips(&self) -> &[Measured] {
        &self.trips
    }

    /// What orders at market cost, oldest first: how much worse than the price at the decision they filled, as a share of it.
    /// Negative is better.
    #[must_use]
    pub fn costs(&self) -> &[Measured] {
        &self.costs
    }

    /// How many round trips have ended whose result is not known.
    #[must_use]
    pub const fn left_out(&self) -> u32 {
        self.left_out
    }

    /// Something of the strategy's has filled, and this is what it made of its position.
    pub fn filled(&mut self, account: &AccountId, fill: &Fill, made: &Transition) {
        let key = (account.clone(), fill.symbol.clone());
        let (closed, opened) = parts(fill, made);
        let is_foreign = fill.fee_currency.as_ref().is_some_and(|it| it.as_str() != fill.symbol.settle());
        let mut fee = fill.fee;
        if closed.is_some()
            && let Some(open) = self.open.get_mut(&key)
        {
            open.net = open.net + made.realized() - std::mem::take(&mut fee);
            open.is_unknown |= is_foreign;
            if !matches!(made, Transition::Reduced(..))
                && let Some(open) = self.open.remove(&key)
            {
                self.ended(fill.time, &open);
            }
        }
        let (Some(quantity), Some(position)) = (opened, made.position()) else { return };
        // What was held before the record began is in no round trip of it.
        if !self.open.contains_key(&key) && matches!(made, Transition::Increased(_)) {
            return;
        }
        let notional = quantity * fill.price;
        match self.open.get_mut(&key) {
            Some(open) => {
                open.most = open.most.max(position.quantity);
                open.entered = (open.entered.0 + quantity, open.entered.1 + notional);
                open.net -= fee;
                open.is_unknown |= is_foreign;
            }
            None => {
                let (most, entered) = (position.quantity, (quantity, notional));
                self.open.insert(key, Open { most, entered, net: -fee, is_unknown: is_foreign });
            }
        }
    }

    /// Funding was paid for what is held; negative was received.
    pub fn funded(&mut self, account: &AccountId, symbol: &Symbol, paid: Money) {
        if let Some(open) = self.open.get_mut(&(account.clone(), symbol.clone())) {
            open.net -= paid;
        }
    }

    /// Something of what was held has gone, and no fill tells why; with it the round trip where nothing is left.
    pub fn lost(&mut self, account: &AccountId, symbol: &Symbol, is_all: bool) {
        let key = (account.clone(), symbol.clone());
        if is_all && self.open.remove(&key).is_some() {
            self.left_out = self.left_out.saturating_add(1);
        }
        if let Some(open) = self.open.get_mut(&key) {
            open.is_unknown = true;
        }
    }

    /// An order at market has filled that was decided at this price. What fills of one order is one cost.
    pub fn cost(&mut self, fill: &Fill, decided: Price) {
        let (id, notional) = (fill.client_order_id.as_str(), fill.quantity * fill.price);
        let before = self.recent.iter().position(|order| order.id == id);
        let order = match before.and_then(|at| self.recent.get(at)) {
            Some(Order { id, quantity, notional: was }) => {
                Order { id: id.clone(), quantity: *quantity + fill.quantity, notional: *was + notional }
            }
            None => Order { id: id.to_owned(), quantity: fill.quantity, notional },
        };
        let Some(share) = cost_of(fill.side, decided, (order.quantity, order.notional)) else { return };
        let cost = Measured { time: fill.time, share };
        let Some(at) = before else {
            keep(&mut self.costs, cost);
            self.recent.push(order);
            let more = self.recent.len().saturating_sub(FILLING);
            self.recent.drain(..more);
            return;
        };
        let first = self.costs.len().saturating_sub(self.recent.len());
        if let (Some(known), Some(known_cost)) = (self.recent.get_mut(at), self.costs.get_mut(first + at)) {
            (*known, *known_cost) = (order, cost);
        }
    }

    fn ended(&mut self, time: Timestamp, open: &Open) {
        let (quantity, notional) = open.entered;
        let entry = notional.get().checked_div(quantity.get());
        let share = entry.and_then(|entry| result_of(open.net, open.most, entry)).filter(|_| !open.is_unknown);
        match share {
            Some(share) => keep(&mut self.trips, Measured { time, share }),
            None => self.left_out = self.left_out.saturating_add(1),
        }
    }
}

/// What was left of a round trip as a share of the most that was held, at this average entry.
#[must_use]
pub fn result_of(net: Money, most: Quantity, entry: Decimal) -> Option<Decimal> {
    let notional = most.get().checked_mul(entry)?;
    Some(net.get().checked_div(notional)?.round_dp(PLACES).normalize())
}

/// How much worse than `decided` an order of this quantity and notional has filled, as a share of that.
#[must_use]
pub fn cost_of(side: Side, decided: Price, (quantity, notional): (Quantity, Money)) -> Option<Decimal> {
    let price = notional.get().checked_div(quantity.get())?;
    let worse = match side {
        Side::Buy => price - decided.get(),
        Side::Sell => decided.get() - price,
    };
    Some(worse.checked_div(decided.get())?.round_dp(PLACES).normalize())
}

/// How much of a fill closed something, and how much opened something.
fn parts(fill: &Fill, made: &Transition) -> (Option<Quantity>, Option<Quantity>) {
    match made {
        Transition::Opened(_) | Transition::Increased(_) => (None, Some(fill.quantity)),
        Transition::Reduced(..) | Transition::Closed(_) => (Some(fill.quantity), None),
        Transition::Flipped(position, _) => match fill.quantity.minus(position.quantity) {
            Remainder::Left(closed) => (Some(closed), Some(position.quantity)),
            _ => (None, Some(fill.quantity)),
        },
    }
}

fn keep(kept: &mut Vec<Measured>, it: Measured) {
    kept.push(it);
    let more = kept.len().saturating_sub(KEPT);
    kept.drain(..more);
}

#[cfg(test)]
mod tests;
