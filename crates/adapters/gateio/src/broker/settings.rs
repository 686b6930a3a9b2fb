//! How the account and its contracts are set.

use super::GateioBroker;
use crate::wire::{body, request};
use plimsoll_domain::{Leverage, MarginMode, PositionMode, PositionReport, Symbol};
use plimsoll_ports::{CommandError, NotSent};
use plimsoll_transport::Priority::{Ordinary, ReducesRisk};
use plimsoll_venue::CallError;

/// The most leverage that the venue has ever taken.
const MOST_LEVERAGE: u32 = 200;
/// The contract was never touched by this account.
const NEVER_TOUCHED: &str = "POSITION_NOT_FOUND";

impl GateioBroker {
    /// The rows of a contract, flat ones too: they tell how it is set. None, if the account has never touched it.
    pub(crate) async fn read_contract(&self, symbol: &Symbol) -> Result<Vec<PositionReport>, CallError> {
        let native = self.shared.native(symbol).await?;
        let mode = self.shared.mode().await?;
        match self.shared.ask(&request::position(&native, mode), ReducesRisk, body::positions).await {
            Ok(rows) => Ok(rows),
            Err(error) if error.code() == Some(NEVER_TOUCHED) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The call that sets a leverage sets the margin mode too, so the one that is set is read first and said again. What
    /// was never touched is cross.
    pub(super) async fn change_leverage(&self, symbol: &Symbol, leverage: Leverage) -> Result<(), CommandError> {
        if leverage.get() > MOST_LEVERAGE {
            let reason = format!("leverage is at most {MOST_LEVERAGE} here, not {leverage}");
            return Err(CommandError::NotSent(NotSent::Invalid(reason)));
        }
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        let mode = self.shared.mode().await.or_else(CallError::nothing_sent)?;
        let rows = self.read_contract(symbol).await.or_else(CallError::nothing_sent)?;
        let margin = rows.iter().find_map(|row| row.margin_mode).unwrap_or(MarginMode::Cross);
        self.shared.command(&request::set_leverage(&native, leverage, margin, mode), Ordinary).await
    }

    pub(super) async fn change_margin_mode(&self, symbol: &Symbol, margin: MarginMode) -> Result<(), CommandError> {
        let native = self.shared.native(symbol).await.or_else(CallError::nothing_sent)?;
        let mode = self.shared.mode().await.or_else(CallError::nothing_sent)?;
        self.shared.command(&request::set_margin_mode(&native, margin, mode), Ordinary).await
    }

    pub(super) async fn change_position_mode(&self, mode: PositionMode) -> Result<(), CommandError> {
        let outcome = self.shared.command(&request::set_position_mode(mode), Ordinary).await;
        match outcome {
            Ok(()) => self.shared.heard_mode(Some(mode)),
            Err(_) => self.shared.heard_mode(None),
        }
        outcome
    }
}
