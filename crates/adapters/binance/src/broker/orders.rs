//! Sending, finding, changing and cancelling orders across the venue's two services.

use super::BinanceBroker;
use crate::wire::body;
use crate::wire::request::{self, Place, WhichOrder};
use plimsoll_domain::{ClientOrderId, NewOrder, Order, OrderId, Price, Quantity, Symbol};
use plimsoll_ports::{CommandError, NotSent, PlaceError, Refusal, RefusalReason};
use plimsoll_transport::Priority::{Ordinary, ReducesRisk};
use plimsoll_venue::CallError;

/// "Unknown order sent.": final, never here, or of the other service.
const CANCEL_REJECTED: &str = "-2011";
/// "Order does not exist.": forgotten, never here, or of the other service.
const NO_SUCH_ORDER: &str = "-2013";

impl BinanceBroker {
    pub(super) async fn send(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        let native = self.shared.native(&order.symbol).await?;
        if order.adds_exposure() {
            self.shared.directory.listing.may_open(&self.shared.client, &order.symbol).await?;
        }
        let Some(call) = request::place(&Place::new(order, &native)) else {
            let reason = "only a conditional order can be for the whole position".to_owned();
            return Err(PlaceError::NotSent(NotSent::Invalid(reason)));
        };
        let priority = if order.adds_exposure() { Ordinary } else { ReducesRisk };
        let conditional = order.kind.order_type().is_conditional();
        let read = if conditional { body::algo_placed } else { body::placed };
        self.shared.memory.sent(&order.client_order_id, conditional);
        let id = self.shared.client.read(&call, priority, read).await?;
        self.shared.memory.placed(&order.symbol, &order.client_order_id, &id, conditional);
        Ok(id)
    }

    /// Looks in both services, since an id alone does not say which. A conditional order that has triggered keeps its
    /// identity and takes its child's fills.
    pub(super) async fn look_up(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, CallError> {
        let native = self.shared.native(symbol).await?;
        let found = match self.shared.memory.is_conditional(id) {
            Some(true) => self.conditional(id).await?,
            Some(false) => self.ordinary(&native, WhichOrder::Client(id)).await?,
            None => {
                let (conditional, ordinary) =
                    tokio::join!(self.conditional(id), self.ordinary(&native, WhichOrder::Client(id)));
                match (conditional, ordinary) {
                    (Ok(Some(order)), _) | (Ok(None), Ok(Some(order))) => Some(order),
                    (Ok(None), Ok(None)) => None,
                    (Err(error), _) | (_, Err(error)) => return Err(error),
                }
            }
        };
        let Some(order) = found.filter(|order| order.symbol == *symbol) else { return Ok(None) };
        self.shared.memory.learn(&order);
        let Some(child) = &order.child else { return Ok(Some(order)) };
        let child = self.ordinary(&native, WhichOrder::Id(child)).await?;
        Ok(Some(match child {
            Some(child) => {
                self.shared.memory.learn(&child);
                after_trigger(order, child)
            }
            None => order,
        }))
    }

    async fn ordinary(&self, native: &str, which: WhichOrder<'_>) -> Result<Option<Order>, CallError> {
        if_known(self.shared.ask(&request::order(native, which), ReducesRisk, body::order).await)
    }

    async fn conditional(&self, id: &ClientOrderId) -> Result<Option<Order>, CallError> {
        let call = request::algo_order(WhichOrder::Client(id));
        if_known(self.shared.ask(&call, ReducesRisk, body::algo_order).await)
    }

    /// The venue wants the order's side again, so it is looked up first.
    pub(super) async fn change(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), CommandError> {
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        let which = WhichOrder::Client(id);
        let Some(order) = self.ordinary(&native, which).await.or_else(CallError::nothing_sent)? else {
            return Err(CommandError::Refused(unknown(id)));
        };
        if order.status.is_final() {
            return Err(CommandError::Refused(unknown(id)));
        }
        let priority = if order.adds_exposure() { Ordinary } else { ReducesRisk };
        self.shared.command(&request::amend(&native, which, order.side, quantity, price), priority).await
    }

    /// Tries the service that has the order, as far as we remember, then the other: nothing is cancelled twice, since one
    /// id is known to one of them at most.
    pub(super) async fn cancel_one(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        let (ordinary, conditional) =
            (request::cancel(&native, WhichOrder::Client(id)), request::cancel_algo(WhichOrder::Client(id)));
        let services = match self.shared.memory.is_conditional(id) {
            Some(true) => vec![conditional],
            Some(false) => vec![ordinary],
            None => vec![ordinary, conditional],
        };
        let mut outcome = Err(CommandError::Refused(unknown(id)));
        for call in &services {
            outcome = self.shared.command(call, ReducesRisk).await;
            if !is_unknown(&outcome) {
                break;
            }
        }
        outcome
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

fn if_known(found: Result<Order, CallError>) -> Result<Option<Order>, CallError> {
    match found {
        Ok(order) => Ok(Some(order)),
        Err(error) if matches!(error.code(), Some(NO_SUCH_ORDER | CANCEL_REJECTED)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_unknown(outcome: &Result<(), CommandError>) -> bool {
    matches!(outcome, Err(CommandError::Refused(refusal)) if refusal.reason == RefusalReason::UnknownOrder)
}

fn unknown(id: &ClientOrderId) -> Refusal {
    Refusal {
        reason: RefusalReason::UnknownOrder,
        code: NO_SUCH_ORDER.to_string(),
        message: format!("no open order goes by {id}"),
    }
}
