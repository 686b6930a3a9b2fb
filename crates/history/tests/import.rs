//! Files in another format.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use plimsoll_history::{Act, CandleRow, Format, ImportOptions, Imported, Kind, Phase, Policy, Rows, Topic, import};
use std::fmt::Write;
use std::path::Path;

const OPTIONS: fn() -> ImportOptions = ImportOptions::default;

fn run(from: &Path, to: &Path, options: &ImportOptions) -> Result<Imported, String> {
    import(from, to, options, &mut |_, _| {}).map_err(|error| error.to_string())
}

fn names(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_file_goes_to_parquet_and_back_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = (0..40_000).fold("time,open,high,low,close,volume\n".to_owned(), |mut text, row| {
        writeln!(text, "{},{row}.25,50000,0.00000001,7.1,{row}{row}.5", row * 60).unwrap();
        text
    });
    std::fs::write(at("a.csv"), text.replace("\n0,0.25,", "\n0,1.25,")).unwrap();
    let mut phases = Vec::new();
    let mut seen = |phase, _| phases.push(phase);
    let there = import(&at("a.csv"), &at("b.parquet"), &OPTIONS(), &mut seen).unwrap();
    assert_eq!((there.kind, there.rows, there.noted.count()), (Kind::Candles, 40_000, 0));
    phases.dedup();
    assert_eq!(phases, [Phase::Checking, Phase::Writing, Phase::Comparing]);
    assert_eq!(Rows::<CandleRow>::open(at("b.parquet")).unwrap().format(), Format::Parquet);
    run(&at("b.parquet"), &at("c.csv"), &OPTIONS()).unwrap();
    let rows = |name| Rows::<CandleRow>::open(at(name)).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(rows("a.csv"), rows("c.csv"));
    assert_eq!(names(folder.path()), ["a.csv", "b.parquet", "c.csv"]);
}

#[test]
fn a_wrong_row_leaves_nothing_behind_and_what_was_there_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("a.csv"), folder.path().join("b.parquet"));
    std::fs::write(&from, "time,rate\n0,0.1\n28800,NaN\n57600,0.2\n").unwrap();
    let error = run(&from, &to, &OPTIONS()).unwrap_err();
    assert!(error.ends_with("a.csv, line 3: rate is 'NaN', which is no finite number"), "{error}");
    assert_eq!(names(folder.path()), ["a.csv"]);
    std::fs::write(&to, "mine").unwrap();
    let error = run(&from, &to, &OPTIONS()).unwrap_err();
    assert!(error.ends_with("b.parquet is there already"), "{error}");
    let replace = ImportOptions { replace: true, ..OPTIONS() };
    run(&from, &to, &replace).unwrap_err();
    assert_eq!(std::fs::read_to_string(&to).unwrap(), "mine");
    let policy = Policy { wrong: Act::Report, ..Policy::default() };
    let imported = run(&from, &to, &ImportOptions { policy, replace: true }).unwrap();
    assert_eq!((imported.kind, imported.rows), (Kind::Funding, 2));
    assert_eq!(imported.noted.about(Topic::Wrong).unwrap().count, 1);
}

#[test]
fn the_ending_says_the_format() {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("a.csv");
    std::fs::write(&from, "time,bid,ask\n0,1,2\n").unwrap();
    let error = run(&from, &folder.path().join("b.xlsx"), &OPTIONS()).unwrap_err();
    assert!(error.ends_with("b.xlsx: the name of a file to write ends with .csv or .parquet"), "{error}");
    let error = run(&from, &folder.path().join("none").join("b.csv"), &OPTIONS()).unwrap_err();
    assert!(error.starts_with("cannot write "), "{error}");
}
