//! Positions, together with the trades that changed them: a call writes all of what it was given, or nothing.

use crate::MemoryStore;
use crate::store::Books;
use crate::trades;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, PositionSide, Price, Quantity, Symbol};
use plimsoll_ports::{
    ClosedPosition, OpenedPosition, PositionId, PositionRecord, PositionRepository, PositionStatus, StoreError,
    TradeRecord,
};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Every position by its id, and which are open.
#[derive(Default)]
pub(crate) struct Positions {
    pub(crate) by_id: BTreeMap<PositionId, PositionRecord>,
    open: BTreeMap<(AccountId, Symbol, PositionSide), PositionId>,
}

impl Positions {
    /// The open position of this account, symbol and side.
    fn find_open(&self, account: &AccountId, symbol: &Symbol, side: PositionSide) -> Option<&PositionRecord> {
        let id = self.open.get(&(account.clone(), symbol.clone(), side))?;
        self.by_id.get(id)
    }

    fn existing(&self, id: PositionId) -> Result<&PositionRecord, StoreError> {
        self.by_id.get(&id).ok_or_else(|| StoreError::NotFound(format!("position {}", id.0)))
    }

    /// An id that no position had before.
    fn next(&self) -> PositionId {
        PositionId(self.by_id.last_key_value().map_or(1, |(last, _)| last.0.saturating_add(1)))
    }

    /// Writes a whole position under its id, in the place of what was there.
    pub(crate) fn put(&mut self, record: PositionRecord) {
        let OpenedPosition { account, symbol, side, .. } = &record.opened;
        let which = (account.clone(), symbol.clone(), *side);
        if record.closed.is_none() {
            self.open.insert(which, record.id);
        } else if self.open.get(&which) == Some(&record.id) {
            self.open.remove(&which);
        }
        self.by_id.insert(record.id, record);
    }

    /// Writes a position that another store tells of.
    pub(crate) fn restore(&mut self, record: PositionRecord) -> Result<(), StoreError> {
        if self.by_id.contains_key(&record.id) {
            return Err(StoreError::Conflict(format!("two positions {}", record.id.0)));
        }
        if record.closed.is_none() {
            self.refuse_second(&record.opened)?;
        }
        self.put(record);
        Ok(())
    }

    fn refuse_second(&self, position: &OpenedPosition) -> Result<(), StoreError> {
        let OpenedPosition { account, symbol, side, .. } = position;
        match self.find_open(account, symbol, *side) {
            Some(held) => {
                let PositionId(id) = held.id;
                Err(StoreError::Conflict(format!("position {id} of {symbol} ({side}) is still open")))
            }
            None => Ok(()),
        }
    }
}

#[async_trait]
impl PositionRepository for MemoryStore {
    async fn open(&self, position: &OpenedPosition, trades: &[TradeRecord]) -> Result<PositionId, StoreError> {
        let mut books = self.books();
        books.positions.refuse_second(position)?;
        let id = books.positions.next();
        let opening: Vec<_> = trades.iter().filter(|trade| !closed_another(&books, trade, position)).cloned().collect();
        let owned = owned(&books, id, position, &opening)?;
        books.positions.put(PositionRecord { id, opened: position.clone(), closed: None });
        books.keep(owned);
        Ok(id)
    }

    async fn update(
        &self,
        id: PositionId,
        quantity: Quantity,
        entry_price: Price,
        trades: &[TradeRecord],
    ) -> Result<(), StoreError> {
        let mut books = self.books();
        let held = books.positions.existing(id)?.clone();
        if held.closed.is_some() {
            return Err(StoreError::Conflict(format!("position {} is no longer open", id.0)));
        }
        let owned = owned(&books, id, &held.opened, trades)?;
        let opened = OpenedPosition { quantity, entry_price, ..held.opened };
        books.positions.put(PositionRecord { opened, ..held });
        books.keep(owned);
        Ok(())
    }

    async fn close(&self, id: PositionId, closed: &ClosedPosition, trades: &[TradeRecord]) -> Result<(), StoreError> {
        if closed.status == PositionStatus::Open {
            return Err(StoreError::Conflict(format!("position {} cannot be closed and open", id.0)));
        }
        let mut books = self.books();
        let held = books.positions.existing(id)?.clone();
        match &held.closed {
            Some(recorded) if recorded == closed => return Ok(()),
            Some(_) => return Err(StoreError::Conflict(format!("position {} was closed in another way", id.0))),
            None => {}
        }
        let owned = owned(&books, id, &held.opened, trades)?;
        books.positions.put(PositionRecord { closed: Some(closed.clone()), ..held });
        books.keep(owned);
        Ok(())
    }

    async fn find_open(
        &self,
        account: &AccountId,
        symbol: &Symbol,
        side: PositionSide,
    ) -> Result<Option<PositionRecord>, StoreError> {
        Ok(self.books().positions.find_open(account, symbol, side).cloned())
    }

    async fn find(&self, id: PositionId) -> Result<Option<PositionRecord>, StoreError> {
        Ok(self.books().positions.by_id.get(&id).cloned())
    }

    async fn by_status(&self, account: &AccountId, status: PositionStatus) -> Result<Vec<PositionRecord>, StoreError> {
        let books = self.books();
        let is_of = |record: &&PositionRecord| {
            record.opened.account == *account
                && record.closed.as_ref().map_or(PositionStatus::Open, |closed| closed.status) == status
        };
        let mut found: Vec<_> = books.positions.by_id.values().filter(is_of).cloned().collect();
        found.sort_by_key(|record| Reverse((record.opened.opened_at, record.id)));
        Ok(found)
    }
}

impl Books {
    fn keep(&mut self, trades: Vec<TradeRecord>) {
        for trade in trades {
            self.trades.put(trade);
        }
    }
}

/// Whether this is the fill of a flip: on record as what closed another position, and now opening this one.
fn closed_another(books: &Books, trade: &TradeRecord, position: &OpenedPosition) -> bool {
    let Some(known) = trades::find(books, trade) else { return false };
    let other = known.position.and_then(|id| books.positions.by_id.get(&id));
    let report = TradeRecord { position: None, ..trade.clone() };
    other.is_some_and(|other| other.closed.is_some()) && known.completed_by(&report).is_some() && fits(trade, position)
}

fn fits(trade: &TradeRecord, position: &OpenedPosition) -> bool {
    (&trade.account, &trade.venue, &trade.fill.symbol) == (&position.account, &position.venue, &position.symbol)
}

/// The trades as they are to be recorded, each once, as this position's own.
fn owned(
    books: &Books,
    id: PositionId,
    position: &OpenedPosition,
    trades: &[TradeRecord],
) -> Result<Vec<TradeRecord>, StoreError> {
    let mut owned: Vec<TradeRecord> = Vec::with_capacity(trades.len());
    for trade in trades {
        if !fits(trade, position) {
            let id = &trade.fill.trade_id;
            return Err(StoreError::Conflict(format!("trade '{id}' is of another account, venue or symbol")));
        }
        let trade = TradeRecord { position: Some(id), ..trade.clone() };
        match owned.iter_mut().find(|it| it.fill.trade_id == trade.fill.trade_id) {
            Some(twice) => *twice = trades::completed(twice, &trade)?,
            None => owned.push(match trades::find(books, &trade) {
                Some(known) => trades::completed(known, &trade)?,
                None => trade,
            }),
        }
    }
    Ok(owned)
}
