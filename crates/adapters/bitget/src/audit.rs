//! What Bitget tells of a key and an account before the first order.

use crate::broker::{BitgetBroker, Shared};
use crate::directory::any_trading;
use crate::wire::request::WhichOrder;
use crate::wire::{Credentials, body, request};
use crate::{Endpoints, Settings};
use async_trait::async_trait;
use plimsoll_domain::{ClientOrderId, Symbol};
use plimsoll_ports::{
    AccountAudit, AccountSettings, AccountStream, Clock, ContractSettings, KeyRights, NotSent, QueryError,
    RefusalReason, StreamItem, VenuePulse,
};
use plimsoll_transport::{BuildFailure, Priority};
use plimsoll_venue::CallError;
use std::fmt;
use std::sync::Arc;

/// The questions of [`AccountAudit`], asked of Bitget.
pub struct BitgetAccountAudit {
    broker: BitgetBroker,
}

impl BitgetAccountAudit {
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
        Ok(Self { broker: BitgetBroker::with_settings(endpoints, credentials, clock, settings)? })
    }

    fn shared(&self) -> &Shared {
        self.broker.shared()
    }

    async fn settings_of(&self, native: &Arc<str>) -> Result<body::Settings, CallError> {
        self.shared().directory.settings(&self.shared().client, native, Priority::ReducesRisk).await
    }
}

/// No order of anybody goes by this.
const NOTHING: &str = "plimsoll-audit-nothing";

#[async_trait]
impl AccountAudit for BitgetAccountAudit {
    async fn pulse(&self) -> Result<VenuePulse, QueryError> {
        let clock = self.shared().client.clock();
        let asked = clock.now();
        let venue = self.shared().client.measure_time().await?;
        let round_trip = clock.now().since(asked);
        // The venue says what is left of an endpoint's second, not what the address has used.
        Ok(VenuePulse { venue, ours: asked.plus(round_trip / 2), round_trip, weight_used: None })
    }

    async fn settings(&self) -> Result<AccountSettings, QueryError> {
        let native = any_trading(&*self.shared().listed().await?)?;
        let body::Settings { position_mode, multi_assets, .. } = self.settings_of(&native).await?;
        Ok(AccountSettings { position_mode, multi_assets, can_trade: true })
    }

    /// Whether it may trade is shown by cancelling an order that cannot be there: a key that may only read is refused
    /// before that is looked at. Withdrawals and addresses are told by no call of the futures service.
    async fn key_rights(&self, symbol: &Symbol) -> Result<KeyRights, QueryError> {
        let native = self.shared().native(symbol).await?;
        let call = request::cancel(&native, WhichOrder::Client(&ClientOrderId::reported(NOTHING)));
        let trades = match self.shared().client.call(&call, Priority::Ordinary).await.map_err(QueryError::from) {
            Err(QueryError::Refused(refusal)) => refusal.reason != RefusalReason::NotAllowed,
            Ok(_) => true,
            Err(error) => return Err(error),
        };
        Ok(KeyRights { trades: Some(trades), ..KeyRights::default() })
    }

    async fn private_stream(&self) -> Result<(), QueryError> {
        let mut stream = self.broker.account_stream();
        while let Some(item) = stream.next().await {
            match item {
                StreamItem::Connected => return Ok(()),
                StreamItem::Disconnected { reason } => {
                    return Err(QueryError::Unreachable(NotSent::Disconnected(reason)));
                }
                _ => {}
            }
        }
        Err(QueryError::Unreachable(NotSent::Disconnected("the stream has ended".to_owned())))
    }

    /// No call tells it: the newest trades show what they were paid in.
    async fn pays_fees_in_token(&self) -> Result<bool, QueryError> {
        let call = request::fills(None, None, None, None);
        let page = self.shared().ask(&call, Priority::Ordinary, body::fills).await?;
        let of_a_token =
            |coin: &plimsoll_domain::Currency| page.rows.iter().all(|fill| fill.symbol.settle() != coin.as_str());
        Ok(page.rows.iter().filter_map(|fill| fill.fee_currency.as_ref()).any(of_a_token))
    }

    /// Where longs and shorts differ, the higher leverage.
    async fn contract_settings(&self, symbol: &Symbol) -> Result<ContractSettings, QueryError> {
        let native = self.shared().native(symbol).await?;
        let settings = self.settings_of(&native).await?;
        let missing = || CallError::Unreadable(format!("the venue does not tell the leverage of {symbol}"));
        let leverage = settings.long_leverage.max(settings.short_leverage).ok_or_else(missing)?;
        Ok(ContractSettings { leverage, margin_mode: settings.margin_mode })
    }
}

impl fmt::Debug for BitgetAccountAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BitgetAccountAudit").field("broker", &self.broker).finish_non_exhaustive()
    }
}
