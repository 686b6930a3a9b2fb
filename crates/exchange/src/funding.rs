//! Funding: settled at its times, at the mark of that moment.

use crate::event::News;
use crate::exchange::Exchange;
use crate::income::{IncomeKind, paid};
use crate::rejection::Rejection;
use plimsoll_domain::{FundingPayment, MarginMode, PositionSide, Rate, SettledFunding, Symbol, Timestamp, funding};
use rust_decimal::Decimal;
use std::sync::Arc;

impl Exchange {
    /// The rate of every funding to come that has none of its own. 0.0001 until it is set.
    ///
    /// # Errors
    /// [`Rejection::UnknownSymbol`]; [`Rejection::UnfitRate`] beyond ±1.
    pub fn set_funding_rate(&mut self, symbol: &Symbol, rate: Rate) -> Result<(), Rejection> {
        let market = self.market_index(symbol)?;
        let rate = fit(rate)?;
        self.markets[market].funding_rate = rate;
        Ok(())
    }

    /// Rates for fundings to come, each by the time that it is stamped with: a funding is settled at the first rate that
    /// is stamped within the hour from its time on. Fundings without one use the standing rate.
    ///
    /// # Errors
    /// [`Rejection::UnknownSymbol`]; [`Rejection::UnfitRate`] for any beyond ±1, and none is scheduled then.
    pub fn schedule_funding(
        &mut self,
        symbol: &Symbol,
        rates: impl IntoIterator<Item = (Timestamp, Rate)>,
    ) -> Result<(), Rejection> {
        let market = self.market_index(symbol)?;
        let rates: Vec<_> =
            rates.into_iter().map(|(time, rate)| Ok((time, fit(rate)?))).collect::<Result<_, Rejection>>()?;
        self.markets[market].funding_schedule.extend(rates);
        Ok(())
    }

    /// Settles what was due before `time`, in the order of time and then of listing.
    pub(crate) fn settle_funding_before(&mut self, time: Timestamp) {
        while let Some((due, market)) = self.next_funding().filter(|(due, _)| *due < time) {
            self.now = self.now.max(due);
            self.settle_funding(market, due);
        }
    }

    /// Settles what is due at `time`.
    pub(crate) fn settle_funding_at(&mut self, time: Timestamp) {
        while let Some((due, market)) = self.next_funding().filter(|(due, _)| *due <= time) {
            self.settle_funding(market, due);
        }
    }

    fn next_funding(&self) -> Option<(Timestamp, usize)> {
        self.markets.iter().enumerate().map(|(index, market)| (market.next_funding, index)).min()
    }

    fn settle_funding(&mut self, index: usize, due: Timestamp) {
        let market = &mut self.markets[index];
        let (rate, mark) = (market.funding_rate_at(due), market.mark);
        market.next_funding = market.funding_after(due);
        let settled =
            SettledFunding { symbol: market.instrument.symbol.clone(), rate, mark_price: Some(mark), time: due };
        market.funding_history.push(settled.clone());
        self.tell_everybody(News::FundingSettled(settled));
        for account in 0..self.accounts.len() {
            let open: Vec<PositionSide> = self.accounts[account].holdings[index].open().map(|(side, _)| side).collect();
            for side in open {
                self.pay_funding(account, index, side, rate, due);
            }
        }
        // Who cannot pay is judged before the next funding.
        self.settle();
    }

    /// An isolated position pays from its own margin, a cross one from the wallet.
    fn pay_funding(&mut self, account: usize, market: usize, side: PositionSide, rate: Rate, due: Timestamp) {
        let mark = self.markets[market].mark;
        let holding = &mut self.accounts[account].holdings[market];
        let isolated = holding.margin_mode == MarginMode::Isolated;
        let Some(held) = &mut holding.slot_mut(side).held else { return };
        let payment = paid(funding::payment(held.position, mark, rate));
        if payment.is_zero() {
            return;
        }
        if isolated {
            held.margin -= payment;
        }
        let id = self.book_income(account, IncomeKind::FundingFee, Some(market), -payment, None);
        self.unsettled.insert(account);
        let payment = FundingPayment {
            id: Some(Arc::from(id.to_string())),
            symbol: Some(self.markets[market].instrument.symbol.clone()),
            payment,
            rate: Some(rate),
            currency: self.settle_currency(),
            time: due,
        };
        let position = Box::new(self.position_report(account, market, side));
        let balance = self.balance_report(account);
        self.tell(account, News::FundingPaid { payment, position, balance });
    }
}

fn fit(rate: Rate) -> Result<Rate, Rejection> {
    if rate.get().abs() <= Decimal::ONE { Ok(rate) } else { Err(Rejection::UnfitRate(rate)) }
}
