//! Closing a margin pool by force.
//!
//! The pool's open orders end first. Its positions are then closed: at the mark while that leaves equity of zero or
//! more, else at the price at which the pool's equity is exactly zero (the bankruptcy price of an isolated position; a
//! cross pool's shortage is shared by notional), and the insurance fund bears the difference to the mark. The
//! liquidation fee goes to the fund, as far as the pool can pay it. A difference that the fund cannot bear falls on
//! profitable opposite positions: see [`adl`](crate::adl).

use crate::event::News;
use crate::exchange::Exchange;
use crate::fills::Part;
use crate::income::{IncomeKind, paid, received};
use crate::order::{ExpiryReason, Working};
use crate::solvency::Pool;
use plimsoll_domain::{
    ClientOrderId, Direction, FillCause, ForcedClose, MarginMode, Money, OrderStatus, OrderType, Position,
    PositionSide, Price, Quantity, Rounding, TimeInForce,
};
use rust_decimal::Decimal;

impl Exchange {
    pub(crate) fn liquidate(&mut self, pool: &Pool) {
        let account = pool.id.account;
        let positions = self.warnings(pool);
        let cross_wallet = pool.id.isolated.is_none().then_some(pool.wallet);
        self.tell(account, News::LiquidationStarted { positions, cross_wallet });
        self.end_orders_of(pool);
        let shortage = (-self.equity(pool)).max(Money::ZERO);
        let notional: Money =
            pool.positions.iter().map(|(market, _, it)| it.notional(self.markets[*market].mark)).sum();
        let mut left = pool.wallet;
        let mut closes = Vec::new();
        for (market, side, position) in &pool.positions {
            let price = self.closing_price(*market, *position, shortage, notional);
            left += received(position.apply(position.direction.opposite(), position.quantity, price).realized());
            self.close_by_force(account, *market, *side, *position, price);
            closes.push((*market, *side, position.quantity, price));
        }
        for (market, side, quantity, price) in closes {
            let fee = paid(quantity * price * self.markets[market].instrument.liquidation_fee);
            let fee = fee.min(left).max(Money::ZERO);
            left -= fee;
            self.book_clearance(account, market, -fee);
            let close = self.forced_close(market, side, quantity, price, None);
            let balance = self.balance_report(account);
            self.tell(account, News::Liquidated { close, fee, balance });
        }
        self.unsettled.insert(account);
    }

    /// Ends the orders that the pool's margin backs: those of an isolated position, or all of the cross symbols.
    fn end_orders_of(&mut self, pool: &Pool) {
        let account = pool.id.account;
        let belongs = |market: usize, side: PositionSide| match pool.id.isolated {
            Some(isolated) => isolated == (market, side),
            None => self.accounts[account].holdings[market].margin_mode == MarginMode::Cross,
        };
        let it = &self.accounts[account];
        let orders: Vec<usize> = it.open_orders.iter().copied().collect();
        let conditionals: Vec<usize> = it.open_conditionals.iter().copied().collect();
        let orders: Vec<usize> = orders
            .into_iter()
            .filter(|number| belongs(self.orders[*number].market, self.orders[*number].position_side))
            .collect();
        let conditionals: Vec<usize> = conditionals
            .into_iter()
            .filter(|number| belongs(self.conditionals[*number].market, self.conditional_side(*number)))
            .collect();
        for number in orders {
            self.expire(number, ExpiryReason::Liquidation);
        }
        for number in conditionals {
            self.expire_conditional(number, ExpiryReason::Liquidation);
        }
    }

    /// The mark, or the price that leaves the pool nothing, in ticks so that nothing is left owing.
    fn closing_price(&self, market: usize, position: Position, shortage: Money, notional: Money) -> Price {
        let it = &self.markets[market];
        if !shortage.is_positive() {
            return it.mark;
        }
        // Its share of the shortage by notional, per unit: shortage · q·mark/Σ ÷ q.
        let per_unit = it.mark.get() * (shortage.get() / notional.get());
        let rounding = match position.direction {
            Direction::Long => Rounding::Up,
            Direction::Short => Rounding::Down,
        };
        let price = Price::new(it.mark.get() + position.direction.sign() * per_unit).unwrap_or(it.mark);
        price.round(it.instrument.tick, rounding).unwrap_or(price)
    }

