//! Everything that is wrong with settings, at once.

use plimsoll_domain::{Decimal, Leverage};

/// What is wrong, gathered: whoever writes settings is told all of it.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    pub(crate) fn unless(&mut self, right: bool, problem: impl FnOnce() -> String) {
        if !right {
            self.0.push(problem());
        }
    }

    pub(crate) fn period(&mut self, name: &str, period: u32, least: u32) {
        self.unless((least..=10_000).contains(&period), || format!("{name} is from {least} to 10000, got {period}"));
    }

    pub(crate) fn above(&mut self, name: &str, value: Decimal, bound: Decimal) {
        self.unless(value > bound, || format!("{name} is above {bound}, got {value}"));
    }

    pub(crate) fn at_least(&mut self, name: &str, value: Decimal, bound: Decimal) {
        self.unless(value >= bound, || format!("{name} is at least {bound}, got {value}"));
    }

    /// Above zero and at most one.
    pub(crate) fn share(&mut self, name: &str, value: Decimal) {
        let right = value > Decimal::ZERO && value <= Decimal::ONE;
        self.unless(right, || format!("{name} is a share above 0 and up to 1, got {value}"));
    }

    /// Above zero and below one.
    pub(crate) fn part(&mut self, name: &str, value: Decimal) {
        let right = value > Decimal::ZERO && value < Decimal::ONE;
        self.unless(right, || format!("{name} is a fraction above 0 and below 1, got {value}"));
    }

    pub(crate) fn leverage(&mut self, name: &str, times: u32) {
        if let Err(error) = Leverage::new(times) {
            self.0.push(format!("{name}: {error}"));
        }
    }

    pub(crate) fn end(self) -> Result<(), Vec<String>> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}
