//! What the venue lists, remembered for a while.

use crate::client::{Client, Gateio};
use crate::wire::body::{self, Contract};
use crate::wire::{Symbols, request};
use plimsoll_domain::{ContractStatus, Fees, Instrument, MarginTiers, Symbol, Timestamp};
use plimsoll_transport::Priority;
use plimsoll_venue::{CallError, ListedContract, Listing, Lists, Remembered, RememberedEach, Unread};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The venue's list at one moment.
pub(crate) type Listed = plimsoll_venue::Listed<Contract>;

/// The rows of a full page of contracts.
const FULL: usize = 1000;

/// Contracts and their names; margin tables and fees where they have been asked for.
#[derive(Default)]
pub(crate) struct Directory {
    pub(crate) listing: Listing<Gateio>,
    tables: RememberedEach<MarginTiers>,
    /// When the margin tables of all contracts were read together.
    all_tables: Mutex<Option<Timestamp>>,
    fees: Remembered<FeesByName>,
}

/// By the venue's names of contracts.
type FeesByName = HashMap<Arc<str>, Fees>;

impl ListedContract for Contract {
    type Symbols = Symbols;

    const NOT_LISTED: &'static str = "CONTRACT_NOT_FOUND";

    fn symbols(listed: &[Self]) -> Symbols {
        Symbols::listed(listed)
    }

    fn native(&self) -> &Arc<str> {
        &self.native
    }

    fn symbol(&self) -> &Symbol {
        &self.symbol
    }

    fn standing(&self) -> ContractStatus {
        self.standing()
    }

    fn status(&self) -> &str {
        &self.status
    }

    fn delisted(self) -> Self {
        Self { status: "delisted".into(), ..self }
    }
}

impl Lists for Gateio {
    type Contract = Contract;

    fn list_lives(&self) -> Duration {
        self.settings.listing_live
    }

    async fn read_list(client: &Client) -> Result<(Vec<Contract>, Vec<Unread>), CallError> {
        let (mut contracts, mut unread, mut offset) = (Vec::new(), Vec::new(), 0);
        loop {
            let listing = client.read(&request::contracts(offset), Priority::ReducesRisk, body::contracts).await?;
            let rows = listing.contracts.len() + listing.unread.len();
            contracts.extend(listing.contracts);
            unread.extend(listing.unread);
            offset += FULL;
            // Inverse contracts are left out of the count, but of those a settle currency has none beside linear ones.
            if rows < FULL {
                return Ok((contracts, unread));
            }
        }
    }
}

impl Directory {
    /// What is remembered is out of date: the venue has changed it.
    pub(crate) async fn forget(&self) {
        self.listing.forget().await;
        self.fees.forget().await;
        self.tables.forget_all();
        *self.all_tables() = None;
    }

    /// One contract, whatever may be done with it, with tiers and fees of this account.
    pub(crate) async fn instrument(&self, client: &Client, symbol: &Symbol) -> Result<Instrument, CallError> {
        let listed = self.listing.fresh(client).await?;
        let contract = listed.contract(symbol)?;
        let fees = self.fees(client).await?;
        let call = request::risk_limit_tiers(Some(&contract.native), 0);
        let read = client.read(&call, Priority::Watches, body::margin_tiers);
        let tiers = self.tables.fresh_or_read(&contract.native, client.clock().now(), lives(client), read).await;
        let tiers = tiers.map_err(|error| listed.why_untold(symbol, error))?;
        Ok(contract.instrument(tiers, fees_of(contract, &fees)))
    }

    /// Every contract that is not delisted and whose margin table holds together.
    pub(crate) async fn instruments(&self, client: &Client) -> Result<Vec<Instrument>, CallError> {
        let listed = self.listing.fresh(client).await?;
        let fees = self.fees(client).await?;
        self.read_tables(client, &listed).await?;
        let whole = still_listed(&listed).filter_map(|contract| {
            let tiers = self.tables.known(&contract.native)?;
            Some(contract.instrument(tiers, fees_of(contract, &fees)))
        });
        Ok(whole.collect())
    }

    /// The margin tables are fresh, and whatever they lack of this list the venue did not tell.
    fn has_tables(&self, client: &Client, listed: &Listed) -> bool {
        let all = *self.all_tables();
        let Some(read) = all.filter(|read| client.clock().now().since(*read) < lives(client)) else { return false };
        read >= listed.read || still_listed(listed).all(|contract| self.tables.known(&contract.native).is_some())
    }

    /// Reads the margin tables, a hundred contracts at a time, unless they were all read lately, and since a contract was
    /// listed that lacks one. Whoever wants one contract is not kept waiting meanwhile.
    async fn read_tables(&self, client: &Client, listed: &Listed) -> Result<(), CallError> {
        if self.has_tables(client, listed) {
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
                *self.all_tables() = Some(read);
                return Ok(());
            }
            offset += page.len();
            for (native, table) in page {
                match table {
                    Ok(table) => self.tables.note(&native, table, read),
                    Err(error) => tracing::warn!(%error, "a margin table does not hold together"),
                }
            }
        }
    }

    /// What trading costs this account, in every contract.
    async fn fees(&self, client: &Client) -> Result<Arc<FeesByName>, CallError> {
        let call = request::fees(None);
        let read = client.read(&call, Priority::Watches, body::fees);
        self.fees.fresh(client.clock().now(), lives(client), read).await
    }

    fn all_tables(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.all_tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn still_listed(listed: &Listed) -> impl Iterator<Item = &Contract> {
    listed.contracts.iter().filter(|contract| contract.standing() != ContractStatus::Delisted)
}

/// What trading the contract costs. One that the venue's answer leaves out is taken to cost its dearest, so that none
/// costs more than is said.
fn fees_of(contract: &Contract, fees: &FeesByName) -> Fees {
    let dearest = contract.base_fees.maker.max(contract.base_fees.taker);
    fees.get(&contract.native).copied().unwrap_or(Fees { maker: dearest, taker: dearest })
}

fn lives(client: &Client) -> Duration {
    client.rest().settings.contracts_live
}
