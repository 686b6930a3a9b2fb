//! The equity curve, with profit from the records, and what it says about losses.

use super::earnings::{Earnings, Funded, Look, Opening, Remembered, Standing};
use super::worst_ratio;
use crate::position_manager::PositionManager;
use crate::position_manager::reading::Reading;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::risk::{EquityWatch, Reason, verdict};
use plimsoll_domain::{Money, PositionReport, Timestamp};
use plimsoll_ports::{Alert, PnlSnapshot, PositionRecord, PositionStatus, Severity, StoreError, Totals};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

/// Records tell times in these.
const MICROSECOND: Duration = Duration::from_micros(1);

impl PositionManager {
    /// Records a point of the equity curve. Realised profit, fees, funding and adjustments are the sums of the recorded
    /// trades and bookings, never a difference of balances.
    pub(crate) async fn snapshot(&self, reading: &Reading, troubles: &mut Troubles) -> Option<PnlSnapshot> {
        self.snapshot_of(self.ports.clock.now(), reading, troubles).await
    }

    async fn snapshot_of(&self, time: Timestamp, reading: &Reading, troubles: &mut Troubles) -> Option<PnlSnapshot> {
        let total = troubles.read(Record::Trade, self.totals().await)?;
        let assessment = reading.assess(&self.settings.settle, self.settings.closing_fee);
        let snapshot = PnlSnapshot {
            account: self.settings.account.clone(),
            time,
            wallet: reading.wallet(&self.settings.settle),
            unrealized_pnl: reading.unrealized_pnl(),
            realized_pnl: total.realized_pnl,
            fees: total.fees,
            funding: total.funding,
            adjustments: total.adjustments,
            margin_ratio: worst_ratio(&assessment),
            open_positions: reading.open_positions(),
        };
        troubles.written(Record::Equity, self.ports.equity.snapshot(&snapshot).await);
        Some(snapshot)
    }

    /// A first point of the curve where there is none of this day or the one before: what the first order of a day costs is lost
    /// on that day, though nobody had looked at the account. Behind its judgement, which has read what was booked meanwhile.
    pub(in crate::position_manager) async fn open_the_day(&self, reading: &Reading, troubles: &mut Troubles) {
        let now = self.ports.clock.now();
        if let Some(None) = troubles.read(Record::Equity, self.opening_point(now).await) {
            // Before the order: a look at this very moment has a point of its own.
            self.snapshot_of(now.minus(MICROSECOND), reading, troubles).await;
        }
    }

    /// Losses beyond their limits, where what was known last says so and something is held: they are judged by the records
    /// then, before anything else is done. Equity alone does not say it, since what was taken out is no loss.
    pub(super) async fn feared_trips(&self, reading: &Reading, troubles: &mut Troubles) -> Vec<Reason> {
        let equity = reading.wallet(&self.settings.settle) + reading.unrealized_pnl();
        let watch = self.earnings().watch_on(equity, self.ports.clock.now());
        let is_broken = watch.is_some_and(|watch| !verdict(None, &watch, &self.limits_in_force()).trips.is_empty());
        if !is_broken || self.closable(&reading.snapshot.positions).is_empty() {
            return Vec::new();
        }
        self.trips(reading, troubles).await
    }

    /// Losses beyond their limits: by the records or, where those do not tell, for whatever reason, by what this process
    /// knows of them or has seen itself since.
    pub(super) async fn trips(&self, reading: &Reading, troubles: &mut Troubles) -> Vec<Reason> {
        let watch = self.equity_watch(reading, troubles).await;
        let watch = troubles.read(Record::Equity, watch).unwrap_or_else(|| {
            let equity = reading.wallet(&self.settings.settle) + reading.unrealized_pnl();
            self.earnings().watch_blindly(equity, self.ports.clock.now())
        });
        verdict(None, &watch, &self.limits_in_force()).trips
    }

