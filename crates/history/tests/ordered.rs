//! What a policy bears, and what it refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_history::{Act, CandleRow, Ordered, Policy, Rows, Topic};
use std::time::Duration;

/// Candles of a minute at these minutes; the close is what stands behind the colon.
fn candles(rows: &str) -> Rows<CandleRow> {
    let row = |row: &str| {
        let (minute, close) = row.split_once(':').unwrap();
        format!("{},{close},{close},{close},{close},1\n", minute.parse::<i64>().unwrap() * 60)
    };
    let text: String = rows.split_whitespace().map(row).collect();
    let text = format!("time,open,high,low,close,volume\n{text}");
    Rows::from_csv("f", std::io::Cursor::new(text)).unwrap()
}

/// What comes out, the error that ends it, and what was noted.
fn run(rows: &str, policy: Policy) -> (String, Option<String>, Vec<(Topic, u64)>) {
    let mut stream = Ordered::new(candles(rows), policy);
    let (mut taken, mut error) = (Vec::new(), None);
    for row in stream.by_ref() {
        match row {
            Ok(row) => taken.push(format!("{}:{}", row.time.as_millis() / 60_000, row.close)),
            Err(it) => error = Some(it.to_string()),
        }
    }
    assert!(stream.next().is_none(), "a refused stream has ended");
    let noted = stream.noted().iter().map(|(topic, found)| (topic, found.count)).collect();
    (taken.join(" "), error, noted)
}

const GOOD: &str = "0:5 1:5 2:5 3:5 4:5 5:5 ";

#[test]
fn what_could_make_a_result_wrong_is_refused_by_itself() {
    for (rows, expected) in [
        ("6:0", "f, line 8: open is 0: a price is above 0 and at most 10000000000"),
        ("6:NaN", "f, line 8: open is 'NaN', which is no finite number"),
        ("6:5 3:5", "f, line 9: 1970-01-01T00:03:00Z comes after 1970-01-01T00:06:00Z: sort the file by time"),
        ("6:5 6:7", "f, line 9: a second row of 1970-01-01T00:06:00Z, and it says something else: which is right?"),
    ] {
        let (taken, error, noted) = run(&format!("{GOOD}{rows} 7:5"), Policy::default());
        assert_eq!(error.as_deref(), Some(expected));
        assert!(taken.starts_with(GOOD.trim()) && !taken.contains("7:"), "{taken}");
        assert_eq!(noted, []);
    }
}

#[test]
fn gaps_and_equal_duplicates_are_borne_and_noted() {
    let (taken, error, noted) = run(&format!("{GOOD}6:5 6:5 6:5 9:5"), Policy::default());
    assert_eq!(taken, format!("{GOOD}6:5 9:5"));
    assert_eq!((error, noted), (None, vec![(Topic::Duplicates, 2), (Topic::Gaps, 1)]));
}

#[test]
fn a_strict_policy_bears_neither() {
    let check = |rows: &str, expected: &str| {
        assert_eq!(run(&format!("{GOOD}{rows}"), Policy::STRICT).1.as_deref(), Some(expected));
    };
    check("5:5", "f, line 8: the row of 1970-01-01T00:05:00Z once more");
    check("8:5", "f, line 8: 2 missing between 1970-01-01T00:05:00Z and 1970-01-01T00:08:00Z");
    assert_eq!(run(GOOD, Policy::STRICT).1, None);
}

#[test]
fn a_lenient_policy_leaves_out_what_cannot_be_taken() {
    let (taken, error, noted) = run(&format!("{GOOD}6:0 7:5 7:6 3:5 8:5"), Policy::LENIENT);
    assert_eq!(taken, format!("{GOOD}7:5 8:5"));
    assert_eq!(error, None);
    let expected = [(Topic::Wrong, 1), (Topic::Unsorted, 1), (Topic::Contradictions, 1), (Topic::Gaps, 1)];
    assert_eq!(noted, expected);
}

#[test]
fn each_kind_has_its_own_act_and_few_findings_are_kept() {
    let policy = Policy { gaps: Act::Refuse, kept: 1, ..Policy::LENIENT };
    let mut stream = Ordered::new(candles(&format!("{GOOD}5:6 5:7 6:5 9:5")), policy);
    assert!(stream.by_ref().last().unwrap().is_err());
    let found = stream.noted().about(Topic::Contradictions).unwrap();
    assert_eq!((found.count, found.first.len()), (2, 1));
}

#[test]
fn the_interval_is_found_or_given() {
    assert_eq!(Ordered::new(candles(GOOD), Policy::STRICT).interval(), Some(Duration::from_secs(60)));
    let mut stream = Ordered::new(candles("0:5 2:5 4:5"), Policy::STRICT).every(Duration::from_secs(60));
    assert_eq!(stream.interval(), Some(Duration::from_secs(60)));
    assert!(stream.by_ref().nth(1).unwrap().is_err());
}
