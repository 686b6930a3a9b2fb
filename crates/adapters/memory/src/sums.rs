//! Exact sums of trades, funding and bookings, by day and by currency.

use plimsoll_domain::{Booking, Currency, Fill, Money, Timestamp};
use plimsoll_ports::{DailyPnl, FundingRecord, StoreError, Totals};
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
    /// Adds a fill. A fee in another currency than the settle currency counts in that currency, and not in the day's.
    pub(crate) fn add_trade(&mut self, fill: &Fill) -> Result<(), StoreError> {
        let settle = Currency::new(fill.symbol.settle());
        let paid_in = fill.fee_currency.clone().unwrap_or_else(|| settle.clone());
        let profit = fill.realized_pnl.unwrap_or_default();

        let day = self.by_day.entry(fill.time.start_of_day()).or_default();
        add(&mut day.realized_pnl, profit)?;
        if paid_in == settle {
            add(&mut day.fees, fill.fee)?;
        }
        add(&mut self.by_currency.entry(settle).or_default().realized_pnl, profit)?;
        add(&mut self.by_currency.entry(paid_in).or_default().fees, fill.fee)
    }

    /// Adds a funding payment.
    pub(crate) fn add_funding(&mut self, event: &FundingRecord) -> Result<(), StoreError> {
        add(&mut self.by_day.entry(event.time.start_of_day()).or_default().funding, event.payment)?;
        add(&mut self.by_currency.entry(event.currency.clone()).or_default().funding, event.payment)
    }

    /// Adds another booking.
    pub(crate) fn add_booking(&mut self, booking: &Booking) -> Result<(), StoreError> {
        let of = |amounts: &mut Amounts| match booking.kind.is_transfer() {
            true => add(&mut amounts.transfers, booking.amount),
            false => add(&mut amounts.adjustments, booking.amount),
        };
        of(self.by_day.entry(booking.time.start_of_day()).or_default())?;
        of(self.by_currency.entry(booking.currency.clone()).or_default())
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
fn add(sum: &mut Money, amount: Money) -> Result<(), StoreError> {
    let scale = sum.get().normalize().scale().max(amount.get().normalize().scale());
    let total = sum.get().checked_add(amount.get()).filter(|total| total.scale() >= scale);
    let inexact = || StoreError::Corrupt(format!("{sum} and {amount} are too large to be added exactly"));
    *sum = Money::new(total.ok_or_else(inexact)?);
    Ok(())
}
