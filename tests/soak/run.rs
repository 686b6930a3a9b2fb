//! A soak from its beginning to its verdict.

use super::account::Account;
use super::books::Books;
use super::memory::Memory;
use super::plan::Plan;
use super::report::Report;
use super::said::{Address, BEGIN, BOOKS, Calmed, Said, Told};
use futures_util::future::{join_all, try_join_all};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout};

/// The exchange's process answers within this.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// Accounts are whole again so soon after the last fault: a socket that is half open is noticed after twelve seconds.
const WHOLE_WITHIN: Duration = Duration::from_secs(60);

/// Trading may end so much later than it should.
const ENDS_WITHIN: Duration = Duration::from_secs(120);

/// How often an account is read at the end before what differs counts as different.
const ROUNDS: usize = 3;

/// So often it is told how far it is.
const TELLS_EVERY: Duration = Duration::from_secs(10);

/// Holds a soak; `program` with the [plan's arguments](super::serve) serves the exchange. `held` says how many bytes this
/// process has in use, if it counts them; `tell` hears how far it is.
pub async fn run(plan: Plan, program: &Path, held: Option<fn() -> usize>, mut tell: impl FnMut(&str)) -> Report {
    match hold(&plan, program, held, &mut tell).await {
        Ok(report) => report.judge(&plan),
        Err(wrong) => Report::failed(&plan, wrong),
    }
}

async fn hold(
    plan: &Plan,
    program: &Path,
    held: Option<fn() -> usize>,
    tell: &mut impl FnMut(&str),
) -> Result<Report, String> {
    let mut exchange = Exchange::start(plan, program)?;
    let addresses = exchange.opened().await?;
    let opening = addresses.iter().enumerate().map(|(number, address)| Account::open(number, address, plan));
    let accounts = try_join_all(opening).await.map_err(|failure| format!("an account does not connect: {failure}"))?;
    exchange.order(BEGIN).await?;
    accounts.iter().for_each(Account::begin);
    let (mut followers, mut theirs) = (Memory::default(), Memory::default());
    let (began, mut told_at) = (Instant::now(), Instant::now());
    let calmed = loop {
        let said = timeout(plan.length + ENDS_WITHIN - began.elapsed().min(plan.length), exchange.said()).await;
        match said.map_err(|_| "trading does not end".to_owned())?? {
            Said::Calm(calmed) => break calmed,
            Said::Told(told) => {
                followers.sample(began.elapsed(), "self");
                if let Some(held) = held {
                    followers.sample_held(began.elapsed(), held());
                }
                theirs.sample(began.elapsed(), &exchange.id);
                if told_at.elapsed() >= TELLS_EVERY {
                    told_at = Instant::now();
                    tell(&progress(began, &told, &accounts, &followers, &theirs));
                }
            }
            Said::Open(_) | Said::Books(_) => {}
        }
    };
    accounts.iter().for_each(Account::end_trading);
    tell("trading and faults have ceased");
    let accounts = conclude(&mut exchange, &accounts, &calmed).await?;
    let (seed, seconds, rate) = (plan.seed, plan.length.as_secs(), plan.rate);
    let (followers, exchange) = (followers.report(), theirs.report());
    Ok(Report { seed, seconds, rate, accounts, followers, exchange, wrong: Vec::new() })
}

/// Once every account is whole, it is held against the exchange; then it is read once more, and held against it again.
async fn conclude(
    exchange: &mut Exchange,
    accounts: &[Account],
    calmed: &[Calmed],
) -> Result<Vec<super::AccountReport>, String> {
    join_all(accounts.iter().map(|it| it.whole(WHOLE_WITHIN))).await;
    let truth = exchange.books().await?;
    let compared = |truth: &[Books]| {
        join_all(accounts.iter().zip(truth.to_vec()).map(|(it, truth)| async move { it.differences(&truth).await }))
    };
    let before: Vec<usize> = compared(&truth).await.iter().map(Vec::len).collect();
    let mut differences = Vec::new();
    for _ in 0..ROUNDS {
        let asked = join_all(accounts.iter().map(Account::resynchronise)).await;
        asked.into_iter().collect::<Result<Vec<()>, String>>()?;
        let truth = exchange.books().await?;
        differences = compared(&truth).await;
        if differences.iter().all(Vec::is_empty) {
            break;
        }
    }
    let rows = accounts.iter().zip(calmed).zip(before).zip(differences);
    Ok(rows.map(|(((it, calmed), before), differences)| it.report(calmed, before, differences)).collect())
}

fn progress(began: Instant, told: &[Told], accounts: &[Account], followers: &Memory, exchange: &Memory) -> String {
    let events: u64 = told.iter().map(|it| it.events).sum();
    let mut line = format!(
        "{:>4} s: {events} events told; memory {:.1} MB{}, the exchange's {:.1} MB",
        began.elapsed().as_secs(),
        followers.now(),
        followers.held_now().map(|held| format!(" ({held:.1} in use)")).unwrap_or_default(),
        exchange.now()
    );
    for account in accounts {
        line.push_str("\n        ");
        line.push_str(&account.now());
    }
    line
}

/// The exchange's process. It ends with this.
struct Exchange {
    _process: Child,
    id: String,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Exchange {
    fn start(plan: &Plan, program: &Path) -> Result<Self, String> {
        let mut command = Command::new(program);
        command.args(plan.arguments()).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().map_err(|error| format!("the exchange does not start: {error}"))?;
        let id = process.id().map(|id| id.to_string()).unwrap_or_default();
        let input = process.stdin.take().ok_or("the exchange has no input")?;
        let output = BufReader::new(process.stdout.take().ok_or("the exchange has no output")?).lines();
        Ok(Self { _process: process, id, input, output })
    }

    async fn order(&mut self, order: &str) -> Result<(), String> {
        let line = format!("{order}\n");
        self.input.write_all(line.as_bytes()).await.map_err(|error| format!("the exchange does not listen: {error}"))
    }

    async fn said(&mut self) -> Result<Said, String> {
        let line = self.output.next_line().await.map_err(|error| format!("the exchange cannot be heard: {error}"))?;
        let line = line.ok_or("the exchange has ended")?;
        serde_json::from_str(&line).map_err(|error| format!("the exchange says {line}: {error}"))
    }

    async fn opened(&mut self) -> Result<Vec<Address>, String> {
        self.wait_for(|said| if let Said::Open(addresses) = said { Some(addresses) } else { None }).await
    }

    async fn books(&mut self) -> Result<Vec<Books>, String> {
        self.order(BOOKS).await?;
        self.wait_for(|said| if let Said::Books(books) = said { Some(books) } else { None }).await
    }

    async fn wait_for<T>(&mut self, wanted: impl Fn(Said) -> Option<T>) -> Result<T, String> {
        let waiting = async {
            loop {
                if let Some(it) = wanted(self.said().await?) {
                    return Ok(it);
                }
            }
        };
        timeout(ANSWERS_WITHIN, waiting).await.map_err(|_| "the exchange does not answer".to_owned())?
    }
}
