//! What only the account's task touches.

use super::audit::AuditLog;
use super::listing::List;
use super::news::AccountNews;
use super::telemetry::Telemetry;
use super::view::{AccountView, ContractSetting, Gap, Gaps, Link};
use super::watchers::{Moment, WatchSettings, Watchers};
use crate::steady::Steady;
use plimsoll_domain::{
    AccountEvent, AccountSnapshot, AccountState, ContractChange, ContractStatus, Currency, Difference, Instrument,
    Leverage, MarginMode, MarkPrice, Order, Rate, Stamp, Symbol, Tally, Timestamp, contract_changes,
};
use plimsoll_ports::StreamItem;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// What the owner judges the account by.
#[derive(Debug, Clone)]
pub(super) struct Judgement {
    /// Whose figures are recorded.
    pub(super) telemetry: Telemetry,
    pub(super) settle: Currency,
    pub(super) closing_fee: Rate,
    pub(super) watch: WatchSettings,
}

/// A moment: on our clock, which may be set, and by the time that has passed, which nobody sets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) time: Timestamp,
    pub(super) passed: Duration,
}

impl Now {
    pub(super) fn of(steady: &Steady) -> Self {
        Self { time: steady.now(), passed: steady.passed() }
    }
}

/// What a reading of the whole account was made of.
pub(super) struct Reading {
    /// When it was begun.
    pub(super) begun: Now,
    /// The snapshot, and fills beside it.
    pub(super) events: Vec<AccountEvent>,
}

/// The state of one account, and what is told of it.
pub(super) struct Owner {
    state: AccountState,
    link: Link,
    heard_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
    traded_until: Option<Timestamp>,
    /// When the newest reading was begun, and when events began to flow.
    read: Duration,
    connected: Option<Duration>,
    contracts: Arc<BTreeMap<Symbol, Instrument>>,
    /// Contracts of which it was told that they cannot be read.
    unreadable: BTreeSet<Symbol>,
    orders: Arc<[Order]>,
    settings: Arc<BTreeMap<Symbol, ContractSetting>>,
    /// The lists of orders and settings are to be made anew.
    orders_are_old: bool,
    settings_are_old: bool,
    tally: Tally,
    gaps: Gaps,
    gap_reason: String,
    was_live: bool,
    audits: Arc<AuditLog>,
    judgement: Judgement,
    watchers: Watchers,
    telemetry: Telemetry,
    /// Something changed since the figures were last judged.
    unjudged: bool,
    news: Vec<AccountNews>,
}

impl Owner {
    pub(super) fn new(judgement: Judgement) -> Self {
        Self {
            state: AccountState::new(),
            link: Link::Connecting,
            heard_at: None,
            read_at: None,
            traded_until: None,
            read: Duration::ZERO,
            connected: None,
            contracts: Arc::default(),
            unreadable: BTreeSet::new(),
            orders: Arc::default(),
            settings: Arc::default(),
            orders_are_old: false,
            settings_are_old: false,
            tally: Tally::default(),
            gaps: Gaps::default(),
            gap_reason: String::new(),
            was_live: false,
            audits: Arc::default(),
            watchers: Watchers::new(judgement.watch.clone()),
            telemetry: judgement.telemetry.clone(),
            judgement,
            unjudged: false,
            news: Vec::new(),
        }
    }

    /// Takes what the stream brought; `None` is its end.
    pub(super) fn take(&mut self, item: Option<StreamItem>, now: Now) {
        let Now { time: now, passed } = now;
        self.believe_no_time_after(now);
        match item {
            Some(StreamItem::Connected) => {
                self.heard_at = Some(now);
                self.connected = Some(passed);
                self.telemetry.connected();
                self.relink(Link::Syncing);
            }
            Some(StreamItem::Disconnected { reason }) => {
                tracing::warn!(%reason, "the account's stream is down");
                self.telemetry.disconnected(self.connected.is_some());
                self.connected = None;
                self.doubt(now, &reason);
                self.relink(Link::Down { reason });
            }
            Some(StreamItem::Resync { reason }) => {
                tracing::warn!(%reason, "the account is resynchronised");
                self.heard_at = Some(now);
                self.doubt(now, &reason);
                self.relink(Link::Syncing);
            }
            Some(StreamItem::Alive) => self.heard_at = Some(now),
            Some(StreamItem::Event(event)) => {
                self.heard_at = Some(now);
                self.telemetry.event(&event, now);
                if let AccountEvent::Snapshot(snapshot) = &event {
                    // The trades before it come with it.
                    self.traded_until = self.traded_until.max(Some(snapshot.time));
                    self.relink(Link::Live);
                }
                self.apply(&event);
            }
            None => {
                self.doubt(now, "the stream has ended");
                self.relink(Link::Ended);
            }
        }
        self.mind_the_gap(now);
    }

