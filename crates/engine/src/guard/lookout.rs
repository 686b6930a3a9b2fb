//! Keeps an account connected beside its guard, and wakes the guard when the account tells something.

use super::alarm::{Alarm, Wake, Why};
use super::hearing::Hearing;
use super::marks::Marks;
use super::wanted::Wanted;
use crate::client_order_id::ClientOrderIds;
use crate::position_manager::PositionManager;
use crate::steady::Steady;
use crate::venue_account::{
    AccountNews, AccountPorts, AccountView, AppliedSetting, ConnectFailure, Link, Listener, VenueAccount,
    VenueAccountSettings, Vigilance,
};
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, stream};
use plimsoll_domain::{Change, ClientOrderId, MarketEvent, Symbol};
use plimsoll_ports::{AccountStream, MarketFeed, MarketItem, MarketStream};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

/// A connection that failed is tried again after this time, and each time it fails again after twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// But no later than this.
const LAST_RETRY: Duration = Duration::from_secs(60);

/// A connection that held so long has not failed: after it the first try is soon again.
const HELD: Duration = Duration::from_secs(30);

/// How long it takes until prices that could not be had are asked for again.
const MARKS_RETRY: Duration = Duration::from_secs(5);

/// Venues send marks every second or so: one that is no older than this is of now, however often is looked by the clock.
const OF_NOW: Duration = Duration::from_secs(5);

/// Makes the private stream of the account, anew for every connection.
pub type Streams = Arc<dyn Fn() -> Box<dyn AccountStream> + Send + Sync>;

/// Keeps a [`VenueAccount`] connected, feeds it the marks of what is held, and wakes a [`Guard`](super::Guard) by its news.
///
/// What the settings say of contracts and of the position mode is applied once the account is live, where nothing is held
/// and nothing rests that it would change; it is read back, and what could not be done is told and keeps nobody from
/// watching, and is tried again at the next connection. Whatever goes wrong with the connection is told, and tried again: without it the guard looks by the clock.
pub struct Lookout {
    ports: AccountPorts,
    streams: Streams,
    feed: Arc<dyn MarketFeed>,
    settings: VenueAccountSettings,
    pub(super) vigilance: watch::Sender<Vigilance>,
    wanted: Wanted,
    view: watch::Sender<Arc<AccountView>>,
    marks: Marks,
    steady: Steady,
    pub(super) alarm: Alarm,
}

/// What a [`Lookout`] tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookoutNews {
    /// The account is followed: its events flow, and nothing is in doubt.
    Connected,
    /// The account could not be connected; it is tried again.
    NotConnected {
        /// Why.
        failure: ConnectFailure,
        /// After so long.
        retry: Duration,
    },
    /// The private stream has ended for good; another one is begun.
    Ended {
        /// After so long.
        retry: Duration,
    },
    /// Something of the account.
    Account(AccountNews),
    /// There was more news than could be followed: so many are missing. The view lacks none of it.
    Missed(u64),
    /// The marks of these contracts flow.
    MarksFlow(Vec<Symbol>),
    /// The marks of what is held do not flow: margin is judged by the clock.
    MarksStopped(String),
    /// A contract is set as it is wanted.
    Set(AppliedSetting),
    /// A contract, or the account, is not set as it is wanted.
    NotSet {
        /// Which contract; `None` for the account's position mode.
        symbol: Option<Symbol>,
        /// Why.
        why: String,
    },
}

impl Lookout {
    /// A lookout for the account that `ports` reaches. Nothing is connected before its guard runs.
    #[must_use]
    pub fn new(
        ports: AccountPorts,
        streams: Streams,
        feed: Arc<dyn MarketFeed>,
        mut settings: VenueAccountSettings,
    ) -> Self {
        let wanted = Wanted::take_from(&mut settings);
        let view = watch::Sender::new(Arc::new(AccountView::unknown()));
        let (marks, steady, alarm) = (Marks::default(), Steady::new(Arc::clone(&ports.clock)), Alarm::default());
        let vigilance = watch::Sender::new(settings.vigilance());
        Self { ports, streams, feed, settings, vigilance, wanted, view, marks, steady, alarm }
    }

