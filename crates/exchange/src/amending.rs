//! Cancelling and amending ordinary orders.

use crate::event::News;
use crate::exchange::Exchange;
use crate::filters;
use crate::order::{ExpiryReason, OrderRef};
use crate::placing::{Request, reaches};
use crate::rejection::Rejection;
use plimsoll_domain::{AccountId, Order, OrderStatus, Price, Quantity, Symbol, TimeInForce};

impl Exchange {
    /// Cancels an open ordinary order.
    ///
    /// # Errors
    /// [`Rejection::UnknownOrder`] if no ordinary order of that name is open.
    pub fn cancel(&mut self, account: &AccountId, symbol: &Symbol, which: &OrderRef) -> Result<Order, Rejection> {
        let account = self.account_index(account)?;
        let market = self.market_index(symbol)?;
        let number = self.open_order(account, market, which)?;
        self.cancel_number(number);
        self.settle();
        Ok(self.orders[number].report())
    }

    /// Cancels every open ordinary order of a symbol; conditional orders stay.
    ///
    /// # Errors
    /// [`Rejection::UnknownAccount`], [`Rejection::UnknownSymbol`]. Nothing to cancel is no error.
    pub fn cancel_all(&mut self, account: &AccountId, symbol: &Symbol) -> Result<Vec<Order>, Rejection> {
        let account = self.account_index(account)?;
        let market = self.market_index(symbol)?;
        let numbers = self.open_orders_of(account, market);
        for number in &numbers {
            self.cancel_number(*number);
        }
        self.settle();
        Ok(numbers.into_iter().map(|number| self.orders[number].report()).collect())
    }

    fn cancel_number(&mut self, number: usize) {
        self.end(number, OrderStatus::Canceled);
        let news = News::OrderCancelled(Box::new(self.orders[number].placed()));
        self.tell(self.orders[number].account, news);
    }

    /// Changes an open limit order's size and price. It loses its place in the queue. An order whose new size has been
    /// filled already is cancelled; a post-only order that would take expires.
    ///
    /// # Errors
    /// [`Rejection::NoChange`] for the size and price that it has, and every refusal of [`place`](Self::place); the
    /// order is unchanged then.
    pub fn amend(
        &mut self,
        account: &AccountId,
        symbol: &Symbol,
        which: &OrderRef,
        quantity: Quantity,
        price: Price,
    ) -> Result<Order, Rejection> {
        let account = self.account_index(account)?;
        let market = self.market_index(symbol)?;
        let number = self.open_order(account, market, which)?;
        let order = &self.orders[number];
        let Some((old_price, time_in_force)) = order.limit else { return Err(Rejection::NotAmendable) };
        if (order.quantity, old_price) == (quantity, price) {
            return Err(Rejection::NoChange);
        }
        let instrument = &self.markets[market].instrument;
        filters::tick(instrument, price)?;
        filters::band(&self.markets[market], order.side, price, self.settings.price_band)?;
        filters::size(instrument, quantity, false)?;
        let Ok(remaining) = Quantity::new(quantity.get() - order.filled) else {
            self.cancel_number(number);
            self.settle();
            return Ok(self.orders[number].report());
        };
        self.check_amended(number, quantity, remaining, price)?;
        self.unrest(number);
        let stamp = self.next_stamp();
        let order = &mut self.orders[number];
        (order.quantity, order.limit, order.updated) = (quantity, Some((price, time_in_force)), stamp);
        let (side, account) = (order.side, order.account);
        let news = News::OrderAmended(Box::new(order.placed()));
        self.tell(account, news);
        if time_in_force == TimeInForce::PostOnly && reaches(side, price, self.best_counter(market, side)) {
            self.expire(number, ExpiryReason::WouldTakeLiquidity);
        } else {
            self.take(number);
            self.rest_or_expire(number);
        }
        self.settle();
        Ok(self.orders[number].report())
    }

    fn check_amended(
        &self,
        number: usize,
        quantity: Quantity,
        remaining: Quantity,
        price: Price,
    ) -> Result<(), Rejection> {
        let order = &self.orders[number];
        if order.reduces() {
            let position = self.accounts[order.account].holdings[order.market].position(order.position_side);
            let held = position.map(|position| position.quantity);
            return if held.is_some_and(|held| remaining <= held) {
                Ok(())
            } else {
                Err(Rejection::ReduceOnlyRejected { reducible: held })
            };
        }
        filters::notional(&self.markets[order.market].instrument, quantity, price)?;
        let counter = self.counter(order.market, order.side);
        let request = Request {
            account: order.account,
            market: order.market,
            client_order_id: order.client_order_id.clone(),
            side: order.side,
            position_side: order.position_side,
            limit: order.limit,
            quantity: remaining,
            reduce_only: false,
            close_position: false,
            parent: None,
            original_type: order.original_type,
        };
        let expected = self.expected_price(order.side, Some(price), counter);
        self.check_margin(&request, expected, Some(number))
    }
}
