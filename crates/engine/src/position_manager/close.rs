//! Closing a position, in whole or part. It waits for nobody and stops for no database.

use super::PositionManager;
use super::failure::CloseFailure;
use super::foreign::ForeignPolicy;
use super::outcome::Closed;
use super::reading::find_direction;
use super::settle::Settled;
use crate::client_order_id::IntentId;
use crate::execution::{Execution, fees, total, walk};
use crate::order_path::{Evidence, Placed, SendFailure, Tries, Wait, distinct};
use crate::trouble::{Record, Subject, Trouble, Troubles};
use plimsoll_domain::pnl::average_price;
use plimsoll_domain::{
    ClientOrderId, Direction, Fill, Instrument, Money, NewOrder, Order, OrderKind, OrderSize, Position, PositionReport,
    PositionSide, Quantity, Remainder, Rounding, Symbol,
};
use plimsoll_ports::{CloseIntent, NotSent, Purpose, QueryError, RefusalReason};
use std::time::Duration;

/// The most orders that one intent is split into.
pub(super) const MOST_ORDERS: u16 = 32;

/// How often resting orders make way for a close: those on the book first, then what waits for a trigger.
pub(super) const MOST_CLEARINGS: u8 = 2;

/// No exit waits longer for what the venue says of the contract.
const INSTRUMENT_WITHIN: Duration = Duration::from_secs(2);

/// What is to be closed, and what for.
pub(crate) struct Closing<'a> {
    pub(crate) symbol: &'a Symbol,
    pub(crate) direction: Direction,
    /// `None` closes it whole.
    pub(crate) quantity: Option<Quantity>,
    pub(crate) purpose: Purpose,
    /// For how long it is tried.
    pub(crate) wait: Wait,
    /// The name that was given before; another one is given where it is `None`.
    pub(crate) name: Option<IntentId>,
}

/// One position on its way out.
pub(super) struct Leg<'a> {
    pub(super) symbol: &'a Symbol,
    pub(super) side: PositionSide,
    pub(super) held: Position,
    pub(super) purpose: Purpose,
    pub(super) wait: Wait,
    pub(super) intent: IntentId,
}

/// A position that was closed at the venue, in whole or part, and is in no record yet.
pub(super) struct ClosedAtVenue {
    pub(super) symbol: Symbol,
    pub(super) side: PositionSide,
    pub(super) held: Position,
    pub(super) purpose: Purpose,
    pub(super) orders: Vec<Execution>,
    /// What had to make way.
    pub(super) cleared: Vec<ClientOrderId>,
    pub(super) troubles: Troubles,
}

impl ClosedAtVenue {
    /// This, and what was closed of the same position after it.
    pub(super) fn and(mut self, next: Self) -> Self {
        self.orders.extend(next.orders);
        self.cleared.extend(next.cleared);
        next.troubles.into_vec().into_iter().for_each(|trouble| self.troubles.add(trouble));
        self
    }

    /// How much was closed, in base units.
    pub(super) fn quantity(&self) -> Quantity {
        let filled = self.orders.iter().filter_map(Execution::filled).reduce(|sum, it| sum + it);
        let told = || self.orders.iter().filter_map(|order| total(&order.fills)).reduce(|sum, it| sum + it);
        filled.or_else(told).unwrap_or(self.held.quantity)
    }

    /// Profit less fees of that; `None` while the venue has not told all of it.
    pub(super) fn outcome(&self) -> Option<Money> {
        if !self.orders.iter().all(Execution::is_told) {
            return None;
        }
        let mut fills: Vec<Fill> = self.orders.iter().flat_map(|order| order.fills.iter().cloned()).collect();
        walk(Some(self.held), &mut fills);
        Some(fills.iter().filter_map(|fill| fill.realized_pnl).sum::<Money>() - fees(&fills))
    }

    /// The orders that closed it.
    pub(super) fn orders(&self) -> impl Iterator<Item = &ClientOrderId> {
        self.orders.iter().map(|order| &order.client_order_id)
    }
}

