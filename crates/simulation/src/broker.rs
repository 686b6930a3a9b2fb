//! A paper broker, by calls that take their time and may go wrong.

use crate::weather::{Sky, Unanswered};
use async_trait::async_trait;
use plimsoll_domain::{
    AccountSnapshot, BalanceReport, Booking, ClientOrderId, Fill, FundingPayment, Instrument, Leverage, MarginMode,
    Money, NewOrder, Order, OrderId, PositionMode, PositionReport, PositionSide, Price, Quantity, Symbol, Timestamp,
    VenueId,
};
use plimsoll_exchange::PaperBroker;
use plimsoll_ports::{Broker, ClockOffset, CommandError, PlaceError, QueryError};
use std::sync::Arc;

/// The broker of one process.
pub(crate) struct SimulatedBroker {
    broker: PaperBroker,
    sky: Arc<Sky>,
}

impl SimulatedBroker {
    pub(crate) const fn new(broker: PaperBroker, sky: Arc<Sky>) -> Self {
        Self { broker, sky }
    }

    /// What is under way arrives although whoever sent it is no more.
    async fn command<T, E, F>(&self, ask: impl FnOnce(PaperBroker) -> F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unanswered> + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let (sky, asked) = (Arc::clone(&self.sky), ask(self.broker.clone()));
        match tokio::spawn(async move { sky.call(asked).await }).await {
            Ok(answer) => answer,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is going: nobody waits for the answer.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

#[async_trait]
impl Broker for SimulatedBroker {
    fn venue(&self) -> VenueId {
        self.broker.venue()
    }

    fn clock_offset(&self) -> Option<ClockOffset> {
        self.broker.clock_offset()
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        self.sky.call(self.broker.instruments()).await
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        self.sky.call(self.broker.instrument(symbol)).await
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        self.sky.call(self.broker.account()).await
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        self.sky.call(self.broker.positions()).await
    }

    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError> {
        self.sky.call(self.broker.balances()).await
    }

    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError> {
        self.sky.call(self.broker.open_orders(symbol)).await
    }

    async fn order(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError> {
        self.sky.call(self.broker.order(symbol, id)).await
    }

    async fn fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError> {
        self.sky.call(self.broker.fills(symbol, since)).await
    }

    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError> {
        self.sky.call(self.broker.funding_payments(since)).await
    }

    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError> {
        self.sky.call(self.broker.bookings(since)).await
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        let order = order.clone();
        self.command(|broker| async move { broker.place(&order).await }).await
    }

    fn attaches_stops(&self) -> bool {
        self.broker.attaches_stops()
    }

    async fn place_with_stop(&self, order: &NewOrder, stop: Price) -> Result<OrderId, PlaceError> {
        let order = order.clone();
        self.command(|broker| async move { broker.place_with_stop(&order, stop).await }).await
    }

    async fn amend(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), CommandError> {
        let (symbol, id) = (symbol.clone(), id.clone());
        self.command(|broker| async move { broker.amend(&symbol, &id, quantity, price).await }).await
    }

    async fn cancel(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        let (symbol, id) = (symbol.clone(), id.clone());
        self.command(|broker| async move { broker.cancel(&symbol, &id).await }).await
    }

    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError> {
        let symbol = symbol.clone();
        self.command(|broker| async move { broker.cancel_all(&symbol).await }).await
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        let symbol = symbol.clone();
        self.command(|broker| async move { broker.set_leverage(&symbol, leverage).await }).await
    }

    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        let symbol = symbol.clone();
        self.command(|broker| async move { broker.set_margin_mode(&symbol, mode).await }).await
    }

    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        self.command(|broker| async move { broker.set_position_mode(mode).await }).await
    }

    async fn adjust_isolated_margin(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        amount: Money,
    ) -> Result<(), CommandError> {
        let symbol = symbol.clone();
        self.command(|broker| async move { broker.adjust_isolated_margin(&symbol, side, amount).await }).await
    }
}
