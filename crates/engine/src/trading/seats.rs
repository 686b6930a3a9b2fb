//! A strategy's turn, and what became of its decisions.

use super::caught::LastWords;
use super::handle::{DecisionOutcome, DecisionStatus, SeatState, SeatStatus};
use super::{TradingDesk, TradingNews};
use crate::desk::SeatIndex;
use plimsoll_domain::{AccountId, Symbol, Timestamp};
use plimsoll_ports::{Decision, Intent, Leg};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// So many decisions are shown.
const SHOWN: usize = 50;

/// A decision that waits for its turn.
pub(super) struct Waiting {
    pub(super) decision: Arc<Decision>,
    pub(super) at: Timestamp,
    /// At which moment it was decided.
    pub(super) moment: u64,
}

/// What of a strategy waits and is under way. Its decisions are carried out one after another, in their order.
pub(super) struct SeatWork {
    pub(super) name: Arc<str>,
    pub(super) queue: VecDeque<Waiting>,
    pub(super) is_busy: bool,
    pub(super) state: SeatState,
    /// By account and contract: the moment at which the last opening was decided, and the one at which it was done.
    pub(super) opened: BTreeMap<(AccountId, Symbol), (u64, u64)>,
    words: LastWords,
    decisions: VecDeque<(Arc<Decision>, DecisionStatus)>,
}

impl SeatWork {
    pub(super) fn new(name: Arc<str>, words: LastWords) -> Self {
        Self {
            name,
            queue: VecDeque::new(),
            is_busy: false,
            state: SeatState::Running,
            opened: BTreeMap::new(),
            words,
            decisions: VecDeque::new(),
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
        work.queue.clear();
        for leg in cancels {
            let decision = Arc::new(Decision { legs: vec![leg], reason: format!("the strategy is stopped: {why}") });
            work.note(now, &decision);
            work.queue.push_back(Waiting { decision, at: now, moment: self.moment });
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
