//! Sending, finding, changing and cancelling orders across the venue's two services.

use super::GateioBroker;
use crate::wire::request::{self, Place, WhichOrder};
use crate::wire::{Call, UnevenSize, body};
use plimsoll_domain::{
    ClientOrderId, NewOrder, Order, OrderId, OrderStatus, PositionMode, PositionSide, Price, Quantity, Symbol,
};
use plimsoll_ports::{CommandError, NotSent, PlaceError, Refusal, RefusalReason};
use plimsoll_transport::Priority::{Ordinary, ReducesRisk};
use plimsoll_venue::CallError;
use std::time::Duration;

/// Unknown, forgotten, or of the other service.
const NO_SUCH_ORDER: &str = "ORDER_NOT_FOUND";
/// The venue shows an order that became of a trigger at once; one that it does not show after this time is gone.
const CHILD_SHOWS_WITHIN: Duration = Duration::from_secs(60);

impl GateioBroker {
    pub(super) async fn send(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        let listed = self.shared.knowing(&order.symbol).await?;
        let native = listed.native(&order.symbol)?;
        if order.adds_exposure() {
            self.shared.directory.listing.may_open(&self.shared.client, &order.symbol).await?;
        }
        self.fits_mode(order).await?;
        let uneven = |error: UnevenSize| PlaceError::NotSent(NotSent::Invalid(error.to_string()));
        let Some(call) = request::place(&Place::new(order, &native, &listed.symbols).map_err(uneven)?) else {
            let reason = "the venue has no word for this time in force".to_owned();
            return Err(PlaceError::NotSent(NotSent::Invalid(reason)));
        };
        let priority = if order.adds_exposure() { Ordinary } else { ReducesRisk };
        let conditional = order.kind.order_type().is_conditional();
        self.shared.memory.sent(&order.client_order_id, conditional);
        let id = self.shared.client.read(&call, priority, body::placed).await?;
        self.shared.names.placed(&order.symbol, &order.client_order_id, &id, conditional);
        self.shared.memory.placed(&order.symbol, &order.client_order_id, &id, conditional);
        Ok(id)
    }

    /// An order does not say which mode it is meant for: in the other one it would be taken for something else. Before it
    /// is refused, the venue is asked whether the mode has changed.
    async fn fits_mode(&self, order: &NewOrder) -> Result<(), PlaceError> {
        let meant = match order.position_side {
            PositionSide::Both => PositionMode::OneWay,
            PositionSide::Long | PositionSide::Short => PositionMode::Hedge,
        };
        if self.shared.mode().await.map_err(CallError::before_sending)? == meant {
            return Ok(());
        }
        self.shared.account(ReducesRisk).await.map_err(CallError::before_sending)?;
        match self.shared.known_mode() {
            Some(mode) if mode != meant => {
                let reason = format!("position side {} and a {mode} account do not go together", order.position_side);
                Err(PlaceError::NotSent(NotSent::Invalid(reason)))
            }
            _ => Ok(()),
        }
    }

