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
