//! One owner per account: a task that takes in everything its venue says.

use super::listener::{Listener, Speaker};
use super::listing::List;
use super::news::AccountNews;
use super::owner::{Judgement, Now, Owner, Reading};
use super::telemetry::Telemetry;
use super::view::{AccountView, Link};
use super::watchers::WatchSettings;
use crate::steady::Steady;
use futures_util::stream::{self, Stream};
use futures_util::{FutureExt, StreamExt};
use plimsoll_domain::{
    AccountSnapshot, Change, Currency, Difference, Instrument, Leverage, MarginMode, MarkPrice, Rate, Symbol, Timestamp,
};
use plimsoll_ports::{AccountStream, Clock, StreamItem};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// How much a slow listener may fall behind before it is told that it missed some. One that is not slow hears a whole snapshot
/// or a burst at once: a change for each order of the account.
const NEWS_KEPT: usize = 4096;

/// How many mark prices and commands may wait for the task.
const COMMANDS_KEPT: usize = 1024;

/// How many items that are there already are taken before the view is published: under a burst of events the view is made
/// once for many of them.
const BATCH: usize = 256;

/// The task that owns what is known of one account. It consumes the account's stream, publishes what is known, and tells
/// every change once.
///
/// Nobody else touches the state, and nobody waits for anybody: a reader takes the newest [`AccountView`] from a watch
/// channel, a listener that falls behind is told so by its channel. Whoever hears of a change finds it in the view. The
/// task ends when the stream does, or when this handle is dropped.
///
/// It asks the venue for nothing: that is what a [`VenueAccount`](crate::VenueAccount) adds.
#[derive(Debug)]
pub struct AccountFollower {
    view: watch::Receiver<Arc<AccountView>>,
    changes: Speaker<Change>,
    news: Speaker<AccountNews>,
    commands: mpsc::Sender<Command>,
    task: JoinHandle<()>,
}

/// What the task is told beside its stream.
pub(super) enum Command {
    Mark(MarkPrice),
    Contracts(List),
    Contract(Box<Instrument>),
    Watch(WatchSettings),
    Read(Reading),
    Set {
        symbol: Symbol,
        leverage: Option<Leverage>,
        margin_mode: Option<MarginMode>,
    },
    Compare {
        reading: Arc<AccountSnapshot>,
        answer: oneshot::Sender<Option<Vec<Difference>>>,
    },
    Audited(Option<Vec<Difference>>),
    /// Answers once everything before it is in the published view.
    Flush(oneshot::Sender<()>),
}

/// The task has ended with its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the account's stream has ended")]
pub struct Ended;

impl AccountFollower {
    /// Starts the task. Must be called within a tokio runtime. It watches no thresholds.
    #[must_use]
    pub fn spawn(stream: Box<dyn AccountStream>, clock: Arc<dyn Clock>) -> Self {
        let (settle, closing_fee) = (Currency::new("USDT"), Rate::ZERO);
        Self::start(
            stream,
            Arc::new(Steady::new(clock)),
            Judgement { telemetry: Telemetry::default(), settle, closing_fee, watch: WatchSettings::none() },
        )
    }

    pub(super) fn start(stream: Box<dyn AccountStream>, steady: Arc<Steady>, judgement: Judgement) -> Self {
        let mut owner = Owner::new(judgement);
        let (view_sender, view) = watch::channel(owner.publish(steady.now()).0);
        let (changes, news) = (Speaker::new(NEWS_KEPT), Speaker::new(NEWS_KEPT));
        let (commands, received) = mpsc::channel(COMMANDS_KEPT);
        let told = Told { view: view_sender, changes: changes.clone(), news: news.clone() };
        let task = tokio::spawn(run(owner, stream, steady, received, told));
        Self { view, changes, news, commands, task }
    }

    /// What is known now.
    #[must_use]
    pub fn view(&self) -> Arc<AccountView> {
        Arc::clone(&self.view.borrow())
    }

