//! One paper account that takes orders.

use super::refusal::{command_error, place_error, query_error};
use super::stream::PaperAccountStream;
use super::{PaperVenue, reading, telling};
use crate::exchange::Exchange;
use crate::order::OrderRef;
use crate::rejection::Rejection;
use async_trait::async_trait;
use plimsoll_domain::{
    AccountId, AccountSnapshot, BalanceReport, Booking, ClientOrderId, Fill, FundingPayment, Instrument, Leverage,
    MarginMode, Money, NewOrder, Order, OrderId, PositionMode, PositionReport, PositionSide, Price, Quantity, Symbol,
    Timestamp, VenueId,
};
use plimsoll_ports::{Broker, CommandError, NotSent, PlaceError, QueryError};

/// One account of a [`PaperVenue`]. Every answer is definite: nothing is ever throttled, lost or unanswered.
///
/// A client order id is free again once its order has ended; while that is open, in whichever of the two order services,
/// the id is refused.
#[derive(Debug, Clone)]
pub struct PaperBroker {
    venue: PaperVenue,
    account: AccountId,
}

impl PaperBroker {
    pub(super) const fn new(venue: PaperVenue, account: AccountId) -> Self {
        Self { venue, account }
    }

    /// Whose account it is.
    #[must_use]
    pub const fn account_id(&self) -> &AccountId {
        &self.account
    }

    /// The account's private events from now on.
    #[must_use]
    pub fn account_stream(&self) -> PaperAccountStream {
        PaperAccountStream::open(self.venue.clone(), self.account.clone())
    }

    fn read<T>(&self, ask: impl FnOnce(&Exchange, &AccountId) -> Result<T, Rejection>) -> Result<T, QueryError> {
        ask(&self.venue.floor().exchange, &self.account).map_err(query_error)
    }

    fn place_by(
        &self,
        order: &NewOrder,
        place: impl FnOnce(&mut Exchange) -> Result<Order, Rejection>,
    ) -> Result<OrderId, PlaceError> {
        let placed = self.venue.exchange(|exchange| {
            let mut open = reading::open_orders(exchange, &self.account, None).into_iter();
            if open.any(|open| open.client_order_id == order.client_order_id) {
                return Err(Rejection::DuplicateClientOrderId);
            }
            place(exchange)
        });
        placed.map(|placed| placed.order_id).map_err(place_error)
    }

    fn command<T>(
        &self,
        command: impl FnOnce(&mut Exchange, &AccountId) -> Result<T, Rejection>,
    ) -> Result<T, CommandError> {
        self.venue.exchange(|exchange| command(exchange, &self.account)).map_err(command_error)
    }
}

#[async_trait]
impl Broker for PaperBroker {
    fn venue(&self) -> VenueId {
        self.venue.name().clone()
    }

    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError> {
        let name = self.venue.name();
        self.read(|exchange, _| Ok(exchange.instruments().map(|it| telling::instrument_of(name, it)).collect()))
    }

    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError> {
        let name = self.venue.name();
        self.read(|exchange, _| listed(exchange, symbol).map(|listed| telling::instrument_of(name, listed)))
    }

    async fn account(&self) -> Result<AccountSnapshot, QueryError> {
        self.read(reading::snapshot)
    }

    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError> {
        self.read(|exchange, account| Ok(exchange.positions(account)))
    }

    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError> {
        self.read(reading::balances)
    }

    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError> {
        self.read(|exchange, account| {
            symbol.map(|symbol| listed(exchange, symbol)).transpose()?;
            Ok(reading::open_orders(exchange, account, symbol))
        })
    }