    /// Losses beyond their limits by the last point on record, without asking the venue: what engages the kill switch again
    /// with the next look, whoever releases it.
    ///
    /// # Errors
    /// [`StoreError`] if the records cannot be read.
    pub async fn losses_on_record(&self) -> Result<Vec<Reason>, StoreError> {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let Some(last) = self.ports.equity.last_until(account, now).await? else { return Ok(Vec::new()) };
        let funded = last.equity() - last.earned();
        let day_start = self.opening_point(now).await?.map_or(last.earned(), |opening| opening.earned());
        let peak = self.ports.equity.peak_earned(account, now).await?.unwrap_or(day_start);
        let watch = EquityWatch::resume(funded + day_start, funded + peak, last.equity(), now);
        Ok(verdict(None, &watch, &self.limits_in_force()).trips)
    }

    /// The day and the peak by the records or, while those are away, by what this process knew of them last: from there
    /// on the equity itself is watched, and whatever happens to it counts.
    pub(crate) async fn equity_watch(
        &self,
        reading: &Reading,
        troubles: &mut Troubles,
    ) -> Result<EquityWatch, StoreError> {
        let equity = reading.wallet(&self.settings.settle) + reading.unrealized_pnl();
        let now = self.ports.clock.now();
        match self.recorded_watch(reading, troubles).await {
            Ok(watch) => {
                let mut earnings = self.earnings();
                (earnings.remembered, earnings.seen) = (Some(Remembered::of(&watch, now)), None);
                Ok(watch)
            }
            Err(StoreError::Unreachable(why)) => {
                let mut earnings = self.earnings();
                let remembered = earnings.remembered.as_mut().ok_or(StoreError::Unreachable(why))?;
                Ok(remembered.watch(equity, now))
            }
            Err(error) => Err(error),
        }
    }

    /// The day and the peak by the recorded curve of earnings, moved by what was put in or taken out: neither a deposit
    /// nor a withdrawal is profit or loss. Until it is known what was put in, equity itself is watched.
    async fn recorded_watch(&self, reading: &Reading, troubles: &mut Troubles) -> Result<EquityWatch, StoreError> {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let equity = reading.wallet(&self.settings.settle) + reading.unrealized_pnl();
        let standing = self.standing(reading, troubles).await?;
        let Some(funded) = standing.funded else {
            let peak = self.ports.equity.peak(account).await?.unwrap_or(equity);
            // A transfer overnight would be a loss: until it is known, the day begins with its own first point.
            let first = self.ports.equity.first_since(account, now.start_of_day()).await?;
            let day_start = first.as_ref().map_or(equity, PnlSnapshot::equity);
            return Ok(EquityWatch::resume(day_start, peak, equity, now));
        };
        let earned = equity - funded;
        let peak = self.peak_earned(earned, standing.is_sure).await?;
        // What was lost on earlier days without a record is in no point of the curve: the day began without it.
        let lost = self.earnings().lost;
        let opening = self.opening_point(now).await?;
        let day_start = opening.as_ref().map_or(earned, |opening| opening.earned() + lost);
        Ok(EquityWatch::resume(funded + day_start, funded + peak, equity, now))
    }

    /// What the day opened with: the last point of the day before, so that what was lost while nothing ran is lost today;
    /// its own first where there is none. `None` before that. It is looked up once a day: no point of the past changes.
    async fn opening_point(&self, now: Timestamp) -> Result<Option<PnlSnapshot>, StoreError> {
        let (account, today) = (&self.settings.account, now.start_of_day());
        if let Some(known) = self.earnings().opening.clone().filter(|known| known.day == today) {
            return Ok(Some(known.point));
        }
        let point = match self.ports.equity.last_until(account, today.minus(MICROSECOND)).await? {
            Some(last) => Some(last),
            None => self.ports.equity.first_since(account, today).await?.filter(|first| first.time <= now),
        };
        self.earnings().opening = point.clone().map(|point| Opening { day: today, point });
        Ok(point)
    }

