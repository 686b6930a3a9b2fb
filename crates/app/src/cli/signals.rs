//! What asks the process to stop, and what is not stopped by it.

use crate::failure::Failure;
use futures_util::FutureExt;
use std::fs::File;
use std::io::Write;
use std::pin::pin;
use std::process::exit;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Nobody waits for so long without a word.
const LONG: Duration = Duration::from_secs(5);

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

/// What a process that goes on until it is stopped may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To stop.
    Stop,
    /// To read its configuration again.
    Reread,
}

/// What is asked of a process that goes on: heard from now on, also while nobody waits for it.
pub(super) struct Requests {
    signals: Signals,
    has_terminal: bool,
}

impl Requests {
    pub(super) fn listen() -> Result<Self, Failure> {
        let signals = Signals::listen();
        let signals = signals.map_err(|error| Failure::unreachable(format!("cannot wait for signals: {error}")))?;
        Ok(Self { signals, has_terminal: has_terminal() })
    }

    /// The next request. A hang-up asks to read again; but where the terminal has gone with it, to stop.
    pub(super) async fn next(&mut self) -> Asked {
        let [interrupt, terminate, hangup] = &mut self.signals.0;
        tokio::select! {
            _ = interrupt.recv() => Asked::Stop,
            _ = terminate.recv() => Asked::Stop,
            _ = hangup.recv() => match self.has_terminal && !has_terminal() {
                true => Asked::Stop,
                false => Asked::Reread,
            },
        }
    }

    /// Whether it was asked to stop already. Whoever asked to read again meanwhile has what is read next.
    pub(super) fn has_asked_to_stop(&mut self) -> bool {
        while let Some(asked) = self.next().now_or_never() {
            if asked == Asked::Stop {
                return true;
            }
        }
        false
    }
}

/// Whether this process belongs to a terminal.
fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// Returns when the process is asked to stop.
pub(super) async fn stopped() -> Result<(), Failure> {
    let signals = Signals::listen();
    signals.map_err(|error| Failure::unreachable(format!("cannot wait for signals: {error}")))?.next().await;
    Ok(())
}

/// Says that it goes on, where it takes long: venues that are away are tried for a minute.
pub(super) async fn patiently<T>(doing: impl Future<Output = T>) -> T {
    let mut doing = pin!(doing);
    tokio::select! {
        done = &mut doing => return done,
        () = tokio::time::sleep(LONG) => {}
    }
    // Where the terminal is gone nobody reads it.
    let _ =
        writeln!(std::io::stderr(), "still at it: the venue or the records may be slow; they are tried for a while");
    doing.await
}

/// Does this to its end though the process is asked to stop: an entry is not left without its stop. Asked again it stops at
/// once, and whatever acts next takes up from the journal.
pub(super) async fn to_its_end<T>(doing: impl Future<Output = T>) -> T {
    let mut doing = pin!(patiently(doing));
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
