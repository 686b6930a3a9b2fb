//! Placing ordinary orders: every check, then the book.

use crate::event::News;
use crate::exchange::Exchange;
use crate::filters;
use crate::margin::{Candidate, Demand};
use crate::order::{ExpiryReason, OrderRef, Working, number, reduces};
use crate::rejection::Rejection;
use plimsoll_domain::{
    AccountId, ClientOrderId, FillCause, Money, NewOrder, Order, OrderKind, OrderSize, OrderStatus, OrderType,
    PositionMode, PositionSide, Price, Quantity, Side, TimeInForce,
};
use rust_decimal::Decimal;

/// An ordinary order to be placed, by the account or as the child of a conditional order.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) account: usize,
    pub(crate) market: usize,
    pub(crate) client_order_id: ClientOrderId,
    pub(crate) side: Side,
    pub(crate) position_side: PositionSide,
    pub(crate) limit: Option<(Price, TimeInForce)>,
    pub(crate) quantity: Quantity,
    pub(crate) reduce_only: bool,
    pub(crate) close_position: bool,
    pub(crate) parent: Option<usize>,
    pub(crate) original_type: OrderType,
}

impl Request {
    fn reduces(&self) -> bool {
        reduces(self.reduce_only || self.close_position, self.side, self.position_side)
    }

    /// It may only be filled now: it never rests.
    fn is_immediate(&self) -> bool {
        !matches!(self.limit, Some((_, TimeInForce::Gtc | TimeInForce::PostOnly)))
    }
}

impl Exchange {
    /// Places an order. The answer is its state after everything that it did at once: a market order comes back
    /// filled. A stop-market or take-profit-market order is stored under an id of the conditional space.
    ///
    /// A reduce-only order that is larger than what it may reduce comes back smaller; in hedge mode, where closing is
    /// implied by side and position side, it is refused.
    ///
    /// # Errors
    /// The [`Rejection`]; nothing rests then, and no event tells of it.
    pub fn place(&mut self, account: &AccountId, order: &NewOrder) -> Result<Order, Rejection> {
        self.place_carrying(account, order, None)
    }

    /// The same, with a stop that it carries.
    pub(crate) fn place_carrying(
        &mut self,
        account: &AccountId,
        order: &NewOrder,
        stop: Option<Price>,
    ) -> Result<Order, Rejection> {
        self.forget_beyond_what_is_kept();
        let account = self.account_index(account)?;
        let market = self.market_index(&order.symbol)?;
        self.check_position_side(account, order.side, order.position_side, order.size)?;
        let limit = match order.kind {
            OrderKind::Market => None,
            OrderKind::Limit { price, time_in_force } => Some((price, time_in_force)),
            OrderKind::StopMarket { trigger, trigger_by } | OrderKind::TakeProfitMarket { trigger, trigger_by } => {
                return self.store_conditional(account, market, order, trigger, trigger_by);
            }
        };
        let request = self.requested(account, market, order, limit)?;
        let placed = self.place_plain(request)?;
        self.attached.extend(stop.map(|stop| (placed, stop)));
        self.settle();
        Ok(self.orders[placed].report())
    }

    /// Whether [`place`](Self::place) would take an order as things stand. Nothing changes.
    ///
    /// # Errors
    /// The [`Rejection`] that placing it would meet.
    pub fn would_place(&self, account: &AccountId, order: &NewOrder) -> Result<(), Rejection> {
        let limit = match order.kind {
            OrderKind::Market => None,
            OrderKind::Limit { price, time_in_force } => Some((price, time_in_force)),
            // Storing one is all there is to it: it is tried on a copy.
            OrderKind::StopMarket { .. } | OrderKind::TakeProfitMarket { .. } => {
                return self.clone().place(account, order).map(drop);
            }
        };
        let account = self.account_index(account)?;
        let market = self.market_index(&order.symbol)?;
        self.check_position_side(account, order.side, order.position_side, order.size)?;
        let request = self.requested(account, market, order, limit)?;
        self.checked(request).map(drop)
    }

    fn requested(
        &self,
        account: usize,
        market: usize,
        order: &NewOrder,
        limit: Option<(Price, TimeInForce)>,
    ) -> Result<Request, Rejection> {
        let OrderSize::Quantity(quantity) = order.size else { return Err(Rejection::ClosePositionNeedsTrigger) };
        let taken = self.accounts[account].order_names.get(&order.client_order_id);
        if !self.settings.repeats_client_ids && taken.is_some_and(|taken| !self.orders[*taken].status.is_final()) {
            return Err(Rejection::DuplicateClientOrderId);
        }
        Ok(Request {
            account,
            market,
            client_order_id: order.client_order_id.clone(),
            side: order.side,
            position_side: order.position_side,
            limit,
            quantity,
            reduce_only: order.reduce_only,
            close_position: false,
            parent: None,
            original_type: order.kind.order_type(),
        })
    }

