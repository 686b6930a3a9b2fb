//! What was traded and paid.

use super::BinanceBroker;
use crate::wire::body::Income;
use crate::wire::request::{self, WhichOrder};
use crate::wire::{self, body};
use plimsoll_domain::{Booking, ClientOrderId, Fill, FundingPayment, OrderId, Symbol, Timestamp};
use plimsoll_transport::Priority::{Ordinary, Watches};
use plimsoll_venue::CallError;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Trades are told for windows of 7 days at most.
const WINDOW: Duration = Duration::from_secs(7 * 24 * 3600 - 1);
/// The venue remembers trades and bookings for three months.
const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 3600);
/// The most rows that one answer has.
const FULL: usize = 1000;
/// More orders than this are asked for by the page.
const FEW: usize = 8;
/// So many that no page holds are asked for one by one, the newest first.
const ASKED_ONE_BY_ONE: usize = 200;
const MILLISECOND: Duration = Duration::from_millis(1);

/// Client ids, by the venue's own.
type Names = HashMap<OrderId, ClientOrderId>;

/// The largest of the venue's ids of these trades; they grow within a contract.
fn last_id(fills: &[Fill]) -> Result<Option<u64>, CallError> {
    let ids = fills.iter().map(|fill| fill.trade_id.as_str().parse());
    let ids: Result<Vec<u64>, _> = ids.collect();
    Ok(ids.map_err(|error| CallError::Unreadable(format!("a trade's id: {error}")))?.into_iter().max())
}

impl BinanceBroker {
    /// Trades of at most the last 90 days, which is what the venue remembers.
    pub(crate) async fn read_fills(&self, symbol: &Symbol, since: Timestamp) -> Result<Vec<Fill>, CallError> {
        let native = self.shared.native(symbol).await?;
        // A day more than now: a trade may carry a time that our idea of the venue's clock has not reached.
        let end = self.shared.client.known_time().await?.plus(DAY);
        let mut from = since.max(end.minus(REMEMBERED + DAY));
        let (mut fills, mut known): (Vec<Fill>, HashSet<_>) = (Vec::new(), HashSet::new());
        while from <= end {
            let to = from.plus(WINDOW).min(end);
            let mut call = request::fills(&native, Some(from), Some(to));
            from = to.plus(MILLISECOND);
            loop {
                let page = self.shared.ask(&call, Watches, body::fills).await?;
                let (full, last) = (page.len() >= FULL, last_id(&page)?);
                let before = known.len();
                let fresh = |fill: &Fill| known.insert(fill.trade_id.clone()) && fill.time >= since;
                fills.extend(page.into_iter().filter(fresh));
                let Some(last) = last.filter(|_| full && known.len() > before) else { break };
                // A page that is full is followed by id, up to the newest trade of all: times cannot tell apart what
                // happened within a millisecond.
                call = request::fills_from(&native, last.saturating_add(1));
                from = end.plus(MILLISECOND);
            }
        }
        fills.sort_by_key(|fill| fill.time);
        self.name(symbol, &native, &mut fills).await?;
        Ok(fills)
    }

    /// Trades name their order by the venue's id alone. The client id, and with it whether an order of ours or the venue
    /// by force has traded, is remembered or asked for. What the venue has forgotten stays without.
    async fn name(&self, symbol: &Symbol, native: &str, fills: &mut [Fill]) -> Result<(), CallError> {
        let mut heard = HashSet::new();
        let unnamed = fills.iter().rev().filter(|fill| !self.is_named(fill)).map(|fill| fill.order_id.clone());
        let unnamed: Vec<OrderId> = unnamed.filter(|id| heard.insert(id.clone())).collect();
        let mut names = HashMap::new();
        if unnamed.len() > FEW {
            self.read_names(native, &unnamed, &mut names).await?;
        }
        self.ask_names(native, &unnamed, &mut names).await?;
        for fill in fills {
            let remembered = self.shared.memory.name(symbol, &fill.order_id);
            if let Some(name) = remembered.or_else(|| names.get(&fill.order_id).cloned()) {
                fill.cause = wire::cause(name.as_str());
                fill.client_order_id = name;
            }
        }
        Ok(())
    }

    fn is_named(&self, fill: &Fill) -> bool {
        self.shared.memory.name(&fill.symbol, &fill.order_id).is_some()
    }

