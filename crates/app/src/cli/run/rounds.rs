//! One round of guarding: from wiring the accounts to leaving them. Another one follows where the database may be back, or the
//! configuration was read again; in between nobody guards, for as long as it takes to connect.

use super::reread::{Change, Reading};
use super::serving::{Listening, Served};
use super::strategies::{self, Group};
use super::teller::Teller;
use super::watchdog::Watchdog;
use super::{Audience, Guards, Run};
use crate::alerting::{self, Alerting};
use crate::cli::signals::{Asked, Requests};
use crate::config::{Config, Environment};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::metrics::{Collector, Recorded};
use crate::pulse::Pulse;
use crate::screen;
use crate::surface;
use plimsoll_engine::Lookout;
use plimsoll_engine::trading::TradingHandle;
use plimsoll_ports::{Alert, Clock, Notifier, Severity, SystemClock};
use plimsoll_service::{EventHub, NewEvent, Service};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Why a round has ended.
pub(super) enum Ended {
    /// It was asked to stop; whether what rests could be told.
    Asked(Result<(), Failure>),
    /// The database was away when it began.
    DatabaseMayBeBack,
    /// By this is guarded from now on.
    Reread(Box<Reading>),
}

/// What one round leaves to the next.
pub(super) struct Rounds<'a> {
    pub(super) run: &'a Run,
    pub(super) audience: Audience,
    pub(super) hub: Arc<EventHub>,
    pub(super) environment: Environment,
    pub(super) telegram: Option<plimsoll_telegram::Settings>,
    pub(super) alerting: Arc<Alerting>,
    /// The same, as whoever tells knows it.
    pub(super) told_by: Arc<dyn Notifier>,
    /// Where the dashboard is to be, and then where it was.
    pub(super) served: Option<SocketAddr>,
    /// What fails while none has begun ends the command; what fails later ends nothing that can go on.
    pub(super) is_first: bool,
    /// A round could not begin, and nobody guards.
    pub(super) is_unguarded: bool,
}

/// What lets others in, for as long as a round lasts.
struct Doors {
    service: Service,
    served: Option<Served>,
    bot: Option<Listening>,
}

#[derive(Serialize)]
struct Told<'a> {
    event: &'static str,
    time: String,
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<&'a [Change]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<&'a [String]>,
}

