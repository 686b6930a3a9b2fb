//! Leverage and margin mode of contracts: judged before they are set, and read back afterwards.

use super::VenueAccount;
use super::follower::{Command, Ended};
use super::view::{AccountView, ContractSetting, Observed};
use plimsoll_domain::{Leverage, MarginMode, Money, Symbol};
use plimsoll_ports::{CommandError, ContractSettings, QueryError};
use std::time::Duration;

/// How a contract is set, and how it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeverageSettings {
    /// The contract.
    pub symbol: Symbol,
    /// Its leverage now; `None` if nobody has told.
    pub leverage: Option<Leverage>,
    /// What backs its positions; `None` if nobody has told.
    pub margin_mode: Option<MarginMode>,
    /// The most that the contract allows for the smallest position.
    pub contract_max: Leverage,
    /// The most that its margin table allows for what is held.
    pub max: Leverage,
    /// The notional of what is held, of the larger leg in hedge mode; zero if nothing is.
    pub notional: Money,
}

/// A setting that the venue has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedSetting {
    /// The contract.
    pub symbol: Symbol,
    /// How it is set now.
    pub setting: ContractSetting,
    /// Whether it had to be changed.
    pub changed: bool,
    /// How far it is certain.
    pub verification: Verification,
}

/// How far a setting is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// The venue was asked, and says the same.
    ReadBack,
    /// The venue accepted it; it tells the settings only of contracts that are held.
    Accepted,
}

/// Why a contract was not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingFailure {
    /// No contract of this name is known.
    #[error("{0} is no contract of this venue")]
    UnknownContract(Symbol),
    /// What is held is not known well enough to judge it.
    #[error("what is held of {symbol} is not known well enough: {}", stale(*.age, *.limit))]
    Stale {
        /// The contract.
        symbol: Symbol,
        /// How old the account is; `None` if it is in doubt.
        age: Option<Duration>,
        /// How old it may be.
        limit: Duration,
    },
    /// More than the contract allows for any position.
    #[error("leverage {wanted} is above the {most} that {symbol} allows")]
    AboveContract {
        /// The contract.
        symbol: Symbol,
        /// What was asked for.
        wanted: Leverage,
        /// What is allowed.
        most: Leverage,
    },
    /// More than the margin table allows for what is held.
    #[error("leverage {wanted} is above the {most} that {symbol} allows for a notional of {notional}")]
    AboveTier {
        /// The contract.
        symbol: Symbol,
        /// What was asked for.
        wanted: Leverage,
        /// What is allowed.
        most: Leverage,
        /// Of what is held.
        notional: Money,
    },
    /// The venue did not do it, or may not have.
    #[error("{symbol} was not set: {error}")]
    Command {
        /// The contract.
        symbol: Symbol,
        /// Why.
        error: CommandError,
    },
    /// The venue accepted it, and does not have it so.
    #[error("{symbol} was to have {wanted}, and the venue has {found}")]
    NotApplied {
        /// The contract.
        symbol: Symbol,
        /// What was set.
        wanted: String,
        /// What was read back.
        found: String,
    },
    /// The venue accepted it, and cannot be asked whether it has it so.
    #[error("{symbol} was set, and cannot be read back: {error}")]
    NotReadBack {
        /// The contract.
        symbol: Symbol,
        /// Why.
        error: QueryError,
    },
    /// Nobody follows the account any more.
    #[error(transparent)]
    Ended(#[from] Ended),
}

pub(super) fn stale(age: Option<Duration>, limit: Duration) -> String {
    match age {
        Some(age) => format!("it is {} ms old, at most {} ms are allowed", age.as_millis(), limit.as_millis()),
        None => "it is in doubt".to_owned(),
    }
}

