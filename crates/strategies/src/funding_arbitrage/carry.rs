//! What funding is to be expected.

use super::FundingArbitrageSettings;
use crate::text;
use plimsoll_domain::{Decimal, FundingRate, SettledFunding, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The rates that one contract has settled, the newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct History {
    rates: VecDeque<Rate>,
    last: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Rate(#[serde(with = "text")] Decimal);

impl History {
    /// Hears of a settlement; one that is not after the last is left out.
    pub(super) fn settled(&mut self, settled: &SettledFunding, most: u32) {
        let time = settled.time.as_micros();
        if self.last.is_some_and(|last| time <= last) {
            return;
        }
        self.last = Some(time);
        self.rates.push_back(Rate(settled.rate.get()));
        while self.rates.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            self.rates.pop_front();
        }
    }

    fn average(&self) -> Option<Decimal> {
        let sum = self.rates.iter().fold(Decimal::ZERO, |sum, rate| sum.saturating_add(rate.0));
        sum.checked_div(self.rates.len().into())
    }

    /// What a long of this contract is expected to pay over the horizon, as a fraction of its notional: the settlements in
    /// it, each at the weighted mean of the rate to come and the average of those settled.
    pub(super) fn paid_by_long(
        &self,
        settings: &FundingArbitrageSettings,
        to_come: &FundingRate,
        usual_hours: u32,
        now: Timestamp,
    ) -> Decimal {
        let predicted = to_come.rate.get();
        let weight = settings.predicted_weight.0;
        let past = self.average().unwrap_or(predicted);
        let expected = weight.saturating_mul(predicted).saturating_add((Decimal::ONE - weight).saturating_mul(past));
        let hours = to_come.interval_hours.unwrap_or(usual_hours).max(1);
        expected.saturating_mul(settlements(to_come.next_time, hours, settings.horizon_hours, now).into())
    }
}

/// How many settlements there are from now to the end of the horizon.
fn settlements(next: Option<Timestamp>, hours: u32, horizon_hours: u32, now: Timestamp) -> u64 {
    const HOUR: u64 = 3600;
    let (interval, horizon) = (u64::from(hours) * HOUR, u64::from(horizon_hours) * HOUR);
    match next {
        Some(next) if next > now => {
            let wait = next.since(now).as_secs();
            if wait > horizon { 0 } else { 1 + (horizon - wait) / interval }
        }
        // It is overdue, or not known when: as many as a horizon holds.
        _ => horizon / interval,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_domain::Rate as Fraction;
    use rust_decimal_macros::dec;

    fn at_hours(hours: i64) -> Timestamp {
        Timestamp::from_micros(hours * 3_600_000_000)
    }

    #[test]
    fn settlements_are_counted_by_their_true_interval() {
        for (next, interval, horizon, expected) in [
            (Some(1), 8, 24, 3),
            (Some(8), 8, 24, 3),
            (Some(1), 8, 25, 4),
            (Some(1), 4, 24, 6),
            (Some(1), 1, 24, 24),
            (Some(30), 8, 24, 0),
            (Some(24), 8, 24, 1),
            (Some(-1), 8, 24, 3),
            (None, 4, 24, 6),
        ] {
            let found = settlements(next.map(at_hours), interval, horizon, at_hours(0));
            assert_eq!(found, expected, "next in {next:?} h, every {interval} h, for {horizon} h");
        }
    }

    #[test]
    fn what_is_expected_is_between_the_rate_to_come_and_those_that_were() {
        let settings =
            FundingArbitrageSettings { history: 2, horizon_hours: 24, ..FundingArbitrageSettings::default() };
        let rate = |rate, hours| SettledFunding {
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            rate: Fraction::new(rate),
            mark_price: None,
            time: at_hours(hours),
        };
        let to_come = FundingRate {
            symbol: "BTC/USDT:USDT".parse().unwrap(),
            rate: Fraction::new(dec!(0.0003)),
            next_time: Some(at_hours(8)),
            interval_hours: None,
            mark_price: None,
            index_price: None,
            time: at_hours(0),
        };
        let mut history = History::default();
        assert_eq!(history.paid_by_long(&settings, &to_come, 8, at_hours(0)), dec!(0.0009));
        for (value, hours) in [(dec!(0.5), -24), (dec!(0.0002), -16), (dec!(0.0000), -8), (dec!(0.7), -8)] {
            history.settled(&rate(value, hours), settings.history);
        }
        // The last two average 0.0001, and with the rate to come 0.0002; three settlements.
        assert_eq!(history.paid_by_long(&settings, &to_come, 8, at_hours(0)), dec!(0.0006));
    }
}
