//! What the venue lists, remembered for a while.

use crate::client::Client;
use crate::wire::body::{self, Contract};
use crate::wire::{Symbols, request};
use plimsoll_domain::{ContractStatus, Fees, Instrument, MarginTiers, Symbol, Timestamp};
use plimsoll_ports::{Refusal, RefusalReason};
use plimsoll_transport::Priority;
use plimsoll_venue::{CallError, ListedContract, Remembered, with_delisted};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::Mutex;

/// The rows of a full page of contracts.
const FULL: usize = 1000;

/// Contracts and their names; margin tables and fees where they have been asked for.
#[derive(Default)]
pub(crate) struct Directory {
    listing: Remembered<Listed>,
    tables: Mutex<Tables>,
    fees: Mutex<Option<(Timestamp, Arc<FeesByName>)>>,
}

/// Margin tables, each with when it was read.
#[derive(Default)]
struct Tables {
    by_native: HashMap<Arc<str>, (Timestamp, MarginTiers)>,
    /// When those of all contracts were read together.
    all: Option<Timestamp>,
}

impl Tables {
    /// They are fresh, and whatever they lack of this list the venue did not tell.
    fn serve(&self, client: &Client, listed: &Listed) -> bool {
        let Some(read) = self.all.filter(|read| is_fresh(client, *read)) else { return false };
        let still = listed.contracts.iter().filter(|contract| contract.standing() != ContractStatus::Delisted);
        read >= listed.read || still.map(|contract| &contract.native).all(|native| self.by_native.contains_key(native))
    }
}

/// By the venue's names of contracts.
type FeesByName = HashMap<Arc<str>, Fees>;

/// The venue's list at one moment.
pub(crate) struct Listed {
    pub(crate) symbols: Symbols,
    contracts: Vec<Contract>,
    read: Timestamp,
}

impl Listed {
    /// The contract, whatever may be done with it.
    fn contract(&self, symbol: &Symbol) -> Result<&Contract, CallError> {
        let found = self.contracts.iter().find(|contract| contract.symbol == *symbol);
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
}

impl ListedContract for Contract {
    fn native(&self) -> &Arc<str> {
        &self.native
    }

    fn delisted(self) -> Self {
        Self { status: "delisted".into(), ..self }
    }
}

/// Said by us, in the venue's words, of a name that its list does not hold.
fn not_listed(symbol: &Symbol) -> CallError {
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
        // Boxed: every call waits through this, and most find a fresh list.
        Box::pin(self.read_listed(client)).await
    }

    async fn read_listed(&self, client: &Client) -> Result<Arc<Listed>, CallError> {
        let (before, lives) = (self.listing.known().await, client.rest().settings.listing_live);
        let before = before.as_ref().map_or(&[][..], |listed| &listed.contracts);
        let now = client.clock().now();
        let read = async {
            let contracts = read_contracts(client, before).await?;
            Ok(Listed { symbols: Symbols::listed(&contracts), contracts, read: now })
        };
        self.listing.fresh_or_old("the list of contracts", now, lives, read).await
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

    /// A list that holds the contract, trading or not. Its name and its multiplier do not change: an order waits for a fresh
    /// list only where the old one does not know its contract.
    pub(crate) async fn knowing(&self, client: &Client, symbol: &Symbol) -> Result<Arc<Listed>, CallError> {
        match self.listing.known().await {
            Some(listed) if listed.symbols.native(symbol).is_some() => Ok(listed),
            _ => self.listed(client).await,
        }
    }

    /// What is remembered is out of date: the venue has changed it.
    pub(crate) async fn forget(&self) {
        self.listing.forget().await;
        *self.tables.lock().await = Tables::default();
        *self.fees.lock().await = None;
    }

    /// One contract, whatever may be done with it, with tiers and fees of this account.
    pub(crate) async fn instrument(&self, client: &Client, symbol: &Symbol) -> Result<Instrument, CallError> {
        let listed = self.listed(client).await?;
        let contract = listed.contract(symbol)?;
        let fees = self.fees(client).await?;
        let known = self.tables.lock().await.by_native.get(&contract.native).cloned();
        let tiers = match known.filter(|(read, _)| is_fresh(client, *read)) {
            Some((_, tiers)) => tiers,
            None => {
                let call = request::risk_limit_tiers(Some(&contract.native), 0);
                let tiers = client.read(&call, Priority::Watches, body::margin_tiers).await?;
                let entry = (client.clock().now(), tiers.clone());
                self.tables.lock().await.by_native.insert(Arc::clone(&contract.native), entry);
                tiers
            }
        };
        Ok(contract.instrument(tiers, fees_of(contract, &fees)))
    }

    /// Every contract that is not delisted and whose margin table holds together.
    pub(crate) async fn instruments(&self, client: &Client) -> Result<Vec<Instrument>, CallError> {
        let listed = self.listed(client).await?;
        let fees = self.fees(client).await?;
        self.read_tables(client, &listed).await?;
        let tables = self.tables.lock().await;
        let still = listed.contracts.iter().filter(|contract| contract.standing() != ContractStatus::Delisted);
        let whole = still.filter_map(|contract| {
            let (_, tiers) = tables.by_native.get(&contract.native)?;
            Some(contract.instrument(tiers.clone(), fees_of(contract, &fees)))
        });
        Ok(whole.collect())
    }

    /// Reads the margin tables, a hundred contracts at a time, unless they were all read lately, and since a contract was
    /// listed that lacks one. Whoever wants one contract is not kept waiting meanwhile.
    async fn read_tables(&self, client: &Client, listed: &Listed) -> Result<(), CallError> {
        if self.tables.lock().await.serve(client, listed) {
            return Ok(());
        }
        let (mut offset, read) = (0, client.clock().now());
        let mut heard: HashSet<Arc<str>> = HashSet::new();
        loop {
            let call = request::risk_limit_tiers(None, offset);
            let page = client.read(&call, Priority::Watches, body::margin_tables).await?;
            let before = heard.len();
            heard.extend(page.keys().map(Arc::clone));
            let mut tables = self.tables.lock().await;
            if heard.len() == before {
                tables.all = Some(read);
                return Ok(());
            }
            offset += page.len();
            for (native, table) in page {
                match table {
                    Ok(table) => drop(tables.by_native.insert(native, (read, table))),
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

async fn read_contracts(client: &Client, before: &[Contract]) -> Result<Vec<Contract>, CallError> {
    let (mut contracts, mut unread, mut offset) = (Vec::new(), Vec::new(), 0);
    loop {
        let listing = client.read(&request::contracts(offset), Priority::ReducesRisk, body::contracts).await?;
        let rows = listing.contracts.len() + listing.unread.len();
        contracts.extend(listing.contracts);
        unread.extend(listing.unread);
        offset += FULL;
        // Inverse contracts are left out of the count, but of those a settle currency has none beside linear ones.
        if rows < FULL {
            return with_delisted(before, contracts, &unread);
        }
    }
}

fn is_fresh(client: &Client, read: Timestamp) -> bool {
    client.clock().now().since(read) < client.rest().settings.contracts_live
}
