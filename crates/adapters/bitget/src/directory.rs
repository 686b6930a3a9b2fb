//! What the venue lists, and how contracts are set for the account, remembered for a while.

use crate::client::Client;
use crate::wire::body::{self, Contract, Settings};
use crate::wire::{Symbols, request};
use plimsoll_domain::margin::maintenance;
use plimsoll_domain::{Fees, Instrument, MarginMode, MarginTiers, PositionReport, Symbol, Timestamp};
use plimsoll_ports::{Refusal, RefusalReason};
use plimsoll_transport::Priority::{self, Ordinary, Watches};
use plimsoll_venue::{CallError, ListedContract, Remembered, with_delisted};
use std::collections::HashMap;
use std::sync::{self, Arc, MutexGuard, PoisonError};
use tokio::sync::Mutex;

/// Contracts and their names; margin tables, fees and margin modes where they have been asked for.
#[derive(Default)]
pub(crate) struct Directory {
    listing: Remembered<Listed>,
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
    /// The contract, whatever may be done with it.
    fn contract(&self, symbol: &Symbol) -> Result<&Contract, CallError> {
        let found = self.contracts.iter().find(|contract| contract.is_perpetual() && contract.symbol == *symbol);
        found.ok_or_else(|| not_listed(symbol))
    }

    fn may_open(&self, symbol: &Symbol) -> Result<(), CallError> {
        let contract = self.contract(symbol)?;
        let refusal = Refusal::to_open(symbol, contract.standing(), &contract.status);
        refusal.map_or(Ok(()), |refusal| Err(CallError::Refused(refusal)))
    }

    /// The venue's name of a contract, trading or not.
    pub(crate) fn native(&self, symbol: &Symbol) -> Result<Arc<str>, CallError> {
        self.symbols.native(symbol).ok_or_else(|| not_listed(symbol))
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

impl ListedContract for Contract {
    fn native(&self) -> &Arc<str> {
        &self.native
    }

    fn delisted(self) -> Self {
        Self { status: "off".into(), ..self }
    }
}

/// Said by us, in the venue's words, of a name that its list does not hold.
fn not_listed(symbol: &Symbol) -> CallError {
    CallError::Refused(Refusal {
        reason: RefusalReason::NotTrading,
        code: "40034".to_owned(),
        message: format!("{symbol} is not listed"),
    })
}

/// So many margin tables are waited for at a time; the others are left for later.
const WAITED_FOR: usize = 8;

impl Directory {
    /// The list of contracts; an old one rather than none where it cannot be read again. Everything that reduces risk
    /// rests on it, so it may use the reserve.
    pub(crate) async fn listed(&self, client: &Client) -> Result<Arc<Listed>, CallError> {
        // Boxed: every call waits through this, and most find a fresh list.
        Box::pin(self.read_listed(client)).await
    }

    async fn read_listed(&self, client: &Client) -> Result<Arc<Listed>, CallError> {
        let (before, lives) = (self.listing.known().await, client.rest().settings.listing_live);
        let before = before.as_ref().map_or(&[][..], |listed| &listed.contracts);
        let read = async {
            let listing = client.read(&request::contracts(), Priority::ReducesRisk, body::contracts).await?;
            let contracts = with_delisted(before, listing.contracts, &listing.unread)?;
            Ok(Listed { symbols: Symbols::listed(&contracts), contracts })
        };
        self.listing.fresh_or_old("the list of contracts", client.clock().now(), lives, read).await
    }

    /// Whether orders that add exposure are taken. No order waits for a fresh list; only a no does.
    ///
    /// # Errors
    /// A no of our own that says why not.
    pub(crate) async fn may_open(&self, client: &Client, symbol: &Symbol) -> Result<(), CallError> {
        match self.listing.known().await.map(|listed| listed.may_open(symbol)) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(_)) => self.listed(client).await.map_err(CallError::before_sending)?.may_open(symbol),
        }
    }

    /// The venue's name of a contract, trading or not. Names do not change: an order waits for a fresh list only where
    /// the old one does not know its contract.
    pub(crate) async fn native(&self, client: &Client, symbol: &Symbol) -> Result<Arc<str>, CallError> {
        let known = self.listing.known().await.and_then(|listed| listed.symbols.native(symbol));
        match known {
            Some(native) => Ok(native),
            None => self.listed(client).await?.native(symbol),
        }
    }

