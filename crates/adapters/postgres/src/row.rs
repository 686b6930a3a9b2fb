//! Columns: how a value is written, and how it is read back or found to be corrupt.

use crate::moment::Moment;
use crate::numeric::Numeric;
use plimsoll_domain::{
    AccountId, BookingKind, Currency, Decimal, Direction, FillCause, Liquidity, MarginMode, MarginRatio, Money,
    OrderId, OrderStatus, PositionSide, Price, Quantity, Rate, Side, Symbol, TimeInForce, Timestamp, TradeId,
    TriggerBy, VenueId,
};
use plimsoll_ports::{ComposedEnd, ComposedOrder, PositionStatus, Purpose, StoreError};
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row, Type};

/// A value and the form in which a column holds it.
pub(crate) trait Column: Sized {
    type Form<'r>: Decode<'r, Postgres> + Type<Postgres>;

    fn from_form(form: Self::Form<'_>) -> Result<Self, String>;
}

/// One row of one of our tables.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'r> {
    table: &'static str,
    row: &'r PgRow,
}

impl<'r> Columns<'r> {
    pub(crate) const fn of(table: &'static str, row: &'r PgRow) -> Self {
        Self { table, row }
    }

    /// A column as the database holds it.
    pub(crate) fn raw<T: Decode<'r, Postgres> + Type<Postgres>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|error| self.corrupt(column, &error.to_string()))
    }

    /// A column that holds a value of ours.
    pub(crate) fn read<T: Column>(&self, column: &'static str) -> Result<T, StoreError> {
        self.parse(column, self.raw(column)?)
    }

    /// A column that holds a value of ours, or `NULL`.
    pub(crate) fn optional<T: Column>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.raw::<Option<T::Form<'r>>>(column)?.map(|form| self.parse(column, form)).transpose()
    }

    /// The error that names this row and this column.
    pub(crate) fn corrupt(&self, column: &str, what: &str) -> StoreError {
        let id = self.row.try_get::<i64, _>("id").map_or_else(|_| "?".to_owned(), |id| id.to_string());
        StoreError::Corrupt(format!("table {}, row {id}, column {column}: {what}", self.table))
    }

    fn parse<T: Column>(&self, column: &str, form: T::Form<'r>) -> Result<T, StoreError> {
        T::from_form(form).map_err(|error| self.corrupt(column, &error))
    }
}

impl Column for Timestamp {
    type Form<'r> = Moment;

    fn from_form(Moment(time): Moment) -> Result<Self, String> {
        Ok(time)
    }
}

/// Numbers keep their scale, and are held to their type's range on the way back.
macro_rules! numbers {
    ($($name:ident: $from:expr),+) => {
        $(impl Column for $name {
            type Form<'r> = Numeric;

            fn from_form(Numeric(number): Numeric) -> Result<Self, String> {
                let from: fn(Decimal) -> Result<Self, String> = $from;
                from(number)
            }
        }

        impl From<$name> for Numeric {
            fn from(number: $name) -> Self {
                Self(number.get())
            }
        })+
    };
}
numbers!(
    Price: |number| Price::new(number).map_err(|error| error.to_string()),
    Quantity: |number| Quantity::new(number).map_err(|error| error.to_string()),
    Money: |number| Ok(Money::new(number)),
    Rate: |number| Ok(Rate::new(number)),
    MarginRatio: |number| Ok(MarginRatio::reported(number))
);

impl Column for Decimal {
    type Form<'r> = Numeric;

    fn from_form(Numeric(number): Numeric) -> Result<Self, String> {
        Ok(number)
    }
}

macro_rules! words {
    ($($name:ident),+) => {
        $(impl Column for $name {
            type Form<'r> = &'r str;

            fn from_form(text: &str) -> Result<Self, String> {
                text.parse().map_err(|error| format!("{error}"))
            }
        })+
    };
}
words!(
    Symbol,
    Side,
    PositionSide,
    Direction,
    MarginMode,
    TimeInForce,
    TriggerBy,
    OrderStatus,
    FillCause,
    Liquidity,
    BookingKind,
    ComposedOrder
);

macro_rules! names {
    ($($name:ident),+) => {
        $(impl Column for $name {
            type Form<'r> = &'r str;

            fn from_form(text: &str) -> Result<Self, String> {
                Ok(Self::new(text))
            }
        })+
    };
}
names!(AccountId, VenueId, Currency, OrderId, TradeId);

macro_rules! listed_words {
    ($($name:ident),+) => {
        $(impl Column for $name {
            type Form<'r> = &'r str;

            fn from_form(text: &str) -> Result<Self, String> {
                Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(|| format!("unknown word '{text}'"))
            }
        })+
    };
}
listed_words!(PositionStatus, Purpose, ComposedEnd);