impl PositionManager {
    /// Closes a position at market, in whole or part, whatever the kill switch says. Closed whole, its remaining
    /// protective orders are cancelled and its end is recorded with profit, fees and funding from its true fills and
    /// bookings.
    ///
    /// # Errors
    /// [`CloseFailure`]. What fails beside it, like a database, is in [`Closed::troubles`] and does not stop it.
    pub async fn close(&self, intent: &CloseIntent) -> Result<Closed, CloseFailure> {
        let CloseIntent { symbol, direction, quantity } = intent;
        let (direction, quantity, purpose, wait) = (*direction, *quantity, Purpose::Exit, Wait::Patiently);
        let closing = Closing { symbol, direction, quantity, purpose, wait, name: None };
        self.close_for(&closing).await
    }

    /// The same under a [name](Self::name_intent) that was given before, by which whoever wants it knows its fills.
    ///
    /// # Errors
    /// [`CloseFailure`] as of [`close`](Self::close).
    pub async fn close_as(&self, name: IntentId, intent: &CloseIntent) -> Result<Closed, CloseFailure> {
        let CloseIntent { symbol, direction, quantity } = intent;
        let (direction, quantity, purpose, wait) = (*direction, *quantity, Purpose::Exit, Wait::Patiently);
        let closing = Closing { symbol, direction, quantity, purpose, wait, name: Some(name) };
        self.close_for(&closing).await
    }

    pub(crate) async fn close_for(&self, closing: &Closing<'_>) -> Result<Closed, CloseFailure> {
        let closed = self.close_at_venue(closing).await?;
        Ok(self.after_closing(closed, None).await)
    }

    /// Closes it at the venue as it is held now: the records are for later.
    pub(super) async fn close_at_venue(&self, closing: &Closing<'_>) -> Result<ClosedAtVenue, CloseFailure> {
        let positions = self.positions_patiently(closing.wait).await.map_err(CloseFailure::NotKnown)?;
        let mut troubles = Troubles::default();
        let Closing { symbol, direction, purpose, wait, .. } = *closing;
        let nothing = || CloseFailure::NothingHeld { symbol: symbol.clone(), direction };
        let (report, held) = find_direction(&positions, symbol, direction).ok_or_else(nothing)?;
        let instrument = self.instrument_soon(symbol).await;
        let instrument = troubles.known(Subject::Instrument, symbol, instrument);
        let quantity = size(closing, held, instrument.as_ref())?;
        let intent = closing.name.clone().unwrap_or_else(|| self.name_intent());
        let leg = Leg { symbol, side: report.position_side, held, purpose, wait, intent };
        let mut cleared = Vec::new();
        let sent = self.send_closing(&leg, quantity, instrument.as_ref(), &mut cleared, &mut troubles).await;
        let orders = match sent {
            Ok(orders) => orders,
            Err(failure) => return Err(failure.after_clearing(cleared)),
        };
        let (symbol, side) = (symbol.clone(), report.position_side);
        Ok(ClosedAtVenue { symbol, side, held, purpose, orders, cleared, troubles })
    }

    /// Closes what an entry has filled although trading was stopped meanwhile, and nothing that was held before it: less where
    /// whoever stopped trading has closed some.
    pub(crate) async fn take_back(
        &self,
        symbol: &Symbol,
        direction: Direction,
        filled: Quantity,
        troubles: &mut Troubles,
    ) -> Result<Closed, CloseFailure> {
        let (purpose, wait) = (Purpose::Flatten, Wait::Patiently);
        let closing = Closing { symbol, direction, quantity: Some(filled), purpose, wait, name: None };
        let outcome = match self.close_for(&closing).await {
            Err(CloseFailure::MoreThanHeld { .. }) => self.close_for(&Closing { quantity: None, ..closing }).await,
            outcome => outcome,
        };
        let (detail, done) = match &outcome {
            Ok(closed) => (format!("{} filled while trading was stopped", closed.quantity), "closed"),
            Err(failure) if matches!(failure.cause(), CloseFailure::NothingHeld { .. }) => {
                (format!("{filled} filled while trading was stopped"), "gone")
            }
            Err(failure) => (format!("{filled} filled while trading was stopped: {failure}"), "failed"),
        };
        self.log_risk("taken_back", Some(symbol), &detail, Some(filled.get()), None, done, troubles).await;
        outcome
    }

