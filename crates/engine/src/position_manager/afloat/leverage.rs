//! Positions brought back to the leverage that is kept, while their margin is calm.

use super::measure::{CutFor, MarginFor, Measure};
use super::settings::KeptLeverage;
use crate::position_manager::PositionManager;
use crate::position_manager::reading::{Held, Reading};
use crate::trouble::Troubles;
use plimsoll_domain::afloat::{Cut, Guarded, Releveraged, keep_leverage, margin_for_leverage, stage};
use plimsoll_domain::{Assessment, Collateral, Decimal, MarginHealth, Money, Quantity, Step, Symbol, margin};
use plimsoll_ports::{ComposedEntry, ComposedKind, OpenIntent, StopLoss};
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

/// What a check has refused is not asked for again sooner.
const ASKED_AGAIN: Duration = Duration::from_secs(60 * 60);

impl PositionManager {
    /// Brings every position of ours back to the leverage that is kept, if one is: by margin where that may be given, by
    /// making it smaller, and by making it larger only where that is allowed.
    pub(in crate::position_manager) async fn keep_leverage(
        &self,
        reading: &Reading,
        assessment: &Assessment,
        health: MarginHealth,
    ) -> Vec<Measure> {
        let mut measures = Vec::new();
        let Some(kept) = self.rules().afloat.leverage else { return measures };
        // Whoever adds exposure has a position of which the reading may show a part; what has no price hides a leverage.
        let is_busy = self.turn.try_acquire().is_err() || self.is_flattening();
        if is_busy || health != MarginHealth::Healthy || !reading.unpriced.is_empty() {
            return measures;
        }
        let is_away = |it: &Held| self.is_off_leverage(it, reading, assessment, &kept);
        if !reading.held.iter().any(is_away) {
            return measures;
        }
        // Nothing of this is urgent: where it is not known what else is at work nothing is done, and what is done goes by
        // what is held now.
        let Ok(working) = self.ports.journal.working(&self.settings.account).await else { return measures };
        let trading: BTreeSet<&Symbol> = working.iter().filter(|it| trades(it)).map(|it| &it.order.symbol).collect();
        let in_hand = self.in_hand_now().await;
        let Ok(reading) = self.read_account(&mut Troubles::default()).await else { return measures };
        let settle = &self.settings.settle;
        let portfolio = reading.portfolio(settle, self.settings.closing_fee);
        let is_thin = stage(&portfolio, &self.thresholds(), |_| true).is_some();
        if is_thin || !reading.unpriced.is_empty() {
            return measures;
        }
        let (reading, assessment) = (&reading, &portfolio.assess());
        let mut purse = self.spare(reading, assessment);
        for held in &reading.held {
            let it = self.guarded(held);
            let is_theirs = it.left_alone || in_hand.has(&held.report.symbol, held.report.position_side);
            if is_theirs || trading.contains(&held.report.symbol) {
                continue;
            }
            let Some(equity) = equity_behind(held, reading, assessment) else { continue };
            match keep_leverage(&it, equity, kept.target(), kept.band(), kept.adding()) {
                Releveraged::Hold => {}
                Releveraged::Reduce(cut) => {
                    measures.extend(self.relieve(held, &it, equity, &cut, &kept, &mut purse).await);
                }
                Releveraged::Increase(quantity) => measures.extend(self.grow(held, quantity).await),
            }
        }
        measures
    }

    /// A position of ours that is to be brought back, by this reading.
    fn is_off_leverage(&self, held: &Held, reading: &Reading, assessment: &Assessment, kept: &KeptLeverage) -> bool {
        let it = self.guarded(held);
        let wanted = |equity| keep_leverage(&it, equity, kept.target(), kept.band(), kept.adding());
        let equity = equity_behind(held, reading, assessment);
        !it.left_alone && equity.is_some_and(|equity| wanted(equity) != Releveraged::Hold)
    }

    /// What of the wallet may be moved and leaves the cross pool within the target of protection.
    fn spare(&self, reading: &Reading, assessment: &Assessment) -> Money {
        let free = reading.available(&self.settings.settle);
        let pool = assessment.account;
        let target = self.thresholds().settings().target.ratio.get();
        let needed = pool.maintenance.get().checked_div(target).unwrap_or(Decimal::MAX);
        let room = if pool.maintenance.is_zero() { free.get() } else { pool.equity.get().saturating_sub(needed) };
        free.min(Money::new(room)).max(Money::ZERO)
    }

    async fn relieve(
        &self,
        held: &Held,
        it: &Guarded<'_>,
        equity: Money,
        cut: &Cut,
        kept: &KeptLeverage,
        purse: &mut Money,
    ) -> Vec<Measure> {
        let mut measures = Vec::new();
        if kept.gives_margin() && it.collateral != Collateral::Cross {
            let missing = margin_for_leverage(it, equity, kept.target(), Step::HUNDREDTH);
            if missing.is_positive() && missing <= *purse {
                let added = self.add_margin(it, held.report.position_side, missing, MarginFor::Leverage).await;
                let has_failed = added.has_failed();
                measures.push(added);
                if !has_failed {
                    *purse -= missing;
                    return measures;
                }
            }
        }
        let side = held.report.position_side;
        let done = self.cut_keeping_margin(it, side, Money::ZERO, cut, CutFor::Leverage).await;
        measures.extend(self.after_cuts(done).await);
        measures
    }

    /// Adds to a position like any other order that adds exposure: through every check, and only under a stop that rests.
    async fn grow(&self, held: &Held, quantity: Quantity) -> Option<Measure> {
        let leverage = held.report.leverage?;
        let key = (held.report.symbol.clone(), held.report.position_side);
        let now = self.ports.clock.now();
        let refused = self.afloat.growth.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if refused.is_some_and(|refused| now.since(refused) < ASKED_AGAIN) {
            return None;
        }
        let (symbol, direction) = (held.report.symbol.clone(), held.position.direction);
        let stop_loss = StopLoss::Resting;
        let intent = OpenIntent { symbol: symbol.clone(), direction, quantity, leverage, stop_loss, take_profit: None };
        let failure = self.open_for("leverage", &intent).await.err().map(Box::new);
        if failure.is_some() {
            self.afloat.growth.lock().unwrap_or_else(PoisonError::into_inner).insert(key, now);
        }
        Some(Measure::Grown { symbol, direction, quantity, failure })
    }
}

/// It changes the size of its position by itself, which is meant to be whatever that comes to. What protects does not.
const fn trades(entry: &ComposedEntry) -> bool {
    match entry.order.kind {
        ComposedKind::Bracket { .. } | ComposedKind::Iceberg { .. } | ComposedKind::Twap { .. } => true,
        ComposedKind::Oco { .. } | ComposedKind::TrailingStop { .. } => false,
    }
}

/// The equity that backs one position: its own, or its share of the pool's by notional, so that all cross positions have
/// the pool's leverage.
fn equity_behind(held: &Held, reading: &Reading, assessment: &Assessment) -> Option<Money> {
    if let Collateral::Isolated(assigned) = held.collateral() {
        return Some(margin::isolated_equity(held.position, assigned, held.mark));
    }
    let cross = reading.held.iter().filter(|it| it.collateral() == Collateral::Cross);
    let all: Money = cross.map(|it| it.position.notional(it.mark)).sum();
    let share = held.position.notional(held.mark).get().checked_div(all.get())?;
    Some(Money::new(assessment.account.equity.get().saturating_mul(share)))
}
