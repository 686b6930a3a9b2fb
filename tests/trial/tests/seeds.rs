//! A fixed choice of seeds, and that a seed is the same every time. `cargo xtask trial` runs any others.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_trial::{Batch, run_many, run_seed};

#[test]
fn forty_seeds_keep_every_promise() {
    let batch = Batch { from: 1, seeds: 40, jobs: 2, stops_at_failure: false };
    let summary = run_many(batch, |_, _, outcome| {
        if let Some(outcome) = outcome.filter(|it| !it.is_well()) {
            println!("{outcome}\n");
        }
    });
    assert!(summary.is_well(), "{summary}");
}

#[test]
fn a_seed_that_is_run_again_is_the_same_to_the_byte() {
    for seed in 1..=8 {
        let (once, again) = (run_seed(seed, true), run_seed(seed, true));
        assert!(once.log.len() > 500, "seed {seed} has done {} things", once.log.len());
        for (number, (once, again)) in once.log.iter().zip(&again.log).enumerate() {
            assert_eq!(once, again, "line {number} of seed {seed}");
        }
        assert_eq!(once.to_string(), again.to_string(), "seed {seed}");
        // Whoever does not write it down does the same.
        let untold = run_seed(seed, false);
        assert_eq!((untold.calls, untold.wrong, untold.simulated), (once.calls, once.wrong, once.simulated));
    }
}

#[test]
fn seeds_differ() {
    assert_ne!(run_seed(1, true).log, run_seed(2, true).log);
}
