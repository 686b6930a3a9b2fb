//! How much of its history an account keeps, and what all of it came to.

use crate::exchange::Exchange;
use plimsoll_domain::{AccountId, Fill, Money};

/// What an account has done since it was opened; what is [forgotten](crate::Settings::keeps) is counted too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Events that told of it.
    pub events: u64,
    /// Fills, those by force included.
    pub fills: u64,
    /// Σ size × price of the fills.
    pub turnover: Money,
    /// Fees of the fills, positive when paid.
    pub fees: Money,
    /// What the fills realised, before fees.
    pub realized: Money,
}

impl Totals {
    pub(crate) fn hear(&mut self, fill: &Fill) {
        self.fills = self.fills.saturating_add(1);
        self.turnover = plus(self.turnover, fill.quantity * fill.price);
        self.fees = plus(self.fees, fill.fee);
        self.realized = plus(self.realized, fill.realized_pnl.unwrap_or_default());
    }
}

fn plus(a: Money, b: Money) -> Money {
    Money::new(a.get().saturating_add(b.get()))
}

impl Exchange {
    /// What an account has done since it was opened.
    #[must_use]
    pub fn totals(&self, account: &AccountId) -> Option<Totals> {
        Some(self.accounts[self.account_index(account).ok()?].totals)
    }

    /// Forgets what is beyond [`keeps`](crate::Settings::keeps). Only where nothing is under way.
    pub(crate) fn forget_beyond_what_is_kept(&mut self) {
        let Some(keeps) = self.settings.keeps else { return };
        let most = keeps.saturating_add(keeps / 4);
        for account in 0..self.accounts.len() {
            let it = &mut self.accounts[account];
            keep_newest(&mut it.fills, keeps, most);
            keep_newest(&mut it.income, keeps, most);
            if it.ended_orders.len() > most {
                self.forget_orders(account, keeps);
            }
            if self.accounts[account].ended_conditionals.len() > most {
                self.forget_conditionals(account, keeps);
            }
        }
    }

    fn forget_orders(&mut self, account: usize, keeps: usize) {
        let it = &mut self.accounts[account];
        for number in it.ended_orders.drain(..it.ended_orders.len() - keeps) {
            let Some(order) = self.orders.forget(number) else { continue };
            // The name may be another's by now.
            if it.order_names.get(&order.client_order_id) == Some(&number) {
                it.order_names.remove(&order.client_order_id);
            }
        }
        it.all_orders.retain(|number| self.orders.get(*number).is_some());
    }

    fn forget_conditionals(&mut self, account: usize, keeps: usize) {
        let it = &mut self.accounts[account];
        for number in it.ended_conditionals.drain(..it.ended_conditionals.len() - keeps) {
            let Some(conditional) = self.conditionals.forget(number) else { continue };
            let name = &conditional.order.client_order_id;
            if it.conditional_names.get(name) == Some(&number) {
                it.conditional_names.remove(name);
            }
        }
        it.all_conditionals.retain(|number| self.conditionals.get(*number).is_some());
    }
}

fn keep_newest<T>(rows: &mut Vec<T>, keeps: usize, most: usize) {
    if rows.len() > most {
        rows.drain(..rows.len() - keeps);
    }
}
