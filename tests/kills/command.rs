//! What the process is told to do, when it is killed, and how the next one recovers.

use super::composing;
use super::stage::{KEY, SECRET, Stage, WINDOW};
use plimsoll_domain::{ClientOrderId, Decimal, Direction, Rounding, Timestamp};
use plimsoll_ports::{Clock, ComposedEntry, JournalEntry, JournalState, OrderJournal, SystemClock};
use plimsoll_sqlite::SqliteStore;
use plimsoll_trial::random::Random;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command as Process};
use tokio::time::{Instant, timeout};

/// Nothing here takes so long; what does, hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a verb is taken to work before it has been seen.
const FIRST_SPAN: Duration = Duration::from_millis(120);

/// The same of one that is carried on where it was placed.
const FIRST_SPAN_OF_COMPOSED: Duration = Duration::from_millis(400);

/// What is carried on may never end: it is not waited for longer.
const LONGEST_SPAN: Duration = Duration::from_secs(2);

/// What was refused at once is no measure of what is done.
const SHORTEST_SPAN: Duration = Duration::from_millis(60);

/// So many of the newest orders are shown where something is wrong.
const SHOWN: u32 = 4;

/// As many orders go on at once; then one of them is ended, or all are carried on.
const MOST_WORKING: usize = 3;

/// A verb with its arguments.
pub(super) struct Command {
    pub(super) verb: &'static str,
    pub(super) arguments: Vec<String>,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.words().join(" "))
    }
}

impl Command {
    /// Something that makes sense now, beside the orders that go on.
    pub(super) fn next(random: &mut Random, stage: &Stage, working: &[ComposedEntry]) -> Self {
        let held = stage.truth().positions.iter().find_map(|report| report.position).map(|held| held.direction);
        let goes_on = u64::from(!working.is_empty());
        let verb = match held {
            _ if working.len() >= MOST_WORKING => random.weighed(&[(50, "cancel"), (50, "run")]),
            None => random.weighed(&[
                (25, "open"),
                (25, "bracket"),
                (25, "iceberg"),
                (25, "twap"),
                (10 * goes_on, "run"),
                (5 * goes_on, "cancel"),
            ]),
            Some(_) => random.weighed(&[
                (10, "open"),
                (10, "part"),
                (12, "close"),
                (6, "flatten"),
                (14, "bracket"),
                (14, "iceberg"),
                (14, "twap"),
                (14, "oco"),
                (6 * goes_on, "run"),
                (4 * goes_on, "cancel"),
            ]),
        };
        let symbol = stage.symbol().to_string();
        // What goes on in one direction is not met by an entry in the other.
        let opens = working.iter().find(|it| it.order.opening().is_some()).map(|it| it.order.direction);
        let direction = held.or(opens).unwrap_or_else(|| random.pick(&[Direction::Long, Direction::Short]));
        match verb {
            "open" => Self::open(direction, random, stage),
            "part" => Self { verb: "close", arguments: vec![symbol, "--part".into(), "40%".into()] },
            "close" => Self { verb: "close", arguments: vec![symbol] },
            "cancel" => {
                let names: Vec<String> = working.iter().map(|it| it.id.to_string()).collect();
                Self { verb, arguments: names.first().cloned().into_iter().collect() }
            }
            "flatten" | "run" => Self { verb, arguments: Vec::new() },
            verb => composing::composed(verb, (direction, held.is_some()), random, stage),
        }
    }

    /// The words of the command line.
    fn words(&self) -> Vec<String> {
        let composes = composing::VERBS.contains(&self.verb) || self.verb == "cancel";
        let order = composes.then(|| "order".to_owned());
        let yes = (self.verb != "run").then(|| "--yes".to_owned());
        let verb = std::iter::once(self.verb.to_owned());
        let words = order.into_iter().chain(verb).chain(self.arguments.iter().cloned());
        words.chain(yes).chain(std::iter::once("--json".to_owned())).collect()
    }

    /// What it is called in the report.
    pub(super) const fn verb(&self) -> &'static str {
        self.verb
    }

    fn open(direction: Direction, random: &mut Random, stage: &Stage) -> Self {
        let price = stage.price();
        // Isolated margin, at the default leverage: liquidation is a third away.
        let away = random.share(30, 300);
        let at = |share: Decimal| {
            let price = price.get() * (Decimal::ONE + share);
            let price =
                plimsoll_domain::Price::new(price).ok().and_then(|it| it.round(stage.instrument.tick, Rounding::Down));
            price.expect("a price near the market").to_string()
        };
        let (stop, target) = match direction {
            Direction::Long => (at(-away), at(away)),
            Direction::Short => (at(away), at(-away)),
        };
        let quantity = random.pick(&["0.002", "0.005", "0.01"]);
        let words = ["--side", &direction.to_string(), "--quantity", quantity, "--stop", &stop].map(str::to_owned);
        let mut arguments: Vec<String> = std::iter::once(stage.symbol().to_string()).chain(words).collect();
        if random.percent(50) {
            arguments.extend(["--take-profit".to_owned(), target]);
        }
        Self { verb: "open", arguments }
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was killed before it had journalled an order.
    Early,
    /// It was killed between the first order that it journalled and its end.
    AtWork,
    /// It was done before its time came.
    Done,
}