impl Rounds<'_> {
    /// Guards by this reading until it is asked for something else.
    ///
    /// # Errors
    /// It could not begin; nothing of it is left.
    pub(super) async fn one(&mut self, reading: &Reading, requests: &mut Requests) -> Result<Ended, Failure> {
        let chosen = &reading.chosen;
        if self.address(&chosen.config).is_some() {
            Recorded::begin()?;
        }
        let groups = if self.run.no_strategies { Vec::new() } else { strategies::plan(chosen)? };
        let guarded =
            chosen.guarded(&reading.keys, |account| surface::notifier(&self.hub, account, &self.told_by)).await?;
        let (desks, lookouts): (Vec<Desk>, Vec<Lookout>) = guarded.into_iter().unzip();
        let tellers: Vec<Teller> = desks.iter().map(|desk| self.run.teller(desk, desks.len() > 1)).collect();
        let ended = self.watch(&desks, lookouts, &tellers, groups, reading, requests).await;
        let ended = match ended {
            Ok(Ended::Asked(asked)) => Ok(Ended::Asked(asked.and(leave(&desks, &tellers).await))),
            other => other,
        };
        // They share one set of records.
        if let Some(desk) = desks.first() {
            desk.close().await;
        }
        // The next ones open the spool of this process again: it is theirs until here.
        drop(desks);
        ended
    }

    /// Guards until it is asked to stop: a step that is under way is finished first, an order that was sent is followed to
    /// its end. Where the database was away from the start, it ends now and then, so that it may be looked for anew.
    async fn watch(
        &mut self,
        desks: &[Desk],
        lookouts: Vec<Lookout>,
        tellers: &[Teller],
        groups: Vec<Group>,
        reading: &Reading,
        requests: &mut Requests,
    ) -> Result<Ended, Failure> {
        for (desk, teller) in desks.iter().zip(tellers) {
            self.or_later(teller.ladder(desk).await)?;
        }
        let away = desks.first().is_some_and(|desk| desk.records.away.is_some());
        let views: Vec<_> = lookouts.iter().map(Lookout::watch).collect();
        let mut trading = strategies::seat(groups, desks, &views, self.run.target.json).await?;
        trading.waiting.iter().for_each(|waits| self.audience.hear(|| waits.tell()));
        let handles = trading.handles();
        let Some(first) = desks.first() else { return Ok(Ended::Asked(Ok(()))) };
        let service = surface::service(&first.config, desks, &views, handles.clone(), (&self.hub, &self.told_by));
        let pulse = Arc::new(Pulse::of(desks));
        let watchdog = self.watchdog(desks, &pulse, &service, trading.named_handles())?;
        let doors = self.open(&first.config, service, &pulse).await?;
        let (mut guards, mut ready) = (Guards::default(), BTreeMap::new());
        for ((desk, lookout), teller) in desks.iter().zip(lookouts).zip(tellers) {
            let account = desk.account.name.clone();
            let strategies = trading.handle_of(&account);
            let told = guards.begin(desk, lookout, teller.clone(), strategies, (&self.audience, &self.hub, &pulse));
            ready.insert(account, told);
        }
        trading.begin(&ready, &self.audience, &self.hub);
        let watchdog = watchdog.begin();
        if std::mem::take(&mut self.is_unguarded) {
            self.tell_of_guarding(Severity::Info, "it is over").await;
        }
        let again_after = (away || !trading.waiting.is_empty()).then_some(first.config.intervals.reconcile);
        let mut look_again = pin!(after(again_after));
        let ended = loop {
            tokio::select! {
                () = guards.unasked() => break Ended::Asked(Ok(())),
                () = &mut look_again => break Ended::DatabaseMayBeBack,
                never = trading.tasks.failing() => match never {},
                asked = requests.next() => {
                    if asked == Asked::Stop {
                        break Ended::Asked(Ok(()));
                    }
                    if let Some(now) = self.reread(reading, &handles).await {
                        break Ended::Reread(Box::new(now));
                    }
                }
            }
        };
        // Whoever ends because it is asked to is not quiet.
        drop(watchdog);
        // What was confirmed is done, and what strategies have under way is finished, and saved, while their accounts are still
        // listened to.
        doors.close().await;
        trading.tasks.stop().await;
        guards.stop().await;
        Ok(ended)
    }

    /// Lets others in. Whoever cannot be let in again is missed, and the accounts are guarded.
    async fn open(&mut self, config: &Config, service: Service, pulse: &Arc<Pulse>) -> Result<Doors, Failure> {
        let served = match self.address(config) {
            Some(address) => {
                let (alerting, pulse) = (Arc::clone(&self.alerting), Arc::clone(pulse));
                let recorded = Recorded::begin()?;
                let metrics = Collector { service: service.clone(), alerting, pulse, recorded }.into_metrics();
                let served = Served::begin(config, &self.environment, address, service.clone(), metrics).await;
                self.or_later(served)?
            }
            None => None,
        };
        if let Some(served) = &served {
            self.or_later(served.tell(self.run.target.json))?;
            self.served = Some(served.address);
        }
        let bot = self.telegram.clone().map(|settings| Listening::begin(settings, &service)).transpose();
        let bot = self.or_later(bot)?.flatten();
        Ok(Doors { service, served, bot })
    }

    /// Where the dashboard and the API are wanted; what was given goes before what is configured.
    fn address(&self, config: &Config) -> Option<SocketAddr> {
        self.served.or(config.api.listen)
    }

    fn watchdog(
        &self,
        desks: &[Desk],
        pulse: &Arc<Pulse>,
        service: &Service,
        trading: Vec<(String, TradingHandle)>,
    ) -> Result<Watchdog, Failure> {
        let heartbeat = desks.first().map(|desk| alerting::heartbeat(&desk.config, &self.environment)).transpose();
        let told =
            |desk: &Desk| (desk.account.name.clone(), surface::notifier(&self.hub, &desk.account, &self.told_by));
        Ok(Watchdog {
            pulse: Arc::clone(pulse),
            service: service.clone(),
            notifiers: desks.iter().map(told).collect(),
            desks: trading,
            heartbeat: self.or_later(heartbeat)?.flatten().flatten(),
        })
    }

    /// What fails at the start is told before anything is begun; later the accounts are guarded all the same.
    fn or_later<T>(&self, done: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(failure) if self.is_first => Err(failure),
            Err(failure) => {
                tracing::error!(why = failure.message(), "guarding goes on without it");
                screen::aside(format!("guarding goes on without it: {}", failure.message()));
                Ok(None)
            }
        }
    }

    /// What is to be guarded by from now on, if it is something else and nothing is against it; either is told.
    async fn reread(&self, reading: &Reading, handles: &[TradingHandle]) -> Option<Reading> {
        let seats = (!self.run.no_strategies).then_some(handles);
        match reading.again(&self.run.target, seats) {
            Ok((now, changed)) => {
                self.accept(&changed).await;
                (!changed.is_empty()).then_some(now)
            }
            Err(problems) => {
                self.refuse(problems).await;
                None
            }
        }
    }

    async fn accept(&self, changed: &[Change]) {
        let each: Vec<String> = changed.iter().map(ToString::to_string).collect();
        let text = match each.is_empty() {
            true => "the configuration was read again: nothing has changed".to_owned(),
            false => format!("the configuration was read again\n{}", each.join("\n")),
        };
        self.tell("configuration_reread", Severity::Info, &text, (Some(changed), None)).await;
    }

    /// Nothing of it holds.
    pub(super) async fn refuse(&self, problems: Vec<String>) {
        let text = format!(
            "the configuration was read again and is refused: what held before goes on\n{}",
            problems.join("\n")
        );
        self.tell("configuration_refused", Severity::Warning, &text, (None, Some(&problems))).await;
    }

    async fn tell(
        &self,
        event: &'static str,
        severity: Severity,
        text: &str,
        (changed, problems): (Option<&[Change]>, Option<&[String]>),
    ) {
        let now = SystemClock.now();
        let kind = event.to_owned();
        self.hub.publish(NewEvent { time: now, severity, kind, account: None, symbol: None, text: text.to_owned() });
        let (title, body) = text.split_once('\n').unwrap_or((text, ""));
        let alert = Alert { severity, key: event.to_owned(), title: title.to_owned(), body: body.to_owned() };
        if let Err(error) = self.told_by.notify(&alert).await {
            tracing::warn!(%error, "{title}");
        }
        let told = Told { event, time: screen::instant(now), account: None, changed, problems };
        self.audience.hear(|| if self.run.target.json { screen::json(&told) } else { screen::line(text) });
    }

    async fn tell_of_guarding(&self, severity: Severity, body: &str) {
        let (key, title) = ("nobody_guards".to_owned(), "nobody guards the accounts".to_owned());
        let alert = Alert { severity, key, title, body: body.to_owned() };
        if let Err(error) = self.told_by.notify(&alert).await {
            tracing::warn!(%error, "an alert has not arrived yet");
        }
    }

    /// It could not begin again: it is tried once more after a while.
    ///
    /// # Errors
    /// It was asked to stop meanwhile.
    pub(super) async fn wait(
        &mut self,
        failure: &Failure,
        reading: &Reading,
        requests: &mut Requests,
    ) -> Result<(), Failure> {
        let after = reading.chosen.config.intervals.monitor;
        tracing::error!(why = failure.message(), "nobody guards: it is tried again");
        screen::aside(format!("nobody guards, and it is tried again: {}", failure.message()));
        self.is_unguarded = true;
        self.tell_of_guarding(Severity::Critical, failure.message()).await;
        tokio::select! {
            () = tokio::time::sleep(after) => Ok(()),
            () = requests.stopped() => Err(failure.clone()),
        }
    }
}

impl Doors {
    /// Nobody comes in any more; what was confirmed comes to its end.
    async fn close(self) {
        if let Some(bot) = self.bot {
            bot.stop().await;
        }
        if let Some(served) = self.served {
            served.stop().await;
        }
        self.service.idle().await;
    }
}

/// Returns after this time, if there is one.
async fn after(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
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
