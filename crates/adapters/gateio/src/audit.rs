//! What Gate.io tells of a key and an account before the first order.

use crate::broker::{GateioBroker, Shared};
use crate::wire::{Credentials, body, request};
use crate::{Endpoints, Settings};
use async_trait::async_trait;
use plimsoll_domain::{OrderId, PositionMode, Symbol};
use plimsoll_ports::{
    AccountAudit, AccountSettings, Clock, ContractSettings, KeyRights, QueryError, RefusalReason, VenuePulse,
};
use plimsoll_transport::{BuildFailure, Priority};
use plimsoll_venue::CallError;
use std::fmt;
use std::sync::Arc;

/// The questions of [`AccountAudit`], asked of Gate.io.
pub struct GateioAccountAudit {
    broker: GateioBroker,
}

impl GateioAccountAudit {
    /// An audit of the account of these credentials.
    ///
    /// # Errors
    /// [`BuildFailure`] if this machine cannot make connections at all.
    pub fn new(
        endpoints: Endpoints,
        credentials: Credentials,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, BuildFailure> {
        Ok(Self { broker: GateioBroker::with_settings(endpoints, credentials, clock, settings)? })
    }

    fn shared(&self) -> &Shared {
        self.broker.shared()
    }
}

#[async_trait]
impl AccountAudit for GateioAccountAudit {
    async fn pulse(&self) -> Result<VenuePulse, QueryError> {
        let clock = self.shared().client.clock();
        let asked = clock.now();
        let venue = self.shared().client.measure_time().await?;
        let round_trip = clock.now().since(asked);
        // The venue counts by endpoint: there is no budget of the address as a whole.
        Ok(VenuePulse { venue, ours: asked.plus(round_trip / 2), round_trip, weight_used: None })
    }

    async fn settings(&self) -> Result<AccountSettings, QueryError> {
        let account = self.shared().account(Priority::ReducesRisk).await?;
        let position_mode = account.mode.unwrap_or(PositionMode::OneWay);
        Ok(AccountSettings { position_mode, multi_assets: account.multi_assets, can_trade: true })
    }

    /// Whether it may trade is shown by cancelling an order that cannot be there: a key that may only read is refused
    /// before that is looked at. Withdrawals are a permission that no call tells of.
    async fn key_rights(&self, _: &Symbol) -> Result<KeyRights, QueryError> {
        let (detail, client) = (request::account_detail(), &self.shared().client);
        let bound_to_addresses = client.read(&detail, Priority::Ordinary, body::bound_to_addresses).await;
        let bound_to_addresses = bound_to_addresses.ok().flatten();
        // No order has this id.
        let nothing = OrderId::new("0");
        let call = request::cancel(request::WhichOrder::Id(&nothing));
        let trades = match client.call(&call, Priority::Ordinary).await.map_err(QueryError::from) {
            Err(QueryError::Refused(refusal)) => refusal.reason != RefusalReason::NotAllowed,
            Ok(_) => true,
            Err(error) => return Err(error),
        };
        Ok(KeyRights { trades: Some(trades), withdraws: None, bound_to_addresses })
    }

    /// Its channels want the user id, and are signed with the same key.
    async fn private_stream(&self) -> Result<(), QueryError> {
        Ok(self.shared().user().await.map(drop)?)
    }

    /// Fees are taken from points first, where the account holds any.
    async fn pays_fees_in_token(&self) -> Result<bool, QueryError> {
        Ok(self.shared().account(Priority::ReducesRisk).await?.has_points)
    }

    async fn contract_settings(&self, symbol: &Symbol) -> Result<ContractSettings, QueryError> {
        let rows = self.broker.read_contract(symbol).await?;
        let told = rows.iter().find_map(|row| row.leverage.zip(row.margin_mode));
        let missing = || CallError::Unreadable(format!("the venue does not tell how {symbol} is set"));
        let (leverage, margin_mode) = told.ok_or_else(missing)?;
        Ok(ContractSettings { leverage, margin_mode })
    }
}

impl fmt::Debug for GateioAccountAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateioAccountAudit").field("broker", &self.broker).finish_non_exhaustive()
    }
}