    /// What is known of the account, through every connection; for
    /// [`PositionManager::with_view`](crate::PositionManager::with_view).
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<AccountView>> {
        self.view.subscribe()
    }

    /// Whether the account can be judged at this moment: it is live, nothing is in doubt, and the mark of everything that
    /// it holds has come since a look by the clock would have asked for it.
    pub(super) fn sees(&self, view: &AccountView, interval: Duration) -> bool {
        let held = view.positions.iter().map(|it| &it.symbol);
        view.is_trusted() && self.marks.are_of_now(held, self.steady.passed(), interval.max(OF_NOW))
    }

    /// Keeps the account connected, for as long as it is polled. What `manager` knows others to have in hand is not set.
    pub(super) async fn attend(&self, manager: &PositionManager, tell: impl Fn(LookoutNews)) -> Infallible {
        let (mut retry, mut unset) = (FIRST_RETRY, self.wanted.clone());
        loop {
            let settings = self.settings.clone().with_vigilance(self.vigilance.borrow().clone());
            let connected = VenueAccount::connect(self.ports.clone(), (self.streams)(), settings).await;
            match connected {
                Ok(account) => {
                    let begun = self.steady.passed();
                    self.follow(&account, manager, &mut unset, &tell).await;
                    self.tell_of_no_marks();
                    if self.steady.passed().saturating_sub(begun) >= HELD {
                        retry = FIRST_RETRY;
                    }
                    tell(LookoutNews::Ended { retry });
                }
                Err(failure) => tell(LookoutNews::NotConnected { failure, retry }),
            }
            self.steady.sleep(retry).await;
            retry = retry.saturating_mul(2).min(LAST_RETRY);
        }
    }

    /// Follows a connected account until its stream ends.
    async fn follow(
        &self,
        account: &VenueAccount,
        manager: &PositionManager,
        unset: &mut Wanted,
        tell: &impl Fn(LookoutNews),
    ) {
        let (news, view) = (account.news(), account.watch());
        self.view.send_replace(account.view());
        tell(LookoutNews::Connected);
        // What happened before has been told to nobody, and the view that shows it looks calm.
        self.alarm.ring(Wake::of_account(Why::Connected));
        let set = async {
            unset.set_up(account, manager, tell).await;
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            () = self.listen(news, view, manager, tell) => {}
            never = self.feed_marks(account, tell) => match never {},
            never = set => match never {},
            never = self.follow_by(account) => match never {},
        }
    }

    /// Follows the account as closely as is wanted, whenever that is otherwise than before.
    async fn follow_by(&self, account: &VenueAccount) -> Infallible {
        let mut wanted = self.vigilance.subscribe();
        // What was wanted while it was being connected is not known there.
        wanted.mark_changed();
        loop {
            // Its sender is our own.
            if wanted.changed().await.is_err() {
                std::future::pending::<Infallible>().await;
            }
            let vigilance = wanted.borrow_and_update().clone();
            account.follow_by(vigilance).await;
        }
    }

    /// Publishes what is known, tells what is new, and rings where that is to be looked at.
    async fn listen(
        &self,
        mut news: Listener<AccountNews>,
        mut view: watch::Receiver<Arc<AccountView>>,
        manager: &PositionManager,
        tell: &impl Fn(LookoutNews),
    ) {
        let mut hearing = Hearing::new(ClientOrderIds::new(&self.settings.account));
        let mut stops = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                // What is bare is protected whatever else is going on.
                Some(bare) = stops.next(), if !stops.is_empty() => self.ring_for_bare(bare),
                changed = view.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    let known = Arc::clone(&view.borrow_and_update());
                    self.view.send_replace(known);
                }
                heard = news.recv() => match heard {
                    Ok(it) => {
                        let is_carried = |id: &ClientOrderId| manager.carries(id);
                        if let AccountNews::Changed(Change::Filled(fill)) = &it
                            && is_carried(&fill.client_order_id)
                        {
                            let (part, symbol) = (fill.client_order_id.clone(), fill.symbol.clone());
                            stops.push(async move { (!manager.stop_at_once(&part).await).then_some(symbol) });
                        }
                        let wake = hearing.hear(&it, &view.borrow(), self.steady.passed(), is_carried);
                        let has_ended = it == AccountNews::Link(Link::Ended);
                        tell(LookoutNews::Account(it));
                        if let Some(wake) = wake {
                            self.alarm.ring(wake);
                        }
                        if has_ended {
                            break;
                        }
                    }
                    Err(RecvError::Lagged(missed)) => {
                        tell(LookoutNews::Missed(missed));
                        self.alarm.ring(Wake::of_account(Why::NewsMissed));
                    }
                    Err(RecvError::Closed) => break,
                },
            }
        }
        while let Some(bare) = stops.next().await {
            self.ring_for_bare(bare);
        }
    }

    /// It is not known that a stop rests for what has filled: the look that this has woken may be over.
    fn ring_for_bare(&self, bare: Option<Symbol>) {
        if let Some(symbol) = bare {
            self.alarm.ring(Wake::of(Why::StopNotPlaced, &symbol));
        }
    }
}

