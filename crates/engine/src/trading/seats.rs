//! A strategy's turn, and what became of its decisions.

use super::caught::LastWords;
use super::handle::{DecisionOutcome, DecisionStatus, SeatState, SeatStatus};
use super::{TradingDesk, TradingNews};
use crate::desk::SeatIndex;
use crate::track::Track;
use plimsoll_domain::{AccountId, Price, Symbol, Timestamp};
use plimsoll_ports::{Decision, Intent, Leg};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// So many decisions are shown.
const SHOWN: usize = 50;

/// A decision that waits for its turn.
pub(super) struct Waiting {
    pub(super) decision: Arc<Decision>,
    /// The last price of each leg's contract when it was decided.
    pub(super) prices: Vec<Option<Price>>,
    pub(super) at: Timestamp,
    /// At which moment it was decided.
    pub(super) moment: u64,
}

/// What becomes of a decision whose turn it is.
pub(super) enum Next {
    Begins(Waiting),
    Refused(Waiting, &'static str),
}

/// It closes what is held, and does nothing else.
fn closes(decision: &Decision) -> bool {
    !decision.legs.is_empty() && decision.legs.iter().all(|leg| matches!(leg.intent, Intent::Close(_)))
}

fn contract(leg: &Leg) -> (AccountId, Symbol) {
    (leg.account.clone(), leg.intent.symbol().clone())
}

/// What of a strategy waits and is under way. Its decisions are carried out one after another, in their order.
pub(super) struct SeatWork {
    pub(super) name: Arc<str>,
    pub(super) queue: VecDeque<Waiting>,
    /// A decision that is no close is under way.
    pub(super) is_busy: bool,
    /// So many closes are under way.
    pub(super) closing: usize,
    /// So many of its decisions could not be made ready since somebody else was heard.
    pub(super) refusals: u32,
    pub(super) state: SeatState,
    /// By account and contract: the moment at which the last opening at market was decided, and the one at which it was done.
    pub(super) opened: BTreeMap<(AccountId, Symbol), (u64, u64)>,
    /// What it made of its round trips since its settings are as they are.
    pub(super) track: Arc<Track>,
    /// What these come to, as one word; nothing where that was not said.
    pub(super) made_with: String,
    words: LastWords,
    decisions: VecDeque<(Arc<Decision>, DecisionStatus)>,
}

impl SeatWork {
    pub(super) fn new(name: Arc<str>, made_with: String, words: LastWords) -> Self {
        Self {
            name,
            queue: VecDeque::new(),
            is_busy: false,
            closing: 0,
            refusals: 0,
            state: SeatState::Running,
            opened: BTreeMap::new(),
            track: Arc::default(),
            made_with,
            words,
            decisions: VecDeque::new(),
        }
    }

    /// What is next. A close waits for nobody; everything else has its turn in the order in which it was decided, once nothing
    /// is under way. Openings that a close of their contract overtakes were decided before it; where something is against adding
    /// exposure, whatever would is refused.
    pub(super) fn next(&mut self, against_adding: Option<&'static str>) -> Option<Next> {
        if let Some(at) = self.queue.iter().position(|it| closes(&it.decision)) {
            let contracts: Vec<_> = self.queue.get(at)?.decision.legs.iter().map(contract).collect();
            let overtaken = self.queue.iter().take(at).position(|it| {
                super::adds(&it.decision) && it.decision.legs.iter().any(|leg| contracts.contains(&contract(leg)))
            });
            if let Some(overtaken) = overtaken {
                let waiting = self.queue.remove(overtaken)?;
                return Some(Next::Refused(waiting, "its contract was to be closed before its turn came"));
            }
            self.closing += 1;
            return self.queue.remove(at).map(Next::Begins);
        }
        let is_opening = super::adds(&self.queue.front()?.decision);
        if let Some(why) = against_adding.filter(|_| is_opening) {
            return self.queue.pop_front().map(|waiting| Next::Refused(waiting, why));
        }
        if self.is_busy || self.closing > 0 {
            return None;
        }
        self.is_busy = true;
        self.queue.pop_front().map(Next::Begins)
    }

    /// Nothing that it decided waits or is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.is_busy && self.closing == 0
    }