    /// Takes what asking the venue has brought. Begun since events flow, it completes what they need to be complete.
    pub(super) fn read(&mut self, reading: &Reading, now: Timestamp) {
        self.believe_no_time_after(now);
        if reading.begun.passed >= self.read {
            (self.read, self.read_at) = (reading.begun.passed, Some(reading.begun.time.min(now)));
        }
        for event in &reading.events {
            self.apply(event);
        }
        if self.link == Link::Syncing && self.connected.is_some_and(|connected| connected <= reading.begun.passed) {
            self.relink(Link::Live);
        }
        self.mind_the_gap(now);
    }

    /// Where the clock was set back, what was heard before counts as heard now: no younger than that, and not in the future.
    fn believe_no_time_after(&mut self, now: Timestamp) {
        for at in [&mut self.heard_at, &mut self.read_at].into_iter().flatten() {
            *at = (*at).min(now);
        }
    }

    /// Judges by these lines from now on.
    pub(super) fn watch_by(&mut self, watch: WatchSettings) {
        self.watchers.watch_by(watch);
        self.unjudged = true;
    }

    pub(super) fn mark(&mut self, mark: &MarkPrice) {
        self.state.mark(mark);
        self.unjudged = true;
    }

    /// Takes the venue's contracts. Those that there are no more stay known while something of them is held; those that
    /// cannot be read stay as they were, and that is told once; and so do those of which the venue has said nothing, since
    /// a list may be older than what was learnt meanwhile.
    pub(super) fn contracts(&mut self, List { contracts: listed, gone, unreadable }: List) {
        let mut contracts = (*self.contracts).clone();
        let said: BTreeSet<Symbol> = listed.iter().map(|it| it.symbol.clone()).collect();
        self.unreadable.retain(|symbol| !gone.contains(symbol) && !said.contains(symbol));
        contracts.extend(listed.into_iter().map(|it| (it.symbol.clone(), it)));
        for symbol in &gone {
            if let Some(known) = contracts.get_mut(symbol) {
                known.status = ContractStatus::Delisted;
            }
        }
        let held = self.state.positions().map(|held| held.symbol);
        let stays: BTreeSet<Symbol> = said.into_iter().chain(held).collect();
        contracts.retain(|symbol, it| it.status != ContractStatus::Delisted || stays.contains(symbol));
        self.list(contracts);
        for (symbol, reason) in unreadable {
            if self.unreadable.insert(symbol.clone()) {
                self.tell_of_contract(ContractChange::Unreadable { symbol, reason });
            }
        }
    }

    /// Takes one contract that the list did not hold yet.
    pub(super) fn contract(&mut self, it: Instrument) {
        self.unreadable.remove(&it.symbol);
        let mut contracts = (*self.contracts).clone();
        contracts.insert(it.symbol.clone(), it);
        self.list(contracts);
    }

    /// What the first list holds is no news.
    fn list(&mut self, contracts: BTreeMap<Symbol, Instrument>) {
        if !self.contracts.is_empty() {
            for change in contract_changes(&self.contracts, &contracts) {
                self.tell_of_contract(change);
            }
        }
        self.contracts = Arc::new(contracts);
        self.unjudged = true;
    }

    fn tell_of_contract(&mut self, change: ContractChange) {
        tracing::info!(change = change.as_str(), "{change}");
        self.news.push(AccountNews::Contract(change));
    }

    /// Takes a contract's setting that the venue has confirmed now: it is newer than everything heard so far.
    pub(super) fn set(
        &mut self,
        symbol: &Symbol,
        leverage: Option<Leverage>,
        mode: Option<MarginMode>,
        now: Timestamp,
    ) {
        let newest = self.state.as_of().unwrap_or(now);
        let stamp = Stamp::at(newest.plus(Duration::from_micros(1)));
        if let Some(leverage) = leverage {
            self.apply(&AccountEvent::Leverage { symbol: symbol.clone(), leverage, stamp });
        }
        if let Some(mode) = mode {
            self.apply(&AccountEvent::MarginMode { symbol: symbol.clone(), mode, stamp });
        }
    }

    /// What the state and a reading say differently; `None` while the account is in doubt, and nothing can be said.
    pub(super) fn compare(&self, reading: &AccountSnapshot) -> Option<Vec<Difference>> {
        let is_trusted = self.link == Link::Live && !self.state.needs_resync();
        is_trusted.then(|| self.state.differences(reading))
    }

    /// Records the end of an audit.
    pub(super) fn audited(&mut self, differences: Option<&[Difference]>, now: Timestamp) {
        let log = Arc::make_mut(&mut self.audits);
        let Some(differences) = differences else {
            log.unfinished = log.unfinished.saturating_add(1);
            return;
        };
        log.record(now, differences);
        self.telemetry.audited(differences.len());
        for difference in differences {
            tracing::warn!(%difference, "the venue sees the account otherwise");
            self.news.push(AccountNews::Differs(difference.clone()));
        }
    }

