//! The equity curve, with profit from the records, and what it says about losses.

use super::worst_ratio;
use crate::position_manager::PositionManager;
use crate::position_manager::bookings::Read;
use crate::position_manager::reading::Reading;
use crate::trouble::{Record, Troubles};
use plimsoll_domain::risk::{EquityWatch, Reason, verdict};
use plimsoll_domain::{Booking, Currency, Money, PositionReport, Timestamp};
use plimsoll_ports::{Alert, PnlSnapshot, PositionRecord, PositionStatus, Severity, StoreError, Totals};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

/// A venue may book what it has done to a wallet so much later: until then a difference is no loss.
const BOOKED_LATE: Duration = Duration::from_secs(5 * 60);

/// Records tell times in these.
const MICROSECOND: Duration = Duration::from_micros(1);

/// Venues tell times in these.
const MILLISECOND: Duration = Duration::from_millis(1);

impl PositionManager {
    /// Records a point of the equity curve. Realised profit, fees, funding and adjustments are the sums of the recorded
    /// trades and bookings, never a difference of balances.
    pub(crate) async fn snapshot(&self, reading: &Reading, troubles: &mut Troubles) -> Option<PnlSnapshot> {
        let (account, now) = (&self.settings.account, self.ports.clock.now());
        let total = troubles.read(Record::Trade, self.totals().await)?;
        let assessment = reading.assess(&self.settings.settle, self.settings.closing_fee);
        let snapshot = PnlSnapshot {
            account: account.clone(),
            time: now,
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

/// What this process knows of where its equity comes from.
#[derive(Debug, Default)]
pub(in crate::position_manager) struct Earnings {
    /// What was put in, when the wallet last added up.
    funded: Option<Funded>,
    /// Since when it has not, by the venue's time, and the difference that a person was told of.
    differs: Option<Differs>,
    /// What was lost on earlier days and is in no record, zero or negative: it counts on, from the peak.
    lost: Money,
    /// The most that was ever earned.
    peak: Option<Money>,
    /// How far bookings are read.
    pub(in crate::position_manager) read: Read,
    /// What the day opened with, as the records have it.
    opening: Option<Opening>,
    /// What the records last said, for while they are away.
    remembered: Option<Remembered>,
    /// What this process has seen itself, where the records have never told it anything.
    seen: Option<Remembered>,
}

/// The point of the curve that a day opened with.
#[derive(Debug, Clone)]
struct Opening {
    day: Timestamp,
    point: PnlSnapshot,
}

/// The day's start and the peak as equities, as the records last told them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Remembered {
    day: Timestamp,
    day_start: Money,
    peak: Money,
}

impl Remembered {
    fn of(watch: &EquityWatch, now: Timestamp) -> Self {
        Self { day: now.start_of_day(), day_start: watch.day_start_equity(), peak: watch.peak_equity() }
    }

    /// A new day begins with the first equity that is seen on it.
    fn watch(&mut self, equity: Money, now: Timestamp) -> EquityWatch {
        if self.day != now.start_of_day() {
            (self.day, self.day_start) = (now.start_of_day(), equity);
        }
        self.peak = self.peak.max(equity);
        EquityWatch::resume(self.day_start, self.peak, equity, now)
    }
}

/// What was put in less what was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Funded {
    amount: Money,
    /// The transfers on record when this was learnt.
    transfers: Money,
    /// What is booked from this time of the venue on is not in the wallet that it was first learnt from.
    first: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Differs {
    since: Timestamp,
    told: Money,
}

/// One look at a wallet whose positions the records explain.
struct Look {
    wallet: Money,
    totals: Totals,
    at: Timestamp,
    /// The venue has told all its bookings.
    is_told: bool,
}

/// What is to be taken for put in.
#[derive(Debug, PartialEq, Eq)]
struct Standing {
    funded: Option<Money>,
    /// The records explain the whole wallet.
    is_sure: bool,
}

impl Funded {
    /// With the transfers that were recorded since.
    fn moved(self, totals: &Totals) -> Money {
        self.amount + (totals.transfers - self.transfers)
    }
}

impl Earnings {
    /// Losses of this day by an equity of now, from what the records last told; `None` where they have told nothing of it.
    pub(super) fn watch_on(&self, equity: Money, now: Timestamp) -> Option<EquityWatch> {
        let known = self.remembered.filter(|known| known.day == now.start_of_day())?;
        Some(EquityWatch::resume(known.day_start, known.peak, equity, now))
    }

    /// The same for whoever judges losses and nothing else, whatever the records have told.
    fn watch_blindly(&mut self, equity: Money, now: Timestamp) -> EquityWatch {
        let first = || Remembered::of(&EquityWatch::new(equity, now), now);
        let known = self.remembered.as_mut().unwrap_or_else(|| self.seen.get_or_insert_with(first));
        known.watch(equity, now)
    }

    /// From when on bookings are news to the wallet that was first looked at.
    pub(in crate::position_manager) fn looked_at(&self) -> Option<Timestamp> {
        self.funded.map(|funded| funded.first)
    }

    /// A booking was recorded. What is older than the first look at the wallet was in it, however late the venue tells it.
    pub(in crate::position_manager) fn recorded(&mut self, booking: &Booking, settle: &Currency) {
        let Some(funded) = self.funded.as_mut() else { return };
        if booking.kind.is_transfer() && booking.currency == *settle && booking.time < funded.first {
            funded.transfers += booking.amount;
        }
    }

    /// What was put in, by this look; and a difference that a person is to be told of.
    ///
    /// What the records do not explain is taken for a transfer while the venue does not tell its bookings, and for as long
    /// as it may book late. From then on it counts if it is a loss: on its day as a loss of the day, and for ever as one from
    /// the peak. A deposit that nobody books raises no peak; it makes good first what was lost so.
    fn judge(&mut self, look: &Look) -> (Standing, Option<Money>) {
        let first = self.looked_at().unwrap_or_else(|| look.at.plus(MILLISECOND));
        let known = look.wallet - look.totals.net();
        let expected = self.funded.map_or(known - self.lost, |funded| funded.moved(&look.totals));
        if expected == known {
            // What was lost on earlier days is explained by now, or is back.
            self.lost = Money::ZERO;
        }
        let implied = known - self.lost;
        let learnt = |amount| Funded { amount, transfers: look.totals.transfers, first };
        if expected == implied {
            (self.funded, self.differs) = (Some(learnt(implied)), None);
            self.read.begin(first);
            return (Standing { funded: Some(implied), is_sure: true }, None);
        }
        let difference = implied - expected;
        let differs = self.differs.get_or_insert(Differs { since: look.at, told: Money::ZERO });
        let counts_from = differs.since.plus(BOOKED_LATE);
        if !look.is_told || look.at < counts_from {
            return (Standing { funded: Some(implied), is_sure: false }, None);
        }
        let news = (differs.told != difference).then_some(difference);
        differs.told = difference;
        // What comes back makes good first what was lost.
        let found = difference.min(-self.lost).max(Money::ZERO);
        self.lost += found;
        let funded = if difference.is_negative() { expected } else { implied - found };
        let is_of_another_day = counts_from.start_of_day() < look.at.start_of_day();
        if is_of_another_day {
            if difference.is_negative() {
                self.lost += difference;
            }
            (self.funded, self.differs) = (Some(learnt(funded)), None);
        }
        (Standing { funded: Some(funded), is_sure: is_of_another_day }, news)
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

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Currency;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    /// At this minute, with this wallet, and these adjustments and transfers on record.
    fn look(minute: i64, wallet: &str, adjustments: &str, transfers: &str, is_told: bool) -> Look {
        let currency = Currency::new("USDT");
        let [realized_pnl, fees, funding] = [Money::ZERO; 3];
        let (adjustments, transfers) = (money(adjustments), money(transfers));
        let totals = Totals { currency, realized_pnl, fees, funding, adjustments, transfers };
        Look { wallet: money(wallet), totals, at: Timestamp::from_millis(minute * 60_000), is_told }
    }

    fn standing(funded: &str, is_sure: bool) -> Standing {
        Standing { funded: Some(money(funded)), is_sure }
    }

    #[test]
    fn what_was_put_in_moves_by_recorded_transfers_alone() {
        let mut earnings = Earnings::default();
        for (minute, wallet, adjustments, transfers, funded) in [
            (0, "1000", "0", "0", "1000"),
            (1, "996", "-4", "0", "1000"),
            (2, "1196", "-4", "200", "1200"),
            (3, "696", "-4", "-300", "700"),
        ] {
            let outcome = earnings.judge(&look(minute, wallet, adjustments, transfers, true));
            assert_eq!(outcome, (standing(funded, true), None), "minute {minute}");
        }
    }

    #[test]
    fn money_that_left_unbooked_is_a_loss_once_it_cannot_be_late_any_more_and_after_midnight() {
        let mut earnings = Earnings::default();
        let (differs, day) = (money("-50"), 24 * 60);
        earnings.judge(&look(10, "1000", "0", "0", true));
        for (minute, expected) in [
            (11, (standing("950", false), None)),
            (15, (standing("950", false), None)),
            (16, (standing("1000", false), Some(differs))),
            (17, (standing("1000", false), None)),
            (day - 1, (standing("1000", false), None)),
            (day, (standing("1000", true), None)),
            (day + 1, (standing("1000", true), None)),
        ] {
            assert_eq!(earnings.judge(&look(minute, "950", "0", "0", true)), expected, "minute {minute}");
        }
        assert_eq!(earnings.lost, differs, "the day begins without it");
    }

    #[test]
    fn what_was_lost_on_another_day_is_found_again() {
        let day = 24 * 60;
        for (what, wallet, transfers, funded) in [("booked late", "950", "-50", "950"), ("back", "1000", "0", "1000")] {
            let mut earnings = Earnings::default();
            earnings.judge(&look(0, "1000", "0", "0", true));
            earnings.judge(&look(1, "950", "0", "0", true));
            earnings.judge(&look(9, "950", "0", "0", true));
            assert_eq!(earnings.judge(&look(day, "950", "0", "0", true)).0, standing("1000", true), "{what}");
            let later = earnings.judge(&look(day + 1, wallet, "0", transfers, true));
            assert_eq!(later, (standing(funded, true), None), "{what}");
            assert_eq!(earnings.lost, Money::ZERO, "{what}");
        }
    }

    #[test]
    fn what_comes_back_in_part_makes_good_what_was_lost_once_it_is_no_booking_to_come() {
        let (mut earnings, day) = (Earnings::default(), 24 * 60);
        for minute in [0, 1, 9, day] {
            earnings.judge(&look(minute, if minute == 0 { "1000" } else { "950" }, "0", "0", true));
        }
        for (minute, expected) in [
            (day + 1, (standing("1030", false), None)),
            (day + 7, (standing("1000", false), Some(money("30")))),
            (day + 8, (standing("1000", true), None)),
        ] {
            assert_eq!(earnings.judge(&look(minute, "980", "0", "0", true)), expected, "minute {minute}");
        }
        assert_eq!(earnings.lost, money("-20"));
    }

    #[test]
    fn what_is_lost_on_the_next_day_as_well_is_told_and_counted_by_itself() {
        let (mut earnings, day) = (Earnings::default(), 24 * 60);
        earnings.judge(&look(0, "1000", "0", "0", true));
        earnings.judge(&look(1, "950", "0", "0", true));
        earnings.judge(&look(9, "950", "0", "0", true));
        earnings.judge(&look(day, "950", "0", "0", true));
        assert_eq!(earnings.judge(&look(day + 1, "920", "0", "0", true)), (standing("970", false), None));
        let told = earnings.judge(&look(day + 7, "920", "0", "0", true));
        assert_eq!((told, earnings.lost), ((standing("1000", false), Some(money("-30"))), money("-50")));
        assert_eq!(earnings.judge(&look(2 * day, "920", "0", "0", true)), (standing("1000", true), None));
        assert_eq!(earnings.lost, money("-80"));
    }

    #[test]
    fn a_venue_that_tells_only_after_midnight_hides_no_loss() {
        let (mut earnings, day) = (Earnings::default(), 24 * 60);
        earnings.judge(&look(0, "1000", "0", "0", true));
        for minute in [1, day - 1, day, day + 1] {
            let outcome = earnings.judge(&look(minute, "950", "0", "0", false));
            assert_eq!(outcome, (standing("950", false), None), "minute {minute}");
        }
        let told = earnings.judge(&look(day + 2, "950", "0", "0", true));
        assert_eq!(told, (standing("1000", true), Some(money("-50"))));
    }

    #[test]
    fn a_booking_that_comes_late_settles_the_difference() {
        let mut earnings = Earnings::default();
        earnings.judge(&look(0, "1000", "0", "0", true));
        assert_eq!(earnings.judge(&look(1, "950", "0", "0", true)), (standing("950", false), None));
        assert_eq!(earnings.judge(&look(9, "950", "0", "-50", true)), (standing("950", true), None), "withdrawn");
        assert_eq!(earnings.judge(&look(10, "940", "0", "-50", true)), (standing("940", false), None));
        assert_eq!(earnings.judge(&look(11, "940", "-10", "-50", true)), (standing("950", true), None), "charged");
    }

    #[test]
    fn while_the_venue_does_not_tell_a_difference_is_taken_for_a_transfer() {
        let mut earnings = Earnings::default();
        earnings.judge(&look(0, "1000", "0", "0", true));
        for minute in [1, 30, 60] {
            let outcome = earnings.judge(&look(minute, "950", "0", "0", false));
            assert_eq!(outcome, (standing("950", false), None), "minute {minute}");
        }
        let told = earnings.judge(&look(61, "950", "0", "0", true));
        assert_eq!(told, (standing("1000", false), Some(money("-50"))));
    }

    #[test]
    fn money_that_came_unbooked_is_told_and_is_no_profit() {
        let mut earnings = Earnings::default();
        earnings.judge(&look(0, "1000", "0", "0", true));
        assert_eq!(earnings.judge(&look(1, "1100", "0", "0", true)), (standing("1100", false), None));
        assert_eq!(earnings.judge(&look(9, "1100", "0", "0", true)), (standing("1100", false), Some(money("100"))));
        assert_eq!(earnings.judge(&look(10, "1100", "0", "100", true)), (standing("1100", true), None), "booked late");
    }
}
