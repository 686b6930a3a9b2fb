//! A mark price for feeds that have none.

use plimsoll_domain::{Price, Step};
use rust_decimal::{Decimal, RoundingStrategy};

/// Where the mark price of a feed comes from, if it has none of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MarkModel {
    /// The mark is the last price.
    #[default]
    Last,
    /// The mark goes this fraction (one in so many) of the way to the last price at every tick: it follows, and short
    /// spikes hardly move it. One in 0 or 1 is the last price.
    Follows {
        /// One in so many.
        one_in: u32,
    },
}

impl MarkModel {
    /// The mark after this last price, in hundredths of a tick.
    #[must_use]
    pub fn next(self, mark: Price, last: Price, tick: Step) -> Price {
        match self {
            Self::Follows { one_in } if one_in > 1 => {
                let moved = mark.get() + (last.get() - mark.get()) / Decimal::from(one_in);
                let rounded = moved.round_dp_with_strategy(tick.decimals() + 2, RoundingStrategy::ToZero);
                Price::new(rounded).unwrap_or(last)
            }
            Self::Last | Self::Follows { .. } => last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_following_mark_hardly_feels_a_spike() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let tick = Step::new(Decimal::new(1, 1)).unwrap();
        let model = MarkModel::Follows { one_in: 10 };
        assert_eq!(model.next(price("100"), price("110"), tick), price("101"));
        assert_eq!(model.next(price("101"), price("100"), tick), price("100.9"));
        assert_eq!(MarkModel::Last.next(price("100"), price("110"), tick), price("110"));
    }
}
