//! `plimsoll run`: guards accounts, and lets the configured strategies trade them, until it is stopped.

mod alone;
mod beyond;
mod closes_only;
mod degrading;
mod elsewhere;
mod floor;
mod left;
mod measures;
mod reread;
mod rounds;
mod serving;
mod strategies;
mod teller;
mod told;
mod traded;
mod tryout;
mod watchdog;

use super::signals::Requests;
use super::target::{ChosenAll, Target};
use crate::alerting::{self, Alerting};
use crate::config::{Account, Database};
use crate::desk::{Desk, guard_settings};
use crate::failure::Failure;
use crate::pulse::Pulse;
use crate::records::Records;
use crate::surface;
use crate::traders::Traders;
use clap::Args;
use plimsoll_engine::{Attention, Guard, GuardNews, Lookout, Stopper};
use plimsoll_ports::{Clock, Notifier, SystemClock};
use plimsoll_service::EventHub;
use reread::Reading;
use rounds::{Ended, Rounds};
use std::net::{SocketAddr, TcpListener};
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use teller::Teller;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tryout::Tryout;
use watchdog::Watchdog;

/// Guard accounts, and let the configured strategies trade them: reconcile, report, then watch margin and losses until SIGINT
/// or SIGTERM.
///
/// Without a configuration it shows what there is to see: a simulated venue, a guarded position, a strategy, and the dashboard.
///
/// Every configured account is guarded, or with --account that one alone. Each one's private stream is followed: what it tells
/// is passed on and looked at at once. While it is down, the account is looked at by the clock.
///
/// Thin margin is answered by the least that restores it, as `protection` in the configuration says: entries are cancelled,
/// margin is added, positions are made smaller. Margin that is gone and broken loss limits close everything and engage the
/// kill switch.
///
/// Strategies under [strategies] decide on closed candles, prices and funding; what they decide passes every check that a verb
/// passes. Their state is saved before anything is sent, and taken up at the next start. When all is stopped, strategies first,
/// stops and targets stay resting at the venue.
///
/// SIGHUP makes it read the configuration again: limits, thresholds and the settings of strategies take effect, all of them or,
/// where anything is wrong or needs a restart, none.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll run --json
  plimsoll run --account main --no-strategies")]
pub(crate) struct Run {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    paper: super::paper::PaperArguments,
    /// Guard only: strategies that are configured do not trade
    #[arg(long)]
    no_strategies: bool,
    /// Serve the dashboard and the API here, whatever is configured, such as 127.0.0.1:7878
    #[arg(long, value_name = "ADDRESS")]
    serve: Option<SocketAddr>,
}

/// Whoever reads what is told.
#[derive(Debug, Clone)]
struct Audience(Arc<AtomicBool>);

impl Audience {
    fn new() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// Whoever read along may go: guarding goes on without being heard.
    fn hear(&self, tell: impl FnOnce() -> Result<(), Failure>) {
        if self.0.load(Ordering::Relaxed) && tell().is_err() && self.0.swap(false, Ordering::Relaxed) {
            tracing::warn!("nobody reads what is told any more; guarding goes on");
        }
    }
}

/// Guards at work, each in a task of its own.
#[derive(Default)]
struct Guards {
    tasks: JoinSet<()>,
    stoppers: Vec<Stopper>,
    panicked: Option<JoinError>,
}

