//! What a live view of the account says between two looks: worked out in memory, without asking the venue.

use super::{Action, MonitorReport};
use crate::position_manager::PositionManager;
use crate::position_manager::afloat::{Backed, Measure};
use crate::venue_account::AccountView;
use plimsoll_domain::afloat::{Stage, stage};
use plimsoll_domain::risk::{EquityWatch, Verdict, verdict};
use plimsoll_domain::{
    Collateral, Decimal, Direction, HeldPosition, Holding, MarginHealth, Money, Order, OrderType, Portfolio,
    PositionSide, Quantity, Symbol, margin, margin_cover,
};
use std::collections::BTreeSet;

/// What is to be feared of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glance {
    /// How its margin is; `None` where a part of it cannot be judged.
    pub(crate) health: Option<MarginHealth>,
    /// How far the margin of anything has come that nothing was done about; `None` if all is calm or cannot be judged.
    pub(crate) stage: Option<Stage>,
    /// Something is held, and a limit on losses is broken.
    pub(crate) has_losses: bool,
    /// The positions that no stop covers.
    pub(crate) bare: BTreeSet<(Symbol, PositionSide)>,
}

impl Glance {
    /// What a look has found, and has answered by what it did. The margin of what is left alone is its own affair.
    fn of(report: &MonitorReport, is_left_alone: impl Fn(&Symbol, PositionSide) -> bool) -> Self {
        let is_judged = report.unpriced.is_empty();
        let is_gone = matches!(report.action, Action::Flattened(_));
        // What was done without failure has answered it: whatever shows from now on is new.
        let is_answered =
            is_gone || report.action == Action::Defended && !report.measures.iter().any(Measure::has_failed);
        let bare = report.positions.iter().filter(|it| it.is_unprotected());
        let is_apart = |measure: &&Measure| match measure {
            Measure::AlreadyDue { of: Backed::Isolated { symbol, side, .. }, .. }
            | Measure::Warned { of: Backed::Isolated { symbol, side, .. }, .. } => is_left_alone(symbol, *side),
            _ => false,
        };
        let stage = report.measures.iter().filter(|it| !is_apart(it)).filter_map(Measure::stage).max();
        Self {
            health: is_judged.then_some(report.verdict.health),
            stage: stage.filter(|_| !is_answered),
            has_losses: !report.verdict.trips.is_empty() && !report.positions.is_empty() && !is_gone,
            bare: bare.map(|it| (it.symbol.clone(), it.side)).collect(),
        }
    }

    /// Nothing is to be feared that was not known.
    pub(crate) fn is_calm_after(&self, seen: &Self) -> bool {
        let is_healthy = matches!(self.health, Some(MarginHealth::NoPositions | MarginHealth::Healthy));
        is_healthy && self.stage.is_none() && !self.has_losses && self.bare.is_subset(&seen.bare)
    }

    /// Margin has become thinner than it was, by a step that something is to be done about.
    pub(crate) fn is_thinner_than(&self, before: &Self) -> bool {
        let is_worse = self.health.is_some_and(|health| health >= MarginHealth::Reduce && Some(health) > before.health);
        is_worse || self.stage > before.stage
    }

    /// A limit on losses is broken that was not.
    pub(crate) const fn has_lost_since(&self, before: &Self) -> bool {
        self.has_losses && !before.has_losses
    }
}

impl PositionManager {
    /// What a look has left to be feared.
    pub(crate) fn seen(&self, report: &MonitorReport) -> Glance {
        Glance::of(report, |symbol, side| self.is_left_alone(symbol, side))
    }

    /// Judges a view by the limits that a look goes by. Days and peaks are those that the last look knew.
    pub(crate) fn glance(&self, view: &AccountView) -> Glance {
        let (settle, now) = (&self.settings.settle, self.ports.clock.now());
        let standing = view.standing(settle, self.settings.closing_fee);
        let bare = view.positions.iter().filter(|it| it.symbol.settle() == settle.as_str() && !is_covered(view, it));
        let bare = bare.map(|it| (it.symbol.clone(), it.position_side)).collect();
        let Some(portfolio) = standing.portfolio() else {
            return Glance { health: None, stage: None, has_losses: false, bare };
        };
        let equity = portfolio.holdings.iter().fold(portfolio.wallet, |sum, it| sum + profit(it));
        let calm = EquityWatch::new(equity, now);
        let watch = self.earnings().watch_on(equity, now).unwrap_or(calm);
        let apart: Vec<bool> = portfolio.holdings.iter().map(|it| self.is_apart(it, view)).collect();
        let is_judged = |place: usize| apart.get(place) != Some(&true);
        let cover = worst_cover(&portfolio, is_judged);
        let Verdict { health, trips } = verdict(cover, &watch, &self.limits_in_force());
        let stage = stage(&portfolio, &self.thresholds(), is_judged);
        Glance { health: Some(health), stage, has_losses: !trips.is_empty() && !portfolio.holdings.is_empty(), bare }
    }

    /// It is somebody else's, is left alone, and shares its margin with nothing.
    fn is_apart(&self, it: &Holding<'_>, view: &AccountView) -> bool {
        let is_it =
            |held: &&HeldPosition| held.symbol == *it.symbol && held.position.direction == it.position.direction;
        let is_isolated = it.collateral != Collateral::Cross;
        is_isolated
            && self.leaves_any_alone()
            && view
                .positions
                .iter()
                .find(is_it)
                .is_some_and(|held| self.is_left_alone(&held.symbol, held.position_side))
    }
}

fn profit(it: &Holding<'_>) -> Money {
    it.position.unrealized_pnl(it.mark)
}

fn worst_cover(portfolio: &Portfolio<'_>, is_judged: impl Fn(usize) -> bool) -> Option<Decimal> {
    let pool = portfolio.margin();
    let cover = |it: &Holding<'_>| match it.collateral {
        Collateral::Cross => pool.cover(),
        Collateral::Isolated(assigned) => {
            let maintenance = it.tiers.maintenance(it.notional());
            margin_cover(maintenance, margin::isolated_equity(it.position, assigned, it.mark))
        }
    };
    let judged = portfolio.holdings.iter().enumerate().filter(|(place, _)| is_judged(*place));
    judged.filter_map(|(_, it)| cover(it)).min()
}

/// Whether stops rest that cover a position whole.
pub(crate) fn is_covered(view: &AccountView, it: &HeldPosition) -> bool {
    let held = it.position;
    let stops = view.orders.iter().filter(|order| is_stop(order, &it.symbol, it.position_side, held.direction));
    covers(stops, held.quantity)
}

/// Stops cover a size whole: one that closes whatever there is, or enough of them with sizes.
pub(in crate::position_manager) fn covers<'a>(mut stops: impl Iterator<Item = &'a Order>, held: Quantity) -> bool {
    let mut covered = Decimal::ZERO;
    stops.any(|stop| {
        covered = covered.saturating_add(stop.quantity.map_or(Decimal::ZERO, Quantity::get));
        stop.close_position || covered >= held.get()
    })
}

/// It rests as a stop of this position.
pub(in crate::position_manager) fn is_stop(
    order: &Order,
    symbol: &Symbol,
    side: PositionSide,
    direction: Direction,
) -> bool {
    order.symbol == *symbol
        && order.position_side == side
        && order.side == direction.closing_side()
        && matches!(order.order_type, OrderType::StopMarket | OrderType::Stop | OrderType::TrailingStopMarket)
        && !order.status.is_final()
}
