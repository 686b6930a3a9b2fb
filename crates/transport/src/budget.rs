//! A venue's request budget, kept before the venue has to.

/// Whose request it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// May use the whole budget: cancels, closes, and what they need to know.
    ReducesRisk,
    /// Leaves the reserve alone.
    Ordinary,
}

/// Request weight per fixed window, as one address may use it. Times are milliseconds since 1970 by whatever clock the
/// caller keeps; none is read here.
///
/// What the venue's headers say counts; between headers what was admitted is added up. Once the venue has asked for
/// silence nothing is admitted, whatever its priority: going on would prolong it.
#[derive(Debug, Clone)]
pub struct WeightBudget {
    limit: u32,
    reserve: u32,
    window_ms: i64,
    window: i64,
    used: u32,
    silent_until: i64,
}

impl WeightBudget {
    /// A budget of `limit` a window, of which `reserve` is kept for requests that reduce risk.
    #[must_use]
    pub fn new(limit: u32, reserve: u32, window_ms: i64) -> Self {
        Self { limit, reserve: reserve.min(limit), window_ms: window_ms.max(1), window: 0, used: 0, silent_until: 0 }
    }

    /// Takes `weight` out of the budget.
    ///
    /// # Errors
    /// The time from which it is worth asking again.
    pub fn admit(&mut self, weight: u32, priority: Priority, now: i64) -> Result<(), i64> {
        if now < self.silent_until {
            return Err(self.silent_until);
        }
        self.roll(now);
        let limit = match priority {
            Priority::ReducesRisk => self.limit,
            Priority::Ordinary => self.limit - self.reserve,
        };
        // A request that is larger than the whole budget still goes out when the window is fresh.
        let after = self.used.saturating_add(weight);
        if after > limit && self.used > 0 {
            return Err((self.window + 1).saturating_mul(self.window_ms));
        }
        self.used = after;
        Ok(())
    }

    /// What the venue says has been used, in its answer to what was sent at `sent`. Answers may overtake each other:
    /// within a window the largest counts. One that comes after its window tells nothing: the venue may have counted in
    /// either, and a window that is full would lock the next one too.
    pub fn observe(&mut self, used: u32, sent: i64, now: i64) {
        self.roll(now);
        if sent.div_euclid(self.window_ms) == self.window {
            self.used = self.used.max(used);
        }
    }

    /// The venue wants no requests until then. A later time stays.
    pub fn silence(&mut self, until: i64) {
        self.silent_until = self.silent_until.max(until);
    }

    /// What has been used in the window of `now`.
    #[must_use]
    pub fn used(&self, now: i64) -> u32 {
        if now.div_euclid(self.window_ms) == self.window { self.used } else { 0 }
    }

    fn roll(&mut self, now: i64) {
        let window = now.div_euclid(self.window_ms);
        if window != self.window {
            self.window = window;
            self.used = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Priority::{Ordinary, ReducesRisk};
    use super::*;

    #[test]
    fn the_reserve_is_for_what_reduces_risk() {
        let mut budget = WeightBudget::new(100, 20, 60_000);
        assert_eq!(budget.admit(80, Ordinary, 60_000), Ok(()));
        assert_eq!(budget.admit(1, Ordinary, 60_001), Err(120_000));
        assert_eq!(budget.admit(20, ReducesRisk, 60_001), Ok(()));
        assert_eq!(budget.admit(1, ReducesRisk, 119_999), Err(120_000));
        assert_eq!(budget.admit(1, Ordinary, 120_000), Ok(()));
    }

    #[test]
    fn the_venues_count_wins_within_a_window() {
        let mut budget = WeightBudget::new(100, 0, 60_000);
        budget.observe(90, 4, 5);
        budget.observe(40, 3, 6);
        assert_eq!((budget.used(6), budget.used(60_000)), (90, 0));
        assert_eq!(budget.admit(11, Ordinary, 7), Err(60_000));
        assert_eq!(budget.admit(10, Ordinary, 7), Ok(()));
    }

    #[test]
    fn a_full_window_does_not_lock_the_next() {
        let mut budget = WeightBudget::new(100, 0, 60_000);
        budget.observe(100, 59_990, 60_010);
        assert_eq!(budget.admit(1, ReducesRisk, 60_011), Ok(()));
        budget.observe(100, 60_020, 60_030);
        assert_eq!(budget.admit(1, ReducesRisk, 60_031), Err(120_000));
    }

    #[test]
    fn silence_binds_everybody_until_it_ends() {
        let mut budget = WeightBudget::new(100, 50, 60_000);
        budget.silence(500);
        budget.silence(400);
        assert_eq!(budget.admit(1, ReducesRisk, 499), Err(500));
        assert_eq!(budget.admit(1, Ordinary, 500), Ok(()));
    }

    #[test]
    fn a_request_larger_than_the_budget_is_not_locked_out_for_ever() {
        let mut budget = WeightBudget::new(10, 5, 60_000);
        assert_eq!(budget.admit(40, Ordinary, 0), Ok(()));
        assert_eq!(budget.admit(1, ReducesRisk, 1), Err(60_000));
    }
}
