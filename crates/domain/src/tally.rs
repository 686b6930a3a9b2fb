//! What an account has done since somebody began to count.

use crate::change::Change;
use crate::fill::Fill;
use crate::money::Money;
use crate::name::Currency;
use crate::order::OrderStatus;
use std::collections::BTreeMap;

/// Counts orders and fills, and sums what they cost, from the [`Change`]s of an account. Each of those is told once, so
/// nothing is counted twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Orders that became known, those that were open at the beginning included.
    pub orders: u64,
    /// Orders that were filled whole.
    pub orders_filled: u64,
    /// Orders that ended without being filled whole: cancelled, expired or refused.
    pub orders_ended: u64,
    /// Trades.
    pub fills: u64,
    /// Of those, the ones that the venue forced.
    pub forced_fills: u64,
    /// Size × price of the trades, by settle currency.
    pub turnover: BTreeMap<Currency, Money>,
    /// Fees by the currency they were paid in; positive is paid.
    pub fees: BTreeMap<Currency, Money>,
    /// Profit of what the trades closed, before fees, as far as the venue says, by settle currency.
    pub realized: BTreeMap<Currency, Money>,
}

impl Tally {
    /// Takes one change.
    pub fn hear(&mut self, change: &Change) {
        match change {
            Change::OrderChanged { order, before } => {
                if before.is_none() {
                    self.orders = self.orders.saturating_add(1);
                }
                let was_final = before.is_some_and(OrderStatus::is_final);
                match order.status {
                    status if was_final || !status.is_final() => {}
                    OrderStatus::Filled => self.orders_filled = self.orders_filled.saturating_add(1),
                    _ => self.orders_ended = self.orders_ended.saturating_add(1),
                }
            }
            Change::Filled(fill) => self.fill(fill),
            _ => {}
        }
    }

    fn fill(&mut self, fill: &Fill) {
        self.fills = self.fills.saturating_add(1);
        if fill.cause != crate::fill::FillCause::Order {
            self.forced_fills = self.forced_fills.saturating_add(1);
        }
        let settle = Currency::new(fill.symbol.settle());
        let paid_in = fill.fee_currency.clone().unwrap_or_else(|| settle.clone());
        add(&mut self.fees, paid_in, fill.fee);
        add(&mut self.turnover, settle.clone(), fill.quantity * fill.price);
        if let Some(realized) = fill.realized_pnl {
            add(&mut self.realized, settle, realized);
        }
    }
}

fn add(sums: &mut BTreeMap<Currency, Money>, currency: Currency, amount: Money) {
    let sum = sums.entry(currency).or_default();
    *sum = Money::new(sum.get().saturating_add(amount.get()));
}
