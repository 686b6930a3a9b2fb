//! Where the equity of an account comes from: what was put in, what was earned, what was lost unbooked.

use crate::position_manager::bookings::Read;
use plimsoll_domain::risk::EquityWatch;
use plimsoll_domain::{Booking, Currency, Money, Timestamp};
use plimsoll_ports::{PnlSnapshot, Totals};
use std::time::Duration;

/// A venue may book what it has done to a wallet so much later: until then a difference is no loss.
const BOOKED_LATE: Duration = Duration::from_secs(5 * 60);

/// Venues tell times in these.
const MILLISECOND: Duration = Duration::from_millis(1);

/// What this process knows of where its equity comes from.
#[derive(Debug, Default)]
pub(in crate::position_manager) struct Earnings {
    /// What was put in, when the wallet last added up.
    pub(super) funded: Option<Funded>,
    /// Since when it has not, by the venue's time, and the difference that a person was told of.
    differs: Option<Differs>,
    /// What was lost on earlier days and is in no record, zero or negative: it counts on, from the peak.
    pub(super) lost: Money,
    /// The most that was ever earned.
    pub(super) peak: Option<Money>,
    /// How far bookings are read.
    pub(in crate::position_manager) read: Read,
    /// What the day opened with, as the records have it.
    pub(super) opening: Option<Opening>,
    /// What the records last said, for while they are away.
    pub(super) remembered: Option<Remembered>,
    /// What this process has seen itself, where the records have never told it anything.
    pub(super) seen: Option<Remembered>,
}

/// The point of the curve that a day opened with.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub(super) day: Timestamp,
    pub(super) point: PnlSnapshot,
}

/// The day's start and the peak as equities, as the records last told them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Remembered {
    day: Timestamp,
    day_start: Money,
    peak: Money,
}

impl Remembered {
    pub(super) fn of(watch: &EquityWatch, now: Timestamp) -> Self {
        Self { day: now.start_of_day(), day_start: watch.day_start_equity(), peak: watch.peak_equity() }
    }

    /// A new day begins with the first equity that is seen on it.
    pub(super) fn watch(&mut self, equity: Money, now: Timestamp) -> EquityWatch {
        if self.day != now.start_of_day() {
            (self.day, self.day_start) = (now.start_of_day(), equity);
        }
        self.peak = self.peak.max(equity);
        EquityWatch::resume(self.day_start, self.peak, equity, now)
    }
}

/// What was put in less what was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Funded {
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
pub(super) struct Look {
    pub(super) wallet: Money,
    pub(super) totals: Totals,
    pub(super) at: Timestamp,
    /// The venue has told all its bookings.
    pub(super) is_told: bool,
}

/// What is to be taken for put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) funded: Option<Money>,
    /// The records explain the whole wallet.
    pub(super) is_sure: bool,
}

impl Funded {
    /// With the transfers that were recorded since.
    pub(super) fn moved(self, totals: &Totals) -> Money {
        self.amount + (totals.transfers - self.transfers)
    }
}

impl Earnings {
    /// Losses of this day by an equity of now, from what the records last told; `None` where they have told nothing of it.
    pub(in crate::position_manager) fn watch_on(&self, equity: Money, now: Timestamp) -> Option<EquityWatch> {
        let known = self.remembered.filter(|known| known.day == now.start_of_day())?;
        Some(EquityWatch::resume(known.day_start, known.peak, equity, now))
    }

    /// The same for whoever judges losses and nothing else, whatever the records have told.
    pub(super) fn watch_blindly(&mut self, equity: Money, now: Timestamp) -> EquityWatch {
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
    pub(super) fn judge(&mut self, look: &Look) -> (Standing, Option<Money>) {
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
