//! The equity curve, with profit from the records, and what it says about losses.

use super::worst_ratio;
use crate::position_manager::PositionManager;
use crate::position_manager::reading::Reading;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::Money;
use plimsoll_domain::risk::{EquityWatch, Reason, verdict};
use plimsoll_ports::{PnlSnapshot, PositionRecord, PositionStatus, StoreError, Totals};
use std::sync::{MutexGuard, PoisonError};

impl PositionManager {
    /// Records a point of the equity curve. Realised profit, fees and funding are the sums of the recorded trades and
    /// bookings, never a difference of balances.
    pub(super) async fn snapshot(&self, reading: &Reading, troubles: &mut Troubles) -> Option<PnlSnapshot> {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let total = troubles.read(Record::Trade, self.totals().await)?;
        let total = total.as_ref();
        let assessment = reading.assess(&self.settings.settle, self.settings.closing_fee);
        let snapshot = PnlSnapshot {
            account: account.clone(),
            time: now,
            wallet: reading.wallet(&self.settings.settle),
            unrealized_pnl: reading.unrealized_pnl(),
            realized_pnl: total.map_or(Money::ZERO, |total| total.realized_pnl),
            fees: total.map_or(Money::ZERO, |total| total.fees),
            funding: total.map_or(Money::ZERO, |total| total.funding),
            margin_ratio: worst_ratio(&assessment),
            open_positions: reading.open_positions(),
        };
        troubles.written(Record::Equity, self.ports.equity.snapshot(&snapshot).await);
        Some(snapshot)
    }

    /// Losses beyond their limits.
    pub(super) async fn trips(&self, reading: &Reading, troubles: &mut Troubles) -> Vec<Reason> {
        let Some(watch) = troubles.read(Record::Equity, self.equity_watch(reading).await) else { return Vec::new() };
        verdict(None, &watch, &self.settings.limits).trips
    }

    /// The day and the peak by the recorded curve of earnings, moved by what was put in or taken out: neither a deposit
    /// nor a withdrawal is profit or loss. Until it is known what was put in, equity itself is watched.
    pub(crate) async fn equity_watch(&self, reading: &Reading) -> Result<EquityWatch, StoreError> {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let equity = reading.wallet(&self.settings.settle) + reading.unrealized_pnl();
        let first = self.ports.equity.first_since(account, now.start_of_day()).await?;
        let is_fresh = self.learn_funded(reading).await?;
        let Some(funded) = self.earnings().funded else {
            let peak = self.ports.equity.peak(account).await?.unwrap_or(equity);
            let day_start = first.as_ref().map_or(equity, PnlSnapshot::equity);
            return Ok(EquityWatch::resume(day_start, peak, equity, now));
        };
        let earned = equity - funded;
        let peak = self.peak_earned(earned, is_fresh).await?;
        let day_start = first.as_ref().map_or(earned, PnlSnapshot::earned);
        Ok(EquityWatch::resume(funded + day_start, funded + peak, equity, now))
    }

    /// Learns what was put in less what was taken out: what of the wallet no record has earned. Only while the records
    /// explain what is held can that be told, and whether it could is answered; else what was learnt last stands, and a
    /// loss that is not recorded yet counts as one.
    async fn learn_funded(&self, reading: &Reading) -> Result<bool, StoreError> {
        let totals = self.totals().await?;
        // The records are compared after the sums: what was recorded since the reading shows as a difference.
        let open = self.ports.positions.by_status(&self.settings.account, PositionStatus::Open).await?;
        let is_fresh = reading.is_explained_by(&open);
        if is_fresh {
            let net = totals.as_ref().map_or(Money::ZERO, Totals::net);
            self.earnings().funded = Some(reading.wallet(&self.settings.settle) - net);
        }
        Ok(is_fresh)
    }

    /// The most that was earned. A figure that is not sure raises no peak for later.
    async fn peak_earned(&self, earned: Money, is_sure: bool) -> Result<Money, StoreError> {
        let known = self.earnings().peak;
        let recorded = match known {
            Some(_) => known,
            None => self.ports.equity.peak_earned(&self.settings.account, self.ports.clock.now()).await?,
        };
        let peak = recorded.max(Some(earned)).unwrap_or(earned);
        let mut earnings = self.earnings();
        earnings.peak = earnings.peak.max(if is_sure { Some(peak) } else { recorded });
        Ok(peak)
    }

    async fn totals(&self) -> Result<Option<Totals>, StoreError> {
        let totals = self.ports.trades.totals(&self.settings.account).await?;
        Ok(totals.into_iter().find(|total| total.currency == self.settings.settle))
    }

    fn earnings(&self) -> MutexGuard<'_, Earnings> {
        self.earnings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What this process knows of where its equity comes from.
#[derive(Debug, Default)]
pub(in crate::position_manager) struct Earnings {
    /// What was put in less what was taken out, when the records last explained everything.
    funded: Option<Money>,
    /// The most that was ever earned.
    peak: Option<Money>,
}

impl Reading {
    /// Every recorded position is held as it is recorded, and nothing else is held.
    fn is_explained_by(&self, open: &[PositionRecord]) -> bool {
        let is_held = |record: &PositionRecord| {
            let opened = &record.opened;
            let held = self.report(&opened.symbol, opened.side).and_then(|report| report.position);
            held.is_some_and(|held| held.direction == opened.direction && held.quantity == opened.quantity)
        };
        let held = self.snapshot.positions.iter().filter(|report| report.position.is_some()).count();
        held == open.len() && open.iter().all(is_held)
    }
}
