//! What is asked of the venue: a [`Call`] says what, [`Call::request`] makes it a signed [`HttpRequest`].
//!
//! A call holds no time and no secret, so that it can be signed again after the venue disliked its timestamp.

mod account;
mod audit;
mod batch;
mod call;
mod market;
mod order;
mod socket;

pub use account::{
    account, account_config, balances, commission_rate, fills, fills_from, income, leverage_brackets, listen_key_close,
    listen_key_keep_alive, listen_key_open, position_mode, positions, set_isolated_margin, set_leverage,
    set_margin_mode, set_position_mode, symbol_config,
};
pub use audit::{fee_burn, key_restrictions, order_test};
pub use batch::batch_place;
pub use call::{Call, Credentials, Security};
pub use market::{
    book_ticker, candles, exchange_info, funding_history, funding_info, interval_word, mark_price_candles,
    premium_index, server_time,
};
pub use order::{
    Place, WhichOrder, algo_order, all_algo_orders, all_orders_from, amend, cancel, cancel_algo, cancel_all,
    cancel_all_algo, open_algo_orders, open_orders, order, place,
};
pub use plimsoll_venue::{HttpRequest, Method};
pub use socket::{Route, private_url, stream, stream_url, subscribe, unsubscribe, ws_api};
