//! Stop-market and take-profit-market orders: stored without a margin check, turned into market orders when the price
//! they watch meets their trigger.

use crate::event::News;
use crate::exchange::Exchange;
use crate::filters;
use crate::market::Crossing;
use crate::order::{
    ConditionalOrder, ConditionalStatus, ExpiryReason, FIRST_CONDITIONAL, OrderRef, conditional_id, number,
};
use crate::placing::Request;
use crate::rejection::Rejection;
use crate::settings::ClosingOrders;
use plimsoll_domain::{
    AccountId, NewOrder, Order, OrderKind, OrderSize, OrderStatus, OrderType, Price, Quantity, Side, Stamp, Symbol,
    Timestamp, TriggerBy,
};

/// A conditional order in the exchange's own form. Its number is its place in the list of all conditional orders.
#[derive(Debug, Clone)]
pub(crate) struct Conditional {
    pub(crate) account: usize,
    pub(crate) market: usize,
    pub(crate) order: NewOrder,
    trigger: Price,
    trigger_by: TriggerBy,
    crossing: Crossing,
    pub(crate) status: ConditionalStatus,
    created: Timestamp,
    triggered: Option<Timestamp>,
    pub(crate) child: Option<usize>,
    refusal: Option<Rejection>,
    updated: Stamp,
}

impl Exchange {
    pub(crate) fn store_conditional(
        &mut self,
        account: usize,
        market: usize,
        order: &NewOrder,
        trigger: Price,
        trigger_by: TriggerBy,
    ) -> Result<Order, Rejection> {
        let taken = self.accounts[account].conditional_names.get(&order.client_order_id);
        let is_open = |taken: &usize| !self.conditionals[*taken].status.is_final();
        if !self.settings.repeats_client_ids && taken.is_some_and(is_open) {
            return Err(Rejection::DuplicateClientOrderId);
        }
        let it = &self.markets[market];
        filters::tick(&it.instrument, trigger)?;
        if let OrderSize::Quantity(quantity) = order.size {
            filters::size(&it.instrument, quantity, true)?;
            if order.adds_exposure() {
                filters::notional(&it.instrument, quantity, trigger)?;
            }
        }
        let crossing = crossing(order.kind.order_type(), order.side);
        let price = it.watched(trigger_by);
        if is_met(crossing, trigger, price) {
            return Err(Rejection::WouldTriggerImmediately { trigger, price });
        }
        self.may_close(account, market, order)?;
        let number = self.conditionals.next();
        let updated = self.next_stamp();
        self.conditionals.push(Conditional {
            account,
            market,
            order: order.clone(),
            trigger,
            trigger_by,
            crossing,
            status: ConditionalStatus::New,
            created: self.now,
            triggered: None,
            child: None,
            refusal: None,
            updated,
        });
        let it = &mut self.accounts[account];
        it.open_conditionals.insert(number);
        it.all_conditionals.push(number);
        it.conditional_names.insert(order.client_order_id.clone(), number);
        self.markets[market].triggers(trigger_by).add(crossing, trigger, number);
        let report = self.conditional_report(number);
        let answer = report.order.clone();
        self.tell(account, News::ConditionalStored(Box::new(report)));
        self.settle();
        Ok(answer)
    }

    /// Whether an order that closes a whole position may wait for its trigger.
    fn may_close(&self, account: usize, market: usize, order: &NewOrder) -> Result<(), Rejection> {
        if order.size != OrderSize::WholePosition {
            return Ok(());
        }
        let it = &self.accounts[account];
        match self.settings.closing_orders {
            ClosingOrders::Any => Ok(()),
            ClosingOrders::OfPositions => {
                let held = it.holdings[market].position(order.position_side);
                let closes = held.is_some_and(|held| order.side == held.direction.closing_side());
                closes.then_some(()).ok_or(Rejection::ReduceOnlyRejected { reducible: None })
            }
            ClosingOrders::OneOfAKind => {
                let does_the_same = |number: &usize| {
                    let other = &self.conditionals[*number];
                    other.market == market
                        && other.order.size == OrderSize::WholePosition
                        && other.order.kind.order_type() == order.kind.order_type()
                        && (other.order.side, other.order.position_side) == (order.side, order.position_side)
                };
                let waits = it.open_conditionals.iter().any(does_the_same);
                (!waits).then_some(()).ok_or(Rejection::ClosingOrderWaits)
            }
        }
    }

    /// Triggers the conditional orders whose price is met, in the order in which they were stored.
    pub(crate) fn fire_conditionals(&mut self, market: usize) {
        let it = &self.markets[market];
        let mut met: Vec<usize> = it.on_mark.met(it.mark).chain(it.on_last.met(it.last)).collect();
        met.sort_unstable();
        for number in met {
            // An earlier one may have brought a liquidation about, which ends those of its pool.
            if self.conditionals[number].status == ConditionalStatus::New {
                self.fire(number);
                self.settle();
            }
        }
    }

