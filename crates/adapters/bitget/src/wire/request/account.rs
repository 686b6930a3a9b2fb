//! The account: what it holds, how it is set, what it traded and paid.

use super::call::{Call, Security};
use crate::wire::word::{self, MARGIN_COIN, PRODUCT};
use plimsoll_domain::{Direction, Leverage, MarginMode, Money, PositionMode, PositionSide, Timestamp};
use plimsoll_venue::Method;

const fn read(path: &'static str, per_second: u32) -> Call {
    Call::new(Method::Get, path, Security::Signed, per_second)
}

fn set(path: &'static str, native: &str) -> Call {
    Call::new(Method::Post, path, Security::Signed, 5)
        .with("symbol", native)
        .with("productType", PRODUCT)
        .with("marginCoin", MARGIN_COIN)
}

/// Balance and margins, with leverage, margin mode and position mode as they are set for one contract.
#[must_use]
pub fn account(native: &str) -> Call {
    read("/api/v2/mix/account/account", 10)
        .with("symbol", native)
        .with("productType", PRODUCT)
        .with("marginCoin", MARGIN_COIN)
}

/// Balances and margins by margin coin.
#[must_use]
pub fn all_accounts() -> Call {
    read("/api/v2/mix/account/accounts", 10).with("productType", PRODUCT)
}

/// Open positions of one contract, or of all.
#[must_use]
pub fn positions(native: Option<&str>) -> Call {
    match native {
        Some(native) => read("/api/v2/mix/position/single-position", 10).with("symbol", native),
        None => read("/api/v2/mix/position/all-position", 5),
    }
    .with("productType", PRODUCT)
    .with("marginCoin", MARGIN_COIN)
}

/// Places in the deleveraging queue.
#[must_use]
pub fn adl_rank() -> Call {
    read("/api/v2/mix/position/adlRank", 5).with("productType", PRODUCT)
}

/// The fees of one contract for this account. The venue's documents give two names to the business; both are sent.
#[must_use]
pub fn trade_rate(native: &str) -> Call {
    read("/api/v2/common/trade-rate", 10).with("symbol", native).with("businessType", "mix").with("business", "mix")
}

/// Up to 100 trades of the account, newest first: of one contract or of all, of a window of at most 7 days, those before
/// the trade `older_than`.
#[must_use]
pub fn fills(native: Option<&str>, from: Option<Timestamp>, to: Option<Timestamp>, older_than: Option<&str>) -> Call {
    read("/api/v2/mix/order/fills", 10)
        .with("productType", PRODUCT)
        .with_some("symbol", native)
        .window(from, to)
        .with_some("idLessThan", older_than)
        .with("limit", "100")
}

/// Up to 100 bills, newest first: of one kind (`contract_settle_fee` is funding) or of all, of a window of at most 30
/// days, those before the bill `older_than`.
#[must_use]
pub fn bills(kind: Option<&str>, from: Option<Timestamp>, to: Option<Timestamp>, older_than: Option<&str>) -> Call {
    read("/api/v2/mix/account/bill", 10)
        .with("productType", PRODUCT)
        .with_some("businessType", kind)
        .window(from, to)
        .with_some("idLessThan", older_than)
        .with("limit", "100")
}

/// Sets a contract's leverage, for both its sides. Isolated margin has a leverage for each leg in hedge mode, so it is
/// said for each of them there. What is set already is refused with code 40814.
#[must_use]
pub fn set_leverage(native: &str, leverage: Leverage, mode: MarginMode, positions: PositionMode) -> Call {
    let call = set("/api/v2/mix/account/set-leverage", native);
    let leverage = leverage.get().to_string();
    match (mode, positions) {
        (MarginMode::Isolated, PositionMode::Hedge) => {
            call.with("longLeverage", leverage.clone()).with("shortLeverage", leverage)
        }
        (MarginMode::Cross, _) | (MarginMode::Isolated, PositionMode::OneWay) => call.with("leverage", leverage),
    }
}

/// Sets what backs a contract's positions. Refused with code 45117 while it has a position or an order.
#[must_use]
pub fn set_margin_mode(native: &str, mode: MarginMode) -> Call {
    set("/api/v2/mix/account/set-margin-mode", native).with("marginMode", word::of_margin_mode(mode))
}

/// Sets the position mode of all contracts. Refused with code 40920 while there is a position or an order.
#[must_use]
pub fn set_position_mode(mode: PositionMode) -> Call {
    Call::new(Method::Post, "/api/v2/mix/account/set-position-mode", Security::Signed, 5)
        .with("productType", PRODUCT)
        .with("posMode", word::of_position_mode(mode))
}

/// Moves `amount` into (positive) or out of (negative) an isolated position's margin. The venue wants to know whether the
/// position is long: `held` says so where its leg does not.
#[must_use]
pub fn set_isolated_margin(native: &str, side: PositionSide, held: Direction, amount: Money) -> Call {
    set("/api/v2/mix/account/set-margin", native)
        .with("holdSide", word::of_direction(side.direction().unwrap_or(held)))
        .with("amount", amount.to_string())
}
