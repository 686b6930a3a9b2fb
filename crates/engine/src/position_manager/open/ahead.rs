//! A stop that rests before its entry is sent: what fills is protected from its first moment, whoever dies when.

use super::Plan;
use crate::order_path::{SendFailure, Wait};
use crate::position_manager::PositionManager;
use crate::position_manager::failure::ProtectionFailure;
use crate::position_manager::outcome::Protection;
use crate::position_manager::protection::Wanted;
use crate::position_manager::reading::find_direction;
use crate::steady::Steady;
use crate::trouble::{Subject, Troubles};
use plimsoll_domain::{Direction, Order, Symbol};
use plimsoll_ports::{Purpose, RefusalReason};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The stop of an entry.
pub(super) struct EntryStop {
    /// Which of its names it goes by: one that was refused is used up.
    pub(super) attempt: u16,
    /// What became of it; `None` while it is not sent, since the venue takes none before there is a position, or one covers
    /// that already.
    pub(super) outcome: Option<Result<Protection, ProtectionFailure>>,
    /// The entry carries it as well: where the venue attaches stops, and takes none before there is a position.
    pub(super) is_carried: bool,
    /// What the venue has made of it, as far as that was read back.
    pub(super) attached: Vec<Order>,
}

impl EntryStop {
    pub(super) const fn follows(attempt: u16) -> Self {
        Self { attempt, outcome: None, is_carried: false, attached: Vec::new() }
    }
}

/// An entry is judged before its stop is sent. What it was judged by is of now for so long, and nothing is entered on it later.
const OF_NOW: Duration = Duration::from_secs(5);

impl PositionManager {
    /// Rests the stop of an opening before its entry is sent, where the venue takes it.
    ///
    /// # Errors
    /// Why it does not rest: nothing may be entered then.
    pub(super) async fn stop_ahead(
        &self,
        plan: &Plan<'_>,
        troubles: &mut Troubles,
    ) -> Result<EntryStop, ProtectionFailure> {
        let Some(mut wanted) = plan.wanted(Purpose::StopLoss) else { return Ok(EntryStop::follows(0)) };
        let is_covered = plan.reading.snapshot.orders.iter().any(self.stands_in_the_way(&wanted));
        // What is held already is a position: a stop of it is taken anywhere.
        let is_held = plan.held().is_some_and(|held| held.direction == plan.intent.direction);
        if self.stops_follow() && !is_held || self.is_stopped_since(plan) || is_covered {
            return Ok(EntryStop::follows(0));
        }
        // Whoever wants to enter does not wait a minute for a venue that takes no stops.
        wanted.wait = Wait::Glance;
        if let Some(stop) = self.rest_ahead(&wanted, troubles).await? {
            return Ok(EntryStop { outcome: Some(Ok(stop)), ..EntryStop::follows(0) });
        }
        wanted.id = plan.id.order(Purpose::StopLoss, 1);
        let intended = self.intend_protection(std::slice::from_ref(&wanted)).await;
        intended.map_err(|(_, error)| SendFailure::NotJournalled(error))?;
        Ok(EntryStop::follows(1))
    }

    /// Places a stop for a position that is not there yet, and reads it back; `None` where the venue takes none before there
    /// is one.
    ///
    /// # Errors
    /// Why it does not rest; what may rest all the same was called back.
    pub(in crate::position_manager) async fn rest_ahead(
        &self,
        wanted: &Wanted<'_>,
        troubles: &mut Troubles,
    ) -> Result<Option<Protection>, ProtectionFailure> {
        let (trigger, began) = (wanted.rounded()?, Steady::new(Arc::clone(&self.ports.clock)));
        match self.place_protection(wanted, trigger, troubles).await {
            Ok(_) if began.passed() > OF_NOW => {
                self.call_off(wanted, troubles).await;
                Err(ProtectionFailure::TookLong(began.passed()))
            }
            Ok(stop) => Ok(Some(stop)),
            Err(ProtectionFailure::Order(SendFailure::Refused(refusal))) if may_be_taken_later(refusal.reason) => {
                tracing::info!(%refusal, "no stop is taken before the entry: it follows");
                if refusal.reason == RefusalReason::NothingToReduce {
                    self.stops_follow.store(true, Ordering::SeqCst);
                }
                Ok(None)
            }
            Err(failure) => {
                if may_rest(&failure) {
                    self.call_off(wanted, troubles).await;
                }
                Err(failure)
            }
        }
    }

    /// Cancels a stop whose entry came to nothing, unless something is held by now that relies on it; where nobody can tell, it
    /// rests on. Whoever compares books and venue cancels what is left without a position.
    pub(super) async fn call_off(&self, wanted: &Wanted<'_>, troubles: &mut Troubles) {
        let symbol = &wanted.instrument.symbol;
        if self.is_held_or_unknown(symbol, wanted.direction, troubles).await {
            return;
        }
        self.cancel(symbol, &wanted.id, troubles).await;
    }

    /// Whether something is held that a stop may be for; also where the venue does not tell.
    pub(in crate::position_manager) async fn is_held_or_unknown(
        &self,
        symbol: &Symbol,
        direction: Direction,
        troubles: &mut Troubles,
    ) -> bool {
        let positions = troubles.known(Subject::Position, symbol, self.ports.broker.positions().await);
        positions.is_none_or(|positions| find_direction(&positions, symbol, direction).is_some())
    }

    /// The venue has said that it takes no stop before there is a position.
    pub(in crate::position_manager) fn stops_follow(&self) -> bool {
        self.stops_follow.load(Ordering::SeqCst)
    }
}

/// The refusal may be for want of a position, or since the venue takes one stop for each and another one rests; venues say so in
/// many words, of which not all are known.
const fn may_be_taken_later(reason: RefusalReason) -> bool {
    matches!(reason, RefusalReason::NothingToReduce | RefusalReason::Blocked | RefusalReason::Other)
}

/// Whether something may rest at the venue of a stop that is not verified.
pub(super) const fn may_rest(failure: &ProtectionFailure) -> bool {
    match failure {
        ProtectionFailure::NoPrice(_)
        | ProtectionFailure::Ended(_)
        | ProtectionFailure::Gone
        | ProtectionFailure::TookLong(_) => false,
        ProtectionFailure::ReadBackDifferently(_) => true,
        ProtectionFailure::Order(failure) => {
            matches!(failure, SendFailure::Unresolved(_) | SendFailure::NotJournalled(_))
        }
    }
}
