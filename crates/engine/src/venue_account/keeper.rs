//! Asks the venue on the owner's behalf: when the stream is silent or in doubt, when it is time for an audit, and when
//! somebody wants to know.

use super::audit::confirmed;
use super::follower::{Command, Ended, Line};
use super::owner::Reading;
use super::settings::VenueAccountSettings;
use super::telemetry;
use super::view::{AccountView, Link};
use futures_util::{StreamExt, stream};
use plimsoll_domain::{AccountEvent, AccountSnapshot, Difference, Fill, Symbol, Timestamp};
use plimsoll_ports::{Broker, Clock, QueryError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// So many contracts are asked for their fills at once.
const ASKED_AT_ONCE: usize = 8;

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
    pub(super) clock: Arc<dyn Clock>,
    pub(super) line: Line,
    pub(super) view: watch::Receiver<Arc<AccountView>>,
    pub(super) settings: VenueAccountSettings,
}

/// When the keeper acts next by itself.
struct Watchfulness {
    /// Since when the account is in doubt, or when it was last read because of that.
    doubted: Option<Timestamp>,
    /// When the last audit was begun.
    audited: Timestamp,
    /// When the list of contracts was last read.
    listed: Timestamp,
    /// When each contract that the list does not hold was last asked for.
    asked: BTreeMap<Symbol, Timestamp>,
}

