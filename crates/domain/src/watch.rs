//! Thresholds that speak once when they are crossed.

use rust_decimal::Decimal;

/// A line that a figure should not cross, and how far it must come back before crossing again is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    bad: Bad,
    at: Decimal,
    clears_at: Decimal,
}

/// Which side of a [`Threshold`] is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// Beyond it: a margin ratio, a loss.
    Above,
    /// Short of it: a balance.
    Below,
}

/// A threshold that would be crossed and be clear at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a threshold at {at} clears on its good side, not at {clears_at}")]
pub struct NotAThreshold {
    /// Where it is crossed.
    pub at: Decimal,
    /// Where it was to clear.
    pub clears_at: Decimal,
}

impl Threshold {
    /// Crossed by figures above `at`; clear again once they are 5 % of it lower.
    #[must_use]
    pub fn above(at: Decimal) -> Self {
        Self { bad: Bad::Above, at, clears_at: at.saturating_sub(band(at)) }
    }

    /// Crossed by figures below `at`; clear again once they are 5 % of it higher.
    #[must_use]
    pub fn below(at: Decimal) -> Self {
        Self { bad: Bad::Below, at, clears_at: at.saturating_add(band(at)) }
    }

    /// The same line, clear again at another figure. At the line itself there is no hysteresis.
    ///
    /// # Errors
    /// [`NotAThreshold`] if that figure is on the bad side.
    pub fn clearing_at(self, clears_at: Decimal) -> Result<Self, NotAThreshold> {
        let cleared = Self { clears_at, ..self };
        if cleared.is_crossed(clears_at) {
            return Err(NotAThreshold { at: self.at, clears_at });
        }
        Ok(cleared)
    }

    /// Where it is crossed.
    #[must_use]
    pub const fn at(&self) -> Decimal {
        self.at
    }

    /// Where it is clear again.
    #[must_use]
    pub const fn clears_at(&self) -> Decimal {
        self.clears_at
    }

    /// Which side of it is bad.
    #[must_use]
    pub const fn bad(&self) -> Bad {
        self.bad
    }

    /// Whether a figure is beyond it. The line itself is on the good side.
    #[must_use]
    pub fn is_crossed(&self, figure: Decimal) -> bool {
        match self.bad {
            Bad::Above => figure > self.at,
            Bad::Below => figure < self.at,
        }
    }

    fn is_clear(&self, figure: Decimal) -> bool {
        match self.bad {
            Bad::Above => figure <= self.clears_at,
            Bad::Below => figure >= self.clears_at,
        }
    }
}

fn band(at: Decimal) -> Decimal {
    at.abs().saturating_mul(Decimal::new(5, 2))
}

/// What a figure did to a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// It is beyond it, and was not.
    Raised,
    /// It is back, past the hysteresis.
    Cleared,
}

/// Remembers on which side of a [`Threshold`] a figure was last.
///
/// ```
/// use plimsoll_domain::{Crossing, Decimal, Threshold, Watch};
///
/// let mut ratio = Watch::new(Threshold::above(Decimal::new(80, 2)));
/// let mut hear = |hundredths| ratio.hear(Some(Decimal::new(hundredths, 2)));
/// assert_eq!([70, 81, 85, 79, 81, 76, 81].map(&mut hear), [
///     None, Some(Crossing::Raised), None, None, None, Some(Crossing::Cleared), Some(Crossing::Raised),
/// ]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    threshold: Threshold,
    raised: bool,
}

impl Watch {
    /// A watch over figures that are on the good side until one is heard that is not.
    #[must_use]
    pub const fn new(threshold: Threshold) -> Self {
        Self { threshold, raised: false }
    }

    /// Takes the figure of now, and says whether that is news. A figure that is not known changes nothing.
    pub fn hear(&mut self, figure: Option<Decimal>) -> Option<Crossing> {
        let figure = figure?;
        if !self.raised && self.threshold.is_crossed(figure) {
            self.raised = true;
            return Some(Crossing::Raised);
        }
        if self.raised && self.threshold.is_clear(figure) {
            self.raised = false;
            return Some(Crossing::Cleared);
        }
        None
    }

    /// The same watch with its line elsewhere: what it said last is still said, until a figure tells otherwise.
    #[must_use]
    pub const fn moved_to(self, threshold: Threshold) -> Self {
        Self { threshold, ..self }
    }

    /// What is watched for.
    #[must_use]
    pub const fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// Whether the figure was last beyond the threshold, or is not back far enough.
    #[must_use]
    pub const fn is_raised(&self) -> bool {
        self.raised
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_threshold_clears_on_its_good_side() {
        let ratio = Threshold::above(Decimal::new(8, 1));
        assert_eq!(ratio.clears_at(), Decimal::new(76, 2));
        assert!(ratio.clearing_at(Decimal::new(8, 1)).is_ok(), "at the line there is no hysteresis");
        let refused = ratio.clearing_at(Decimal::ONE).unwrap_err().to_string();
        assert_eq!(refused, "a threshold at 0.8 clears on its good side, not at 1");
        let balance = Threshold::below(Decimal::ONE_HUNDRED);
        assert_eq!(balance.clears_at(), Decimal::from(105));
        assert!(balance.clearing_at(Decimal::TEN).is_err());
    }

    #[test]
    fn a_line_that_is_moved_leaves_what_was_said_until_a_figure_tells_otherwise() {
        let (eighty, eighty_five) = (Threshold::above(Decimal::new(8, 1)), Some(Decimal::new(85, 2)));
        let mut raised = Watch::new(eighty);
        assert_eq!(raised.hear(eighty_five), Some(Crossing::Raised));
        assert_eq!(raised.moved_to(Threshold::above(Decimal::new(7, 1))).hear(eighty_five), None, "it was told");
        let higher = Threshold::above(Decimal::new(95, 2));
        assert_eq!(raised.moved_to(higher).hear(eighty_five), Some(Crossing::Cleared));
        let mut quiet = Watch::new(higher);
        assert_eq!(quiet.hear(eighty_five), None);
        assert_eq!(quiet.moved_to(eighty).hear(eighty_five), Some(Crossing::Raised));
    }

    proptest! {
        /// Raised and cleared take turns, each only where the figure says so, and what is unknown is never news.
        #[test]
        fn a_watch_speaks_once_a_crossing(
            figures in prop::collection::vec(prop::option::of(0_i64..200), 0..60),
            below in any::<bool>(),
        ) {
            let at = Decimal::ONE_HUNDRED;
            let threshold = if below { Threshold::below(at) } else { Threshold::above(at) };
            let mut watch = Watch::new(threshold);
            let mut last = Crossing::Cleared;
            for figure in figures {
                let figure = figure.map(Decimal::from);
                let before = watch;
                match watch.hear(figure) {
                    Some(crossing) => {
                        prop_assert_ne!(crossing, last);
                        let beyond = figure.is_some_and(|figure| threshold.is_crossed(figure));
                        prop_assert_eq!(beyond, crossing == Crossing::Raised);
                        prop_assert_eq!(watch.hear(figure), None, "the same figure is no news");
                        last = crossing;
                    }
                    None => prop_assert_eq!(watch, before),
                }
                if figure.is_some_and(|figure| threshold.is_crossed(figure)) {
                    prop_assert!(watch.is_raised());
                }
            }
        }
    }
}
