//! A venue's request budget, kept before the venue has to.

use std::collections::VecDeque;

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// May use the whole budget: cancels, closes, protection, and the look-up of an order whose fate is unknown.
    ReducesRisk,
    /// What one has to know to reduce risk, such as positions and open orders. Leaves the reserve alone, and is admitted
    /// when nothing ordinary is any more.
    Watches,
    /// Leaves alone both the reserve and what is kept for watching.
    Ordinary,
}

/// How much may be used within a window, and by whom. Every requester may use what is kept for those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeightLimit {
    /// What the venue allows.
    pub most: u32,
    /// The part of it that only [`Priority::ReducesRisk`] may touch.
    pub reserve: u32,
    /// The part before that, which [`Priority::Watches`] may touch too.
    pub watch: u32,
}

impl WeightLimit {
    const fn of(self, priority: Priority) -> u32 {
        match priority {
            Priority::ReducesRisk => self.most,
            Priority::Watches => self.most.saturating_sub(self.reserve),
            Priority::Ordinary => self.most.saturating_sub(self.reserve).saturating_sub(self.watch),
        }
    }
}

/// Request weight per window, as one address may use it. Times are milliseconds since 1970 by whatever clock the caller
/// keeps; none is read here.
///
/// Windows are fixed, one beside the other since 1970, or slide: then no stretch of that length holds more than is
/// allowed, whenever the venue's own windows begin.
///
/// What the venue's headers say counts; between headers what was admitted is added up. Once the venue has asked for
/// silence nothing is admitted, whatever its priority: going on would prolong it.
#[derive(Debug, Clone)]
pub struct WeightBudget {
    window_ms: i64,
    window: i64,
    used: u32,
    silent_until: i64,
    /// When what was taken, oldest first, where the window slides.
    taken: Option<VecDeque<(i64, u32)>>,
}

impl WeightBudget {
    /// A budget of which nothing is used yet, with fixed windows of this length.
    #[must_use]
    pub fn new(window_ms: i64) -> Self {
        Self { window_ms: window_ms.max(1), window: 0, used: 0, silent_until: 0, taken: None }
    }

    /// The same with a window that slides.
    #[must_use]
    pub fn sliding(window_ms: i64) -> Self {
        Self { taken: Some(VecDeque::new()), ..Self::new(window_ms) }
    }

    /// Whether `weight` could be taken out of the budget.
    ///
    /// # Errors
    /// The time from which it is worth asking again.
    pub fn check(&self, limit: WeightLimit, weight: u32, priority: Priority, now: i64) -> Result<(), i64> {
        if now < self.silent_until {
            return Err(self.silent_until);
        }
        let used = self.used(now);
        // A request that is larger than the whole budget still goes out when the window is fresh.
        if used > 0 && used.saturating_add(weight) > limit.of(priority) {
            return Err(self.there_from(limit.of(priority).saturating_sub(weight), now));
        }
        Ok(())
    }

    /// The moment from which no more than this is used, if nothing is taken until then.
    fn there_from(&self, most: u32, now: i64) -> i64 {
        let Some(taken) = &self.taken else { return self.window_end(now) };
        let mut left = self.used(now);
        for (time, weight) in taken.iter().filter(|(time, _)| self.holds(*time, now)) {
            left = left.saturating_sub(*weight);
            if left <= most {
                return time.saturating_add(self.window_ms);
            }
        }
        now.saturating_add(self.window_ms)
    }

    /// Whether a window that slides, and ends now, holds this moment.
    const fn holds(&self, time: i64, now: i64) -> bool {
        now.saturating_sub(time) < self.window_ms
    }

    /// Takes `weight` out of the budget, whether or not it is there.
    pub fn take(&mut self, weight: u32, now: i64) {
        self.roll(now);
        match &mut self.taken {
            Some(taken) => taken.push_back((now, weight)),
            None => self.used = self.used.saturating_add(weight),
        }
    }