impl Keeper {
    /// Runs until nobody asks any more, or the account's task has ended.
    pub(super) async fn run(self, mut requests: mpsc::Receiver<Request>) {
        let now = self.clock.now();
        let mut watchfulness = Watchfulness { doubted: None, audited: now, listed: now, asked: BTreeMap::new() };
        loop {
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => return,
                },
                () = self.clock.sleep(self.settings.look_every) => {
                    if self.look(&mut watchfulness).await.is_err() {
                        return;
                    }
                }
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
        let now = self.clock.now();
        if view.link == Link::Ended {
            return Err(Ended);
        }
        if let Some(reason) = watchfulness.reason_to_read(&view, now, &self.settings) {
            if let Err(error) = self.resynchronise(&reason).await {
                tracing::warn!(%error, %reason, "the account could not be resynchronised, trying again later");
            }
            return Ok(());
        }
        self.look_at_contracts(&view, now, watchfulness).await?;
        if now.since(watchfulness.audited) >= self.settings.audit_every {
            watchfulness.audited = now;
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
        view: &AccountView,
        now: Timestamp,
        watchfulness: &mut Watchfulness,
    ) -> Result<(), Ended> {
        if now.since(watchfulness.listed) >= self.settings.list_every {
            watchfulness.listed = now;
            match self.broker.instruments().await {
                Ok(contracts) => self.line.tell(Command::Contracts(contracts)).await?,
                Err(error) => tracing::warn!(%error, "the list of contracts cannot be read, trying again later"),
            }
        }
        let held = view.positions.iter().map(|it| &it.symbol).filter(|symbol| !view.contracts.contains_key(*symbol));
        for symbol in held.collect::<BTreeSet<_>>() {
            let asked = watchfulness.asked.get(symbol).is_some_and(|at| now.since(*at) < ASKED_AGAIN_AFTER);
            if asked || view.contracts.is_empty() {
                continue;
            }
            watchfulness.asked.insert(symbol.clone(), now);
            match self.broker.instrument(symbol).await {
                Ok(it) => self.line.tell(Command::Contract(Box::new(it))).await?,
                Err(error) => tracing::warn!(%error, %symbol, "nothing is known of a contract that is held"),
            }
        }
        Ok(())
    }

    /// Reads the account, and the fills since shortly before the newest thing that is known.
    pub(super) async fn resynchronise(&self, reason: &str) -> Result<Resynchronised, ReadFailure> {
        let begun = self.clock.now();
        let view = Arc::clone(&self.view.borrow());
        let snapshot = self.broker.account().await?;
        let newest = view.as_of.unwrap_or(snapshot.time);
        let since = newest.minus(self.settings.back_fill_overlap);
        let (fills, without_fills) = self.fills(traded(&view, &snapshot), since).await;
        let count = fills.len();
        let snapshot = AccountEvent::Snapshot(Box::new(snapshot));
        let events = std::iter::once(snapshot).chain(fills.into_iter().map(AccountEvent::Fill)).collect();
        self.line.tell_through(Command::Read(Reading { begun, events })).await?;
        let took = self.clock.now().since(begun);
        telemetry::resynchronised(took);
        tracing::info!(reason, fills = count, ?took, "the account was read anew");
        Ok(Resynchronised { fills: count, without_fills })
    }

    /// The fills of these contracts, and those of which they cannot be had.
    async fn fills(&self, symbols: BTreeSet<Symbol>, since: Timestamp) -> (Vec<Fill>, Vec<Symbol>) {
        let broker = Arc::clone(&self.broker);
        let asked: Vec<_> = symbols.into_iter().map(|symbol| ask(Arc::clone(&broker), symbol, since)).collect();
        let mut answers: Vec<_> = stream::iter(asked).buffer_unordered(ASKED_AT_ONCE).collect().await;
        answers.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (mut fills, mut missing) = (Vec::new(), Vec::new());
        for (symbol, answer) in answers {
            match answer {
                Ok(told) => fills.extend(told),
                Err(error) => {
                    tracing::warn!(%symbol, %error, "fills cannot be read");
                    missing.push(symbol);
                }
            }
        }
        fills.sort_by_key(|fill| fill.time);
        (fills, missing)
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
        self.clock.sleep(self.settings.second_look_after).await;
        let (begun, reading) = self.read().await?;
        let second = self.line.compare(&reading).await?.ok_or(ReadFailure::InDoubt)?;
        let differences = confirmed(&first, second);
        self.take_in(begun, reading).await?;
        Ok(differences)
    }

    async fn read(&self) -> Result<(Timestamp, Arc<AccountSnapshot>), QueryError> {
        let begun = self.clock.now();
        Ok((begun, Arc::new(self.broker.account().await?)))
    }

    async fn take_in(&self, begun: Timestamp, reading: Arc<AccountSnapshot>) -> Result<(), Ended> {
        let snapshot = Arc::unwrap_or_clone(reading);
        let events = vec![AccountEvent::Snapshot(Box::new(snapshot))];
        self.line.tell_through(Command::Read(Reading { begun, events })).await
    }
}

impl Watchfulness {
    /// Why the account is to be read now, if it is.
    fn reason_to_read(
        &mut self,
        view: &AccountView,
        now: Timestamp,
        settings: &VenueAccountSettings,
    ) -> Option<String> {
        if view.is_trusted() {
            self.doubted = None;
            let age = view.age(now).filter(|age| *age >= settings.stale_after)?;
            return Some(format!("nothing was heard for {} s", age.as_secs()));
        }
        let since = *self.doubted.get_or_insert(now);
        if now.since(since) < settings.resync_after {
            return None;
        }
        self.doubted = Some(now);
        Some(match &view.link {
            Link::Down { reason } => format!("the stream is down: {reason}"),
            Link::Connecting | Link::Syncing => "the stream has brought no snapshot".to_owned(),
            Link::Live | Link::Ended => "something was missed, and no snapshot came".to_owned(),
        })
    }
}

async fn ask(broker: Arc<dyn Broker>, symbol: Symbol, since: Timestamp) -> (Symbol, Result<Vec<Fill>, QueryError>) {
    let fills = broker.fills(&symbol, since).await;
    (symbol, fills)
}

/// The contracts in which something may have happened: those with positions or orders, then or now.
fn traded(view: &AccountView, snapshot: &AccountSnapshot) -> BTreeSet<Symbol> {
    let known = view.positions.iter().map(|it| &it.symbol).chain(view.orders.iter().map(|it| &it.symbol));
    let read = snapshot.positions.iter().map(|it| &it.symbol).chain(snapshot.orders.iter().map(|it| &it.symbol));
    known.chain(read).cloned().collect()
}
