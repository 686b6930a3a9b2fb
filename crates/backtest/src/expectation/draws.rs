//! What could have happened, drawn from what did: the same every time.

use std::f64::consts::TAU;

/// So many cases are drawn.
pub(super) const CASES: u32 = 10_000;

/// Nothing can be told to be more seldom than this.
pub(super) const LEAST: f64 = 1.0 / 10_000.0;

/// Numbers without a pattern, by a seed (SplitMix64).
pub(super) struct Draws(u64);

impl Draws {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ (it >> 31)
    }

    /// One of these, each as likely as any other.
    pub(super) fn one_of(&mut self, them: &[f64]) -> f64 {
        let length = u64::try_from(them.len()).unwrap_or(u64::MAX);
        // The upper half of a product of 128 bits: a place from 0 to below the length.
        let place = (u128::from(self.next()) * u128::from(length)) >> 64;
        usize::try_from(place).ok().and_then(|place| them.get(place)).copied().unwrap_or_default()
    }

    /// Above 0, and 1 at the most.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
    fn share(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Normally distributed around 0, with a deviation of 1 (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        let (one, other) = (self.share(), self.share());
        (-2.0 * libm::log(one)).sqrt() * libm::cos(TAU * other)
    }
}
