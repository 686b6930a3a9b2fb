//! Leverage, margin mode, position mode and isolated margin.

use crate::event::News;
use crate::exchange::Exchange;
use crate::income::{self, paid};
use crate::rejection::Rejection;
use plimsoll_domain::{AccountId, Leverage, MarginMode, Money, PositionMode, PositionSide, Rate, Symbol};

impl Exchange {
    /// Sets a symbol's leverage. Setting what it is already is no error.
    ///
    /// # Errors
    /// [`Rejection::LeverageTooHigh`] above the contract's maximum, [`Rejection::MaxPositionAtLeverage`] if position
    /// and orders are larger than the margin table allows at it, [`Rejection::LeverageReduction`] for less of an open
    /// isolated position, [`Rejection::InsufficientMargin`] if less would take more margin than there is.
    pub fn set_leverage(&mut self, account: &AccountId, symbol: &Symbol, leverage: Leverage) -> Result<(), Rejection> {
        let account = self.account_index(account)?;
        let market = self.market_index(symbol)?;
        let it = &self.markets[market];
        if leverage > it.max_leverage() {
            return Err(Rejection::LeverageTooHigh { leverage, max: it.max_leverage() });
        }
        let reach = self.load(account, market, None).reach();
        if let Some(max) = it.max_notional(leverage).filter(|max| reach > *max) {
            return Err(Rejection::MaxPositionAtLeverage { notional: reach, max, leverage });
        }
        let holding = &mut self.accounts[account].holdings[market];
        let from = holding.leverage;
        let is_open = holding.open().next().is_some();
        if is_open && holding.margin_mode == MarginMode::Isolated && leverage < from {
            return Err(Rejection::LeverageReduction { from, to: leverage });
        }
        let before = self.free(account);
        self.accounts[account].holdings[market].leverage = leverage;
        let after = self.free(account);
        if after.is_negative() && after < before {
            self.accounts[account].holdings[market].leverage = from;
            let available = before.max(Money::ZERO);
            return Err(Rejection::InsufficientMargin { required: before - after, available });
        }
        self.tell(account, News::LeverageChanged { symbol: symbol.clone(), leverage });
        Ok(())
    }

    /// Sets what backs a symbol's positions.
    ///
    /// # Errors
    /// [`Rejection::NoChange`] if it is so, [`Rejection::OpenOrders`] or [`Rejection::OpenPositions`] of the symbol.
    pub fn set_margin_mode(&mut self, account: &AccountId, symbol: &Symbol, mode: MarginMode) -> Result<(), Rejection> {
        let account = self.account_index(account)?;
        let market = self.market_index(symbol)?;
        let holding = &self.accounts[account].holdings[market];
        if holding.margin_mode == mode {
            return Err(Rejection::NoChange);
        }
        if holding.open().next().is_some() {
            return Err(Rejection::OpenPositions);
        }
        let waiting = !self.open_conditionals_of(account, market).is_empty();
        if waiting || !self.open_orders_of(account, market).is_empty() {
            return Err(Rejection::OpenOrders);
        }
        self.accounts[account].holdings[market].margin_mode = mode;
        self.tell(account, News::MarginModeChanged { symbol: symbol.clone(), mode });
        Ok(())
    }

    /// Sets how many positions a symbol may have, for the whole account.
    ///
    /// # Errors
    /// [`Rejection::NoChange`] if it is so, [`Rejection::OpenOrders`] or [`Rejection::OpenPositions`] of any symbol.
    pub fn set_position_mode(&mut self, account: &AccountId, mode: PositionMode) -> Result<(), Rejection> {
        let account = self.account_index(account)?;
        let it = &mut self.accounts[account];
        if it.position_mode == mode {
            return Err(Rejection::NoChange);
        }
        if !it.open_orders.is_empty() || !it.open_conditionals.is_empty() {
            return Err(Rejection::OpenOrders);
        }
        if it.positions().next().is_some() {
            return Err(Rejection::OpenPositions);
        }
        it.position_mode = mode;
        self.tell(account, News::PositionModeChanged(mode));
        Ok(())
    }

    /// Adds margin to an isolated position from the cross wallet (positive), or takes it back (negative). What is left
    /// covers the position's initial margin at the mark, its losses included.
    ///
    /// # Errors
    /// [`Rejection::NotIsolated`], [`Rejection::NoPosition`], [`Rejection::NoChange`] for nothing,
    /// [`Rejection::UnfitAmount`], [`Rejection::InsufficientMargin`] to add, [`Rejection::TooMuchTaken`] to take.
    pub fn adjust_isolated_margin(
        &mut self,
        account: &AccountId,
        symbol: &Symbol,
        position_side: PositionSide,
        amount: Money,
    ) -> Result<(), Rejection> {
        let account = self.account_index(account)?;
        let market = self.market_index(symbol)?;
        let available = self.free(account).max(Money::ZERO);
        let (mark, closing_fee) = (self.markets[market].mark, self.markets[market].closing_fee);
        let holding = &mut self.accounts[account].holdings[market];
        if holding.margin_mode != MarginMode::Isolated {
            return Err(Rejection::NotIsolated);
        }
        let leverage = holding.leverage.as_decimal();
        let held = holding.slot_mut(position_side).held.as_mut().ok_or(Rejection::NoPosition)?;
        if amount.is_zero() {
            return Err(Rejection::NoChange);
        }
        if !income::fits(amount) {
            return Err(Rejection::UnfitAmount(amount));
        }
        if amount > available {
            return Err(Rejection::InsufficientMargin { required: amount, available });
        }
        let loss = held.position.unrealized_pnl(mark).min(Money::ZERO);
        let notional = held.position.notional(mark);
        let fee = if closing_fee == Rate::ZERO { Money::ZERO } else { notional * closing_fee };
        let kept = paid(notional / leverage + fee);
        let most = (held.margin + loss - kept).max(Money::ZERO);
        if -amount > most {
            return Err(Rejection::TooMuchTaken { amount: -amount, max: most });
        }
        held.margin += amount;
        self.unsettled.insert(account);
        // What is reported is newer than what was read at this very moment.
        self.next_stamp();
        let position = Box::new(self.position_report(account, market, position_side));
        let balance = self.balance_report(account);
        let symbol = symbol.clone();
        self.tell(account, News::IsolatedMarginChanged { symbol, position_side, amount, position, balance });
        self.settle();
        Ok(())
    }
}
