//! What happens to the accounts, put to those whose it is.

use super::carrying::{Done, LegDone, Task, place_of};
use super::doubts::{Resting, resting};
use super::handle::{DecisionOutcome, SeatState, Word};
use super::news::Role;
use super::orders::{Standing, Whose};
use super::{Ended, TradingDesk, TradingNews};
use crate::client_order_id::IntentId;
use crate::desk::{Own, SeatIndex, Share};
use crate::track::Track;
use futures_util::future::BoxFuture;
use plimsoll_domain::{
    AccountId, Change, ClientOrderId, Fill, FillCause, Money, OrderStatus, Symbol, Timestamp, TradeId, Transition,
};
use plimsoll_ports::{Purpose, StrategyEvent};
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// So many trades are remembered, so that none is told twice.
const REMEMBERED: usize = 4096;

/// So many of them outlive a restart.
const KEPT: usize = 256;

/// A fill may be told by the venue's clock as somewhat earlier than what came before it.
const OVERLAP: Duration = Duration::from_secs(60);

/// Trades that have been told.
#[derive(Debug, Default)]
pub(super) struct Trades {
    order: VecDeque<(AccountId, Symbol, TradeId)>,
    known: HashSet<(AccountId, Symbol, TradeId)>,
    /// By account: when the newest was, or up to when they were read.
    last: BTreeMap<AccountId, Timestamp>,
}

impl Trades {
    /// Answers whether it is new.
    pub(super) fn add(&mut self, account: AccountId, symbol: Symbol, id: TradeId) -> bool {
        let it = (account, symbol, id);
        if !self.known.insert(it.clone()) {
            return false;
        }
        self.order.push_back(it);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// Those of the account are known up to this time.
    pub(super) fn known_until(&mut self, account: AccountId, time: Timestamp) {
        let last = self.last.entry(account).or_insert(time);
        *last = time.max(*last);
    }

    pub(super) fn last(&self, account: &AccountId) -> Option<Timestamp> {
        self.last.get(account).copied()
    }

    pub(super) fn newest(&self) -> Vec<(String, String, String)> {
        let skipped = self.order.len().saturating_sub(KEPT);
        let newest = self.order.iter().skip(skipped);
        newest.map(|(account, symbol, id)| (account.to_string(), symbol.to_string(), id.to_string())).collect()
    }
}

/// What could not be read is asked for again after so long.
const RECOVER_AGAIN: Duration = Duration::from_secs(5);

/// What an account was found to have done while nobody listened.
pub(super) struct Recovered {
    pub(super) account: usize,
    pub(super) fills: Vec<Fill>,
    pub(super) resting: Resting,
    pub(super) troubles: Vec<String>,
}

impl TradingDesk {
    /// Takes a word; answers the account whose news may have been missed.
    pub(super) fn word(&mut self, word: Word) -> Option<usize> {
        match word {
            Word::Change(account, change) => {
                if let Some(place) = place_of(&self.names, &account) {
                    self.change(place, *change);
                }
            }
            Word::Looked(account, go_on) => {
                if let Some(place) = place_of(&self.names, &account) {
                    self.doubts.look_again(place);
                    let mut unmet = self.believed(place);
                    unmet.retain(|intent| !go_on.contains(&intent.name()));
                    self.doubts.are_unmet(place, unmet);
                    self.leftover.look_again(place);
                }
            }
            Word::Gap(account) => return place_of(&self.names, &account),
            Word::Pause { strategy, by } => {
                if let Some(work) = self.seat_named_mut(&strategy)
                    && !matches!(work.state, SeatState::Stopped { .. })
                {
                    work.state = SeatState::Paused { by };
                }
                (self.is_dirty, self.has_changed) = (true, true);
            }
            Word::Resume { strategy } => {
                if let Some(work) = self.seat_named_mut(&strategy)
                    && matches!(work.state, SeatState::Paused { .. })
                {
                    work.state = SeatState::Running;
                }
                (self.is_dirty, self.has_changed) = (true, true);
            }
            // Whoever asked may have gone.
            Word::Answer(asked) => drop(asked.send(())),
            Word::Reseat(seating) => self.seating = Some(*seating),
            Word::Stop => self.is_stopping = true,
        }
        None
    }

