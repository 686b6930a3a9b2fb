//! Funding payments: every booking, once.

use super::StoreError;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Currency, Money, PositionSide, Price, Quantity, Rate, Symbol, Timestamp, VenueId};

/// Every funding payment as the venue booked it, once.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait FundingRepository: Send + Sync {
    /// Records a booking; known by account, venue and the venue's booking id. The same booking again changes nothing and
    /// returns `false`; the same id with another payment, currency, symbol or time is a [`StoreError::Conflict`].
    async fn log(&self, event: &FundingRecord) -> Result<bool, StoreError>;

    /// Bookings of the `days` times 24 hours up to and with `now`, oldest first; of one symbol or venue, or of all. A
    /// booking exactly that old is outside: one day of eight-hourly funding holds three payments, not four.
    async fn history<'a>(
        &self,
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        venue: Option<&'a VenueId>,
        days: u32,
        now: Timestamp,
    ) -> Result<Vec<FundingRecord>, StoreError>;
}

/// A funding payment as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundingRecord {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub venue: VenueId,
    /// The venue's id of the booking.
    pub booking: String,
    /// For this contract.
    pub symbol: Symbol,
    /// For this position of it, where known.
    pub side: Option<PositionSide>,
    /// The rate it was settled at, where known.
    pub rate: Option<Rate>,
    /// The size it was charged for, where known.
    pub quantity: Option<Quantity>,
    /// The mark price it was settled at, where known.
    pub mark_price: Option<Price>,
    /// As booked by the venue: positive is paid by the account.
    pub payment: Money,
    /// What our own formula gives, where all of it is known: a difference beyond rounding is an event.
    pub expected: Option<Money>,
    /// What it was paid in.
    pub currency: Currency,
    /// When it was settled.
    pub time: Timestamp,
}
