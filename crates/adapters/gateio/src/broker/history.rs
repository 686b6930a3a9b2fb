//! What was traded and paid.

use super::GateioBroker;
use crate::wire::body::{self, Income};
use crate::wire::{Reading, request};
use plimsoll_domain::{Booking, Fill, FundingPayment, Symbol, Timestamp};
use plimsoll_transport::Priority::{self, Ordinary, Watches};
use plimsoll_venue::CallError;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// A trade may carry a time that our idea of the venue's clock has not reached.
const AHEAD: Duration = Duration::from_secs(24 * 3600);
/// The venue remembers trades and bookings for six months, and older ones by the window.
const REMEMBERED: Duration = Duration::from_secs(180 * 24 * 3600);
/// The most rows that one answer has.
const FULL: usize = 1000;
/// What is settled in USDT is booked in it.
const SETTLE: &str = "USDT";

impl GateioBroker {
    /// Trades of at most the last 180 days, in one contract or in all. They name their order by both ids.
    pub(crate) async fn read_fills(&self, symbol: Option<&Symbol>, since: Timestamp) -> Result<Vec<Fill>, CallError> {
        let native = match symbol {
            Some(symbol) => Some(self.shared.native(symbol).await?),
            None => None,
        };
        let (from, to) = self.window(since).await?;
        let (mut fills, mut known, mut offset): (Vec<Fill>, HashSet<_>, usize) = (Vec::new(), HashSet::new(), 0);
        loop {
            let call = request::fills_between(native.as_deref(), Some(from), Some(to), offset);
            let page = self.shared.ask(&call, Watches, body::fills).await?;
            let (rows, before) = (page.len(), known.len());
            for fill in page {
                if known.insert((fill.symbol.clone(), fill.trade_id.clone())) && fill.time >= since {
                    fills.push(fill);
                }
            }
            // What happens meanwhile moves rows from page to page.
            if rows < FULL || known.len() == before {
                break;
            }
            offset += FULL;
        }
        fills.sort_by(|one, other| (one.time, id_order(one)).cmp(&(other.time, id_order(other))));
        self.read_profits(native.as_deref(), from, to, &mut fills).await?;
        Ok(fills)
    }

    /// The profit of what a trade has closed is booked apart, under the trade's id.
    async fn read_profits(
        &self,
        native: Option<&str>,
        from: Timestamp,
        to: Timestamp,
        fills: &mut [Fill],
    ) -> Result<(), CallError> {
        let mut offset = 0;
        while fills.iter().any(|fill| fill.realized_pnl.is_none()) {
            let call = request::bookings(native, Some("pnl"), Some(from), Some(to), offset);
            let read = |body: &[u8], reading: Reading<'_>| body::profits(body, reading.symbols);
            let profits = self.shared.ask(&call, Watches, read).await?;
            for fill in fills.iter_mut().filter(|fill| fill.realized_pnl.is_none()) {
                fill.realized_pnl = profits.get(&(fill.symbol.clone(), fill.trade_id.clone())).copied();
            }
            // Fewer trades than rows: several bookings may be of one trade, and liquidations have some without.
            if profits.is_empty() {
                break;
            }
            offset += FULL;
        }
        Ok(())
    }

    async fn window(&self, since: Timestamp) -> Result<(Timestamp, Timestamp), CallError> {
        let end = self.shared.client.known_time().await?.plus(AHEAD);
        Ok((since.max(end.minus(REMEMBERED + AHEAD)), end))
    }

    pub(super) async fn read_funding(&self, since: Timestamp) -> Result<Vec<FundingPayment>, CallError> {
        let rows = self.read_income(Some("fund"), since, Ordinary).await?;
        let funding = |row| if let Income::Funding(payment) = row { Some(payment) } else { None };
        Ok(rows.into_iter().filter_map(funding).collect())
    }

    /// New kinds come without notice: so all are read, and what trades and funding tell is left out.
    pub(super) async fn read_bookings(&self, since: Timestamp) -> Result<Vec<Booking>, CallError> {
        let rows = self.read_income(None, since, Ordinary).await?;
        let booked = |row| if let Income::Booked(booking) = row { Some(booking) } else { None };
        Ok(rows.into_iter().filter_map(booked).collect())
    }

    /// What was booked since then, oldest first, each once.
    async fn read_income(
        &self,
        kind: Option<&str>,
        since: Timestamp,
        priority: Priority,
    ) -> Result<Vec<Income>, CallError> {
        let (from, to) = self.window(since).await?;
        let (mut income, mut known, mut offset): (Vec<Income>, HashSet<Arc<str>>, usize) = Default::default();
        loop {
            let call = request::bookings(None, kind, Some(from), Some(to), offset);
            let read = |body: &[u8], reading: Reading<'_>| body::income(body, reading.symbols, SETTLE);
            let page = self.shared.ask(&call, priority, read).await?;
            let rows = page.len();
            for row in page {
                let fresh = id_of(&row).is_none_or(|id| known.insert(id));
                if fresh && row.time() >= since {
                    income.push(row);
                }
            }
            if rows < FULL {
                break;
            }
            offset += FULL;
        }
        // The newest comes first, also among those of one moment.
        income.reverse();
        income.sort_by_key(Income::time);
        Ok(income)
    }
}

fn id_of(row: &Income) -> Option<Arc<str>> {
    match row {
        Income::Traded { .. } => None,
        Income::Funding(payment) => payment.id.clone(),
        Income::Booked(booking) => Some(Arc::from(booking.id.as_str())),
    }
}

/// Shorter ids first, so that numbers sort as numbers.
fn id_order(fill: &Fill) -> (usize, &str) {
    let id = fill.trade_id.as_str();
    (id.len(), id)
}