impl Run {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if self.paper.is_wanted() {
            return self.paper.run(&self.target);
        }
        let runtime = super::runtime()?;
        match tryout::is_wanted(&self.target) {
            true => runtime.block_on(self.try_out())?,
            false => runtime.block_on(async { self.guard(&mut Requests::listen()?, None).await })?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Nothing is configured: a simulated venue shows what there is to see. Whoever stops it while it begins waits for what is
    /// under way, and nothing of it is left then either.
    async fn try_out(mut self) -> Result<(), Failure> {
        let mut requests = Requests::listen()?;
        let (tryout, config, bound) = Tryout::begin(self.serve).await?;
        // Whatever the environment says: nothing of it is to be left.
        let database = Database::Sqlite(config.with_file_name("plimsoll.db"));
        self.target.database = Some(database.to_string());
        self.target.config = Some(config.clone());
        let tried = async {
            tryout::greet(&config, self.target.json)?;
            Records::open(&database).await?.close().await;
            if requests.has_asked_to_stop() {
                return Ok(());
            }
            Tryout::open(&self.target).await?;
            self.guard(&mut requests, bound).await
        };
        let tried = tried.await;
        tryout.end().await;
        tried
    }

    /// Guards until it is asked to stop, by what was read at the start or when it was last asked to read it again: no file is read
    /// by itself, so that none can end it. What is `bound` listens already for the dashboard.
    async fn guard(&self, requests: &mut Requests, bound: Option<TcpListener>) -> Result<(), Failure> {
        let mut reading = Reading::of(&self.target)?;
        let environment = reading.chosen.environment.clone();
        let telegram = surface::telegram(&reading.chosen.config, &environment)?;
        // What could not be told yet outlives every round.
        let alerting = Arc::new(Alerting::start(&reading.chosen.config, &environment, telegram.as_ref())?);
        let told_by: Arc<dyn Notifier> = alerting.clone();
        let (audience, hub) = (Audience::new(), Arc::new(EventHub::new(SystemClock.now())));
        let ChosenAll { config, accounts, .. } = &reading.chosen;
        let pulse = Arc::new(Pulse::of(accounts, guard_settings(config)));
        let notifier = |it: &Account| (it.name.clone(), surface::notifier(&hub, it, &told_by));
        let watchdog = Watchdog {
            pulse: Arc::clone(&pulse),
            notifiers: accounts.iter().map(notifier).collect(),
            heartbeat: alerting::heartbeat(config, &environment)?,
        };
        let mut rounds = Rounds {
            run: self,
            audience,
            hub,
            environment,
            telegram,
            alerting: Arc::clone(&alerting),
            told_by,
            pulse,
            watchdog: Some(watchdog.begin()),
            performances: Arc::default(),
            served: self.serve,
            bound,
            is_first: true,
            is_unguarded: false,
        };
        loop {
            match rounds.one(&mut reading, requests).await {
                Ok(Ended::Asked(left)) => {
                    alerting.drained().await;
                    return left;
                }
                Ok(Ended::DatabaseMayBeBack) => {}
                Err(failure) if rounds.is_first => return Err(failure),
                Err(failure) => rounds.wait(&failure, &mut reading, requests).await?,
            }
            rounds.is_first = false;
        }
    }

    fn teller(&self, desk: &Desk, several: bool) -> Teller {
        Teller::new(self.target.json, desk.account.name.clone(), several)
    }
}

impl Guards {
    /// Begins one; answers whether records and venue have been brought together there, and what changes how it watches.
    fn begin(
        &mut self,
        desk: &Desk,
        lookout: Lookout,
        mut teller: Teller,
        traders: &Arc<Traders>,
        (audience, hub, pulse): (&Audience, &Arc<EventHub>, &Arc<Pulse>),
    ) -> (watch::Receiver<bool>, Attention) {
        let (audience, hub, pulse) = (audience.clone(), Arc::clone(hub), Arc::clone(pulse));
        let traders = Arc::clone(traders);
        let guard = Guard::new(Arc::clone(&desk.manager), desk.guard_settings()).with_lookout(lookout);
        self.stoppers.push(guard.stopper());
        let attention = guard.attention();
        let (is_ready, ready) = watch::channel(false);
        let account = desk.account.name.clone();
        self.tasks.spawn(async move {
            guard
                .run(|news| {
                    if let Some(strategies) = traders.on(&account) {
                        strategies.hear(&account, news);
                    }
                    pulse.hear(&account, news);
                    hub.hear(&account, news, SystemClock.now());
                    audience.hear(|| teller.news(news));
                    if matches!(news, GuardNews::Reconciled(_)) {
                        is_ready.send_replace(true);
                    }
                })
                .await;
        });
        (ready, attention)
    }

    /// Returns when one of them has ended though nobody asked for it.
    async fn unasked(&mut self) {
        match self.tasks.join_next().await {
            Some(ended) => self.panicked = ended.err(),
            None => std::future::pending().await,
        }
    }

    /// Stops them; each finishes its step. A panic of one of them is passed on once the others have.
    async fn stop(mut self) {
        self.stoppers.iter().for_each(Stopper::stop);
        while let Some(ended) = self.tasks.join_next().await {
            self.panicked = self.panicked.or(ended.err());
        }
        if let Some(panic) = self.panicked.and_then(|ended| ended.try_into_panic().ok()) {
            resume_unwind(panic);
        }
    }
}