/// What the start after a kill told.
#[derive(Debug, Default)]
pub struct Recovery {
    /// From the first question to the report.
    pub took: Duration,
    /// What of it was spent on waiting until the venue could no longer take an order whose answer never came.
    pub waited: Duration,
    /// Something was found and mended.
    pub(super) mended: bool,
    /// What it said that it found.
    pub(super) report: String,
    /// Why there was no report.
    pub(super) failure: Option<String>,
}

impl Recovery {
    /// What it took beyond the venue's own window.
    #[must_use]
    pub fn own(&self) -> Duration {
        self.took.saturating_sub(self.waited)
    }
}

/// The line with which `plimsoll run` begins.
#[derive(Deserialize)]
struct Started {
    event: String,
    took_ms: u64,
    clean: bool,
}

/// A line of a look.
#[derive(Deserialize)]
struct Pass {
    event: String,
    #[serde(default)]
    composed: Vec<Carried>,
}

#[derive(Deserialize)]
struct Carried {
    sent: Vec<String>,
    ended: Option<serde_json::Value>,
}

/// Runs the program.
pub(super) struct Trading<'a> {
    program: PathBuf,
    stage: &'a Stage,
    /// How long each verb works, as far as it has been seen.
    spans: BTreeMap<&'static str, Duration>,
}

impl<'a> Trading<'a> {
    pub(super) fn new(program: &Path, stage: &'a Stage) -> Self {
        Self { program: program.to_path_buf(), stage, spans: BTreeMap::new() }
    }

    /// Runs a verb and kills it at a moment within the time that the verb takes.
    pub(super) async fn run_and_kill(&mut self, command: &Command, random: &mut Random) -> End {
        let before = self.newest_intent().await;
        let goes_on = composing::VERBS.contains(&command.verb) || command.verb == "run";
        let first = if goes_on { FIRST_SPAN_OF_COMPOSED } else { FIRST_SPAN };
        let span = self.spans.entry(command.verb).or_insert(first);
        let micros = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        // Its first part goes into reading what is: what is of interest comes later.
        let delay = Duration::from_micros(random.between(micros / if goes_on { 10 } else { 5 } * 2, micros));
        let began = Instant::now();
        let mut child = spawn(&self.program, self.stage, &command.words(), Stdio::null());
        let Ok(ended) = timeout(delay, child.wait()).await else {
            child.kill().await.expect("a process of ours can be killed");
            *span = span.mul_f64(1.02).min(LONGEST_SPAN);
            return if self.newest_intent().await == before { End::Early } else { End::AtWork };
        };
        ended.expect("a process of ours can be waited for");
        *span = began.elapsed().max(SHORTEST_SPAN);
        End::Done
    }

    async fn newest_intent(&self) -> Option<ClientOrderId> {
        self.journal(1).await.pop().map(|entry| entry.order.client_order_id)
    }

    /// The newest entries of the journal.
    async fn journal(&self, limit: u32) -> Vec<JournalEntry> {
        let store = SqliteStore::open(self.stage.ledger()).await.expect("the ledger opens");
        let entries = store.recent(&self.stage.account, limit).await.expect("the journal can be read");
        store.close().await;
        entries
    }

    /// The orders that go on.
    pub(super) async fn working(&self) -> Vec<ComposedEntry> {
        let store = SqliteStore::open(self.stage.ledger()).await.expect("the ledger opens");
        let working = store.working(&self.stage.account).await.expect("the journal can be read");
        store.close().await;
        working
    }

    /// Ends every order that goes on and closes everything, undisturbed.
    pub(super) async fn clear_away(&self) {
        let mut ends: Vec<Command> = Vec::new();
        for entry in self.working().await {
            ends.push(Command { verb: "cancel", arguments: vec![entry.id.to_string()] });
        }
        ends.push(Command { verb: "flatten", arguments: Vec::new() });
        for command in ends {
            let mut child = spawn(&self.program, self.stage, &command.words(), Stdio::null());
            timeout(PATIENCE, child.wait()).await.expect("it ends").expect("a process of ours can be waited for");
        }
    }