    /// Takes `weight` out of the budget, if it is there.
    ///
    /// # Errors
    /// The time from which it is worth asking again.
    pub fn admit(&mut self, limit: WeightLimit, weight: u32, priority: Priority, now: i64) -> Result<(), i64> {
        self.check(limit, weight, priority, now)?;
        self.take(weight, now);
        Ok(())
    }

    /// What the venue says has been used, in its answer to what was sent at `sent`. Answers may overtake each other:
    /// within a window the largest counts. One that comes after its window tells nothing: the venue may have counted in
    /// either, and a window that is full would lock the next one too.
    pub fn observe(&mut self, used: u32, sent: i64, now: i64) {
        self.roll(now);
        let known = self.used(now);
        match &mut self.taken {
            Some(taken) if used > known => taken.push_back((now, used.saturating_sub(known))),
            None if sent.div_euclid(self.window_ms) == self.window => self.used = self.used.max(used),
            Some(_) | None => {}
        }
    }

    /// The venue wants no requests until then. A later time stays.
    pub fn silence(&mut self, until: i64) {
        self.silent_until = self.silent_until.max(until);
    }

    /// The end of the silence that the venue has asked for, if it is not over.
    #[must_use]
    pub fn silent_until(&self, now: i64) -> Option<i64> {
        (now < self.silent_until).then_some(self.silent_until)
    }

    /// What has been used in the window of `now`.
    #[must_use]
    pub fn used(&self, now: i64) -> u32 {
        match &self.taken {
            Some(taken) => {
                let held = taken.iter().filter(|(time, _)| self.holds(*time, now));
                held.fold(0_u32, |sum, (_, weight)| sum.saturating_add(*weight))
            }
            None if now.div_euclid(self.window_ms) == self.window => self.used,
            None => 0,
        }
    }

    /// When the window of `now` ends.
    #[must_use]
    pub fn window_end(&self, now: i64) -> i64 {
        now.div_euclid(self.window_ms).saturating_add(1).saturating_mul(self.window_ms)
    }

