//! The account: what it holds, how it is set, what it traded and paid.

use super::call::{Call, Security};
use super::order::dual_side;
use crate::wire::word;
use plimsoll_domain::{Leverage, MarginMode, Money, PositionMode, PositionSide, Timestamp};
use plimsoll_venue::Method;

const fn read(path: &'static str, weight: u32) -> Call {
    Call::new(Method::Get, path, Security::Signed, weight)
}

const fn set(path: &'static str) -> Call {
    Call::new(Method::Post, path, Security::Signed, 1)
}

/// Balances and margins of the whole account.
#[must_use]
pub fn account() -> Call {
    read("/fapi/v3/account", 5)
}

/// Balances.
#[must_use]
pub fn balances() -> Call {
    read("/fapi/v3/balance", 5)
}

/// Positions of one contract, or of all that have one or have open orders.
#[must_use]
pub fn positions(native: Option<&str>) -> Call {
    read("/fapi/v3/positionRisk", 5).with_some("symbol", native)
}

/// Leverage and margin mode of one contract, or of all.
#[must_use]
pub fn symbol_config(native: Option<&str>) -> Call {
    read("/fapi/v1/symbolConfig", 5).with_some("symbol", native)
}

/// Position mode and what the key may do.
#[must_use]
pub fn account_config() -> Call {
    read("/fapi/v1/accountConfig", 5)
}

/// The position mode alone; six times as dear as [`account_config`].
#[must_use]
pub fn position_mode() -> Call {
    read("/fapi/v1/positionSide/dual", 30)
}

/// The fees of one contract for this account.
#[must_use]
pub fn commission_rate(native: &str) -> Call {
    read("/fapi/v1/commissionRate", 20).with("symbol", native)
}

/// The margin tables of one contract, or of all.
#[must_use]
pub fn leverage_brackets(native: Option<&str>) -> Call {
    read("/fapi/v1/leverageBracket", 1).with_some("symbol", native)
}

/// Up to 1000 trades of the account in one contract: of a window of at most 7 days, or, without one, of the last 7.
#[must_use]
pub fn fills(native: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> Call {
    read("/fapi/v1/userTrades", 5).with("symbol", native).window(from, to).with("limit", "1000")
}

/// Up to 1000 trades of the account in one contract, from the one with this id on, oldest first.
#[must_use]
pub fn fills_from(native: &str, id: u64) -> Call {
    read("/fapi/v1/userTrades", 5).with("symbol", native).with("fromId", id.to_string()).with("limit", "1000")
}

/// Up to 1000 bookings of one kind (`FUNDING_FEE`), or of all, oldest first; without times, of the last 7 days.
#[must_use]
pub fn income(native: Option<&str>, kind: Option<&str>, from: Option<Timestamp>, to: Option<Timestamp>) -> Call {
    read("/fapi/v1/income", 30)
        .with_some("symbol", native)
        .with_some("incomeType", kind)
        .window(from, to)
        .with("limit", "1000")
}

/// Sets a contract's leverage.
#[must_use]
pub fn set_leverage(native: &str, leverage: Leverage) -> Call {
    set("/fapi/v1/leverage").with("symbol", native).with("leverage", leverage.get().to_string())
}

/// Sets what backs a contract's positions. What is set already is refused with code -4046.
#[must_use]
pub fn set_margin_mode(native: &str, mode: MarginMode) -> Call {
    set("/fapi/v1/marginType").with("symbol", native).with("marginType", word::of_margin_mode(mode))
}

/// Sets the position mode of the whole account. What is set already is refused with code -4059.
#[must_use]
pub fn set_position_mode(mode: PositionMode) -> Call {
    set("/fapi/v1/positionSide/dual").with("dualSidePosition", dual_side(mode))
}

/// Moves `amount` into (positive) or out of (negative) an isolated position's margin.
#[must_use]
pub fn set_isolated_margin(native: &str, side: PositionSide, amount: Money) -> Call {
    let leg = (side != PositionSide::Both).then(|| word::of_position_side(side));
    set("/fapi/v1/positionMargin")
        .with("symbol", native)
        .with_some("positionSide", leg)
        .with("amount", amount.abs().to_string())
        .with("type", if amount.is_negative() { "2" } else { "1" })
}

const fn listen_key(method: Method) -> Call {
    Call::new(method, "/fapi/v1/listenKey", Security::Key, 1)
}

/// Opens the account's private stream: the key that is active already, if one is, for another hour.
#[must_use]
pub fn listen_key_open() -> Call {
    listen_key(Method::Post)
}

/// Keeps the private stream's key for another hour.
#[must_use]
pub fn listen_key_keep_alive() -> Call {
    listen_key(Method::Put)
}

/// Ends the private stream's key, for every process that uses it.
#[must_use]
pub fn listen_key_close() -> Call {
    listen_key(Method::Delete)
}
