//! Bookings beside fills and funding, in table `bookings`.

use crate::SqliteStore;
use crate::error::store_error;
use crate::row::{Columns, Text, optional_text};
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Booking, Timestamp};
use plimsoll_ports::{BookingRecord, BookingRepository, StoreError};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, query};

pub(crate) const BY_KEY: &str = "SELECT * FROM bookings WHERE account = ?1 AND venue = ?2 AND booking = ?3";
const INSERT: &str = "INSERT INTO bookings (account, venue, booking, kind, symbol, amount, currency, time) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
pub(crate) const SINCE: &str = "SELECT * FROM bookings WHERE account = ?1 AND time >= ?2 ORDER BY time, id";
pub(crate) const LAST: &str = "SELECT * FROM bookings WHERE account = ?1 ORDER BY time DESC, id DESC LIMIT 1";

#[async_trait]
impl BookingRepository for SqliteStore {
    async fn log(&self, booking: &BookingRecord) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let id = booking.booking.id.as_str();
        let by_key = query(BY_KEY).bind(booking.account.as_str()).bind(booking.venue.as_str()).bind(id);
        let known = by_key.fetch_optional(&mut *transaction).await.map_err(store_error)?;
        match known.as_ref().map(read).transpose()? {
            Some(known) if same_booking(&known.booking, &booking.booking) => return Ok(false),
            Some(_) => return Err(StoreError::Conflict(format!("booking '{id}' is recorded otherwise"))),
            None => insert(&mut transaction, booking).await?,
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<BookingRecord>, StoreError> {
        let since = query(SINCE).bind(account.as_str()).bind(since.as_micros());
        since.map(|row| read(&row)).fetch_all(&self.readers).await.map_err(store_error)?.into_iter().collect()
    }

    async fn last(&self, account: &AccountId) -> Result<Option<BookingRecord>, StoreError> {
        let last = query(LAST).bind(account.as_str()).fetch_optional(&self.readers).await.map_err(store_error)?;
        last.as_ref().map(read).transpose()
    }
}

/// Whether both are the same money; what kind it is may be known better to a later program.
fn same_booking(known: &Booking, booking: &Booking) -> bool {
    (&known.symbol, known.amount, &known.currency, known.time)
        == (&booking.symbol, booking.amount, &booking.currency, booking.time)
}

pub(crate) async fn insert(connection: &mut SqliteConnection, record: &BookingRecord) -> Result<(), StoreError> {
    let booking = &record.booking;
    query(INSERT)
        .bind(record.account.as_str())
        .bind(record.venue.as_str())
        .bind(booking.id.as_str())
        .bind(booking.kind.to_text())
        .bind(optional_text(booking.symbol.as_ref()))
        .bind(booking.amount.to_text())
        .bind(booking.currency.as_str())
        .bind(booking.time.as_micros())
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(crate) fn read(row: &SqliteRow) -> Result<BookingRecord, StoreError> {
    let row = Columns::of("bookings", row);
    Ok(BookingRecord {
        account: row.read("account")?,
        venue: row.read("venue")?,
        booking: Booking {
            id: row.raw("booking")?,
            kind: row.read("kind")?,
            symbol: row.optional("symbol")?,
            amount: row.read("amount")?,
            currency: row.read("currency")?,
            time: row.time("time")?,
        },
    })
}
