//! Asks the venue on the owner's behalf: when the stream is silent or in doubt, when it is time for an audit, and when
//! somebody wants to know.

use super::audit::confirmed;
use super::fills::FillReader;
use super::follower::{Command, Ended, Line};
use super::listing::List;
use super::owner::{Now, Reading};
use super::settings::{VenueAccountSettings, Vigilance};
use super::telemetry::Telemetry;
use super::view::{AccountView, Link};
use crate::steady::Steady;
use plimsoll_domain::{AccountEvent, AccountSnapshot, Difference, Symbol, Timestamp};
use plimsoll_ports::{Broker, QueryError};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// A contract that is held and of which nothing could be learned is asked for again after this.
const ASKED_AGAIN_AFTER: Duration = Duration::from_secs(30);

/// What the venue was asked, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resynchronised {
    /// Fills from before the snapshot that it was asked for; those that were known are among them.
    pub fills: usize,
    /// Contracts whose fills could not be had: their history may lack some, their positions do not.
    pub without_fills: Vec<Symbol>,
}

/// Why the venue could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailure {
    /// It did not answer.
    #[error("the account cannot be read: {0}")]
    NotKnown(#[from] QueryError),
    /// The account is in doubt: what is believed of it cannot be held against anything.
    #[error("the account is in doubt, and is not audited before it is whole again")]
    InDoubt,
    /// Nobody follows the account any more.
    #[error(transparent)]
    Ended(#[from] Ended),
}

/// What the keeper is asked for.
pub(super) enum Request {
    Resynchronise(oneshot::Sender<Result<Resynchronised, ReadFailure>>),
    Audit(oneshot::Sender<Result<Vec<Difference>, ReadFailure>>),
}

pub(super) struct Keeper {
    pub(super) broker: Arc<dyn Broker>,
    pub(super) fills: FillReader,
    pub(super) steady: Arc<Steady>,
    pub(super) line: Line,
    pub(super) view: watch::Receiver<Arc<AccountView>>,
    pub(super) settings: VenueAccountSettings,
    pub(super) vigilance: watch::Receiver<Vigilance>,
    pub(super) telemetry: Telemetry,
}

/// When the keeper acts next by itself, in the time that has passed: what is done to the clock hides no silence.
struct Watchfulness {
    /// Since when the account is in doubt, or when it was last read because of that.
    doubted: Option<Duration>,
    /// When the last audit was begun.
    audited: Duration,
    /// When the account was last looked at, what it showed of when something was heard or read, and since when it shows that.
    looked: Duration,
    shown: [Option<Timestamp>; 2],
    heard: Duration,
}

impl Keeper {
    /// Runs until nobody asks any more, or the account's task has ended. A list of contracts that takes its time keeps
    /// nobody waiting who asks for the account.
    pub(super) async fn run(self, requests: mpsc::Receiver<Request>) {
        tokio::select! {
            biased;
            () = self.keep_account(requests) => {}
            () = self.keep_contracts() => {}
        }
    }

    async fn keep_account(&self, mut requests: mpsc::Receiver<Request>) {
        let mut watchfulness = Watchfulness::new(self.steady.passed());
        let pause = || self.steady.sleep(self.settings.look_every);
        let mut look = pin!(pause());
        loop {
            tokio::select! {
                // Whoever asks comes first.
                biased;
                request = requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => return,
                },
                () = &mut look => {
                    if self.look(&mut watchfulness).await.is_err() {
                        return;
                    }
                    look.set(pause());
                }
            }
        }
    }

    async fn keep_contracts(&self) {
        let (mut listed, mut asked) = (self.steady.passed(), BTreeMap::new());
        loop {
            self.steady.sleep(self.settings.look_every).await;
            if self.look_at_contracts(&mut listed, &mut asked).await.is_err() {
                return;
            }
        }
    }

    async fn answer(&self, request: Request) {
        // Whoever asked may have gone; what was read is taken in all the same.
        match request {
            Request::Resynchronise(answer) => drop(answer.send(self.resynchronise("asked for").await)),
            Request::Audit(answer) => drop(answer.send(self.audit().await)),
        }
    }

    async fn look(&self, watchfulness: &mut Watchfulness) -> Result<(), Ended> {
        let view = Arc::clone(&self.view.borrow());
        if view.link == Link::Ended {
            return Err(Ended);
        }
        let now = Now::of(&self.steady);
        if let Some(reason) = watchfulness.reason_to_read(&view, now, &self.settings) {
            if let Err(error) = self.resynchronise(&reason).await {
                tracing::warn!(%error, %reason, "the account could not be resynchronised, trying again later");
            }
            return Ok(());
        }
        if now.passed.saturating_sub(watchfulness.audited) >= self.vigilance.borrow().audit_every {
            watchfulness.audited = now.passed;
            if let Err(error) = self.audit().await {
                tracing::warn!(%error, "the account could not be audited");
            }
        }
        Ok(())
    }

    /// Reads the list of contracts again when it is time, and each contract that is held and not in it: a venue may tell
    /// margin tables one by one, and first those that it is asked for.
    async fn look_at_contracts(
        &self,
        listed: &mut Duration,
        asked: &mut BTreeMap<Symbol, Duration>,
    ) -> Result<(), Ended> {
        let view = Arc::clone(&self.view.borrow());
        let now = self.steady.passed();
        if now.saturating_sub(*listed) >= self.settings.list_every {
            *listed = now;
            match List::read(self.broker.as_ref(), &view).await {
                Ok(list) => self.line.tell(Command::Contracts(list)).await?,
                Err(error) => tracing::warn!(%error, "the list of contracts cannot be read, trying again later"),
            }
        }
        let held = view.positions.iter().map(|it| &it.symbol).filter(|symbol| !view.contracts.contains_key(*symbol));
        for symbol in held.collect::<BTreeSet<_>>() {
            let lately = asked.get(symbol).is_some_and(|at| now.saturating_sub(*at) < ASKED_AGAIN_AFTER);
            if lately || view.contracts.is_empty() {
                continue;
            }
            asked.insert(symbol.clone(), now);
            match self.broker.instrument(symbol).await {
                Ok(it) => self.line.tell(Command::Contract(Box::new(it))).await?,
                Err(error) => tracing::warn!(%error, %symbol, "nothing is known of a contract that is held"),
            }
        }
        Ok(())
    }

    /// Reads the account, and the fills that may have been missed.
    pub(super) async fn resynchronise(&self, reason: &str) -> Result<Resynchronised, ReadFailure> {
        let begun = Now::of(&self.steady);
        let view = Arc::clone(&self.view.borrow());
        let snapshot = self.broker.account().await?;
        let (fills, without_fills) = self.fills.read(&view, &snapshot).await;
        let count = fills.len();
        let snapshot = AccountEvent::Snapshot(Box::new(snapshot));
        let events = std::iter::once(snapshot).chain(fills.into_iter().map(AccountEvent::Fill)).collect();
        self.line.tell_through(Command::Read(Reading { begun, events })).await?;
        let took = self.steady.passed().saturating_sub(begun.passed);
        self.telemetry.resynchronised(took);
        tracing::info!(reason, fills = count, ?took, "the account was read anew");
        Ok(Resynchronised { fills: count, without_fills })
    }

    /// Asks the venue twice, and records what both answers say otherwise than we believe; then its word is taken.
    pub(super) async fn audit(&self) -> Result<Vec<Difference>, ReadFailure> {
        let outcome = self.two_looks().await;
        let recorded = outcome.as_ref().ok().cloned();
        self.line.tell_through(Command::Audited(recorded)).await?;
        outcome
    }

    async fn two_looks(&self) -> Result<Vec<Difference>, ReadFailure> {
        let (begun, reading) = self.read().await?;
        let first = self.line.compare(&reading).await?.ok_or(ReadFailure::InDoubt)?;
        if first.is_empty() {
            self.take_in(begun, reading).await?;
            return Ok(first);
        }
        self.steady.sleep(self.settings.second_look_after).await;
        let (begun, reading) = self.read().await?;
        let second = self.line.compare(&reading).await?.ok_or(ReadFailure::InDoubt)?;
        let differences = confirmed(&first, second);
        self.take_in(begun, reading).await?;
        Ok(differences)
    }

    async fn read(&self) -> Result<(Now, Arc<AccountSnapshot>), QueryError> {
        let begun = Now::of(&self.steady);
        Ok((begun, Arc::new(self.broker.account().await?)))
    }

    async fn take_in(&self, begun: Now, reading: Arc<AccountSnapshot>) -> Result<(), Ended> {
        let snapshot = Arc::unwrap_or_clone(reading);
        let events = vec![AccountEvent::Snapshot(Box::new(snapshot))];
        self.line.tell_through(Command::Read(Reading { begun, events })).await
    }
}

