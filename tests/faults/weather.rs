//! Which faults a seed brings, and how often.

use super::wire::Wire;
use plimsoll_trial::random::Random;
use plimsoll_venue_server::{Fault, FaultPlan};

/// A rule as a plan's text has it: `P` stands for a small chance, `Q` for a large one, `T` for a moment, `W` for a span of
/// time, `S` for how far a clock is off.
const RULES: &[(u64, &str)] = &[
    (6, "drop=private:Q"),
    (6, "dup=private:Q"),
    (4, "delay=private:Q:for=30ms"),
    (5, "reorder=private:Q"),
    (3, "garble=private:Q"),
    (3, "truncate=private:Q"),
    (8, "disconnect=private:Q"),
    (4, "half-open=private@T"),
    (3, "expire-key@T"),
    (3, "expire-key-silently@T"),
    (3, "refuse=private:Q"),
    (2, "429=P:retry=1s"),
    (2, "429=place+stop:Q:retry=1s"),
    (1, "418=x1:retry=2s@T"),
    (2, "500-before=P"),
    (3, "500-before=trade:Q"),
    (3, "500-after=P"),
    (5, "500-after=place+stop:Q"),
    (2, "502-before=P"),
    (3, "502-after=trade:Q"),
    (3, "503=P"),
    (4, "503=trade:Q"),
    (4, "overload=Q"),
    (3, "unknown-before=trade:Q"),
    (3, "unknown-after=P"),
    (6, "unknown-after=place+stop:Q"),
    (3, "408-before=trade:Q"),
    (4, "408-after=trade:Q"),
    (4, "timeout-before=P:for=20ms"),
    (4, "timeout-before=place+stop:Q:for=20ms"),
    (4, "timeout-after=P:for=20ms"),
    (9, "timeout-after=place+stop:Q:for=20ms"),
    (2, "timeout-after=place+stop:x1:for=never@T"),
    (3, "cut-before=P"),
    (3, "cut-after=P"),
    (6, "cut-after=place+stop:Q"),
    (3, "cut-after=cancel+settings:Q"),
    (4, "slow=P:for=30ms"),
    (4, "short-body=P"),
    (3, "short-body=place+stop:Q"),
    (4, "reject=stop:Q"),
    (4, "reject=place:P"),
    (7, "lose-stop=Q"),
    (4, "positions-first=Q"),
    (4, "fills-first=Q"),
    (3, "skew=S"),
    (3, "maintenance@W"),
];

/// What goes wrong with this seed. One in twenty has fair weather.
pub(crate) fn plan(wire: Wire, seed: u64) -> FaultPlan {
    let mut random = Random::of(seed, "weather");
    if random.percent(5) {
        return FaultPlan::new(seed);
    }
    let makes_sense = |rule: &str| {
        let word = rule.split(['=', '@']).next().unwrap_or(rule);
        Fault::named(word).is_none_or(|fault| wire.knows(fault))
    };
    let rules: Vec<_> = RULES.iter().copied().filter(|(_, rule)| makes_sense(rule)).collect();
    let count = random.between(2, 7);
    let mut spec = format!("seed={}", random.next());
    for _ in 0..count {
        spec.push(',');
        spec.push_str(&rule(&mut random, &rules));
    }
    spec.parse().expect("the rules of this file are rules")
}

fn rule(random: &mut Random, rules: &[(u64, &'static str)]) -> String {
    let rule = random.weighed(rules);
    let small = random.pick(&["0.005", "0.01", "0.02", "0.05"]);
    let large = random.pick(&["0.05", "0.1", "0.2", "0.4", "0.6"]);
    let from = random.between(0, 30);
    let until = from + random.between(2, 8);
    let skew = random.pick(&["-3s", "3s", "-800ms", "800ms", "-7s", "7s"]);
    rule.replace("=P", &format!("={small}"))
        .replace(":P", &format!(":{small}"))
        .replace("=Q", &format!("={large}"))
        .replace(":Q", &format!(":{large}"))
        .replace("@T", &format!("@{from}s"))
        .replace("@W", &format!("@{from}s..{until}s"))
        .replace("=S", &format!("={skew}"))
}
