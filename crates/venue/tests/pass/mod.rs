//! How long an account takes over messages, from their bytes on: for the benches of the venues' wires.

use plimsoll_domain::AccountState;
use plimsoll_venue::Event;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What `rounds` messages take: those of the second half of `frames` over and over, each pass by an account that has taken in
/// the first half, as one has that was followed for a while: its memory has its size, and now and then it forgets the oldest.
/// Getting it there, and forgetting the account after its pass, is not timed.
pub(crate) fn time(rounds: u64, frames: &[Vec<u8>], decode: impl Fn(&[u8]) -> Vec<Event>) -> Duration {
    let (earlier, frames) = frames.split_at(frames.len() / 2);
    let mut left = usize::try_from(rounds).unwrap();
    let mut total = Duration::ZERO;
    while left > 0 {
        let mut state = AccountState::new();
        let mut take = |frames: &[Vec<u8>]| {
            for frame in frames {
                for event in &decode(black_box(frame)) {
                    if let Event::Account(event) = event {
                        black_box(state.apply(event).len());
                    }
                }
            }
        };
        take(earlier);
        let pass = &frames[..left.min(frames.len())];
        let begun = Instant::now();
        take(pass);
        total += begun.elapsed();
        left -= pass.len();
    }
    total
}
