//! `plimsoll run`: guards accounts, and lets the configured strategies trade them, until it is stopped.

mod alone;
mod closes_only;
mod measures;
mod strategies;
mod teller;
mod told;
mod traded;
mod tryout;

use super::target::Target;
use crate::config::{Config, Environment};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::screen;
use crate::surface;
use clap::Args;
use plimsoll_engine::trading::TradingHandle;
use plimsoll_engine::{Guard, GuardNews, Lookout, Stopper};
use plimsoll_ports::{Clock, Notifier, SystemClock};
use plimsoll_service::{EventHub, Service};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use strategies::Group;
use teller::Teller;
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tryout::Tryout;

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

/// Why guarding has ended.
enum Ended {
    Asked,
    DatabaseMayBeBack,
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
            false => runtime.block_on(self.guard())?,
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Nothing is configured: a simulated venue shows what there is to see.
    async fn try_out(mut self) -> Result<(), Failure> {
        let (tryout, config) = Tryout::begin().await?;
        tryout::greet(&config, self.target.json)?;
        self.target.config = Some(config);
        let tried = async {
            tryout::migrate(&self.target).await?;
            Tryout::open(&self.target).await?;
            self.guard().await
        };
        let tried = tried.await;
        tryout.end().await;
        tried
    }

    async fn guard(&self) -> Result<(), Failure> {
        let (audience, hub) = (Audience::new(), Arc::new(EventHub::new(SystemClock.now())));
        loop {
            let chosen = self.target.choose_all()?;
            let groups = if self.no_strategies { Vec::new() } else { strategies::plan(&chosen)? };
            let environment = chosen.environment.clone();
            let telegram = surface::telegram(&chosen.config, &environment)?;
            let told_by = surface::told_by(telegram.as_ref())?;
            let guarded = chosen.guarded(|account| surface::notifier(&hub, account, &told_by)).await?;
            let (desks, lookouts): (Vec<Desk>, Vec<Lookout>) = guarded.into_iter().unzip();
            let tellers: Vec<Teller> = desks.iter().map(|desk| self.teller(desk, desks.len() > 1)).collect();
            let ended = self
                .watch(&desks, lookouts, &tellers, groups, (&audience, &hub, &environment), (telegram, &told_by))
                .await;
            let left = match ended {
                Ok(Ended::Asked) => Some(leave(&desks, &tellers).await),
                Ok(Ended::DatabaseMayBeBack) => None,
                Err(failure) => Some(Err(failure)),
            };
            // They share one set of records.
            if let Some(desk) = desks.first() {
                desk.close().await;
            }
            // The next ones open the spool of this process again: it is theirs until here.
            drop(desks);
            if let Some(left) = left {
                return left;
            }
        }
    }

    fn teller(&self, desk: &Desk, several: bool) -> Teller {
        Teller::new(self.target.json, desk.account.name.clone(), several)
    }

    /// Guards until it is asked to stop: a step that is under way is finished first, an order that was sent is followed to
    /// its end. Where the database was away from the start, it ends now and then, so that it may be looked for anew.
    async fn watch(
        &self,
        desks: &[Desk],
        lookouts: Vec<Lookout>,
        tellers: &[Teller],
        groups: Vec<Group>,
        (audience, hub, environment): (&Audience, &Arc<EventHub>, &Environment),
        (telegram, told_by): (Option<plimsoll_telegram::Settings>, &Arc<dyn Notifier>),
    ) -> Result<Ended, Failure> {
        for (desk, teller) in desks.iter().zip(tellers) {
            teller.ladder(desk).await?;
        }
        let away = desks.first().is_some_and(|desk| desk.records.away.is_some());
        let views: Vec<_> = lookouts.iter().map(Lookout::watch).collect();
        let mut trading = strategies::seat(groups, desks, &views, self.target.json).await?;
        trading.waiting.iter().for_each(|waits| audience.hear(|| waits.tell()));
        let Some(first) = desks.first() else { return Ok(Ended::Asked) };
        let service = surface::service(&first.config, desks, &views, trading.handles(), (hub, told_by));
        let served = self.serve(&first.config, environment, service.clone()).await?;
        let bot = telegram.map(|settings| Listening::begin(settings, &service)).transpose()?;
        let (mut guards, mut ready) = (Guards::default(), BTreeMap::new());
        for ((desk, lookout), teller) in desks.iter().zip(lookouts).zip(tellers) {
            let account = desk.account.name.clone();
            let told = guards.begin(desk, lookout, teller.clone(), trading.handle_of(&account), (audience, hub));
            ready.insert(account, told);
        }
        trading.begin(&ready, audience, hub);
        let look_again = async {
            match desks.first().filter(|_| away || !trading.waiting.is_empty()) {
                Some(desk) => tokio::time::sleep(desk.config.intervals.reconcile).await,
                None => std::future::pending().await,
            }
        };
        let ended = tokio::select! {
            () = guards.unasked() => Ok(Ended::Asked),
            asked = super::signals::stopped() => asked.map(|()| Ended::Asked),
            () = look_again => Ok(Ended::DatabaseMayBeBack),
            never = trading.tasks.failing() => match never {},
        };
        // What was confirmed is done, and what strategies have under way is finished, and saved, while their accounts are still
        // listened to.
        if let Some(bot) = bot {
            bot.stop().await;
        }
        if let Some(served) = served {
            served.stop().await;
        }
        service.idle().await;
        trading.tasks.stop().await;
        guards.stop().await;
        ended
    }
}

