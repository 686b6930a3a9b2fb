//! What a trade does to an order, a position, a wallet and the histories.

use crate::account::Held;
use crate::event::{FillNews, News};
use crate::exchange::Exchange;
use crate::income::{IncomeKind, paid, received};
use crate::market::Market;
use crate::order::ExpiryReason;
use plimsoll_domain::{
    Fill, Liquidity, MarginMode, MarketTrade, Money, OrderStatus, Position, PositionSide, Price, Quantity, Rate, Side,
    TradeId, Transition,
};
use rust_decimal::Decimal;

/// The part an order has in a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Maker,
    Taker,
    /// Neither pays a fee nor is seen by others.
    Forced,
}

impl Exchange {
    /// Trades `quantity` of an order at `price`. It never trades more than what remains of the order.
    pub(crate) fn execute(&mut self, number: usize, price: Price, quantity: Quantity, part: Part) {
        let order = &self.orders[number];
        let (account, market) = (order.account, order.market);
        let (side, position_side) = (order.side, order.position_side);
        let notional = quantity * price;
        let fees = self.markets[market].instrument.fees;
        let fee = paid(match part {
            Part::Maker => notional * fees.maker,
            Part::Taker => notional * fees.taker,
            Part::Forced => notional * Rate::ZERO,
        });
        let before = self.accounts[account].holdings[market].position(position_side);
        let transition = Position::after(before, side.into(), quantity, price);
        let realized = received(transition.realized());
        self.move_position(account, market, position_side, transition, realized, price);
        let trade_id = self.next_trade_id(market);
        if before.is_some_and(|position| position.direction != side.into()) {
            self.book_income(account, IncomeKind::RealizedPnl, Some(market), realized, Some(trade_id.clone()));
        }
        if !fee.is_zero() {
            self.book_income(account, IncomeKind::Commission, Some(market), -fee, Some(trade_id.clone()));
        }
        self.fill_order(number, price, quantity);
        self.tell_fill(number, trade_id, price, quantity, fee, realized, part);
        self.unsettled.insert(account);
        if !matches!(transition, Transition::Opened(_) | Transition::Increased(_)) {
            self.trim_reducing(account, market, position_side);
        }
    }

    /// Assigns and releases isolated margin: what is opened takes its initial margin from the cross wallet, what is
    /// closed gives its share back.
    fn move_position(
        &mut self,
        account: usize,
        market: usize,
        side: PositionSide,
        transition: Transition,
        realized: Money,
        price: Price,
    ) {
        let now = self.now;
        let Market { closing_fee, .. } = self.markets[market];
        let holding = &mut self.accounts[account].holdings[market];
        let leverage = holding.leverage.as_decimal();
        let isolated = holding.margin_mode == MarginMode::Isolated;
        let slot = holding.slot_mut(side);
        let before = slot.held.map(|held| (held.position.quantity.get(), held.margin));
        let initial = |quantity: Decimal| {
            let fee =
                if closing_fee == Rate::ZERO { Decimal::ZERO } else { quantity * price.get() * closing_fee.get() };
            if isolated { paid(Money::new(quantity * price.get() / leverage + fee)) } else { Money::ZERO }
        };
        let margin = match (transition, before) {
            (Transition::Increased(position), Some((quantity, margin))) => {
                margin + initial(position.quantity.get() - quantity)
            }
            (Transition::Reduced(position, _), Some((quantity, margin))) => {
                paid(margin * (position.quantity.get() / quantity))
            }
            (transition, _) => transition.position().map_or(Money::ZERO, |position| initial(position.quantity.get())),
        };
        slot.held = transition.position().map(|position| Held { position, margin });
        slot.realized += realized;
        slot.updated = now;
    }

    fn next_trade_id(&mut self, market: usize) -> TradeId {
        let market = &mut self.markets[market];
        let id = market.next_trade;
        market.next_trade += 1;
        TradeId::new(id.to_string())
    }