    fn change(&mut self, account: usize, change: Change) {
        if let Change::OrderChanged { order, .. } = &change {
            self.accounts[account].account.manager.note_attached(order);
        }
        match change {
            Change::Filled(fill) => self.filled(account, fill),
            Change::FundingPaid(payment) => {
                if let Some(symbol) = &payment.symbol {
                    self.funded(account, symbol, payment.payment);
                }
            }
            // What has filled ends by its fills.
            Change::OrderChanged { order, .. } if order.status.is_final() && order.status != OrderStatus::Filled => {
                self.order_ended(account, &order.client_order_id, order.status);
            }
            Change::OrderVanished(order) => {
                self.order_ended(account, &order.client_order_id, OrderStatus::Expired);
            }
            _ => {}
        }
    }

    fn funded(&mut self, account: usize, symbol: &Symbol, payment: Money) {
        for (seat, payment) in self.desk.share_funding(account, symbol, payment) {
            let id = self.names[account].clone();
            self.track(seat, |track| track.funded(&id, symbol, payment));
            (self.is_dirty, self.has_changed) = (true, true);
            let (account, symbol) = (self.names[account].clone(), symbol.clone());
            self.news.push(TradingNews::Funded { seat, account, symbol, payment });
        }
    }

    fn order_ended(&mut self, account: usize, id: &ClientOrderId, status: OrderStatus) {
        let ids = self.accounts[account].account.manager.ids();
        if !matches!(ids.purpose_of(id), Some(Purpose::Entry | Purpose::Exit)) {
            return;
        }
        let Some(intent) = ids.intent_of(id) else { return };
        // It was a part of what rests: whether that goes on is another question.
        if self.intents.of(&intent).is_some_and(Whose::rests) {
            self.doubts.add(account, intent, status);
        }
    }

    pub(super) fn rests_no_more(&mut self, account: usize, intent: &IntentId, status: OrderStatus) {
        let resting = self.intents.of(intent).filter(|whose| whose.standing == Standing::Rests).cloned();
        let Some(Whose { seat, symbol, label: Some(label), .. }) = resting else { return };
        self.intents.has_ended(intent);
        let Some(own) = self.desk.own_mut(seat, account) else { return };
        if !own.orders().iter().any(|order| order.symbol == symbol && order.label == label) {
            return;
        }
        own.ended(&symbol, &label);
        self.tell_ended(seat, account, symbol, label, status);
    }

    pub(super) fn tell_ended(
        &mut self,
        seat: SeatIndex,
        account: usize,
        symbol: Symbol,
        label: String,
        status: OrderStatus,
    ) {
        (self.is_dirty, self.has_changed) = (true, true);
        let Self { desk, accounts, wanted, clock, names, .. } = self;
        let event = StrategyEvent::Ended { account: &names[account], symbol: &symbol, label: &label, status };
        desk.tell(seat, clock.now(), accounts, &event, wanted);
        let account = self.names[account].clone();
        self.news.push(TradingNews::Ended { seat, account, symbol, label, status });
    }

    /// A fill, told once however often it comes.
    pub(super) fn filled(&mut self, account: usize, fill: Fill) {
        if !self.trades.add(self.names[account].clone(), fill.symbol.clone(), fill.trade_id.clone()) {
            return;
        }
        self.trades.known_until(self.names[account].clone(), fill.time);
        (self.is_dirty, self.has_changed) = (true, true);
        let manager = &self.accounts[account].account.manager;
        let ids = manager.ids();
        let purpose = || {
            let attached = || manager.was_of_attached(&fill.client_order_id).then_some(Purpose::StopLoss);
            ids.purpose_of(&fill.client_order_id).or_else(attached)
        };
        let purpose = if fill.cause == FillCause::Order { purpose() } else { None };
        let intent = ids.intent_of(&fill.client_order_id);
        let whose = intent.as_ref().and_then(|intent| self.intents.of(intent)).cloned();
        match (purpose, whose, intent) {
            (Some(Purpose::Entry | Purpose::Exit), Some(whose), Some(intent)) => {
                self.filled_for(account, &intent, whose, purpose == Some(Purpose::Entry), fill);
            }
            // Somebody else has opened something.
            (Some(Purpose::Entry), ..) => self.foreign(account, fill),
            (Some(Purpose::StopLoss), ..) => self.shared(account, &Role::StopLoss, fill),
            (Some(Purpose::TakeProfit), ..) => self.shared(account, &Role::TakeProfit, fill),
            _ => self.shared(account, &Role::Forced, fill),
        }
    }

    fn foreign(&mut self, account: usize, fill: Fill) {
        let account = self.names[account].clone();
        self.news.push(TradingNews::Foreign { account, fill: Box::new(fill) });
    }

