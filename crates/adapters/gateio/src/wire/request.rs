//! What is asked of the venue: a [`Call`] says what, [`Call::request`] makes it a signed [`HttpRequest`].
//!
//! A call holds no time and no secret, so that it can be signed again after the venue disliked its timestamp.
//!
//! [`HttpRequest`]: crate::wire::HttpRequest

mod account;
mod call;
mod json;
mod market;
mod order;
mod socket;
mod trigger;

pub use account::{
    account, account_detail, adjust_isolated_margin, bookings, fees, fills, fills_between, position, positions,
    set_leverage, set_margin_mode, set_position_mode,
};
pub use call::{Call, Credentials, Limit, Security};
pub(crate) use market::interval_of;
pub use market::{
    candles, contract, contracts, funding_history, interval_word, mark_price_candles, order_book, risk_limit_tiers,
    server_time, tickers,
};
pub use order::{
    Place, Size, WhichOrder, amend, cancel, cancel_all, countdown_cancel, finished_orders, open_orders, order,
    orders_between, place,
};
pub use socket::{
    PRIVATE_CHANNELS, cancel_over_socket, login, ping, place_over_socket, private_payload, subscribe,
    subscribe_private, unsubscribe,
};
pub use trigger::{cancel_all_triggers, cancel_trigger, finished_triggers, open_triggers, trigger};
