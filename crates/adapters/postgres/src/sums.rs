//! Exact sums of trades, funding and bookings, by day and by currency: `NUMERIC` adds without rounding, and one statement
//! sees one moment.

use crate::row::Columns;
use plimsoll_ports::{DailyPnl, StoreError, Totals};
use sqlx::postgres::PgRow;

/// By UTC day. A fee in another currency than the settle currency is left out.
pub(crate) const DAILY: &str = "SELECT date_trunc('day', time, 'UTC') AS day, sum(realized_pnl) AS realized_pnl, \
    sum(fees) AS fees, sum(funding) AS funding, sum(adjustments) AS adjustments, sum(transfers) AS transfers FROM ( \
        SELECT time, coalesce(realized_pnl, 0) AS realized_pnl, \
            CASE WHEN fee_currency <> split_part(symbol, ':', 2) THEN 0 ELSE fee END AS fees, \
            0 AS funding, 0 AS adjustments, 0 AS transfers \
        FROM trades WHERE account = $1 AND time >= $2 AND time <= $3 \
        UNION ALL SELECT time, 0, 0, payment, 0, 0 \
        FROM funding_events WHERE account = $1 AND time >= $2 AND time <= $3 \
        UNION ALL SELECT time, 0, 0, 0, \
            CASE WHEN kind IN ('transfer', 'conversion') THEN 0 ELSE amount END, \
            CASE WHEN kind IN ('transfer', 'conversion') THEN amount ELSE 0 END \
        FROM bookings WHERE account = $1 AND time >= $2 AND time <= $3 \
    ) AS entries GROUP BY 1 ORDER BY 1";

/// By currency: profit in the settle currency, a fee in that which it was paid in, funding and bookings in their own.
pub(crate) const TOTALS: &str = "SELECT currency, sum(realized_pnl) AS realized_pnl, sum(fees) AS fees, \
    sum(funding) AS funding, sum(adjustments) AS adjustments, sum(transfers) AS transfers FROM ( \
        SELECT split_part(symbol, ':', 2) COLLATE \"C\" AS currency, coalesce(realized_pnl, 0) AS realized_pnl, 0 AS fees, \
            0 AS funding, 0 AS adjustments, 0 AS transfers \
        FROM trades WHERE account = $1 \
        UNION ALL SELECT coalesce(fee_currency, split_part(symbol, ':', 2)) COLLATE \"C\", 0, fee, 0, 0, 0 \
        FROM trades WHERE account = $1 \
        UNION ALL SELECT currency, 0, 0, payment, 0, 0 FROM funding_events WHERE account = $1 \
        UNION ALL SELECT currency, 0, 0, 0, \
            CASE WHEN kind IN ('transfer', 'conversion') THEN 0 ELSE amount END, \
            CASE WHEN kind IN ('transfer', 'conversion') THEN amount ELSE 0 END \
        FROM bookings WHERE account = $1 \
    ) AS entries GROUP BY currency ORDER BY currency";

/// The records whose sum a row is.
const SUMMED: &str = "trades, funding_events and bookings";

pub(crate) fn day(row: &PgRow) -> Result<DailyPnl, StoreError> {
    let row = Columns::of(SUMMED, row);
    Ok(DailyPnl {
        day: row.read("day")?,
        realized_pnl: row.read("realized_pnl")?,
        fees: row.read("fees")?,
        funding: row.read("funding")?,
        adjustments: row.read("adjustments")?,
        transfers: row.read("transfers")?,
    })
}

pub(crate) fn currency(row: &PgRow) -> Result<Totals, StoreError> {
    let row = Columns::of(SUMMED, row);
    Ok(Totals {
        currency: row.read("currency")?,
        realized_pnl: row.read("realized_pnl")?,
        fees: row.read("fees")?,
        funding: row.read("funding")?,
        adjustments: row.read("adjustments")?,
        transfers: row.read("transfers")?,
    })
}
