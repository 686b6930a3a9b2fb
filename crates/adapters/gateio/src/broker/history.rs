//! What was traded and paid.

use super::GateioBroker;
use crate::wire::body::{self, Booked, Income, Profit};
use crate::wire::{DecodeError, Reading, request};
use plimsoll_domain::{Booking, Fill, FundingPayment, Money, Symbol, Timestamp, TradeId};
use plimsoll_transport::Priority::{self, Ordinary, Watches};
use plimsoll_venue::{CallError, insist};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// A trade may carry a time that our idea of the venue's clock has not reached.
const AHEAD: Duration = Duration::from_secs(24 * 3600);
/// The venue remembers trades and bookings for six months, and older ones by the window.
const REMEMBERED: Duration = Duration::from_secs(180 * 24 * 3600);
/// The most rows that one answer has.
const FULL: usize = 1000;
/// A booking is in its place for good after this.
const SETTLES_WITHIN: Duration = Duration::from_secs(60);
/// Nobody has so many bookings: a venue that always has another page must not keep us for ever.
const MOST_ROWS: usize = 1000 * FULL;
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
        let clock = self.shared.client.clock().as_ref();
        loop {
            let call = request::fills_between(native.as_deref(), Some(from), Some(to), offset);
            let page = insist(clock, || self.shared.ask(&call, Watches, body::fills)).await?;
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

    /// The profit of what a trade has closed is booked apart, under the trade's id, in one booking or in several.
    async fn read_profits(
        &self,
        native: Option<&str>,
        from: Timestamp,
        to: Timestamp,
        fills: &mut [Fill],
    ) -> Result<(), CallError> {
        if fills.iter().all(|fill| fill.realized_pnl.is_some()) {
            return Ok(());
        }
        let read = |body: &[u8], reading: Reading<'_>| body::profits(body, reading.symbols);
        let rows = self.read_book(native, Some("pnl"), (from, to), Watches, read).await?;
        let mut profits: HashMap<(Symbol, TradeId), Money> = HashMap::new();
        for Profit { symbol, trade, amount } in rows.into_iter().filter_map(|row| row.it) {
            let sum = profits.entry((symbol, trade)).or_default();
            *sum = Money::new(sum.get().saturating_add(amount.get()));
        }
        for fill in fills.iter_mut().filter(|fill| fill.realized_pnl.is_none()) {
            fill.realized_pnl = profits.get(&(fill.symbol.clone(), fill.trade_id.clone())).copied();
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
        let window = self.window(since).await?;
        let read = |body: &[u8], reading: Reading<'_>| body::booked_income(body, reading.symbols, SETTLE);
        let mut rows = self.read_book(None, kind, window, priority, read).await?;
        rows.retain(|row| row.time >= since);
        Ok(body::distinct(rows))
    }

    /// Every row of the account book in this window, oldest first, each once. Rows go by their ids; those without one have
    /// only their place, and new rows move places: so what is younger than a minute is read by itself, and before that no row
    /// moves.
    async fn read_book<T: Clone + PartialEq>(
        &self,
        native: Option<&str>,
        kind: Option<&str>,
        (from, to): (Timestamp, Timestamp),
        priority: Priority,
        decode: impl Fn(&[u8], Reading<'_>) -> Result<Vec<Booked<T>>, DecodeError>,
    ) -> Result<Vec<Booked<T>>, CallError> {
        // The venue counts the seconds of a window, both ends included.
        let micros = to.minus(AHEAD + SETTLES_WITHIN).max(from).as_micros();
        let border = Timestamp::from_micros(micros - micros.rem_euclid(1_000_000));
        let (mut rows, mut known): (Vec<Booked<T>>, HashSet<Box<str>>) = (Vec::new(), HashSet::new());
        for (from, to, is_young) in [(border, to, true), (from, border, false)] {
            if from >= to {
                continue;
            }
            let (mut offset, mut last) = (0, Vec::new());
            loop {
                let call = request::bookings(native, kind, Some(from), Some(to), offset);
                let page = self.shared.ask(&call, priority, &decode).await?;
                // A venue that tells the same page again has no other.
                let (full, is_news) = (page.len() >= FULL, page != last);
                last = page.clone();
                let fresh = |row: &Booked<T>| {
                    (row.time >= border) == is_young && row.id.as_ref().is_none_or(|id| known.insert(id.clone()))
                };
                if is_news {
                    rows.extend(page.into_iter().filter(fresh));
                }
                if !full || !is_news {
                    break;
                }
                offset += FULL;
                if offset >= MOST_ROWS {
                    return Err(CallError::Unreadable(format!("an account book of more than {MOST_ROWS} rows")));
                }
            }
        }
        // The newest comes first, also among those of one moment.
        rows.reverse();
        rows.sort_by_key(|row| row.time);
        Ok(rows)
    }
}

/// Shorter ids first, so that numbers sort as numbers.
fn id_order(fill: &Fill) -> (usize, &str) {
    let id = fill.trade_id.as_str();
    (id.len(), id)
}
