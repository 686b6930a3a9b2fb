//! Bookings beside fills and funding, in table `bookings`.

use crate::PostgresStore;
use crate::moment::Moment;
use crate::numeric::Numeric;
use crate::row::Columns;
use crate::store::answered;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Booking, Symbol, Timestamp};
use plimsoll_ports::{BookingRecord, BookingRepository, StoreError};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, query};

pub(crate) const BY_KEY: &str = "SELECT * FROM bookings WHERE account = $1 AND venue = $2 AND booking = $3";
const INSERT: &str = "INSERT INTO bookings (account, venue, booking, kind, symbol, amount, currency, time) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(crate) const SINCE: &str = "SELECT * FROM bookings WHERE account = $1 AND time >= $2 ORDER BY time, id";
pub(crate) const LAST: &str = "SELECT * FROM bookings WHERE account = $1 ORDER BY time DESC, id DESC LIMIT 1";

#[async_trait]
impl BookingRepository for PostgresStore {
    async fn log(&self, booking: &BookingRecord) -> Result<bool, StoreError> {
        let mut transaction = self.writing(&booking.account).await?;
        let id = booking.booking.id.as_str();
        let by_key = query(BY_KEY).bind(booking.account.as_str()).bind(booking.venue.as_str()).bind(id);
        let known = answered(by_key.fetch_optional(&mut *transaction)).await?;
        match known.as_ref().map(read).transpose()? {
            Some(known) if same_booking(&known.booking, &booking.booking) => return Ok(false),
            Some(_) => return Err(StoreError::Conflict(format!("booking '{id}' is recorded otherwise"))),
            None => insert(&mut transaction, booking).await?,
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn since(&self, account: &AccountId, since: Timestamp) -> Result<Vec<BookingRecord>, StoreError> {
        let since = query(SINCE).bind(account.as_str()).bind(Moment::bound(since));
        answered(since.map(|row| read(&row)).fetch_all(&mut *self.reading().await?)).await?.into_iter().collect()
    }

    async fn last(&self, account: &AccountId) -> Result<Option<BookingRecord>, StoreError> {
        let last = answered(query(LAST).bind(account.as_str()).fetch_optional(&mut *self.reading().await?)).await?;
        last.as_ref().map(read).transpose()
    }
}

/// Whether both are the same money; what kind it is may be known better to a later program.
fn same_booking(known: &Booking, booking: &Booking) -> bool {
    (&known.symbol, known.amount, &known.currency, known.time)
        == (&booking.symbol, booking.amount, &booking.currency, booking.time)
}

pub(crate) async fn insert(connection: &mut PgConnection, record: &BookingRecord) -> Result<(), StoreError> {
    let booking = &record.booking;
    let insert = query(INSERT)
        .bind(record.account.as_str())
        .bind(record.venue.as_str())
        .bind(booking.id.as_str())
        .bind(booking.kind.to_string())
        .bind(booking.symbol.as_ref().map(Symbol::as_str))
        .bind(Numeric::from(booking.amount))
        .bind(booking.currency.as_str())
        .bind(Moment(booking.time));
    answered(insert.execute(connection)).await.map(drop)
}

pub(crate) fn read(row: &PgRow) -> Result<BookingRecord, StoreError> {
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
            time: row.read("time")?,
        },
    })
}
