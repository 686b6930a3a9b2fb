//! Entering, with the stop on the entry's heels.

use super::checks::Approved;
use super::{OpenFailure, Plan};
use crate::execution::{Execution, walk};
use crate::order_path::{Dispatched, Evidence, Placed, SendFailure, Wait};
use crate::position_manager::failure::ProtectionFailure;
use crate::position_manager::outcome::Protection;
use crate::position_manager::protection::Wanted;
use crate::position_manager::{Flight, PositionManager};
use crate::trouble::Troubles;
use plimsoll_domain::{NewOrder, OrderKind, OrderSize};
use plimsoll_ports::{Alert, Purpose, Severity};

/// What became of an entry, and of the stop that was sent right behind it, if one was.
pub(super) struct Entered {
    pub(super) execution: Execution,
    pub(super) stop: Option<Result<Protection, ProtectionFailure>>,
}

impl PositionManager {
    /// Enters, with the protection journalled first: whoever finds the entry filled after a crash finds what was to
    /// protect it.
    pub(super) async fn enter_protectably(
        &self,
        plan: &Plan<'_>,
        approved: &Approved,
        troubles: &mut Troubles,
    ) -> Result<Entered, OpenFailure> {
        let wanted = [Purpose::StopLoss, Purpose::TakeProfit].map(|purpose| plan.wanted(purpose));
        let wanted: Vec<Wanted<'_>> = wanted.into_iter().flatten().collect();
        let intended = self.intend_protection(&wanted).await;
        let (entered, stop) = match intended {
            Ok(()) => self.enter(plan, approved, troubles).await,
            Err((id, error)) => (Err(OpenFailure::Order { id, failure: SendFailure::NotJournalled(error) }), None),
        };
        let may_be_live =
            matches!(&entered, Ok(_) | Err(OpenFailure::Order { failure: SendFailure::Unresolved(_), .. }));
        if !may_be_live {
            for it in &wanted {
                match &stop {
                    Some(stop) if it.purpose == Purpose::StopLoss => self.call_back(it, stop, troubles).await,
                    _ => self.drop_protection(it, "its entry came to nothing", troubles).await,
                }
            }
        }
        Ok(Entered { execution: entered?, stop })
    }

    /// A stop was sent for an entry that came to nothing.
    async fn call_back(
        &self,
        wanted: &Wanted<'_>,
        stop: &Result<Protection, ProtectionFailure>,
        troubles: &mut Troubles,
    ) {
        if !matches!(stop, Err(ProtectionFailure::Order(failure)) if is_over(failure)) {
            self.cancel(&wanted.instrument.symbol, &wanted.id, troubles).await;
        }
    }

    async fn enter(
        &self,
        plan: &Plan<'_>,
        approved: &Approved,
        troubles: &mut Troubles,
    ) -> (Result<Execution, OpenFailure>, Option<Result<Protection, ProtectionFailure>>) {
        match self.is_stopped_by_anyone(plan).await {
            Ok(false) => {}
            Ok(true) => return (Err(OpenFailure::Flattening), None),
            Err(error) => return (Err(error.into()), None),
        }
        let order = NewOrder {
            client_order_id: plan.id.order(Purpose::Entry, 0),
            symbol: plan.intent.symbol.clone(),
            side: plan.intent.direction.opening_side(),
            position_side: plan.side,
            kind: plan.kind(),
            size: OrderSize::Quantity(approved.quantity),
            reduce_only: false,
        };
        let (placed, stop) = self.send_entry(plan, &order, troubles).await;
        let id = order.client_order_id.clone();
        let execution = match placed {
            Ok(Placed::Ended(mut execution)) => {
                walk(plan.held(), &mut execution.fills);
                match execution.filled().zip(execution.average_price()) {
                    Some(_) => Ok(execution),
                    None => Err(OpenFailure::NothingFilled { id, status: execution.status }),
                }
            }
            Ok(Placed::Resting(_)) => {
                let failure = SendFailure::Unresolved("a market order rests".to_owned());
                Err(OpenFailure::Order { id, failure })
            }
            Err(failure) => {
                if matches!(failure, SendFailure::Unresolved(_)) {
                    self.tell_of_unresolved(plan, &failure, troubles).await;
                }
                Err(OpenFailure::Order { id, failure })
            }
        };
        (execution, stop)
    }

    /// Sends the entry; while what became of it is looked up, its stop is on its way already.
    async fn send_entry(
        &self,
        plan: &Plan<'_>,
        order: &NewOrder,
        troubles: &mut Troubles,
    ) -> (Result<Placed, SendFailure>, Option<Result<Protection, ProtectionFailure>>) {
        let _flight = Flight::of(&self.in_flight, &order.client_order_id);
        let dispatched = self.path.dispatch(order, Purpose::Entry, Wait::Patiently, troubles).await;
        let (placed, stop) = match dispatched {
            Ok(dispatched) => {
                let mut beside = Troubles::default();
                let stop = self.stop_on_its_heels(plan, order, &dispatched, &mut beside);
                let evidence = Evidence::Position(plan.held());
                let follow = self.path.conclude(order, dispatched.clone(), evidence, troubles);
                let both = futures_util::future::join(follow, stop).await;
                troubles.join(beside);
                both
            }
            Err(failure) => (Err(failure), None),
        };
        self.tell_of_journal(&order.client_order_id, troubles).await;
        (placed, stop)
    }

    /// The stop of what begins with this entry, sent once the venue has accepted a market order: it fills at once, if at
    /// all. What is added to has its stop already, which is replaced when the entry has filled; and what is refused, since
    /// the position is not there yet, is sent again then.
    async fn stop_on_its_heels(
        &self,
        plan: &Plan<'_>,
        order: &NewOrder,
        dispatched: &Dispatched,
        troubles: &mut Troubles,
    ) -> Option<Result<Protection, ProtectionFailure>> {
        let begins = plan.held().is_none() && order.kind == OrderKind::Market && dispatched.order_id.is_some();
        let wanted = plan.wanted(Purpose::StopLoss).filter(|_| begins)?;
        let is_in_the_way = self.stands_in_the_way(&wanted);
        if plan.reading.snapshot.orders.iter().any(is_in_the_way) || self.is_stopped_since(plan) {
            return None;
        }
        let trigger = wanted.rounded().ok()?;
        Some(self.place_protection(&wanted, trigger, troubles).await)
    }

    async fn tell_of_unresolved(&self, plan: &Plan<'_>, failure: &SendFailure, troubles: &mut Troubles) {
        let symbol = &plan.intent.symbol;
        let body = format!("an entry in {symbol} may be live: {failure}");
        self.log_risk("order_unresolved", Some(symbol), &body, None, None, "told", troubles).await;
        let alert = Alert {
            severity: Severity::Critical,
            key: format!("unresolved/{}/{symbol}", self.settings.account),
            title: format!("{symbol}: the fate of an order is not known"),
            body,
        };
        self.alert(&alert, troubles).await;
    }
}

/// Nothing of the order is live, and its name is used up.
const fn is_over(failure: &SendFailure) -> bool {
    !matches!(failure, SendFailure::Unresolved(_) | SendFailure::NotJournalled(_))
}