impl Watchfulness {
    const fn new(now: Duration) -> Self {
        Self { doubted: None, audited: now, looked: now, shown: [None; 2], heard: now }
    }

    /// Why the account is to be read now, if it is.
    fn reason_to_read(&mut self, view: &AccountView, now: Now, settings: &VenueAccountSettings) -> Option<String> {
        let silence = self.silence(view, now);
        let now = now.passed;
        if view.is_trusted() {
            self.doubted = None;
            let silent = (silence >= settings.stale_after).then_some(silence)?;
            return Some(format!("nothing was heard for {} s", silent.as_secs()));
        }
        let since = *self.doubted.get_or_insert(now);
        if now.saturating_sub(since) < settings.resync_after {
            return None;
        }
        self.doubted = Some(now);
        Some(match &view.link {
            Link::Down { reason } => format!("the stream is down: {reason}"),
            Link::Connecting | Link::Syncing => "the stream has brought no snapshot".to_owned(),
            Link::Live | Link::Ended => "something was missed, and no snapshot came".to_owned(),
        })
    }

    /// How long nothing was heard or read. What is new since the last look came since then, as long ago as the clock says if
    /// that can be.
    fn silence(&mut self, view: &AccountView, now: Now) -> Duration {
        let shown = [view.heard_at, view.read_at];
        if shown != self.shown {
            let known_at = view.heard_at.max(view.read_at).unwrap_or(now.time);
            let ago = now.time.since(known_at).min(now.passed.saturating_sub(self.looked));
            (self.shown, self.heard) = (shown, now.passed.saturating_sub(ago));
        }
        self.looked = now.passed;
        now.passed.saturating_sub(self.heard)
    }
}
