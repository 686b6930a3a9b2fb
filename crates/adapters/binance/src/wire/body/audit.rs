//! What is answered to the questions before the first order.

use plimsoll_domain::PositionMode;
use plimsoll_ports::{AccountSettings, KeyRights};
use plimsoll_venue::DecodeError;
use plimsoll_venue::json::{self, text};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountConfig {
    dual_side_position: bool,
    multi_assets_margin: bool,
    can_trade: bool,
}

/// How the account is set, as `accountConfig` tells it.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn account_settings(body: &[u8]) -> Result<AccountSettings, DecodeError> {
    let it: AccountConfig = json::read(text(body)?)?;
    Ok(AccountSettings {
        position_mode: if it.dual_side_position { PositionMode::Hedge } else { PositionMode::OneWay },
        multi_assets: it.multi_assets_margin,
        can_trade: it.can_trade,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FeeBurn {
    fee_burn: bool,
}

/// Whether fees are paid in BNB.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn fee_burn(body: &[u8]) -> Result<bool, DecodeError> {
    let it: FeeBurn = json::read(text(body)?)?;
    Ok(it.fee_burn)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Restrictions {
    ip_restrict: Option<bool>,
    enable_withdrawals: Option<bool>,
    enable_futures: Option<bool>,
}

/// What a key may do, as the wallet service tells it: what it leaves out stays unknown.
///
/// # Errors
/// [`DecodeError`] for anything else.
pub fn key_restrictions(body: &[u8]) -> Result<KeyRights, DecodeError> {
    let it: Restrictions = json::read(text(body)?)?;
    Ok(KeyRights { trades: it.enable_futures, withdraws: it.enable_withdrawals, bound_to_addresses: it.ip_restrict })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_stays_unknown() {
        let rights =
            key_restrictions(br#"{"ipRestrict":false,"enableReading":true,"enableWithdrawals":true}"#).unwrap();
        assert_eq!(rights, KeyRights { trades: None, withdraws: Some(true), bound_to_addresses: Some(false) });
        assert_eq!(key_restrictions(b"{}").unwrap(), KeyRights::default());
        assert!(key_restrictions(b"<html>").is_err());
    }

    #[test]
    fn the_account_says_how_it_is_set() {
        let body = br#"{"feeTier":0,"canTrade":false,"canDeposit":true,"canWithdraw":true,"dualSidePosition":true,"updateTime":0,"multiAssetsMargin":true,"tradeGroupId":-1}"#;
        let expected = AccountSettings { position_mode: PositionMode::Hedge, multi_assets: true, can_trade: false };
        assert_eq!(account_settings(body).unwrap(), expected);
        assert!(account_settings(b"{}").is_err(), "nothing is guessed");
        assert!(fee_burn(br#"{"feeBurn":true}"#).unwrap());
    }
}
