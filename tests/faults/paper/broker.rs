//! The paper broker, whose calls meet the faults.

use super::calls::{Call, Line};
use async_trait::async_trait;
use plimsoll_domain::{
    AccountSnapshot, BalanceReport, Booking, ClientOrderId, Fill, FundingPayment, Instrument, Leverage, MarginMode,
    Money, NewOrder, Order, OrderId, OrderSize, PositionMode, PositionReport, PositionSide, Price, Quantity, Symbol,
    Timestamp, VenueId,
};
use plimsoll_exchange::PaperBroker;
use plimsoll_ports::{Broker, CommandError, PlaceError, QueryError};
use plimsoll_venue_server::Target;

/// A broker whose calls meet the faults.
pub(super) struct FaultyBroker {
    line: Line,
    broker: PaperBroker,
}

impl FaultyBroker {
    pub(super) const fn new(line: Line, broker: PaperBroker) -> Self {
        Self { line, broker }
    }
}

/// Asks the broker behind, under way even if whoever asked is no more: everything that is passed is its own.
macro_rules! asked {
    ($self:ident, $call:expr, $method:ident($($argument:ident),*)) => {{
        let broker = $self.broker.clone();
        $(let $argument = $argument.clone();)*
        $self.line.call($call, async move { broker.$method($(&$argument),*).await }).await
    }};
}

macro_rules! query {
    ($self:ident, $method:ident($($argument:ident),*)) => {
        asked!($self, Call::new(Target::Query, stringify!($method)), $method($($argument),*))
    };
}

/// The same where what is passed is small and copied.
macro_rules! sent {
    ($self:ident, $call:expr, $broker:ident => $ask:expr) => {{
        let $broker = $self.broker.clone();
        $self.line.call($call, async move { $ask.await }).await
    }};
}

#[async_trait]
impl Broker for FaultyBroker {
    fn venue(&self) -> VenueId {
        self.broker.venue()
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        asked!(self, Call::new(Target::Market, "instruments"), instruments())
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        asked!(self, Call::new(Target::Market, "instrument"), instrument(symbol))
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        query!(self, account())
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        query!(self, positions())
    }

    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError> {
        query!(self, balances())
    }

    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError> {
        let symbol = symbol.cloned();
        sent!(self, Call::new(Target::Query, "open_orders"), broker => broker.open_orders(symbol.as_ref()))
    }

    async fn order(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError> {
        query!(self, order(symbol, id))
    }

    async fn fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError> {
        let symbol = symbol.clone();
        sent!(self, Call::new(Target::Query, "fills"), broker => broker.fills(&symbol, since))
    }

    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError> {
        sent!(self, Call::new(Target::Query, "funding_payments"), broker => broker.funding_payments(since))
    }

    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError> {
        sent!(self, Call::new(Target::Query, "bookings"), broker => broker.bookings(since))
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        let is_conditional = order.kind.order_type().is_conditional();
        let call = Call {
            target: if is_conditional { Target::Stop } else { Target::Place },
            method: "place",
            only_reduces: order.reduce_only || order.size == OrderSize::WholePosition,
            places: Some((self.broker.clone(), order.client_order_id.clone())),
        };
        asked!(self, call, place(order))
    }

    async fn amend(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), CommandError> {
        let (symbol, id) = (symbol.clone(), id.clone());
        sent!(self, Call::new(Target::Amend, "amend"), broker => broker.amend(&symbol, &id, quantity, price))
    }

    async fn cancel(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        asked!(self, Call { only_reduces: true, ..Call::new(Target::Cancel, "cancel") }, cancel(symbol, id))
    }

    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError> {
        asked!(self, Call { only_reduces: true, ..Call::new(Target::Cancel, "cancel_all") }, cancel_all(symbol))
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        let symbol = symbol.clone();
        sent!(self, Call::new(Target::Settings, "set_leverage"), broker => broker.set_leverage(&symbol, leverage))
    }

    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        let symbol = symbol.clone();
        sent!(self, Call::new(Target::Settings, "set_margin_mode"), broker => broker.set_margin_mode(&symbol, mode))
    }

    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        sent!(self, Call::new(Target::Settings, "set_position_mode"), broker => broker.set_position_mode(mode))
    }

    async fn adjust_isolated_margin(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        amount: Money,
    ) -> Result<(), CommandError> {
        let (symbol, call) = (symbol.clone(), Call::new(Target::Settings, "adjust_isolated_margin"));
        sent!(self, call, broker => broker.adjust_isolated_margin(&symbol, side, amount))
    }
}
