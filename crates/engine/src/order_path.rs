//! From an order to what became of it: nothing lost, nothing doubled.
//!
//! The order is journalled before its first byte is sent. An answer that never comes is looked up by client order id,
//! with back-off, until the venue is definite; the same intent is never sent under a second id.

mod answered;
mod entry;
mod lookup;

pub use entry::{AddsExposure, Entry, Reducing};
pub(crate) use lookup::{distinct, signed_size};

use crate::execution::Execution;
use crate::steady::Steady;
use crate::trouble::{Trouble, Troubles};
use plimsoll_domain::{
    AccountId, Decimal, NewOrder, Order, OrderId, OrderKind, OrderStatus, Position, Price, TimeInForce, Timestamp,
    VenueId,
};
use plimsoll_ports::{
    Broker, Clock, JournalEntry, JournalState, NotSent, OrderJournal, PlaceError, Purpose, Refusal, RefusalReason,
    StoreError,
};
use std::sync::Arc;
use std::time::Duration;

/// How long the order path waits, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Between the first two questions about an order; doubled each time.
    pub first_wait: Duration,
    /// The longest wait between two questions.
    pub longest_wait: Duration,
    /// How long "not found" proves nothing: the venue's own window within which an order may still turn up.
    pub window: Duration,
    /// After this long an order whose fate is not known is left to [`reconcile`](crate::PositionManager::reconcile), and
    /// one that removes or protects exposure and certainly was not sent is not sent again.
    pub give_up: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_millis(100),
            longest_wait: Duration::from_secs(2),
            window: Duration::from_secs(10),
            give_up: Duration::from_secs(60),
        }
    }
}

impl Patience {
    pub(crate) fn next(&self, wait: Duration) -> Duration {
        wait.saturating_mul(2).min(self.longest_wait).max(Duration::from_micros(1))
    }

    /// How long it is tried again what certainly was not done.
    pub(crate) fn lasts(&self, wait: Wait) -> Duration {
        match wait {
            Wait::Patiently => self.give_up,
            Wait::Glance => self.give_up.min(MOMENT),
        }
    }
}

/// Whoever passes by has margin to watch meanwhile, and comes again soon.
const MOMENT: Duration = Duration::from_secs(3);

/// What removes or protects exposure is tried again after this part of the first wait, so often before the pauses grow: most
/// of what fails is taken when it is tried again.
pub(crate) const SOONER: u32 = 4;

/// Whether the venue is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Until the venue is definite, or patience ends: nobody else does it.
    Patiently,
    /// In passing: one look, and a moment for what is not sent; the rest is done the next time.
    Glance,
}

/// Tries something again, with back-off, until a time has passed since the first try.
pub(crate) struct Tries {
    since_first: Steady,
    patience: Patience,
    pause: Duration,
    pauses: u32,
}

impl Tries {
    pub(crate) fn new(clock: &Arc<dyn Clock>, patience: Patience) -> Self {
        Self { since_first: Steady::new(Arc::clone(clock)), patience, pause: patience.first_wait / SOONER, pauses: 0 }
    }

    /// Waits until it is time for the next try; `false` if none is due any more. A pause that the venue asks for is waited
    /// in passing too: before it ends the next look would come to nothing either.
    pub(crate) async fn may_go_on(&mut self, why: &NotSent, wait: Wait) -> bool {
        let (asked_for, lasts) = match why {
            NotSent::Throttled { until } => (until.since(self.since_first.now()), self.patience.give_up),
            _ => (Duration::ZERO, self.patience.lasts(wait)),
        };
        let left = lasts.saturating_sub(self.since_first.passed());
        if left.is_zero() {
            return false;
        }
        // A time that is over already would be tried again without any pause.
        let pause = if asked_for.is_zero() { self.pause } else { asked_for };
        self.since_first.sleep(pause.min(left)).await;
        self.pauses = self.pauses.saturating_add(1);
        if self.pauses >= SOONER {
            self.pause = self.patience.next(self.pause);
        }
        true
    }
}

/// Sends orders of one account.
#[derive(Clone)]
pub struct OrderPath {
    /// Takes the orders.
    pub broker: Arc<dyn Broker>,
    /// Remembers them.
    pub journal: Arc<dyn OrderJournal>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Whose orders.
    pub account: AccountId,
    /// How long to wait.
    pub patience: Patience,
}

/// What became of an order that the venue has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// It rests, or waits for its trigger: this is how the venue reads it back.
    Resting(Box<Order>),
    /// It has ended.
    Ended(Execution),
}

