//! The venue's words for ours, and ours for the venue's. A word that is not here is an error that carries it, unless the
//! venue itself leaves the list open.

use plimsoll_domain::{
    BookingKind, ClientOrderId, FillCause, Liquidity, MarginMode, PositionMode, PositionSide, TimeInForce,
};
use plimsoll_venue::DecodeError;

/// What precedes our own ids on the wire.
const OURS: &str = "t-";

/// `text` of an order of ours.
pub(crate) fn text(client_order_id: &str) -> String {
    format!("{OURS}{client_order_id}")
}

/// The id that a `text` carries: ours without its prefix, somebody's source tag (`web`) as it is, and nothing for `-`.
pub(crate) fn client_order_id(text: &str) -> ClientOrderId {
    let id = text.strip_prefix(OURS).unwrap_or(text);
    ClientOrderId::reported(if id == "-" { "" } else { id })
}

/// Who an order is from, by its `text`: the venue's own forced orders have reserved ones.
pub(crate) fn cause(text: &str) -> FillCause {
    match text {
        "liquidation" | "pm_liquidate" | "comb_margin_liquidate" | "scm_liquidate" | "insurance" => {
            FillCause::Liquidation
        }
        "auto_deleveraging" => FillCause::Adl,
        "clear" => FillCause::Settlement,
        text if text.starts_with("liq-") || text.starts_with("hedge-liq-") => FillCause::Liquidation,
        _ => FillCause::Order,
    }
}

/// Market orders are told as `ioc` or `fok`; nothing is told of some.
pub(crate) fn time_in_force(word: &str, place: &str) -> Result<Option<TimeInForce>, DecodeError> {
    match word {
        "" => Ok(None),
        "gtc" => Ok(Some(TimeInForce::Gtc)),
        "ioc" => Ok(Some(TimeInForce::Ioc)),
        "poc" => Ok(Some(TimeInForce::PostOnly)),
        "fok" => Ok(Some(TimeInForce::Fok)),
        "rpi" => Ok(Some(TimeInForce::Rpi)),
        _ => Err(DecodeError::word("time in force", word, place)),
    }
}

/// `None` for what the venue has no word for.
pub(crate) const fn of_time_in_force(time_in_force: TimeInForce) -> Option<&'static str> {
    match time_in_force {
        TimeInForce::Gtc => Some("gtc"),
        TimeInForce::Ioc => Some("ioc"),
        TimeInForce::Fok => Some("fok"),
        TimeInForce::PostOnly => Some("poc"),
        TimeInForce::Gtd | TimeInForce::Rpi => None,
    }
}

/// `mode` of a position's row: which position it is, and with it the mode of the account. Where the row leaves it out,
/// only a one-way account has but one answer.
pub(crate) fn position_side(word: &str, mode: PositionMode, place: &str) -> Result<PositionSide, DecodeError> {
    match (word, mode) {
        ("single", _) | ("", PositionMode::OneWay) => Ok(PositionSide::Both),
        ("dual_long", _) => Ok(PositionSide::Long),
        ("dual_short", _) => Ok(PositionSide::Short),
        _ => Err(DecodeError::word("position mode", word, place)),
    }
}

/// The position mode that a position's side is of.
pub(crate) const fn mode_of(side: PositionSide) -> PositionMode {
    match side {
        PositionSide::Both => PositionMode::OneWay,
        PositionSide::Long | PositionSide::Short => PositionMode::Hedge,
    }
}

/// `None` for the one-way position, which needs no word.
pub(crate) const fn of_dual_side(side: PositionSide) -> Option<&'static str> {
    match side {
        PositionSide::Both => None,
        PositionSide::Long => Some("dual_long"),
        PositionSide::Short => Some("dual_short"),
    }
}

pub(crate) fn margin_mode(word: &str, place: &str) -> Result<Option<MarginMode>, DecodeError> {
    match word {
        "" => Ok(None),
        "cross" => Ok(Some(MarginMode::Cross)),
        "isolated" => Ok(Some(MarginMode::Isolated)),
        _ => Err(DecodeError::word("margin mode", word, place)),
    }
}

pub(crate) const fn of_margin_mode(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Cross => "CROSS",
        MarginMode::Isolated => "ISOLATED",
    }
}

pub(crate) fn liquidity(word: &str, place: &str) -> Result<Option<Liquidity>, DecodeError> {
    match word {
        "" => Ok(None),
        "maker" => Ok(Some(Liquidity::Maker)),
        "taker" => Ok(Some(Liquidity::Taker)),
        _ => Err(DecodeError::word("role", word, place)),
    }
}

/// What a booking is that no trade and no settlement of funding is behind. The venue adds words without notice: one that
/// is not here is kept as it is.
pub(crate) fn booking_kind(word: &str) -> BookingKind {
    match word {
        "dnw" | "pv_dnw" | "point_dnw" | "cross_settle" => BookingKind::Transfer,
        "refr" | "point_refr" => BookingKind::Rebate,
        "bonus_dnw" | "bonus_offset" => BookingKind::Bonus,
        other => BookingKind::Other(other.to_owned()),
    }
}