    fn check_position_side(
        &self,
        account: usize,
        side: Side,
        position_side: PositionSide,
        size: OrderSize,
    ) -> Result<(), Rejection> {
        let mode = self.accounts[account].position_mode;
        let leg = position_side.direction();
        let fits = leg.is_some() == (mode == PositionMode::Hedge);
        let opens_whole = size == OrderSize::WholePosition && leg.is_some_and(|leg| side == leg.opening_side());
        if fits && !opens_whole { Ok(()) } else { Err(Rejection::PositionSideMismatch { position_side, mode }) }
    }

    /// Checks, accepts and matches an order; what is left rests or expires. Answers its number.
    pub(crate) fn place_plain(&mut self, request: Request) -> Result<usize, Rejection> {
        let request = self.checked(request)?;
        let parent = request.parent;
        let unmatched = self.check_time_in_force(&request).is_err();
        let number = self.accept(request);
        if let Some(parent) = parent {
            self.adopt_child(parent, number);
        }
        let news = News::OrderAccepted(Box::new(self.orders[number].placed()));
        self.tell(self.orders[number].account, news);
        if unmatched {
            // Only where it was let through: see `Settings::expires_unmatched`.
            let is_post_only = matches!(self.orders[number].limit, Some((_, TimeInForce::PostOnly)));
            let reason = if is_post_only { ExpiryReason::WouldTakeLiquidity } else { ExpiryReason::ImmediateOrCancel };
            self.expire(number, reason);
            return Ok(number);
        }
        self.take(number);
        self.rest_or_expire(number);
        Ok(number)
    }

    /// Every check of an order, in the order in which venues are known to make them: its own shape first, then the
    /// market, then the account.
    fn checked(&self, mut request: Request) -> Result<Request, Rejection> {
        let market = &self.markets[request.market];
        let instrument = &market.instrument;
        let (limit, side) = (request.limit.map(|(price, _)| price), request.side);
        if let Some((_, time_in_force @ (TimeInForce::Gtd | TimeInForce::Rpi))) = request.limit {
            return Err(Rejection::TimeInForceNotOffered(time_in_force));
        }
        if let Some(price) = limit {
            filters::tick(instrument, price)?;
            filters::band(market, side, price, self.settings.price_band)?;
        }
        if !request.close_position {
            filters::size(instrument, request.quantity, limit.is_none())?;
        }
        let counter = self.counter(request.market, side);
        let price = self.expected_price(side, limit, counter);
        if request.reduces() {
            request.quantity = self.fitted_to_position(&request)?;
        } else {
            filters::notional(instrument, request.quantity, price)?;
            if limit.is_none() {
                filters::band(market, side, counter, self.settings.price_band)?;
            }
        }
        if !self.settings.expires_unmatched {
            self.check_time_in_force(&request)?;
        }
        if !request.reduces() {
            self.check_margin(&request, price, None)?;
        }
        Ok(request)
    }

    /// The price that an order is likely to trade at: the counter price if it takes, else its limit.
    pub(crate) fn expected_price(&self, side: Side, limit: Option<Price>, counter: Price) -> Price {
        match (limit, side) {
            (None, _) => counter,
            (Some(limit), Side::Buy) => limit.min(counter),
            (Some(limit), Side::Sell) => limit.max(counter),
        }
    }

    /// The size of an order that may only reduce, within what is there to reduce. One that can rest leaves room for
    /// those that rest already; one that trades at once goes before them.
    fn fitted_to_position(&self, request: &Request) -> Result<Quantity, Rejection> {
        let Request { account, market, side, position_side, quantity, .. } = *request;
        let refuse = |reducible| Err(Rejection::ReduceOnlyRejected { reducible });
        let held = self.accounts[account].holdings[market].position(position_side);
        let Some(held) = held.filter(|position| side == position.direction.closing_side()) else {
            return refuse(None);
        };
        let resting: Decimal = if request.is_immediate() {
            Decimal::ZERO
        } else {
            let orders = self.reducing(account, market, position_side);
            orders.filter_map(|number| self.orders[number].remaining()).map(Quantity::get).sum()
        };
        let Ok(room) = Quantity::new(held.quantity.get() - resting) else { return refuse(None) };
        if quantity <= room {
            return Ok(quantity);
        }
        if position_side == PositionSide::Both || request.close_position { Ok(room) } else { refuse(Some(room)) }
    }

