//! Keeping the account afloat: what margin makes necessary, done in the order of the plan, and told.

mod carrying_out;
mod deleveraged;
mod gap;
mod keeping_margin;
mod leverage;
mod measure;
mod reading;
mod settings;
mod telling;

pub use gap::{LastSeen, WhyLost};
pub use measure::{Backed, CutFor, MarginFor, Measure};
pub use settings::{AfloatSettings, HedgePair, KeptLeverage, LostLeg, NotSuchLeverage};

use super::PositionManager;
use carrying_out::Work;
use deleveraged::{Lost, Unmatched};
use gap::Sightings;
use keeping_margin::Owed;
use telling::Stages;

use super::outcome::{Action, FlattenReason};
use super::reading::Reading;
use crate::trouble::Troubles;
use plimsoll_domain::afloat::{self, Backing, plan};
use plimsoll_domain::{Decimal, MarginHealth, PositionSide, Symbol, Timestamp};
use std::collections::HashMap;
use std::sync::Mutex;

/// What this process remembers of it.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// How loud what backs positions was when it was last told.
    stages: Mutex<Stages>,
    /// How every position was last seen.
    sightings: Mutex<Sightings>,
    /// What the venue has taken, and nobody has followed yet.
    taken: Mutex<Vec<Lost>>,
    /// What hedged that and is to be closed still.
    unmatched: Mutex<Vec<Unmatched>>,
    /// What cuts have set free of isolated margin, and is to be put back still.
    owed: Mutex<Vec<Owed>>,
    /// When positions were last refused to grow to their leverage.
    growth: Mutex<HashMap<(Symbol, PositionSide), Timestamp>>,
}

/// What keeping the account afloat came to in one pass.
pub(super) struct Kept {
    pub(super) action: Action,
    pub(super) measures: Vec<Measure>,
}

impl PositionManager {
    /// Judges the margin of everything that is held, and does what the plan says: lighter measures before heavier ones,
    /// the worst first. What must be closed is closed before anything is written down.
    ///
    /// A pool that is to be closed, and a cover below its limit, stop trading: the kill switch is engaged and everything is
    /// closed.
    pub(super) async fn keep_afloat(
        &self,
        reading: &Reading,
        cover: Option<Decimal>,
        health: MarginHealth,
        troubles: &mut Troubles,
    ) -> Kept {
        let (mut account, sides) = (self.guarded_account(reading), reading::sides(reading));
        let mut measures = self.put_back_owed(&mut account, &sides).await;
        let thresholds = self.thresholds();
        let actions = plan(&account, &thresholds);
        let account = &account;
        let work = Work { account, sides: &sides, thresholds: &thresholds };
        let closes_pool = |it: &afloat::Action| matches!(it, afloat::Action::Flatten { backing: Backing::Pool, .. });
        let kept = if health == MarginHealth::Flatten || actions.iter().any(closes_pool) {
            let reason = FlattenReason::Margin { cover: cover.unwrap_or_default() };
            let action = self.stop_and_flatten("margin", reason, troubles).await;
            measures.extend(actions.iter().filter_map(|it| self.said_by(it, &work)));
            Kept { action, measures }
        } else {
            measures.extend(self.carry_out(&work, &actions, troubles).await);
            let has_acted = measures.iter().any(Measure::has_acted);
            Kept { action: if has_acted { Action::Defended } else { Action::None }, measures }
        };
        self.tell_of_measures(&kept.measures, troubles).await;
        kept
    }
}
