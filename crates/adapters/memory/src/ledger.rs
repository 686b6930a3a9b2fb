//! The whole ledger, told and taken over.

use crate::controls::Control;
use crate::desks::Desk;
use crate::journal::Journalled;
use crate::store::Books;
use crate::{MemoryStore, equity};
use async_trait::async_trait;
use plimsoll_ports::{LedgerListener, LedgerRecord, StoreError, TradeRecord, WholeLedger};

/// How many records are told at once.
const PAGE: usize = 1000;

#[async_trait]
impl WholeLedger for MemoryStore {
    async fn tell(&self, listener: &mut dyn LedgerListener) -> Result<(), StoreError> {
        let tables = everything(&self.books());
        for page in tables.iter().flat_map(|table| table.chunks(PAGE)) {
            listener.hear(page.to_vec()).await?;
        }
        Ok(())
    }

    async fn take_over(&self, source: &dyn WholeLedger) -> Result<u64, StoreError> {
        let mut heir = Heir::default();
        source.tell(&mut heir).await?;
        let mut books = self.books();
        if !is_empty(&books) {
            return Err(StoreError::Conflict("this store holds records already".to_owned()));
        }
        *books = heir.books;
        Ok(heir.taken)
    }

    async fn faults(&self) -> Result<Vec<String>, StoreError> {
        let books = self.books();
        let astray = |trade: &&TradeRecord| {
            let position = trade.position.map(|id| books.positions.by_id.get(&id));
            position.is_some_and(|position| {
                position.is_none_or(|it| {
                    (&it.opened.account, &it.opened.venue, &it.opened.symbol)
                        != (&trade.account, &trade.venue, &trade.fill.symbol)
                })
            })
        };
        let fault = |trade: &TradeRecord| {
            let id = &trade.fill.trade_id;
            format!("trade '{id}' belongs to a position of another account, venue or symbol, or to none that exists")
        };
        Ok(books.trades.rows().iter().filter(astray).map(fault).collect())
    }
}

/// Every table's records; positions come first, since trades name them.
fn everything(books: &Books) -> [Vec<LedgerRecord>; 10] {
    let order = |it: &Journalled| LedgerRecord::Order { entry: it.entry.clone(), order_id: it.order_id.clone() };
    let control = |it: &Control| match it.clone() {
        Control::KillSwitch { account, record } => LedgerRecord::KillSwitch { account, record },
        Control::Ladder { account, step } => LedgerRecord::Ladder { account, step },
    };
    let desk = |it: &Desk| LedgerRecord::Desk { name: it.name.clone(), desk: it.saved.clone() };
    [
        books.positions.by_id.values().cloned().map(LedgerRecord::Position).collect(),
        books.trades.rows().iter().cloned().map(LedgerRecord::Trade).collect(),
        books.orders.rows().iter().map(order).collect(),
        books.composed.rows().iter().cloned().map(LedgerRecord::Composed).collect(),
        books.funding.rows().iter().cloned().map(LedgerRecord::Funding).collect(),
        books.bookings.rows().iter().cloned().map(LedgerRecord::Booking).collect(),
        books.curve.rows().iter().cloned().map(LedgerRecord::Point).collect(),
        books.risk_events.rows().iter().cloned().map(LedgerRecord::RiskEvent).collect(),
        books.controls.iter().map(control).collect(),
        books.desks.iter().map(desk).collect(),
    ]
}

fn is_empty(books: &Books) -> bool {
    books.positions.by_id.is_empty()
        && books.trades.is_empty()
        && books.orders.is_empty()
        && books.composed.is_empty()
        && books.funding.is_empty()
        && books.bookings.is_empty()
        && books.curve.is_empty()
        && books.risk_events.is_empty()
        && books.controls.is_empty()
        && books.desks.is_empty()
}

/// Writes what it hears into books of its own, so that a source that breaks off leaves nothing behind.
#[derive(Default)]
struct Heir {
    books: Books,
    taken: u64,
}

#[async_trait]
impl LedgerListener for Heir {
    async fn hear(&mut self, records: Vec<LedgerRecord>) -> Result<(), StoreError> {
        for record in records {
            self.write(record)?;
            self.taken = self.taken.saturating_add(1);
        }
        Ok(())
    }
}

impl Heir {
    fn write(&mut self, record: LedgerRecord) -> Result<(), StoreError> {
        let books = &mut self.books;
        match record {
            LedgerRecord::Position(position) => books.positions.restore(position),
            LedgerRecord::Trade(trade) => books.trades.add(trade),
            LedgerRecord::Order { entry, order_id } => books.orders.add(Journalled { entry, order_id }),
            LedgerRecord::Composed(entry) => books.composed.add(entry),
            LedgerRecord::Funding(event) => books.funding.add(event),
            LedgerRecord::Booking(booking) => books.bookings.add(booking),
            LedgerRecord::Point(point) => equity::add(books, point),
            LedgerRecord::RiskEvent(event) => books.risk_events.add(event),
            LedgerRecord::KillSwitch { account, record } => {
                books.controls.push(Control::KillSwitch { account, record });
                Ok(())
            }
            LedgerRecord::Ladder { account, step } => {
                books.controls.push(Control::Ladder { account, step });
                Ok(())
            }
            LedgerRecord::Desk { name, .. } if books.desks.iter().any(|it| it.name == name) => {
                Err(StoreError::Conflict("two records under one key".to_owned()))
            }
            LedgerRecord::Desk { name, desk } => {
                books.desks.push(Desk { name, saved: desk });
                Ok(())
            }
        }
    }
}
