//! Measures on record, and told to a person.

use super::gap::WhyLost;
use super::measure::{Backed, CutFor, MarginFor, Measure};
use crate::position_manager::PositionManager;
use crate::trouble::Troubles;
use plimsoll_domain::afloat::Stage;
use plimsoll_domain::{Decimal, FillCause, MarginRatio, Quantity, Symbol};
use plimsoll_ports::{Alert, Severity};
use std::collections::HashMap;
use std::sync::PoisonError;

/// How loud what backs positions was when it was last told: due or not, and its stage.
#[derive(Debug, Default)]
pub(crate) struct Stages(HashMap<Backed, (bool, Stage)>);

impl Stages {
    /// Which of these are louder than before. What is calm again is forgotten.
    fn hear(&mut self, measures: &[Measure]) -> Vec<Backed> {
        let now: HashMap<Backed, (bool, Stage)> = measures.iter().filter_map(loudness).collect();
        let is_louder = |of: &Backed, level: (bool, Stage)| self.0.get(of).is_none_or(|before| level > *before);
        let louder = now.iter().filter(|(of, level)| is_louder(of, **level)).map(|(of, _)| of.clone()).collect();
        self.0 = now;
        louder
    }
}

fn loudness(measure: &Measure) -> Option<(Backed, (bool, Stage))> {
    match measure {
        Measure::AlreadyDue { of, .. } => Some((of.clone(), (true, Stage::Flatten))),
        Measure::Warned { of, stage, .. } => Some((of.clone(), (false, *stage))),
        _ => None,
    }
}

/// One entry in the records, and what a person hears of it.
struct Said {
    kind: &'static str,
    symbol: Option<Symbol>,
    title: String,
    detail: String,
    figure: Option<Decimal>,
    limit: Option<Decimal>,
    outcome: &'static str,
    severity: Severity,
}

impl PositionManager {
    /// Records and tells each measure; how near something is, only when that becomes louder.
    pub(in crate::position_manager) async fn tell_of_measures(&self, measures: &[Measure], troubles: &mut Troubles) {
        let louder = self.afloat.stages.lock().unwrap_or_else(PoisonError::into_inner).hear(measures);
        self.tell_each(measures.iter().filter(|it| loudness(it).is_none_or(|(of, _)| louder.contains(&of))), troubles)
            .await;
    }

    /// Records and tells these, and answers them.
    pub(in crate::position_manager) async fn told(
        &self,
        measures: Vec<Measure>,
        troubles: &mut Troubles,
    ) -> Vec<Measure> {
        self.tell_each(measures.iter(), troubles).await;
        measures
    }

    /// Records and tells each of these.
    async fn tell_each(&self, measures: impl Iterator<Item = &Measure>, troubles: &mut Troubles) {
        let account = &self.settings.account;
        for it in measures.filter_map(|measure| self.said(measure)) {
            self.log_risk(it.kind, it.symbol.as_ref(), &it.detail, it.figure, it.limit, it.outcome, troubles).await;
            let of = it.symbol.as_ref().map_or("cross", Symbol::as_str);
            let key = format!("{}/{account}/{of}", it.kind);
            let alert =
                Alert { severity: it.severity, key, title: format!("{account}: {}", it.title), body: it.detail };
            self.alert(&alert, troubles).await;
        }
    }

    fn said(&self, measure: &Measure) -> Option<Said> {
        let detail = measure.to_string();
        let failed = |has_failed: bool, done| if has_failed { "failed" } else { done };
        Some(match measure {
            Measure::AlreadyDue { of, margin, .. } => Said {
                kind: "already_due",
                symbol: of.symbol().cloned(),
                title: format!("the mark has gone through the liquidation price of {of}"),
                detail,
                figure: margin.ratio().map(MarginRatio::get),
                limit: Some(Decimal::ONE),
                outcome: "told",
                severity: Severity::Critical,
            },
            Measure::Warned { of, ratio, stage, .. } => Said {
                kind: "margin_stage",
                symbol: of.symbol().cloned(),
                title: format!("margin of {of}: {stage}"),
                detail,
                figure: ratio.map(MarginRatio::get),
                limit: self.ratio_of(*stage),
                outcome: stage.as_str(),
                severity: if *stage >= Stage::Reduce { Severity::Critical } else { Severity::Warning },
            },
            Measure::EntriesCancelled { cancelled, .. } if cancelled.is_empty() => return None,
            Measure::EntriesCancelled { .. } => Said {
                kind: "entries_cancelled",
                symbol: None,
                title: "entries were cancelled to free margin".to_owned(),
                detail,
                figure: None,
                limit: None,
                outcome: "cancelled",
                severity: Severity::Warning,
            },
            Measure::MarginAdded { symbol, amount, failure, .. } => Said {
                kind: "margin_added",
                symbol: Some(symbol.clone()),
                title: format!("margin of {symbol}"),
                detail,
                figure: Some(amount.get()),
                limit: None,
                outcome: failed(failure.is_some(), "added"),
                severity: if failure.is_some() { Severity::Critical } else { Severity::Warning },
            },
            Measure::Cut { symbol, wanted, why, failure, .. } => Said {
                kind: why.as_str(),
                symbol: Some(symbol.clone()),
                title: format!("{symbol} was {}", cut_word(*why, failure.is_some())),
                detail,
                figure: Some(wanted.get()),
                limit: None,
                outcome: failed(
                    failure.is_some(),
                    if matches!(why, CutFor::Flatten(_)) { "closed" } else { "reduced" },
                ),
                severity: Severity::Critical,
            },
            Measure::Grown { symbol, quantity, failure, .. } => Said {
                kind: "leverage_kept",
                symbol: Some(symbol.clone()),
                title: format!("{symbol} below its leverage"),
                detail,
                figure: Some(quantity.get()),
                limit: None,
                outcome: failed(failure.is_some(), "grown"),
                severity: Severity::Warning,
            },
            Measure::Taken { symbol, quantity, cause, .. } => Said {
                kind: match cause {
                    FillCause::Adl => "deleveraged",
                    FillCause::Liquidation => "liquidated",
                    FillCause::Settlement | FillCause::Order => "settled",
                },
                symbol: Some(symbol.clone()),
                title: format!("{symbol} was taken by the venue: {cause}"),
                detail,
                figure: Some(quantity.get()),
                limit: None,
                outcome: "told",
                severity: Severity::Critical,
            },
        })
    }

