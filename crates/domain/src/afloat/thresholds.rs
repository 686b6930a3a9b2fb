//! From which figures on what is done.

use crate::margin::MarginRatio;
use crate::money::Money;
use crate::rate::Rate;
use crate::risk::BrokenLimit;
use crate::side::{UnknownWord, words};
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// A threshold: reached from this margin ratio up, or at this distance to liquidation and nearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Maintenance ÷ equity.
    pub ratio: MarginRatio,
    /// From the mark to liquidation, as a share of the mark; `None` judges by the ratio alone.
    pub distance: Option<Rate>,
}

/// The thresholds as somebody wrote them down; [`Thresholds::new`] checks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThresholdSettings {
    /// From here on somebody is told.
    pub warn: Level,
    /// From here on entries are taken off the book.
    pub cancel: Level,
    /// From here on isolated positions are given margin; `None` never does.
    pub top_up: Option<MarginTopUp>,
    /// From here on positions are made smaller.
    pub reduce: Level,
    /// From here on everything is closed that shares the margin.
    pub flatten: Level,
    /// What adding margin and reducing restore: at most this ratio, and at least this distance.
    pub target: Level,
}

/// Margin for isolated positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarginTopUp {
    /// From here on.
    pub at: Level,
    /// The most that one plan moves, into all positions together.
    pub most: Money,
}

/// How far the margin of something has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Somebody is told.
    Warn,
    /// Entries are cancelled.
    Cancel,
    /// Isolated margin is added.
    TopUp,
    /// Positions are reduced.
    Reduce,
    /// Everything is closed.
    Flatten,
}
words!(
    Stage,
    "stage of protection",
    Warn = "warn",
    Cancel = "cancel",
    TopUp = "top_up",
    Reduce = "reduce",
    Flatten = "flatten"
);

impl Level {
    fn at(hundredths: i64) -> Self {
        Self { ratio: MarginRatio::reported(Decimal::new(hundredths, 2)), distance: None }
    }

    fn is_reached(&self, ratio: Option<MarginRatio>, distance: Option<Rate>) -> bool {
        let by_distance = self.distance.zip(distance).is_some_and(|(level, distance)| distance <= level);
        ratio.is_some_and(|ratio| ratio >= self.ratio) || by_distance
    }
}

impl Default for ThresholdSettings {
    fn default() -> Self {
        Self {
            warn: Level::at(70),
            cancel: Level::at(75),
            top_up: None,
            reduce: Level::at(80),
            flatten: Level::at(95),
            target: Level::at(60),
        }
    }
}

/// Thresholds that make sense: each at or above the one before, and the target below all of them, so that what is
/// restored is calm.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Thresholds(ThresholdSettings);

