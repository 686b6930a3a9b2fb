//! What asks the process to stop, and what is not stopped by it.

use crate::failure::Failure;
use std::io::Write;
use std::pin::pin;
use std::process::exit;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// As shells tell of a process that was interrupted.
const INTERRUPTED: i32 = 130;

/// An interrupt, a request to terminate, and a terminal that is closed.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// Returns when the process is asked to stop.
pub(super) async fn stopped() -> Result<(), Failure> {
    let signals = Signals::listen();
    signals.map_err(|error| Failure::unreachable(format!("cannot wait for signals: {error}")))?.next().await;
    Ok(())
}

/// Does this to its end though the process is asked to stop: an entry is not left without its stop. Asked again it stops at
/// once, and whatever acts next takes up from the journal.
pub(super) async fn to_its_end<T>(doing: impl Future<Output = T>) -> T {
    let mut doing = pin!(doing);
    let Ok(mut signals) = Signals::listen() else { return doing.await };
    tokio::select! {
        done = &mut doing => return done,
        () = signals.next() => {}
    }
    // Where the terminal is gone nobody reads it.
    let _ = writeln!(std::io::stderr(), "finishing what was begun; ask again to stop at once");
    tokio::select! {
        done = &mut doing => done,
        () = signals.next() => exit(INTERRUPTED),
    }
}
