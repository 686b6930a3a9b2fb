//! What the venue lists, and how contracts are set for the account, remembered for a while.

use crate::client::Client;
use crate::wire::body::{self, Contract, Settings};
use crate::wire::{Symbols, request};
use plimsoll_domain::margin::maintenance;
use plimsoll_domain::{Fees, Instrument, MarginMode, MarginTiers, PositionReport, Symbol, Timestamp};
use plimsoll_ports::{Refusal, RefusalReason};
use plimsoll_transport::Priority;
use plimsoll_venue::CallError;
use std::collections::HashMap;
use std::sync::{self, Arc, MutexGuard, PoisonError};
use tokio::sync::Mutex;

/// Contracts and their names; margin tables, fees and margin modes where they have been asked for.
#[derive(Default)]
pub(crate) struct Directory {
    /// With when it was read; the beginning of time where it is known to be out of date.
    listing: Mutex<Option<(Arc<Listed>, Timestamp)>>,
    tiers: sync::Mutex<HashMap<Arc<str>, (Timestamp, MarginTiers)>>,
    fees: Mutex<HashMap<Arc<str>, (Timestamp, Fees)>>,
    margin_modes: Mutex<HashMap<Arc<str>, (Timestamp, MarginMode)>>,
}

/// The venue's list at one moment.
pub(crate) struct Listed {
    pub(crate) symbols: Symbols,
    contracts: Vec<Contract>,
}

impl Listed {
    /// The contract, if orders are taken for it.
    fn trading(&self, symbol: &Symbol) -> Result<&Contract, CallError> {
        let found = self.contracts.iter().find(|contract| contract.is_trading() && contract.symbol == *symbol);
        found.ok_or_else(|| not_trading(symbol))
    }

    /// The venue's name of a contract, trading or not.
    pub(crate) fn native(&self, symbol: &Symbol) -> Result<Arc<str>, CallError> {
        self.symbols.native(symbol).ok_or_else(|| not_trading(symbol))
    }

    /// Some contract that is trading: settings of the account are told with those of a contract.
    pub(crate) fn any(&self) -> Result<Arc<str>, CallError> {
        let mut trading = self.contracts.iter().filter(|contract| contract.is_trading());
        let first = trading.next().map(|contract| Arc::clone(&contract.native));
        first.ok_or_else(|| CallError::Unreadable("no contract is trading".to_owned()))
    }

    /// Hours between fundings.
    pub(crate) fn hours(&self, symbol: &Symbol) -> Option<u32> {
        let found = self.contracts.iter().find(|contract| contract.is_perpetual() && contract.symbol == *symbol);
        found.map(|contract| contract.funding_interval_hours)
    }
}

/// Said by us, in the venue's words, of a name that its list does not hold.
fn not_trading(symbol: &Symbol) -> CallError {
    CallError::Refused(Refusal {
        reason: RefusalReason::NotTrading,
        code: "40034".to_owned(),
        message: format!("{symbol} is not listed"),
    })
}

/// So many contracts are asked for their fees at a time.
const ASKED_AT_A_TIME: usize = 20;

impl Directory {
    /// The list of contracts; an old one rather than none where it cannot be read again. Everything that reduces risk
    /// rests on it, so it may use the reserve.
    pub(crate) async fn listed(&self, client: &Client) -> Result<Arc<Listed>, CallError> {
        let mut cached = self.listing.lock().await;
        if let Some((listed, _)) = cached.as_ref().filter(|(_, read)| is_fresh(client, *read)) {
            return Ok(Arc::clone(listed));
        }
        let listing = match client.read(&request::contracts(), Priority::ReducesRisk, body::contracts).await {
            Ok(listing) => listing,
            Err(error) => {
                let Some((listed, _)) = cached.as_ref() else { return Err(error) };
                tracing::warn!(%error, "the list of contracts cannot be read: going on with the old one");
                return Ok(Arc::clone(listed));
            }
        };
        for error in &listing.unread {
            tracing::warn!(%error, "a contract of the venue's list cannot be read");
        }
        let symbols = Symbols::listed(&listing.contracts);
        let listed = Arc::new(Listed { symbols, contracts: listing.contracts });
        *cached = Some((Arc::clone(&listed), client.clock().now()));
        Ok(listed)
    }

    /// The venue's name of a contract, trading or not. Names do not change: an order waits for a fresh list only where
    /// the old one does not know its contract.
    pub(crate) async fn native(&self, client: &Client, symbol: &Symbol) -> Result<Arc<str>, CallError> {
        let known = self.listing.lock().await.as_ref().and_then(|(listed, _)| listed.symbols.native(symbol));
        match known {
            Some(native) => Ok(native),
            None => self.listed(client).await?.native(symbol),
        }
    }

    /// What is remembered is out of date: the venue has changed it.
    pub(crate) async fn forget(&self) {
        if let Some((_, read)) = self.listing.lock().await.as_mut() {
            *read = Timestamp::default();
        }
        self.all_tiers().clear();
        self.fees.lock().await.clear();
    }

