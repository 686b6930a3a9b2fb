//! How an account is to be set, and what of it is not done yet.

use super::lookout::LookoutNews;
use crate::position_manager::PositionManager;
use crate::venue_account::{AccountView, AppliedSetting, ContractSetting, VenueAccount, VenueAccountSettings};
use plimsoll_domain::{PositionMode, Symbol};
use std::collections::BTreeMap;

/// What is still to be set: everything at first, and what could not be set again at the next connection.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    contracts: BTreeMap<Symbol, ContractSetting>,
    position_mode: Option<PositionMode>,
}

impl Wanted {
    /// Takes it out of the settings: a connection is not to wait for it, or to fail by it.
    pub(super) fn take_from(settings: &mut VenueAccountSettings) -> Self {
        Self { contracts: std::mem::take(&mut settings.contracts), position_mode: settings.position_mode.take() }
    }

    /// Sets what is to be set still, and tells what came of it.
    pub(super) async fn set_up(
        &mut self,
        account: &VenueAccount,
        manager: &PositionManager,
        tell: &impl Fn(LookoutNews),
    ) {
        if let Some(wanted) = self.position_mode {
            match set_position_mode(account, manager, wanted).await {
                Ok(()) => self.position_mode = None,
                Err(why) => tell(LookoutNews::NotSet { symbol: None, why }),
            }
        }
        for (symbol, wanted) in self.contracts.clone() {
            let done = set_contract(account, manager, &symbol, wanted).await;
            if done.is_ok() {
                self.contracts.remove(&symbol);
            }
            tell(match done {
                Ok(Some(applied)) => LookoutNews::Set(applied),
                Ok(None) => continue,
                Err(why) => LookoutNews::NotSet { symbol: Some(symbol), why },
            });
        }
    }
}

/// Venues change it only where nothing is open.
async fn set_position_mode(
    account: &VenueAccount,
    manager: &PositionManager,
    wanted: PositionMode,
) -> Result<(), String> {
    let view = trusted(account)?;
    let Some(found) = view.position_mode else {
        return Err(format!("{wanted} mode is wanted, and the venue does not tell which one it is: left as it is"));
    };
    if found == wanted {
        return Ok(());
    }
    if !view.positions.is_empty() || !view.orders.is_empty() {
        return Err(format!(
            "the account is in {found} mode, {wanted} is wanted, and something is open: left as it is"
        ));
    }
    leave_to_colleagues(manager, None).await?;
    account.set_position_mode(wanted).await.map_err(|failure| failure.to_string())
}

/// What is held was opened with settings of its own: they are looked at, and left.
async fn set_contract(
    account: &VenueAccount,
    manager: &PositionManager,
    symbol: &Symbol,
    wanted: ContractSetting,
) -> Result<Option<AppliedSetting>, String> {
    let view = trusted(account)?;
    let is_open =
        view.positions.iter().any(|it| it.symbol == *symbol) || view.orders.iter().any(|it| it.symbol == *symbol);
    if !is_open {
        leave_to_colleagues(manager, Some(symbol)).await?;
        return account.set_contract(symbol, wanted).await.map(Some).map_err(|failure| failure.to_string());
    }
    let found = view.settings.get(symbol).copied().unwrap_or_default();
    let mut differs = Vec::new();
    if let (Some(wanted), Some(found)) = (wanted.margin_mode, found.margin_mode)
        && wanted != found
    {
        differs.push(format!("it has {found} margin, {wanted} is wanted"));
    }
    if let (Some(wanted), Some(found)) = (wanted.leverage, found.leverage)
        && wanted != found
    {
        differs.push(format!("it has leverage {found}, {wanted} is wanted"));
    }
    if differs.is_empty() {
        Ok(None)
    } else {
        Err(format!("{}, and something is open: left as it is", differs.join("; ")))
    }
}

/// Whether something is open is known only while nothing is in doubt.
fn trusted(account: &VenueAccount) -> Result<std::sync::Arc<AccountView>, String> {
    let view = account.view();
    if view.is_trusted() { Ok(view) } else { Err("the account is in doubt: left as it is".to_owned()) }
}

/// An order that another process has written down may reach the venue at any moment.
async fn leave_to_colleagues(manager: &PositionManager, symbol: Option<&Symbol>) -> Result<(), String> {
    match manager.colleagues_have(symbol).await {
        Ok(false) => Ok(()),
        Ok(true) => Err("another process has it in hand: left as it is".to_owned()),
        Err(error) => Err(format!("what other processes have in hand is not known ({error}): left as it is")),
    }
}
