//! Bookings beside fills and funding, each once.

use super::StoreError;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Booking, Timestamp, VenueId};

/// Every transfer, clearance, rebate and other booking of every account, once.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait BookingRepository: Send + Sync {
    /// Records a booking; known by account, venue and the venue's booking id. The same booking again changes nothing and
    /// returns `false`: its kind stays as first recorded. The same id with another amount, currency, symbol or time is a
    /// [`StoreError::Conflict`].
    async fn log(&self, booking: &BookingRecord) -> Result<bool, StoreError>;

    /// The account's bookings at or after `since`, oldest first; those of one moment in the order of recording.
    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<BookingRecord>, StoreError>;

    /// The newest booking on record for the account, by its time: where the next reading begins.
    async fn last(&self, account: &AccountId) -> Result<Option<BookingRecord>, StoreError>;
}

/// A booking as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingRecord {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub venue: VenueId,
    /// What was booked.
    pub booking: Booking,
}
