//! What the best of many is worth.

use plimsoll_backtest::Item;
use plimsoll_backtest::honesty::{self, NotComparable, Overfitting};
use plimsoll_backtest::statistics::YEAR;
use plimsoll_backtest::sweep::{Fold, Tried};
use std::time::Duration;

/// Returns are put together into no more than about so many: a choice is judged by days as well as by hours.
const RETURNS: u128 = 1024;
/// Up to so many combinations, time is cut into 16 blocks; of more, the ways to halve it would be too many to go through.
const FEW: usize = 500;

/// So many steps are put together into one, over this time.
pub(super) fn group(items: &[Item], folds: &[Fold], step: Duration) -> usize {
    let part = folds.last().and_then(|fold| items.get(fold.chosen_by.clone())).unwrap_or_default();
    let (Some(first), Some(last)) = (part.first(), part.last()) else { return 1 };
    let steps = last.time().since(first.time()).as_micros() / step.as_micros().max(1);
    usize::try_from(steps.div_ceil(RETURNS)).unwrap_or(1).max(1)
}

/// Returns of so many steps together.
pub(super) fn pooled(returns: &[f64], group: usize) -> Vec<f64> {
    returns.chunks(group).map(|chunk| chunk.iter().fold(1.0, |all, it| all * (1.0 + it)) - 1.0).collect()
}

/// The probability of overfitting. What has lost everything earns nothing from there on.
pub(super) fn overfitting(tried: &[Tried]) -> Result<Overfitting, NotComparable> {
    let length = tried.iter().map(|it| it.returns.len()).max().unwrap_or(0);
    let whole = |it: &Tried| {
        let mut returns = it.returns.clone();
        returns.resize(length, 0.0);
        returns
    };
    let most = if tried.len() > FEW { 10 } else { 16 };
    let blocks = (length / 2).clamp(2, most) / 2 * 2;
    honesty::overfitting(&tried.iter().map(whole).collect::<Vec<_>>(), blocks)
}

pub(super) fn steps_a_year(step: Duration) -> f64 {
    YEAR.as_secs_f64() / step.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_backtest::report::SweepRow;

    fn tried(returns: Vec<f64>) -> Tried {
        let row = SweepRow {
            parameters: Vec::new(),
            in_sample: None,
            out_of_sample: None,
            trades: 0,
            hash: String::new(),
            record: None,
        };
        Tried { row, returns }
    }

    #[test]
    fn returns_that_are_put_together_are_earned_one_on_the_other() {
        let all = pooled(&[0.5, 1.0, -0.5, 0.1, 0.25], 2);
        assert_eq!(all.len(), 3);
        assert!((all[0] - 2.0).abs() < 1e-12 && (all[1] + 0.45).abs() < 1e-12 && (all[2] - 0.25).abs() < 1e-12);
        assert_eq!(pooled(&[0.25, 0.5], 1), [0.25, 0.5]);
    }

    #[test]
    fn one_that_was_ruined_is_compared_with_the_others() {
        let good: Vec<f64> = (0..64).map(|it| 0.01 + f64::from(it % 3) * 0.001).collect();
        let ruined = vec![0.01, -0.2, -1.0];
        let found = overfitting(&[tried(good.clone()), tried(ruined)]).unwrap();
        assert!(found.probability.abs() < 1e-12, "{found:?}");
        assert_eq!(overfitting(&[tried(good)]), Err(NotComparable::Trials(1)));
        assert_eq!(overfitting(&[tried(vec![]), tried(vec![])]), Err(NotComparable::Returns { returns: 0, blocks: 2 }));
    }
}
