//! What was traded and paid.

use super::BitgetBroker;
use crate::wire::body::{self, Bill};
use crate::wire::request::{self, WhichOrder};
use plimsoll_domain::{Booking, Fill, FundingPayment, OrderId, Symbol, Timestamp};
use plimsoll_transport::Priority::{Ordinary, Watches};
use plimsoll_venue::{CallError, insist};
use std::collections::HashSet;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Trades are told for windows of 7 days at most.
const WINDOW: Duration = Duration::from_secs(7 * 24 * 3600 - 1);
/// Bills are told for windows of 30 days at most.
const BILLS: Duration = Duration::from_secs(30 * 24 * 3600 - 1);
/// The venue remembers trades and bills for 90 days.
const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 3600);
/// The most rows that one answer has.
pub(super) const FULL: usize = 100;
/// More orders than this are asked for by the page.
const FEW: usize = 8;
/// So many pages of orders are read to find the names of trades.
const PAGES_OF_ORDERS: usize = 100;
/// So many that no page holds are asked for one by one, the newest first.
const ASKED_ONE_BY_ONE: usize = 200;
const MILLISECOND: Duration = Duration::from_millis(1);

impl BitgetBroker {
    /// Trades of one contract or of all, of at most the last 90 days, which is what the venue remembers.
    pub(crate) async fn read_fills(&self, symbol: Option<&Symbol>, since: Timestamp) -> Result<Vec<Fill>, CallError> {
        let native = match symbol {
            Some(symbol) => Some(self.shared.native(symbol).await?),
            None => None,
        };
        // A day more than now: a trade may carry a time that our idea of the venue's clock has not reached.
        let end = self.shared.client.known_time().await?.plus(DAY);
        let mut from = since.max(end.minus(REMEMBERED + DAY));
        let (mut fills, mut known): (Vec<Fill>, HashSet<_>) = (Vec::new(), HashSet::new());
        let clock = self.shared.client.clock().as_ref();
        while from <= end {
            let to = from.plus(WINDOW).min(end);
            let mut older_than = None::<String>;
            loop {
                let call = request::fills(native.as_deref(), Some(from), Some(to), older_than.as_deref());
                let page = insist(clock, || self.shared.ask(&call, Watches, body::fills)).await?;
                let (full, before) = (page.rows.len() >= FULL, known.len());
                let fresh =
                    |fill: &Fill| known.insert((fill.symbol.clone(), fill.trade_id.clone())) && fill.time >= since;
                fills.extend(page.rows.into_iter().filter(fresh));
                match page.older_than {
                    Some(end) if full && known.len() > before => older_than = Some(end),
                    _ => break,
                }
            }
            from = to.plus(MILLISECOND);
        }
        // Newest first on the wire: what happened within a millisecond keeps its order.
        fills.reverse();
        fills.sort_by_key(|fill| fill.time);
        self.name(native.as_deref(), &mut fills).await?;
        Ok(fills)
    }

    /// Trades name their order by the venue's id alone. Its client id, and with legs which leg it is for, is remembered or
    /// asked for. What the venue has forgotten stays without.
    async fn name(&self, native: Option<&str>, fills: &mut [Fill]) -> Result<(), CallError> {
        let clock = self.shared.client.clock().as_ref();
        let mut unnamed: Vec<&mut Fill> = fills.iter_mut().collect();
        self.name_known(&mut unnamed);
        if orders_of(&unnamed).len() > FEW {
            // An order that has traded in part is still open: the pages of what has ended lack it.
            // Boxed: what every look at trades waits through stays small.
            Box::pin(insist(clock, || self.read_open_orders(None, Watches))).await?;
            self.name_known(&mut unnamed);
            Box::pin(self.name_by_page(native, &mut unnamed)).await?;
        }
        let orders = orders_of(&unnamed);
        if orders.len() > ASKED_ONE_BY_ONE {
            let left = orders.len() - ASKED_ONE_BY_ONE;
            tracing::warn!(left, "the orders of some old trades are not asked for: those trades go without our names");
        }
        for (id, symbol) in orders.into_iter().take(ASKED_ONE_BY_ONE) {
            let native = self.shared.native(&symbol).await?;
            if let Some(order) = insist(clock, || self.ordinary(&native, WhichOrder::Id(&id))).await? {
                self.shared.learn(&order);
                self.name_known(&mut unnamed);
            }
        }
        Ok(())
    }