/// Why an order came to nothing, or may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendFailure {
    /// It adds exposure and could not be written down: nothing was sent.
    #[error("nothing was sent, since the order could not be journalled: {0}")]
    NotJournalled(StoreError),
    /// The venue said no; nothing rests.
    #[error(transparent)]
    Refused(Refusal),
    /// It never left us.
    #[error(transparent)]
    NotSent(NotSent),
    /// The venue never answered, and by its book, its trades and the position it never got there.
    #[error("the order never arrived")]
    NeverArrived,
    /// The venue accepted it once, and knows nothing of it any more: nothing of it rests, and it traded nothing.
    #[error("the venue has forgotten the order, nothing of it rests and it traded nothing")]
    Forgotten,
    /// The venue may have it: it is looked up again by the next [`reconcile`](crate::PositionManager::reconcile).
    #[error("it is not known what became of the order: {0}")]
    Unresolved(String),
}

/// When an order was written down, and when it was last sent, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) intended_at: Timestamp,
    /// From here on the venue's window runs, within which "not found" proves nothing.
    pub(crate) last_at: Timestamp,
}

/// What the venue has, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dispatched {
    /// The venue has accepted it under this id.
    pub(crate) order_id: Option<OrderId>,
    sent: Sent,
}

/// What must agree before an order counts as never arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// The position of its symbol and side is still this one.
    Position(Option<Position>),
    /// The position of its symbol and side has this size still, longs positive: what the records say.
    Size(Decimal),
    /// The venue's book and trades are enough.
    BookAndTrades,
    /// Nothing, since nobody waits for the proof: whoever sends it looks at what is held a moment later, and closes that
    /// under another id. Only for what can do nothing but reduce: where both arrive, the second finds less to reduce.
    HeldAfterwards,
}

impl OrderPath {
    /// Journals, sends, and follows an entry to a definite state. What ends its loss is the caller's to place, at once.
    ///
    /// `held` is the position of the order's symbol and side before it, against which "never arrived" is judged. What
    /// went wrong beside it is in the second part.
    ///
    /// # Errors
    /// [`SendFailure`]. Only [`SendFailure::Unresolved`] leaves open whether something is live at the venue.
    pub async fn enter(&self, entry: &Entry, held: Option<Position>) -> (Result<Placed, SendFailure>, Vec<Trouble>) {
        self.send(entry.order(), Purpose::Entry, Evidence::Position(held)).await
    }

    /// The same of an order that can only make a position smaller.
    ///
    /// # Errors
    /// [`SendFailure`], as of [`enter`](Self::enter).
    pub async fn reduce(&self, order: &Reducing, purpose: Purpose) -> (Result<Placed, SendFailure>, Vec<Trouble>) {
        self.send(order.order(), purpose, Evidence::BookAndTrades).await
    }

    pub(crate) async fn send(
        &self,
        order: &NewOrder,
        purpose: Purpose,
        evidence: Evidence,
    ) -> (Result<Placed, SendFailure>, Vec<Trouble>) {
        let mut troubles = Troubles::default();
        let outcome = self.send_noting((order, None), purpose, evidence, Wait::Patiently, &mut troubles).await;
        (outcome, troubles.into_vec())
    }

    pub(crate) async fn send_noting(
        &self,
        (order, stop): (&NewOrder, Option<Price>),
        purpose: Purpose,
        evidence: Evidence,
        wait: Wait,
        troubles: &mut Troubles,
    ) -> Result<Placed, SendFailure> {
        let dispatched = self.dispatch((order, stop), purpose, wait, troubles).await?;
        let reduces_at_once = order.kind == OrderKind::Market && !order.adds_exposure();
        if wait == Wait::Patiently || !reduces_at_once {
            return self.conclude(order, dispatched, evidence, troubles).await;
        }
        // What it has come to is looked up again in passing, and what is to go is judged anew by what is held then.
        let Dispatched { order_id, sent } = dispatched;
        let give_up = self.gives_up(evidence).min(self.patience.lasts(wait));
        self.follow_for(give_up, order, order_id, sent, evidence, troubles).await
    }

    /// Journals and sends, with a stop attached where one is wanted.
    pub(crate) async fn dispatch(
        &self,
        (order, stop): (&NewOrder, Option<Price>),
        purpose: Purpose,
        wait: Wait,
        troubles: &mut Troubles,
    ) -> Result<Dispatched, SendFailure> {
        let intended_at = self.clock.now();
        self.intend(order, purpose, intended_at, troubles).await?;
        let (answer, last_at) = self.place(order, stop, wait).await;
        let sent = Sent { intended_at, last_at };
        match answer {
            Ok(order_id) => {
                self.record(order, JournalState::Accepted { order_id: order_id.clone() }, troubles).await;
                Ok(Dispatched { order_id: Some(order_id), sent })
            }
            Err(PlaceError::Refused(refusal)) if refusal.reason == RefusalReason::DuplicateId => {
                Ok(Dispatched { order_id: None, sent })
            }
            Err(PlaceError::Refused(refusal)) => {
                self.record(order, JournalState::Refused { reason: refusal.to_string() }, troubles).await;
                Err(SendFailure::Refused(refusal))
            }
            Err(PlaceError::NotSent(why)) => {
                self.record(order, JournalState::NotSent { reason: why.to_string() }, troubles).await;
                Err(SendFailure::NotSent(why))
            }
            Err(PlaceError::Unanswered(why)) => {
                tracing::warn!(client_order_id = %order.client_order_id, %why, "the venue never answered, looking the order up");
                self.record(order, JournalState::Unanswered, troubles).await;
                Ok(Dispatched { order_id: None, sent })
            }
        }
    }

