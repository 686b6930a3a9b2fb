//! One round of guarding: from wiring the accounts to leaving them. Another one follows where the database may be back; in between
//! nobody guards, for as long as it takes to connect.

use super::beyond;
use super::degrading::Degrading;
use super::floor::Floor;
use super::reread::{Change, Reading};
use super::serving::{Listening, Served};
use super::strategies::{self, Group};
use super::teller::Teller;
use super::watchdog::Feeling;
use super::{Audience, Guards, Run};
use crate::alerting::Alerting;
use crate::cli::signals::{Asked, Requests};
use crate::config::{Config, Environment};
use crate::desk::{Desk, guard_settings};
use crate::failure::Failure;
use crate::metrics::{Collector, Recorded};
use crate::notify;
use crate::performance::Performances;
use crate::pulse::Pulse;
use crate::screen;
use crate::surface::{self, Place};
use crate::traders::Traders;
use plimsoll_engine::Lookout;
use plimsoll_ports::{Alert, Clock, Notifier, Severity, SystemClock};
use plimsoll_service::{EventHub, NewEvent, Service, StrategyControl};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Why a round has ended.
pub(super) enum Ended {
    /// It was asked to stop; whether what rests could be told.
    Asked(Result<(), Failure>),
    /// The database was away when it began.
    DatabaseMayBeBack,
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
    /// When each account was looked at last, whoever guards it now.
    pub(super) pulse: Arc<Pulse>,
    /// Tells when nobody does, until the program is asked to stop.
    pub(super) watchdog: Option<JoinSet<()>>,
    /// What strategies do beside what was predicted of them.
    pub(super) performances: Arc<Performances>,
    /// Where the dashboard is to be, and then where it was.
    pub(super) served: Option<SocketAddr>,
    /// What listens for it already.
    pub(super) bound: Option<TcpListener>,
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
    #[serde(flatten)]
    what: What<'a>,
}

/// What came of reading the configuration again.
#[derive(Default, Serialize)]
struct What<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<&'a [Change]>,
    /// What is held or lost beyond a limit that was wider before.
    #[serde(skip_serializing_if = "Option::is_none")]
    beyond: Option<&'a [String]>,
    /// Limits that are otherwise than before, and of which it cannot be said yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    unjudged: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<&'a [String]>,
}

