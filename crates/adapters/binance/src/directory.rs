//! What the venue lists, remembered for a while.

use crate::call_error::CallError;
use crate::client::Client;
use crate::wire::body::{self, Contract};
use crate::wire::{Symbols, request};
use plimsoll_domain::{Fees, Instrument, MarginTiers, Symbol, Timestamp};
use plimsoll_ports::{Refusal, RefusalReason};
use plimsoll_transport::Priority;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Contracts and their names; margin tables, fees and funding intervals where they have been asked for.
#[derive(Default)]
pub(crate) struct Directory {
    /// With when it was read; the beginning of time where it is known to be out of date.
    listing: Mutex<Option<(Arc<Listed>, Timestamp)>>,
    tables: Mutex<Option<Arc<Tables>>>,
    fees: Mutex<HashMap<Arc<str>, (Timestamp, Fees)>>,
    intervals: Mutex<Option<Arc<Intervals>>>,
}

/// The venue's list at one moment.
pub(crate) struct Listed {
    pub(crate) symbols: Symbols,
    contracts: Vec<Contract>,
}

struct Tables {
    tiers: HashMap<Arc<str>, MarginTiers>,
    read: Timestamp,
}

pub(crate) struct Intervals {
    hours: HashMap<Arc<str>, u32>,
    read: Timestamp,
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

impl Intervals {
    pub(crate) fn hours(&self, native: &str) -> u32 {
        self.hours.get(native).copied().unwrap_or(body::DEFAULT_FUNDING_INTERVAL_HOURS)
    }
}

/// Said by us, in the venue's words, of a name that its list does not hold.
fn not_trading(symbol: &Symbol) -> CallError {
    CallError::Refused(Refusal {
        reason: RefusalReason::NotTrading,
        code: "-1121".to_owned(),
        message: format!("{symbol} is not listed"),
    })
}

/// With more contracts than this, fees are not asked one by one: each question takes 20 of the 2400 weight of a minute.
const ASKED_ONE_BY_ONE: usize = 20;

impl Directory {
    /// The list of contracts; an old one rather than none where it cannot be read again. Everything that reduces risk
    /// rests on it, so it may use the reserve.
    pub(crate) async fn listed(&self, client: &Client) -> Result<Arc<Listed>, CallError> {
        let mut cached = self.listing.lock().await;
        if let Some((listed, _)) = cached.as_ref().filter(|(_, read)| is_fresh(client, *read)) {
            return Ok(Arc::clone(listed));
        }
        let listing = match client.read(&request::exchange_info(), Priority::ReducesRisk, body::contracts).await {
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
        *cached = Some((Arc::clone(&listed), client.clock.now()));
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
        *self.tables.lock().await = None;
        *self.intervals.lock().await = None;
        self.fees.lock().await.clear();
    }

    /// One contract that is trading, with tiers and fees of this account.
    pub(crate) async fn instrument(&self, client: &Client, symbol: &Symbol) -> Result<Instrument, CallError> {
        let listed = self.listed(client).await?;
        let contract = listed.trading(symbol)?;
        let (tables, intervals) = (self.tables(client).await?, self.intervals(client).await?);
        let Some(tiers) = tables.tiers.get(&contract.native) else {
            return Err(CallError::Unreadable(format!("{symbol} has no margin table that holds together")));
        };
        let fees = self.fees(client, &contract.native).await?;
        Ok(contract.instrument(tiers.clone(), fees, intervals.hours(&contract.native)))
    }

    /// Every contract that is trading and whose margin table holds together. Among many, those whose fees have not been
    /// asked for have the fees of the first contract of their settle currency.
    pub(crate) async fn instruments(&self, client: &Client) -> Result<Vec<Instrument>, CallError> {
        let listed = self.listed(client).await?;
        let (tables, intervals) = (self.tables(client).await?, self.intervals(client).await?);
        let trading: Vec<&Contract> = listed.contracts.iter().filter(|contract| contract.is_trading()).collect();
        let one_by_one = trading.len() <= ASKED_ONE_BY_ONE;
        let mut usual: HashMap<&str, Fees> = HashMap::new();
        let mut instruments = Vec::with_capacity(trading.len());
        for contract in trading {
            let Some(tiers) = tables.tiers.get(&contract.native) else { continue };
            let known = self.known_fees(client, &contract.native).await;
            let fees = match known.or_else(|| usual.get(contract.settle.as_str()).copied().filter(|_| !one_by_one)) {
                Some(fees) => fees,
                None => self.fees(client, &contract.native).await?,
            };
            usual.entry(contract.settle.as_str()).or_insert(fees);
            instruments.push(contract.instrument(tiers.clone(), fees, intervals.hours(&contract.native)));
        }
        Ok(instruments)
    }

    async fn tables(&self, client: &Client) -> Result<Arc<Tables>, CallError> {
        let mut cached = self.tables.lock().await;
        if let Some(tables) = cached.as_ref().filter(|tables| is_fresh(client, tables.read)) {
            return Ok(Arc::clone(tables));
        }
        let call = request::leverage_brackets(None);
        let read = client.read(&call, Priority::Ordinary, body::leverage_brackets).await?;
        let mut tiers = HashMap::with_capacity(read.len());
        for (native, table) in read {
            match table {
                Ok(table) => drop(tiers.insert(native, table)),
                Err(error) => tracing::warn!(%error, "a margin table does not hold together"),
            }
        }
        let tables = Arc::new(Tables { tiers, read: client.clock.now() });
        *cached = Some(Arc::clone(&tables));
        Ok(tables)
    }

    /// Hours between fundings.
    pub(crate) async fn intervals(&self, client: &Client) -> Result<Arc<Intervals>, CallError> {
        let mut cached = self.intervals.lock().await;
        if let Some(intervals) = cached.as_ref().filter(|intervals| is_fresh(client, intervals.read)) {
            return Ok(Arc::clone(intervals));
        }
        let hours = client.read(&request::funding_info(), Priority::Ordinary, body::funding_intervals).await?;
        let intervals = Arc::new(Intervals { hours, read: client.clock.now() });
        *cached = Some(Arc::clone(&intervals));
        Ok(intervals)
    }

    async fn known_fees(&self, client: &Client, native: &str) -> Option<Fees> {
        let fees = self.fees.lock().await;
        fees.get(native).filter(|(read, _)| is_fresh(client, *read)).map(|(_, fees)| *fees)
    }

    async fn fees(&self, client: &Client, native: &Arc<str>) -> Result<Fees, CallError> {
        if let Some(fees) = self.known_fees(client, native).await {
            return Ok(fees);
        }
        let call = request::commission_rate(native);
        let (_, fees) = client.read(&call, Priority::Ordinary, body::commission_rate).await?;
        self.fees.lock().await.insert(Arc::clone(native), (client.clock.now(), fees));
        Ok(fees)
    }
}

fn is_fresh(client: &Client, read: Timestamp) -> bool {
    client.clock.now().since(read) < client.settings.contracts_live
}