    /// Follows what was sent to a definite state.
    pub(crate) async fn conclude(
        &self,
        order: &NewOrder,
        dispatched: Dispatched,
        evidence: Evidence,
        troubles: &mut Troubles,
    ) -> Result<Placed, SendFailure> {
        self.follow(order, dispatched.order_id, dispatched.sent, evidence, troubles).await
    }

    /// Without a journal entry nothing that adds exposure is sent; what removes it is sent all the same.
    async fn intend(
        &self,
        order: &NewOrder,
        purpose: Purpose,
        now: Timestamp,
        troubles: &mut Troubles,
    ) -> Result<(), SendFailure> {
        match self.write_down(order, purpose, now).await {
            Err(error) if order.adds_exposure() => Err(SendFailure::NotJournalled(error)),
            Err(error) => {
                troubles.add(Trouble::NotJournalled { id: order.client_order_id.clone(), error });
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Journals that an order is meant to be sent.
    pub(crate) async fn write_down(
        &self,
        order: &NewOrder,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let entry = JournalEntry {
            account: self.account.clone(),
            venue: self.venue(),
            order: order.clone(),
            purpose,
            state: JournalState::Intended,
            intended_at: now,
            updated_at: now,
        };
        self.journal.intend(&entry).await
    }

    /// Sends, and tells when it did so last. What removes or protects exposure is sent again, under the same id, while it
    /// certainly has not been sent: a venue that takes no orders for some seconds leaves no position naked.
    async fn place(
        &self,
        order: &NewOrder,
        stop: Option<Price>,
        wait: Wait,
    ) -> (Result<OrderId, PlaceError>, Timestamp) {
        let mut tries = Tries::new(&self.clock, self.patience);
        loop {
            let sent = tries.since_first.passed();
            let answer = match stop {
                Some(stop) => self.place_carrying(order, stop).await,
                None => self.broker.place(order).await,
            };
            self.answered(order, &answer, tries.since_first.passed().saturating_sub(sent));
            // An answer comes later than what it answers left us, which is on the safe side.
            let answered_at = self.clock.now();
            match &answer {
                Err(PlaceError::NotSent(why)) if !order.adds_exposure() && !matches!(why, NotSent::Invalid(_)) => {
                    if !tries.may_go_on(why, wait).await {
                        return (answer, answered_at);
                    }
                    tracing::warn!(client_order_id = %order.client_order_id, %why, "sending again");
                }
                _ => return (answer, answered_at),
            }
        }
    }

    /// What cannot be sent with a stop attached is sent without: its stop follows.
    async fn place_carrying(&self, order: &NewOrder, stop: Price) -> Result<OrderId, PlaceError> {
        match self.broker.place_with_stop(order, stop).await {
            Err(PlaceError::NotSent(NotSent::Invalid(why))) => {
                tracing::warn!(id = %order.client_order_id, %why, "no stop can be attached");
                self.broker.place(order).await
            }
            answer => answer,
        }
    }

    pub(crate) async fn record(&self, order: &NewOrder, state: JournalState, troubles: &mut Troubles) {
        let id = &order.client_order_id;
        let written = self.journal.record(&self.account, id, &state, self.clock.now()).await;
        troubles.keep(written, |error| Trouble::NotJournalled { id: id.clone(), error });
    }

    pub(crate) async fn record_end(&self, order: &NewOrder, execution: &Execution, troubles: &mut Troubles) {
        let state = JournalState::Finished {
            status: execution.status,
            filled: execution.filled(),
            average_price: execution.average_price(),
        };
        self.record(order, state, troubles).await;
        if !execution.is_told() {
            troubles.add(Trouble::FillsMissing { id: order.client_order_id.clone() });
        }
    }

    fn venue(&self) -> VenueId {
        self.broker.venue()
    }
}

/// A status that an order which fills now or never may show on its way; any other rests with it.
pub(crate) const fn is_on_its_way(order: &Order) -> bool {
    let now_or_never = matches!(order.order_type, plimsoll_domain::OrderType::Market)
        || matches!(order.time_in_force, Some(TimeInForce::Ioc | TimeInForce::Fok));
    now_or_never && matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled)
}
