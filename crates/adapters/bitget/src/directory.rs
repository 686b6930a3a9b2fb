//! What the venue lists, and how contracts are set for the account, remembered for a while.

use crate::client::{Bitget, Client};
use crate::wire::body::{self, Contract, Settings};
use crate::wire::{Symbols, request};
use plimsoll_domain::margin::maintenance;
use plimsoll_domain::{ContractStatus, Fees, Instrument, MarginMode, MarginTiers, PositionReport, Symbol};
use plimsoll_transport::Priority::{self, Ordinary, Watches};
use plimsoll_venue::{CallError, ListedContract, Listing, Lists, RememberedEach, Unread};
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

/// So many margin tables are waited for at a time; the others are left for later.
const WAITED_FOR: usize = 8;

impl Directory {
    /// What backs a contract's positions: every order has to say it.
    pub(crate) async fn margin_mode(
        &self,
        client: &Client,
        native: &Arc<str>,
        priority: Priority,
    ) -> Result<MarginMode, CallError> {
        let read = async { Ok(self.settings(client, native, priority).await?.margin_mode) };
        self.margin_modes.fresh_or_read(native, client.clock().now(), lives(client), read).await
    }

    /// How a contract is set, read anew.
    pub(crate) async fn settings(
        &self,
        client: &Client,
        native: &Arc<str>,
        priority: Priority,
    ) -> Result<Settings, CallError> {
        let settings = client.read(&request::account(native), priority, body::settings).await?;
        self.note_margin_mode(client, native, settings.margin_mode);
        if settings.multi_assets {
            tracing::warn!("the account backs its positions with several coins: margins follow other rules than ours");
        }
        Ok(settings)
    }

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
        .map_err(|error| listed.untold(symbol, error))?;
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
