//! What the venue lists, and how contracts are set for the account, remembered for a while.

use crate::client::{Bitget, Client};
use crate::wire::body::{self, Contract, Settings};
use crate::wire::{Symbols, request};
use plimsoll_domain::margin::maintenance;
use plimsoll_domain::{ContractStatus, Fees, Instrument, MarginMode, MarginTiers, PositionReport, Symbol};
use plimsoll_transport::Priority::{self, Ordinary, ReducesRisk, Watches};
use plimsoll_venue::{CallError, ListedContract, Listing, Lists, RememberedEach, Unread};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The venue's list at one moment.
pub(crate) type Listed = plimsoll_venue::Listed<Contract>;

/// Contracts and their names; margin tables, fees and margin modes where they have been asked for.
#[derive(Default)]
pub(crate) struct Directory {
    pub(crate) listing: Listing<Bitget>,
    tiers: RememberedEach<MarginTiers>,
    fees: RememberedEach<Fees>,
    margin_modes: RememberedEach<MarginMode>,
}

/// Some contract that is trading: settings of the account are told with those of a contract.
pub(crate) fn any_trading(listed: &Listed) -> Result<Arc<str>, CallError> {
    let mut trading = listed.contracts.iter().filter(|contract| contract.is_trading());
    let first = trading.next().map(|contract| Arc::clone(&contract.native));
    first.ok_or_else(|| CallError::Unreadable("no contract is trading".to_owned()))
}

impl ListedContract for Contract {
    type Symbols = Symbols;

    const NOT_LISTED: &'static str = "40034";

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
        Self { status: "off".into(), ..self }
    }
}

impl Lists for Bitget {
    type Contract = Contract;

    fn list_lives(&self) -> Duration {
        self.settings.listing_live
    }

    async fn read_list(client: &Client) -> Result<(Vec<Contract>, Vec<Unread>), CallError> {
        let listing = client.read(&request::contracts(), Priority::ReducesRisk, body::contracts).await?;
        Ok((listing.contracts, listing.unread))
    }
}

/// Contracts that something is held of, without a margin table that is believed.
#[derive(Default)]
pub(crate) struct Wanting {
    pub(crate) unknown: Vec<Arc<str>>,
    pub(crate) old: Vec<Arc<str>>,
}

/// So many margin tables are waited for at a time; the others are left for later.
const WAITED_FOR: usize = 8;

