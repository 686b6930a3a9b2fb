//! The probability of backtest overfitting, by combinatorially symmetric cross-validation.

use super::track_record::float;

/// How a choice by one half of the time does in the other half.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overfitting {
    /// How often the trial that was best in one half was no better than the median of all in the other: near 0 the
    /// choice means something, 0.5 and more is what noise does.
    pub probability: f64,
    /// How often it lost in the other half.
    pub loss: f64,
    /// In how many ways the time was halved.
    pub halvings: usize,
}

/// Why there is no probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotComparable {
    /// The number of blocks is odd, or not one of 2 to 16.
    #[error("time is cut into an even number of blocks from 2 to 16, got {0}")]
    Blocks(usize),
    /// There is nothing to choose from.
    #[error("a choice needs two trials at least, got {0}")]
    Trials(usize),
    /// Trials over different times.
    #[error("every trial needs the same number of returns: trial {trial} has {found}, the first has {expected}")]
    Lengths {
        /// Which, from 0.
        trial: usize,
        /// How many it has.
        found: usize,
        /// How many the first has.
        expected: usize,
    },
    /// Less than two returns a block.
    #[error("{returns} returns are too few for {blocks} blocks: two a block at least")]
    Returns {
        /// How many there are.
        returns: usize,
        /// How many blocks.
        blocks: usize,
    },
}

/// Cuts the time into `blocks` of equal length (16 is usual; what is left over at the beginning is left out), and takes
/// each half of the blocks once to choose the trial with the best Sharpe ratio, and the other half to see how it does.
/// `trials` are returns per step, all over the same time.
///
/// # Errors
/// [`NotComparable`] with what is too few or unlike.
pub fn overfitting(trials: &[Vec<f64>], blocks: usize) -> Result<Overfitting, NotComparable> {
    let returns = check(trials, blocks)?;
    let length = returns / blocks;
    let trials: Vec<Vec<Block>> = trials
        .iter()
        .map(|trial| {
            trial.iter().skip(returns % blocks).collect::<Vec<_>>().chunks_exact(length).map(Block::of).collect()
        })
        .collect();
    let mut found = Overfitting { probability: 0.0, loss: 0.0, halvings: 0 };
    for half in (0_u32..1 << blocks).filter(|half| half.count_ones() as usize * 2 == blocks) {
        let ratios = |half| trials.iter().map(|trial| sharpe(trial, half)).collect::<Vec<f64>>();
        let chosen = place_of_best(&ratios(half));
        let others = ratios(!half);
        let out = others.get(chosen).copied().unwrap_or(0.0);
        found.halvings += 1;
        found.probability += f64::from(is_in_the_lower_half(out, &others));
        found.loss += f64::from(out < 0.0);
    }
    found.probability /= float(found.halvings);
    found.loss /= float(found.halvings);
    Ok(found)
}

/// How many returns each trial has.
fn check(trials: &[Vec<f64>], blocks: usize) -> Result<usize, NotComparable> {
    if !(2..=16).contains(&blocks) || !blocks.is_multiple_of(2) {
        return Err(NotComparable::Blocks(blocks));
    }
    let [first, _, ..] = trials else { return Err(NotComparable::Trials(trials.len())) };
    let expected = first.len();
    if let Some((trial, other)) = trials.iter().enumerate().find(|(_, other)| other.len() != expected) {
        return Err(NotComparable::Lengths { trial, found: other.len(), expected });
    }
    if expected < blocks * 2 {
        return Err(NotComparable::Returns { returns: expected, blocks });
    }
    Ok(expected)
}

/// What a block adds to a Sharpe ratio.
#[derive(Clone, Copy)]
struct Block {
    number: f64,
    sum: f64,
    squares: f64,
}

impl Block {
    fn of(returns: &[&f64]) -> Self {
        Self {
            number: float(returns.len()),
            sum: returns.iter().copied().sum(),
            squares: returns.iter().map(|it| **it * **it).sum(),
        }
    }
}

