//! Equity watched over the day and from its peak.

use super::check::less;
use crate::money::Money;
use crate::time::Timestamp;

/// What daily loss and drawdown are counted from. Equity holds everything: realised and unrealised profit, net of fees
/// and funding; deposits and withdrawals are told apart with [`transferred`](Self::transferred).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EquityWatch {
    day: Timestamp,
    day_start: Money,
    peak: Money,
    equity: Money,
    at: Timestamp,
}

impl EquityWatch {
    /// Watches from a first reading, which is the day's start and the peak.
    #[must_use]
    pub const fn new(equity: Money, at: Timestamp) -> Self {
        Self { day: at.start_of_day(), day_start: equity, peak: equity, equity, at }
    }

    /// Watches on after a restart: the opening equity and peak as recorded, and the last reading.
    #[must_use]
    pub fn resume(day_start: Money, peak: Money, equity: Money, at: Timestamp) -> Self {
        Self { day: at.start_of_day(), day_start, peak: peak.max(equity), equity, at }
    }

    /// Takes a reading; one that is older than the last changes nothing.
    ///
    /// A new day (UTC) opens with the last reading of the day before. If there is none, with its own first.
    pub fn observe(&mut self, equity: Money, at: Timestamp) {
        if at < self.at {
            return;
        }
        let day = at.start_of_day();
        if day != self.day {
            let yesterday = day.minus(DAY) == self.day;
            self.day_start = if yesterday { self.equity } else { equity };
            self.day = day;
        }
        self.equity = equity;
        self.peak = self.peak.max(equity);
        self.at = at;
    }

    /// Takes a deposit (positive) or withdrawal (negative): neither profit nor loss.
    pub fn transferred(&mut self, amount: Money) {
        for it in [&mut self.day_start, &mut self.peak, &mut self.equity] {
            *it = Money::new(it.get().saturating_add(amount.get()));
        }
    }

    /// The last reading.
    #[must_use]
    pub const fn equity(&self) -> Money {
        self.equity
    }

    /// The equity that the day opened with.
    #[must_use]
    pub const fn day_start_equity(&self) -> Money {
        self.day_start
    }

    /// The largest equity seen.
    #[must_use]
    pub const fn peak_equity(&self) -> Money {
        self.peak
    }

    /// What was lost since the day's start; negative is a gain.
    #[must_use]
    pub fn daily_loss(&self) -> Money {
        less(self.day_start, self.equity)
    }

    /// How far equity has fallen below its peak; never negative.
    #[must_use]
    pub fn drawdown(&self) -> Money {
        less(self.peak, self.equity)
    }
}

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    const HOUR: i64 = 3_600_000;

    fn money(amount: i64) -> Money {
        Money::new(Decimal::from(amount))
    }

    #[test]
    fn a_day_opens_with_the_last_reading_of_the_day_before() {
        let mut watch = EquityWatch::new(money(1000), Timestamp::from_millis(HOUR));
        let mut check = |hour: i64, equity: i64, loss: i64, drawdown: i64| {
            watch.observe(money(equity), Timestamp::from_millis(hour * HOUR));
            assert_eq!((watch.daily_loss(), watch.drawdown()), (money(loss), money(drawdown)), "hour {hour}");
        };
        check(2, 1100, -100, 0);
        check(23, 1050, -50, 50);
        check(24, 1040, 10, 60);
        check(30, 1000, 50, 100);
        // Nothing was read for a whole day: what was lost in it is nobody's day, but still drawdown.
        check(72, 900, 0, 200);
        // An old reading changes nothing.
        check(71, 2000, 0, 200);
    }

    #[test]
    fn a_transfer_is_neither_profit_nor_loss() {
        let mut watch = EquityWatch::new(money(1000), Timestamp::from_millis(0));
        watch.observe(money(950), Timestamp::from_millis(1));
        watch.transferred(money(-500));
        assert_eq!((watch.daily_loss(), watch.drawdown()), (money(50), money(50)));
        watch.observe(money(450), Timestamp::from_millis(2));
        assert_eq!((watch.daily_loss(), watch.drawdown()), (money(50), money(50)));
    }
}