impl Directory {
    /// What backs a contract's positions: every order has to say it. The venue refuses an order that says another, so the
    /// last that was heard of is better than none; and what reduces waits for no other.
    pub(crate) async fn margin_mode(
        &self,
        client: &Client,
        native: &Arc<str>,
        reduces: bool,
    ) -> Result<MarginMode, CallError> {
        let known = self.margin_modes.known(native);
        let is_fresh = || self.margin_modes.fresh(native, client.clock().now(), lives(client)).is_some();
        match known {
            Some(mode) if reduces || is_fresh() => return Ok(mode),
            _ => {}
        }
        let priority = if reduces { ReducesRisk } else { Ordinary };
        match (self.settings(client, native, priority).await, known) {
            (Ok(settings), _) => Ok(settings.margin_mode),
            (Err(error), Some(mode)) => {
                tracing::warn!(%error, %native, "the margin mode cannot be read: going on with what was read before");
                Ok(mode)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// How a contract is set, read anew.
    pub(crate) async fn settings(
        &self,
        client: &Client,
        native: &Arc<str>,
        priority: Priority,
    ) -> Result<Settings, CallError> {
        let (before, now) = (self.margin_modes.before(), client.clock().now());
        let settings = client.read(&request::account(native), priority, body::settings).await?;
        self.margin_modes.note_read(before, native, settings.margin_mode, now);
        if settings.multi_assets {
            tracing::warn!("the account backs its positions with several coins: margins follow other rules than ours");
        }
        Ok(settings)
    }

    /// It was set.
    pub(crate) fn note_margin_mode(&self, client: &Client, native: &Arc<str>, mode: MarginMode) {
        self.margin_modes.note(native, mode, client.clock().now());
    }

    /// Somebody else may have set it.
    pub(crate) fn forget_margin_mode(&self, native: &str) {
        self.margin_modes.forget(native);
    }

    /// One contract, whatever may be done with it, with tiers and fees of this account.
    pub(crate) async fn instrument(&self, client: &Client, symbol: &Symbol) -> Result<Instrument, CallError> {
        let listed = self.listing.fresh(client).await?;
        let contract = listed.contract(symbol)?;
        let (tiers, fees) = tokio::try_join!(
            self.tiers(client, &contract.native, Watches),
            self.fees(client, &contract.native, Watches)
        )
        .map_err(|error| listed.why_untold(symbol, error))?;
        Ok(contract.instrument(tiers, fees))
    }

    /// Every contract that is not delisted and whose margin table is known, and the names of those whose tables are not, or
    /// are old. The venue tells tables one by one: a few are waited for, the others are to be [learned](Self::learn). A
    /// contract has the venue's standard fees until its own are known.
    pub(crate) async fn instruments(&self, client: &Client) -> Result<(Vec<Instrument>, Vec<Arc<str>>), CallError> {
        let listed = self.listing.fresh(client).await?;
        let (mut instruments, mut wanting, mut left) = (Vec::new(), Vec::new(), WAITED_FOR);
        for contract in listed.contracts.iter().filter(|contract| contract.is_listed()) {
            if self.tiers.fresh(&contract.native, client.clock().now(), lives(client)).is_none() {
                wanting.push(Arc::clone(&contract.native));
            }
            let tiers = match self.tiers.known(&contract.native) {
                Some(tiers) => tiers,
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
            let fees = self.fees.fresh(&contract.native, client.clock().now(), lives(client));
            let fees = fees.unwrap_or(contract.standard_fees);
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
        let call = request::position_tiers(native);
        let read = client.read(&call, priority, body::margin_tiers);
        self.tiers.fresh_or_old("the margin table", native, client.clock().now(), lives(client), read).await
    }

    /// Of these contracts, those whose margin tables are not known, and those whose tables are old.
    pub(crate) fn wanting(&self, client: &Client, reports: &[PositionReport], listed: &Listed) -> Wanting {
        let mut wanting = Wanting::default();
        let natives: BTreeSet<Arc<str>> = reports.iter().filter_map(|it| listed.native(&it.symbol).ok()).collect();
        for native in natives {
            if self.tiers.known(&native).is_none() {
                wanting.unknown.push(native);
            } else if self.tiers.fresh(&native, client.clock().now(), lives(client)).is_none() {
                wanting.old.push(native);
            }
        }
        wanting
    }

    /// Reads the margin tables of what is held, so that [`maintain`](Self::maintain) knows them.
    pub(crate) async fn learn_tiers(&self, client: &Client, natives: &[Arc<str>]) {
        for native in natives {
            if let Err(error) = self.tiers(client, native, Watches).await {
                tracing::warn!(%error, %native, "the maintenance margin is not known");
            }
        }
    }

    /// Adds the maintenance margin, which the venue does not tell, by its own table.
    pub(crate) fn maintain(&self, report: &mut PositionReport, listed: &Listed) {
        let (Some(position), Some(mark), None) = (report.position, report.mark_price, report.maintenance_margin) else {
            return;
        };
        let Ok(native) = listed.native(&report.symbol) else { return };
        report.maintenance_margin = self.tiers.known(&native).map(|tiers| maintenance(position, mark, &tiers));
    }

    async fn fees(&self, client: &Client, native: &Arc<str>, priority: Priority) -> Result<Fees, CallError> {
        let call = request::trade_rate(native);
        let read = client.read(&call, priority, body::trade_rate);
        self.fees.fresh_or_read(native, client.clock().now(), lives(client), read).await
    }
}

fn lives(client: &Client) -> Duration {
    client.rest().settings.contracts_live
}