    /// A channel that always holds what is known now.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<AccountView>> {
        self.view.clone()
    }

    /// Every change from now on. A listener that falls behind gets
    /// [`Lagged`](tokio::sync::broadcast::error::RecvError::Lagged) and should read the view again.
    #[must_use]
    pub fn changes(&self) -> Listener<Change> {
        self.changes.listener()
    }

    /// Everything there is to know from now on: changes, what is derived from them, thresholds, gaps and audits. For a
    /// listener that falls behind the same holds as for [`changes`](Self::changes).
    #[must_use]
    pub fn news(&self) -> Listener<AccountNews> {
        self.news.listener()
    }

    /// Tells the task a mark price, so that profits are current. While the task is busy the price is dropped: the next
    /// one replaces it.
    pub fn mark(&self, mark: MarkPrice) {
        if self.commands.try_send(Command::Mark(mark)).is_err() {
            tracing::debug!("a mark price was dropped, since the account's task is busy or has ended");
        }
    }

    /// Waits until events flow and nothing is in doubt.
    ///
    /// # Errors
    /// [`Ended`] if the stream ends before.
    pub async fn until_live(&self) -> Result<Arc<AccountView>, Ended> {
        let mut view = self.view.clone();
        let live = view.wait_for(|view| view.is_trusted() || view.link == Link::Ended).await;
        let live = live.map(|view| Arc::clone(&view)).map_err(|_| Ended)?;
        if live.is_trusted() { Ok(live) } else { Err(Ended) }
    }

    /// Whether the task has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    pub(super) fn line(&self) -> Line {
        Line { commands: self.commands.clone() }
    }
}

impl Drop for AccountFollower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A line to the task, for those who read the venue on its behalf.
#[derive(Debug, Clone)]
pub(super) struct Line {
    commands: mpsc::Sender<Command>,
}

impl Line {
    pub(super) async fn tell(&self, command: Command) -> Result<(), Ended> {
        self.commands.send(command).await.map_err(|_| Ended)
    }

    /// Tells, and waits until the published view knows of it.
    pub(super) async fn tell_through(&self, command: Command) -> Result<(), Ended> {
        self.tell(command).await?;
        let (done, until_done) = oneshot::channel();
        self.tell(Command::Flush(done)).await?;
        until_done.await.map_err(|_| Ended)
    }

    pub(super) async fn compare(&self, reading: &Arc<AccountSnapshot>) -> Result<Option<Vec<Difference>>, Ended> {
        let (answer, answered) = oneshot::channel();
        self.tell(Command::Compare { reading: Arc::clone(reading), answer }).await?;
        answered.await.map_err(|_| Ended)
    }
}

/// Whom the task tells.
struct Told {
    view: watch::Sender<Arc<AccountView>>,
    changes: Speaker<Change>,
    news: Speaker<AccountNews>,
}

/// A stream of items whose wait survives being looked at: an event is never lost to a command that comes first.
fn items(stream: Box<dyn AccountStream>) -> Pin<Box<dyn Stream<Item = StreamItem> + Send>> {
    Box::pin(stream::unfold(stream, |mut stream| async move { stream.next().await.map(|item| (item, stream)) }))
}

async fn run(
    mut owner: Owner,
    stream: Box<dyn AccountStream>,
    steady: Arc<Steady>,
    mut commands: mpsc::Receiver<Command>,
    told: Told,
) {
    let mut items = items(stream);
    loop {
        let mut flushes = Vec::new();
        let mut has_ended = false;
        tokio::select! {
            // What is commanded is taken below, with every turn.
            biased;
            item = items.next() => {
                has_ended = item.is_none();
                owner.take(item, Now::of(&steady));
            }
            Some(command) = commands.recv() => obey(&mut owner, command, &steady, &mut flushes),
        }
        for _ in 0..BATCH {
            if has_ended {
                break;
            }
            let Some(item) = items.next().now_or_never() else { break };
            has_ended = item.is_none();
            owner.take(item, Now::of(&steady));
        }
        while let Ok(command) = commands.try_recv() {
            obey(&mut owner, command, &steady, &mut flushes);
        }
        told.tell(&mut owner, steady.now());
        for done in flushes {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
        if has_ended {
            return;
        }
    }
}

fn obey(owner: &mut Owner, command: Command, steady: &Steady, flushes: &mut Vec<oneshot::Sender<()>>) {
    match command {
        Command::Mark(mark) => owner.mark(&mark),
        Command::Contracts(listed) => owner.contracts(listed),
        Command::Contract(it) => owner.contract(*it),
        Command::Watch(by) => owner.watch_by(by),
        Command::Read(reading) => owner.read(&reading, steady.now()),
        Command::Set { symbol, leverage, margin_mode } => owner.set(&symbol, leverage, margin_mode, steady.now()),
        Command::Compare { reading, answer } => {
            let _ = answer.send(owner.compare(&reading));
        }
        Command::Audited(differences) => owner.audited(differences.as_deref(), steady.now()),
        Command::Flush(done) => flushes.push(done),
    }
}

impl Told {
    /// The view first: whoever hears of a change finds it there. Nobody listening is no failure.
    fn tell(&self, owner: &mut Owner, now: Timestamp) {
        let (view, news) = owner.publish(now);
        self.view.send_replace(view);
        for it in news {
            if let AccountNews::Changed(change) = &it
                && self.changes.is_heard()
            {
                self.changes.tell(change.clone());
            }
            if self.news.is_heard() {
                self.news.tell(it);
            }
        }
    }
}
