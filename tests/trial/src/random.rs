//! Numbers that a seed decides.

use plimsoll_domain::Decimal;

/// The simulation's numbers, and what a trial draws of them.
#[derive(Debug, Clone)]
pub struct Random(plimsoll_simulation::Random);

impl Random {
    /// The stream of this name: streams of one seed do not disturb each other.
    pub fn of(seed: u64, stream: &str) -> Self {
        Self(plimsoll_simulation::Random::of(seed, stream))
    }

    /// The next number.
    #[expect(clippy::should_implement_trait, reason = "there is always a next number")]
    pub fn next(&mut self) -> u64 {
        self.0.next()
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0.between(low, high)
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let index = usize::try_from(self.next()).unwrap_or(0) % of.len();
        *of.get(index).expect("there is something to pick from")
    }

    /// One of these, by weight.
    pub fn weighed<T: Copy>(&mut self, of: &[(u64, T)]) -> T {
        let whole: u64 = of.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.next() % whole;
        for (weight, it) in of {
            if drawn < *weight {
                return *it;
            }
            drawn -= weight;
        }
        of.last().expect("there is something to pick from").1
    }

    /// Small numbers as often as large ones: as many of 1..2 as of 2..4, up to 2^`bits`.
    pub fn scale(&mut self, bits: u32) -> u64 {
        let bit = self.between(0, u64::from(bits).saturating_sub(1));
        (1 << bit) + self.next() % (1 << bit)
    }

    /// From `low` to `high` ten-thousandths.
    pub fn share(&mut self, low: u64, high: u64) -> Decimal {
        Decimal::new(i64::try_from(self.between(low, high)).unwrap_or(0), 4)
    }
}