impl Thresholds {
    /// # Errors
    /// [`BrokenThresholds`] lists everything about them that makes no sense.
    pub fn new(settings: ThresholdSettings) -> Result<Self, BrokenThresholds> {
        let broken = problems(&settings);
        if broken.is_empty() { Ok(Self(settings)) } else { Err(BrokenThresholds(broken)) }
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &ThresholdSettings {
        &self.0
    }

    /// The same, with nothing later than these ratios: where reducing or flattening would come after them it comes at them,
    /// and what comes before it, and the target, moves down with it in proportion.
    #[must_use]
    pub fn no_later_than(&self, reduce: MarginRatio, flatten: MarginRatio) -> Self {
        let mut it = self.0;
        it.flatten.ratio = it.flatten.ratio.min(flatten);
        let moved = it.reduce.ratio.min(reduce).min(it.flatten.ratio);
        if moved < it.reduce.ratio {
            let share = moved.get().checked_div(it.reduce.ratio.get()).unwrap_or(Decimal::ONE);
            let lower = |level: &mut Level| {
                level.ratio = MarginRatio::reported(level.ratio.get().saturating_mul(share));
            };
            [&mut it.warn, &mut it.cancel, &mut it.target].into_iter().for_each(lower);
            it.top_up.iter_mut().for_each(|top_up| lower(&mut top_up.at));
            it.reduce.ratio = moved;
        }
        Self(it)
    }

    /// The same, giving no margin to anything.
    #[must_use]
    pub const fn without_top_up(&self) -> Self {
        Self(ThresholdSettings { top_up: None, ..self.0 })
    }

    /// Whether any is reached by distance.
    #[must_use]
    pub fn judges_distance(&self) -> bool {
        let it = &self.0;
        let levels =
            [Some(it.warn), Some(it.cancel), it.top_up.map(|top_up| top_up.at), Some(it.reduce), Some(it.flatten)];
        levels.into_iter().flatten().any(|level| level.distance.is_some())
    }

    /// The highest stage that an isolated position with these figures has reached; `None` is calm.
    #[must_use]
    pub fn isolated_stage(&self, ratio: Option<MarginRatio>, distance: Option<Rate>) -> Option<Stage> {
        self.stage(ratio, distance, self.0.top_up.as_ref().map(|top_up| top_up.at))
    }

    /// The highest stage that a cross pool with these figures has reached: margin is not added to it. `None` is calm.
    #[must_use]
    pub fn pool_stage(&self, ratio: Option<MarginRatio>, distance: Option<Rate>) -> Option<Stage> {
        self.stage(ratio, distance, None)
    }

    fn stage(&self, ratio: Option<MarginRatio>, distance: Option<Rate>, top_up: Option<Level>) -> Option<Stage> {
        let reached = |level: Level, stage| level.is_reached(ratio, distance).then_some(stage);
        reached(self.0.flatten, Stage::Flatten)
            .or_else(|| reached(self.0.reduce, Stage::Reduce))
            .or_else(|| top_up.and_then(|level| reached(level, Stage::TopUp)))
            .or_else(|| reached(self.0.cancel, Stage::Cancel))
            .or_else(|| reached(self.0.warn, Stage::Warn))
    }
}

fn problems(it: &ThresholdSettings) -> Vec<BrokenLimit> {
    let mut broken = Vec::new();
    let mut must = |holds: bool, setting: &'static str, rule: &'static str, found: &dyn fmt::Display| {
        if !holds {
            broken.push(BrokenLimit { setting, rule, found: found.to_string() });
        }
    };
    let levels = [
        ("target", Some(it.target)),
        ("warn", Some(it.warn)),
        ("cancel", Some(it.cancel)),
        ("top_up", it.top_up.map(|top_up| top_up.at)),
        ("reduce", Some(it.reduce)),
        ("flatten", Some(it.flatten)),
    ];
    let levels: Vec<(&'static str, Level)> = levels.into_iter().filter_map(|(name, it)| Some((name, it?))).collect();
    for (name, level) in &levels {
        let ratio = level.ratio.get();
        must(
            ratio > Decimal::ZERO && ratio <= Decimal::ONE,
            name,
            "must have a ratio above 0, at most 1",
            &level.ratio,
        );
        let Some(distance) = level.distance else { continue };
        let is_share = distance >= Rate::ZERO && distance.get() < Decimal::ONE;
        must(is_share, name, "must have a distance of at least 0 and below 1", &distance);
    }
    for pair in levels.windows(2) {
        let [(below, lower), (name, level)] = pair else { continue };
        let rises = if *below == "target" { level.ratio > lower.ratio } else { level.ratio >= lower.ratio };
        must(
            rises,
            name,
            "must have a ratio above the target's, and not below that of the threshold before",
            &level.ratio,
        );
    }
    let mut last: Option<Rate> = None;
    for (name, level) in levels.iter().filter(|(name, _)| *name != "target") {
        let Some(distance) = level.distance else { continue };
        must(
            last.is_none_or(|last| distance <= last),
            name,
            "must have a distance not above that of a threshold before",
            &distance,
        );
        let target = it.target.distance;
        must(
            target.is_some_and(|target| target > distance),
            "target",
            "must have a distance, above that of every threshold",
            &target.unwrap_or_default(),
        );
        last = Some(distance);
    }
    if let Some(top_up) = it.top_up {
        must(top_up.most.is_positive(), "top_up", "must move an amount above 0", &top_up.most);
    }
    broken
}

/// Everything about thresholds that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenThresholds(Vec<BrokenLimit>);

impl BrokenThresholds {
    /// The settings, one by one; never empty.
    #[must_use]
    pub fn all(&self) -> &[BrokenLimit] {
        &self.0
    }
}

impl fmt::Display for BrokenThresholds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, broken) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{broken}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BrokenThresholds {}