    /// The contract, if that is told soon: a position is closed without it too.
    pub(super) async fn instrument_soon(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        tokio::select! {
            biased;
            told = self.ports.broker.instrument(symbol) => told,
            () = self.ports.clock.sleep(INSTRUMENT_WITHIN) => {
                let reason = format!("no answer within {} s", INSTRUMENT_WITHIN.as_secs());
                Err(QueryError::Unreachable(NotSent::Disconnected(reason)))
            }
        }
    }

    /// Sends as many orders as the venue's largest market order makes necessary. What had to make way for them is
    /// `cleared`.
    async fn send_closing(
        &self,
        leg: &Leg<'_>,
        quantity: Quantity,
        instrument: Option<&Instrument>,
        cleared: &mut Vec<ClientOrderId>,
        troubles: &mut Troubles,
    ) -> Result<Vec<Execution>, CloseFailure> {
        let mut orders: Vec<Execution> = Vec::new();
        let mut left = quantity;
        let mut clearings = 0;
        for attempt in 0..MOST_ORDERS {
            let part = instrument.map_or(left, |instrument| largest_part(left, instrument));
            let order = leg.order(part, attempt);
            let id = order.client_order_id.clone();
            let failure = match self.send(&order, leg.purpose, Evidence::BookAndTrades, leg.wait, troubles).await {
                Ok(Placed::Ended(execution)) => match execution.filled() {
                    Some(filled) => {
                        orders.push(execution);
                        match left.minus(filled) {
                            Remainder::Left(rest) => left = rest,
                            Remainder::Nothing | Remainder::Excess(_) => return Ok(orders),
                        }
                        continue;
                    }
                    None => CloseFailure::NothingFilled { id, status: execution.status },
                },
                Ok(Placed::Resting(_)) => {
                    let failure = SendFailure::Unresolved("a market order rests".to_owned());
                    CloseFailure::Order { id, failure }
                }
                Err(SendFailure::Refused(refusal))
                    if refusal.reason == RefusalReason::NothingToReduce
                        && clearings < MOST_CLEARINGS
                        && orders.is_empty() =>
                {
                    // Either it is gone, or resting reduce-only orders hold its whole size: they make way.
                    self.still_held(leg).await?;
                    clearings += 1;
                    cleared.extend(self.clear_reducing_orders(leg, troubles).await);
                    continue;
                }
                Err(failure) => CloseFailure::Order { id, failure },
            };
            // What was closed is closed: a later part that fails does not undo it, and shows in what remains.
            if orders.is_empty() {
                return Err(failure);
            }
            tracing::warn!(%failure, "part of a position was not closed");
            return Ok(orders);
        }
        Ok(orders)
    }

