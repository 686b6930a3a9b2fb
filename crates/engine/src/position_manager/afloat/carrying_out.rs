//! Doing what a plan says, through the order path: every position at once, and of each one thing after the other.

use super::measure::{Backed, CutFor, MarginFor, Measure};
use crate::order_path::Wait;
use crate::position_manager::PositionManager;
use crate::position_manager::close::{ClosedAtVenue, Closing};
use crate::position_manager::entries::Whose;
use crate::position_manager::failure::CloseFailure;
use crate::trouble::Troubles;
use futures_util::future::{join, join_all};
use plimsoll_domain::afloat::{Action, Backing, Cut, Guarded, GuardedAccount, Thresholds, plan};
use plimsoll_domain::{Direction, Money, PositionSide, Quantity, Symbol};
use plimsoll_ports::Purpose;

/// What a plan is carried out with.
pub(super) struct Work<'a> {
    pub(super) account: &'a GuardedAccount<'a>,
    /// Which position of its contract each is.
    pub(super) sides: &'a [PositionSide],
    pub(super) thresholds: &'a Thresholds,
}

/// What was done at the venue.
pub(super) enum Done {
    /// A position was made smaller, and that is in no record yet.
    Cut(Box<CutAtVenue>),
    /// Anything else.
    Other(Measure),
}

/// A cut as its venue has carried it out: the records are for later.
pub(super) struct CutAtVenue {
    symbol: Symbol,
    direction: Direction,
    wanted: Quantity,
    why: CutFor,
    pub(super) closed: Option<ClosedAtVenue>,
    failure: Option<CloseFailure>,
}

impl PositionManager {
    /// All of a plan: of each position in its order, and all of them at once, beside the entries that are taken off the
    /// book. What its venue does not answer for one keeps no other waiting, and the books are written once all of it is done.
    pub(super) async fn carry_out(&self, work: &Work<'_>, actions: &[Action], troubles: &mut Troubles) -> Vec<Measure> {
        let mut measures: Vec<Measure> = actions.iter().filter_map(|it| self.said_by(it, work)).collect();
        let mut places: Vec<usize> = Vec::new();
        for place in actions.iter().filter_map(place_of) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let cancelling = self.cancel_entries_of(actions, troubles);
        let each = places.into_iter().map(|place| self.carry_out_at(work, place, actions));
        let (cancelled, done) = join(cancelling, join_all(each)).await;
        measures.extend(cancelled);
        measures.extend(self.after_cuts(done.into_iter().flatten().collect()).await);
        measures
    }

    /// What a plan says of one position. Where margin that was to be added is not, what the plan would be without it takes
    /// its place.
    async fn carry_out_at(&self, work: &Work<'_>, place: usize, actions: &[Action]) -> Vec<Done> {
        let (mut all, mut added) = (Vec::new(), Money::ZERO);
        for action in actions.iter().filter(|action| place_of(action) == Some(place)) {
            let done = self.carry_out_one(work, action, added).await;
            let has_failed = done.iter().any(|it| matches!(it, Done::Other(measure) if measure.has_failed()));
            all.extend(done);
            let Action::AddMargin { amount, .. } = action else { continue };
            if has_failed {
                let instead = plan(work.account, &work.thresholds.without_top_up());
                for other in instead.iter().filter(|other| place_of(other) == Some(place)) {
                    all.extend(self.carry_out_one(work, other, Money::ZERO).await);
                }
                return all;
            }
            added += *amount;
        }
        all
    }

    /// Writes into the books what was made smaller, and says all that was done.
    pub(super) async fn after_cuts(&self, all: Vec<Done>) -> Vec<Measure> {
        let mut measures = Vec::with_capacity(all.len());
        for done in all {
            measures.push(match done {
                Done::Cut(cut) => self.after_cut(*cut).await,
                Done::Other(measure) => measure,
            });
        }
        measures
    }

    async fn after_cut(&self, cut: CutAtVenue) -> Measure {
        let CutAtVenue { symbol, direction, wanted, why, closed, failure } = cut;
        let closed = match closed {
            Some(closed) => vec![self.after_closing(closed, None).await],
            None => Vec::new(),
        };
        Measure::Cut { symbol, direction, wanted, why, closed, failure }
    }

    /// `added` is what the position that it is about was given by this plan before.
    async fn carry_out_one(&self, work: &Work<'_>, action: &Action, added: Money) -> Vec<Done> {
        let at = |place: usize| work.account.positions.get(place);
        match action {
            // Said before anything is done, or done beside all positions.
            Action::AlreadyDue { .. } | Action::Warn { .. } | Action::CancelEntries { .. } => Vec::new(),
            Action::AddMargin { place, amount, restores } => match at(*place).zip(work.sides.get(*place)) {
                Some((it, side)) => {
                    let why = if *restores { MarginFor::Target } else { MarginFor::AsFarAsFree };
                    vec![Done::Other(self.add_margin(it, *side, *amount, why).await)]
                }
                None => Vec::new(),
            },
            Action::Reduce { place, cut } => match at(*place).zip(work.sides.get(*place)) {
                Some((it, side)) => self.cut_keeping_margin(it, *side, added, cut, CutFor::Margin).await,
                None => Vec::new(),
            },
            Action::Flatten { cause, closes, .. } => {
                let mut all = Vec::new();
                for (it, cut) in closes.iter().filter_map(|(place, cut)| Some((at(*place)?, cut))) {
                    all.push(Done::Cut(Box::new(self.cut_at_venue(it, cut, CutFor::Flatten(*cause)).await)));
                }
                all
            }
        }
    }