    fn roll(&mut self, now: i64) {
        let length = self.window_ms;
        if let Some(taken) = &mut self.taken {
            taken.retain(|(time, _)| now.saturating_sub(*time) < length);
        }
        let window = now.div_euclid(self.window_ms);
        if window != self.window {
            self.window = window;
            self.used = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Priority::{Ordinary, ReducesRisk, Watches};
    use super::*;

    const fn limit(most: u32, reserve: u32) -> WeightLimit {
        WeightLimit { most, reserve, watch: 0 }
    }

    #[test]
    fn the_reserve_is_for_what_reduces_risk() {
        let (mut budget, limit) = (WeightBudget::new(60_000), limit(100, 20));
        assert_eq!(budget.admit(limit, 80, Ordinary, 60_000), Ok(()));
        assert_eq!(budget.admit(limit, 1, Ordinary, 60_001), Err(120_000));
        assert_eq!(budget.admit(limit, 20, ReducesRisk, 60_001), Ok(()));
        assert_eq!(budget.admit(limit, 1, ReducesRisk, 119_999), Err(120_000));
        assert_eq!(budget.admit(limit, 1, Ordinary, 120_000), Ok(()));
    }

    #[test]
    fn whoever_watches_is_heard_longer_and_leaves_the_reserve_alone() {
        let (mut budget, limit) = (WeightBudget::new(60_000), WeightLimit { most: 100, reserve: 20, watch: 30 });
        assert_eq!(budget.admit(limit, 50, Ordinary, 0), Ok(()));
        assert_eq!(budget.admit(limit, 1, Ordinary, 1), Err(60_000));
        assert_eq!(budget.admit(limit, 30, Watches, 1), Ok(()));
        assert_eq!(budget.admit(limit, 1, Watches, 2), Err(60_000));
        assert_eq!(budget.admit(limit, 20, ReducesRisk, 2), Ok(()));
    }

    #[test]
    fn what_weighs_nothing_is_refused_once_others_have_used_the_reserve() {
        let (mut budget, limit) = (WeightBudget::new(60_000), limit(100, 20));
        budget.observe(80, 0, 1);
        assert_eq!(budget.check(limit, 0, Ordinary, 2), Ok(()));
        budget.observe(81, 0, 3);
        assert_eq!(budget.check(limit, 0, Ordinary, 4), Err(60_000));
        assert_eq!(budget.check(limit, 0, ReducesRisk, 4), Ok(()));
    }

    #[test]
    fn the_venues_count_wins_within_a_window() {
        let (mut budget, limit) = (WeightBudget::new(60_000), limit(100, 0));
        budget.observe(90, 4, 5);
        budget.observe(40, 3, 6);
        assert_eq!((budget.used(6), budget.used(60_000)), (90, 0));
        assert_eq!(budget.admit(limit, 11, Ordinary, 7), Err(60_000));
        assert_eq!(budget.admit(limit, 10, Ordinary, 7), Ok(()));
    }

    #[test]
    fn a_full_window_does_not_lock_the_next() {
        let (mut budget, limit) = (WeightBudget::new(60_000), limit(100, 0));
        budget.observe(100, 59_990, 60_010);
        assert_eq!(budget.admit(limit, 1, ReducesRisk, 60_011), Ok(()));
        budget.observe(100, 60_020, 60_030);
        assert_eq!(budget.admit(limit, 1, ReducesRisk, 60_031), Err(120_000));
    }

    #[test]
    fn silence_binds_everybody_until_it_ends() {
        let (mut budget, limit) = (WeightBudget::new(60_000), limit(100, 50));
        budget.silence(500);
        budget.silence(400);
        assert_eq!(budget.admit(limit, 1, ReducesRisk, 499), Err(500));
        assert_eq!((budget.silent_until(499), budget.silent_until(500)), (Some(500), None));
        assert_eq!(budget.admit(limit, 1, Ordinary, 500), Ok(()));
    }

    #[test]
    fn no_stretch_of_a_window_that_slides_holds_more_than_is_allowed() {
        let (mut budget, limit) = (WeightBudget::sliding(1000), limit(3, 1));
        for time in [900, 950] {
            assert_eq!(budget.admit(limit, 1, Ordinary, time), Ok(()));
        }
        assert_eq!(budget.admit(limit, 1, Ordinary, 1000), Err(1900), "when the first is over");
        assert_eq!(budget.admit(limit, 1, ReducesRisk, 1000), Ok(()));
        assert_eq!(budget.admit(limit, 2, ReducesRisk, 1899), Err(1950), "when two of three are");
        assert_eq!(budget.admit(limit, 1, ReducesRisk, 1900), Ok(()));
        assert_eq!((budget.used(1900), budget.used(1950), budget.used(2900)), (3, 2, 0));
        budget.observe(3, 2900, 2900);
        assert_eq!(budget.admit(limit, 1, ReducesRisk, 2901), Err(3900), "the venue counts others too");
    }

    #[test]
    fn a_request_larger_than_the_budget_is_not_locked_out_for_ever() {
        let (mut budget, limit) = (WeightBudget::new(60_000), limit(10, 5));
        assert_eq!(budget.admit(limit, 40, Ordinary, 0), Ok(()));
        assert_eq!(budget.admit(limit, 1, ReducesRisk, 1), Err(60_000));
    }

    #[test]
    fn a_reserve_larger_than_the_limit_leaves_nothing_to_the_ordinary() {
        let (mut budget, limit) = (WeightBudget::new(60_000), WeightLimit { most: 10, reserve: 20, watch: 20 });
        budget.take(1, 0);
        assert!(budget.check(limit, 1, Ordinary, 1).is_err() && budget.check(limit, 1, Watches, 1).is_err());
        assert_eq!(budget.check(limit, 9, ReducesRisk, 1), Ok(()));
    }
}
