//! Funding payments, in table `funding_events`.

use crate::SqliteStore;
use crate::error::store_error;
use crate::row::{Columns, Text, optional_text};
use crate::window::before;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Symbol, Timestamp, VenueId};
use plimsoll_ports::{FundingRecord, FundingRepository, StoreError};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, query};

pub(crate) const BY_KEY: &str = "SELECT * FROM funding_events WHERE account = ?1 AND venue = ?2 AND booking = ?3";
const INSERT: &str = "INSERT INTO funding_events (account, venue, booking, symbol, side, rate, quantity, mark_price, \
    payment, expected, currency, time) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
/// A day holds a few bookings a symbol: the window's index is enough.
pub(crate) const HISTORY: &str = "SELECT * FROM funding_events WHERE account = ?1 AND time > ?2 AND time <= ?3 \
    AND (?4 IS NULL OR symbol = ?4) AND (?5 IS NULL OR venue = ?5) ORDER BY time, id";

#[async_trait]
impl FundingRepository for SqliteStore {
    async fn log(&self, event: &FundingRecord) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin().await?;
        let by_key = query(BY_KEY).bind(event.account.as_str()).bind(event.venue.as_str()).bind(event.booking.as_str());
        let known = by_key.fetch_optional(&mut *transaction).await.map_err(store_error)?;
        match known.as_ref().map(read).transpose()? {
            Some(known) if same_booking(&known, event) => return Ok(false),
            Some(_) => {
                return Err(StoreError::Conflict(format!("booking '{}' is recorded otherwise", event.booking)));
            }
            None => insert(&mut transaction, event).await?,
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn history<'a>(
        &self,
        account: &AccountId,
        symbol: Option<&'a Symbol>,
        venue: Option<&'a VenueId>,
        days: u32,
        now: Timestamp,
    ) -> Result<Vec<FundingRecord>, StoreError> {
        let history = query(HISTORY)
            .bind(account.as_str())
            .bind(before(now, days).as_micros())
            .bind(now.as_micros())
            .bind(symbol.map(Symbol::as_str))
            .bind(venue.map(VenueId::as_str));
        history.map(|row| read(&row)).fetch_all(&self.readers).await.map_err(store_error)?.into_iter().collect()
    }
}

/// Whether both are what the venue booked; the details around it may be known to one and not to the other.
fn same_booking(known: &FundingRecord, event: &FundingRecord) -> bool {
    (&known.symbol, known.payment, &known.currency, known.time)
        == (&event.symbol, event.payment, &event.currency, event.time)
}

pub(crate) async fn insert(connection: &mut SqliteConnection, event: &FundingRecord) -> Result<(), StoreError> {
    query(INSERT)
        .bind(event.account.as_str())
        .bind(event.venue.as_str())
        .bind(event.booking.as_str())
        .bind(event.symbol.as_str())
        .bind(optional_text(event.side.as_ref()))
        .bind(optional_text(event.rate.as_ref()))
        .bind(optional_text(event.quantity.as_ref()))
        .bind(optional_text(event.mark_price.as_ref()))
        .bind(event.payment.to_text())
        .bind(optional_text(event.expected.as_ref()))
        .bind(event.currency.as_str())
        .bind(event.time.as_micros())
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(crate) fn read(row: &SqliteRow) -> Result<FundingRecord, StoreError> {
    let row = Columns::of("funding_events", row);
    Ok(FundingRecord {
        account: row.read("account")?,
        venue: row.read("venue")?,
        booking: row.raw("booking")?,
        symbol: row.read("symbol")?,
        side: row.optional("side")?,
        rate: row.optional("rate")?,
        quantity: row.optional("quantity")?,
        mark_price: row.optional("mark_price")?,
        payment: row.read("payment")?,
        expected: row.optional("expected")?,
        currency: row.read("currency")?,
        time: row.time("time")?,
    })
}
