//! What the venue lists, remembered for a while.

use crate::client::{Binance, Client};
use crate::wire::body::{self, Contract};
use crate::wire::{Symbols, request};
use plimsoll_domain::{ContractStatus, Fees, Instrument, MarginTiers, Symbol, Timestamp};
use plimsoll_transport::Priority;
use plimsoll_venue::{CallError, ListedContract, Listing, Lists, Remembered, RememberedEach, Unread};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The venue's list at one moment.
pub(crate) type Listed = plimsoll_venue::Listed<Contract>;

/// Contracts and their names; margin tables, fees and funding intervals where they have been asked for.
#[derive(Default)]
pub(crate) struct Directory {
    pub(crate) listing: Listing<Binance>,
    tiers: Remembered<Tables>,
    fees: RememberedEach<Fees>,
    intervals: Remembered<Intervals>,
}

/// Margin tables, and when they were read.
struct Tables {
    by_native: HashMap<Arc<str>, MarginTiers>,
    read: Timestamp,
}

/// Hours between fundings, by contract.
pub(crate) struct Intervals(HashMap<Arc<str>, u32>);

impl ListedContract for Contract {
    type Symbols = Symbols;

    const NOT_LISTED: &'static str = "-1121";

    fn symbols(listed: &[Self]) -> Symbols {
        Symbols::listed(listed)
    }

    fn native(&self) -> &Arc<str> {
        &self.native
    }

    fn symbol(&self) -> &Symbol {
        &self.symbol
    }

    fn is_perpetual(&self) -> bool {
        self.is_perpetual()
    }

    fn standing(&self) -> ContractStatus {
        self.standing()
    }

    fn status(&self) -> &str {
        &self.status
    }

    fn delisted(self) -> Self {
        Self { status: "CLOSE".into(), ..self }
    }
}

impl Lists for Binance {
    type Contract = Contract;

    fn list_lives(&self) -> Duration {
        self.settings.listing_live
    }

    async fn read_list(client: &Client) -> Result<(Vec<Contract>, Vec<Unread>), CallError> {
        let listing = client.read(&request::exchange_info(), Priority::ReducesRisk, body::contracts).await?;
        Ok((listing.contracts, listing.unread))
    }
}

impl Intervals {
    pub(crate) fn hours(&self, native: &str) -> u32 {
        self.0.get(native).copied().unwrap_or(body::DEFAULT_FUNDING_INTERVAL_HOURS)
    }
}

/// So many contracts are asked for their fees at a time: each question takes 20 of the 2400 weight of a minute.
const ASKED_AT_A_TIME: usize = 20;

impl Directory {
    /// What is remembered is out of date: the venue has changed it.
    pub(crate) async fn forget(&self) {
        self.listing.forget().await;
        self.tiers.forget().await;
        self.intervals.forget().await;
        self.fees.forget_all();
    }

    /// One contract, whatever may be done with it, with tiers and fees of this account.
    pub(crate) async fn instrument(&self, client: &Client, symbol: &Symbol) -> Result<Instrument, CallError> {
        let listed = self.listing.fresh(client).await?;
        let contract = listed.contract(symbol)?;
        let (tiers, intervals) = (self.tiers(client, &listed).await?, self.intervals(client).await?);
        let Some(tiers) = tiers.by_native.get(&contract.native) else {
            let broken = CallError::Unreadable(format!("{symbol} has no margin table that holds together"));
            return Err(listed.why_untold(symbol, broken));
        };
        let fees = self.fees(client, &contract.native).await?;
        Ok(contract.instrument(tiers.clone(), fees, intervals.hours(&contract.native)))
    }

    /// Every contract that is not delisted and whose margin table holds together. Among many, some are asked for their fees each
    /// time; those that have not been have the dearest of their settle currency until then, so that none costs more than
    /// is said.
    pub(crate) async fn instruments(&self, client: &Client) -> Result<Vec<Instrument>, CallError> {
        let listed = self.listing.fresh(client).await?;
        let (tiers, intervals) = (self.tiers(client, &listed).await?, self.intervals(client).await?);
        let is_whole = |contract: &&Contract| contract.is_listed() && tiers.by_native.contains_key(&contract.native);
        let whole: Vec<&Contract> = listed.contracts.iter().filter(is_whole).collect();
        let (fees, dearest) = self.fees_of(client, &whole).await?;
        let mut instruments = Vec::with_capacity(whole.len());
        for contract in whole {
            let Some(tiers) = tiers.by_native.get(&contract.native) else { continue };
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
            let fees = match self.known_fees(client, &contract.native) {
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

    /// The margin tables; read once more where a contract lacks one that was listed since.
    async fn tiers(&self, client: &Client, listed: &Listed) -> Result<Arc<Tables>, CallError> {
        let (now, lives) = (client.clock().now(), lives(client));
        let tables = self.tiers.fresh(now, lives, read_tables(client, now)).await?;
        let lacks = |contract: &Contract| contract.is_listed() && !tables.by_native.contains_key(&contract.native);
        if tables.read >= listed.read || !listed.contracts.iter().any(lacks) {
            return Ok(tables);
        }
        self.tiers.forget().await;
        self.tiers.fresh_or_old("the margin tables", now, lives, read_tables(client, now)).await
    }

    /// Hours between fundings.
    pub(crate) async fn intervals(&self, client: &Client) -> Result<Arc<Intervals>, CallError> {
        let call = request::funding_info();
        let read = async { Ok(Intervals(client.read(&call, Priority::Watches, body::funding_intervals).await?)) };
        self.intervals.fresh(client.clock().now(), lives(client), read).await
    }

    fn known_fees(&self, client: &Client, native: &str) -> Option<Fees> {
        self.fees.fresh(native, client.clock().now(), lives(client))
    }

    async fn fees(&self, client: &Client, native: &Arc<str>) -> Result<Fees, CallError> {
        let call = request::commission_rate(native);
        let read = async { Ok(client.read(&call, Priority::Watches, body::commission_rate).await?.1) };
        self.fees.fresh_or_read(native, client.clock().now(), lives(client), read).await
    }
}

fn lives(client: &Client) -> Duration {
    client.rest().settings.contracts_live
}

async fn read_tables(client: &Client, now: Timestamp) -> Result<Tables, CallError> {
    let read = client.read(&request::leverage_brackets(None), Priority::Watches, body::leverage_brackets).await?;
    let mut by_native = HashMap::with_capacity(read.len());
    for (native, table) in read {
        match table {
            Ok(table) => drop(by_native.insert(native, table)),
            Err(error) => tracing::warn!(%error, "a margin table does not hold together"),
        }
    }
    Ok(Tables { by_native, read: now })
}