    fn close_by_force(&mut self, account: usize, market: usize, side: PositionSide, position: Position, price: Price) {
        let number =
            self.force_order(account, market, side, position, position.quantity, price, FillCause::Liquidation);
        self.execute(number, price, position.quantity, Part::Forced);
        self.tell_everybody(News::ForcedOrder(Box::new(self.orders[number].placed())));
        let mark = self.markets[market].mark;
        let loss = Money::new(position.direction.sign() * (price.get() - mark.get()));
        let whole = paid(Money::new(loss.get() * position.quantity.get()));
        let borne = if whole > self.insurance_fund.max(Money::ZERO) {
            let closed = self.deleverage(account, market, position, price);
            paid(Money::new(loss.get() * (position.quantity.get() - closed)))
        } else {
            whole
        };
        self.insurance_fund -= borne;
    }

    /// An order that the exchange places for an account, already accepted and off the book.
    #[expect(clippy::too_many_arguments, reason = "each is one fact of the order")]
    pub(crate) fn force_order(
        &mut self,
        account: usize,
        market: usize,
        position_side: PositionSide,
        position: Position,
        quantity: Quantity,
        price: Price,
        cause: FillCause,
    ) -> usize {
        self.forced += 1;
        let prefix = if cause == FillCause::Adl { "adl_autoclose-" } else { "autoclose-" };
        let number = self.orders.next();
        let updated = self.next_stamp();
        let it = &mut self.accounts[account];
        it.all_orders.push(number);
        it.open_orders.insert(number);
        self.orders.push(Working {
            id: self.first_order_id() + number,
            account,
            market,
            symbol: self.markets[market].instrument.symbol.clone(),
            client_order_id: ClientOrderId::reported(format!("{prefix}{}", self.forced)),
            side: position.direction.closing_side(),
            position_side,
            order_type: OrderType::Liquidation,
            original_type: OrderType::Liquidation,
            limit: Some((price, TimeInForce::Ioc)),
            quantity,
            filled: Decimal::ZERO,
            cost: Decimal::ZERO,
            reduce_only: true,
            close_position: false,
            parent: None,
            cause,
            status: OrderStatus::New,
            priority: None,
            created: self.now,
            updated,
        });
        self.tell(account, News::OrderAccepted(Box::new(self.orders[number].placed())));
        number
    }

    /// Books what goes between an account and the insurance fund: a fee is negative.
    fn book_clearance(&mut self, account: usize, market: usize, amount: Money) {
        if !amount.is_zero() {
            self.book_income(account, IncomeKind::InsuranceClear, Some(market), amount, None);
            self.insurance_fund -= amount;
        }
    }

    /// Makes good a cross wallet below zero that no position backs any more: nobody owes the exchange.
    pub(crate) fn cover_deficit(&mut self, account: usize) {
        let deficit = -self.accounts[account].cross_wallet();
        let has_cross = self.pools(account).iter().any(|pool| pool.id.isolated.is_none());
        if deficit.is_positive() && !has_cross {
            self.book_income(account, IncomeKind::InsuranceClear, None, deficit, None);
            self.insurance_fund -= deficit;
            let balance = self.balance_report(account);
            self.tell(account, News::Covered { amount: deficit, balance });
        }
    }

    pub(crate) fn forced_close(
        &self,
        market: usize,
        position_side: PositionSide,
        quantity: Quantity,
        price: Price,
        level: Option<u8>,
    ) -> ForcedClose {
        ForcedClose {
            symbol: self.markets[market].instrument.symbol.clone(),
            position_side,
            quantity: Some(quantity),
            price: Some(price),
            level,
            time: self.now,
        }
    }
}
