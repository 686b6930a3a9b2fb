//! The `plimsoll` command: keeps leveraged perpetual-futures positions afloat.

mod alerting;
mod checkup;
mod cli;
mod colleagues;
mod config;
mod desk;
mod exact;
mod failure;
mod fingerprint;
mod metrics;
mod notify;
mod performance;
mod prices;
mod pulse;
mod records;
mod screen;
mod simulated;
mod sittings;
mod surface;
mod traders;
mod venue;

use std::process::ExitCode;

fn main() -> ExitCode {
    notify::log_to_stderr();
    let json = std::env::args_os().any(|argument| argument == "--json");
    match cli::run() {
        Ok(code) => code,
        Err(failure) => failure.report(json),
    }
}
