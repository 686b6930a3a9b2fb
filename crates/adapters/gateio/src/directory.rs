//! What the venue lists, remembered for a while.

use crate::client::Client;
use crate::wire::body::{self, Contract};
use crate::wire::{Symbols, request};
use plimsoll_domain::{Fees, Instrument, MarginTiers, Symbol, Timestamp};
use plimsoll_ports::{Refusal, RefusalReason};
use plimsoll_transport::Priority;
use plimsoll_venue::CallError;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The rows of a full page of contracts.
const FULL: usize = 1000;

/// Contracts and their names; margin tables and fees where they have been asked for.
#[derive(Default)]
pub(crate) struct Directory {
    /// With when it was read; the beginning of time where it is known to be out of date.
    listing: Mutex<Option<(Arc<Listed>, Timestamp)>>,
    tables: Mutex<HashMap<Arc<str>, (Timestamp, MarginTiers)>>,
    fees: Mutex<Option<(Timestamp, Arc<FeesByName>)>>,
}

/// By the venue's names of contracts.
type FeesByName = HashMap<Arc<str>, Fees>;

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
}

/// Said by us, in the venue's words, of a name that its list does not hold.
fn not_trading(symbol: &Symbol) -> CallError {
    CallError::Refused(Refusal {
        reason: RefusalReason::NotTrading,
        code: "CONTRACT_NOT_FOUND".to_owned(),
        message: format!("{symbol} is not listed"),
    })
}

impl Directory {
    /// The list of contracts; an old one rather than none where it cannot be read again. Everything that reduces risk
    /// rests on it, so it may use the reserve.
    pub(crate) async fn listed(&self, client: &Client) -> Result<Arc<Listed>, CallError> {
        let mut cached = self.listing.lock().await;
        if let Some((listed, _)) = cached.as_ref().filter(|(_, read)| is_fresh(client, *read)) {
            return Ok(Arc::clone(listed));
        }
        let contracts = match read_contracts(client).await {
            Ok(contracts) => contracts,
            Err(error) => {
                let Some((listed, _)) = cached.as_ref() else { return Err(error) };
                tracing::warn!(%error, "the list of contracts cannot be read: going on with the old one");
                return Ok(Arc::clone(listed));
            }
        };
        let listed = Arc::new(Listed { symbols: Symbols::listed(&contracts), contracts });
        *cached = Some((Arc::clone(&listed), client.clock().now()));
        Ok(listed)
    }

    /// What is remembered is out of date: the venue has changed it.
    pub(crate) async fn forget(&self) {
        if let Some((_, read)) = self.listing.lock().await.as_mut() {
            *read = Timestamp::default();
        }
        self.tables.lock().await.clear();
        *self.fees.lock().await = None;
    }

    /// One contract that is trading, with tiers and fees of this account.
    pub(crate) async fn instrument(&self, client: &Client, symbol: &Symbol) -> Result<Instrument, CallError> {
        let listed = self.listed(client).await?;
        let contract = listed.trading(symbol)?;
        let fees = self.fees(client).await?;
        let known = self.tables.lock().await.get(&contract.native).cloned();
        let tiers = match known.filter(|(read, _)| is_fresh(client, *read)) {
            Some((_, tiers)) => tiers,
            None => {
                let call = request::risk_limit_tiers(Some(&contract.native), 0);
                let tiers = client.read(&call, Priority::Watches, body::margin_tiers).await?;
                let entry = (client.clock().now(), tiers.clone());
                self.tables.lock().await.insert(Arc::clone(&contract.native), entry);
                tiers
            }
        };
        Ok(contract.instrument(tiers, fees_of(contract, &fees)))
    }

    /// Every contract that is trading and whose margin table holds together.
    pub(crate) async fn instruments(&self, client: &Client) -> Result<Vec<Instrument>, CallError> {
        let listed = self.listed(client).await?;
        let fees = self.fees(client).await?;
        let trading: Vec<&Contract> = listed.contracts.iter().filter(|contract| contract.is_trading()).collect();
        self.read_tables(client, &trading).await?;
        let tables = self.tables.lock().await;
        let whole = trading.into_iter().filter_map(|contract| {
            let (_, tiers) = tables.get(&contract.native)?;
            Some(contract.instrument(tiers.clone(), fees_of(contract, &fees)))
        });
        Ok(whole.collect())
    }

    /// Reads the margin tables, a hundred contracts at a time, unless those of all are known.
    async fn read_tables(&self, client: &Client, contracts: &[&Contract]) -> Result<(), CallError> {
        let mut tables = self.tables.lock().await;
        let is_known =
            |contract: &&Contract| tables.get(&contract.native).is_some_and(|(read, _)| is_fresh(client, *read));
        if contracts.iter().all(is_known) {
            return Ok(());
        }
        let (mut offset, read) = (0, client.clock().now());
        let mut heard: HashSet<Arc<str>> = HashSet::new();
        loop {
            let call = request::risk_limit_tiers(None, offset);
            let page = client.read(&call, Priority::Watches, body::margin_tables).await?;
            let before = heard.len();
            heard.extend(page.keys().map(Arc::clone));
            if heard.len() == before {
                return Ok(());
            }
            offset += page.len();
            for (native, table) in page {
                match table {
                    Ok(table) => drop(tables.insert(native, (read, table))),
                    Err(error) => tracing::warn!(%error, "a margin table does not hold together"),
                }
            }
        }
    }

    /// What trading costs this account, in every contract.
    async fn fees(&self, client: &Client) -> Result<Arc<FeesByName>, CallError> {
        let mut cached = self.fees.lock().await;
        if let Some((_, fees)) = cached.as_ref().filter(|(read, _)| is_fresh(client, *read)) {
            return Ok(Arc::clone(fees));
        }
        let fees = Arc::new(client.read(&request::fees(None), Priority::Watches, body::fees).await?);
        *cached = Some((client.clock().now(), Arc::clone(&fees)));
        Ok(fees)
    }
}

/// What trading the contract costs. One that the venue's answer leaves out is taken to cost its dearest, so that none
/// costs more than is said.
fn fees_of(contract: &Contract, fees: &FeesByName) -> Fees {
    let dearest = contract.base_fees.maker.max(contract.base_fees.taker);
    fees.get(&contract.native).copied().unwrap_or(Fees { maker: dearest, taker: dearest })
}

async fn read_contracts(client: &Client) -> Result<Vec<Contract>, CallError> {
    let (mut contracts, mut offset) = (Vec::new(), 0);
    loop {
        let listing = client.read(&request::contracts(offset), Priority::ReducesRisk, body::contracts).await?;
        for error in &listing.unread {
            tracing::warn!(%error, "a contract of the venue's list cannot be read");
        }
        let rows = listing.contracts.len() + listing.unread.len();
        contracts.extend(listing.contracts);
        offset += FULL;
        // Inverse contracts are left out of the count, but of those a settle currency has none beside linear ones.
        if rows < FULL {
            return Ok(contracts);
        }
    }
}

fn is_fresh(client: &Client, read: Timestamp) -> bool {
    client.clock().now().since(read) < client.rest().settings.contracts_live
}