    fn filled_for(&mut self, account: usize, intent: &IntentId, whose: Whose, is_entry: bool, fill: Fill) {
        // Another order may rest under the label of one that is over.
        let rests = matches!(whose.standing, Standing::Begins | Standing::Rests);
        let Whose { seat, label, leverage, stop, symbol, decided, .. } = whose;
        let Some(own) = self.desk.own_mut(seat, account) else { return };
        let is_whole = label.as_ref().is_some_and(|label| rests && own.filled_resting(&symbol, label, fill.quantity));
        let made = own.fill(&fill, leverage);
        // What only shrank keeps the stop that it has.
        if let (Some(stop), false) = (stop, matches!(made, Transition::Reduced(..))) {
            own.stop_at(&symbol, Some(stop));
        }
        let role = match (&label, is_entry) {
            (Some(label), _) => Role::Resting(label.clone()),
            (None, true) => Role::Entry,
            (None, false) => Role::Exit,
        };
        if is_whole {
            self.intents.has_ended(intent);
        }
        if let Some(decided) = decided {
            self.track(seat, |track| track.cost(&fill, decided));
        }
        let left = self.tell_filled(seat, account, role, fill, made);
        if let Some(label) = label.filter(|_| is_whole) {
            self.tell_ended(seat, account, symbol.clone(), label, OrderStatus::Filled);
        }
        for label in left {
            self.tell_ended(seat, account, symbol.clone(), label, OrderStatus::Expired);
        }
    }

    /// A fill that is nobody's order goes to those who hold what it closes.
    fn shared(&mut self, account: usize, role: &Role, fill: Fill) {
        let lot = self.accounts[account].market(&fill.symbol).map(|market| market.instrument.lot);
        let shares = self.desk.share_fill(account, &fill, lot);
        if shares.is_empty() {
            return self.foreign(account, fill);
        }
        for Share { seat, fill, made } in shares {
            let symbol = fill.symbol.clone();
            for label in self.tell_filled(seat, account, role.clone(), fill, made) {
                self.tell_ended(seat, account, symbol.clone(), label, OrderStatus::Expired);
            }
        }
    }

    /// Answers what rested to reduce a holding that is gone with this, which is to be told next.
    fn tell_filled(
        &mut self,
        seat: SeatIndex,
        account: usize,
        role: Role,
        fill: Fill,
        made: Transition,
    ) -> Vec<String> {
        let left = match made.position() {
            Some(_) => Vec::new(),
            None => self.leave_over(seat, account, &fill.symbol),
        };
        let id = self.names[account].clone();
        self.track(seat, |track| track.filled(&id, &fill, &made));
        let Self { desk, accounts, wanted, clock, names, .. } = self;
        let event = StrategyEvent::Fill { account: &names[account], role: role.as_fill(), fill: &fill };
        desk.tell(seat, clock.now(), accounts, &event, wanted);
        let account = self.names[account].clone();
        self.news.push(TradingNews::Filled { seat, account, role, fill: Box::new(fill), made });
        left
    }

    /// Takes something down in the record of a strategy.
    pub(super) fn track(&mut self, seat: SeatIndex, note: impl FnOnce(&mut Track)) {
        if let Some(work) = self.seats.get_mut(seat.get()) {
            note(Arc::make_mut(&mut work.track));
        }
    }

    /// A decision has come to its end.
    pub(super) fn done(&mut self, done: Done) {
        let Done { seat, decision, legs, refused } = done;
        // What the answers tell may come before the stream tells it.
        for LegDone { account, fills, .. } in &legs {
            for fill in fills {
                self.filled(*account, fill.clone());
            }
        }
        for leg in &legs {
            self.leg_done(seat, leg);
        }
        if let Some(work) = self.seats.get_mut(seat.get()) {
            work.ended(&decision);
        }
        (self.is_dirty, self.has_changed) = (true, true);
        match refused {
            Some(reason) => self.refuse(seat, &decision, reason),
            None => {
                if let Some(work) = self.seats.get_mut(seat.get()) {
                    work.conclude(&decision, DecisionOutcome::Done);
                }
                self.news.push(TradingNews::Done { seat, decision });
            }
        }
    }