    fn fire(&mut self, number: usize) {
        self.close_conditional(number, ConditionalStatus::Triggering);
        let now = self.now;
        self.conditionals[number].triggered = Some(now);
        let account = self.conditionals[number].account;
        let news = News::ConditionalTriggering(Box::new(self.conditional_report(number)));
        self.tell(account, news);
        match self.child_of(number).and_then(|request| self.place_plain(request)) {
            Ok(_) => {
                self.set_conditional(number, ConditionalStatus::Finished);
                let news = News::ConditionalFinished(Box::new(self.conditional_report(number)));
                self.tell(account, news);
            }
            Err(refusal) => {
                self.conditionals[number].refusal = Some(refusal);
                self.set_conditional(number, ConditionalStatus::Rejected);
                let news = News::ConditionalRejected(Box::new(self.conditional_report(number)));
                self.tell(account, news);
            }
        }
    }

    /// A conditional order's child was accepted: said before the child's own events.
    pub(crate) fn adopt_child(&mut self, number: usize, child: usize) {
        self.conditionals[number].child = Some(child);
        self.set_conditional(number, ConditionalStatus::Triggered);
        let news = News::ConditionalTriggered(Box::new(self.conditional_report(number)));
        self.tell(self.conditionals[number].account, news);
    }

    /// The market order that a conditional order becomes.
    fn child_of(&self, number: usize) -> Result<Request, Rejection> {
        let it = &self.conditionals[number];
        let order = &it.order;
        let position = self.accounts[it.account].holdings[it.market].position(order.position_side);
        let closable = position.filter(|position| order.side == position.direction.closing_side());
        let (quantity, close_position) = match order.size {
            OrderSize::Quantity(quantity) => (quantity, false),
            OrderSize::WholePosition => {
                let closable = closable.ok_or(Rejection::ReduceOnlyRejected { reducible: None })?;
                (closable.quantity, true)
            }
        };
        Ok(Request {
            account: it.account,
            market: it.market,
            client_order_id: order.client_order_id.clone(),
            side: order.side,
            position_side: order.position_side,
            limit: None,
            quantity,
            reduce_only: order.reduce_only,
            close_position,
            parent: Some(number),
            original_type: order.kind.order_type(),
        })
    }

    /// Takes a conditional order off its trigger and off its account's open ones.
    fn close_conditional(&mut self, number: usize, status: ConditionalStatus) {
        let it = &self.conditionals[number];
        let (account, market) = (it.account, it.market);
        let (crossing, trigger, trigger_by) = (it.crossing, it.trigger, it.trigger_by);
        self.markets[market].triggers(trigger_by).remove(crossing, trigger, number);
        let it = &mut self.accounts[account];
        if it.open_conditionals.remove(&number) {
            it.ended_conditionals.push_back(number);
        }
        self.set_conditional(number, status);
    }

    fn set_conditional(&mut self, number: usize, status: ConditionalStatus) {
        let stamp = self.next_stamp();
        let it = &mut self.conditionals[number];
        (it.status, it.updated) = (status, stamp);
    }

    /// Cancels a conditional order that has not triggered.
    ///
    /// # Errors
    /// [`Rejection::UnknownOrder`] if no conditional order of that name waits.
    pub fn cancel_conditional(&mut self, account: &AccountId, which: &OrderRef) -> Result<ConditionalOrder, Rejection> {
        let account = self.account_index(account)?;
        let number = self.find_conditional(account, which).ok_or(Rejection::UnknownOrder)?;
        if self.conditionals[number].status != ConditionalStatus::New {
            return Err(Rejection::UnknownOrder);
        }
        let cancelled = self.cancel_conditional_number(number);
        self.settle();
        Ok(cancelled)
    }

    /// Changes the trigger and the size of a conditional order that has not triggered; it keeps its id.
    ///
    /// # Errors
    /// [`Rejection::UnknownOrder`] if no conditional order of that name waits, and what storing such an order would be
    /// refused with; the order is unchanged then.
    pub fn amend_conditional(
        &mut self,
        account: &AccountId,
        which: &OrderRef,
        trigger: Price,
        size: OrderSize,
    ) -> Result<ConditionalOrder, Rejection> {
        let account = self.account_index(account)?;
        let number = self.find_conditional(account, which).ok_or(Rejection::UnknownOrder)?;
        let it = &self.conditionals[number];
        if it.status != ConditionalStatus::New {
            return Err(Rejection::UnknownOrder);
        }
        let (market, crossing, trigger_by, before) = (it.market, it.crossing, it.trigger_by, it.trigger);
        let instrument = &self.markets[market].instrument;
        filters::tick(instrument, trigger)?;
        if let OrderSize::Quantity(quantity) = size {
            filters::size(instrument, quantity, true)?;
            if it.order.adds_exposure() {
                filters::notional(instrument, quantity, trigger)?;
            }
        }
        let price = self.markets[market].watched(trigger_by);
        if is_met(crossing, trigger, price) {
            return Err(Rejection::WouldTriggerImmediately { trigger, price });
        }
        self.markets[market].triggers(trigger_by).remove(crossing, before, number);
        self.markets[market].triggers(trigger_by).add(crossing, trigger, number);
        let updated = self.next_stamp();
        let it = &mut self.conditionals[number];
        (it.trigger, it.order.size, it.updated) = (trigger, size, updated);
        match &mut it.order.kind {
            OrderKind::StopMarket { trigger: old, .. } | OrderKind::TakeProfitMarket { trigger: old, .. } => {
                *old = trigger
            }
            OrderKind::Market | OrderKind::Limit { .. } => {}
        }
        let report = self.conditional_report(number);
        self.tell(account, News::ConditionalStored(Box::new(report.clone())));
        self.settle();
        Ok(report)
    }

