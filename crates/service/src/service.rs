//! The service itself: accounts, strategies and events under one roof.

use crate::account::{Mode, ServedAccount};
use crate::acting::Desk;
use crate::candles::KnownCandles;
use crate::events::EventHub;
use crate::facts::{Facts, Memo};
use crate::failure::AskFailure;
use crate::rates::Rates;
use crate::strategies::StrategyControl;
use plimsoll_domain::risk::Climb;
use plimsoll_domain::{AccountId, Timestamp};
use plimsoll_engine::Fleet;
use plimsoll_ports::Clock;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How a [`Service`] is to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceSettings {
    /// How long what was prepared may be confirmed.
    pub confirm_within: Duration,
    /// Whether anything may be opened at all, at first: see [`Service::let_open`].
    pub may_open: bool,
}

impl Default for ServiceSettings {
    fn default() -> Self {
        Self { confirm_within: Duration::from_secs(60), may_open: true }
    }
}

/// What any surface asks and orders. Clones are the same service.
#[derive(Clone)]
pub struct Service(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) accounts: Vec<(ServedAccount, Memo)>,
    control: Arc<dyn StrategyControl>,
    hub: Arc<EventHub>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: ServiceSettings,
    may_open: AtomicBool,
    pub(crate) rates: Rates,
    pub(crate) candles: KnownCandles,
    pub(crate) desk: Desk,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.accounts().map(ServedAccount::name).collect();
        f.debug_struct("Service").field("accounts", &names).finish_non_exhaustive()
    }
}

impl Service {
    /// A service of these accounts, shown in this order. Where no strategies run, `control` is [`NoStrategies`].
    ///
    /// [`NoStrategies`]: crate::NoStrategies
    #[must_use]
    pub fn new(
        accounts: impl IntoIterator<Item = ServedAccount>,
        control: Arc<dyn StrategyControl>,
        hub: Arc<EventHub>,
        clock: Arc<dyn Clock>,
        settings: ServiceSettings,
    ) -> Self {
        let accounts = accounts.into_iter().map(|account| (account, Memo::default())).collect();
        let (rates, candles, desk) = (Rates::default(), KnownCandles::default(), Desk::default());
        let may_open = AtomicBool::new(settings.may_open);
        Self(Arc::new(Inner { accounts, control, hub, clock, settings, may_open, rates, candles, desk }))
    }

    /// Whether anything may be opened at all, from now on.
    pub fn let_open(&self, may_open: bool) {
        self.0.may_open.store(may_open, Ordering::SeqCst);
    }

    pub(crate) fn may_open(&self) -> bool {
        self.0.may_open.load(Ordering::SeqCst)
    }

    /// What happens, for those who listen.
    #[must_use]
    pub fn hub(&self) -> &Arc<EventHub> {
        &self.0.hub
    }

    /// The time that everything here goes by.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// The accounts that are served.
    pub fn accounts(&self) -> impl Iterator<Item = &ServedAccount> {
        self.0.accounts.iter().map(|(account, _)| account)
    }

    /// What kind of money the accounts trade: of one kind its word, else `mixed`, or `none` without accounts.
    #[must_use]
    pub fn mode(&self) -> &'static str {
        let mut modes = self.accounts().map(|it| it.mode);
        let Some(first) = modes.next() else { return "none" };
        if modes.all(|mode| mode == first) { first.as_str() } else { "mixed" }
    }

    /// Whether it can be relied on now: why not, in a sentence for each thing that is missing.
    #[must_use]
    pub fn unready(&self) -> Vec<String> {
        let now = self.now();
        let why = |account: &ServedAccount| {
            let seen = account.seen(now);
            let (link, reason) = crate::account::link(&seen.view.link);
            let reason = reason.map(|why| format!(": {why}")).unwrap_or_default();
            match (seen.is_fresh, seen.age) {
                (true, _) => None,
                (false, Some(age)) => Some(format!("{}: known {} s ago", account.name(), age.as_secs())),
                (false, None) => Some(format!("{}: the stream is {link}{reason}", account.name())),
            }
        };
        self.accounts().filter_map(why).collect()
    }

    pub(crate) fn control(&self) -> &Arc<dyn StrategyControl> {
        &self.0.control
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The account of this name, or all of them.
    pub(crate) fn chosen(&self, account: Option<&AccountId>) -> Result<Vec<&ServedAccount>, AskFailure> {
        let Some(name) = account else { return Ok(self.accounts().collect()) };
        self.find(name).map(|account| vec![account]).ok_or_else(|| AskFailure::UnknownAccount(name.clone()))
    }

    pub(crate) fn find(&self, name: &AccountId) -> Option<&ServedAccount> {
        self.accounts().find(|account| account.name() == name)
    }

    pub(crate) async fn facts(&self, account: &ServedAccount) -> Arc<Facts> {
        match self.memo(account) {
            Some(memo) => memo.facts(account, self.now()).await,
            None => Memo::default().facts(account, self.now()).await,
        }
    }

    pub(crate) async fn climb(&self, account: &ServedAccount) -> Option<Climb> {
        self.memo(account)?.climb(account, self.now()).await
    }

    pub(crate) async fn forget_facts(&self) {
        for (_, memo) in &self.0.accounts {
            memo.forget().await;
        }
    }

    fn memo(&self, account: &ServedAccount) -> Option<&Memo> {
        self.0.accounts.iter().find(|(it, _)| it.name() == account.name()).map(|(_, memo)| memo)
    }

    /// Real money, and the rest: the two are never added up. Each with whether it is real.
    pub(crate) fn fleets(&self) -> Vec<(bool, Fleet)> {
        let now = self.now();
        let of = |is_live: bool| {
            let mine = self.accounts().filter(|it| (it.mode == Mode::Live) == is_live);
            let (mut fleet, mut count) = (Fleet::default(), 0);
            for account in mine {
                fleet = fleet.and(account.venue(), account.manager.settings(), account.view(), now);
                count += 1;
            }
            (count > 0).then_some((is_live, fleet))
        };
        [of(true), of(false)].into_iter().flatten().collect()
    }
}
