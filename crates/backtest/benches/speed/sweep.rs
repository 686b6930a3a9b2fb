//! Many runs over one history, which all of them share.

use crate::history;
use crate::process::{cpu, forget_peak, peak_mb};
use crate::run_of;
use plimsoll_backtest::Item;
use plimsoll_ports::FeedKind;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// How many runs over a million quotes: twenty, or what `SWEEP_RUNS` says.
pub(crate) fn runs_asked() -> u32 {
    std::env::var("SWEEP_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(20)
}

/// `runs` pairs of averages over one history of quotes, on one thread and on two.
pub(crate) fn measure(runs: u32, events: usize) -> Value {
    let items: Vec<Item> = history::quotes().take(events).collect();
    forget_peak();
    let began = cpu();
    let (two_threads, in_turns) = swept(&items, runs, 2);
    let processor = cpu() - began;
    let peak = peak_mb();
    let (one_thread, in_a_row) = swept(&items, runs, 1);
    assert_eq!(in_turns, in_a_row, "a run is another one on two threads");
    json!({
        "lane": "sweep", "runs": runs, "events": events, "one_thread": one_thread, "two_threads": two_threads,
        "processor": processor, "thousand": two_threads * 1000.0 / f64::from(runs), "peak_mb": peak,
    })
}

/// Seconds by the clock, and the hash of each run in the order of its number.
fn swept(items: &[Item], runs: u32, threads: usize) -> (f64, Vec<String>) {
    let next = AtomicU32::new(0);
    let works = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= runs {
                return done;
            }
            done.push((number, hash_of(items, number)));
        }
    };
    let began = Instant::now();
    let mut done: Vec<(u32, String)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(works)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    done.sort_unstable();
    (seconds, done.into_iter().map(|(_, hash)| hash).collect())
}

/// Every pair of a fast average of 5 to 24 and a slow one of 30, 32, up to 128.
fn hash_of(items: &[Item], number: u32) -> String {
    let mut run = run_of(FeedKind::Quotes, 5 + number % 20, 30 + 2 * (number / 20 % 50));
    for item in items {
        run.step(item).unwrap();
    }
    run.finish().unwrap().hash
}