    async fn cancel_entries_of(&self, actions: &[Action], troubles: &mut Troubles) -> Vec<Measure> {
        let mut measures = Vec::new();
        for action in actions {
            if let Action::CancelEntries { symbols } = action {
                measures.push(self.cancel_entries_in(symbols, troubles).await);
            }
        }
        measures
    }

    /// What an action says by itself, if it is not one to be done.
    pub(super) fn said_by(&self, action: &Action, work: &Work<'_>) -> Option<Measure> {
        let of = |backing| work.backed(backing);
        match action {
            Action::AlreadyDue { backing, margin } => {
                let last_seen = self.backing_last_seen(*backing, work);
                Some(Measure::AlreadyDue { of: of(*backing), margin: *margin, last_seen })
            }
            Action::Warn { backing, ratio, distance, stage } => {
                Some(Measure::Warned { of: of(*backing), ratio: *ratio, distance: *distance, stage: *stage })
            }
            Action::CancelEntries { .. }
            | Action::AddMargin { .. }
            | Action::Reduce { .. }
            | Action::Flatten { .. } => None,
        }
    }

    async fn cancel_entries_in(&self, symbols: &[Symbol], troubles: &mut Troubles) -> Measure {
        let which = |order: &_| self.is_entry(order, Whose::Ours) && symbols.contains(&order.symbol);
        let cancelled = self.cancel_orders(which, troubles).await.done;
        Measure::EntriesCancelled { symbols: symbols.to_vec(), cancelled }
    }

    pub(super) async fn add_margin(
        &self,
        it: &Guarded<'_>,
        side: PositionSide,
        amount: Money,
        why: MarginFor,
    ) -> Measure {
        let symbol = it.instrument.symbol.clone();
        let failure = self.ports.broker.adjust_isolated_margin(&symbol, side, amount).await.err();
        Measure::MarginAdded { symbol, side, amount, why, failure }
    }

    /// Closes so much of a position, and writes it into the books.
    pub(super) async fn cut(&self, it: &Guarded<'_>, cut: &Cut, why: CutFor) -> Measure {
        let done = self.cut_at_venue(it, cut, why).await;
        self.after_cut(done).await
    }

    /// Closes so much of a position, in the slices of its cut: the next pass judges anew how much is to go.
    pub(super) async fn cut_at_venue(&self, it: &Guarded<'_>, cut: &Cut, why: CutFor) -> CutAtVenue {
        let (symbol, direction) = (&it.instrument.symbol, it.position.direction);
        let purpose = if matches!(why, CutFor::Flatten(_)) { Purpose::Flatten } else { Purpose::Reduce };
        let (mut closed, mut failure) = (None::<ClosedAtVenue>, None);
        let mut slices = cut.slices.iter().peekable();
        while let Some(slice) = slices.next() {
            // The last of the whole closes what is held, whatever that is by then.
            let quantity = (!cut.is_whole || slices.peek().is_some()).then_some(slice);
            let closing = Closing { symbol, direction, quantity, purpose, wait: Wait::Glance, name: None };
            match self.close_at_venue(&closing).await {
                Ok(done) => {
                    closed = Some(match closed {
                        Some(before) => before.and(done),
                        None => done,
                    });
                }
                // It is gone already: by its stop, say.
                Err(why_not) if matches!(why_not.cause(), CloseFailure::NothingHeld { .. }) => break,
                Err(why_not) => {
                    failure = Some(why_not);
                    break;
                }
            }
        }
        CutAtVenue { symbol: symbol.clone(), direction, wanted: cut.quantity, why, closed, failure }
    }
}

impl Work<'_> {
    /// What backs it, by name.
    pub(super) fn backed(&self, backing: Backing) -> Backed {
        let Backing::Isolated(place) = backing else { return Backed::Pool };
        let found = self.account.positions.get(place).zip(self.sides.get(place));
        found.map_or(Backed::Pool, |(it, side)| Backed::Isolated {
            symbol: it.instrument.symbol.clone(),
            side: *side,
            direction: it.position.direction,
        })
    }
}

/// The position that an action changes, if it changes one.
const fn place_of(action: &Action) -> Option<usize> {
    match action {
        Action::AddMargin { place, .. }
        | Action::Reduce { place, .. }
        | Action::Flatten { backing: Backing::Isolated(place), .. } => Some(*place),
        Action::AlreadyDue { .. }
        | Action::Warn { .. }
        | Action::CancelEntries { .. }
        | Action::Flatten { backing: Backing::Pool, .. } => None,
    }
}
