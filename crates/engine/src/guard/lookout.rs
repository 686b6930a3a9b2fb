//! Keeps an account connected beside its guard, and wakes the guard when the account tells something.

use super::alarm::{Alarm, Wake, Why};
use super::hearing::Hearing;
use crate::client_order_id::ClientOrderIds;
use crate::position_manager::Glance;
use crate::venue_account::{
    AccountNews, AccountPorts, AccountView, AppliedSetting, ConnectFailure, ContractSetting, Link, VenueAccount,
    VenueAccountSettings,
};
use futures_util::{StreamExt, stream};
use plimsoll_domain::{MarketEvent, PositionMode, Symbol};
use plimsoll_ports::{AccountStream, MarketFeed, MarketItem, MarketStream};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// A connection that failed is tried again after this time, and each time it fails again after twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// But no later than this.
const LAST_RETRY: Duration = Duration::from_secs(60);

/// How long it takes until prices that could not be had are asked for again.
const MARKS_RETRY: Duration = Duration::from_secs(5);

/// Makes the private stream of the account, anew for every connection.
pub type Streams = Arc<dyn Fn() -> Box<dyn AccountStream> + Send + Sync>;

/// Keeps a [`VenueAccount`] connected, feeds it the marks of what is held, and wakes a [`Guard`](super::Guard) by its news.
///
/// What the settings say of contracts and of the position mode is applied once the account is live, where nothing is held
/// and nothing rests that it would change; it is read back, and what could not be done is told and keeps nobody from
/// watching. Whatever goes wrong with the connection is told, and tried again: without it the guard looks by the clock.
pub struct Lookout {
    ports: AccountPorts,
    streams: Streams,
    feed: Arc<dyn MarketFeed>,
    settings: VenueAccountSettings,
    wanted: Wanted,
    view: watch::Sender<Arc<AccountView>>,
    has_marks: AtomicBool,
    pub(super) alarm: Alarm,
}

/// How the account is to be set.
#[derive(Debug, Clone)]
struct Wanted {
    contracts: BTreeMap<Symbol, ContractSetting>,
    position_mode: Option<PositionMode>,
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
        let wanted =
            Wanted { contracts: std::mem::take(&mut settings.contracts), position_mode: settings.position_mode.take() };
        let view = watch::Sender::new(Arc::new(AccountView::unknown()));
        let has_marks = AtomicBool::new(false);
        Self { ports, streams, feed, settings, wanted, view, has_marks, alarm: Alarm::default() }
    }

    /// What is known of the account, through every connection; for
    /// [`PositionManager::with_view`](crate::PositionManager::with_view).
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<AccountView>> {
        self.view.subscribe()
    }

    /// Whether the account can be judged at this moment: it is live, nothing is in doubt, and the marks of what it holds
    /// flow.
    pub(super) fn sees(&self, view: &AccountView) -> bool {
        view.is_trusted() && (view.positions.is_empty() || self.has_marks.load(Ordering::SeqCst))
    }

    /// Rings if the view shows danger that it did not show before.
    pub(super) fn ring_for(&self, now: &Glance, before: &Glance, view: &AccountView) {
        if !view.is_trusted() {
            return;
        }
        if now.is_thinner_than(before) {
            self.alarm.ring(Wake::of_account(Why::ThinMargin));
        }
        if now.has_lost_since(before) {
            self.alarm.ring(Wake::of_account(Why::Losses));
        }
    }

    /// Keeps the account connected, for as long as it is polled.
    pub(super) async fn attend(&self, tell: impl Fn(LookoutNews)) -> Infallible {
        let (mut retry, mut is_set) = (FIRST_RETRY, false);
        loop {
            let connected = VenueAccount::connect(self.ports.clone(), (self.streams)(), self.settings.clone()).await;
            match connected {
                Ok(account) => {
                    retry = FIRST_RETRY;
                    self.follow(&account, &mut is_set, &tell).await;
                    self.has_marks.store(false, Ordering::SeqCst);
                    tell(LookoutNews::Ended { retry });
                }
                Err(failure) => tell(LookoutNews::NotConnected { failure, retry }),
            }
            self.ports.clock.sleep(retry).await;
            retry = retry.saturating_mul(2).min(LAST_RETRY);
        }
    }

    /// Follows a connected account until its stream ends.
    async fn follow(&self, account: &VenueAccount, is_set: &mut bool, tell: &impl Fn(LookoutNews)) {
        let (news, view) = (account.news(), account.watch());
        self.view.send_replace(account.view());
        tell(LookoutNews::Connected);
        let set = async {
            if !*is_set {
                self.set_up(account, tell).await;
                *is_set = true;
            }
            std::future::pending::<Infallible>().await
        };
        tokio::select! {
            biased;
            () = self.listen(news, view, tell) => {}
            never = self.feed_marks(account, tell) => match never {},
            never = set => match never {},
        }
    }

    /// Publishes what is known, tells what is new, and rings where that is to be looked at.
    async fn listen(
        &self,
        mut news: broadcast::Receiver<AccountNews>,
        mut view: watch::Receiver<Arc<AccountView>>,
        tell: &impl Fn(LookoutNews),
    ) {
        let mut hearing = Hearing::new(ClientOrderIds::new(&self.settings.account));
        loop {
            tokio::select! {
                biased;
                changed = view.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let known = Arc::clone(&view.borrow_and_update());
                    self.view.send_replace(known);
                }
                heard = news.recv() => match heard {
                    Ok(it) => {
                        let wake = hearing.hear(&it, &view.borrow(), self.ports.clock.now());
                        let has_ended = it == AccountNews::Link(Link::Ended);
                        tell(LookoutNews::Account(it));
                        if let Some(wake) = wake {
                            self.alarm.ring(wake);
                        }
                        if has_ended {
                            return;
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(missed)) => {
                        tell(LookoutNews::Missed(missed));
                        self.alarm.ring(Wake::of_account(Why::NewsMissed));
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                },
            }
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
                    self.tell_of_marks(false);
                    tell(LookoutNews::MarksStopped(error.to_string()));
                    self.ports.clock.sleep(MARKS_RETRY).await;
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
                item = marks.next() => match item {
                    Some(MarketItem::Connected) => {
                        self.tell_of_marks(true);
                        tell(LookoutNews::MarksFlow(symbols.iter().cloned().collect()));
                    }
                    Some(MarketItem::Disconnected { reason }) => {
                        self.tell_of_marks(false);
                        tell(LookoutNews::MarksStopped(reason));
                    }
                    Some(MarketItem::Event(MarketEvent::Mark(mark))) => account.mark(mark),
                    Some(MarketItem::Event(_)) => {}
                    None => {
                        self.tell_of_marks(false);
                        tell(LookoutNews::MarksStopped("the prices have ended".to_owned()));
                        self.ports.clock.sleep(MARKS_RETRY).await;
                        return;
                    }
                },
                changed = view.changed() => {
                    if changed.is_err() {
                        std::future::pending::<()>().await;
                    }
                    if held(&view.borrow_and_update()) != *symbols {
                        self.tell_of_marks(false);
                        return;
                    }
                }
            }
        }
    }

    /// Whoever judges the view is to judge it anew.
    fn tell_of_marks(&self, flow: bool) {
        if self.has_marks.swap(flow, Ordering::SeqCst) != flow {
            self.view.send_modify(|_| ());
        }
    }
}