    /// What was put in less what was taken out: learnt once, from what of the wallet no record has earned, and from then
    /// on moved by recorded transfers alone. The venue is asked for its bookings when the wallet does not add up.
    ///
    /// While positions and records differ, what is not recorded yet counts as earned or lost.
    async fn standing(&self, reading: &Reading, troubles: &mut Troubles) -> Result<Standing, StoreError> {
        let (account, wallet) = (&self.settings.account, reading.wallet(&self.settings.settle));
        let mut totals = self.totals().await?;
        // The records are compared after the sums: what was recorded since the reading shows as a difference.
        let open = self.ports.positions.by_status(account, PositionStatus::Open).await?;
        let concerns = |it: &PositionReport| {
            it.symbol.settle() == self.settings.settle.as_str() && !self.is_left_alone(&it.symbol, it.position_side)
        };
        if !reading.is_explained_by(&open, concerns) {
            // A transfer is booked whatever is held. Before it is known what was put in, none of them is news.
            if self.earnings().funded.is_some() && self.may_ask_for_bookings() {
                self.record_bookings(troubles).await;
                totals = self.totals().await?;
            }
            let funded = self.earnings().funded.map(|funded| funded.moved(&totals));
            return Ok(Standing { funded, is_sure: false });
        }
        let (known, lost) = {
            let earnings = self.earnings();
            (earnings.funded, earnings.lost)
        };
        let adds_up = |funded: Funded| funded.moved(&totals) + totals.net() + lost == wallet;
        if known.is_none() || !known.is_some_and(adds_up) && self.may_ask_for_bookings() {
            self.record_bookings(troubles).await;
            totals = self.totals().await?;
        }
        // The first look at a wallet is of use only where it is plain which bookings it shows.
        if known.is_none() && !self.earnings().read.is_shown_at(reading.snapshot.time) {
            return Ok(Standing { funded: None, is_sure: false });
        }
        let look = Look { wallet, totals, at: reading.snapshot.time, is_told: self.has_read_bookings() };
        let (standing, difference) = self.earnings().judge(&look);
        if let Some(difference) = difference {
            self.tell_of_difference(difference, troubles).await;
        }
        Ok(standing)
    }

    async fn tell_of_difference(&self, difference: Money, troubles: &mut Troubles) {
        let settle = &self.settings.settle;
        let what = if difference.is_negative() { "counts as a loss" } else { "is taken for a deposit" };
        let detail = format!("{difference} {settle} of the wallet are in no record of ours or the venue's: it {what}");
        self.log_risk("wallet_difference", None, &detail, Some(difference.get()), None, "told", troubles).await;
        let key = format!("wallet/{}", self.settings.account);
        let title = format!("the wallet of {} does not add up", self.settings.account);
        self.alert(&Alert { severity: Severity::Warning, key, title, body: detail }, troubles).await;
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

    async fn totals(&self) -> Result<Totals, StoreError> {
        let totals = self.ports.trades.totals(&self.settings.account).await?;
        let ours = totals.into_iter().find(|total| total.currency == self.settings.settle);
        Ok(ours.unwrap_or_else(|| Totals {
            currency: self.settings.settle.clone(),
            realized_pnl: Money::ZERO,
            fees: Money::ZERO,
            funding: Money::ZERO,
            adjustments: Money::ZERO,
            transfers: Money::ZERO,
        }))
    }

    pub(in crate::position_manager) fn earnings(&self) -> MutexGuard<'_, Earnings> {
        self.earnings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    /// Every recorded position is held as it is recorded, and nothing else is held that concerns the records.
    fn is_explained_by(&self, open: &[PositionRecord], concerns: impl Fn(&PositionReport) -> bool) -> bool {
        let is_held = |record: &PositionRecord| {
            let opened = &record.opened;
            let held = self.report(&opened.symbol, opened.side).and_then(|report| report.position);
            held.is_some_and(|held| held.direction == opened.direction && held.quantity == opened.quantity)
        };
        let held =
            self.snapshot.positions.iter().filter(|report| report.position.is_some() && concerns(report)).count();
        held == open.len() && open.iter().all(is_held)
    }
}