    /// Cancels every conditional order of a symbol that has not triggered.
    ///
    /// # Errors
    /// [`Rejection::UnknownAccount`], [`Rejection::UnknownSymbol`]. Nothing to cancel is no error.
    pub fn cancel_all_conditionals(
        &mut self,
        account: &AccountId,
        symbol: &Symbol,
    ) -> Result<Vec<ConditionalOrder>, Rejection> {
        let account = self.account_index(account)?;
        let market = self.market_index(symbol)?;
        let numbers = self.open_conditionals_of(account, market);
        let cancelled = numbers.into_iter().map(|number| self.cancel_conditional_number(number)).collect();
        self.settle();
        Ok(cancelled)
    }

    fn cancel_conditional_number(&mut self, number: usize) -> ConditionalOrder {
        self.close_conditional(number, ConditionalStatus::Canceled);
        let report = self.conditional_report(number);
        self.tell(self.conditionals[number].account, News::ConditionalCancelled(Box::new(report.clone())));
        report
    }

    pub(crate) fn expire_conditional(&mut self, number: usize, reason: ExpiryReason) {
        self.close_conditional(number, ConditionalStatus::Expired);
        let order = Box::new(self.conditional_report(number));
        self.tell(self.conditionals[number].account, News::ConditionalExpired { order, reason });
    }

    pub(crate) fn open_conditionals_of(&self, account: usize, market: usize) -> Vec<usize> {
        let open = self.accounts[account].open_conditionals.iter().copied();
        open.filter(|number| self.conditionals[*number].market == market).collect()
    }

    pub(crate) fn conditional_side(&self, number: usize) -> plimsoll_domain::PositionSide {
        self.conditionals[number].order.position_side
    }

    pub(crate) fn find_conditional(&self, account: usize, which: &OrderRef) -> Option<usize> {
        let number = match which {
            OrderRef::Id(id) => number(id, FIRST_CONDITIONAL)?,
            OrderRef::Client(id) => *self.accounts[account].conditional_names.get(id)?,
        };
        (self.conditionals.get(number)?.account == account).then_some(number)
    }

    pub(crate) fn conditional_report(&self, number: usize) -> ConditionalOrder {
        let it = &self.conditionals[number];
        let child = it.child.and_then(|child| self.orders.get(child));
        let quantity = match it.order.size {
            OrderSize::Quantity(quantity) => Some(quantity),
            OrderSize::WholePosition => None,
        };
        let filled = child.and_then(|child| Quantity::new(child.filled).ok());
        let order = Order {
            order_id: conditional_id(number),
            client_order_id: it.order.client_order_id.clone(),
            symbol: it.order.symbol.clone(),
            side: it.order.side,
            position_side: it.order.position_side,
            order_type: it.order.kind.order_type(),
            time_in_force: None,
            price: None,
            trigger: Some(it.trigger),
            quantity,
            filled,
            average_price: child.and_then(|child| child.report().average_price),
            reduce_only: it.order.reduce_only,
            close_position: it.order.size == OrderSize::WholePosition,
            status: match it.status {
                ConditionalStatus::New | ConditionalStatus::Triggering | ConditionalStatus::Triggered => {
                    OrderStatus::New
                }
                ConditionalStatus::Finished => child.map_or(OrderStatus::Filled, |child| child.status),
                ConditionalStatus::Rejected => OrderStatus::Rejected,
                ConditionalStatus::Canceled => OrderStatus::Canceled,
                ConditionalStatus::Expired => OrderStatus::Expired,
            },
            child: child.map(crate::order::Working::id),
            updated: it.updated,
        };
        let order_child = order.child.clone();
        ConditionalOrder {
            order,
            trigger_by: it.trigger_by,
            status: it.status,
            created: it.created,
            triggered: it.triggered,
            child: order_child,
            refusal: it.refusal.clone(),
        }
    }
}

/// Which way the price has to move: stops fire when it moves against the position, take-profits in its favour.
fn crossing(order_type: OrderType, side: Side) -> Crossing {
    match (order_type, side) {
        (OrderType::TakeProfit | OrderType::TakeProfitMarket, Side::Buy) => Crossing::Falling,
        (OrderType::TakeProfit | OrderType::TakeProfitMarket, Side::Sell) => Crossing::Rising,
        (_, Side::Buy) => Crossing::Rising,
        (_, Side::Sell) => Crossing::Falling,
    }
}

fn is_met(crossing: Crossing, trigger: Price, price: Price) -> bool {
    match crossing {
        Crossing::Rising => price >= trigger,
        Crossing::Falling => price <= trigger,
    }
}
