//! What a venue takes by force, and the hedge that it leaves without its other leg.

use super::measure::{CutFor, Measure};
use super::settings::LostLeg;
use crate::position_manager::PositionManager;
use crate::position_manager::reading::{Held, Reading};
use crate::trouble::Troubles;
use plimsoll_domain::afloat::{Cut, Guarded, Hedge, HedgeRatio};
use plimsoll_domain::{Decimal, Direction, Fill, FillCause, PositionSide, Price, Quantity, Symbol, Timestamp};
use plimsoll_ports::PositionRecord;
use std::sync::{MutexGuard, PoisonError};

/// What a venue has taken of a position, as its fills tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lost {
    symbol: Symbol,
    side: PositionSide,
    direction: Direction,
    quantity: Quantity,
    price: Price,
    cause: FillCause,
    /// When the last of it went.
    at: Timestamp,
    /// It was told, and the account could not be read since.
    is_told: bool,
}

/// Of the other leg of a hedge, what was to be closed and is not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmatched {
    /// What its hedge has lost.
    lost: Lost,
    symbol: Symbol,
    side: PositionSide,
    ratio: HedgeRatio,
    missing: Quantity,
}

impl PositionManager {
    /// Notes what of these fills, which were just recorded, was taken by force: the next pass follows it.
    pub(in crate::position_manager) fn note_taken(&self, record: &PositionRecord, fills: &[Fill]) {
        let opened = &record.opened;
        for cause in [FillCause::Adl, FillCause::Liquidation, FillCause::Settlement] {
            let taken = || fills.iter().filter(|it| it.cause == cause && it.side == opened.direction.closing_side());
            let quantity = taken().map(|fill| fill.quantity).reduce(|sum, it| sum + it);
            let Some((quantity, last)) = quantity.zip(taken().next_back()) else { continue };
            let (symbol, side, direction) = (opened.symbol.clone(), opened.side, opened.direction);
            let lost =
                Lost { symbol, side, direction, quantity, price: last.price, cause, at: last.time, is_told: false };
            self.taken().push(lost);
        }
    }

    /// Tells what was taken, and closes as much of what it hedged, if so configured. Nothing is bought back.
    pub(in crate::position_manager) async fn follow_taken(&self, troubles: &mut Troubles) -> Vec<Measure> {
        let (all, owed) = (std::mem::take(&mut *self.taken()), std::mem::take(&mut *self.unmatched()));
        let mut measures = Vec::new();
        for lost in all {
            if !lost.is_told {
                let last_seen = self.last_seen(&lost.symbol, lost.side, lost.at);
                let Lost { symbol, side, direction, quantity, price, cause, .. } = lost.clone();
                measures.push(Measure::Taken { symbol, side, direction, quantity, price, cause, last_seen });
            }
            if self.rules().afloat.lost_leg == LostLeg::Tell {
                continue;
            }
            let Ok(reading) = self.read_account(troubles).await else {
                self.taken().push(Lost { is_told: true, ..lost });
                continue;
            };
            for (held, ratio) in self.hedges_of(&lost, &reading) {
                let other = self.guarded(held);
                let hedge = Hedge { left: left_of(&lost, &reading), ratio, other: &other };
                if let Some(cut) = hedge.match_lost(lost.quantity).filter(|_| !other.left_alone) {
                    measures.push(self.match_leg(&lost, ratio, (held, &other), &cut).await);
                }
            }
        }
        for Unmatched { lost, symbol, side, ratio, missing } in owed {
            let Ok(reading) = self.read_account(troubles).await else {
                self.unmatched().push(Unmatched { lost, symbol, side, ratio, missing });
                continue;
            };
            // Gone, or turned by somebody: nothing of it hedges what was lost.
            let is_other = |held: &&Held| held.position.direction != lost.direction;
            let Some(held) = reading.find(&symbol, side).filter(is_other) else { continue };
            let other = self.guarded(held);
            let hedge = Hedge { left: left_of(&lost, &reading), ratio, other: &other };
            if let Some(cut) = hedge.match_missing(missing).filter(|_| !other.left_alone) {
                measures.push(self.match_leg(&lost, ratio, (held, &other), &cut).await);
            }
        }
        measures
    }

    /// Closes so much of the other leg. What of it is not closed is owed, and no more than that.
    async fn match_leg(
        &self,
        lost: &Lost,
        ratio: HedgeRatio,
        (held, other): (&Held, &Guarded<'_>),
        cut: &Cut,
    ) -> Measure {
        let done = self.cut(other, cut, CutFor::LostLeg).await;
        if let Measure::Cut { closed, failure: Some(_), .. } = &done {
            let closed: Decimal = closed.iter().map(|it| it.quantity.get()).sum();
            if let Ok(missing) = Quantity::new(cut.quantity.get().saturating_sub(closed)) {
                let (symbol, side) = (held.report.symbol.clone(), held.report.position_side);
                self.unmatched().push(Unmatched { lost: lost.clone(), symbol, side, ratio, missing });
            }
        }
        done
    }

    /// What this hedged, or was hedged by: the other leg of its contract, and the other contract of a pair. With it, how
    /// many units of that stand against one.
    fn hedges_of<'a>(&self, lost: &Lost, reading: &'a Reading) -> Vec<(&'a Held, HedgeRatio)> {
        let opposite = |held: &&Held| held.position.direction != lost.direction;
        let rules = self.rules();
        let ratio = |held: &Held| -> Option<HedgeRatio> {
            if held.report.symbol == lost.symbol {
                return Some(HedgeRatio::ONE);
            }
            rules.afloat.hedges.iter().find_map(|pair| match (pair.one == lost.symbol, pair.other == lost.symbol) {
                (true, _) if pair.other == held.report.symbol => Some(pair.ratio),
                (_, true) if pair.one == held.report.symbol => {
                    HedgeRatio::new(Decimal::ONE.checked_div(pair.ratio.get())?).ok()
                }
                _ => None,
            })
        };
        reading.held.iter().filter(opposite).filter_map(|held| Some((held, ratio(held)?))).collect()
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Lost>> {
        self.afloat.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unmatched(&self) -> MutexGuard<'_, Vec<Unmatched>> {
        self.afloat.unmatched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is held still of the leg that lost.
fn left_of(lost: &Lost, reading: &Reading) -> Option<Quantity> {
    let held = reading.report(&lost.symbol, lost.side)?.position?;
    (held.direction == lost.direction).then_some(held.quantity)
}
