//! Orders that only take exposure away, judged by a position that is fresh.

use super::VenueAccount;
use super::contracts::stale;
use super::view::AccountView;
use crate::order_path::{Evidence, Placed, SendFailure};
use crate::trouble::Trouble;
use plimsoll_domain::{
    ClientOrderId, Instrument, NewOrder, OrderKind, OrderSize, Position, PositionSide, Quantity, Remainder, Rounding,
    Symbol, Timestamp, UnfitSize,
};
use plimsoll_ports::Purpose;
use std::time::Duration;

/// The most orders that one intent is split into.
const MOST_ORDERS: u16 = 32;

/// What is to be taken away from a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReduceIntent {
    /// The contract.
    pub symbol: Symbol,
    /// Which position of it.
    pub position_side: PositionSide,
    /// How much.
    pub size: ReduceSize,
    /// What to do if that is more than is held.
    pub excess: Excess,
    /// When and at what price.
    pub kind: OrderKind,
}

/// How much of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReduceSize {
    /// All of it; of a conditional order, all that there is when it triggers.
    Whole,
    /// This much, rounded down to the lot.
    Part(Quantity),
}

/// What to do about a size that is larger than the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Nothing is sent.
    Refuse,
    /// All of the position is meant.
    Cap,
}

impl ReduceIntent {
    /// Closes a whole position at the market.
    #[must_use]
    pub const fn close(symbol: Symbol, position_side: PositionSide) -> Self {
        let (size, excess) = (ReduceSize::Whole, Excess::Refuse);
        Self { symbol, position_side, size, excess, kind: OrderKind::Market }
    }

    /// Closes this much of a position at the market; more than it holds is refused.
    #[must_use]
    pub const fn part(symbol: Symbol, position_side: PositionSide, quantity: Quantity) -> Self {
        let (size, excess) = (ReduceSize::Part(quantity), Excess::Refuse);
        Self { symbol, position_side, size, excess, kind: OrderKind::Market }
    }
}

/// What has been sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reduced {
    /// The position that it was judged by.
    pub position: Position,
    /// What became of each order, in the order of sending.
    pub orders: Vec<Placed>,
    /// Why the rest of a size that took several orders was not sent.
    pub cut_short: Option<SendFailure>,
    /// What went wrong beside it.
    pub troubles: Vec<Trouble>,
}

/// Why nothing was taken away from a position. But for [`Order`](Self::Order) nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReduceFailure {
    /// The position is not known well enough.
    #[error("the position of {symbol} is not known well enough: {}", stale(*.age, *.limit))]
    Stale {
        /// The contract.
        symbol: Symbol,
        /// How old the account is; `None` if it is in doubt.
        age: Option<Duration>,
        /// How old it may be.
        limit: Duration,
    },
    /// Nothing is held.
    #[error("{symbol} has no position ({position_side})")]
    NoPosition {
        /// The contract.
        symbol: Symbol,
        /// Which position of it.
        position_side: PositionSide,
    },
    /// More than is held, and it was to be refused.
    #[error("{wanted} is more than the {held} that are held")]
    LargerThanPosition {
        /// What was asked for.
        wanted: Quantity,
        /// What is held.
        held: Quantity,
    },
    /// No contract of this name is known.
    #[error("{0} is no contract of this venue")]
    UnknownContract(Symbol),
    /// The contract has no order of this size.
    #[error(transparent)]
    Unfit(#[from] UnfitSize),
    /// The order came to nothing, or may not have.
    #[error("order {id}: {failure}")]
    Order {
        /// The order.
        id: ClientOrderId,
        /// Why.
        failure: SendFailure,
    },
}

/// An intent that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) position: Position,
    pub(super) sizes: Vec<OrderSize>,
}

/// Judges an intent by what is known: the sizes that are to be sent.
pub(super) fn plan(
    intent: &ReduceIntent,
    view: &AccountView,
    now: Timestamp,
    limit: Duration,
) -> Result<Plan, ReduceFailure> {
    let symbol = &intent.symbol;
    let age = view.age(now);
    if age.is_none_or(|age| age > limit) {
        return Err(ReduceFailure::Stale { symbol: symbol.clone(), age, limit });
    }
    let none = || ReduceFailure::NoPosition { symbol: symbol.clone(), position_side: intent.position_side };
    let position = view.position(symbol, intent.position_side).ok_or_else(none)?.position;
    let unknown = || ReduceFailure::UnknownContract(symbol.clone());
    let instrument = view.contracts.get(symbol).ok_or_else(unknown)?;
    if intent.size == ReduceSize::Whole && intent.kind.order_type().is_conditional() {
        return Ok(Plan { position, sizes: vec![OrderSize::WholePosition] });
    }
    let quantity = quantity(intent, position, instrument)?;
    let sizes = parts(quantity, intent.kind, instrument)?.into_iter().map(OrderSize::Quantity).collect();
    Ok(Plan { position, sizes })
}

