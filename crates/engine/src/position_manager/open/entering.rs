//! Entering, with the stop at the venue before the entry, or on its heels.

use super::ahead::{EntryStop, may_rest};
use super::checks::Approved;
use super::{OpenFailure, Plan};
use crate::execution::{Execution, walk};
use crate::order_path::{Dispatched, Evidence, Placed, SendFailure, Wait};
use crate::position_manager::protection::Wanted;
use crate::position_manager::{Flight, PositionManager};
use crate::trouble::Troubles;
use futures_util::future::Either;
use plimsoll_domain::{NewOrder, Order, OrderKind, OrderSize, Price};
use plimsoll_ports::{Alert, Purpose, Severity};

/// What became of an entry, and of its stop as far as that was sent.
pub(super) struct Entered {
    pub(super) execution: Execution,
    pub(super) stop: EntryStop,
}

impl PositionManager {
    /// Enters, with the protection journalled first, and the stop at the venue first where that takes it: whoever finds the
    /// entry filled after a crash finds what protects it, or was to.
    pub(super) async fn enter_protectably(
        &self,
        plan: &Plan<'_>,
        approved: &Approved,
        troubles: &mut Troubles,
    ) -> Result<Entered, OpenFailure> {
        let order = NewOrder {
            client_order_id: plan.id.order(Purpose::Entry, 0),
            symbol: plan.intent.symbol.clone(),
            side: plan.intent.direction.opening_side(),
            position_side: plan.side,
            kind: plan.kind(),
            size: OrderSize::Quantity(approved.quantity),
            reduce_only: false,
        };
        let wanted = [Purpose::StopLoss, Purpose::TakeProfit].map(|purpose| plan.wanted(purpose));
        let mut wanted: Vec<Wanted<'_>> = wanted.into_iter().flatten().collect();
        if let Err((id, error)) = self.intend_protection(&wanted).await {
            return Err(OpenFailure::Order { id, failure: SendFailure::NotJournalled(error) });
        }
        let (entered, stop) = match self.stop_ahead(plan, troubles).await {
            Ok(stop) => self.enter(plan, &order, stop, troubles).await,
            Err(failure) => {
                wanted.retain(|it| it.purpose != Purpose::StopLoss);
                (Err(OpenFailure::NotProtectable(failure)), EntryStop::follows(0))
            }
        };
        match entered {
            Ok(execution) => Ok(Entered { execution, stop }),
            Err(failure) => {
                if !failure.may_be_live() {
                    self.write_off(plan, wanted, &stop, troubles).await;
                }
                Err(failure)
            }
        }
    }

    /// The entry came to nothing: so does what was to protect it.
    async fn write_off(&self, plan: &Plan<'_>, wanted: Vec<Wanted<'_>>, stop: &EntryStop, troubles: &mut Troubles) {
        for mut it in wanted {
            if it.purpose == Purpose::StopLoss {
                it.id = plan.id.order(it.purpose, stop.attempt);
                if let Some(outcome) = &stop.outcome {
                    let may_rest = outcome.as_ref().err().is_none_or(may_rest);
                    match plan.held() {
                        // What was without a stop before is without one again.
                        Some(_) if may_rest => drop(self.cancel(&it.instrument.symbol, &it.id, troubles).await),
                        None if may_rest => self.call_off(&it, troubles).await,
                        _ => {}
                    }
                    continue;
                }
            }
            self.drop_protection(&it, "its entry came to nothing", troubles).await;
        }
    }

