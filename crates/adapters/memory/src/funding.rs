//! Funding payments.

use crate::MemoryStore;
use crate::table::Row;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Symbol, Timestamp, VenueId};
use plimsoll_ports::{FundingRecord, FundingRepository, StoreError};
use std::time::Duration;

impl Row for FundingRecord {
    type Key = (VenueId, String);

    fn account(&self) -> &AccountId {
        &self.account
    }

    fn key(&self) -> (VenueId, String) {
        (self.venue.clone(), self.booking.clone())
    }

    fn time(&self) -> Timestamp {
        self.time
    }
}

/// The moment `days` times 24 hours before `now`: what is later than it is inside the window.
pub(crate) fn before(now: Timestamp, days: u32) -> Timestamp {
    now.minus(Duration::from_secs(u64::from(days) * 86_400))
}

#[async_trait]
impl FundingRepository for MemoryStore {
    async fn log(&self, event: &FundingRecord) -> Result<bool, StoreError> {
        let mut books = self.books();
        match books.funding.find(&event.account, &event.key()) {
            Some(known) if same_booking(known, event) => Ok(false),
            Some(_) => Err(StoreError::Conflict(format!("booking '{}' is recorded otherwise", event.booking))),
            None => {
                books.funding.put(event.clone());
                Ok(true)
            }
        }
    }

    async fn history<'a>(
        &self,
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        venue: Option<&'a VenueId>,
        days: u32,
        now: Timestamp,
    ) -> Result<Vec<FundingRecord>, StoreError> {
        let books = self.books();
        let is_asked_for = |event: &&FundingRecord| {
            symbol.is_none_or(|symbol| event.symbol == *symbol) && venue.is_none_or(|venue| event.venue == *venue)
        };
        Ok(books.funding.after(account, before(now, days), now).filter(is_asked_for).cloned().collect())
    }
}

/// Whether both are what the venue booked; the details around it may be known to one and not to the other.
fn same_booking(known: &FundingRecord, event: &FundingRecord) -> bool {
    (&known.symbol, known.payment, &known.currency, known.time)
        == (&event.symbol, event.payment, &event.currency, event.time)
}
