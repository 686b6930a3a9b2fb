//! A venue that takes orders.

use crate::clock::ClockOffset;
use crate::error::{CommandError, NotSent, PlaceError, QueryError};
use async_trait::async_trait;
use plimsoll_domain::{
    AccountSnapshot, BalanceReport, Booking, ClientOrderId, Fill, FundingPayment, Instrument, Leverage, MarginMode,
    Money, NewOrder, Order, OrderId, PositionMode, PositionReport, PositionSide, Price, Quantity, Symbol, Timestamp,
    VenueId,
};

/// One account at a venue that takes orders.
///
/// A client order id is identity, not idempotency: venues forget or re-accept ids, each in its own way, so "not found"
/// after [`PlaceError::Unanswered`] proves nothing until the venue's own window has passed and positions and fills agree.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Broker: Send + Sync {
    /// The venue's name.
    fn venue(&self) -> VenueId;

    /// How far the venue's clock is ahead of ours, where requests are signed with a time and it was measured for that; `None`
    /// until then, and where venue and account go by one clock. Nothing is asked.
    fn clock_offset(&self) -> Option<ClockOffset> {
        None
    }

    /// Every contract that is not delisted, with what may be done with it, and with tiers and fees as they are for this
    /// account. Where a venue tells margin tables one by one, those are left out whose table is not known yet: they are
    /// learned in the background, and there when this is asked again.
    async fn instruments(&self) -> Result<Vec<Instrument>, QueryError>;

    /// One contract, whatever may be done with it;
    /// [`RefusalReason::NotTrading`](crate::RefusalReason::NotTrading) if there is none by this name.
    async fn instrument(&self, symbol: &Symbol) -> Result<Instrument, QueryError>;

    /// The whole account. Its time is the venue's, from before the first reading.
    async fn account(&self) -> Result<AccountSnapshot, QueryError>;

    /// Every open position.
    async fn positions(&self) -> Result<Vec<PositionReport>, QueryError>;

    /// Every balance that is not empty.
    async fn balances(&self) -> Result<Vec<BalanceReport>, QueryError>;

    /// Every open order of `symbol`, or of all symbols; conditional orders included.
    async fn open_orders<'a>(&self, symbol: Option<&'a Symbol>) -> Result<Vec<Order>, QueryError>;

    /// The order with this id, conditional or not, open or final, if the venue knows one. Once a conditional order has
    /// triggered, it is reported as long as the venue remembers it, filled when its child has filled.
    async fn order(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<Option<Order>, QueryError>;

    /// The account's trades in `symbol` at or after `since`, oldest first.
    async fn fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, QueryError>;

    /// The account's booked funding at or after `since`, oldest first, each with the venue's id.
    async fn funding_payments(&self, since: Timestamp) -> Result<Vec<FundingPayment>, QueryError>;

    /// What was booked to the wallet at or after `since` beside fills and funding: transfers, what liquidations were
    /// charged, rebates, and whatever else. Oldest first, each once, with the venue's id; a kind that nobody knows is told
    /// by the venue's own word. Fills, [`funding_payments`](Self::funding_payments) and bookings together are all that
    /// changes a wallet.
    async fn bookings(&self, since: Timestamp) -> Result<Vec<Booking>, QueryError>;

    /// Sends one order and returns the venue's id of it. After [`PlaceError::Unanswered`] ask [`order`](Self::order)
    /// before sending again: a venue may take a repeated id for a new order.
    async fn place(&self, order: &NewOrder) -> Result<OrderId, PlaceError>;

    /// Whether an order that opens may carry the stop of what it opens: see [`place_with_stop`](Self::place_with_stop).
    fn attaches_stops(&self) -> bool {
        false
    }

    /// The same as [`place`](Self::place), with a stop attached that the venue itself places when the order is done, for what
    /// that has filled: what fills has a stop though nobody of ours is there any more. Only for a market or limit order that
    /// opens, and only where [`attaches_stops`](Self::attaches_stops) says so.
    ///
    /// The stop is the venue's: it goes by a name of the venue's, which price it watches is the venue's choice, and it covers
    /// the size that was filled, or the whole position where the venue makes it so. It may outlive its position, and it may
    /// fail to appear without a word: it counts once it is read back among the open orders, like any other. For a stop that it
    /// does not like the venue may refuse the order.
    async fn place_with_stop(&self, order: &NewOrder, stop: Price) -> Result<OrderId, PlaceError> {
        let (id, venue) = (&order.client_order_id, self.venue());
        Err(PlaceError::NotSent(NotSent::Invalid(format!(
            "{venue} attaches no stop at {stop} to order {id}: place the stop as an order of its own"
        ))))
    }

    /// Changes a resting limit order's size and price, keeping its ids. Where the venue would put another order in its place,
    /// nothing is changed: [`NotSent::Invalid`](crate::NotSent::Invalid).
    async fn amend(
        &self,
        symbol: &Symbol,
        id: &ClientOrderId,
        quantity: Quantity,
        price: Price,
    ) -> Result<(), CommandError>;

    /// Cancels one order, conditional or not. An order that is final already is
    /// [`RefusalReason::UnknownOrder`](crate::RefusalReason::UnknownOrder).
    async fn cancel(&self, symbol: &Symbol, id: &ClientOrderId) -> Result<(), CommandError>;

    /// Cancels every open order of `symbol`, conditional ones included.
    async fn cancel_all(&self, symbol: &Symbol) -> Result<(), CommandError>;

    /// Cancels every open order of the account, whoever placed it and of whatever symbol, with a call or a few for all of
    /// them, and answers the venue's ids of those that it cancelled. `listed` is what rests as far as the caller knows: where
    /// a venue keeps orders apart by kind, kinds that are not among them may be left. `None`, and nothing was sent, where the
    /// venue has no such call: cancel each.
    async fn cancel_everything(&self, listed: &[Order]) -> Result<Option<Vec<OrderId>>, CommandError> {
        let _ = listed;
        Ok(None)
    }

    /// Sets a symbol's leverage. Setting what is set already succeeds.
    async fn set_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError>;

    /// Sets what backs a symbol's positions. Setting what is set already succeeds.
    async fn set_margin_mode(&self, symbol: &Symbol, mode: MarginMode) -> Result<(), CommandError>;

    /// Sets how many positions a symbol may have, for the whole account. Setting what is set already succeeds.
    async fn set_position_mode(&self, mode: PositionMode) -> Result<(), CommandError>;

    /// Moves `amount` into (positive) or out of (negative) an isolated position's margin.
    async fn adjust_isolated_margin(
        &self,
        symbol: &Symbol,
        side: PositionSide,
        amount: Money,
    ) -> Result<(), CommandError>;
}