    async fn enter(
        &self,
        plan: &Plan<'_>,
        order: &NewOrder,
        stop: EntryStop,
        troubles: &mut Troubles,
    ) -> (Result<Execution, OpenFailure>, EntryStop) {
        match self.is_stopped_by_anyone(plan).await {
            Ok(false) => {}
            Ok(true) => return (Err(OpenFailure::Flattening), stop),
            Err(error) => return (Err(error.into()), stop),
        }
        if let Err(failure) = self.refuse_what_has_grown_old(plan, troubles).await {
            return (Err(failure), stop);
        }
        let (placed, stop) = self.send_entry(plan, order, stop, troubles).await;
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

    /// Sends the entry; while what became of it is looked up, its stop is on its way already, or rests.
    async fn send_entry(
        &self,
        plan: &Plan<'_>,
        order: &NewOrder,
        mut stop: EntryStop,
        troubles: &mut Troubles,
    ) -> (Result<Placed, SendFailure>, EntryStop) {
        let _flight = Flight::of(&self.in_flight, &order.client_order_id);
        let carried = self.carried_by(plan, &stop);
        let trigger = carried.as_ref().map(|(_, trigger)| *trigger);
        stop.is_carried = trigger.is_some();
        // Its answer may be late, or lost: what it carried is asked for meanwhile.
        let mut attached = Vec::new();
        let dispatch = self.path.dispatch((order, trigger), Purpose::Entry, Wait::Patiently, troubles);
        let dispatched = match &carried {
            Some((wanted, trigger)) => beside_it(dispatch, self.await_attached(wanted, *trigger), &mut attached).await,
            None => dispatch.await,
        };
        let placed = match dispatched {
            Ok(dispatched) => {
                let mut beside = Troubles::default();
                let sent = self.stop_on_its_heels(plan, (order, &dispatched), &mut stop, &mut beside);
                let evidence = Evidence::Position(plan.held());
                let follow = self.path.conclude(order, dispatched.clone(), evidence, troubles);
                let both = futures_util::future::join(follow, sent);
                let (placed, ()) = match &carried {
                    Some((wanted, trigger)) if attached.is_empty() => {
                        beside_it(both, self.await_attached(wanted, *trigger), &mut attached).await
                    }
                    _ => both.await,
                };
                stop.attached = attached;
                troubles.join(beside);
                placed
            }
            Err(failure) => {
                if let (SendFailure::Refused(refusal), true) = (&failure, stop.is_carried) {
                    self.note_refusal(refusal.reason);
                }
                Err(failure)
            }
        };
        self.tell_of_journal(&order.client_order_id, troubles).await;
        (placed, stop)
    }

    /// The stop that the entry is to carry, and where it triggers: one that was not sent before it.
    fn carried_by<'p>(&self, plan: &'p Plan<'_>, stop: &EntryStop) -> Option<(Wanted<'p>, Price)> {
        let wanted = plan.wanted(Purpose::StopLoss).filter(|_| stop.outcome.is_none());
        let trigger = self.to_attach(wanted.as_ref(), &plan.reading.snapshot.orders)?;
        wanted.map(|wanted| (wanted, trigger))
    }

    /// The stop of what begins with this entry, sent once the venue has accepted a market order: it fills at once, if at
    /// all. What is added to has its stop already, which is replaced when the entry has filled; and what is refused, since
    /// the position is not there yet, is sent again then.
    async fn stop_on_its_heels(
        &self,
        plan: &Plan<'_>,
        (order, dispatched): (&NewOrder, &Dispatched),
        stop: &mut EntryStop,
        troubles: &mut Troubles,
    ) {
        let begins = plan.held().is_none() && order.kind == OrderKind::Market && dispatched.order_id.is_some();
        let Some(mut wanted) = plan.wanted(Purpose::StopLoss).filter(|_| begins && stop.outcome.is_none()) else {
            return;
        };
        wanted.id = plan.id.order(Purpose::StopLoss, stop.attempt);
        let is_in_the_way = self.stands_in_the_way(&wanted);
        if plan.reading.snapshot.orders.iter().any(is_in_the_way) || self.is_stopped_since(plan) {
            return;
        }
        let Ok(trigger) = wanted.rounded() else { return };
        stop.outcome = Some(self.place_protection(&wanted, trigger, troubles).await);
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

/// What comes of `main`, which is not waited for any longer than it takes; what comes of `beside` by then is in `found`.
async fn beside_it<T>(
    main: impl Future<Output = T>,
    beside: impl Future<Output = Vec<Order>>,
    found: &mut Vec<Order>,
) -> T {
    let (main, beside) = (std::pin::pin!(main), std::pin::pin!(beside));
    match futures_util::future::select(main, beside).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right((orders, main)) => {
            *found = orders;
            main.await
        }
    }
}
