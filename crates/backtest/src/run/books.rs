//! Positions from their opening to their end.

use crate::outcome::{RoundTrip, TaggedFill};
use plimsoll_domain::{AccountId, Direction, Fill, Money, Price, Quantity, Symbol, Timestamp, Transition};
use std::collections::BTreeMap;

/// A position that is held, as it will be told.
#[derive(Debug, Clone)]
struct Held {
    strategy: String,
    account: AccountId,
    direction: Direction,
    quantity: Quantity,
    opened: Timestamp,
    /// Where it began.
    first: Price,
    entered: (Quantity, Money),
    left: Option<(Quantity, Money)>,
    profit: Money,
    fees: Money,
    funding: Money,
    /// The word of its last fill that closed something.
    ended_by: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Books {
    fills: Vec<TaggedFill>,
    trips: Vec<RoundTrip>,
    /// By seat, account and contract.
    held: BTreeMap<((usize, usize), Symbol), Held>,
    pub(crate) count: u64,
    pub(crate) ended: u64,
}

impl Books {
    pub(crate) fn fill(
        &mut self,
        (strategy, account): (&str, &AccountId),
        whose: (usize, usize),
        (role, decided): (&str, Option<Price>),
        fill: &Fill,
        made: Transition,
        keeps: bool,
    ) {
        self.count += 1;
        self.ended += u64::from(matches!(made, Transition::Closed(_) | Transition::Flipped(..)));
        if !keeps {
            return;
        }
        let tagged = TaggedFill {
            strategy: strategy.to_owned(),
            account: account.clone(),
            role: role.to_owned(),
            fill: fill.clone(),
            decided,
        };
        self.fills.push(tagged);
        let key = (whose, fill.symbol.clone());
        let profit = fill.realized_pnl.unwrap_or_else(|| made.realized());
        let (closed, opened) = match made {
            Transition::Opened(_) | Transition::Increased(_) => (None, Some(fill.quantity)),
            Transition::Reduced(..) | Transition::Closed(_) => (Some(fill.quantity), None),
            Transition::Flipped(position, _) => match fill.quantity.minus(position.quantity) {
                plimsoll_domain::Remainder::Left(closed) => (Some(closed), Some(position.quantity)),
                _ => (None, Some(fill.quantity)),
            },
        };
        let mut fee = fill.fee;
        if let Some(quantity) = closed
            && let Some(held) = self.held.get_mut(&key)
        {
            let notional = quantity * fill.price;
            held.left = Some(held.left.map_or((quantity, notional), |(q, n)| (q + quantity, n + notional)));
            held.profit += profit;
            held.fees += std::mem::take(&mut fee);
            held.ended_by = Some(role.to_owned());
            if !matches!(made, Transition::Reduced(..))
                && let Some(held) = self.held.remove(&key)
            {
                self.trips.push(held.told(key.1.clone(), Some(fill.time)));
            }
        }
        let (Some(quantity), Some(position)) = (opened, made.position()) else { return };
        let notional = quantity * fill.price;
        let held = self.held.entry(key).or_insert_with(|| Held {
            strategy: strategy.to_owned(),
            account: account.clone(),
            direction: position.direction,
            quantity,
            opened: fill.time,
            first: fill.price,
            entered: (quantity, Money::ZERO),
            left: None,
            profit: Money::ZERO,
            fees: Money::ZERO,
            funding: Money::ZERO,
            ended_by: None,
        });
        held.entered = match held.entered {
            (_, none) if none.is_zero() => (quantity, notional),
            (q, n) => (q + quantity, n + notional),
        };
        held.quantity = held.quantity.max(position.quantity);
        held.fees += fee;
    }

    /// Funding that a holder paid (positive) or received.
    pub(crate) fn fills(&self) -> &[TaggedFill] {
        &self.fills
    }

    pub(crate) fn funding(&mut self, whose: (usize, usize), symbol: &Symbol, paid: Money) {
        if let Some(held) = self.held.get_mut(&(whose, symbol.clone())) {
            held.funding += paid;
        }
    }

    /// Every fill, and every round trip: those that ended by their end, then those that are held still.
    pub(crate) fn into_records(self) -> (Vec<TaggedFill>, Vec<RoundTrip>) {
        let Self { fills, mut trips, held, .. } = self;
        trips.extend(held.into_iter().map(|((_, symbol), held)| held.told(symbol, None)));
        (fills, trips)
    }
}

impl Held {
    fn told(self, symbol: Symbol, closed: Option<Timestamp>) -> RoundTrip {
        let mean = |(quantity, notional): (Quantity, Money)| Price::new(notional.get() / quantity.get()).ok();
        let Self {
            strategy,
            account,
            direction,
            quantity,
            opened,
            first,
            entered,
            left,
            profit,
            fees,
            funding,
            ended_by,
        } = self;
        let entry = mean(entered).unwrap_or(first);
        let ended_by = if closed.is_some() { ended_by } else { None };
        RoundTrip {
            strategy,
            account,
            symbol,
            direction,
            quantity,
            opened,
            closed,
            entry,
            exit: left.and_then(mean),
            profit,
            fees,
            funding,
            ended_by,
        }
    }
}
