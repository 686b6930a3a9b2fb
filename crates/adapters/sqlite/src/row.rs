//! Columns: how a value is written, and how it is read back or found to be corrupt.

use plimsoll_domain::decimal::exact;
use plimsoll_domain::{
    AccountId, BookingKind, Currency, Decimal, Direction, FillCause, Liquidity, MarginMode, MarginRatio, Money,
    OrderId, OrderStatus, PositionSide, Price, Quantity, Rate, Side, Symbol, TimeInForce, Timestamp, TradeId,
    TriggerBy, VenueId,
};
use plimsoll_ports::{ComposedEnd, ComposedOrder, PositionStatus, Purpose, StoreError};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, Type};

/// A value that is kept as text, exactly.
pub(crate) trait Text: Sized {
    fn to_text(&self) -> String;
    fn from_text(text: &str) -> Result<Self, String>;
}

/// The text of a value that may be absent.
pub(crate) fn optional_text<T: Text>(value: Option<&T>) -> Option<String> {
    value.map(Text::to_text)
}

/// One row of one of our tables.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'r> {
    table: &'static str,
    row: &'r SqliteRow,
}

impl<'r> Columns<'r> {
    pub(crate) const fn of(table: &'static str, row: &'r SqliteRow) -> Self {
        Self { table, row }
    }

    /// A column as the database holds it.
    pub(crate) fn raw<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, column: &'static str) -> Result<T, StoreError> {
        self.row.try_get(column).map_err(|error| self.corrupt(column, &error.to_string()))
    }

    /// A column that is kept as text.
    pub(crate) fn read<T: Text>(&self, column: &'static str) -> Result<T, StoreError> {
        self.parse(column, self.raw(column)?)
    }

    /// A column that is kept as text, or `NULL`.
    pub(crate) fn optional<T: Text>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.raw::<Option<&str>>(column)?.map(|text| self.parse(column, text)).transpose()
    }

    /// A column that holds microseconds since 1970.
    pub(crate) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        Ok(Timestamp::from_micros(self.raw(column)?))
    }

    /// The error that names this row and this column.
    pub(crate) fn corrupt(&self, column: &str, what: &str) -> StoreError {
        let id = self.row.try_get::<i64, _>("id").map_or_else(|_| "?".to_owned(), |id| id.to_string());
        StoreError::Corrupt(format!("table {}, row {id}, column {column}: {what}", self.table))
    }

    fn parse<T: Text>(&self, column: &str, text: &str) -> Result<T, StoreError> {
        T::from_text(text).map_err(|error| self.corrupt(column, &error))
    }
}

/// Numbers keep their scale, and are held to their type's range on the way back.
macro_rules! numbers {
    ($($name:ident: $from:expr),+) => {
        $(impl Text for $name {
            fn to_text(&self) -> String {
                self.get().to_string()
            }

            fn from_text(text: &str) -> Result<Self, String> {
                let number = exact(text).map_err(|error| error.to_string())?;
                let from: fn(Decimal) -> Result<Self, String> = $from;
                from(number)
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

impl Text for Decimal {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Result<Self, String> {
        exact(text).map_err(|error| error.to_string())
    }
}

macro_rules! words {
    ($($name:ident),+) => {
        $(impl Text for $name {
            fn to_text(&self) -> String {
                self.as_str().to_owned()
            }

            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|error| format!("{error}"))
            }
        })+
    };
}
words!(Symbol, Side, PositionSide, Direction, MarginMode, TimeInForce, TriggerBy, OrderStatus, FillCause, Liquidity);

macro_rules! texts {
    ($($name:ident),+) => {
        $(impl Text for $name {
            fn to_text(&self) -> String {
                self.to_string()
            }

            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|error| format!("{error}"))
            }
        })+
    };
}
texts!(BookingKind, ComposedOrder);

macro_rules! names {
    ($($name:ident),+) => {
        $(impl Text for $name {
            fn to_text(&self) -> String {
                self.as_str().to_owned()
            }

            fn from_text(text: &str) -> Result<Self, String> {
                Ok(Self::new(text))
            }
        })+
    };
}
names!(AccountId, VenueId, Currency, OrderId, TradeId);

macro_rules! listed_words {
    ($($name:ident),+) => {
        $(impl Text for $name {
            fn to_text(&self) -> String {
                self.as_str().to_owned()
            }

            fn from_text(text: &str) -> Result<Self, String> {
                Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or_else(|| format!("unknown word '{text}'"))
            }
        })+
    };
}
listed_words!(PositionStatus, Purpose, ComposedEnd);
