//! The account's balance and settings.

use crate::wire::symbols::currency;
use plimsoll_domain::{BalanceReport, Money, PositionMode, Stamp};
use plimsoll_venue::json::{self, DecodeError, Num, Text};
use plimsoll_venue::{message, plain};

/// The account as `GET /accounts` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its balance in the settle currency. The body has no time: the stamp is the default one.
    pub balance: BalanceReport,
    /// How many positions a contract may have; `None` in the split mode, which is not read.
    pub mode: Option<PositionMode>,
    /// The user id, which private channels want.
    pub user: String,
    /// Every asset is margin for everything: the unified multi-currency and portfolio modes.
    pub multi_assets: bool,
    /// It holds points, which fees are paid with.
    pub has_points: bool,
}

message! {
    struct Row {
        required {
            currency = "currency": Text<'a>,
            total = "total": Num<'a>,
        }
        optional {
            user = "user": Num<'a>,
            unrealised_pnl = "unrealised_pnl": Num<'a>,
            available = "available": Num<'a>,
            cross_available = "cross_available": Num<'a>,
            point = "point": Num<'a>,
            in_dual_mode = "in_dual_mode": Option<bool>,
            position_mode = "position_mode": Option<Text<'a>>,
            margin_mode = "margin_mode": Num<'a>,
        }
    }
}

/// The account of `GET /accounts`, and of the calls that set its position mode.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn account(body: &[u8]) -> Result<Account, DecodeError> {
    let row: Row<'_> = plain::read(json::text(body)?)?;
    Ok(Account {
        balance: row.balance()?,
        mode: row.mode()?,
        user: row.user.0.to_owned(),
        multi_assets: matches!(row.margin_mode.0, "1" | "2"),
        has_points: row.point.maybe_money("point")?.is_some_and(|points| points.is_positive()),
    })
}

impl Row<'_> {
    fn balance(&self) -> Result<BalanceReport, DecodeError> {
        let total = self.total.money("total")?;
        let unrealized_pnl = self.unrealised_pnl.maybe_money("unrealised_pnl")?;
        let sum = |one: Money, other: Money| one.get().checked_add(other.get()).map(Money::new);
        Ok(BalanceReport {
            currency: currency(self.currency.as_str()),
            wallet: Some(total),
            // Pushes never tell it: one from an answer would be stale with the next booking.
            cross_wallet: None,
            available: self.available()?,
            equity: unrealized_pnl.and_then(|profit| sum(total, profit)),
            unrealized_pnl,
            stamp: Stamp::default(),
        })
    }

    /// In the unified multi-currency mode (1) `available` is what isolated positions may use.
    fn available(&self) -> Result<Option<Money>, DecodeError> {
        match (self.margin_mode.0, self.cross_available.maybe_money("cross_available")?) {
            ("1", Some(cross)) => Ok(Some(cross)),
            _ => self.available.maybe_money("available"),
        }
    }

    fn mode(&self) -> Result<Option<PositionMode>, DecodeError> {
        match (self.position_mode.as_ref().map(Text::as_str), self.in_dual_mode) {
            (Some("single"), _) | (None | Some(""), Some(false)) => Ok(Some(PositionMode::OneWay)),
            (Some("dual"), _) | (None | Some(""), Some(true)) => Ok(Some(PositionMode::Hedge)),
            (Some("dual_plus"), _) | (None | Some(""), None) => Ok(None),
            (Some(other), _) => Err(DecodeError::word("position mode", other, "position_mode")),
        }
    }
}

message! {
    struct Detail {
        required { user_id = "user_id": Num<'a>, }
        optional { ip_whitelist = "ip_whitelist": Option<Vec<Text<'a>>>, }
    }
}

/// The user id of `GET /account/detail`.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn user_id(body: &[u8]) -> Result<String, DecodeError> {
    plain::read::<Detail<'_>>(json::text(body)?)?.user_id.id("user_id").map(str::to_owned)
}

/// Whether `GET /account/detail` says that the key works from certain addresses only; `None` if it does not say.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn bound_to_addresses(body: &[u8]) -> Result<Option<bool>, DecodeError> {
    let detail: Detail<'_> = plain::read(json::text(body)?)?;
    Ok(detail.ip_whitelist.map(|addresses| !addresses.is_empty()))
}
