//! REST bodies: bytes in, domain values out. A body may be one row or a list of them; both are read.

mod account;
mod answer;
mod audit;
mod endpoint;
mod instrument;
mod market;
mod order;
mod trade;

pub use account::{SymbolConfig, account_balances, adl_levels, balances, position_mode, positions, symbol_config};
pub use answer::{Trouble, acknowledged, kept_listen_key, leverage, listen_key, server_time, trouble};
pub use audit::{account_settings, fee_burn, key_restrictions};
pub use endpoint::decode_endpoint;
pub use instrument::{
    Contract, DEFAULT_FUNDING_INTERVAL_HOURS, Listing, commission_rate, contracts, funding_intervals, leverage_brackets,
};
pub use market::{CandlesOf, candles, mark_and_funding, quotes, settled_funding};
pub use order::{algo_order, algo_orders, algo_placed, order, orders, orders_or_troubles, placed};
pub use trade::{Income, fills, funding_payments, income, name_fills};

pub(crate) use endpoint::by_shape;

use super::read::{DecodeError, json, utf8};
use serde::Deserialize;

/// The rows of a body that is a list of them, or one.
pub(crate) fn rows<'a, T: Deserialize<'a>>(text: &'a str) -> Result<Vec<T>, DecodeError> {
    if text.starts_with('[') { json(text) } else { Ok(vec![json(text)?]) }
}

/// The body as text, without the space around it.
pub(crate) fn text(body: &[u8]) -> Result<&str, DecodeError> {
    Ok(utf8(body)?.trim())
}

/// Reads each row, and says in which one something is wrong.
pub(crate) fn each<T, U>(
    rows: &[T],
    mut read: impl FnMut(&T) -> Result<Option<U>, DecodeError>,
) -> Result<Vec<U>, DecodeError> {
    let mut out = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        out.extend(read(row).map_err(|error| error.inside(&format!("[{index}]")))?);
    }
    Ok(out)
}