    fn leg_done(&mut self, seat: SeatIndex, leg: &LegDone) {
        let (account, id) = (leg.account, self.names[leg.account].clone());
        match (&leg.task, leg.is_done) {
            (Task::Rest { name, order, .. }, true) => {
                self.intents.has_begun(name);
                // What it was to reduce may have gone while it was begun.
                let is_late = |own: &Own| own.holding(&order.symbol).is_none();
                if self.desk.own(seat, account).is_some_and(is_late) {
                    for label in self.leave_over(seat, account, &order.symbol) {
                        self.tell_ended(seat, account, order.symbol.clone(), label, OrderStatus::Expired);
                    }
                }
                if leg.is_doubtful {
                    self.doubts.add(account, name.clone(), OrderStatus::Rejected);
                }
            }
            (Task::Rest { order, name, label }, false) => {
                self.intents.has_ended(name);
                self.doubts.resolve(name);
                if let Some(own) = self.desk.own_mut(seat, account) {
                    own.ended(&order.symbol, label);
                }
            }
            (Task::MoveStop { symbol, own: wanted, .. }, true) => {
                if let Some(own) = self.desk.own_mut(seat, account) {
                    own.stop_at(symbol, Some(*wanted));
                }
            }
            // It has ended before, and may have filled: the journal and the fills tell how.
            (Task::Cancel { .. }, true) if leg.is_doubtful => self.doubts.of_all(account),
            (Task::Cancel { name }, true) => {
                self.doubts.resolve(name);
                self.rests_no_more(account, name, OrderStatus::Canceled);
            }
            _ => {}
        }
        // Everything that is decided from now on knows what was opened; of what rests it knew before.
        if let Task::Open { intent, .. } = &leg.task {
            let done = self.moment.saturating_add(1);
            if let Some(work) = self.seats.get_mut(seat.get()) {
                work.opened.insert((id, intent.symbol.clone()), (leg.moment, done));
            }
        }
    }

    /// Asks the venue what has happened to an account while nobody listened.
    pub(super) fn recover(&mut self, account: usize) -> BoxFuture<'static, Ended> {
        self.recovers.insert(account);
        let recovering = self.recovering(account);
        Box::pin(async move { Ended::Recovery(recovering.await) })
    }

    pub(super) fn recovering(&self, account: usize) -> impl Future<Output = Recovered> + Send + use<> {
        let on = self.accounts[account].account.clone();
        let since = self.trades.last(&self.names[account]).map(|last| last.minus(OVERLAP));
        let symbols: Vec<Symbol> =
            self.accounts[account].markets.iter().map(|market| market.instrument.symbol.clone()).collect();
        let believed = self.believed(account);
        async move {
            // What has ended is asked for before the fills: what fills meanwhile has not ended by this reading.
            let mut resting = resting(&on.manager, believed).await;
            let (mut fills, mut troubles) = (Vec::new(), std::mem::take(&mut resting.troubles));
            for symbol in since.iter().flat_map(|_| &symbols) {
                match on.broker.fills(symbol, since.unwrap_or_default()).await {
                    Ok(found) => fills.extend(found),
                    Err(error) => troubles.push(format!("the fills of {symbol} cannot be read: {error}")),
                }
            }
            fills.sort_by_key(|fill| fill.time);
            on.manager.meet_attached(&fills).await;
            Recovered { account, fills, resting, troubles }
        }
    }

    /// What is believed to rest on an account.
    pub(super) fn believed(&self, account: usize) -> Vec<IntentId> {
        let id = &self.names[account];
        let rests = |whose: &Whose| whose.account == *id && whose.standing == Standing::Rests;
        self.intents.iter().filter(|(_, whose)| rests(whose)).map(|(intent, _)| intent.clone()).collect()
    }

    /// The same after a while.
    pub(super) fn recover_later(&mut self, account: usize) -> BoxFuture<'static, Ended> {
        self.recovers.insert(account);
        let (clock, recovering) = (Arc::clone(&self.clock), self.recovering(account));
        Box::pin(async move {
            clock.sleep(RECOVER_AGAIN).await;
            Ended::Recovery(recovering.await)
        })
    }

    /// Takes down what an account has done while nobody listened; answers whether some of it could not be read.
    pub(super) fn recovered(&mut self, recovered: Recovered) -> bool {
        let Recovered { account, fills, resting, troubles } = recovered;
        for fill in fills {
            self.filled(account, fill);
        }
        let is_partial = !troubles.is_empty();
        // Whether one has ended unfilled is known once its fills are.
        if !is_partial {
            self.asked(account, resting);
        }
        self.news.extend(troubles.into_iter().map(|what| TradingNews::Trouble { what }));
        is_partial
    }
}