    /// Looks in both services, since an id alone does not say which. A conditional order that has triggered keeps its
    /// identity and takes its child's fills.
    pub(super) async fn look_up(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, CallError> {
        let native = self.shared.native(symbol).await?;
        let found = match self.shared.memory.is_conditional(id) {
            Some(true) => self.conditional(symbol, &native, id).await?,
            Some(false) => self.ordinary(symbol, &native, id).await?,
            None => {
                let (conditional, ordinary) =
                    tokio::join!(self.conditional(symbol, &native, id), self.ordinary(symbol, &native, id));
                match (conditional, ordinary) {
                    (Ok(Some(order)), _) | (Ok(None), Ok(Some(order))) => Some(order),
                    (Ok(None), Ok(None)) => None,
                    (Err(error), _) | (_, Err(error)) => return Err(error),
                }
            }
        };
        let Some(order) = found.filter(|order| order.symbol == *symbol) else { return Ok(None) };
        self.shared.memory.learn(&order);
        let Some(child) = order.child.clone() else { return Ok(Some(order)) };
        let child = self.by_call(&request::order(WhichOrder::Id(&child))).await?;
        Ok(Some(match child {
            Some(child) => {
                self.shared.memory.learn(&child);
                after_trigger(order, child)
            }
            None if self.shared.client.venue_time().since(order.updated.time) > CHILD_SHOWS_WITHIN => {
                Order { status: OrderStatus::Expired, ..order }
            }
            None => order,
        }))
    }

    /// By the venue's id where it is known: it finds for longer. Some filled orders were not found by ours: they are
    /// among the last of their contract.
    async fn ordinary(&self, symbol: &Symbol, native: &str, id: &ClientOrderId) -> Result<Option<Order>, CallError> {
        if let Some(known) = self.shared.names.ordinary(symbol, id) {
            return self.by_call(&request::order(WhichOrder::Id(&known))).await;
        }
        if let Some(order) = self.by_call(&request::order(WhichOrder::Client(id))).await? {
            return Ok(Some(order));
        }
        let finished = self.shared.ask(&request::finished_orders(native, 0), ReducesRisk, body::orders).await?;
        Ok(finished.into_iter().find(|order| order.client_order_id == *id))
    }

    async fn by_call(&self, call: &Call) -> Result<Option<Order>, CallError> {
        let found = if_known(self.shared.ask(call, ReducesRisk, body::order).await)?.flatten();
        if let Some(order) = &found {
            self.shared.names.learn(order);
        }
        Ok(found)
    }

    /// By the venue's id where it is known, else among the open ones of the contract, else among the ended.
    async fn conditional(&self, symbol: &Symbol, native: &str, id: &ClientOrderId) -> Result<Option<Order>, CallError> {
        if let Some(known) = self.shared.names.trigger(symbol, id) {
            let call = request::trigger(&known);
            let mut found = if_known(self.shared.ask(&call, ReducesRisk, body::trigger).await)?;
            if let Some(order) = &mut found {
                self.shared.names.rename(order);
            }
            return Ok(found);
        }
        for call in [request::open_triggers(Some(native), 0), request::finished_triggers(Some(native), 0)] {
            let orders = self.shared.ask(&call, ReducesRisk, body::triggers).await?;
            if let Some(order) = orders.into_iter().find(|order| order.client_order_id == *id) {
                self.shared.names.learn(&order);
                return Ok(Some(order));
            }
        }
        Ok(None)
    }

    /// The venue wants the size with its sign, so the order is looked up first.
    pub(super) async fn change(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), CommandError> {
        let listed = self.shared.knowing(symbol).await.or_else(CallError::nothing_sent)?;
        let native = listed.native(symbol).or_else(CallError::nothing_sent)?;
        let uneven = |error: UnevenSize| CommandError::NotSent(NotSent::Invalid(error.to_string()));
        let contracts = listed.symbols.contracts(symbol, quantity).map_err(uneven)?;
        let found = self.ordinary(symbol, &native, id).await.or_else(CallError::nothing_sent)?;
        let Some(order) = found.filter(|order| !order.status.is_final()) else {
            return Err(CommandError::Refused(unknown(id)));
        };
        let priority = if order.adds_exposure() { Ordinary } else { ReducesRisk };
        let call = request::amend(WhichOrder::Id(&order.order_id), order.side, contracts, price);
        self.shared.command(&call, priority).await
    }

    /// Tries the service that has the order, as far as we remember, then the other: nothing is cancelled twice, since one
    /// id is known to one of them at most.
    pub(super) async fn cancel_one(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        match self.shared.memory.is_conditional(id) {
            Some(true) => self.cancel_trigger(symbol, id).await,
            Some(false) => self.cancel_ordinary(symbol, id).await,
            None => match self.cancel_ordinary(symbol, id).await {
                outcome if is_unknown(&outcome) => self.cancel_trigger(symbol, id).await,
                outcome => outcome,
            },
        }
    }

    async fn cancel_ordinary(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        let known = self.shared.names.ordinary(symbol, id);
        let which = known.as_ref().map_or(WhichOrder::Client(id), WhichOrder::Id);
        self.shared.command(&request::cancel(which), ReducesRisk).await
    }

    /// The venue takes its own id only.
    async fn cancel_trigger(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        let known = match self.shared.names.trigger(symbol, id) {
            Some(known) => known,
            None => {
                let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
                let found = self.conditional(symbol, &native, id).await.or_else(CallError::nothing_sent)?;
                let waiting = found.filter(|order| !order.status.is_final() && order.child.is_none());
                waiting.ok_or_else(|| CommandError::Refused(unknown(id)))?.order_id
            }
        };
        self.shared.command(&request::cancel_trigger(&known), ReducesRisk).await
    }
}

/// The conditional order with what its child has filled.
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

fn if_known<T>(found: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match found {
        Ok(order) => Ok(Some(order)),
        Err(error) if matches!(error.code(), Some(NO_SUCH_ORDER | "CLIENT_ID_NOT_FOUND" | "AUTO_ORDER_NOT_FOUND")) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn is_unknown(outcome: &Result<(), CommandError>) -> bool {
    matches!(outcome, Err(CommandError::Refused(refusal)) if refusal.reason == RefusalReason::UnknownOrder)
}

fn unknown(id: &ClientOrderId) -> Refusal {
    Refusal {
        reason: RefusalReason::UnknownOrder,
        code: NO_SUCH_ORDER.to_owned(),
        message: format!("no open order goes by {id}"),
    }
}
