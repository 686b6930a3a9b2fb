//! The exchange's process: it does what it is told on its standard input, says what there is to say on its standard output,
//! and ends with its input, or when it has lasted far too long.

use super::exchange::Venue;
use super::plan::Plan;
use super::said::{BEGIN, BOOKS, Said};
use super::venue::Wire;
use futures_util::future::join_all;
use std::io::Write;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Beyond the time of trading.
const FAR_TOO_LONG: Duration = Duration::from_secs(300);

/// So often it is told how far trading is.
const TELLS_EVERY: Duration = Duration::from_millis(500);

/// Serves the venues until nobody asks any more.
pub async fn serve(plan: Plan) {
    let _ = tokio::time::timeout(plan.length + FAR_TOO_LONG, serve_until_left(plan)).await;
}

async fn serve_until_left(plan: Plan) {
    let (begin, begun) = watch::channel(false);
    let (calms, mut calmed) = mpsc::channel(Wire::ALL.len());
    let opening = Wire::ALL
        .iter()
        .enumerate()
        .map(|(number, wire)| Venue::open(*wire, number, plan, begun.clone(), calms.clone()));
    let venues = join_all(opening).await;
    say(&Said::Open(venues.iter().map(Venue::address).collect()));
    let mut input = input();
    let mut tells = tokio::time::interval(TELLS_EVERY);
    let mut ended = Vec::new();
    loop {
        tokio::select! {
            order = input.recv() => match order.as_deref() {
                Some(BEGIN) => drop(begin.send_replace(true)),
                Some(BOOKS) => say(&Said::Books(venues.iter().map(Venue::books).collect())),
                Some(_) => {}
                None => return,
            },
            _ = tells.tick() => say(&Said::Told(venues.iter().map(Venue::told).collect())),
            Some(one) = calmed.recv() => {
                ended.push(one);
                if ended.len() == Wire::ALL.len() {
                    ended.sort_by_key(|(number, _)| *number);
                    say(&Said::Calm(ended.drain(..).map(|(_, calmed)| calmed).collect()));
                }
            }
        }
    }
}

/// The lines of the standard input, until it ends.
fn input() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(8);
    std::thread::spawn(move || {
        let mut read = std::io::stdin().lines();
        while let Some(Ok(line)) = read.next() {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// Whoever listened may be gone; then the input ends as well.
fn say(said: &Said) {
    let line = serde_json::to_string(said).expect("what is said can be written");
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
