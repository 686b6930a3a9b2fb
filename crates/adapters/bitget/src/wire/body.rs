//! REST bodies: bytes in, domain values out. Every body is an envelope, `{"code":"00000","msg":"success","data":…}`.

mod account;
mod answer;
mod endpoint;
mod instrument;
mod market;
mod order;
mod plan;
mod trade;

pub use account::{Settings, adl_levels, balances, leverage, positions, settings};
pub use answer::{Cancelled, Trouble, acknowledged, cancelled, cancelled_ids, server_time, trouble};
pub use endpoint::decode_endpoint;
pub use instrument::{Contract, LIQUIDATION_FEE, Listing, contracts, margin_tiers, trade_rate};
pub use market::{Running, candles, order_book, prices, running_funding, settled_funding, tickers};
pub use order::{Page, order, orders, placed};
pub use plan::{PlanOrder, plans};
pub use trade::{Bill, bills, fills};
