//! What outlives our process: the time, the venue, the records, and whoever watches them.

use crate::clock::Time;
use crate::difference::Difference;
use crate::fault::{Fault, GIVES_UP_AFTER, Rule, SLOW, Site};
use crate::market::{Contract, Walk};
use crate::naked::{Fortune, Moment, Naked};
use crate::observer::Observer;
use crate::plan::Plan;
use crate::random::Random;
use crate::truth::Truth;
use plimsoll_domain::{AccountId, Money, Price, Timestamp, VenueId};
use plimsoll_engine::ClientOrderIds;
use plimsoll_exchange::{Exchange, PaperVenue, Settings, Tick};
use plimsoll_memory::MemoryStore;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// 2026-01-05 05:59:30 UTC.
pub(crate) const START: Timestamp = Timestamp::from_millis(1_767_592_770_000);

/// What the wallet begins with.
pub(crate) const WALLET: u32 = 10_000;

/// What a call to the venue takes each way in fair weather.
pub(crate) const VENUE_WAY: Duration = Duration::from_millis(10);

/// The same to the records.
const RECORD_WAY: Duration = Duration::from_micros(100);

pub(crate) struct World {
    pub(crate) time: Time,
    pub(crate) venue: PaperVenue,
    pub(crate) store: MemoryStore,
    pub(crate) account: AccountId,
    /// Tells which orders are ours, of whatever process.
    pub(crate) ids: ClientOrderIds,
    /// Somebody wants to read what was done.
    is_told: bool,
    state: Mutex<State>,
}

/// Everything that changes.
pub(crate) struct State {
    walks: Vec<Walk>,
    /// The market stands still.
    pub(crate) is_still: bool,
    storm: Vec<Rule>,
    /// A stop is gone, and nobody was told.
    stop_lost: bool,
    away_until: Timestamp,
    throttled_until: BTreeMap<Site, Timestamp>,
    random: Random,
    /// What was done.
    log: Vec<String>,
    pub(crate) wrong: Vec<Difference>,
    pub(crate) struck: BTreeMap<Fault, u64>,
    pub(crate) calls: u64,
    pub(crate) observer: Observer,
    pub(crate) naked: Naked,
    /// How long the venue took to answer each stop that it answered.
    pub(crate) round_trips: Vec<Duration>,
    /// What has happened to us so far.
    pub(crate) fortune: Fortune,
    /// Every call takes the same time.
    is_fair: bool,
}

impl World {
    pub(crate) fn new(plan: &Plan, time: Time, is_told: bool) -> Arc<Self> {
        let Plan { closing_orders, attaches_stops, .. } = *plan;
        let settings = Settings { closing_orders, attaches_stops, ..Settings::default() };
        let mut exchange = Exchange::with_settings(START, settings);
        for contract in Contract::ALL {
            exchange.list(contract.instrument(), contract.opening()).expect("a listing");
        }
        let venue = PaperVenue::new(VenueId::new("paper"), exchange);
        let account = AccountId::new("main");
        venue.open_account(account.clone(), Money::new(WALLET.into())).expect("an account");
        let ids = ClientOrderIds::of_process(&account, 0);
        let state = State {
            walks: Contract::ALL.into_iter().map(|contract| Walk::of(contract, plan.seed)).collect(),
            is_still: false,
            storm: Vec::new(),
            stop_lost: false,
            away_until: START,
            throttled_until: BTreeMap::new(),
            random: Random::of(plan.seed, "calls"),
            log: Vec::new(),
            wrong: Vec::new(),
            struck: BTreeMap::new(),
            calls: 0,
            observer: Observer::default(),
            naked: Naked::new(plan),
            round_trips: Vec::new(),
            fortune: Fortune::default(),
            is_fair: plan.is_fair,
        };
        Arc::new(Self { time, venue, store: MemoryStore::new(), account, ids, is_told, state: Mutex::new(state) })
    }

