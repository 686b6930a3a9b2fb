//! What Binance tells of a key and an account before the first order.

use crate::broker::Shared;
use crate::wire::{Call, Credentials, DecodeError, HttpRequest, body, request};
use crate::{Endpoints, Settings, classify};
use async_trait::async_trait;
use plimsoll_domain::{Symbol, Timestamp};
use plimsoll_ports::{
    AccountAudit, AccountSettings, Clock, ContractSettings, KeyRights, NotSent, QueryError, RefusalReason, VenuePulse,
};
use plimsoll_transport::{BuildFailure, HttpFailure, HttpResponse, HttpSession, Priority};
use plimsoll_venue::CallError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The questions of [`AccountAudit`], asked of Binance.
///
/// What a key may do is told by the wallet service, at an address of its own; without that address, and where it does not
/// answer, only what the futures service itself shows is known.
pub struct BinanceAccountAudit {
    shared: Arc<Shared>,
    http: HttpSession,
    credentials: Credentials,
    wallet: Option<String>,
}

impl BinanceAccountAudit {
    /// An audit of the account of these credentials. `wallet` is scheme and host of the wallet service.
    ///
    /// # Errors
    /// [`BuildFailure`] if this machine cannot make connections at all.
    pub fn new(
        endpoints: Endpoints,
        wallet: Option<String>,
        credentials: Credentials,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self, BuildFailure> {
        let http = HttpSession::new(settings.http)?;
        let shared = Shared::new(endpoints, Some(credentials.clone()), clock, settings)?;
        Ok(Self { shared, http, credentials, wallet })
    }

    async fn read<T>(
        &self,
        call: &Call,
        decode: impl FnOnce(&[u8]) -> Result<T, DecodeError>,
    ) -> Result<T, QueryError> {
        Ok(self.shared.client.read(call, Priority::ReducesRisk, decode).await?)
    }

    /// What the wallet service says of the key; nothing where there is none, or where it does not say.
    async fn restrictions(&self) -> Option<KeyRights> {
        let wallet = self.wallet.as_ref()?;
        let now = self.shared.client.known_time().await.ok()?;
        let window = Some(self.shared.client.rest().settings.recv_window);
        let request = request::key_restrictions().request(wallet, &self.credentials, now, window);
        let answer = self.send(request).await.ok()?;
        if !(200..300).contains(&answer.status) {
            tracing::info!(status = answer.status, "the wallet service does not say what the key may do");
            return None;
        }
        body::key_restrictions(&answer.body).ok()
    }

    /// Whether the venue would take an order of this key: whatever it finds wrong with the order itself does not matter.
    async fn may_order(&self, symbol: &Symbol) -> Result<bool, QueryError> {
        let native = self.shared.native(symbol).await?;
        let call = request::order_test(&native, "0.001");
        match self.shared.client.call(&call, Priority::Ordinary).await.map_err(QueryError::from) {
            Err(QueryError::Refused(refusal)) if refusal.reason == RefusalReason::NotAllowed => Ok(false),
            Ok(_) | Err(QueryError::Refused(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, QueryError> {
        self.http.send(&request.into()).await.map_err(|failure| match failure {
            HttpFailure::NotSent(reason) | HttpFailure::Unanswered(reason) => {
                QueryError::Unreachable(NotSent::Disconnected(reason))
            }
        })
    }
}

#[async_trait]
impl AccountAudit for BinanceAccountAudit {
    async fn pulse(&self) -> Result<VenuePulse, QueryError> {
        let clock = self.shared.client.clock();
        let request = request::server_time().public(&self.shared.client.rest().endpoints.rest);
        let asked = clock.now();
        let answer = self.send(request).await?;
        let answered = clock.now();
        if !(200..300).contains(&answer.status) {
            let retry_after = answer.header("retry-after").and_then(|seconds| seconds.parse().ok());
            let failure = classify(answer.status, retry_after.map(Duration::from_secs), &answer.body, false);
            return Err(failure.query_error(answered));
        }
        let venue = body::server_time(&answer.body).map_err(|error| QueryError::Unreadable(error.to_string()))?;
        let round_trip = answered.since(asked);
        let weight_used = answer.header("x-mbx-used-weight-1m").and_then(|used| used.parse().ok());
        Ok(VenuePulse { venue, ours: half_way(asked, round_trip), round_trip, weight_used })
    }

    async fn settings(&self) -> Result<AccountSettings, QueryError> {
        self.read(&request::account_config(), body::account_settings).await
    }

    async fn key_rights(&self, symbol: &Symbol) -> Result<KeyRights, QueryError> {
        let told = self.restrictions().await.unwrap_or_default();
        let may_order = self.may_order(symbol).await?;
        // Each says no for its own reason: the key, or the environment that it is used in.
        Ok(KeyRights { trades: Some(may_order && told.trades != Some(false)), ..told })
    }

    async fn private_stream(&self) -> Result<(), QueryError> {
        let call = request::listen_key_open();
        self.shared.client.call(&call, Priority::Ordinary).await.map(drop).map_err(QueryError::from)
    }

    async fn pays_fees_in_token(&self) -> Result<bool, QueryError> {
        self.read(&request::fee_burn(), body::fee_burn).await
    }

    async fn contract_settings(&self, symbol: &Symbol) -> Result<ContractSettings, QueryError> {
        let native = self.shared.native(symbol).await?;
        let call = request::symbol_config(Some(&native));
        let rows = self.shared.ask(&call, Priority::ReducesRisk, body::symbol_config).await?;
        let found = rows.iter().find(|row| row.symbol == *symbol);
        let missing = || CallError::Unreadable(format!("symbolConfig does not tell of {symbol}"));
        let found = found.ok_or_else(missing)?;
        Ok(ContractSettings { leverage: found.leverage, margin_mode: found.margin_mode })
    }
}

/// The venue read its clock half way between question and answer, as far as we can know.
fn half_way(asked: Timestamp, round_trip: Duration) -> Timestamp {
    asked.plus(round_trip / 2)
}

impl fmt::Debug for BinanceAccountAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BinanceAccountAudit")
            .field("rest", &self.shared.client.rest().endpoints.rest)
            .finish_non_exhaustive()
    }
}
