//! What is asked of the venue: a [`Call`] says what, [`Call::request`] makes it a signed [`HttpRequest`].
//!
//! A call holds no time and no secret, so that it can be signed again after the venue disliked its timestamp.

mod account;
mod call;
mod market;
mod order;
mod plan;
mod socket;

pub use account::{
    account, adl_rank, all_accounts, bills, fills, positions, set_isolated_margin, set_leverage, set_margin_mode,
    set_position_mode, trade_rate,
};
pub use call::{Call, Credentials, Scope, Security, Trading};
pub(crate) use market::INTERVALS;
pub use market::{
    candles, contracts, current_funding, funding_history, funding_time, history_candles, interval_word,
    mark_price_candles, order_book, position_tiers, prices, server_time, ticker, tickers,
};
pub use order::{
    Place, WhichOrder, amend, cancel, cancel_all, cancel_everything, flash_close, open_orders, order, order_history,
    place,
};
pub use plan::{
    PlanKind, cancel_all_plans, cancel_every_plan, cancel_plan, open_plan, open_plans, past_plan, plan_history,
    plan_type,
};
pub use plimsoll_venue::{HttpRequest, Method};
pub use socket::{Channel, login, ping, subscribe, unsubscribe};