/// The marks of what is held.
impl Lookout {
    async fn feed_marks(&self, account: &VenueAccount, tell: &impl Fn(LookoutNews)) -> Infallible {
        let mut view = account.watch();
        loop {
            let symbols = held(&view.borrow_and_update());
            if symbols.is_empty() {
                // An account that has ended is left by whoever listens to it.
                if view.changed().await.is_err() {
                    std::future::pending::<Infallible>().await;
                }
                continue;
            }
            let wanted: Vec<Symbol> = symbols.iter().cloned().collect();
            match self.feed.subscribe(&wanted).await {
                Ok(marks) => self.pass_on(account, marks, &mut view, &symbols, tell).await,
                Err(error) => {
                    self.tell_of_no_marks();
                    tell(LookoutNews::MarksStopped(error.to_string()));
                    self.steady.sleep(MARKS_RETRY).await;
                }
            }
        }
    }

    /// Passes marks on until something else is held, or the prices end.
    async fn pass_on(
        &self,
        account: &VenueAccount,
        marks: Box<dyn MarketStream>,
        view: &mut watch::Receiver<Arc<AccountView>>,
        symbols: &BTreeSet<Symbol>,
        tell: &impl Fn(LookoutNews),
    ) {
        let next = |mut marks: Box<dyn MarketStream>| async move { marks.next().await.map(|item| (item, marks)) };
        let mut marks = std::pin::pin!(stream::unfold(marks, next));
        loop {
            tokio::select! {
                // Marks come without end, and change the view.
                biased;
                changed = view.changed() => {
                    if changed.is_err() {
                        std::future::pending::<()>().await;
                    }
                    if held(&view.borrow_and_update()) != *symbols {
                        self.tell_of_no_marks();
                        return;
                    }
                }
                item = marks.next() => match item {
                    Some(MarketItem::Connected) => {
                        tell(LookoutNews::MarksFlow(symbols.iter().cloned().collect()));
                    }
                    Some(MarketItem::Disconnected { reason }) => {
                        self.tell_of_no_marks();
                        tell(LookoutNews::MarksStopped(reason));
                    }
                    Some(MarketItem::Event(MarketEvent::Mark(mark))) => {
                        self.marks.heard(&mark.symbol, self.steady.passed());
                        account.mark(mark);
                    }
                    Some(MarketItem::Event(_)) => {}
                    None => {
                        self.tell_of_no_marks();
                        tell(LookoutNews::MarksStopped("the prices have ended".to_owned()));
                        self.steady.sleep(MARKS_RETRY).await;
                        return;
                    }
                },
            }
        }
    }

    /// Whoever judges the view is to judge it anew.
    fn tell_of_no_marks(&self) {
        if self.marks.forget() {
            self.view.send_modify(|_| ());
        }
    }
}

fn held(view: &AccountView) -> BTreeSet<Symbol> {
    view.positions.iter().map(|it| it.symbol.clone()).collect()
}

impl std::fmt::Debug for Lookout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lookout").field("account", &self.settings.account).finish_non_exhaustive()
    }
}
