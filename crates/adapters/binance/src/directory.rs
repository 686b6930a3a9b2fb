//! What the venue lists, remembered for a while.

use crate::client::Client;
use crate::wire::body::{self, Contract};
use crate::wire::{Symbols, request};
use plimsoll_domain::{Fees, Instrument, MarginTiers, Symbol, Timestamp};
use plimsoll_ports::{Refusal, RefusalReason};
use plimsoll_transport::Priority;
use plimsoll_venue::CallError;
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

/// So many contracts are asked for their fees at a time: each question takes 20 of the 2400 weight of a minute.
const ASKED_AT_A_TIME: usize = 20;

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

    /// Every contract that is trading and whose margin table holds together. Among many, some are asked for their fees each
    /// time; those that have not been have the dearest of their settle currency until then, so that none costs more than
    /// is said.
    pub(crate) async fn instruments(&self, client: &Client) -> Result<Vec<Instrument>, CallError> {
        let listed = self.listed(client).await?;
        let (tables, intervals) = (self.tables(client).await?, self.intervals(client).await?);
        let is_whole = |contract: &&Contract| contract.is_trading() && tables.tiers.contains_key(&contract.native);
        let trading: Vec<&Contract> = listed.contracts.iter().filter(is_whole).collect();
        let (fees, dearest) = self.fees_of(client, &trading).await?;
        let mut instruments = Vec::with_capacity(trading.len());
        for contract in trading {
            let Some(tiers) = tables.tiers.get(&contract.native) else { continue };
            let known = fees.get(&contract.native).or_else(|| dearest.get(contract.settle.as_str()));
            let Some(fees) = known else {
                return Err(CallError::Unreadable(format!("nothing is known of the fees in {}", contract.settle)));
            };
            instruments.push(contract.instrument(tiers.clone(), *fees, intervals.hours(&contract.native)));
        }
        Ok(instruments)
    }

    /// The fees of these contracts as far as they are known, some more of them than before; and the dearest of each settle
    /// currency. The first of each currency is asked for whatever happens.
    async fn fees_of<'c>(
        &self,
        client: &Client,
        contracts: &[&'c Contract],
    ) -> Result<(HashMap<Arc<str>, Fees>, HashMap<&'c str, Fees>), CallError> {
        let (mut known, mut dearest): (HashMap<Arc<str>, Fees>, HashMap<&str, Fees>) = Default::default();
        let mut left = ASKED_AT_A_TIME;
        for contract in contracts {
            let settle = contract.settle.as_str();
            let fees = match self.known_fees(client, &contract.native).await {
                Some(fees) => fees,
                None if left == 0 && dearest.contains_key(settle) => continue,
                None => match self.fees(client, &contract.native).await {
                    Ok(fees) => {
                        left = left.saturating_sub(1);
                        fees
                    }
                    // Many questions may use up what may be asked: the dearest fees will do until later.
                    Err(CallError::NotSent(_)) if dearest.contains_key(settle) => {
                        left = 0;
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            };
            known.insert(Arc::clone(&contract.native), fees);
            let worst = dearest.entry(settle).or_insert(fees);
            *worst = Fees { maker: worst.maker.max(fees.maker), taker: worst.taker.max(fees.taker) };
        }
        Ok((known, dearest))
    }

    async fn tables(&self, client: &Client) -> Result<Arc<Tables>, CallError> {
        let mut cached = self.tables.lock().await;
        if let Some(tables) = cached.as_ref().filter(|tables| is_fresh(client, tables.read)) {
            return Ok(Arc::clone(tables));
        }
        let call = request::leverage_brackets(None);
        let read = client.read(&call, Priority::Watches, body::leverage_brackets).await?;
        let mut tiers = HashMap::with_capacity(read.len());
        for (native, table) in read {
            match table {
                Ok(table) => drop(tiers.insert(native, table)),
                Err(error) => tracing::warn!(%error, "a margin table does not hold together"),
            }
        }
        let tables = Arc::new(Tables { tiers, read: client.clock().now() });
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
        let intervals = Arc::new(Intervals { hours, read: client.clock().now() });
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
        let (_, fees) = client.read(&call, Priority::Watches, body::commission_rate).await?;
        self.fees.lock().await.insert(Arc::clone(native), (client.clock().now(), fees));
        Ok(fees)
    }
}

fn is_fresh(client: &Client, read: Timestamp) -> bool {
    client.clock().now().since(read) < client.rest().settings.contracts_live
}
