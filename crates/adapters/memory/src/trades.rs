//! Trades, and what they, the funding and the bookings add up to.

use crate::MemoryStore;
use crate::store::Books;
use crate::sums::Sums;
use crate::table::Row;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Fill, Symbol, Timestamp, TradeId};
use plimsoll_ports::{DailyPnl, PositionId, StoreError, Totals, TradeRecord, TradeRepository};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

impl Row for TradeRecord {
    type Key = (Symbol, TradeId);

    fn account(&self) -> &AccountId {
        &self.account
    }

    fn key(&self) -> (Symbol, TradeId) {
        (self.fill.symbol.clone(), self.fill.trade_id.clone())
    }

    fn time(&self) -> Timestamp {
        self.fill.time
    }
}

#[async_trait]
impl TradeRepository for MemoryStore {
    async fn log(&self, trade: &TradeRecord) -> Result<bool, StoreError> {
        let mut books = self.books();
        if let Some(id) = trade.position
            && !books.positions.by_id.contains_key(&id)
        {
            return Err(StoreError::NotFound(format!("position {}", id.0)));
        }
        let (is_new, record) = match find(&books, trade) {
            Some(known) => (false, completed(known, trade)?),
            None => (true, trade.clone()),
        };
        books.trades.put(record);
        Ok(is_new)
    }

    async fn of_position(&self, id: PositionId) -> Result<Vec<TradeRecord>, StoreError> {
        let books = self.books();
        let Some(position) = books.positions.by_id.get(&id) else { return Ok(Vec::new()) };
        let trades = books.trades.of(&position.opened.account);
        Ok(trades.filter(|trade| trade.position == Some(id)).cloned().collect())
    }

    async fn since<'a>(
        &self,
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        since: Timestamp,
    ) -> Result<Vec<TradeRecord>, StoreError> {
        let books = self.books();
        let trades = books.trades.since(account, since);
        Ok(trades.filter(|trade| symbol.is_none_or(|symbol| trade.fill.symbol == *symbol)).cloned().collect())
    }

    async fn daily_pnl(&self, account: &AccountId, days: u32, now: Timestamp) -> Result<Vec<DailyPnl>, StoreError> {
        let Some(days_before) = days.checked_sub(1) else { return Ok(Vec::new()) };
        let today = now.start_of_day();
        let first = today.minus(DAY.saturating_mul(days_before));
        let last = Timestamp::from_micros(today.plus(DAY).as_micros().saturating_sub(1));
        Ok(sums(&self.books(), account, first, last)?.daily())
    }

    async fn totals(&self, account: &AccountId) -> Result<Vec<Totals>, StoreError> {
        let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        Ok(sums(&self.books(), account, first, last)?.totals())
    }
}

/// The fill on record under the key of `trade`.
pub(crate) fn find<'a>(books: &'a Books, trade: &TradeRecord) -> Option<&'a TradeRecord> {
    books.trades.find(&trade.account, &trade.key())
}

/// The fill on record with what another report adds to it.
pub(crate) fn completed(known: &TradeRecord, report: &TradeRecord) -> Result<TradeRecord, StoreError> {
    known.completed_by(report).ok_or_else(|| {
        let Fill { trade_id, symbol, .. } = &report.fill;
        StoreError::Conflict(format!("trade '{trade_id}' of {symbol} is recorded otherwise"))
    })
}

/// What trades, funding and bookings from `first` up to and with `last` add up to.
fn sums(books: &Books, account: &AccountId, first: Timestamp, last: Timestamp) -> Result<Sums, StoreError> {
    let mut sums = Sums::default();
    books.trades.within(account, first, last).try_for_each(|trade| sums.add_trade(&trade.fill))?;
    books.funding.within(account, first, last).try_for_each(|event| sums.add_funding(event))?;
    books.bookings.within(account, first, last).try_for_each(|record| sums.add_booking(&record.booking))?;
    Ok(sums)
}