    /// What backs a contract's positions: every order has to say it.
    pub(crate) async fn margin_mode(
        &self,
        client: &Client,
        native: &Arc<str>,
        priority: Priority,
    ) -> Result<MarginMode, CallError> {
        let known = self.margin_modes.lock().await.get(native).copied();
        if let Some((_, mode)) = known.filter(|(read, _)| is_fresh(client, *read)) {
            return Ok(mode);
        }
        Ok(self.settings(client, native, priority).await?.margin_mode)
    }

    /// How a contract is set, read anew.
    pub(crate) async fn settings(
        &self,
        client: &Client,
        native: &Arc<str>,
        priority: Priority,
    ) -> Result<Settings, CallError> {
        let settings = client.read(&request::account(native), priority, body::settings).await?;
        self.note_margin_mode(client, native, settings.margin_mode).await;
        if settings.multi_assets {
            tracing::warn!("the account backs its positions with several coins: margins follow other rules than ours");
        }
        Ok(settings)
    }

    pub(crate) async fn note_margin_mode(&self, client: &Client, native: &Arc<str>, mode: MarginMode) {
        self.margin_modes.lock().await.insert(Arc::clone(native), (client.clock().now(), mode));
    }

    /// Somebody else may have set it.
    pub(crate) async fn forget_margin_mode(&self, native: &str) {
        self.margin_modes.lock().await.remove(native);
    }

    /// One contract that is trading, with tiers and fees of this account.
    pub(crate) async fn instrument(&self, client: &Client, symbol: &Symbol) -> Result<Instrument, CallError> {
        let listed = self.listed(client).await?;
        let contract = listed.trading(symbol)?;
        let tiers = self.tiers(client, &contract.native).await?;
        let fees = self.fees(client, &contract.native).await?;
        Ok(contract.instrument(tiers, fees))
    }

    /// Every contract that is trading and whose margin table holds together. The venue tells margin tables one by one, so
    /// the first time takes a while. Among many contracts, some are asked for their fees each time; the others have the
    /// venue's standard ones until then.
    pub(crate) async fn instruments(&self, client: &Client) -> Result<Vec<Instrument>, CallError> {
        let listed = self.listed(client).await?;
        let (mut instruments, mut left) = (Vec::new(), ASKED_AT_A_TIME);
        for contract in listed.contracts.iter().filter(|contract| contract.is_trading()) {
            let tiers = match self.tiers(client, &contract.native).await {
                Ok(tiers) => tiers,
                Err(error @ CallError::Unreadable(_)) => {
                    tracing::warn!(%error, native = %contract.native, "a margin table does not hold together");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let fees = match self.known_fees(client, &contract.native).await {
                Some(fees) => fees,
                None if left == 0 => contract.standard_fees,
                None => {
                    left -= 1;
                    self.fees(client, &contract.native).await?
                }
            };
            instruments.push(contract.instrument(tiers, fees));
        }
        Ok(instruments)
    }

    async fn tiers(&self, client: &Client, native: &Arc<str>) -> Result<MarginTiers, CallError> {
        let known = self.all_tiers().get(native).filter(|(read, _)| is_fresh(client, *read)).cloned();
        if let Some((_, tiers)) = known {
            return Ok(tiers);
        }
        let tiers = client.read(&request::position_tiers(native), Priority::Watches, body::margin_tiers).await?;
        self.all_tiers().insert(Arc::clone(native), (client.clock().now(), tiers.clone()));
        Ok(tiers)
    }

    fn all_tiers(&self) -> MutexGuard<'_, HashMap<Arc<str>, (Timestamp, MarginTiers)>> {
        self.tiers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the margin tables of what is held, so that [`maintain`](Self::maintain) knows them. A position is not withheld
    /// over a table that cannot be read.
    pub(crate) async fn learn_tiers(&self, client: &Client, reports: &[PositionReport], listed: &Listed) {
        for report in reports {
            let Ok(native) = listed.native(&report.symbol) else { continue };
            if let Err(error) = self.tiers(client, &native).await {
                tracing::warn!(%error, symbol = %report.symbol, "the maintenance margin is not known");
            }
        }
    }

    /// Adds the maintenance margin, which the venue does not tell, by its own table.
    pub(crate) fn maintain(&self, report: &mut PositionReport, listed: &Listed) {
        let (Some(position), Some(mark), None) = (report.position, report.mark_price, report.maintenance_margin) else {
            return;
        };
        let Ok(native) = listed.native(&report.symbol) else { return };
        let tiers = self.all_tiers();
        report.maintenance_margin = tiers.get(&native).map(|(_, tiers)| maintenance(position, mark, tiers));
    }

    async fn known_fees(&self, client: &Client, native: &str) -> Option<Fees> {
        let fees = self.fees.lock().await;
        fees.get(native).filter(|(read, _)| is_fresh(client, *read)).map(|(_, fees)| *fees)
    }

    async fn fees(&self, client: &Client, native: &Arc<str>) -> Result<Fees, CallError> {
        if let Some(fees) = self.known_fees(client, native).await {
            return Ok(fees);
        }
        let fees = client.read(&request::trade_rate(native), Priority::Watches, body::trade_rate).await?;
        self.fees.lock().await.insert(Arc::clone(native), (client.clock().now(), fees));
        Ok(fees)
    }
}

fn is_fresh(client: &Client, read: Timestamp) -> bool {
    client.clock().now().since(read) < client.rest().settings.contracts_live
}
