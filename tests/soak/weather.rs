//! What goes wrong, and how often: by the second, so that it does not depend on how much is traded.

use super::plan::Plan;
use plimsoll_trial::random::Random;
use plimsoll_venue_server::FaultPlan;
use std::fmt::Write;

/// Of frames: a fault of this kind every so many seconds.
const FRAMES: &[(&str, u64)] = &[
    ("drop=private", 5),
    ("dup=private", 2),
    ("delay=private:for=30ms", 5),
    ("reorder=private", 2),
    ("garble=private", 40),
    ("truncate=private", 40),
    ("disconnect=private", 20),
    ("positions-first", 2),
    ("fills-first", 2),
    ("disconnect=market", 30),
];

/// Of requests: a gap is made good by dozens of them, and begun anew if one fails.
const REQUESTS: &str = "refuse=private:0.1,429=query+key:0.001:retry=1s,503=query+key:0.001,500-before=query:0.001,\
                        502-before=query:0.001,timeout-before=query:0.001:for=100ms,cut-before=query:0.001,\
                        slow=query:0.01:for=50ms,short-body=query:0.001";

/// Of the whole session: one of these in turn, every so many seconds.
const SESSION: [&str; 4] = ["half-open=private", "expire-key", "expire-key-silently", "expire-key"];
const SESSION_EVERY: u64 = 45;

/// A venue is down for so long, once.
const DOWN: u64 = 4;

/// The faults of one venue.
pub(super) fn plan(plan: &Plan, venue: usize) -> FaultPlan {
    let mut random = Random::of(plan.seed, ["first", "second", "third"].get(venue).unwrap_or(&"other"));
    let mut spec = format!("seed={},{REQUESTS}", random.next());
    for (rule, every) in FRAMES {
        // Market frames are as many at any rate, and fewer.
        let frames = if rule.ends_with("market") { 100 } else { plan.rate };
        let millionths = (1_000_000 / (every * frames).max(1)).clamp(1, 500_000);
        let (word, rest) =
            rule.split_once(":for").map_or((*rule, String::new()), |(word, rest)| (word, format!(":for{rest}")));
        let separator = if word.contains('=') { ':' } else { '=' };
        let _ = write!(spec, ",{word}{separator}0.{millionths:06}{rest}");
    }
    let seconds = plan.length.as_secs();
    let mut at = random.between(2, SESSION_EVERY.min(seconds.max(3)));
    while at < seconds {
        let _ = write!(spec, ",{}@{at}s", random.pick(&SESSION));
        at += random.between(SESSION_EVERY / 2, SESSION_EVERY * 3 / 2);
    }
    if seconds > DOWN * 4 {
        let from = random.between(seconds / 4, seconds / 2);
        let _ = write!(spec, ",maintenance@{from}s..{}s", from + DOWN);
    }
    spec.parse().unwrap_or_else(|error| panic!("the rules of this file are rules: {error} in {spec}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_plan_can_be_read() {
        for (seconds, rate) in [(1, 1), (6, 200), (600, 2000), (3600, 100_000)] {
            for seed in 0..20 {
                let plan = Plan { length: Duration::from_secs(seconds), rate, seed, judges_time: true };
                assert!((0..3).all(|venue| super::plan(&plan, venue).rules.len() > 10));
            }
        }
    }
}