    /// What is left at the venue, and the records. `read_back` is what is held by a reading since, where nothing rests any
    /// more of what is not.
    pub(super) async fn after_closing(&self, closed: ClosedAtVenue, read_back: Option<&[PositionReport]>) -> Closed {
        let ClosedAtVenue { symbol, side, held, purpose, orders, cleared: mut cancelled, mut troubles } = closed;
        let mut fills: Vec<Fill> = orders.iter().flat_map(|order| order.fills.iter().cloned()).collect();
        let told = orders.iter().all(Execution::is_told);
        walk(Some(held), &mut fills);
        let quantity = orders.iter().filter_map(Execution::filled).reduce(|sum, it| sum + it);
        let quantity = quantity.or_else(|| total(&fills)).unwrap_or(held.quantity);
        let remaining = match read_back {
            Some(positions) => find_direction(positions, &symbol, held.direction).map(|(_, held)| held),
            None => self.remaining(&symbol, held, quantity, &mut troubles).await,
        };
        if remaining.is_none() && read_back.is_none() {
            cancelled.extend(self.sweep_protection(&symbol, side, &mut troubles).await);
        }
        let _books = self.bookkeeping.lock().await;
        let found = self.ports.positions.find_open(&self.settings.account, &symbol, side).await;
        let record = troubles.read(Record::Position, found).flatten();
        let ended = match &record {
            Some(record) if told => {
                // What changed by hand before belongs to the books as well.
                let opened = &record.opened;
                let others = self.unrecorded(&symbol, side, opened.opened_at, &mut troubles).await;
                let new = distinct(fills.iter().cloned().chain(others.unwrap_or_default()));
                match self.record_exit(record, new, remaining, purpose.as_str(), &mut troubles).await {
                    Settled::Ended(ended) => Some(*ended),
                    Settled::Same | Settled::Changed | Settled::Unexplained => None,
                }
            }
            Some(_) => None,
            None => {
                self.log_trades(&fills, &mut troubles).await;
                None
            }
        };
        Closed {
            record: record.map(|record| record.id),
            symbol,
            side,
            direction: held.direction,
            purpose,
            quantity,
            price: if told { average_price(&fills) } else { orders.last().and_then(Execution::average_price) },
            realized_pnl: told.then(|| fills.iter().filter_map(|fill| fill.realized_pnl).sum::<Money>()),
            fees: told.then(|| fees(&fills)),
            orders,
            remaining,
            ended,
            cancelled,
            troubles: troubles.into_vec(),
        }
    }

    /// What the venue still holds; by the fills, if it does not tell.
    async fn remaining(
        &self,
        symbol: &Symbol,
        held: Position,
        closed: Quantity,
        troubles: &mut Troubles,
    ) -> Option<Position> {
        match self.ports.broker.positions().await {
            Ok(positions) => find_direction(&positions, symbol, held.direction).map(|(_, held)| held),
            Err(error) => {
                let symbol = symbol.clone();
                troubles.add(Trouble::NotKnown { subject: Subject::Position, symbol, error });
                match held.quantity.minus(closed) {
                    Remainder::Left(quantity) => Some(Position { quantity, ..held }),
                    Remainder::Nothing | Remainder::Excess(_) => None,
                }
            }
        }
    }

    /// Trades by themselves, of no recorded position.
    pub(crate) async fn log_trades(&self, fills: &[Fill], troubles: &mut Troubles) {
        for trade in self.trades(fills, None) {
            troubles.written(Record::Trade, self.ports.trades.log(&trade).await);
        }
    }

