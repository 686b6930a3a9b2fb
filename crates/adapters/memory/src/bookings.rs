//! Bookings beside fills and funding.

use crate::MemoryStore;
use crate::table::Row;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Booking, Timestamp, VenueId};
use plimsoll_ports::{BookingRecord, BookingRepository, StoreError};

impl Row for BookingRecord {
    type Key = (VenueId, String);

    fn account(&self) -> &AccountId {
        &self.account
    }

    fn key(&self) -> (VenueId, String) {
        (self.venue.clone(), self.booking.id.clone())
    }

    fn time(&self) -> Timestamp {
        self.booking.time
    }
}

#[async_trait]
impl BookingRepository for MemoryStore {
    async fn log(&self, record: &BookingRecord) -> Result<bool, StoreError> {
        let mut books = self.books();
        match books.bookings.find(&record.account, &record.key()) {
            Some(known) if same_booking(&known.booking, &record.booking) => Ok(false),
            Some(_) => Err(StoreError::Conflict(format!("booking '{}' is recorded otherwise", record.booking.id))),
            None => {
                books.bookings.put(record.clone());
                Ok(true)
            }
        }
    }

    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<BookingRecord>, StoreError> {
        Ok(self.books().bookings.since(account, since).cloned().collect())
    }

    async fn last(&self, account: &AccountId) -> Result<Option<BookingRecord>, StoreError> {
        Ok(self.books().bookings.of(account).next_back().cloned())
    }
}

/// Whether both are the same money; what kind it is may be known better to a later program.
fn same_booking(known: &Booking, booking: &Booking) -> bool {
    (&known.symbol, known.amount, &known.currency, known.time)
        == (&booking.symbol, booking.amount, &booking.currency, booking.time)
}