    /// Adds the names of those of these orders that have none, one by one, the newest first as they are given. The venue has
    /// forgotten those that it does not know, and those alone.
    async fn ask_names(&self, native: &str, orders: &[OrderId], names: &mut Names) -> Result<(), CallError> {
        let wanted: Vec<&OrderId> = orders.iter().filter(|id| !names.contains_key(*id)).collect();
        if wanted.len() > ASKED_ONE_BY_ONE {
            let left = wanted.len() - ASKED_ONE_BY_ONE;
            tracing::warn!(left, "the orders of some old trades are not asked for: those trades go without our names");
        }
        for id in wanted.into_iter().take(ASKED_ONE_BY_ONE) {
            match self.shared.ask(&request::order(native, WhichOrder::Id(id)), Watches, body::order).await {
                Ok(order) => {
                    self.shared.memory.learn(&order);
                    names.insert(order.order_id, order.client_order_id);
                }
                Err(error) if error.code() == Some("-2013") => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Adds the names of these orders as far as pages hold them, a thousand orders at a time: ids grow within a contract.
    /// There may be more of them than are remembered.
    async fn read_names(&self, native: &str, orders: &[OrderId], names: &mut Names) -> Result<(), CallError> {
        let mut wanted: BTreeSet<u64> = orders.iter().filter_map(|id| id.as_str().parse().ok()).collect();
        while let Some(first) = wanted.first().copied() {
            let page = self.shared.ask(&request::all_orders_from(native, first), Watches, body::orders).await?;
            let Some(last) = page.iter().filter_map(|order| order.order_id.as_str().parse().ok()).max() else { break };
            page.iter().for_each(|order| self.shared.memory.learn(order));
            names.extend(page.into_iter().map(|order| (order.order_id, order.client_order_id)));
            // What the page has skipped is no longer wanted of pages: the next one begins behind it.
            wanted = wanted.split_off(&first.max(last).saturating_add(1));
        }
        Ok(())
    }

    /// Bookings of at most the last 90 days, which is what the venue remembers.
    pub(super) async fn read_funding(&self, since: Timestamp) -> Result<Vec<FundingPayment>, CallError> {
        let end = self.shared.client.known_time().await?.plus(DAY);
        let mut from = since.max(end.minus(REMEMBERED + DAY));
        let (mut payments, mut known): (Vec<FundingPayment>, HashSet<_>) = (Vec::new(), HashSet::new());
        loop {
            let call = request::income(None, Some("FUNDING_FEE"), Some(from), Some(end));
            let page = self.shared.ask(&call, Ordinary, body::funding_payments).await?;
            let (full, last) = (page.len() >= FULL, page.iter().map(|payment| payment.time).max());
            let fresh =
                |it: &FundingPayment| it.time >= since && it.id.as_ref().is_none_or(|id| known.insert(id.clone()));
            payments.extend(page.into_iter().filter(fresh));
            match last {
                Some(last) if full => from = last.max(from.plus(MILLISECOND)),
                _ => break,
            }
        }
        payments.sort_by_key(|payment| payment.time);
        Ok(payments)
    }

    /// Bookings of at most the last 90 days, which is what the venue remembers. It can be asked for one kind or for all, and
    /// new kinds come without notice: so all are read, and what trades and funding tell is left out.
    pub(super) async fn read_bookings(&self, since: Timestamp) -> Result<Vec<Booking>, CallError> {
        let end = self.shared.client.known_time().await?.plus(DAY);
        let mut from = since.max(end.minus(REMEMBERED + DAY));
        let (mut bookings, mut known): (Vec<Booking>, HashSet<String>) = (Vec::new(), HashSet::new());
        loop {
            let call = request::income(None, None, Some(from), Some(end));
            let page = self.shared.ask(&call, Ordinary, body::income).await?;
            let (full, last) = (page.len() >= FULL, page.iter().map(Income::time).max());
            for row in page {
                if let Income::Booked(booking) = row
                    && booking.time >= since
                    && known.insert(booking.id.clone())
                {
                    bookings.push(booking);
                }
            }
            match last {
                Some(last) if full => from = last.max(from.plus(MILLISECOND)),
                _ => break,
            }
        }
        bookings.sort_by_key(|booking| booking.time);
        Ok(bookings)
    }
}
