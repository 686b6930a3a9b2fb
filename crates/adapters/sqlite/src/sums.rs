//! Exact sums of trades, funding and bookings, by day and by currency.

use crate::row::Columns;
use plimsoll_domain::{BookingKind, Currency, Money, Symbol, Timestamp};
use plimsoll_ports::{DailyPnl, StoreError, Totals};
use std::collections::BTreeMap;

/// What one day or one currency adds up to.
#[derive(Debug, Clone, Copy, Default)]
struct Amounts {
    realized_pnl: Money,
    fees: Money,
    funding: Money,
    adjustments: Money,
    transfers: Money,
}

/// What the records so far add up to.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    by_day: BTreeMap<Timestamp, Amounts>,
    by_currency: BTreeMap<Currency, Amounts>,
}

impl Sums {
    /// Adds a row of `trades`. A fee in another currency than the settle currency counts in that currency, and not in
    /// the day's.
    pub(crate) fn add_trade(&mut self, row: Columns<'_>) -> Result<(), StoreError> {
        let settle = Currency::new(row.read::<Symbol>("symbol")?.settle());
        let paid_in = row.optional("fee_currency")?.unwrap_or_else(|| settle.clone());
        let fee: Money = row.read("fee")?;
        let profit: Money = row.optional("realized_pnl")?.unwrap_or_default();

        let day = self.by_day.entry(row.time("time")?.start_of_day()).or_default();
        add(&mut day.realized_pnl, profit, row, "realized_pnl")?;
        if paid_in == settle {
            add(&mut day.fees, fee, row, "fee")?;
        }
        add(&mut self.by_currency.entry(settle).or_default().realized_pnl, profit, row, "realized_pnl")?;
        add(&mut self.by_currency.entry(paid_in).or_default().fees, fee, row, "fee")
    }

    /// Adds a row of `funding_events`.
    pub(crate) fn add_funding(&mut self, row: Columns<'_>) -> Result<(), StoreError> {
        let payment: Money = row.read("payment")?;
        let day = self.by_day.entry(row.time("time")?.start_of_day()).or_default();
        add(&mut day.funding, payment, row, "payment")?;
        add(&mut self.by_currency.entry(row.read("currency")?).or_default().funding, payment, row, "payment")
    }

    /// Adds a row of `bookings`.
    pub(crate) fn add_booking(&mut self, row: Columns<'_>) -> Result<(), StoreError> {
        let (kind, amount): (BookingKind, Money) = (row.read("kind")?, row.read("amount")?);
        let of = |amounts: &mut Amounts| match kind.is_transfer() {
            true => add(&mut amounts.transfers, amount, row, "amount"),
            false => add(&mut amounts.adjustments, amount, row, "amount"),
        };
        of(self.by_day.entry(row.time("time")?.start_of_day()).or_default())?;
        of(self.by_currency.entry(row.read("currency")?).or_default())
    }

    pub(crate) fn daily(self) -> Vec<DailyPnl> {
        let daily = |(day, sums): (Timestamp, Amounts)| {
            let Amounts { realized_pnl, fees, funding, adjustments, transfers } = sums;
            DailyPnl { day, realized_pnl, fees, funding, adjustments, transfers }
        };
        self.by_day.into_iter().map(daily).collect()
    }

    pub(crate) fn totals(self) -> Vec<Totals> {
        let totals = |(currency, sums): (Currency, Amounts)| {
            let Amounts { realized_pnl, fees, funding, adjustments, transfers } = sums;
            Totals { currency, realized_pnl, fees, funding, adjustments, transfers }
        };
        self.by_currency.into_iter().map(totals).collect()
    }
}

/// Amounts beyond all reason must not bring the program down, and a sum that would have to be rounded is no sum of the
/// records.
fn add(sum: &mut Money, amount: Money, row: Columns<'_>, column: &str) -> Result<(), StoreError> {
    let scale = sum.get().normalize().scale().max(amount.get().normalize().scale());
    let total = sum.get().checked_add(amount.get()).filter(|total| total.scale() >= scale);
    *sum = Money::new(total.ok_or_else(|| row.corrupt(column, "the sum up to here is too large to be exact"))?);
    Ok(())
}
