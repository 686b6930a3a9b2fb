//! What a broker promises.

use super::{Promises, are_different};
use async_trait::async_trait;
use plimsoll_domain::{
    AccountSnapshot, BalanceReport, Booking, ClientOrderId, Fill, FundingPayment, Instrument, Leverage, MarginMode,
    Money, NewOrder, Order, OrderId, PositionMode, PositionReport, PositionSide, Price, Quantity, Symbol, Timestamp,
    VenueId,
};
use plimsoll_ports::{Broker, CommandError, PlaceError, QueryError};
use std::sync::Arc;

/// A broker of which every answer is judged.
pub(super) struct JudgedBroker {
    broker: Arc<dyn Broker>,
    promises: Promises,
}

impl JudgedBroker {
    pub(super) fn new(broker: Arc<dyn Broker>, promises: Promises) -> Self {
        Self { broker, promises }
    }

    fn positions_are(&self, positions: &[PositionReport]) {
        let are_open = positions.iter().all(|it| it.position.is_some());
        let are_once = are_different(positions.iter().map(|it| (&it.symbol, it.position_side)));
        self.promises.hold("every open position, once", are_open && are_once, || format!("{positions:?}"));
    }

    fn orders_are(&self, orders: &[Order], symbol: Option<&Symbol>) {
        let are_asked = orders.iter().all(|it| symbol.is_none_or(|symbol| it.symbol == *symbol));
        let are_open = orders.iter().all(|it| !it.status.is_final());
        let are_once = are_different(orders.iter().map(|it| (&it.order_id, it.order_type.is_conditional())));
        let promise = "every open order of what was asked, once";
        self.promises.hold(promise, are_asked && are_open && are_once, || format!("{orders:?}"));
    }

    fn balances_are(&self, balances: &[BalanceReport]) {
        let are_once = are_different(balances.iter().map(|it| &it.currency));
        self.promises.hold("every balance, once", are_once, || format!("{balances:?}"));
    }
}

#[async_trait]
impl Broker for JudgedBroker {
    fn venue(&self) -> VenueId {
        self.broker.venue()
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        self.broker.instruments().await
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        let instrument = self.broker.instrument(symbol).await?;
        let is_it = instrument.symbol == *symbol && instrument.venue == self.broker.venue();
        self.promises.hold("the contract that was asked for", is_it, || format!("{instrument:?}"));
        Ok(instrument)
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        let snapshot = self.broker.account().await?;
        self.positions_are(&snapshot.positions);
        self.orders_are(&snapshot.orders, None);
        self.balances_are(&snapshot.balances);
        Ok(snapshot)
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        let positions = self.broker.positions().await?;
        self.positions_are(&positions);
        Ok(positions)
    }

    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError> {
        let balances = self.broker.balances().await?;
        self.balances_are(&balances);
        Ok(balances)
    }

    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError> {
        let orders = self.broker.open_orders(symbol).await?;
        self.orders_are(&orders, symbol);
        Ok(orders)
    }

    async fn order(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError> {
        let order = self.broker.order(symbol, id).await?;
        let is_it = order.as_ref().is_none_or(|it| it.symbol == *symbol && it.client_order_id == *id);
        self.promises.hold("the order that was asked for, or none", is_it, || format!("{id}: {order:?}"));
        Ok(order)
    }

    async fn fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError> {
        let fills = self.broker.fills(symbol, since).await?;
        let are_asked = fills.iter().all(|it| it.symbol == *symbol && it.time >= since);
        let are_sorted = fills.is_sorted_by_key(|it| it.time) && are_different(fills.iter().map(|it| &it.trade_id));
        let promise = "the trades since then, oldest first, each once";
        self.promises.hold(promise, are_asked && are_sorted, || format!("since {since}: {fills:?}"));
        Ok(fills)
    }

    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError> {
        let payments = self.broker.funding_payments(since).await?;
        let are_asked = payments.iter().all(|it| it.id.is_some() && it.time >= since);
        let are_sorted = payments.is_sorted_by_key(|it| it.time) && are_different(payments.iter().map(|it| &it.id));
        let promise = "the funding since then, oldest first, each once, with the venue's id";
        self.promises.hold(promise, are_asked && are_sorted, || format!("since {since}: {payments:?}"));
        Ok(payments)
    }

    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError> {
        let bookings = self.broker.bookings(since).await?;
        let are_asked = bookings.iter().all(|it| it.time >= since);
        let are_sorted = bookings.is_sorted_by_key(|it| it.time) && are_different(bookings.iter().map(|it| &it.id));
        let promise = "what was booked since then, oldest first, each once";
        self.promises.hold(promise, are_asked && are_sorted, || format!("since {since}: {bookings:?}"));
        Ok(bookings)
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        self.broker.place(order).await
    }

    async fn amend(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), CommandError> {
        self.broker.amend(symbol, id, quantity, price).await
    }

    async fn cancel(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        self.broker.cancel(symbol, id).await
    }

    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError> {
        self.broker.cancel_all(symbol).await
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        self.broker.set_leverage(symbol, leverage).await
    }

    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        self.broker.set_margin_mode(symbol, mode).await
    }

    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        self.broker.set_position_mode(mode).await
    }

    async fn adjust_isolated_margin(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        amount: Money,
    ) -> Result<(), CommandError> {
        self.broker.adjust_isolated_margin(symbol, side, amount).await
    }
}