    async fn order(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError> {
        self.read(|exchange, account| {
            listed(exchange, symbol)?;
            Ok(reading::order(exchange, account, symbol, id))
        })
    }

    async fn fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError> {
        self.read(|exchange, account| {
            listed(exchange, symbol)?;
            Ok(reading::fills(exchange, account, symbol, since).cloned().collect())
        })
    }

    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError> {
        self.read(|exchange, account| Ok(reading::funding_payments(exchange, account, since)))
    }

    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError> {
        self.read(|exchange, account| Ok(reading::bookings(exchange, account, since)))
    }

    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError> {
        self.place_by(order, |exchange| exchange.place(&self.account, order))
    }

    fn attaches_stops(&self) -> bool {
        self.venue.floor().exchange.attaches_stops()
    }

    async fn place_with_stop(&self, order: &NewOrder, stop: Price) -> Result<OrderId, PlaceError> {
        if !self.attaches_stops() || !order.adds_exposure() || order.kind.order_type().is_conditional() {
            let reason = format!("{}: {}", order.client_order_id, Rejection::NothingAttached);
            return Err(PlaceError::NotSent(NotSent::Invalid(reason)));
        }
        self.place_by(order, |exchange| exchange.place_with_stop(&self.account, order, stop))
    }

    /// Amending an order to what it is already succeeds.
    async fn amend(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), CommandError> {
        self.command(|exchange, account| {
            if waits(exchange, account, symbol, id) {
                return Err(Rejection::NotAmendable);
            }
            let amended = exchange.amend(account, symbol, &OrderRef::Client(id.clone()), quantity, price);
            unless_so_already(amended.map(drop))
        })
    }

    async fn cancel(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError> {
        let which = OrderRef::Client(id.clone());
        self.command(|exchange, account| {
            if waits(exchange, account, symbol, id) {
                return exchange.cancel_conditional(account, &which).map(drop);
            }
            exchange.cancel(account, symbol, &which).map(drop)
        })
    }

    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError> {
        self.command(|exchange, account| {
            exchange.cancel_all(account, symbol)?;
            exchange.cancel_all_conditionals(account, symbol).map(drop)
        })
    }

    async fn cancel_everything(&self, _: &[Order]) -> Result<Option<Vec<OrderId>>, CommandError> {
        self.command(|exchange, account| {
            let symbols: Vec<Symbol> = exchange.instruments().map(|instrument| instrument.symbol.clone()).collect();
            let mut cancelled = Vec::new();
            for symbol in &symbols {
                let orders = exchange.cancel_all(account, symbol)?;
                let waiting = exchange.cancel_all_conditionals(account, symbol)?;
                cancelled.extend(orders.into_iter().map(|order| order.order_id));
                cancelled.extend(waiting.into_iter().map(|waiting| waiting.order.order_id));
            }
            Ok(Some(cancelled))
        })
    }

    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        self.command(|exchange, account| exchange.set_leverage(account, symbol, leverage))
    }

    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError> {
        self.command(|exchange, account| unless_so_already(exchange.set_margin_mode(account, symbol, mode)))
    }

    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        self.command(|exchange, account| unless_so_already(exchange.set_position_mode(account, mode)))
    }

    async fn adjust_isolated_margin(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        amount: Money,
    ) -> Result<(), CommandError> {
        self.command(|exchange, account| exchange.adjust_isolated_margin(account, symbol, side, amount))
    }
}

fn listed<'a>(exchange: &'a Exchange, symbol: &Symbol) -> Result<&'a Instrument, Rejection> {
    exchange.instrument(symbol).ok_or(Rejection::UnknownSymbol)
}

/// Whether a conditional order of this name waits for its trigger.
fn waits(exchange: &Exchange, account: &AccountId, symbol: &Symbol, id: &ClientOrderId) -> bool {
    let named = |order: &Order| order.client_order_id == *id && order.symbol == *symbol;
    exchange.open_conditionals(account).iter().any(|waiting| named(&waiting.order))
}

fn unless_so_already(outcome: Result<(), Rejection>) -> Result<(), Rejection> {
    match outcome {
        Err(Rejection::NoChange) => Ok(()),
        outcome => outcome,
    }
}
