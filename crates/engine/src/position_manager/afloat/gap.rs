//! How a position was last seen, so that its end by force can be told for what it was.

use super::carrying_out::Work;
use super::measure::{Backed, Measure};
use crate::position_manager::PositionManager;
use crate::position_manager::outcome::PositionHealth;
use crate::position_manager::reading::Reading;
use plimsoll_domain::afloat::{Backing, Guarded, Stage};
use plimsoll_domain::{Collateral, Liquidation, MarginRatio, PositionSide, Price, Symbol, Timestamp};
use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::Duration;

/// How a position was when it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastSeen {
    /// When, by our clock.
    pub at: Timestamp,
    /// When it was found to be due, or taken: what came between is not known.
    pub until: Timestamp,
    /// Its mark then.
    pub mark: Price,
    /// The prices that would have liquidated it, exactly.
    pub liquidation: Liquidation,
    /// Maintenance ÷ equity of what backed it.
    pub margin_ratio: Option<MarginRatio>,
    /// The stage that it had reached.
    pub stage: Option<Stage>,
    /// What that stage asks for was done without failure.
    pub is_answered: bool,
}

/// Why no reduction saved a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WhyLost {
    /// Nothing was left undone: the mark went through the liquidation price with no look between.
    Gap,
    /// It was to be made smaller when it was last seen, and was not.
    NotReduced,
    /// Nobody had looked at it for longer than a guard lets pass: the venue could not be reached, say.
    NotLookedAt,
    /// It was due when it was first seen: what came before is not known.
    DueAtFirst,
}

impl WhyLost {
    /// What is said of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "a gap through the liquidation price, which no reduction could have prevented",
            Self::NotReduced => "it was to be reduced, and was not",
            Self::NotLookedAt => "it was not looked at since",
            Self::DueAtFirst => "it was due when it was first seen",
        }
    }
}

/// A guard whose account is calm looks once a minute.
const SELDOM: Duration = Duration::from_secs(2 * 60);

impl LastSeen {
    /// Why no reduction saved it.
    #[must_use]
    pub fn why_lost(&self) -> WhyLost {
        let was_answered = self.is_answered || self.stage.is_none_or(|stage| stage < Stage::Reduce);
        match self.liquidation {
            Liquidation::AlreadyDue => WhyLost::DueAtFirst,
            _ if !was_answered => WhyLost::NotReduced,
            _ if self.until.since(self.at) > SELDOM => WhyLost::NotLookedAt,
            _ => WhyLost::Gap,
        }
    }

    /// Whether nothing was left undone: the mark went from there through the liquidation price with no look between.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        self.why_lost() == WhyLost::Gap
    }
}

impl std::fmt::Display for LastSeen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bounds = self.liquidation.bounds().unwrap_or_default();
        let nearest = bounds.below.or(bounds.above);
        let liquidation = nearest.map_or_else(|| "not known".to_owned(), |it| it.get().round_dp(2).to_string());
        write!(f, "last seen {} at a mark of {}, liquidation at {liquidation}: ", self.at, self.mark)?;
        f.write_str(self.why_lost().as_str())
    }
}

/// The last sight of every position.
#[derive(Debug, Default)]
pub(crate) struct Sightings(HashMap<(Symbol, PositionSide), LastSeen>);

impl PositionManager {
    /// Remembers how every position is, and what was done about it. How one was before it was due is not forgotten once it
    /// is.
    pub(in crate::position_manager) fn remember(
        &self,
        reading: &Reading,
        positions: &[PositionHealth],
        measures: &[Measure],
    ) {
        let at = self.ports.clock.now();
        let of_pool = stage_of(measures, |of| *of == Backed::Pool);
        let has_failed = measures.iter().any(Measure::has_failed);
        let mut sightings = self.afloat.sightings.lock().unwrap_or_else(PoisonError::into_inner);
        for it in positions {
            let is_cross = reading.find(&it.symbol, it.side).is_none_or(|held| held.collateral() == Collateral::Cross);
            let is_its = |of: &Backed| matches!(of, Backed::Isolated { symbol, side, .. } if (symbol, side) == (&it.symbol, &it.side));
            let stage = if is_cross { of_pool } else { stage_of(measures, is_its) };
            let (mark, liquidation, margin_ratio) = (it.mark, it.liquidation, it.margin_ratio);
            let is_answered = stage.is_some_and(|stage| stage >= Stage::Reduce) && !has_failed;
            let seen = LastSeen { at, until: at, mark, liquidation, margin_ratio, stage, is_answered };
            let before = sightings.0.entry((it.symbol.clone(), it.side)).or_insert(seen);
            if liquidation != Liquidation::AlreadyDue {
                *before = seen;
            }
        }
    }

    /// How a position was before what has become of it `until` then.
    pub(super) fn last_seen(&self, symbol: &Symbol, side: PositionSide, until: Timestamp) -> Option<LastSeen> {
        let sightings = self.afloat.sightings.lock().unwrap_or_else(PoisonError::into_inner);
        sightings.0.get(&(symbol.clone(), side)).map(|seen| LastSeen { until, ..*seen })
    }

    /// How what this backs was before: of cross positions, one that no gap explains.
    pub(super) fn backing_last_seen(&self, backing: Backing, work: &Work<'_>) -> Option<LastSeen> {
        let now = self.ports.clock.now();
        let is_its = |place: usize, it: &Guarded<'_>| match backing {
            Backing::Pool => it.collateral == Collateral::Cross,
            Backing::Isolated(own) => place == own,
        };
        let positions = work.account.positions.iter().zip(work.sides).enumerate();
        let its = positions.filter(|(place, (it, _))| is_its(*place, it));
        let seen = its.filter_map(|(_, (it, side))| self.last_seen(&it.instrument.symbol, *side, now));
        seen.min_by_key(LastSeen::is_gap)
    }
}

fn stage_of(measures: &[Measure], is_it: impl Fn(&Backed) -> bool) -> Option<Stage> {
    let stage = |it: &Measure| match it {
        Measure::AlreadyDue { of, .. } | Measure::Warned { of, .. } if is_it(of) => it.stage(),
        _ => None,
    };
    measures.iter().filter_map(stage).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::LiquidationBounds;

    #[test]
    fn a_gap_is_where_nothing_was_left_undone() {
        let seen = |stage, is_answered| LastSeen {
            at: Timestamp::default(),
            until: Timestamp::default().plus(SELDOM),
            mark: "100".parse().unwrap(),
            liquidation: Liquidation::Bounds(LiquidationBounds { below: "90".parse().ok(), above: None }),
            margin_ratio: None,
            stage,
            is_answered,
        };
        for (stage, is_answered, expected) in [
            (None, false, WhyLost::Gap),
            (Some(Stage::Warn), false, WhyLost::Gap),
            (Some(Stage::TopUp), false, WhyLost::Gap),
            (Some(Stage::Reduce), false, WhyLost::NotReduced),
            (Some(Stage::Reduce), true, WhyLost::Gap),
            (Some(Stage::Flatten), false, WhyLost::NotReduced),
        ] {
            assert_eq!(seen(stage, is_answered).why_lost(), expected, "{stage:?} {is_answered}");
        }
        let due = LastSeen { liquidation: Liquidation::AlreadyDue, ..seen(Some(Stage::Flatten), false) };
        assert_eq!(due.why_lost(), WhyLost::DueAtFirst);
        let long_ago = LastSeen { until: Timestamp::default().plus(SELDOM * 2), ..seen(None, false) };
        assert_eq!(long_ago.why_lost(), WhyLost::NotLookedAt);
    }
}