    fn check_time_in_force(&self, request: &Request) -> Result<(), Rejection> {
        let Some((price, time_in_force)) = request.limit else { return Ok(()) };
        let counter = self.best_counter(request.market, request.side);
        match time_in_force {
            TimeInForce::PostOnly if reaches(request.side, price, counter) => {
                Err(Rejection::WouldTakeLiquidity { price, counter })
            }
            TimeInForce::Fok => {
                let fillable = self.fillable(request.account, request.market, request.side, price);
                match fillable {
                    Some(fillable) if fillable < request.quantity.get() => Err(Rejection::FokNotFilled {
                        fillable: Quantity::new(fillable).ok(),
                        quantity: request.quantity,
                    }),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn check_margin(
        &self,
        request: &Request,
        price: Price,
        replacing: Option<usize>,
    ) -> Result<(), Rejection> {
        let Request { account, market, side, quantity, .. } = *request;
        let it = &self.markets[market];
        let holding = &self.accounts[account].holdings[market];
        let candidate = Candidate::new(side, quantity, price, it.mark);
        let insufficient = |required, available: Money| {
            Err(Rejection::InsufficientMargin { required, available: available.max(Money::ZERO) })
        };
        match self.turning(account, market, side, quantity, price) {
            Some((required, available)) if required > available => return insufficient(required, available),
            _ => {}
        }
        let Demand { margin: added, further } = self.demand_of(account, market, candidate, replacing);
        let leverage = holding.leverage;
        if let (Some(notional), Some(max)) = (further, it.max_notional(leverage))
            && notional > max
        {
            return Err(Rejection::MaxPositionAtLeverage { notional, max, leverage });
        }
        if !added.is_positive() {
            return Ok(());
        }
        let opened = Money::new(added.get() * leverage.as_decimal()).min(candidate.notional);
        let fee = (opened * it.instrument.fees.taker).max(Money::ZERO);
        let released = replacing.map_or(Money::ZERO, |number| self.margin_held_by(number));
        let (required, available) = (added + fee, self.free(account) + released);
        if required > available {
            return insufficient(required, available);
        }
        Ok(())
    }

    fn accept(&mut self, request: Request) -> usize {
        let number = self.orders.next();
        let stamp = self.next_stamp();
        let account = &mut self.accounts[request.account];
        account.open_orders.insert(number);
        account.all_orders.push(number);
        // The child of a conditional order may have the name of an order that is open, which keeps it.
        let name = account.order_names.entry(request.client_order_id.clone()).or_insert(number);
        if self.settings.repeats_client_ids || self.orders.get(*name).is_none_or(|named| named.status.is_final()) {
            *name = number;
        }
        self.orders.push(Working {
            id: self.first_order_id() + number,
            account: request.account,
            market: request.market,
            symbol: self.markets[request.market].instrument.symbol.clone(),
            client_order_id: request.client_order_id,
            side: request.side,
            position_side: request.position_side,
            order_type: if request.limit.is_some() { OrderType::Limit } else { OrderType::Market },
            original_type: request.original_type,
            limit: request.limit,
            quantity: request.quantity,
            filled: Decimal::ZERO,
            cost: Decimal::ZERO,
            reduce_only: request.reduce_only,
            close_position: request.close_position,
            parent: request.parent,
            cause: FillCause::Order,
            status: OrderStatus::New,
            priority: None,
            created: self.now,
            updated: stamp,
        });
        number
    }

    pub(crate) fn rest_or_expire(&mut self, number: usize) {
        let order = &self.orders[number];
        if order.status.is_final() {
            return;
        }
        match order.limit {
            Some((_, TimeInForce::Gtc | TimeInForce::PostOnly)) => {
                self.rest(number);
                let order = &self.orders[number];
                if order.reduces() {
                    self.trim_reducing(order.account, order.market, order.position_side);
                }
            }
            _ => self.expire(number, ExpiryReason::ImmediateOrCancel),
        }
    }

    fn rest(&mut self, number: usize) {
        self.priorities += 1;
        let order = &mut self.orders[number];
        if let Some((price, _)) = order.limit {
            order.priority = Some(self.priorities);
            self.markets[order.market].book.rest(order.side, price, self.priorities, number);
        }
    }

    pub(crate) fn open_orders_of(&self, account: usize, market: usize) -> Vec<usize> {
        let open = self.accounts[account].open_orders.iter().copied();
        open.filter(|number| self.orders[*number].market == market).collect()
    }

    pub(crate) fn open_order(&self, account: usize, market: usize, which: &OrderRef) -> Result<usize, Rejection> {
        let number = self.find_order(account, market, which).ok_or(Rejection::UnknownOrder)?;
        if self.orders[number].status.is_final() { Err(Rejection::UnknownOrder) } else { Ok(number) }
    }

    pub(crate) fn first_order_id(&self) -> usize {
        usize::try_from(self.settings.first_order_id).unwrap_or(usize::MAX / 2)
    }

    pub(crate) fn find_order(&self, account: usize, market: usize, which: &OrderRef) -> Option<usize> {
        let number = match which {
            OrderRef::Id(id) => number(id, self.first_order_id())?,
            OrderRef::Client(id) => *self.accounts[account].order_names.get(id)?,
        };
        let order = self.orders.get(number)?;
        (order.account == account && order.market == market).then_some(number)
    }
}

/// Whether a limit of this side reaches a counter price.
pub(crate) fn reaches(side: Side, limit: Price, counter: Price) -> bool {
    match side {
        Side::Buy => limit >= counter,
        Side::Sell => limit <= counter,
    }
}