/// How a contract is set, and how it may be; `None` if no contract of this name is known.
pub(super) fn leverage_settings(view: &AccountView, symbol: &Symbol) -> Option<LeverageSettings> {
    let instrument = view.contracts.get(symbol)?;
    let setting = view.settings.get(symbol).copied().unwrap_or_default();
    let notional = view.positions.iter().filter(|it| it.symbol == *symbol);
    let notional = notional.map(|it| it.position.notional(it.mark_price.unwrap_or(it.position.entry))).max();
    let notional = notional.unwrap_or(Money::ZERO);
    Some(LeverageSettings {
        symbol: symbol.clone(),
        leverage: setting.leverage,
        margin_mode: setting.margin_mode,
        contract_max: instrument.max_leverage(Money::ZERO),
        max: instrument.max_leverage(notional),
        notional,
    })
}

/// Whether this leverage may be set, by the contract and by the tier of what is held.
pub(super) fn allowed(view: &AccountView, symbol: &Symbol, wanted: Leverage) -> Result<(), SettingFailure> {
    let unknown = || SettingFailure::UnknownContract(symbol.clone());
    let LeverageSettings { contract_max, max, notional, .. } = leverage_settings(view, symbol).ok_or_else(unknown)?;
    let symbol = symbol.clone();
    if wanted > contract_max {
        return Err(SettingFailure::AboveContract { symbol, wanted, most: contract_max });
    }
    if wanted > max {
        return Err(SettingFailure::AboveTier { symbol, wanted, most: max, notional });
    }
    Ok(())
}

impl VenueAccount {
    /// How a contract is set, and how it may be; `None` if no contract of this name is known.
    #[must_use]
    pub fn leverage_settings(&self, symbol: &Symbol) -> Observed<Option<LeverageSettings>> {
        self.observed(|view| leverage_settings(view, symbol))
    }

    /// Sets a contract's leverage, if the contract and the tier of what is held allow it, and reads it back.
    ///
    /// # Errors
    /// [`SettingFailure`]; up to [`AboveTier`](SettingFailure::AboveTier) nothing was sent.
    pub async fn set_leverage(&self, symbol: &Symbol, wanted: Leverage) -> Result<AppliedSetting, SettingFailure> {
        self.know(symbol).await;
        let view = self.view();
        self.judgeable(&view, symbol)?;
        allowed(&view, symbol, wanted)?;
        self.apply(symbol, ContractSetting { leverage: Some(wanted), margin_mode: None }).await
    }

    /// Sets what backs a contract's positions, and reads it back.
    ///
    /// # Errors
    /// [`SettingFailure`]. Venues refuse it while something is held or rests.
    pub async fn set_margin_mode(&self, symbol: &Symbol, wanted: MarginMode) -> Result<AppliedSetting, SettingFailure> {
        self.know(symbol).await;
        let view = self.view();
        if !view.contracts.contains_key(symbol) {
            return Err(SettingFailure::UnknownContract(symbol.clone()));
        }
        self.apply(symbol, ContractSetting { leverage: None, margin_mode: Some(wanted) }).await
    }

    /// Brings a contract to a setting, if the contract and the tier of what is held allow it, and reads it back. What the
    /// venue has already is left alone.
    ///
    /// # Errors
    /// [`SettingFailure`].
    pub async fn set_contract(
        &self,
        symbol: &Symbol,
        wanted: ContractSetting,
    ) -> Result<AppliedSetting, SettingFailure> {
        self.know(symbol).await;
        let view = self.view();
        self.judgeable(&view, symbol)?;
        if let Some(leverage) = wanted.leverage {
            allowed(&view, symbol, leverage)?;
        } else if !view.contracts.contains_key(symbol) {
            return Err(SettingFailure::UnknownContract(symbol.clone()));
        }
        self.apply(symbol, wanted).await
    }

    /// Asks for a contract that the list does not hold: a venue may tell margin tables one by one. One that it does not know
    /// stays unknown.
    pub(super) async fn know(&self, symbol: &Symbol) {
        if self.view().contracts.contains_key(symbol) {
            return;
        }
        match self.ports.broker.instrument(symbol).await {
            // An end is told by what is asked next.
            Ok(it) => drop(self.line().tell_through(Command::Contract(Box::new(it))).await),
            Err(error) => tracing::debug!(%error, %symbol, "nothing is known of a contract"),
        }
    }

