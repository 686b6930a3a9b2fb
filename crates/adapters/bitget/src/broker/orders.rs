//! Sending, finding, changing and cancelling orders, and the plan orders that the venue keeps beside them.

use super::BitgetBroker;
use crate::wire::Protocol;
use crate::wire::body::{self, PlanOrder};
use crate::wire::request::{self, Place, PlanKind, WhichOrder};
use plimsoll_domain::{
    AccountEvent, ClientOrderId, MarginMode, NewOrder, Order, OrderId, OrderKind, OrderSize, OrderStatus, Price, Symbol,
};
use plimsoll_ports::{CommandError, NotSent, PlaceError, Refusal, RefusalReason};
use plimsoll_transport::Priority::{self, Ordinary, ReducesRisk};
use plimsoll_venue::{Beside, CallError, Class};
use std::collections::BTreeSet;

/// "The order does not exist".
const NO_SUCH_ORDER: &str = "43001";

/// The margin mode of an order is not that of its contract.
const OTHER_MARGIN_MODE: &str = "45117";

impl BitgetBroker {
    /// Sends an order, with a stop attached where one is wanted.
    pub(super) async fn send(&self, order: &NewOrder, stop: Option<Price>) -> Result<OrderId, PlaceError> {
        let native = self.shared.native(&order.symbol).await?;
        if order.adds_exposure() {
            self.shared.directory.listing.may_open(&self.shared.client, &order.symbol).await?;
        }
        let reduces = !order.adds_exposure();
        let priority = if reduces { ReducesRisk } else { Ordinary };
        let (directory, client) = (&self.shared.directory, &self.shared.client);
        let mode = directory.margin_mode(client, &native, reduces).await.map_err(CallError::before_sending)?;
        let refused = match self.send_as((order, stop), &native, mode, priority).await {
            Err(PlaceError::Refused(refusal)) if refusal.code == OTHER_MARGIN_MODE => refusal,
            outcome => return outcome,
        };
        // The venue certainly did nothing, and somebody may have set another mode meanwhile. What closes goes out with that,
        // once: it matters more that it closes. What opens was checked against the mode that is no longer set.
        directory.forget_margin_mode(&native);
        if !reduces {
            return Err(PlaceError::Refused(refused));
        }
        match directory.margin_mode(client, &native, reduces).await {
            Ok(now) if now != mode => Box::pin(self.send_as((order, stop), &native, now, priority)).await,
            _ => Err(PlaceError::Refused(refused)),
        }
    }

    async fn send_as(
        &self,
        (order, stop): (&NewOrder, Option<Price>),
        native: &str,
        mode: MarginMode,
        priority: Priority,
    ) -> Result<OrderId, PlaceError> {
        let place = Place::new(order, native, mode).with_stop(stop);
        let Some(call) = request::place(&place) else {
            let reason = match order.size {
                OrderSize::WholePosition => "only a conditional order can be for the whole position",
                OrderSize::Quantity(_) => "the venue has no such time in force",
            };
            return Err(PlaceError::NotSent(NotSent::Invalid(reason.to_owned())));
        };
        let plan_type = request::plan_type(&place);
        match plan_type {
            Some(plan_type) => self.shared.known.is_plan(&order.client_order_id, plan_type),
            // The stream may tell of it before the answer comes.
            None => self.shared.known.is_sent(order),
        }
        self.shared.memory.sent(&order.client_order_id, plan_type.is_some());
        let id = match self.shared.client.read(&call, priority, body::placed).await {
            Ok(Some(id)) => id,
            Ok(None) => self.id_of(order).await?,
            Err(error) => return Err(error.into()),
        };
        match plan_type {
            None => self.shared.known.placed(order, &id),
            Some(_) => self.tell_plan(order, &id),
        }
        self.shared.memory.placed(&order.symbol, &order.client_order_id, &id, plan_type.is_some());
        Ok(id)
    }

    /// The older dialect tells of no plan order.
    fn tell_plan(&self, order: &NewOrder, id: &OrderId) {
        if self.shared.client.rest().settings.protocol == Protocol::V2 {
            return;
        }
        let quantity = match order.size {
            OrderSize::Quantity(quantity) => Some(quantity),
            OrderSize::WholePosition => None,
        };
        let (OrderKind::StopMarket { trigger, .. } | OrderKind::TakeProfitMarket { trigger, .. }) = order.kind else {
            return;
        };
        self.shared.tell(AccountEvent::Order(Order {
            order_id: id.clone(),
            client_order_id: order.client_order_id.clone(),
            symbol: order.symbol.clone(),
            side: order.side,
            position_side: order.position_side,
            order_type: order.kind.order_type(),
            time_in_force: None,
            price: None,
            trigger: Some(trigger),
            quantity,
            filled: None,
            average_price: None,
            reduce_only: !order.adds_exposure(),
            close_position: quantity.is_none(),
            child: None,
            status: OrderStatus::New,
            updated: self.shared.stamp(),
        }));
    }

