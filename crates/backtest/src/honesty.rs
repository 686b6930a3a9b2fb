//! How much of a good result is luck, and how much of it is having looked often.
//!
//! ```
//! use plimsoll_backtest::honesty::{TrackRecord, deflated};
//!
//! // Five years of daily returns with an annualised Sharpe ratio of 2.5 look splendid.
//! let found = TrackRecord { sharpe: 2.5 / 250_f64.sqrt(), samples: 1250, skewness: -3.0, kurtosis: 10.0 };
//! assert!(found.probability_above(0.0).is_some_and(|it| it > 0.999));
//! // As the best of 100 trials, whose Sharpe ratios vary by 0.5 a year, it does not reach 95 %.
//! let best = deflated(&found, 100, 0.5 / 250.0);
//! assert!(best.is_some_and(|it| it.probability < 0.91));
//! ```
//!
//! Sources: D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 2012
//! ([`TrackRecord`]); the same, "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5), 2014 ([`deflated`]);
//! D. H. Bailey, J. Borwein, M. López de Prado and Q. J. Zhu, "The Probability of Backtest Overfitting", Journal of
//! Computational Finance 20(4), 2017 ([`overfitting`]).

mod deflated;
mod normal;
mod overfitting;
mod track_record;

pub use deflated::{Deflated, deflated, expected_maximum, variance};
pub use overfitting::{NotComparable, Overfitting, overfitting};
pub use track_record::TrackRecord;