    fn judgeable(&self, view: &AccountView, symbol: &Symbol) -> Result<(), SettingFailure> {
        let (age, limit) = (view.age(self.ports.clock.now()), self.fresh_within());
        match age {
            Some(age) if age <= limit => Ok(()),
            age => Err(SettingFailure::Stale { symbol: symbol.clone(), age, limit }),
        }
    }

    /// Brings a contract to a setting that was judged: changes what differs or is not known, and reads back.
    pub(super) async fn apply(
        &self,
        symbol: &Symbol,
        wanted: ContractSetting,
    ) -> Result<AppliedSetting, SettingFailure> {
        let not_set = |error| SettingFailure::Command { symbol: symbol.clone(), error };
        let before = self.told(symbol).await.ok().flatten().unwrap_or_default();
        let differs = lacks(wanted, before);
        if let Some(mode) = differs.margin_mode {
            self.ports.broker.set_margin_mode(symbol, mode).await.map_err(not_set)?;
        }
        if let Some(leverage) = differs.leverage {
            self.ports.broker.set_leverage(symbol, leverage).await.map_err(not_set)?;
        }
        let not_read = |error| SettingFailure::NotReadBack { symbol: symbol.clone(), error };
        let found = self.told(symbol).await.map_err(not_read)?;
        let verification = verified(symbol, wanted, found)?;
        let setting = ContractSetting {
            leverage: wanted.leverage.or(found.and_then(|found| found.leverage)),
            margin_mode: wanted.margin_mode.or(found.and_then(|found| found.margin_mode)),
        };
        let (leverage, margin_mode) = (setting.leverage, setting.margin_mode);
        self.line().tell_through(Command::Set { symbol: symbol.clone(), leverage, margin_mode }).await?;
        let changed = differs != ContractSetting::default();
        Ok(AppliedSetting { symbol: symbol.clone(), setting, changed, verification })
    }

    /// How the venue says that a contract is set; `None` if it only tells of contracts that are held.
    async fn told(&self, symbol: &Symbol) -> Result<Option<ContractSetting>, QueryError> {
        if let Some(audit) = &self.ports.audit {
            let ContractSettings { leverage, margin_mode } = audit.contract_settings(symbol).await?;
            return Ok(Some(ContractSetting { leverage: Some(leverage), margin_mode: Some(margin_mode) }));
        }
        let positions = self.ports.broker.positions().await?;
        let report = positions.iter().find(|report| report.symbol == *symbol);
        Ok(report.map(|report| ContractSetting { leverage: report.leverage, margin_mode: report.margin_mode }))
    }
}

/// What has to be changed.
fn lacks(wanted: ContractSetting, have: ContractSetting) -> ContractSetting {
    ContractSetting {
        leverage: wanted.leverage.filter(|_| wanted.leverage != have.leverage),
        margin_mode: wanted.margin_mode.filter(|_| wanted.margin_mode != have.margin_mode),
    }
}

fn verified(
    symbol: &Symbol,
    wanted: ContractSetting,
    found: Option<ContractSetting>,
) -> Result<Verification, SettingFailure> {
    let Some(found) = found else { return Ok(Verification::Accepted) };
    let is_untold = |wanted: bool, found: bool| wanted && !found;
    if is_untold(wanted.leverage.is_some(), found.leverage.is_some())
        || is_untold(wanted.margin_mode.is_some(), found.margin_mode.is_some())
    {
        return Ok(Verification::Accepted);
    }
    let other = |wanted: String, found: String| SettingFailure::NotApplied { symbol: symbol.clone(), wanted, found };
    if let (Some(wanted), Some(found)) = (wanted.leverage, found.leverage)
        && wanted != found
    {
        return Err(other(format!("leverage {wanted}"), found.to_string()));
    }
    if let (Some(wanted), Some(found)) = (wanted.margin_mode, found.margin_mode)
        && wanted != found
    {
        return Err(other(format!("{wanted} margin"), found.to_string()));
    }
    Ok(Verification::ReadBack)
}
