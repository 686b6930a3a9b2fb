//! Recorded markets: candles, mark prices, funding and quotes from CSV and Parquet, read as a stream and checked.
//!
//! ```
//! use plimsoll_history::{CandleRow, Rows};
//!
//! let file = "open_time,open,high,low,close,volume
//! 2024-01-01 00:00:00,42000,42100,41900,42050,12.5
//! 2024-01-01 00:01:00,42050,42060,41800,41850,NaN
//! 1704067320000,41850,41900,41840,41850.5,7
//! ";
//! let (mut closes, mut wrong) = (Vec::new(), Vec::new());
//! for row in Rows::<CandleRow>::from_csv("btc.csv", file.as_bytes())? {
//!     match row {
//!         Ok(candle) => closes.push(candle.close.to_string()),
//!         Err(error) => wrong.push(error.to_string()),
//!     }
//! }
//! assert_eq!(closes, ["42050", "41850.5"]);
//! assert_eq!(wrong, ["btc.csv, line 3: volume is 'NaN', which is no finite number"]);
//! # Ok::<(), plimsoll_history::OpenError>(())
//! ```
//!
//! A file of any size is read in constant memory. Prices are exact decimals: nothing is rounded on the way in or out.
//! What this crate does not do: it asks no venue and reads no clock.

mod check;
mod column;
mod csv_rows;
mod fault;
mod findings;
mod import;
mod layout;
mod merge;
mod moment;
mod number;
mod open;
mod ordered;
mod parquet_rows;
mod row;
mod rows;
mod sequence;
mod span;
mod store;
mod write;

pub use check::{CheckOptions, CheckReport, FileReport, OutlierRule, check_file, check_together};
pub use fault::{Fault, Place, RowError};
pub use findings::{Findings, Found, Topic};
pub use import::{ImportError, ImportOptions, Imported, Phase, import};
pub use merge::{AnyRow, Merge, Timed};
pub use moment::read_time;
pub use open::{Format, OpenError, kind_of};
pub use ordered::{Act, Ordered, Policy, Source, Spot};
pub use row::{CandleRow, FundingRow, Kind, MarkRow, QuoteRow, Row};
pub use rows::{Progress, Rows};
pub use span::{Span, interval_word, read_interval};
pub use store::{Download, Kept, Series, SeriesKind, SeriesRows, Store, StoreError};
pub use write::{Digits, FileWriter, TableColumn, Values, WriteError, write_table};