    /// What is remembered is out of date: the venue has changed it.
    pub(crate) async fn forget(&self) {
        self.listing.forget().await;
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

    /// One contract, whatever may be done with it, with tiers and fees of this account.
    pub(crate) async fn instrument(&self, client: &Client, symbol: &Symbol) -> Result<Instrument, CallError> {
        let listed = self.listed(client).await?;
        let contract = listed.contract(symbol)?;
        let (tiers, fees) = tokio::try_join!(
            self.tiers(client, &contract.native, Watches),
            self.fees(client, &contract.native, Watches)
        )?;
        Ok(contract.instrument(tiers, fees))
    }

    /// Every contract that is not delisted and whose margin table is known, and the names of those whose tables are not, or
    /// are old. The venue tells tables one by one: a few are waited for, the others are to be [learned](Self::learn). A
    /// contract has the venue's standard fees until its own are known.
    pub(crate) async fn instruments(&self, client: &Client) -> Result<(Vec<Instrument>, Vec<Arc<str>>), CallError> {
        let listed = self.listed(client).await?;
        let (mut instruments, mut wanting, mut left) = (Vec::new(), Vec::new(), WAITED_FOR);
        for contract in listed.contracts.iter().filter(|contract| contract.is_listed()) {
            let known = self.all_tiers().get(&contract.native).cloned();
            if !known.as_ref().is_some_and(|(read, _)| is_fresh(client, *read)) {
                wanting.push(Arc::clone(&contract.native));
            }
            let tiers = match known {
                Some((_, tiers)) => tiers,
                None if left == 0 => continue,
                None => {
                    left -= 1;
                    match self.tiers(client, &contract.native, Watches).await {
                        Ok(tiers) => tiers,
                        Err(error @ CallError::Unreadable(_)) => {
                            tracing::warn!(%error, native = %contract.native, "a margin table does not hold together");
                            continue;
                        }
                        Err(error) if instruments.is_empty() => return Err(error),
                        Err(error) => {
                            tracing::debug!(%error, "margin tables are left for later");
                            left = 0;
                            continue;
                        }
                    }
                }
            };
            let fees = self.known_fees(client, &contract.native).await.unwrap_or(contract.standard_fees);
            instruments.push(contract.instrument(tiers, fees));
        }
        Ok((instruments, wanting))
    }

    /// Reads margin table and fees of a contract, if they are not known or old, at nobody's expense.
    pub(crate) async fn learn(&self, client: &Client, native: &Arc<str>) -> Result<(), CallError> {
        self.tiers(client, native, Ordinary).await?;
        self.fees(client, native, Ordinary).await.map(drop)
    }

    /// The margin table of a contract; an old one rather than none where it cannot be read again.
    async fn tiers(&self, client: &Client, native: &Arc<str>, priority: Priority) -> Result<MarginTiers, CallError> {
        let known = self.all_tiers().get(native).cloned();
        let old = match known {
            Some((read, tiers)) if is_fresh(client, read) => return Ok(tiers),
            known => known.map(|(_, tiers)| tiers),
        };
        match (client.read(&request::position_tiers(native), priority, body::margin_tiers).await, old) {
            (Ok(tiers), _) => {
                self.all_tiers().insert(Arc::clone(native), (client.clock().now(), tiers.clone()));
                Ok(tiers)
            }
            (Err(error), Some(old)) => {
                tracing::warn!(%error, %native, "the margin table cannot be read: going on with the old one");
                Ok(old)
            }
            (Err(error), None) => Err(error),
        }
    }

    fn all_tiers(&self) -> MutexGuard<'_, HashMap<Arc<str>, (Timestamp, MarginTiers)>> {
        self.tiers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the margin tables of what is held, so that [`maintain`](Self::maintain) knows them. A position is not withheld
    /// over a table that cannot be read.
    pub(crate) async fn learn_tiers(&self, client: &Client, reports: &[PositionReport], listed: &Listed) {
        for report in reports {
            let Ok(native) = listed.native(&report.symbol) else { continue };
            if let Err(error) = self.tiers(client, &native, Watches).await {
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

    async fn fees(&self, client: &Client, native: &Arc<str>, priority: Priority) -> Result<Fees, CallError> {
        if let Some(fees) = self.known_fees(client, native).await {
            return Ok(fees);
        }
        let fees = client.read(&request::trade_rate(native), priority, body::trade_rate).await?;
        self.fees.lock().await.insert(Arc::clone(native), (client.clock().now(), fees));
        Ok(fees)
    }
}

fn is_fresh(client: &Client, read: Timestamp) -> bool {
    client.clock().now().since(read) < client.rest().settings.contracts_live
}