    fn apply(&mut self, event: &AccountEvent) {
        let changes = self.state.apply(event);
        self.refresh(event);
        self.unjudged |= !changes.is_empty() || matches!(event, AccountEvent::Position(_) | AccountEvent::Snapshot(_));
        for change in changes {
            tracing::debug!(change = change.as_str(), "the account changed");
            self.telemetry.changed(&change);
            self.tally.hear(&change);
            self.watchers.note(&change);
            self.news.push(AccountNews::Changed(change));
        }
    }

    /// Lists anew what this event may have changed; what it cannot have is shared with the views before.
    fn refresh(&mut self, event: &AccountEvent) {
        let is_snapshot = matches!(event, AccountEvent::Snapshot(_));
        if is_snapshot || matches!(event, AccountEvent::Order(_)) {
            self.orders_are_old = true;
        }
        let sets = matches!(
            event,
            AccountEvent::Position(_) | AccountEvent::Leverage { .. } | AccountEvent::MarginMode { .. }
        );
        self.settings_are_old |= is_snapshot || sets;
    }

    fn relink(&mut self, link: Link) {
        if self.link != link {
            self.link = link.clone();
            self.news.push(AccountNews::Link(link));
        }
    }

    /// The doubt is as of the newest thing the venue said, in the venue's own time: its clock is not ours.
    fn doubt(&mut self, now: Timestamp, reason: &str) {
        let at = self.state.as_of().unwrap_or(now);
        reason.clone_into(&mut self.gap_reason);
        for change in self.state.lose_track(at) {
            self.news.push(AccountNews::Changed(change));
        }
    }

    /// Opens a gap where a live account comes into doubt, and closes it where it is live again.
    fn mind_the_gap(&mut self, now: Timestamp) {
        let is_trusted = self.link == Link::Live && !self.state.needs_resync();
        match (is_trusted, self.gaps.open_since) {
            (true, Some(from)) => {
                let reason = std::mem::take(&mut self.gap_reason);
                let gap = Gap { from, until: now, reason };
                tracing::info!(from = %gap.from, until = %gap.until, reason = %gap.reason, "the account is whole again");
                self.telemetry.gap_closed(now.since(from));
                self.gaps =
                    Gaps { closed: self.gaps.closed.saturating_add(1), last: Some(gap.clone()), open_since: None };
                self.news.push(AccountNews::GapClosed(gap));
            }
            (false, None) if self.was_live => self.gaps.open_since = Some(now),
            _ => {}
        }
        self.was_live |= is_trusted;
        if is_trusted {
            self.gap_reason.clear();
        }
    }

    /// What is known now, and what is to be told since the last time.
    pub(super) fn publish(&mut self, now: Timestamp) -> (Arc<AccountView>, Vec<AccountNews>) {
        let view = self.view();
        if std::mem::take(&mut self.unjudged) && !self.watchers.watches_nothing() {
            self.judge(&view, now);
        }
        (Arc::new(view), std::mem::take(&mut self.news))
    }

    fn judge(&mut self, view: &AccountView, now: Timestamp) {
        let standing = view.standing(&self.judgement.settle, self.judgement.closing_fee);
        let positions = standing.positions();
        let margin = standing.margin_of(&positions);
        let at = view.as_of.unwrap_or(now);
        let moment = Moment { positions: &positions, margin: &margin, is_certain: view.is_trusted(), at };
        for news in self.watchers.hear(&moment) {
            self.telemetry.derived(&news);
            tracing::warn!(news = news.as_str(), ?news, "a figure of the account crossed a line");
            self.news.push(news);
        }
    }

    fn view(&mut self) -> AccountView {
        if std::mem::take(&mut self.orders_are_old) {
            self.orders = self.state.open_orders().cloned().collect();
        }
        if std::mem::take(&mut self.settings_are_old) {
            let told = self.state.settings();
            let told =
                told.map(|(symbol, leverage, margin_mode)| (symbol.clone(), ContractSetting { leverage, margin_mode }));
            self.settings = Arc::new(told.collect());
        }
        AccountView {
            link: self.link.clone(),
            heard_at: self.heard_at,
            read_at: self.read_at,
            needs_resync: self.state.needs_resync(),
            as_of: self.state.as_of(),
            traded_until: self.traded_until,
            position_mode: self.state.position_mode(),
            positions: self.state.positions().collect(),
            orders: Arc::clone(&self.orders),
            balances: self.state.balances().map(|(currency, balance)| (currency.clone(), balance)).collect(),
            settings: Arc::clone(&self.settings),
            contracts: Arc::clone(&self.contracts),
            tally: self.tally.clone(),
            gaps: self.gaps.clone(),
            audits: Arc::clone(&self.audits),
        }
    }
}