    /// Starts `plimsoll run`, waits for its report and for a look that has nothing left to send, and asks it to stop.
    pub(super) async fn recover(&mut self) -> Recovery {
        let in_doubt = self.in_doubt().await;
        let words = ["run", "--json"].map(str::to_owned);
        let mut child = spawn(&self.program, self.stage, &words, Stdio::piped());
        let output = child.stdout.take().expect("its output is ours");
        let mut lines = BufReader::new(output).lines();
        let line = timeout(PATIENCE, lines.next_line()).await;
        let line = line.ok().and_then(Result::ok).flatten().unwrap_or_default();
        let told_at = SystemClock.now();
        let started: Result<Started, _> = serde_json::from_str(&line);
        let is_quiet = timeout(PATIENCE, until_quiet(&mut lines)).await;
        let stopped = stop(&mut child).await.or_else(|| is_quiet.err().map(|_| "it never came to rest".to_owned()));
        match (started, stopped) {
            (Ok(started), None) if started.event == "reconciled" => {
                let journal = shown(&in_doubt, &self.journal(SHOWN).await);
                Recovery { report: format!("{line}, {journal}"), ..self.told(started, told_at, &in_doubt).await }
            }
            (Ok(_), Some(failure)) => Recovery { failure: Some(failure), ..Recovery::default() },
            _ => Recovery { failure: Some(format!("no report of recovery but '{line}'")), ..Recovery::default() },
        }
    }

    async fn told(&self, started: Started, told_at: Timestamp, in_doubt: &[JournalEntry]) -> Recovery {
        let took = Duration::from_millis(started.took_ms);
        let waited = self.waited(in_doubt, told_at.minus(took)).await;
        Recovery { took, waited, mended: !started.clean, ..Recovery::default() }
    }

    /// Orders that may be on their way, as far as the journal tells: the venue does not have them.
    async fn in_doubt(&self) -> Vec<JournalEntry> {
        let store = SqliteStore::open(self.stage.ledger()).await.expect("the ledger opens");
        let mut entries = store.unfinished(&self.stage.account).await.expect("the journal can be read");
        store.close().await;
        let known = self.stage.truth().orders;
        entries.retain(|entry| {
            let id = &entry.order.client_order_id;
            matches!(entry.state, JournalState::Intended | JournalState::Unanswered)
                && !known.iter().any(|order| order.client_order_id == *id)
        });
        entries
    }

    /// How long the recovery that began at `at` had to wait for the window of the newest order that it found had never
    /// arrived. What it sent all the same, as owed protection is, was not waited for.
    async fn waited(&self, in_doubt: &[JournalEntry], at: Timestamp) -> Duration {
        let store = SqliteStore::open(self.stage.ledger()).await.expect("the ledger opens");
        let mut longest = Duration::ZERO;
        for entry in in_doubt {
            let now = store.entry(&self.stage.account, &entry.order.client_order_id).await;
            let state = now.expect("the journal can be read").map(|entry| entry.state);
            if matches!(state, Some(JournalState::NotSent { .. })) {
                // The window runs from when it was known last that it had been sent.
                longest = longest.max(entry.updated_at.plus(WINDOW).since(at));
            }
        }
        store.close().await;
        longest.min(WINDOW)
    }
}

/// What was in doubt, and the newest of what is on record now.
fn shown(in_doubt: &[JournalEntry], newest: &[JournalEntry]) -> String {
    let all = |entries: &[JournalEntry]| {
        let one = |it: &JournalEntry| {
            let (id, state) = (&it.order.client_order_id, it.state.as_str());
            format!("{id} intended {}, {state} {}", it.intended_at, it.updated_at)
        };
        entries.iter().map(one).collect::<Vec<_>>().join("; ")
    };
    format!("in doubt were [{}], and the newest are [{}]", all(in_doubt), all(newest))
}

/// Reads on until a look has sent nothing for the orders that go on.
async fn until_quiet(lines: &mut Lines<BufReader<ChildStdout>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        let Ok(pass) = serde_json::from_str::<Pass>(&line) else { continue };
        if pass.event == "pass" && pass.composed.iter().all(|it| it.sent.is_empty() && it.ended.is_none()) {
            return;
        }
    }
}

fn spawn(program: &Path, stage: &Stage, words: &[String], output: Stdio) -> Child {
    let mut process = Process::new(program);
    process.args(words).arg("--config").arg(stage.config());
    process.env("KILLS_KEY", KEY).env("KILLS_SECRET", SECRET);
    process.stdin(Stdio::null()).stdout(output).stderr(Stdio::null()).kill_on_drop(true);
    process.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()))
}

/// Asks for a clean end; says what was wrong with it.
async fn stop(child: &mut Child) -> Option<String> {
    let Some(id) = child.id() else { return Some("it had ended by itself".to_owned()) };
    let asked = Process::new("kill").args(["-TERM", &id.to_string()]).status().await;
    if !asked.is_ok_and(|status| status.success()) {
        return Some("it could not be asked to stop".to_owned());
    }
    match timeout(PATIENCE, child.wait()).await {
        Ok(Ok(status)) if status.success() => None,
        Ok(status) => Some(format!("asked to stop, it ended with {status:?}")),
        Err(_) => {
            child.kill().await.ok();
            Some("asked to stop, it did not".to_owned())
        }
    }
}
