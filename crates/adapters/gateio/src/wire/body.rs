//! REST bodies: bytes in, domain values out. A body may be one row or a list of them; both are read, since the venue
//! answers the same call with one in one-way mode and with a list in hedge mode.

mod account;
mod answer;
mod endpoint;
mod instrument;
mod market;
mod order;
mod position;
mod trade;
mod trigger;

pub use account::{Account, account, bound_to_addresses, user_id};
pub use answer::{Trouble, acknowledged, server_time, trouble};
pub use endpoint::decode_endpoint;
pub use instrument::{Contract, Listing, contracts, fees, margin_tables, margin_tiers};
pub use market::{CandlesOf, best_quotes, candles, mark_and_funding, settled_funding, tickers};
pub use order::{order, orders, orders_or_troubles, placed};
pub use position::positions;
pub use trade::{
    Booked, Income, Profit, booked_income, distinct, fills, forced_closes, funding_payments, income, profits,
};
pub use trigger::{trigger, triggers};

pub(crate) use endpoint::by_shape;
pub(crate) use market::{CandleRow, Level, PublicLiquidation, PublicTrade, TickerRow, candle, levels, quote};
pub(crate) use order::Row as OrderRow;
pub(crate) use position::Row as PositionRow;
pub(crate) use trade::Row as TradeRow;
pub(crate) use trade::{AdlRow, LiquidationRow, booked_contract};
pub(crate) use trigger::Row as TriggerRow;

use plimsoll_venue::json::{self, DecodeError, Raw};
use plimsoll_venue::plain::{self, Plain};
use serde::Deserialize;

/// The rows of a text that is a list of them, or one.
pub(crate) fn rows<'a, T: Plain<'a> + Deserialize<'a>>(text: &'a str) -> Result<Vec<T>, DecodeError> {
    if text.starts_with('[') { plain::read(text) } else { Ok(vec![plain::read(text)?]) }
}

/// The rows of a body.
fn body_rows<'a, T: Plain<'a> + Deserialize<'a>>(body: &'a [u8]) -> Result<Vec<T>, DecodeError> {
    rows(json::text(body)?)
}

/// The rows of a part of a message.
pub(crate) fn part<'a, T: Plain<'a> + Deserialize<'a>>(raw: Raw<'a>) -> Result<Vec<T>, DecodeError> {
    rows(raw.0)
}