    fn fill_order(&mut self, number: usize, price: Price, quantity: Quantity) {
        let stamp = self.next_stamp();
        let order = &mut self.orders[number];
        order.filled += quantity.get();
        order.cost += (quantity * price).get();
        order.updated = stamp;
        order.status = if order.remaining().is_some() { OrderStatus::PartiallyFilled } else { OrderStatus::Filled };
        if order.status == OrderStatus::Filled {
            self.retire(number);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is one fact of the fill")]
    fn tell_fill(
        &mut self,
        number: usize,
        trade_id: TradeId,
        price: Price,
        quantity: Quantity,
        fee: Money,
        realized: Money,
        part: Part,
    ) {
        let order = &self.orders[number];
        let (account, market) = (order.account, order.market);
        let fill = Fill {
            trade_id,
            order_id: order.id(),
            client_order_id: order.client_order_id.clone(),
            symbol: order.symbol.clone(),
            side: order.side,
            position_side: order.position_side,
            price,
            quantity,
            fee,
            fee_currency: Some(self.settle_currency()),
            liquidity: Some(if part == Part::Maker { Liquidity::Maker } else { Liquidity::Taker }),
            realized_pnl: Some(realized),
            cause: order.cause,
            time: self.now,
        };
        let position_side = order.position_side;
        let news = FillNews {
            order: order.placed(),
            position: self.told_position(account, market, position_side),
            balance: self.told_balance(account),
            fill: fill.clone(),
        };
        self.tell(account, News::OrderFilled(Box::new(news)));
        if part == Part::Taker {
            let trade = MarketTrade {
                symbol: fill.symbol.clone(),
                trade_id: fill.trade_id.clone(),
                price,
                quantity,
                taker: fill.side,
                time: self.now,
            };
            self.markets[market].record_trade(trade.clone());
            self.tell_everybody(News::Trade(trade));
        }
        let it = &mut self.accounts[account];
        it.totals.hear(&fill);
        it.fills.push(fill);
    }

    /// Takes an order that can do nothing more off the book and off its account's open orders.
    pub(crate) fn retire(&mut self, number: usize) {
        self.unrest(number);
        let account = self.orders[number].account;
        let it = &mut self.accounts[account];
        if it.open_orders.remove(&number) {
            it.ended_orders.push_back(number);
        }
    }

    /// Takes an order off the book.
    pub(crate) fn unrest(&mut self, number: usize) {
        let order = &mut self.orders[number];
        if let (Some(priority), Some((price, _))) = (order.priority.take(), order.limit) {
            self.markets[order.market].book.remove(order.side, price, priority);
        }
    }

    /// Shrinks or ends the resting orders that may only reduce this position, so that together they are never more than
    /// it. The first in the queue keeps its size longest.
    pub(crate) fn trim_reducing(&mut self, account: usize, market: usize, position_side: PositionSide) {
        let position = self.accounts[account].holdings[market].position(position_side);
        let mut reducing: Vec<usize> = self.reducing(account, market, position_side).collect();
        reducing.sort_by_key(|number| {
            let order = &self.orders[*number];
            let price = order.limit.map_or(Decimal::ZERO, |(price, _)| price.get());
            let from_best = if order.side == Side::Buy { -price } else { price };
            (from_best, order.priority)
        });
        let mut room = position.map(|position| position.quantity.get()).unwrap_or_default();
        for number in reducing {
            let order = &self.orders[number];
            let Some(remaining) = order.remaining() else { continue };
            let closes = position.is_some_and(|position| order.side == position.direction.closing_side());
            if !closes || room.is_zero() {
                self.expire(number, ExpiryReason::ReduceOnly);
            } else if remaining.get() <= room {
                room -= remaining.get();
            } else {
                self.shrink(number, room);
                room = Decimal::ZERO;
            }
        }
    }

    fn shrink(&mut self, number: usize, remaining: Decimal) {
        let stamp = self.next_stamp();
        let order = &mut self.orders[number];
        if let Ok(quantity) = Quantity::new(order.filled + remaining) {
            order.quantity = quantity;
            order.updated = stamp;
            let news = News::OrderAmended(Box::new(order.placed()));
            let account = order.account;
            self.tell(account, news);
        }
    }

    /// The account's resting orders that may only reduce this position.
    pub(crate) fn reducing(
        &self,
        account: usize,
        market: usize,
        position_side: PositionSide,
    ) -> impl Iterator<Item = usize> + '_ {
        self.accounts[account].open_orders.iter().copied().filter(move |number| {
            let order = &self.orders[*number];
            order.market == market
                && order.position_side == position_side
                && order.priority.is_some()
                && order.reduces()
        })
    }

    /// Ends an order that the exchange will not keep.
    pub(crate) fn expire(&mut self, number: usize, reason: ExpiryReason) {
        self.end(number, OrderStatus::Expired);
        let order = Box::new(self.orders[number].placed());
        self.tell(self.orders[number].account, News::OrderExpired { order, reason });
    }

    pub(crate) fn end(&mut self, number: usize, status: OrderStatus) {
        let stamp = self.next_stamp();
        self.retire(number);
        let order = &mut self.orders[number];
        order.status = status;
        order.updated = stamp;
    }
}
