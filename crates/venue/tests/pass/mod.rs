//! How long an account takes over messages, from their bytes on: for the benches of the venues' wires.

use plimsoll_domain::AccountState;
use plimsoll_venue::Event;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What `rounds` messages take: `frames` over and over, each pass by an account that knows none of them. What comes before
/// and after a pass, making the account and forgetting it, is not timed.
pub(crate) fn time(rounds: u64, frames: &[Vec<u8>], decode: impl Fn(&[u8]) -> Vec<Event>) -> Duration {
    let mut left = usize::try_from(rounds).unwrap();
    let mut total = Duration::ZERO;
    while left > 0 {
        let mut state = AccountState::new();
        let pass = &frames[..left.min(frames.len())];
        let begun = Instant::now();
        for frame in pass {
            for event in &decode(black_box(frame)) {
                if let Event::Account(event) = event {
                    black_box(state.apply(event).len());
                }
            }
        }
        total += begun.elapsed();
        left -= pass.len();
    }
    total
}
