use super::*;
use proptest::prelude::*;
use std::time::Duration;

/// A text, and what it says when it is shown again.
fn check(spec: &str, shown: &str) {
    let plan: FaultPlan = spec.parse().unwrap_or_else(|error| panic!("{spec}: {error}"));
    assert_eq!(plan.to_string(), shown, "{spec}");
    assert_eq!(shown.parse::<FaultPlan>().unwrap(), plan, "{spec}");
}

#[test]
fn plans_are_read_and_shown() {
    check("", "seed=0");
    check("seed=7,drop=0.02,dup=0.01", "seed=7,drop=0.02,dup=0.01");
    check("timeout-after=place:0.05", "seed=0,timeout-after=place:0.05");
    check("timeout-after=0.05:place:for=never", "seed=0,timeout-after=place:0.05:for=never");
    check("skew=-3s", "seed=0,skew=-3s");
    check("skew=+1500ms@1m..", "seed=0,skew=1500ms@1m..");
    check("429=0.01:retry=2s", "seed=0,429=0.01:retry=2s");
    check("half-open@120s", "seed=0,half-open@2m");
    check("half-open=private@120s", "seed=0,half-open=private@2m");
    check("maintenance, 503@60s..90s", "seed=0,maintenance,503@1m..90s");
    check("500-before=trade:x2", "seed=0,500-before=trade:x2");
    check("500-before=place+cancel:#3@0s", "seed=0,500-before=place+cancel:#3@0s");
    check("slow=any:1:for=1h", "seed=0,slow=1:for=1h");
    check("reject=0.5:code=-4045", "seed=0,reject=0.5:code=-4045");
    check("reject=place:x1", "seed=0,reject=place:x1");
    check("reorder=0.1:by=3,drop=1.0", "seed=0,reorder=0.1:by=3,drop=1");
    check("disconnect@10s..20s,disconnect=0.5@10s..20s", "seed=0,disconnect@10s..20s,disconnect=0.5@10s..20s");
}

#[test]
fn a_wrong_plan_is_told_what_is_wrong_and_what_is_known() {
    let specs = [
        "dorp=0.1",
        "drop=place:0.1",
        "drop=1.5",
        "timeout-after=place:0.1:for=soon",
        "lose-stop=place:0.1",
        "skew",
        "maintenance=0.5",
        "drop",
        "drop=0.1:0.2",
        "seed=1,seed=2",
        "seed=x",
        "503@90s..60s",
        "503@9999999999999999999s",
    ];
    let said = specs.map(|spec| format!("{spec}: {}", spec.parse::<FaultPlan>().unwrap_err()));
    insta::assert_snapshot!(said.join("\n"), @"
    dorp=0.1: `dorp` is no fault; known are seed, drop, dup, delay, reorder, garble, truncate, disconnect, half-open, expire-key, expire-key-silently, refuse, 429, 418, 500-before, 500-after, 502-before, 502-after, 503, overload, unknown-before, unknown-after, 408-before, 408-after, timeout-before, timeout-after, cut-before, cut-after, slow, short-body, reject, lose-stop, positions-first, fills-first, skew, maintenance
    drop=place:0.1: `drop` does not take `place`; it takes how often (0.02, 1, #3, x2), at what (private, market, any)
    drop=1.5: `drop` does not take `1.5`; it takes how often (0.02, 1, #3, x2), at what (private, market, any)
    timeout-after=place:0.1:for=soon: `timeout-after` does not take `for=soon`; it takes how often (0.02, 1, #3, x2), at what (market, place, stop, amend, cancel, query, settings, key, clock, trade, any), for=50ms or for=never
    lose-stop=place:0.1: `lose-stop` does not take `place`; it takes how often (0.02, 1, #3, x2), at what (stop)
    skew: `skew` does not say how far the clock is off, such as -3s
    maintenance=0.5: `maintenance` does not take `0.5`; it takes nothing but a time (@60s..90s)
    drop: `drop` does not say how often: 0.02 by chance, 1 always, #3 the third time, x2 the next two, or @60s when
    drop=0.1:0.2: `0.2` in `drop=0.1:0.2` says again what was said
    seed=1,seed=2: `seed` in `seed=2` says again what was said
    seed=x: `x` is no seed: a whole number from 0 to 18446744073709551615 is
    503@90s..60s: `90s..60s` is no time: 120s, 60s..90s, 60s.. are (in ms, s, m, h)
    503@9999999999999999999s: `9999999999999999999s` is no time: 120s, 60s..90s, 60s.. are (in ms, s, m, h)
    ");
}

#[test]
fn every_fault_has_its_own_word_and_a_sentence() {
    let mut words: Vec<_> = Fault::ALL.iter().map(|fault| fault.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Fault::ALL.len());
    for fault in Fault::ALL {
        assert_eq!(Fault::named(fault.word()), Some(*fault));
        assert!(fault.about().ends_with('.'), "{}", fault.word());
    }
}

fn rules() -> impl Strategy<Value = Rule> {
    let often = prop_oneof![
        Just(Often::Always),
        (1_u32..1_000_000).prop_map(|millionths| Often::Sometimes(Chance::millionths(millionths))),
        (1_u64..100).prop_map(Often::Only),
        (1_u64..100).prop_map(Often::Next),
    ];
    let window = prop_oneof![
        Just(Window::Whole),
        (0_u64..1_000_000).prop_map(|at| Window::At(Duration::from_millis(at))),
        (0_u64..1_000_000, proptest::option::of(1_u64..1_000_000)).prop_map(|(from, length)| {
            Window::During(Duration::from_millis(from), length.map(|length| Duration::from_millis(from + length)))
        }),
    ];
    (0..Fault::ALL.len(), often, window, any::<u16>(), any::<bool>(), 1_u32..100_000).prop_map(
        |(fault, often, window, bits, detailed, number)| {
            let fault = Fault::ALL[fault];
            let whole = fault.site() == Site::Venue;
            let chosen = Target::ALL.iter().filter(|target| bits & (1 << **target as u16) != 0);
            let rule = Rule { often, window, ..Rule::new(fault, if whole { Often::Always } else { often }) };
            let rule = Rule { often: if whole { Often::Always } else { often }, ..rule };
            let targets = rule.on(chosen.copied().fold(Targets::NONE, Targets::and)).targets;
            let targets = if targets.is_empty() { fault.usual_targets() } else { targets };
            let span = Detail::Span(Duration::from_millis(number.into()));
            let detail = match fault.takes() {
                Takes::Nothing => None,
                Takes::Shift => Some(Detail::Millis(i64::from(number) - 50_000)),
                _ if !detailed => None,
                Takes::Retry(_) | Takes::For(_) => Some(span),
                Takes::ForOrNever(_) => Some(if number % 2 == 0 { Detail::Never } else { span }),
                Takes::By(_) => Some(Detail::Frames(number)),
                Takes::Code => Some(Detail::Code(-i32::try_from(number).unwrap())),
            };
            Rule { targets, detail, ..rule }
        },
    )
}

proptest! {
    #[test]
    fn what_is_shown_reads_as_the_same(seed: u64, rules in proptest::collection::vec(rules(), 0..6)) {
        let plan = FaultPlan { seed, rules };
        prop_assert_eq!(plan.to_string().parse::<FaultPlan>(), Ok(plan));
    }

    #[test]
    fn no_text_breaks_the_reader(spec in "[a-z0-9=:@.,#+x -]{0,60}", any in ".*") {
        let _ = (spec.parse::<FaultPlan>(), any.parse::<FaultPlan>());
    }
}
