//! Which marks have come of late.

use plimsoll_domain::Symbol;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// When the mark of each contract last came, in the time that has [passed](crate::steady::Steady::passed).
#[derive(Debug, Default)]
pub(super) struct Marks(Mutex<BTreeMap<Symbol, Duration>>);

impl Marks {
    /// A mark of this contract has come.
    pub(super) fn heard(&self, symbol: &Symbol, now: Duration) {
        self.of_each().insert(symbol.clone(), now);
    }

    /// They do not flow any more. Answers whether any did.
    pub(super) fn forget(&self) -> bool {
        !std::mem::take(&mut *self.of_each()).is_empty()
    }

    /// Whether the marks of all these have come within this time.
    pub(super) fn are_of_now<'a>(
        &self,
        mut held: impl Iterator<Item = &'a Symbol>,
        now: Duration,
        within: Duration,
    ) -> bool {
        let of_each = self.of_each();
        held.all(|symbol| of_each.get(symbol).is_some_and(|at| now.saturating_sub(*at) <= within))
    }

    fn of_each(&self) -> MutexGuard<'_, BTreeMap<Symbol, Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_of_now_if_every_held_contract_has_a_young_one() {
        let [btc, eth]: [Symbol; 2] = ["BTC/USDT:USDT", "ETH/USDT:USDT"].map(|it| it.parse().unwrap());
        let (marks, seconds) = (Marks::default(), Duration::from_secs);
        let are_of_now = |held: &[&Symbol], now| marks.are_of_now(held.iter().copied(), seconds(now), seconds(5));
        assert!(are_of_now(&[], 0), "nothing is held");
        assert!(!are_of_now(&[&btc], 0), "none has come");
        marks.heard(&btc, seconds(10));
        assert!(are_of_now(&[&btc], 15));
        assert!(!are_of_now(&[&btc], 16), "it is old");
        assert!(!are_of_now(&[&btc, &eth], 10), "the other has none");
        marks.heard(&eth, seconds(12));
        assert!(are_of_now(&[&btc, &eth], 15));
        assert!(marks.forget());
        assert!(!marks.forget());
        assert!(!are_of_now(&[&btc], 15));
    }
}
