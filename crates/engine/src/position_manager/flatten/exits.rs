//! Closing all that is held in passes: every position is sent its exit, and one reading tells of all of them what is left.
//! What became of each order is looked up when the venue is flat: nothing stays open meanwhile for the sake of the books.

use super::ROUNDS;
use crate::execution::Execution;
use crate::order_path::{Dispatched, Evidence, Placed, SendFailure, Wait};
use crate::position_manager::close::{ClosedAtVenue, Leg, MOST_CLEARINGS, MOST_ORDERS, largest_part};
use crate::position_manager::outcome::Unclosed;
use crate::position_manager::reading::find_direction;
use crate::position_manager::{CloseFailure, Flight, PositionManager};
use crate::trouble::{Subject, Troubles};
use plimsoll_domain::{
    ClientOrderId, Decimal, Direction, NewOrder, Position, PositionReport, PositionSide, Quantity, Remainder, Symbol,
};
use plimsoll_ports::{Purpose, RefusalReason};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

/// So often a position is looked for before it is sent another exit: a venue may show its positions a little later than it
/// takes orders.
const LOOKS: u32 = 2;

/// The same where no answer came, or one that does not say what was done: the look is the look-up.
const LOOKS_AFTER_SILENCE: u32 = 1;

/// Which position.
type Key = (Symbol, Direction);

/// Exits of which the venue has, or may have, an order: nobody else of this process looks after these.
pub(super) struct Exit<'a> {
    symbol: Symbol,
    side: PositionSide,
    held: Position,
    sent: Vec<(NewOrder, Dispatched, Flight<'a>)>,
    /// What had to make way.
    cleared: Vec<ClientOrderId>,
    troubles: Troubles,
}

/// What came of the last try to close a position.
#[derive(Default)]
struct Tried {
    /// What was held then.
    held: Option<Quantity>,
    /// So often it is looked for after an exit, and so often it will be still.
    looks: (u32, u32),
    /// How often it was refused since nothing is left to reduce: the next try makes way first.
    refused: u8,
}

/// What was sent, and what was not.
#[derive(Default)]
pub(super) struct Exits<'a> {
    pub(super) sent: Vec<Exit<'a>>,
    /// Each try.
    pub(super) failed: Vec<Unclosed>,
    /// What had to make way, where nothing was sent after it.
    pub(super) cleared: Vec<ClientOrderId>,
    /// What went wrong there.
    pub(super) troubles: Troubles,
    tried: HashMap<Key, Tried>,
}

impl Exits<'_> {
    /// How many positions were sent their exit and are held no more; all of them, if nobody tells.
    pub(super) fn closed(&self, held: Option<&[PositionReport]>) -> usize {
        let is_held = |symbol: &Symbol, direction| {
            held.is_some_and(|positions| find_direction(positions, symbol, direction).is_some())
        };
        let sent = self.sent.iter().map(|exit| (&exit.symbol, exit.held.direction));
        sent.filter(|(symbol, direction)| !is_held(symbol, *direction)).collect::<HashSet<_>>().len()
    }

    /// Whether its exit may only not show yet. One that has become smaller is looked for anew.
    fn is_on_its_way(&mut self, key: &Key, held: Quantity) -> bool {
        let Some(tried) = self.tried.get_mut(key) else { return false };
        let (all, left) = tried.looks;
        let is_changed = left > 0 && tried.held != Some(held);
        let left = if is_changed { all } else { left.saturating_sub(1) };
        (tried.held, tried.looks) = (Some(held), (all, left));
        left > 0
    }
}