/// How the account is set.
impl Lookout {
    async fn set_up(&self, account: &VenueAccount, tell: &impl Fn(LookoutNews)) {
        if let Some(wanted) = self.wanted.position_mode
            && let Err(why) = set_position_mode(account, wanted).await
        {
            tell(LookoutNews::NotSet { symbol: None, why });
        }
        for (symbol, wanted) in &self.wanted.contracts {
            tell(match set_contract(account, symbol, *wanted).await {
                Ok(Some(applied)) => LookoutNews::Set(applied),
                Ok(None) => continue,
                Err(why) => LookoutNews::NotSet { symbol: Some(symbol.clone()), why },
            });
        }
    }
}

/// Venues change it only where nothing is open.
async fn set_position_mode(account: &VenueAccount, wanted: PositionMode) -> Result<(), String> {
    let view = account.view();
    let Some(found) = view.position_mode.filter(|found| *found != wanted) else { return Ok(()) };
    if !view.positions.is_empty() || !view.orders.is_empty() {
        return Err(format!(
            "the account is in {found} mode, {wanted} is wanted, and something is open: left as it is"
        ));
    }
    account.set_position_mode(wanted).await.map_err(|failure| failure.to_string())
}

/// What is held was opened with settings of its own: they are looked at, and left.
async fn set_contract(
    account: &VenueAccount,
    symbol: &Symbol,
    wanted: ContractSetting,
) -> Result<Option<AppliedSetting>, String> {
    let view = account.view();
    let is_open =
        view.positions.iter().any(|it| it.symbol == *symbol) || view.orders.iter().any(|it| it.symbol == *symbol);
    if !is_open {
        return account.set_contract(symbol, wanted).await.map(Some).map_err(|failure| failure.to_string());
    }
    let found = view.settings.get(symbol).copied().unwrap_or_default();
    let mut differs = Vec::new();
    if let (Some(wanted), Some(found)) = (wanted.margin_mode, found.margin_mode)
        && wanted != found
    {
        differs.push(format!("it has {found} margin, {wanted} is wanted"));
    }
    if let (Some(wanted), Some(found)) = (wanted.leverage, found.leverage)
        && wanted != found
    {
        differs.push(format!("it has leverage {found}, {wanted} is wanted"));
    }
    if differs.is_empty() {
        Ok(None)
    } else {
        Err(format!("{}, and something is open: left as it is", differs.join("; ")))
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