    /// Never held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what was done, if anybody listens.
    pub(crate) fn note(&self, what: impl FnOnce() -> String) {
        if !self.is_told {
            return;
        }
        let line = format!("{} {}", self.time.now(), what());
        self.state().log.push(line);
    }

    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.state().log)
    }

    pub(crate) fn is_wrong(&self, subject: impl Into<String>, ours: impl Into<String>, truth: impl Into<String>) {
        let difference = Difference::new(subject, ours, truth);
        self.note(|| format!("WRONG {difference}"));
        self.state().wrong.push(difference);
    }

    pub(crate) fn truth(&self) -> Truth {
        self.venue.exchange(|exchange| Truth::read(exchange, &self.account))
    }

    /// The weather from now on. What a storm has begun ends with it.
    pub(crate) fn storm(&self, storm: Vec<Rule>) {
        let mut state = self.state();
        if storm.is_empty() {
            (state.away_until, state.throttled_until) = (START, BTreeMap::new());
        }
        state.storm = storm;
    }

    /// How long a call takes on its way.
    pub(crate) fn travel(&self, site: Site) -> Duration {
        let mut state = self.state();
        if state.is_fair {
            return if matches!(site, Site::Read | Site::Write) { RECORD_WAY } else { VENUE_WAY };
        }
        let random = &mut state.random;
        match site {
            Site::Read | Site::Write => Duration::from_micros(random.scale(11)),
            // Most take some milliseconds; some take most of a second.
            _ => Duration::from_micros(random.scale(19)),
        }
    }

    /// What goes wrong with a call that arrives now, and until when, if it is for a while.
    pub(crate) fn strikes(&self, site: Site) -> Option<(Fault, Timestamp)> {
        let now = self.time.now();
        let mut state = self.state();
        state.calls = state.calls.saturating_add(1);
        if state.storm.is_empty() {
            return None;
        }
        let is_record = matches!(site, Site::Read | Site::Write);
        if is_record && now < state.away_until {
            state.fortune.faults += 1;
            return Some((Fault::Away, state.away_until));
        }
        if let Some(until) = state.throttled_until.get(&site).copied().filter(|until| now < *until) {
            state.fortune.faults += 1;
            return Some((Fault::Throttled, until));
        }
        let storm = state.storm.clone();
        let rule =
            storm.into_iter().find(|rule| rule.fault != Fault::LostStop && rule.strikes(site, &mut state.random))?;
        *state.struck.entry(rule.fault).or_default() += 1;
        state.fortune.faults += 1;
        let mut until = now;
        match rule.fault {
            Fault::Away => {
                until = now.plus(Duration::from_millis(state.random.scale(17)));
                state.away_until = until;
            }
            Fault::Throttled => {
                until = now.plus(Duration::from_millis(state.random.scale(13)));
                state.throttled_until.insert(site, until);
            }
            _ => {}
        }
        Some((rule.fault, until))
    }

    /// What goes wrong with an event of the stream, and for how long.
    pub(crate) fn strikes_event(&self) -> Option<(Fault, Duration)> {
        let mut state = self.state();
        if state.storm.is_empty() {
            return None;
        }
        let storm = state.storm.clone();
        let rule = storm.into_iter().find(|rule| rule.strikes_event(&mut state.random))?;
        *state.struck.entry(rule.fault).or_default() += 1;
        state.fortune.faults += 1;
        Some((rule.fault, Duration::from_millis(state.random.scale(14))))
    }

    /// Whether a stop that was just taken is lost: a storm in which stops are lost draws for itself.
    pub(crate) fn loses_stop(&self) -> bool {
        let mut state = self.state();
        let storm = state.storm.clone();
        let is_lost =
            storm.iter().any(|rule| rule.fault == Fault::LostStop && rule.strikes(Site::Stop, &mut state.random));
        if is_lost {
            *state.struck.entry(Fault::LostStop).or_default() += 1;
            state.fortune.faults += 1;
            state.stop_lost = true;
        }
        is_lost
    }

    /// Whether a stop was lost since this was last asked: a reading of the account shows it.
    pub(crate) fn finds_stop_lost(&self) -> bool {
        std::mem::take(&mut self.state().stop_lost)
    }

    /// The kill switch was recorded.
    pub(crate) fn switched(&self, engaged: bool) {
        let now = self.time.now();
        self.note(|| format!("  the kill switch is {}", if engaged { "engaged" } else { "released" }));
        let observer = &mut self.state().observer;
        if engaged { observer.engaged(now) } else { observer.released() }
    }

    /// How long somebody waits for whom nobody answers, or who is answered late.
    pub(crate) fn lateness(&self, fault: Fault) -> Duration {
        let most = u64::try_from(SLOW.as_micros()).unwrap_or(0);
        let late = Duration::from_micros(self.state().random.between(1, most));
        match fault {
            Fault::LostBefore | Fault::LostAfter => GIVES_UP_AFTER + late,
            Fault::Slow => late,
            _ => Duration::ZERO,
        }
    }

    pub(crate) fn price(&self, contract: Contract) -> Price {
        let state = self.state();
        let walk = state.walks.iter().find(|walk| walk.contract == contract);
        walk.map_or_else(|| contract.opening(), |walk| walk.price)
    }

    /// The market's time is the time.
    pub(crate) fn sync(&self) {
        let now = self.time.now();
        if self.venue.exchange(|exchange| exchange.now()) < now {
            self.tick(1);
        }
    }

    /// Lets the market go on by one beat, if it does not stand still.
    pub(crate) fn beat(&self) {
        {
            let mut state = self.state();
            if !state.is_still {
                state.walks.iter_mut().for_each(Walk::beat);
            }
        }
        self.tick(usize::MAX);
        self.observe();
    }

    /// A price goes there at once.
    pub(crate) fn jump(&self, contract: Contract, price: Price) {
        if let Some(walk) = self.state().walks.iter_mut().find(|walk| walk.contract == contract) {
            walk.go_to(price.get());
        }
        self.note(|| format!("{contract:?} jumps to {}", self.price(contract)));
        self.tick(usize::MAX);
        self.observe();
    }

    fn tick(&self, contracts: usize) {
        let now = self.time.now();
        let ticks: Vec<Tick> = {
            let state = self.state();
            state.walks.iter().take(contracts).map(|walk| Tick::at(walk.symbol.clone(), now, walk.price)).collect()
        };
        self.venue.advance(&ticks).expect("ticks are in order");
    }

    /// Looks who is without protection.
    pub(crate) fn observe(&self) {
        self.look(false);
    }

    /// The same when an order of ours has just been taken.
    pub(crate) fn observe_sent(&self) {
        self.look(true);
    }

    fn look(&self, is_sent: bool) {
        let (now, grown) = (self.time.now(), self.grown());
        let mut state = self.state();
        let State { naked, observer, fortune, .. } = &mut *state;
        if naked.is_of_interest(observer) {
            self.venue.exchange(|exchange| {
                let (account, ids, fortune, grown) = (&self.account, &self.ids, *fortune, &grown);
                naked.look(&Moment { exchange, account, ids, now, fortune, grown, is_sent }, observer);
            });
        }
    }
}