impl Rounds<'_> {
    /// Guards by this reading, and by those that take its place, until it is asked to stop.
    ///
    /// # Errors
    /// It could not begin; nothing of it is left.
    pub(super) async fn one(&mut self, reading: &mut Reading, requests: &mut Requests) -> Result<Ended, Failure> {
        let chosen = &reading.chosen;
        // It may have been read again while nobody guarded.
        self.pulse.expect(guard_settings(&chosen.config));
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
        self.pulse.interrupted();
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
        reading: &mut Reading,
        requests: &mut Requests,
    ) -> Result<Ended, Failure> {
        for (desk, teller) in desks.iter().zip(tellers) {
            self.or_later(teller.ladder(desk).await)?;
        }
        let config = &reading.chosen.config;
        let away = desks.first().is_some_and(|desk| desk.records.away.is_some());
        let views: Vec<_> = lookouts.iter().map(Lookout::watch).collect();
        let trading = strategies::seat(groups, desks, &views, config, self.run.target.json).await?;
        trading.waiting.iter().for_each(|waits| self.audience.hear(|| waits.tell()));
        let traders = Arc::new(Traders::of(config, &self.performances));
        traders.are(trading.at_work());
        let control: Arc<dyn StrategyControl> = traders.clone();
        let service = surface::service(config, desks, &views, control, (&self.hub, &self.told_by));
        let doors = self.open(config, service.clone()).await?;
        let again_after = (away || !trading.waiting.is_empty()).then_some(config.intervals.reconcile);
        let (feeling, pulse) = (Feeling::begin(&self.pulse, service.clone()), Arc::clone(&self.pulse));
        let (mut guards, mut ready, mut attentions) = (Guards::default(), BTreeMap::new(), Vec::new());
        for ((desk, lookout), teller) in desks.iter().zip(lookouts).zip(tellers) {
            let heard_by = (&self.audience, &self.hub, &self.pulse);
            let (told, attention) = guards.begin(desk, lookout, teller.clone(), &traders, heard_by);
            ready.insert(desk.account.name.clone(), told);
            attentions.push(attention);
        }
        let mut floor = Floor { desks, views: &views, attentions, ready, trading, traders, service, feeling, pulse };
        floor.begin((&self.audience, &self.hub));
        let degrading = self.degrading(&floor.traders).begin();
        if std::mem::take(&mut self.is_unguarded) {
            self.tell_of_guarding(Severity::Info, "it is over").await;
        }
        let mut look_again = pin!(after(again_after));
        let ended = loop {
            tokio::select! {
                () = guards.unasked() => break Ended::Asked(Ok(())),
                () = &mut look_again => break Ended::DatabaseMayBeBack,
                never = floor.trading.tasks.failing() => match never {},
                asked = requests.next() => match asked {
                    Asked::Stop => break Ended::Asked(Ok(())),
                    Asked::Reread => self.reread(reading, &mut floor).await,
                },
            }
        };
        // Whoever ends because it is asked to is not quiet.
        if matches!(ended, Ended::Asked(_)) {
            self.watchdog = None;
        }
        let Floor { feeling, trading, .. } = floor;
        drop(feeling);
        drop(degrading);
        // What was confirmed is done, and what strategies have under way is finished, and saved, while their accounts are still
        // listened to.
        doors.close().await;
        trading.tasks.stop().await;
        guards.stop().await;
        Ok(ended)
    }

    /// Lets others in. Whoever cannot be let in again is missed, and the accounts are guarded.
    async fn open(&mut self, config: &Config, service: Service) -> Result<Doors, Failure> {
        let bound = self.bound.take().map(Place::On);
        let served = match bound.or_else(|| self.address(config).map(Place::At)) {
            Some(place) => {
                let (alerting, pulse) = (Arc::clone(&self.alerting), Arc::clone(&self.pulse));
                let recorded = Recorded::begin()?;
                let metrics = Collector { service: service.clone(), alerting, pulse, recorded }.into_metrics();
                let served = Served::begin(config, &self.environment, place, service.clone(), metrics).await;
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

    fn degrading(&self, traders: &Arc<Traders>) -> Degrading {
        Degrading {
            traders: Arc::clone(traders),
            performances: Arc::clone(&self.performances),
            hub: Arc::clone(&self.hub),
            told_by: Arc::clone(&self.told_by),
        }
    }

    /// What fails at the start is told before anything is begun; later the accounts are guarded all the same.
    fn or_later<T>(&self, done: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(failure) if self.is_first => Err(failure),
            Err(failure) => {
                notify::failed("guarding goes on without it", failure.message());
                Ok(None)
            }
        }
    }

    /// What is guarded by from now on, if nothing is against it; either is told.
    async fn reread(&self, reading: &mut Reading, floor: &mut Floor<'_>) {
        match floor.prepare(reading, &self.run.target, !self.run.no_strategies).await {
            Ok((now, changed, prepared)) => {
                let before = floor.service.broken_limits();
                floor.judge_by(&now.chosen, &prepared);
                let beyond = beyond::newly(&before, &floor.service.broken_limits());
                let unjudged = beyond::unjudged(&changed, &floor.service.unjudged_limits());
                // What becomes of strategies is told after what has brought it about, and waits for nobody who is told.
                let alert = self.accept(&changed, &beyond, &unjudged);
                floor.seat(prepared, (&self.audience, &self.hub));
                *reading = now;
                self.notify(alert).await;
            }
            Err(problems) => self.refuse(problems).await,
        }
    }

    /// The same while nobody guards: there is nothing that it could take effect on. Answers whether it is something else.
    async fn reread_unguarded(&self, reading: &mut Reading) -> bool {
        match reading.again(&self.run.target, (!self.run.no_strategies).then_some((&[], &[]))) {
            Ok((now, changed)) => {
                let alert = self.accept(&changed, &[], &[]);
                *reading = now;
                self.notify(alert).await;
                !changed.is_empty()
            }
            Err(problems) => {
                self.refuse(problems).await;
                false
            }
        }
    }

    /// Answers what a person is to be told. What is `beyond` its limit by the limits of now, or not to be judged by them yet, is no
    /// news of the account's own.
    fn accept(&self, changed: &[Change], beyond: &[String], unjudged: &[String]) -> Alert {
        let said = [beyond, unjudged].concat();
        let each: Vec<String> = changed.iter().map(ToString::to_string).chain(said).collect();
        let text = match each.is_empty() {
            true => "the configuration was read again: nothing has changed".to_owned(),
            false => format!("the configuration was read again\n{}", each.join("\n")),
        };
        let severity = if beyond.is_empty() { Severity::Info } else { Severity::Warning };
        let (beyond, unjudged) = (said_if_any(beyond), said_if_any(unjudged));
        let what = What { changed: Some(changed), beyond, unjudged, problems: None };
        self.tell("configuration_reread", severity, &text, what)
    }

    /// Nothing of it holds.
    async fn refuse(&self, problems: Vec<String>) {
        let text = format!(
            "the configuration was read again and is refused: what held before goes on\n{}",
            problems.join("\n")
        );
        let what = What { problems: Some(&problems), ..What::default() };
        let alert = self.tell("configuration_refused", Severity::Warning, &text, what);
        self.notify(alert).await;
    }

    /// Told at once to whoever listens here; answers what a person is to be told.
    fn tell(&self, event: &'static str, severity: Severity, text: &str, what: What<'_>) -> Alert {
        let now = SystemClock.now();
        let kind = event.to_owned();
        self.hub.publish(NewEvent { time: now, severity, kind, account: None, symbol: None, text: text.to_owned() });
        let (title, body) = text.split_once('\n').unwrap_or((text, ""));
        // Each was asked for by somebody who waits for the answer: none is held back for the sake of another.
        let key = format!("{event}/{}", screen::instant(now));
        let alert = Alert { severity, key, title: title.to_owned(), body: body.to_owned() };
        let told = Told { event, time: screen::instant(now), account: None, what };
        self.audience.hear(|| if self.run.target.json { screen::json(&told) } else { screen::line(text) });
        alert
    }

    async fn notify(&self, alert: Alert) {
        if let Err(error) = self.told_by.notify(&alert).await {
            tracing::warn!(%error, "{}", alert.title);
        }
    }

    async fn tell_of_guarding(&self, severity: Severity, body: &str) {
        let (key, title) = ("nobody_guards".to_owned(), "nobody guards the accounts".to_owned());
        let alert = Alert { severity, key, title, body: body.to_owned() };
        if let Err(error) = self.told_by.notify(&alert).await {
            tracing::warn!(%error, "an alert has not arrived yet");
        }
    }

    /// It could not begin again: it is tried once more after a while, or when another configuration was read.
    ///
    /// # Errors
    /// It was asked to stop meanwhile.
    pub(super) async fn wait(
        &mut self,
        failure: &Failure,
        reading: &mut Reading,
        requests: &mut Requests,
    ) -> Result<(), Failure> {
        let mut over = pin!(tokio::time::sleep(reading.chosen.config.intervals.monitor));
        notify::failed("nobody guards, and it is tried again", failure.message());
        self.is_unguarded = true;
        self.tell_of_guarding(Severity::Critical, failure.message()).await;
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                asked = requests.next() => match asked {
                    Asked::Stop => return Err(failure.clone()),
                    Asked::Reread if self.reread_unguarded(reading).await => return Ok(()),
                    Asked::Reread => {}
                },
            }
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

fn said_if_any(said: &[String]) -> Option<&[String]> {
    (!said.is_empty()).then_some(said)
}