/// Over the blocks whose bits are set; zero of returns that do not vary.
fn sharpe(blocks: &[Block], half: u32) -> f64 {
    let nothing = Block { number: 0.0, sum: 0.0, squares: 0.0 };
    let is_in =
        |place: usize| half.checked_shr(u32::try_from(place).unwrap_or(u32::MAX)).is_some_and(|bits| bits & 1 == 1);
    let all = blocks.iter().enumerate().filter(|(place, _)| is_in(*place)).fold(nothing, |all, (_, block)| Block {
        number: all.number + block.number,
        sum: all.sum + block.sum,
        squares: all.squares + block.squares,
    });
    let mean = all.sum / all.number;
    let variance = all.squares / all.number - mean * mean;
    // What is left of rounding is no variation.
    if variance > mean * mean * 1e-12 { mean / variance.sqrt() } else { 0.0 }
}

fn place_of_best(ratios: &[f64]) -> usize {
    let better = |best: usize, (place, ratio): (usize, &f64)| match ratios.get(best) {
        Some(other) if other >= ratio => best,
        _ => place,
    };
    ratios.iter().enumerate().fold(0, better)
}

/// At the median or below; equals share their places.
fn is_in_the_lower_half(ratio: f64, all: &[f64]) -> bool {
    let below = all.iter().filter(|other| **other < ratio).count();
    let above = all.iter().filter(|other| **other > ratio).count();
    below <= above
}

#[cfg(test)]
mod tests {
    use super::{NotComparable, overfitting};

    /// Numbers between -1 and 1 without any pattern that matters here.
    fn noise(seed: u64, length: usize) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX) * 2.0 - 1.0
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn what_is_good_in_one_half_and_bad_in_the_other_is_overfitted() {
        let good = [2.0, 1.0, 2.0, 1.0];
        let bad = good.map(|it: f64| -it);
        let trials = [[good, bad].concat(), [bad, good].concat()];
        let found = overfitting(&trials, 2).unwrap();
        assert_eq!((found.probability, found.loss, found.halvings), (1.0, 1.0, 2));
    }

    #[test]
    fn what_is_good_always_is_not() {
        let trials: Vec<Vec<f64>> = (1..20)
            .map(|seed| noise(seed, 800).into_iter().map(|it| if seed == 7 { it + 0.3 } else { it }).collect())
            .collect();
        let found = overfitting(&trials, 8).unwrap();
        assert_eq!((found.probability, found.loss, found.halvings), (0.0, 0.0, 70));
    }

    /// Of what has no merit, the best is as likely above the median as below.
    #[test]
    fn noise_is_overfitted_half_of_the_time() {
        let sums: f64 = (0..40)
            .map(|run| {
                let trials: Vec<Vec<f64>> = (0..15).map(|seed| noise(1000 + run * 100 + seed, 160)).collect();
                overfitting(&trials, 8).unwrap().probability
            })
            .sum();
        assert!((sums / 40.0 - 0.5).abs() < 0.1, "{}", sums / 40.0);
    }

    #[test]
    fn trials_that_are_the_same_are_no_choice() {
        let found = overfitting(&[noise(1, 64), noise(1, 64)], 4).unwrap();
        assert_eq!((found.probability, found.halvings), (1.0, 6));
        let flat = overfitting(&[vec![0.0; 64], vec![0.0; 64]], 16).unwrap();
        assert_eq!((flat.probability, flat.loss, flat.halvings), (1.0, 0.0, 12_870));
    }

    #[test]
    fn what_cannot_be_compared_is_refused_with_its_figures() {
        for (trials, blocks, expected) in [
            (vec![vec![0.0; 9]; 2], 3, NotComparable::Blocks(3)),
            (vec![vec![0.0; 9]; 2], 0, NotComparable::Blocks(0)),
            (vec![vec![0.0; 99]; 2], 18, NotComparable::Blocks(18)),
            (vec![vec![0.0; 9]], 2, NotComparable::Trials(1)),
            (vec![vec![0.0; 9], vec![0.0; 8]], 2, NotComparable::Lengths { trial: 1, found: 8, expected: 9 }),
            (vec![vec![0.0; 7]; 2], 4, NotComparable::Returns { returns: 7, blocks: 4 }),
        ] {
            assert_eq!(overfitting(&trials, blocks), Err(expected));
        }
    }
}