    /// Names what can be named, and leaves the others. More orders may be told than are remembered: so each trade is named as
    /// soon as its order is known.
    fn name_known(&self, unnamed: &mut Vec<&mut Fill>) {
        unnamed.retain_mut(|fill| !self.shared.known.name_fill(fill));
    }

    /// Names trades, oldest first, by the orders of the days in which they were, of one contract or of all.
    async fn name_by_page(&self, native: Option<&str>, unnamed: &mut Vec<&mut Fill>) -> Result<(), CallError> {
        let (Some(first), Some(last)) = (unnamed.first(), unnamed.last()) else { return Ok(()) };
        let (from, to) = (first.time.minus(DAY), last.time.plus(DAY));
        let clock = self.shared.client.clock().as_ref();
        let mut older_than = None::<String>;
        for _ in 0..PAGES_OF_ORDERS {
            if unnamed.is_empty() {
                break;
            }
            let call = request::order_history(native, Some(from), Some(to), older_than.as_deref());
            let page = insist(clock, || self.shared.ask(&call, Watches, body::orders)).await?;
            let full = page.rows.len() >= FULL;
            for order in &page.rows {
                self.shared.learn(order);
            }
            self.name_known(unnamed);
            match page.older_than {
                Some(end) if full && older_than.as_ref() != Some(&end) => older_than = Some(end),
                _ => break,
            }
        }
        Ok(())
    }

    /// Bookings of at most the last 90 days, which is what the venue remembers.
    pub(crate) async fn read_funding(&self, since: Timestamp) -> Result<Vec<FundingPayment>, CallError> {
        let bills = self.read_bills(Some("contract_settle_fee"), since).await?;
        let payment = |bill| if let Bill::Funding(payment) = bill { Some(payment) } else { None };
        Ok(bills.into_iter().filter_map(payment).collect())
    }

    /// Bookings of at most the last 90 days, which is what the venue remembers. New kinds come without notice: so all are
    /// read, and what trades and funding tell is left out.
    pub(super) async fn read_bookings(&self, since: Timestamp) -> Result<Vec<Booking>, CallError> {
        let bills = self.read_bills(None, since).await?;
        let booking = |bill| if let Bill::Booked(booking) = bill { Some(booking) } else { None };
        Ok(bills.into_iter().filter_map(booking).collect())
    }

    /// Oldest first.
    async fn read_bills(&self, kind: Option<&str>, since: Timestamp) -> Result<Vec<Bill>, CallError> {
        let end = self.shared.client.known_time().await?.plus(DAY);
        let mut from = since.max(end.minus(REMEMBERED + DAY));
        let mut windows = Vec::new();
        while from <= end {
            let to = from.plus(BILLS).min(end);
            let (mut bills, mut older_than) = (Vec::new(), None::<String>);
            loop {
                let call = request::bills(kind, Some(from), Some(to), older_than.as_deref());
                let page = self.shared.ask(&call, Ordinary, body::bills).await?;
                let full = page.rows.len() >= FULL;
                bills.extend(page.rows.into_iter().filter(|bill| bill.time() >= since));
                match page.older_than {
                    Some(end) if full && older_than.as_ref() != Some(&end) => older_than = Some(end),
                    _ => break,
                }
            }
            bills.reverse();
            windows.extend(bills);
            from = to.plus(MILLISECOND);
        }
        windows.sort_by_key(Bill::time);
        Ok(windows)
    }
}

/// The orders of these trades, the newest first.
fn orders_of(unnamed: &[&mut Fill]) -> Vec<(OrderId, Symbol)> {
    let mut heard = HashSet::new();
    let orders = unnamed.iter().rev().map(|fill| (fill.order_id.clone(), fill.symbol.clone()));
    orders.filter(|(id, _)| heard.insert(id.clone())).collect()
}