    /// The older dialect tells of no plan order: the account is read again.
    fn doubt_plans(&self) {
        if self.shared.client.rest().settings.protocol == Protocol::MixV1 {
            // An error means that there is no stream.
            drop(self.shared.ours.send(Beside::Doubt("plan orders were cancelled".to_owned())));
        }
    }

    /// The venue has taken the order and did not say its id, as happens when it displaces older ones.
    async fn id_of(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        match self.look_up(&order.symbol, &order.client_order_id).await {
            Ok(Some(found)) => Ok(found.order_id),
            Ok(None) => Err(PlaceError::Unanswered("the order was taken without an id".to_owned())),
            Err(error) => Err(PlaceError::Unanswered(format!("the order was taken without an id: {error}"))),
        }
    }

    /// Looks among both kinds of orders, since an id alone does not say which. A plan order that has executed keeps its
    /// identity and takes its child's fills.
    pub(super) async fn look_up(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, CallError> {
        let native = self.shared.native(symbol).await?;
        let found = match self.shared.memory.is_conditional(id) {
            Some(true) => self.plan(&native, id).await?.map(|plan| plan.order),
            Some(false) => self.ordinary(&native, WhichOrder::Client(id)).await?,
            None => {
                let (plan, ordinary) =
                    tokio::join!(self.plan(&native, id), self.ordinary(&native, WhichOrder::Client(id)));
                match (plan, ordinary) {
                    (Ok(Some(plan)), _) => Some(plan.order),
                    (Ok(None), Ok(order)) => order,
                    (Err(error), _) | (_, Err(error)) => return Err(error),
                }
            }
        };
        let Some(order) = found.filter(|order| order.symbol == *symbol) else { return Ok(None) };
        self.shared.learn(&order);
        let Some(child) = &order.child else { return Ok(Some(order)) };
        let child = self.ordinary(&native, WhichOrder::Id(child)).await?;
        Ok(Some(match child {
            Some(child) => {
                self.shared.learn(&child);
                after_trigger(order, child)
            }
            None => order,
        }))
    }

    pub(super) async fn ordinary(&self, native: &str, which: WhichOrder<'_>) -> Result<Option<Order>, CallError> {
        match self.shared.ask(&request::order(native, which), ReducesRisk, body::order).await {
            Err(error) if is_gone(&error) => Ok(None),
            found => found,
        }
    }

    /// A plan order, among those that wait and then among those that wait no longer; of the kind that it is remembered to
    /// be, or of all.
    async fn plan(&self, native: &str, id: &ClientOrderId) -> Result<Option<PlanOrder>, CallError> {
        let kinds: Vec<PlanKind> = match self.shared.known.plan_type(id).as_deref() {
            Some("normal_plan") => vec![PlanKind::Trigger],
            Some("track_plan") => vec![PlanKind::Trailing],
            Some(_) => vec![PlanKind::StopLossTakeProfit],
            None => PlanKind::ALL.to_vec(),
        };
        let which = WhichOrder::Client(id);
        for open in [true, false] {
            for kind in &kinds {
                let call = if open {
                    request::open_plan(*kind, native, which)
                } else {
                    request::past_plan(*kind, native, which)
                };
                let page = match self.shared.ask(&call, ReducesRisk, body::plans).await {
                    Err(error) if is_gone(&error) => continue,
                    page => page?,
                };
                if let Some(plan) = page.rows.into_iter().find(|plan| plan.order.client_order_id == *id) {
                    self.shared.known.is_plan(id, &plan.plan_type);
                    return Ok(Some(plan));
                }
            }
        }
        Ok(None)
    }

    /// No order is changed in its place.
    pub(super) async fn change(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        match self.look_up(symbol, id).await.or_else(CallError::nothing_sent)? {
            Some(order) if !order.status.is_final() => {
                let reason = "the venue changes no order in its place: cancel it, and place another".to_owned();
                Err(CommandError::NotSent(NotSent::Invalid(reason)))
            }
            _ => Err(CommandError::Refused(unknown(id))),
        }
    }

    /// Tries where the order is, as far as we remember, then elsewhere: nothing is cancelled twice, since one id is of one
    /// kind at most.
    pub(super) async fn cancel_one(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        if self.shared.memory.is_conditional(id) != Some(true) {
            let call = request::cancel(&native, WhichOrder::Client(id));
            let outcome = self.shared.command(&call, ReducesRisk).await;
            if self.shared.memory.is_conditional(id) == Some(false) || !is_unknown(&outcome) {
                return outcome;
            }
        }
        self.cancel_plan(&native, id).await
    }

    async fn cancel_plan(&self, native: &str, id: &ClientOrderId) -> Result<(), CommandError> {
        let plan_type = match self.shared.known.plan_type(id) {
            Some(plan_type) => plan_type,
            None => {
                let waiting = self.waiting(Some(native), ReducesRisk).await.or_else(CallError::nothing_sent)?;
                let found = waiting.into_iter().find(|plan| plan.order.client_order_id == *id);
                found.ok_or_else(|| CommandError::Refused(unknown(id)))?.plan_type
            }
        };
        let call = request::cancel_plan(native, WhichOrder::Client(id), &plan_type);
        // The answer is a success whatever became of its one order.
        match self.shared.client.read(&call, ReducesRisk, body::cancelled).await {
            Ok(cancelled) if cancelled.done == 0 => Err(CommandError::Refused(unknown(id))),
            Ok(_) => {
                self.doubt_plans();
                Ok(())
            }
            Err(error) => error.command_outcome(),
        }
    }

    /// One listing that fails keeps the others from nothing.
    pub(super) async fn cancel_every(&self, symbol: &Symbol) -> Result<(), CommandError> {
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        let orders = unless_none(self.shared.command(&request::cancel_all(&native), ReducesRisk).await);
        let waiting = self.waiting(Some(&native), ReducesRisk).await.or_else(CallError::nothing_sent);
        let mut plans = waiting.as_ref().map(|_| ()).map_err(Clone::clone);
        let kinds: BTreeSet<String> = waiting.into_iter().flatten().map(|plan| plan.plan_type).collect();
        for plan_type in kinds {
            let call = request::cancel_all_plans(&native, &plan_type);
            let outcome = unless_none(self.shared.command(&call, ReducesRisk).await);
            plans = plans.and(outcome);
        }
        self.doubt_plans();
        orders.and(plans)
    }
}

impl BitgetBroker {
    /// Cancels all of every kind that is among these: the venue keeps plan orders apart by kind. One kind that fails keeps the
    /// others from nothing.
    pub(super) async fn cancel_kinds(&self, listed: &[Order]) -> Result<Vec<OrderId>, CommandError> {
        let kinds: BTreeSet<Option<String>> =
            listed.iter().map(|order| self.shared.known.plan_type(&order.client_order_id)).collect();
        let mut outcomes = Vec::new();
        for kind in kinds {
            let call = kind.map_or_else(request::cancel_everything, |kind| request::cancel_every_plan(&kind));
            outcomes.push(match self.shared.client.read(&call, ReducesRisk, body::cancelled_ids).await {
                Err(error) if is_gone(&error) => Ok(Vec::new()),
                outcome => outcome.or_else(|error| error.command_outcome().map(|()| Vec::new())),
            });
        }
        self.doubt_plans();
        let each: Result<Vec<Vec<OrderId>>, CommandError> = outcomes.into_iter().collect();
        each.map(|ids| ids.concat())
    }
}

/// The plan order with what its child has filled.
fn after_trigger(order: Order, child: Order) -> Order {
    Order {
        filled: child.filled,
        average_price: child.average_price,
        quantity: order.quantity.or(child.quantity),
        status: child.status,
        updated: child.updated.max(order.updated),
        ..order
    }
}

fn is_gone(error: &CallError) -> bool {
    let CallError::Venue(failure, _) = error else { return false };
    failure.class == Class::Race && failure.reason == RefusalReason::UnknownOrder
}

fn is_unknown(outcome: &Result<(), CommandError>) -> bool {
    matches!(outcome, Err(CommandError::Refused(refusal)) if refusal.reason == RefusalReason::UnknownOrder)
}

/// Where there is nothing to cancel, everything is cancelled.
fn unless_none(outcome: Result<(), CommandError>) -> Result<(), CommandError> {
    if is_unknown(&outcome) { Ok(()) } else { outcome }
}

fn unknown(id: &ClientOrderId) -> Refusal {
    Refusal {
        reason: RefusalReason::UnknownOrder,
        code: NO_SUCH_ORDER.to_owned(),
        message: format!("no open order goes by {id}"),
    }
}
