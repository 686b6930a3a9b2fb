//! How what a strategy does live stands to what its backtest predicts.

use crate::figure::{Figure, answers};

answers! {
    /// What a strategy does live beside what its backtest predicts. It begins anew when the strategy's settings change.
    pub struct Performance {
        /// Its round trips: what was left of each after fees and funding, as a share of the most that was held.
        pub results: Judged,
        /// Its orders at market: how much worse than the last price at their decision they filled, as a share of it.
        pub costs: Judged,
        /// Round trips whose result is not known: fees in another currency, say.
        pub left_out: u32,
    }

    /// Live figures beside those of a backtest.
    pub struct Judged {
        /// `as_predicted`, `outside`, or `too_few` to say; null where nothing was predicted.
        pub verdict: Option<&'static str>,
        /// The same in a sentence with its numbers.
        pub text: Option<String>,
        /// How many there are: the newest 200 at the most.
        pub number: usize,
        /// Their average.
        pub mean: Option<Figure>,
        /// The average of the backtest.
        pub expected: Option<Figure>,
        /// How probable it is that so many are so much worse by accident; null of too few.
        pub chance: Option<Figure>,
    }
}
