//! How a position was last seen, so that its end by force can be told for what it was.

use super::measure::{Backed, Measure};
use crate::position_manager::PositionManager;
use crate::position_manager::outcome::PositionHealth;
use crate::position_manager::reading::Reading;
use plimsoll_domain::afloat::Stage;
use plimsoll_domain::{Collateral, Liquidation, MarginRatio, PositionSide, Price, Symbol, Timestamp};
use std::collections::HashMap;
use std::sync::PoisonError;

/// How a position was when it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastSeen {
    /// When, by our clock.
    pub at: Timestamp,
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

impl LastSeen {
    /// Whether nothing was left undone: the mark went from there through the liquidation price with no look between, or
    /// was beyond it already when it was seen.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        let is_due = self.liquidation == Liquidation::AlreadyDue;
        is_due || self.is_answered || self.stage.is_none_or(|stage| stage < Stage::Reduce)
    }
}

impl std::fmt::Display for LastSeen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bounds = self.liquidation.bounds().unwrap_or_default();
        let nearest = bounds.below.or(bounds.above);
        let liquidation = nearest.map_or_else(|| "not known".to_owned(), |it| it.get().round_dp(2).to_string());
        write!(f, "last seen {} at a mark of {}, liquidation at {liquidation}: ", self.at, self.mark)?;
        f.write_str(match self.is_gap() {
            true => "a gap through the liquidation price, which no reduction could have prevented",
            false => "it was to be reduced, and was not",
        })
    }
}

/// The last sight of every position.
#[derive(Debug, Default)]
pub(crate) struct Sightings(HashMap<(Symbol, PositionSide), LastSeen>);

impl PositionManager {
    /// Remembers how every position is, and what was done about it.
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
            let seen = LastSeen { at, mark, liquidation, margin_ratio, stage, is_answered };
            sightings.0.insert((it.symbol.clone(), it.side), seen);
        }
    }

    pub(super) fn last_seen(&self, symbol: &Symbol, side: PositionSide) -> Option<LastSeen> {
        let sightings = self.afloat.sightings.lock().unwrap_or_else(PoisonError::into_inner);
        sightings.0.get(&(symbol.clone(), side)).copied()
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
            mark: "100".parse().unwrap(),
            liquidation: Liquidation::Bounds(LiquidationBounds { below: "90".parse().ok(), above: None }),
            margin_ratio: None,
            stage,
            is_answered,
        };
        for (stage, is_answered, expected) in [
            (None, false, true),
            (Some(Stage::Warn), false, true),
            (Some(Stage::TopUp), false, true),
            (Some(Stage::Reduce), false, false),
            (Some(Stage::Reduce), true, true),
            (Some(Stage::Flatten), false, false),
        ] {
            assert_eq!(seen(stage, is_answered).is_gap(), expected, "{stage:?} {is_answered}");
        }
        let due = LastSeen { liquidation: Liquidation::AlreadyDue, ..seen(Some(Stage::Flatten), false) };
        assert!(due.is_gap());
    }
}