    fn ratio_of(&self, stage: Stage) -> Option<Decimal> {
        let thresholds = self.thresholds();
        let it = thresholds.settings();
        let level = match stage {
            Stage::Warn => it.warn,
            Stage::Cancel => it.cancel,
            Stage::TopUp => it.top_up?.at,
            Stage::Reduce => it.reduce,
            Stage::Flatten => it.flatten,
        };
        Some(level.ratio.get())
    }
}

const fn cut_word(why: CutFor, has_failed: bool) -> &'static str {
    match (why, has_failed) {
        (CutFor::Flatten(_), false) => "closed to keep the account afloat",
        (CutFor::Flatten(_), true) => "not closed, though its margin is gone",
        (_, false) => "reduced",
        (_, true) => "not reduced as it should have been",
    }
}

impl std::fmt::Display for Measure {
    /// One sentence with its figures.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let because = |f: &mut std::fmt::Formatter<'_>, failure: Option<&dyn std::fmt::Display>| match failure {
            Some(failure) => write!(f, ": {failure}"),
            None => Ok(()),
        };
        match self {
            Self::AlreadyDue { of, margin, last_seen } => {
                write!(f, "{of}: equity {} against {} required: ", margin.equity, margin.maintenance)?;
                match last_seen {
                    None => f.write_str(WhyLost::DueAtFirst.as_str()),
                    Some(seen) => write!(f, "{seen}"),
                }
            }
            Self::Warned { of, ratio, distance, stage } => {
                let ratio = ratio.map_or_else(|| "none".to_owned(), |it| it.get().round_dp(4).to_string());
                write!(f, "{of}: margin ratio {ratio}, {stage}")?;
                distance.map_or(Ok(()), |it| write!(f, ", {} of the mark from liquidation", it.get().round_dp(4)))
            }
            Self::EntriesCancelled { cancelled, .. } => write!(f, "{} entries were cancelled", cancelled.len()),
            Self::MarginAdded { symbol, amount, why, failure, .. } => {
                let done = if failure.is_some() { "was not added" } else { "was added" };
                let why = match why {
                    MarginFor::Target => "",
                    MarginFor::AsFarAsFree => ", all that is free",
                    MarginFor::Leverage => ", for its leverage",
                    MarginFor::Kept => ", set free by making it smaller",
                };
                write!(f, "{amount} {done} to the margin of {symbol}{why}")?;
                because(f, failure.as_ref().map(|it| it as &dyn std::fmt::Display))
            }
            Self::Cut { symbol, direction, wanted, closed, failure, .. } => {
                let orders: usize = closed.iter().map(|it| it.orders.len()).sum();
                let done = closed.iter().map(|it| it.quantity).reduce(|sum, it| sum + it);
                let done = done.map_or_else(|| "none".to_owned(), |it: Quantity| it.to_string());
                write!(f, "{done} of {wanted} {symbol} {direction} closed, in {orders} orders")?;
                because(f, failure.as_ref().map(|it| it as &dyn std::fmt::Display))
            }
            Self::Grown { symbol, direction, quantity, failure } => {
                let done = if failure.is_some() { "not added" } else { "added" };
                write!(f, "{quantity} {done} to {symbol} {direction}")?;
                because(f, failure.as_ref().map(|it| it as &dyn std::fmt::Display))
            }
            Self::Taken { symbol, direction, quantity, price, cause, last_seen, .. } => {
                write!(f, "the venue took {quantity} of {symbol} {direction} at {price} ({cause})")?;
                match last_seen.filter(|_| *cause == FillCause::Liquidation) {
                    None => Ok(()),
                    Some(seen) => write!(f, "; {seen}"),
                }
            }
        }
    }
}
