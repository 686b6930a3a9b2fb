//! The equity curve, with profit from the records, and what it says about losses.

use super::{earned, worst_ratio};
use crate::position_manager::PositionManager;
use crate::position_manager::reading::Reading;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::Money;
use plimsoll_domain::risk::{EquityWatch, Reason, verdict};
use plimsoll_ports::{PnlSnapshot, StoreError};

impl PositionManager {
    /// Records a point of the equity curve. Realised profit, fees and funding are the sums of the recorded trades and
    /// bookings, never a difference of balances.
    pub(super) async fn snapshot(&self, reading: &Reading, troubles: &mut Troubles) -> Option<PnlSnapshot> {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let totals = troubles.read(Record::Trade, self.ports.trades.totals(account).await)?;
        let total = totals.iter().find(|total| total.currency == self.settings.settle);
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

    /// Losses beyond their limits. `earned_now` is the newest point while the records are complete: what was earned since
    /// the day's start is then told from what was deposited or withdrawn.
    pub(super) async fn trips(
        &self,
        reading: &Reading,
        complete: Option<&PnlSnapshot>,
        troubles: &mut Troubles,
    ) -> Vec<Reason> {
        let equity = reading.wallet(&self.settings.settle) + reading.unrealized_pnl();
        let watch = match complete {
            Some(snapshot) => self.earnings_watch(equity, snapshot).await,
            None => self.equity_watch(equity).await,
        };
        let Some(watch) = troubles.read(Record::Equity, watch) else { return Vec::new() };
        verdict(None, &watch, &self.settings.limits).trips
    }

    /// The day and the peak by the recorded equity curve.
    pub(crate) async fn equity_watch(&self, equity: Money) -> Result<EquityWatch, StoreError> {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let first = self.ports.equity.first_since(account, now.start_of_day()).await?;
        let peak = self.ports.equity.peak(account).await?.unwrap_or(equity);
        let day_start = first.as_ref().map_or(equity, PnlSnapshot::equity);
        Ok(EquityWatch::resume(day_start, peak, equity, now))
    }

    /// The same, with the day's start moved by what was deposited or withdrawn since.
    async fn earnings_watch(&self, equity: Money, snapshot: &PnlSnapshot) -> Result<EquityWatch, StoreError> {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let first = self.ports.equity.first_since(account, now.start_of_day()).await?;
        let peak = self.ports.equity.peak(account).await?.unwrap_or(equity);
        let day_start = first.map_or(equity, |first| equity - (earned(snapshot) - earned(&first)));
        Ok(EquityWatch::resume(day_start, peak, equity, now))
    }
}
