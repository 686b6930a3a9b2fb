//! From the kill switch to flat: 50 positions at three venues, each with its stop, every third with an entry that rests
//! beside it, and so many of a hundred requests that come to nothing or seem to. An operator stops all three accounts at
//! once, and the clock stops when each of them has read back from its venue that no order and no position is left. Over the
//! venues' own wires on loopback, with records in SQLite on disk; the exchange is then asked whether it is true.
//!
//! What goes wrong is one error in so many requests of every kind, in equal parts: HTTP 503, and an answer that is lost
//! though the request was carried out. In the lane *throttled* a third part is HTTP 429, which asks for a second of silence.
//! The process that stops has started before anything goes wrong, and keeps itself to the limits of the lane: *limits raised*
//! are those that nobody meets, *the venues' limits* are the adapters' settings of production.
//!
//! `FLAT_LANE=throttled` runs the lanes whose names hold that; with `FLAT_TELLS` set, slow rounds say what they met.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a bench")]

#[path = "flat/stage.rs"]
mod stage;

use futures_util::future::join_all;
use plimsoll_tests::venues::Wire;
use stage::{Allowed, Stopped, Theatre};
use std::time::{Duration, Instant};

/// So many rounds of each lane, unless a number is given.
const ROUNDS: u64 = 100;
const TARGET: Duration = Duration::from_secs(2);

/// What goes wrong, and what is asked for at most.
struct Lane {
    name: &'static str,
    faults: &'static str,
    allowed: Allowed,
}

const LANES: [Lane; 4] = [
    Lane { name: "no errors, limits raised", faults: "", allowed: Allowed::Raised },
    Lane {
        name: "20 % errors, limits raised",
        faults: ",503=0.1,timeout-after=0.1:for=20ms",
        allowed: Allowed::Raised,
    },
    Lane {
        name: "20 % errors, throttled too, limits raised",
        faults: ",503=0.07,timeout-after=0.07:for=20ms,429=0.06:retry=1s",
        allowed: Allowed::Raised,
    },
    Lane {
        name: "20 % errors, the venues' limits",
        faults: ",503=0.1,timeout-after=0.1:for=20ms",
        allowed: Allowed::AsInProduction,
    },
];

fn main() {
    // `cargo bench` says that it is one; whoever else starts this, to list its tests say, wants no measurement.
    let is_bench = std::env::args().any(|it| it == "--bench");
    let asked: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let (numbers, filters): (Vec<_>, Vec<_>) = asked.into_iter().partition(|it| it.parse::<u64>().is_ok());
    if !is_bench || !filters.is_empty() && !filters.iter().any(|filter| "kill switch to flat".contains(filter.as_str()))
    {
        return;
    }
    let rounds = numbers.first().map_or(ROUNDS, |it| it.parse().unwrap());
    let is_known = std::env::var("FLAT_LANE").is_ok_and(|wanted| LANES.iter().any(|lane| lane.name.contains(&wanted)));
    assert!(is_known || std::env::var_os("FLAT_LANE").is_none(), "no lane has that name");
    let threads =
        |count| tokio::runtime::Builder::new_multi_thread().worker_threads(count).enable_all().build().unwrap();
    // The venues are somebody else: they do not take turns with their callers on the same threads.
    let (theirs, ours) = (threads(1), threads(1));
    let wanted = std::env::var("FLAT_LANE").unwrap_or_default();
    let lanes: Vec<&Lane> = LANES.iter().filter(|lane| lane.name.contains(&wanted)).collect();
    let mut figures: Vec<Figures> = lanes.iter().map(|_| Figures::default()).collect();
    for round in 0..rounds {
        for (lane, figures) in lanes.iter().zip(&mut figures) {
            let theatres = theirs.block_on(join_all(Wire::ALL.map(|wire| Theatre::open(wire, round))));
            ours.block_on(act(&theatres, lane, round, figures));
            theirs.block_on(join_all(theatres.into_iter().map(Theatre::close)));
        }
    }
    println!("\nkill switch to flat, 50 positions at three venues, {rounds} rounds, in milliseconds:");
    println!("{:<44} {:>8} {:>8} {:>8} {:>8}", "", "p50", "p90", "p99", "max");
    for (lane, figures) in lanes.iter().zip(figures) {
        figures.print(lane.name);
    }
}

/// Opens what is to be closed, and stops everything at once.
async fn act(theatres: &[Theatre], lane: &Lane, round: u64, figures: &mut Figures) {
    let desks = join_all(theatres.iter().map(|theatre| theatre.fill(lane.allowed))).await;
    for (number, theatre) in theatres.iter().enumerate() {
        theatre.venue.begin_faults(&format!("seed={}{}", round * 3 + number as u64, lane.faults).parse().unwrap());
    }
    let began = Instant::now();
    let stopped = join_all(desks.iter().zip(theatres).map(|(desk, theatre)| async move {
        // What follows, the books, is not measured, and need not fail.
        let calm = async {
            desk.until_told().await;
            theatre.venue.calm();
        };
        tokio::join!(desk.stop(), calm).0
    }))
    .await;
    figures.all.push(stopped.iter().map(|it| it.told - began).max().unwrap());
    for ((theatre, desk), stopped) in theatres.iter().zip(desks).zip(stopped) {
        theatre.assert_flat();
        figures.injected += theatre.venue.injected().len();
        let took = stopped.told - began;
        figures.of_wire(theatre.wire).push(took);
        figures.again += stopped.times - 1;
        if took > TARGET && std::env::var_os("FLAT_TELLS").is_some() {
            tell(theatre, lane, took, &stopped);
        }
        desk.close().await;
    }
}

/// What a slow one met.
fn tell(theatre: &Theatre, lane: &Lane, took: Duration, stopped: &Stopped) {
    eprintln!("{} with {}: {took:?}, asked {} times", theatre.wire, lane.name, stopped.times);
    for trouble in &stopped.troubles {
        eprintln!("    {trouble}");
    }
    for fault in theatre.venue.injected() {
        eprintln!("    {fault}");
    }
}

#[derive(Default)]
struct Figures {
    all: Vec<Duration>,
    each: [Vec<Duration>; 3],
    injected: usize,
    /// How often somebody had to be asked once more.
    again: usize,
}

impl Figures {
    fn of_wire(&mut self, wire: Wire) -> &mut Vec<Duration> {
        &mut self.each[Wire::ALL.iter().position(|it| *it == wire).unwrap()]
    }

    fn print(self, name: &str) {
        let verdict = if percentile(&sorted(self.all.clone()), 99) <= TARGET { "within" } else { "BEYOND" };
        row(&format!("{name}: {verdict} {} s", TARGET.as_secs()), self.all);
        for (wire, figures) in Wire::ALL.iter().zip(self.each) {
            row(&format!("  {wire}"), figures);
        }
        println!(
            "  {} requests went wrong; {} times a flattening had to be asked for again",
            self.injected, self.again
        );
    }
}

fn row(name: &str, figures: Vec<Duration>) {
    let figures = sorted(figures);
    let millis = |span: Duration| span.as_secs_f64() * 1e3;
    let [p50, p90, p99] = [50, 90, 99].map(|percent| millis(percentile(&figures, percent)));
    println!("{name:<44} {p50:>8.1} {p90:>8.1} {p99:>8.1} {:>8.1}", millis(*figures.last().unwrap()));
}

fn sorted(mut figures: Vec<Duration>) -> Vec<Duration> {
    figures.sort_unstable();
    figures
}

/// The smallest figure that so many of a hundred do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}
