//! Who trades with whom, and at what price.
//!
//! An order that comes in takes from the resting orders of other accounts in price-time priority, and from the outside
//! market at its bid or ask, which is unlimited; at the same price resting orders go first. An order that rests fills
//! whole, as maker and at its own limit, once the fed last price touches it: at or below a buy, at or above a sell. An
//! order never trades with its own account: the resting one expires.

use crate::exchange::Exchange;
use crate::fills::Part;
use crate::order::ExpiryReason;
use crate::placing::reaches;
use plimsoll_domain::{Money, Price, Quantity, Rate, Rounding, Side};
use rust_decimal::Decimal;

impl Exchange {
    /// The outside price that an order of this side takes.
    pub(crate) fn counter(&self, market: usize, side: Side) -> Price {
        let (bid, ask) = self.markets[market].outside(self.settings.spread_ticks);
        match side {
            Side::Buy => ask,
            Side::Sell => bid,
        }
    }

    /// The best price, of outside or of a resting order, that an order of this side takes.
    pub(crate) fn best_counter(&self, market: usize, side: Side) -> Price {
        let outside = self.counter(market, side);
        let resting = self.markets[market].book.best(side.opposite()).map(|(price, _)| price);
        match (resting, side) {
            (None, _) => outside,
            (Some(resting), Side::Buy) => resting.min(outside),
            (Some(resting), Side::Sell) => resting.max(outside),
        }
    }

    /// How much a limit could fill at once; `None` is any size.
    pub(crate) fn fillable(&self, account: usize, market: usize, side: Side, limit: Price) -> Option<Decimal> {
        if reaches(side, limit, self.counter(market, side)) {
            return None;
        }
        let resting = self.markets[market].book.queue(side.opposite());
        let reached = resting.take_while(|(price, _)| reaches(side, limit, *price)).map(|(_, order)| order);
        let others = reached.filter(|order| self.orders[*order].account != account && self.may_fill(*order));
        Some(others.filter_map(|order| self.orders[order].remaining()).map(Quantity::get).sum())
    }

    /// Fills an order as far as its limit reaches.
    pub(crate) fn take(&mut self, number: usize) {
        while let Some(remaining) = self.orders[number].remaining() {
            let order = &self.orders[number];
            if order.status.is_final() {
                return;
            }
            let (side, market, limit) = (order.side, order.market, order.limit.map(|(price, _)| price));
            let outside = self.counter(market, side);
            let resting = self.markets[market].book.best(side.opposite());
            match resting.filter(|(price, _)| reaches(side, outside, *price)) {
                Some((price, maker)) if limit.is_none_or(|limit| reaches(side, limit, price)) => {
                    self.trade(number, maker, price, remaining);
                }
                _ if limit.is_none_or(|limit| reaches(side, limit, outside)) => {
                    let price = if limit.is_none() { self.slipped(market, side, outside) } else { outside };
                    self.execute(number, price, remaining, Part::Taker);
                }
                _ => return,
            }
        }
    }

    /// What an order without a limit pays for taking from the outside market.
    fn slipped(&self, market: usize, side: Side, outside: Price) -> Price {
        let slippage = self.settings.slippage;
        if slippage == Rate::ZERO {
            return outside;
        }
        let (factor, rounding) = match side {
            Side::Buy => (Decimal::ONE + slippage.get(), Rounding::Up),
            Side::Sell => (Decimal::ONE - slippage.get(), Rounding::Down),
        };
        let slipped = outside.get().checked_mul(factor).and_then(|price| Price::new(price).ok());
        slipped.and_then(|price| price.round(self.markets[market].instrument.tick, rounding)).unwrap_or(outside)
    }

    /// One trade between two orders, or the end of a resting order that cannot trade.
    fn trade(&mut self, taker: usize, maker: usize, price: Price, wanted: Quantity) {
        if self.orders[maker].account == self.orders[taker].account {
            return self.expire(maker, ExpiryReason::SelfTrade);
        }
        if !self.may_fill(maker) {
            return self.expire(maker, ExpiryReason::InsufficientMargin);
        }
        let Some(offered) = self.orders[maker].remaining() else { return self.retire(maker) };
        let quantity = wanted.min(offered);
        self.execute(maker, price, quantity, Part::Maker);
        self.execute(taker, price, quantity, Part::Taker);
    }

    /// Whether the margin that a resting order was accepted on is still there, and its fee.
    fn may_fill(&self, number: usize) -> bool {
        let order = &self.orders[number];
        let (Some(remaining), Some((price, _))) = (order.remaining(), order.limit) else { return true };
        if order.reduces() {
            return true;
        }
        let turning = self.turning(order.account, order.market, order.side, remaining, price);
        if turning.is_some_and(|(required, available)| required > available) {
            return false;
        }
        let fee = (remaining * price * self.markets[order.market].instrument.fees.maker).max(Money::ZERO);
        let adds = self.load(order.account, order.market, None).reach()
            > self.load(order.account, order.market, Some(number)).reach();
        !adds || self.free(order.account) >= fee
    }

    /// Fills the resting orders that the last price touches.
    pub(crate) fn fill_resting(&mut self, market: usize) {
        for side in [Side::Buy, Side::Sell] {
            while let Some((price, number)) = self.markets[market].book.best(side) {
                if !reaches(side, price, self.markets[market].last) {
                    break;
                }
                match self.orders[number].remaining() {
                    Some(remaining) if self.may_fill(number) => self.execute(number, price, remaining, Part::Maker),
                    Some(_) => self.expire(number, ExpiryReason::InsufficientMargin),
                    None => self.retire(number),
                }
            }
        }
    }
}