    /// It goes on in the seat of its namesake: whether it is paused, what it opened and what it decided is known still. One that
    /// had stopped by itself begins again if its settings are others.
    pub(super) fn goes_on_from(&mut self, before: &mut Self) {
        let is_same = self.made_with == before.made_with;
        match before.state {
            SeatState::Running => {}
            SeatState::Stopped { .. } if !is_same => {}
            SeatState::Paused { .. } | SeatState::Stopped { .. } => self.state = before.state.clone(),
        }
        if is_same {
            self.words.go_on_from(&before.words);
        }
        self.opened = std::mem::take(&mut before.opened);
        self.decisions = std::mem::take(&mut before.decisions);
        if is_same {
            self.track = Arc::clone(&before.track);
        }
    }

    /// One that was begun has come to its end.
    pub(super) fn ended(&mut self, decision: &Decision) {
        if closes(decision) {
            self.closing = self.closing.saturating_sub(1);
        } else {
            self.is_busy = false;
        }
    }

    pub(super) fn paused_by(&self) -> Option<String> {
        match &self.state {
            SeatState::Paused { by } => Some(by.clone()),
            SeatState::Running | SeatState::Stopped { .. } => None,
        }
    }

    pub(super) fn note(&mut self, at: Timestamp, decision: &Arc<Decision>) {
        let status = DecisionStatus { at, reason: decision.reason.clone(), outcome: DecisionOutcome::Underway };
        self.decisions.push_front((Arc::clone(decision), status));
        self.decisions.truncate(SHOWN);
    }

    pub(super) fn conclude(&mut self, decision: &Arc<Decision>, outcome: DecisionOutcome) {
        let found = self.decisions.iter_mut().find(|(known, _)| Arc::ptr_eq(known, decision));
        if let Some((_, status)) = found {
            status.outcome = outcome;
        }
    }
}

impl TradingDesk {
    /// Publishes how every strategy is.
    pub(super) fn publish(&mut self) {
        let statuses = self.desk.seats().zip(&self.seats).map(|(seat, work)| {
            let accounts = self.names.iter().enumerate().map(|(place, id)| {
                let own = self.desk.own(seat, place);
                let holdings = own.map_or(Vec::new(), |own| own.holdings().to_vec());
                (id.clone(), holdings, own.map_or(Vec::new(), |own| own.orders().to_vec()))
            });
            SeatStatus {
                name: work.name.to_string(),
                state: work.state.clone(),
                accounts: accounts.collect(),
                decisions: work.decisions.iter().map(|(_, status)| status.clone()).collect(),
                made_with: work.made_with.clone(),
                track: Arc::clone(&work.track),
            }
        });
        let statuses: Arc<[SeatStatus]> = statuses.collect();
        self.status.send_replace(statuses);
    }

    /// A strategy that has panicked is stopped.
    pub(super) fn hear_last_words(&mut self) {
        for seat in self.desk.seats() {
            let words = self.seats.get(seat.get()).and_then(|work| work.words.take());
            if let Some(words) = words {
                self.stop_seat(seat, format!("it panicked: {words}"));
            }
        }
    }

    /// A strategy decides nothing more: what waits is dropped, and its resting orders are cancelled. Its stops and targets rest on.
    pub(super) fn stop_seat(&mut self, seat: SeatIndex, why: String) {
        let cancels: Vec<Leg> = self.resting_of(seat);
        let now = self.clock.now();
        let Some(work) = self.seats.get_mut(seat.get()) else { return };
        if matches!(work.state, SeatState::Stopped { .. }) {
            return;
        }
        work.state = SeatState::Stopped { why: why.clone() };
        // What closes is carried out.
        work.queue.retain(|waiting| closes(&waiting.decision));
        for leg in cancels {
            let decision = Arc::new(Decision { legs: vec![leg], reason: format!("the strategy is stopped: {why}") });
            work.note(now, &decision);
            work.queue.push_back(Waiting { decision, prices: Vec::new(), at: now, moment: self.moment });
        }
        self.has_changed = true;
        self.news.push(TradingNews::Stopped { seat, why });
    }

    fn resting_of(&self, seat: SeatIndex) -> Vec<Leg> {
        let mut legs = Vec::new();
        for (place, account) in self.names.iter().enumerate() {
            for order in self.desk.own(seat, place).map_or(&[][..], |own| own.orders()) {
                let intent = Intent::Cancel { symbol: order.symbol.clone(), label: order.label.clone() };
                legs.push(Leg { account: account.clone(), intent });
            }
        }
        legs
    }

    pub(super) fn seat_named_mut(&mut self, name: &str) -> Option<&mut SeatWork> {
        self.seats.iter_mut().find(|work| &*work.name == name)
    }
}