impl PositionManager {
    /// Closes what is held until nothing is, or what is held is not made less. Only the first pass is as patient as `wait`
    /// says: what could not be done for so long is not waited for so long again. Answers the last reading of what is held, and
    /// whether the entries `are_cancelled` that rested when it was begun.
    pub(super) async fn close_in_passes<'a>(
        &'a self,
        only: Option<&[Key]>,
        mut wait: Wait,
        are_cancelled: &AtomicBool,
        exits: &mut Exits<'a>,
    ) -> Option<(Vec<PositionReport>, bool)> {
        let (mut before, mut in_vain, mut idle) = ((usize::MAX, Decimal::MAX), 0, 0);
        loop {
            let is_final = are_cancelled.load(Ordering::SeqCst);
            let read = self.positions_patiently(wait).await;
            let (mut due, mut is_looked_for) = (Vec::new(), false);
            match &read {
                Ok(positions) => {
                    let held = self.to_close(positions, only);
                    if held.is_empty() {
                        return read.ok().zip(Some(is_final));
                    }
                    let (count, mut size) = (held.len(), Decimal::ZERO);
                    for key in held {
                        let Some((report, held)) = find_direction(positions, &key.0, key.1) else { continue };
                        size = size.saturating_add(held.quantity.get());
                        if exits.is_on_its_way(&key, held.quantity) {
                            is_looked_for = true;
                        } else {
                            due.push((key, report, held));
                        }
                    }
                    if count < before.0 {
                        in_vain = 0;
                    } else if !is_looked_for {
                        in_vain += 1;
                    }
                    idle = if (count, size) < before { 0 } else { idle + 1 };
                    before = before.min((count, size));
                }
                Err(error) => {
                    tracing::error!(%error, "flattening blindly fails: the positions cannot be read");
                    in_vain += 1;
                }
            }
            // Each of several may be looked for while another is sent its exit, for ever.
            if in_vain >= ROUNDS || idle >= ROUNDS * (LOOKS + 1) {
                return read.ok().zip(Some(is_final));
            }
            if in_vain > 0 || is_looked_for {
                self.ports.clock.sleep(self.settings.patience.first_wait).await;
            }
            self.exit_each(due, wait, exits).await;
            wait = Wait::Glance;
        }
    }

    /// Side by side: one that hangs must not keep the others open.
    async fn exit_each<'a>(&'a self, due: Vec<(Key, &PositionReport, Position)>, wait: Wait, exits: &mut Exits<'a>) {
        let each = due.into_iter().map(|(key, report, held)| {
            let refused = exits.tried.get(&key).map_or(0, |tried| tried.refused);
            async move {
                let (exit, failure) = self.exit(report, held, wait, refused > 0).await;
                (key, exit, failure)
            }
        });
        for ((symbol, direction), exit, failure) in futures_util::future::join_all(each).await {
            let tried = exits.tried.entry((symbol.clone(), direction)).or_default();
            let looks = match exit.sent.last() {
                Some((_, dispatched, _)) if dispatched.order_id.is_some() => LOOKS,
                Some(_) => LOOKS_AFTER_SILENCE,
                None => 0,
            };
            (tried.held, tried.looks) = (Some(exit.held.quantity), (looks, looks));
            match failure {
                None => {}
                // What was sent is sent: a later part that fails shows in what is held.
                Some((id, failure)) if !exit.sent.is_empty() => {
                    tracing::warn!(%id, %failure, "part of a position was not closed");
                }
                // Either it is gone, or resting reduce-only orders hold its whole size: they make way, if it is held still.
                Some((_, SendFailure::Refused(refusal)))
                    if refusal.reason == RefusalReason::NothingToReduce && tried.refused < MOST_CLEARINGS =>
                {
                    tried.refused += 1;
                }
                Some((id, failure)) => {
                    let failure = CloseFailure::Order { id, failure };
                    exits.failed.push(Unclosed { symbol, direction, failure });
                }
            }
            if exit.sent.is_empty() {
                exits.cleared.extend(exit.cleared);
                exits.troubles.join(exit.troubles);
            } else {
                exits.sent.push(exit);
            }
        }
    }

    /// Sends as many orders as the venue's largest market order makes necessary, and waits for none. Each can do nothing but
    /// reduce: should an earlier one arrive late, the next finds less to reduce.
    async fn exit<'a>(
        &'a self,
        report: &PositionReport,
        held: Position,
        wait: Wait,
        makes_way: bool,
    ) -> (Exit<'a>, Option<(ClientOrderId, SendFailure)>) {
        let (symbol, side, mut troubles) = (&report.symbol, report.position_side, Troubles::default());
        let instrument = self.instrument_soon(symbol).await;
        let instrument = troubles.known(Subject::Instrument, symbol, instrument);
        let intent = self.ids.intent(self.ports.clock.now());
        let leg = Leg { symbol, side, held, purpose: Purpose::Flatten, wait, intent };
        let cleared = if makes_way { self.clear_reducing_orders(&leg, &mut troubles).await } else { Vec::new() };
        let (mut left, mut sent, mut failure) = (Some(held.quantity), Vec::new(), None);
        for attempt in 0..MOST_ORDERS {
            let Some(quantity) = left else { break };
            let part = instrument.as_ref().map_or(quantity, |instrument| largest_part(quantity, instrument));
            let order = leg.order(part, attempt);
            let flight = Flight::of(&self.in_flight, &order.client_order_id);
            match self.dispatch(&order, leg.purpose, wait, &mut troubles).await {
                Ok(dispatched) => sent.push((order, dispatched, flight)),
                Err(why) => {
                    failure = Some((order.client_order_id, why));
                    break;
                }
            }
            left = match quantity.minus(part) {
                Remainder::Left(rest) => Some(rest),
                Remainder::Nothing | Remainder::Excess(_) => None,
            };
        }
        (Exit { symbol: symbol.clone(), side, held, sent, cleared, troubles }, failure)
    }

    /// What became of an exit.
    pub(super) async fn conclude_exit(&self, exit: Exit<'_>) -> Result<ClosedAtVenue, Unclosed> {
        let Exit { symbol, side, held, sent, cleared, mut troubles } = exit;
        let (mut orders, mut failure): (Vec<Execution>, _) = (Vec::new(), None);
        for (order, dispatched, _flight) in sent {
            let id = order.client_order_id.clone();
            match self.path.conclude(&order, dispatched, Evidence::HeldAfterwards, &mut troubles).await {
                Ok(Placed::Ended(execution)) if execution.filled().is_some() => orders.push(execution),
                Ok(Placed::Ended(execution)) => {
                    failure = Some(CloseFailure::NothingFilled { id, status: execution.status });
                }
                Ok(Placed::Resting(_)) => {
                    let rests = SendFailure::Unresolved("a market order rests".to_owned());
                    failure = Some(CloseFailure::Order { id, failure: rests });
                }
                Err(why) => failure = Some(CloseFailure::Order { id, failure: why }),
            }
        }
        match failure {
            Some(failure) if orders.is_empty() => {
                Err(Unclosed { symbol, direction: held.direction, failure: failure.after_clearing(cleared) })
            }
            _ => Ok(ClosedAtVenue { symbol, side, held, purpose: Purpose::Flatten, orders, cleared, troubles }),
        }
    }
}