    /// The venue's positions, asked for again for a moment where they cannot be read.
    ///
    /// # Errors
    /// [`QueryError`], the last of them.
    pub async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        self.positions_patiently(Wait::Glance).await
    }

    /// The venue's positions, asked for as long as an order that removes exposure is sent. What asking again may not change
    /// is asked again for a moment only.
    pub(crate) async fn positions_patiently(&self, wait: Wait) -> Result<Vec<PositionReport>, QueryError> {
        let mut tries = Tries::new(&self.ports.clock, self.settings.patience);
        loop {
            let error = match self.ports.broker.positions().await {
                Ok(positions) => return Ok(positions),
                Err(error) => error,
            };
            let may_go_on = match &error {
                QueryError::Unreachable(why) => tries.may_go_on(why, wait).await,
                QueryError::Refused(_) | QueryError::Unreadable(_) => {
                    let why = NotSent::Unavailable(error.to_string());
                    tries.may_go_on(&why, Wait::Glance).await
                }
            };
            if !may_go_on {
                return Err(error);
            }
            tracing::warn!(%error, "the positions cannot be read, asking again");
        }
    }

    /// The open orders, of one contract or of all, asked for again for a moment where they cannot be read. To list
    /// those of one takes little of a venue's request limits, and to list all of them much.
    pub(super) async fn open_orders_patiently(&self, symbol: Option<&Symbol>) -> Result<Vec<Order>, QueryError> {
        let mut tries = Tries::new(&self.ports.clock, self.settings.patience);
        loop {
            let error = match self.ports.broker.open_orders(symbol).await {
                Ok(open) => return Ok(open),
                Err(error) => error,
            };
            let why = match &error {
                QueryError::Unreachable(why) => why.clone(),
                QueryError::Refused(_) | QueryError::Unreadable(_) => NotSent::Unavailable(error.to_string()),
            };
            if !tries.may_go_on(&why, Wait::Glance).await {
                return Err(error);
            }
            tracing::warn!(%error, "the open orders cannot be read, asking again");
        }
    }

    async fn still_held(&self, leg: &Leg<'_>) -> Result<(), CloseFailure> {
        let positions = self.positions_patiently(leg.wait).await.map_err(CloseFailure::NotKnown)?;
        let direction = leg.held.direction;
        match find_direction(&positions, leg.symbol, direction) {
            Some(_) => Ok(()),
            None => Err(CloseFailure::NothingHeld { symbol: leg.symbol.clone(), direction }),
        }
    }

    /// Cancels sized orders that can only reduce this position; those that close it whole hold no size. What waits for a
    /// trigger protects it, and goes only where nothing on the book is in the way.
    pub(super) async fn clear_reducing_orders(&self, leg: &Leg<'_>, troubles: &mut Troubles) -> Vec<ClientOrderId> {
        let open = self.ports.broker.open_orders(Some(leg.symbol)).await;
        let mut open = troubles.known(Subject::Orders, leg.symbol, open).unwrap_or_default();
        open.retain(|order| leg.is_reduced_by(order) && self.may_make_way(order));
        let (on_the_book, waiting): (Vec<Order>, Vec<Order>) =
            open.into_iter().partition(|order| order.trigger.is_none());
        let in_the_way = if on_the_book.is_empty() { waiting } else { on_the_book };
        let mut cancelled = Vec::new();
        for order in in_the_way {
            cancelled.extend(self.cancel(leg.symbol, &order.client_order_id, troubles).await);
        }
        cancelled
    }

    /// Whoever adopts positions of others closes them, and cannot where their own orders hold the size.
    fn may_make_way(&self, order: &Order) -> bool {
        self.settings.foreign == ForeignPolicy::Adopt || self.ids.is_ours(&order.client_order_id)
    }
}

impl Leg<'_> {
    /// The order has a size, and can do nothing but shrink this position.
    fn is_reduced_by(&self, order: &Order) -> bool {
        (&order.symbol, order.position_side, order.side) == (self.symbol, self.side, self.held.direction.closing_side())
            && !order.adds_exposure()
            && !order.close_position
    }

    pub(super) fn order(&self, quantity: Quantity, attempt: u16) -> NewOrder {
        NewOrder {
            client_order_id: self.intent.order(self.purpose, attempt),
            symbol: self.symbol.clone(),
            side: self.held.direction.closing_side(),
            position_side: self.side,
            kind: OrderKind::Market,
            size: OrderSize::Quantity(quantity),
            reduce_only: true,
        }
    }
}

/// The size to close: a part goes down to the lot, the whole as it is held.
fn size(closing: &Closing<'_>, held: Position, instrument: Option<&Instrument>) -> Result<Quantity, CloseFailure> {
    let Some(wanted) = closing.quantity else { return Ok(held.quantity) };
    if wanted > held.quantity {
        return Err(CloseFailure::MoreThanHeld { wanted, held: held.quantity });
    }
    match instrument {
        Some(instrument) if wanted < held.quantity => {
            let below = CloseFailure::BelowLot { wanted, lot: instrument.lot };
            wanted.round(instrument.lot, Rounding::Down).ok_or(below)
        }
        _ => Ok(wanted),
    }
}

pub(super) fn largest_part(left: Quantity, instrument: &Instrument) -> Quantity {
    if left <= instrument.max_market_quantity {
        return left;
    }
    instrument.max_market_quantity.round(instrument.lot, Rounding::Down).unwrap_or(left)
}