/// How much is to be sent in all. A whole position may be sent as it is, whatever its lots.
fn quantity(intent: &ReduceIntent, position: Position, instrument: &Instrument) -> Result<Quantity, ReduceFailure> {
    let held = position.quantity;
    let wanted = match intent.size {
        ReduceSize::Whole => return Ok(held),
        ReduceSize::Part(wanted) => wanted,
    };
    match held.minus(wanted) {
        Remainder::Nothing => Ok(held),
        Remainder::Excess(_) if intent.excess == Excess::Cap => Ok(held),
        Remainder::Excess(_) => Err(ReduceFailure::LargerThanPosition { wanted, held }),
        Remainder::Left(_) => {
            let below = UnfitSize::BelowLot { wanted, lot: instrument.lot };
            let size = wanted.round(instrument.lot, Rounding::Down).ok_or(below)?;
            if size < instrument.min_quantity {
                return Err(UnfitSize::TooSmall { size, min: instrument.min_quantity }.into());
            }
            Ok(size)
        }
    }
}

/// A market order may be split; any other is one order or none.
fn parts(quantity: Quantity, kind: OrderKind, instrument: &Instrument) -> Result<Vec<Quantity>, ReduceFailure> {
    let max = match kind {
        OrderKind::Limit { .. } => instrument.max_quantity,
        _ => instrument.max_market_quantity,
    };
    if quantity <= max {
        return Ok(vec![quantity]);
    }
    let too_large = || ReduceFailure::Unfit(UnfitSize::TooLarge { size: quantity, max });
    if kind != OrderKind::Market {
        return Err(too_large());
    }
    let part = max.round(instrument.lot, Rounding::Down).ok_or_else(too_large)?;
    let (mut parts, mut left) = (Vec::new(), quantity);
    while parts.len() < usize::from(MOST_ORDERS) {
        match left.minus(part) {
            Remainder::Left(rest) => {
                parts.push(part);
                left = rest;
            }
            Remainder::Nothing | Remainder::Excess(_) => {
                parts.push(left);
                return Ok(parts);
            }
        }
    }
    Err(too_large())
}

const fn purpose(kind: OrderKind) -> Purpose {
    match kind {
        OrderKind::Market | OrderKind::Limit { .. } => Purpose::Exit,
        OrderKind::StopMarket { .. } => Purpose::StopLoss,
        OrderKind::TakeProfitMarket { .. } => Purpose::TakeProfit,
    }
}

impl VenueAccount {
    /// Takes away from a position, in whole or part, by orders that may only reduce: judged by a position that is fresh,
    /// journalled, sent, and followed to a definite state.
    ///
    /// A position that is not fresh is refused:
    /// [`resynchronise`](Self::resynchronise) first, or let
    /// [`PositionManager::close`](crate::PositionManager::close) do it, which reads the account for every close.
    ///
    /// # Errors
    /// [`ReduceFailure`]. Once a part has been sent, what fails later is in [`Reduced::cut_short`].
    pub async fn reduce(&self, intent: &ReduceIntent) -> Result<Reduced, ReduceFailure> {
        let now = self.ports.clock.now();
        let Plan { position, sizes } = plan(intent, &self.view(), now, self.fresh_within())?;
        let mut reduced = Reduced { position, orders: Vec::new(), cut_short: None, troubles: Vec::new() };
        let (name, purpose) = (self.ids.intent(now), purpose(intent.kind));
        for (attempt, size) in (0_u16..).zip(sizes) {
            let order = NewOrder {
                client_order_id: name.order(purpose, attempt),
                symbol: intent.symbol.clone(),
                side: position.direction.closing_side(),
                position_side: intent.position_side,
                kind: intent.kind,
                size,
                reduce_only: true,
            };
            let (outcome, troubles) = self.path.send(&order, purpose, Evidence::BookAndTrades).await;
            reduced.troubles.extend(troubles);
            match outcome {
                Ok(placed) => reduced.orders.push(placed),
                Err(failure) if reduced.orders.is_empty() => {
                    return Err(ReduceFailure::Order { id: order.client_order_id, failure });
                }
                Err(failure) => {
                    tracing::warn!(%failure, "part of a position was not closed");
                    reduced.cut_short = Some(failure);
                    break;
                }
            }
        }
        Ok(reduced)
    }

    /// Closes a position at the market: all of it, or as much as is said. More than is held is refused.
    ///
    /// # Errors
    /// [`ReduceFailure`].
    pub async fn close_position(
        &self,
        symbol: &Symbol,
        position_side: PositionSide,
        quantity: Option<Quantity>,
    ) -> Result<Reduced, ReduceFailure> {
        let close = ReduceIntent::close(symbol.clone(), position_side);
        let size = quantity.map_or(ReduceSize::Whole, ReduceSize::Part);
        self.reduce(&ReduceIntent { size, ..close }).await
    }
}
