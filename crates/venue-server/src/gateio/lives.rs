//! What the venue remembers of positions beyond the exchange: what each has earned and cost since it was opened, and what
//! is left of it when it is closed.

use plimsoll_domain::{AccountId, Direction, Fill, Money, PositionReport, PositionSide, Symbol, Timestamp};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

type Key = (AccountId, Symbol, PositionSide);

/// One place of a contract: what it holds now, and what was held there before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    /// The current position's.
    pub(crate) sums: Sums,
    /// When the current position was opened.
    pub(crate) opened: Option<Timestamp>,
    /// What closed positions have earned.
    pub(crate) history: Decimal,
    /// What the last of them has.
    pub(crate) last: Decimal,
    /// How often it has changed.
    pub(crate) updates: u64,
    direction: Option<Direction>,
    entry: Decimal,
    size: Decimal,
    most: Decimal,
    closed: Decimal,
    closed_for: Decimal,
}

/// Cash flows of a position, positive where received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) pnl: Decimal,
    pub(crate) fund: Decimal,
    pub(crate) fee: Decimal,
}

impl Sums {
    pub(crate) fn total(self) -> Decimal {
        self.pnl + self.fund + self.fee
    }
}

/// A position that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) symbol: Symbol,
    pub(crate) time: Timestamp,
    pub(crate) opened: Timestamp,
    pub(crate) sums: Sums,
    pub(crate) direction: Direction,
    pub(crate) entry: Decimal,
    /// The mean price that it was closed at.
    pub(crate) exit: Decimal,
    /// The most that was held, and all that was closed, in base units.
    pub(crate) most: Decimal,
    pub(crate) closed: Decimal,
    /// The client order id of the order that closed it.
    pub(crate) text: String,
}

/// Every place of every account.
#[derive(Debug, Default)]
pub(crate) struct Lives(BTreeMap<Key, Place>);

impl Lives {
    pub(crate) fn get(&self, account: &AccountId, symbol: &Symbol, side: PositionSide) -> Place {
        self.0.get(&(account.clone(), symbol.clone(), side)).cloned().unwrap_or_default()
    }

    fn place(&mut self, account: &AccountId, symbol: &Symbol, side: PositionSide) -> &mut Place {
        self.0.entry((account.clone(), symbol.clone(), side)).or_default()
    }

    /// Counts one change that is no fill.
    pub(crate) fn touch(&mut self, account: &AccountId, symbol: &Symbol, side: PositionSide) {
        self.place(account, symbol, side).updates += 1;
    }

    /// Books funding, positive where received.
    pub(crate) fn fund(&mut self, account: &AccountId, symbol: &Symbol, side: PositionSide, amount: Money) {
        let place = self.place(account, symbol, side);
        place.updates += 1;
        place.sums.fund += amount.get();
    }

    /// Books a fill that made `after` of the position; the position that it closed, if it did. The fee of a fill that turns
    /// a position around is booked with the one that it closes.
    pub(crate) fn fill(&mut self, account: &AccountId, fill: &Fill, after: &PositionReport) -> Option<Closed> {
        let place = self.place(account, &fill.symbol, fill.position_side);
        place.updates += 1;
        place.sums.pnl += fill.realized_pnl.unwrap_or_default().get();
        place.sums.fee -= fill.fee.get();
        let held = after.position;
        let over = place.direction.filter(|before| held.is_none_or(|held| held.direction != *before));
        if let Some(before) = place.direction.filter(|before| fill.side == before.closing_side()) {
            let left = held.filter(|held| held.direction == before);
            let closed = place.size - left.map_or(Decimal::ZERO, |held| held.quantity.get());
            place.closed += closed;
            place.closed_for += closed.saturating_mul(fill.price.get());
        }
        let closed = over.map(|direction| place.end(fill, direction));
        if let Some(held) = held {
            place.opened = place.opened.or(Some(fill.time));
            place.direction = Some(held.direction);
            place.entry = held.entry.get();
            place.most = place.most.max(held.quantity.get());
            place.size = held.quantity.get();
        }
        closed
    }
}

impl Place {
    /// Ends the current position; the place is empty then.
    fn end(&mut self, fill: &Fill, direction: Direction) -> Closed {
        let closed = Closed {
            symbol: fill.symbol.clone(),
            time: fill.time,
            opened: self.opened.unwrap_or(fill.time),
            sums: self.sums,
            direction,
            entry: self.entry,
            exit: self.closed_for.checked_div(self.closed).unwrap_or(fill.price.get()),
            most: self.most,
            closed: self.closed,
            text: fill.client_order_id.as_str().to_owned(),
        };
        let last = self.sums.total();
        *self = Self { history: self.history + last, last, updates: self.updates, ..Self::default() };
        closed
    }
}