impl Run {
    /// Serves the dashboard and the API, where that is wanted.
    async fn serve(
        &self,
        config: &Config,
        environment: &Environment,
        service: Service,
    ) -> Result<Option<Served>, Failure> {
        let Some(api) = surface::bind(config, environment, self.serve, service).await? else {
            return Ok(None);
        };
        let address = format!("http://{}", api.address());
        if self.target.json {
            screen::json(&Serving { event: "serving", time: screen::instant(SystemClock.now()), address })?;
        } else {
            screen::line(format!("the dashboard: {address}"))?;
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(api.serve(async move {
            // Whoever is to stop it has gone: that is the same.
            drop(stopped.await);
        }));
        Ok(Some(Served { stop, serving }))
    }
}

#[derive(Serialize)]
struct Serving {
    event: &'static str,
    time: String,
    address: String,
}

/// The dashboard and the API, while they are served.
struct Served {
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Served {
    /// Nothing more is taken; what was confirmed comes to its end.
    async fn stop(self) {
        // Whoever served may have ended already.
        let _ = self.stop.send(());
        if let Ok(Err(error)) = self.serving.await {
            tracing::warn!(%error, "the dashboard ended by a fault");
        }
    }
}

/// The bot, while it is let in.
struct Listening {
    stop: oneshot::Sender<()>,
    bot: JoinHandle<()>,
}

impl Listening {
    fn begin(settings: plimsoll_telegram::Settings, service: &Service) -> Result<Self, Failure> {
        let service = Arc::new(service.clone());
        let bot = plimsoll_telegram::Bot::new(settings, service, Arc::new(SystemClock)).map_err(Failure::usage)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let bot = tokio::spawn(async move {
            let until = async move {
                // Whoever is to stop it has gone: that is the same.
                drop(stopped.await);
            };
            if let Err(failure) = bot.run(until).await {
                tracing::error!(%failure, "the Telegram bot hears nobody; everything else goes on");
                screen::aside(format!("the Telegram bot hears nobody: {failure}"));
            }
        });
        Ok(Self { stop, bot })
    }

    async fn stop(self) {
        // The bot may have ended already.
        let _ = self.stop.send(());
        drop(self.bot.await);
    }
}

impl Guards {
    /// Begins one; answers whether records and venue have been brought together there.
    fn begin(
        &mut self,
        desk: &Desk,
        lookout: Lookout,
        mut teller: Teller,
        strategies: Option<TradingHandle>,
        (audience, hub): (&Audience, &Arc<EventHub>),
    ) -> watch::Receiver<bool> {
        let (audience, hub) = (audience.clone(), Arc::clone(hub));
        let guard = Guard::new(Arc::clone(&desk.manager), desk.guard_settings()).with_lookout(lookout);
        self.stoppers.push(guard.stopper());
        let (is_ready, ready) = watch::channel(false);
        let account = desk.account.name.clone();
        self.tasks.spawn(async move {
            guard
                .run(|news| {
                    if let Some(strategies) = &strategies {
                        strategies.hear(&account, news);
                    }
                    hub.hear(&account, news, SystemClock.now());
                    audience.hear(|| teller.news(news));
                    if matches!(news, GuardNews::Reconciled(_)) {
                        is_ready.send_replace(true);
                    }
                })
                .await;
        });
        ready
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

/// Nothing is cancelled: what protects stays, and is told of each.
async fn leave(desks: &[Desk], tellers: &[Teller]) -> Result<(), Failure> {
    let mut left = Ok(());
    for (desk, teller) in desks.iter().zip(tellers) {
        left = left.and(teller.leave(desk).await);
    }
    left
}
