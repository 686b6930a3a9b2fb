//! Bars and quotes a second through a backtest: an EMA 10/50 cross on a margin account with tiered liquidation, and the same
//! history twice as long (`bars`, `quotes`); what a long history needs of memory (`memory`); many runs over one history
//! (`sweep`).
//!
//! `--write DIR` writes the history that another program is given, `--json` prints figures as one JSON object a line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench")]

mod cross;
mod history;
mod process;
mod sweep;

use cross::Cross;
use history::{MINUTE, START};
use plimsoll_backtest::{Item, Listing, Run, RunError, Settings};
use plimsoll_domain::AccountId;
use plimsoll_exchange::listings;
use plimsoll_ports::FeedKind;
use process::{cpu, forget_peak, peak_mb};
use serde_json::{Value, json};
use std::path::Path;

/// What can be asked for, in the order in which it is measured.
const LANES: [&str; 4] = ["memory", "bars", "quotes", "sweep"];

/// A run of the cross that counts and hashes, and keeps nothing.
fn run_of(kind: FeedKind, fast: u32, slow: u32) -> Run {
    let account = AccountId::new("main");
    let settings =
        Settings { keeps_records: false, ..Settings::new(START, vec![(account.clone(), "1000000".parse().unwrap())]) };
    let listing = Listing { account, instrument: listings::btc_usdt(), opening: "40000".parse().unwrap() };
    Run::new(settings, vec![listing], vec![Box::new(Cross::new(kind, fast, slow))]).unwrap()
}

/// Seconds of the processor that a run takes, how many fills there were, and what came of it.
fn measure(items: &[Item], kind: FeedKind) -> (f64, u64, String) {
    let mut run = run_of(kind, 10, 50);
    let began = cpu();
    for item in items {
        run.step(item).unwrap();
    }
    let fills = run.fills();
    let outcome = run.finish().unwrap();
    (cpu() - began, fills, outcome.hash)
}

/// A history, then the same twice as long: the best of five each.
fn speed(lane: &str, kind: FeedKind, history: impl Fn() -> Box<dyn Iterator<Item = Item>>, half: usize) -> Value {
    let items: Vec<Item> = history().take(half).collect();
    if let Some(directory) = word_after("--write") {
        history::write(&Path::new(&directory).join(format!("{lane}.csv")), &items);
    }
    forget_peak();
    let (mut seconds, fills, hash) = measure(&items, kind);
    let peak = peak_mb();
    drop(items);
    let items: Vec<Item> = history().take(2 * half).collect();
    let mut twice = f64::MAX;
    for _ in 0..5 {
        let (again, _, same) = measure(&items[..half], kind);
        assert_eq!(hash, same, "two runs of the same are not the same");
        seconds = seconds.min(again);
        twice = twice.min(measure(&items, kind).0);
    }
    #[expect(clippy::cast_precision_loss, reason = "a few million")]
    let rate = half as f64 / seconds;
    json!({
        "lane": lane, "events": half, "seconds": seconds, "per_second": rate, "twice": twice / seconds,
        "fills": fills, "peak_mb": peak, "hash": hash,
    })
}

/// A history that nobody holds: what is left in memory is the run's.
fn memory() -> Value {
    const CANDLES: usize = 5_000_000;
    forget_peak();
    let mut run = run_of(FeedKind::Candles(MINUTE), 10, 50);
    let began = cpu();
    run.all(history::bars().take(CANDLES).map(Ok::<_, RunError>)).unwrap();
    let fills = run.fills();
    drop(run.finish().unwrap());
    json!({ "lane": "memory", "events": CANDLES, "seconds": cpu() - began, "fills": fills, "peak_mb": peak_mb() })
}

fn word_after(flag: &str) -> Option<String> {
    std::env::args().skip_while(|word| word != flag).nth(1)
}

/// The lanes that the words name: all where none is named, or the bench itself.
fn lanes(words: &[String]) -> Vec<&'static str> {
    let written = word_after("--write");
    let mut filters = words.iter().filter(|word| !word.starts_with('-') && Some(*word) != written.as_ref()).peekable();
    if filters.peek().is_none() {
        return LANES.to_vec();
    }
    let filters: Vec<&String> = filters.collect();
    let named = |name: &str| filters.iter().any(|filter| name.contains(filter.as_str()));
    if named("speed") || named("backtest") {
        LANES.to_vec()
    } else {
        LANES.into_iter().filter(|it| named(it)).collect()
    }
}

fn told(figures: &Value) -> String {
    let number = |name: &str| figures[name].as_f64().unwrap_or(f64::NAN);
    let (events, seconds, peak) = (number("events"), number("seconds"), number("peak_mb"));
    match figures["lane"].as_str() {
        Some("memory") => format!(
            "memory: {events} candles, generated as they were read, in {seconds:.1} s; at most {peak:.0} MB resident; {} fills",
            figures["fills"]
        ),
        Some("sweep") => format!(
            "sweep: {} runs over one history of {events} quotes: {:.2} s on one thread, {:.2} s on two ({:.2} s of the processor), equal hashes; a thousand \
             would take {:.0} s on two; at most {peak:.0} MB resident",
            figures["runs"],
            number("one_thread"),
            number("two_threads"),
            number("processor"),
            number("thousand")
        ),
        lane => format!(
            "{}: {events} in {seconds:.3} s, {:.2} million a second; twice as many took {:.2} times as long; {} fills; at most \
             {peak:.0} MB resident",
            lane.unwrap_or_default(),
            number("per_second") / 1e6,
            number("twice"),
            figures["fills"]
        ),
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        return;
    }
    let is_json = words.iter().any(|word| word == "--json");
    let lanes = lanes(&words);
    if !is_json && !lanes.is_empty() {
        println!("\na backtest of an EMA cross with margin and tiered liquidation, by seconds of the processor:");
    }
    for lane in lanes {
        let figures = match lane {
            "memory" => vec![memory()],
            "bars" => vec![speed(lane, FeedKind::Candles(MINUTE), || Box::new(history::bars()), 500_000)],
            "quotes" => vec![speed(lane, FeedKind::Quotes, || Box::new(history::quotes()), 1_000_000)],
            _ => vec![sweep::measure(1000, 1000), sweep::measure(sweep::runs_asked(), 1_000_000)],
        };
        for figures in figures {
            println!("{}", if is_json { figures.to_string() } else { told(&figures) });
        }
    }
}
