//! `cargo xtask january`: what a month of real prices does to a long, with protection and without.

use plimsoll_exchange::listings;
use plimsoll_exchange::prices::read_candles;
use plimsoll_trial::january::{Outcome, cases, play, table};
use std::fs::File;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask january --prices FILE    minute candles: timestamp,open,high,low,close,volume
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [flag, path] = arguments.as_slice() else {
        eprint!("{HELP}");
        return ExitCode::from(2);
    };
    if flag != "--prices" {
        eprint!("{HELP}");
        return ExitCode::from(2);
    }
    let candles = match File::open(path) {
        Ok(file) => read_candles(file, &listings::btc_usdt().symbol),
        Err(error) => {
            eprintln!("no prices at {path}: {error}");
            return ExitCode::from(2);
        }
    };
    match candles {
        Ok(candles) if !candles.is_empty() => tell(&candles),
        Ok(_) => {
            eprintln!("{path} holds no candle");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("{path}: {error}");
            ExitCode::from(2)
        }
    }
}

fn tell(candles: &[plimsoll_domain::Candle]) -> ExitCode {
    let outcomes: Vec<Outcome> = cases()
        .into_iter()
        .map(|case| {
            eprintln!("{} {} {}", case.leverage, case.margin_mode, if case.is_protected { "protected" } else { "" });
            play(case, candles)
        })
        .collect();
    print!("{}", table(&outcomes));
    println!("{} candles, in each the low before the high", candles.len());
    for it in outcomes.iter().filter(|it| it.is_gap()) {
        println!("a gap: {} {} went through its liquidation price at once", it.case.leverage, it.case.margin_mode);
    }
    let wrong: Vec<&Outcome> = outcomes.iter().filter(|it| !it.is_well()).collect();
    for it in &wrong {
        println!(
            "wrong: {} {}: liquidated {:?}, {} misses of the exact price, failures {:?}",
            it.case.leverage, it.case.margin_mode, it.liquidated, it.misses, it.failures
        );
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
