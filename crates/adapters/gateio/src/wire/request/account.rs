//! The account: what it holds, how it is set, what it traded and paid.

use super::call::{Call, Limit};
use super::json::Object;
use crate::wire::word;
use plimsoll_domain::{Leverage, MarginMode, Money, PositionMode, PositionSide, Timestamp};
use plimsoll_venue::Method;

/// As many rows as the venue gives at once.
const LIMIT: &str = "1000";

impl Call {
    /// The page that begins after so many rows.
    pub(super) fn page(self, offset: usize) -> Self {
        let offset = (offset > 0).then(|| offset.to_string());
        self.with("limit", LIMIT).with_some("offset", offset)
    }
}

/// Balance, margins and position mode of the account.
#[must_use]
pub fn account() -> Call {
    Call::get("/accounts")
}

/// The account's user id, which private channels want, and what the key may do.
#[must_use]
pub fn account_detail() -> Call {
    Call::get("/account/detail").elsewhere("/api/v4/account/detail")
}

/// What trading costs this account, in one contract or in all.
#[must_use]
pub fn fees(native: Option<&str>) -> Call {
    Call::get("/fee").with_some("contract", native)
}

/// Positions of all contracts, a page of them: those that hold something, or also the flat ones, whose rows tell how
/// their contracts are set.
#[must_use]
pub fn positions(holding: bool, offset: usize) -> Call {
    Call::get("/positions").with_some("holding", holding.then_some("true")).page(offset)
}

/// The position or, in hedge mode, the two legs of a contract, and how it is set. One that was never traded is
/// `POSITION_NOT_FOUND`.
#[must_use]
pub fn position(native: &str, mode: PositionMode) -> Call {
    let endpoint = by_mode(mode, "/positions/{contract}", "/dual_comp/positions/{contract}");
    Call::get(endpoint).of("{contract}", native)
}

/// Sets a contract's leverage under the margin mode that it has. The venue reads `leverage=0` as "cross" and anything else
/// as "isolated": told wrong, this call flips the margin mode of a live position.
#[must_use]
pub fn set_leverage(native: &str, leverage: Leverage, margin: MarginMode, mode: PositionMode) -> Call {
    let endpoint = by_mode(mode, "/positions/{contract}/leverage", "/dual_comp/positions/{contract}/leverage");
    let call = Call::set(endpoint).of("{contract}", native);
    let times = leverage.get().to_string();
    match margin {
        MarginMode::Isolated => call.with("leverage", times),
        MarginMode::Cross => call.with("leverage", "0").with("cross_leverage_limit", times),
    }
}

/// Sets what backs a contract's positions.
#[must_use]
pub fn set_margin_mode(native: &str, margin: MarginMode, mode: PositionMode) -> Call {
    let endpoint = by_mode(mode, "/positions/cross_mode", "/dual_comp/positions/cross_mode");
    let body = Object::new().text("mode", word::of_margin_mode(margin)).text("contract", native);
    Call::set(endpoint).body(body.end())
}

/// Sets the position mode of the whole account, which must hold no position and no order. What is set already is
/// `NO_CHANGE`.
#[must_use]
pub fn set_position_mode(mode: PositionMode) -> Call {
    Call::set("/dual_mode").with("dual_mode", by_mode(mode, "false", "true"))
}

/// Moves `amount` into (positive) or out of (negative) an isolated position's margin.
#[must_use]
pub fn adjust_isolated_margin(native: &str, side: PositionSide, amount: Money) -> Call {
    let endpoint =
        by_mode(word::mode_of(side), "/positions/{contract}/margin", "/dual_comp/positions/{contract}/margin");
    Call::set(endpoint)
        .of("{contract}", native)
        .with("change", amount.to_string())
        .with_some("dual_side", word::of_dual_side(side))
}

/// The account's trades of the last six months, newest first, a page of them.
#[must_use]
pub fn fills(native: Option<&str>, offset: usize) -> Call {
    Call::get("/my_trades").with_some("contract", native).page(offset)
}

/// The account's trades between two moments, however old, in one contract or in all, a page of them.
#[must_use]
pub fn fills_between(native: Option<&str>, from: Option<Timestamp>, to: Option<Timestamp>, offset: usize) -> Call {
    Call::get("/my_trades_timerange").with_some("contract", native).window(from, to).page(offset)
}

/// What was booked to the account, newest first, a page of it: of one kind (`fund`), or of all.
#[must_use]
pub fn bookings(
    native: Option<&str>,
    kind: Option<&str>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    offset: usize,
) -> Call {
    Call::get("/account_book").with_some("contract", native).with_some("type", kind).window(from, to).page(offset)
}

/// Hedge mode has twins of the calls about positions.
pub(super) const fn by_mode(mode: PositionMode, one_way: &'static str, hedge: &'static str) -> &'static str {
    match mode {
        PositionMode::OneWay => one_way,
        PositionMode::Hedge => hedge,
    }
}

impl Call {
    pub(super) fn delete(endpoint: &'static str) -> Self {
        Self::new(Method::Delete, endpoint, Limit::Cancel)
    }
}
