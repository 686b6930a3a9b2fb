//! What the venue lists, and what is known of what it does not list any more.

use super::view::AccountView;
use futures_util::{StreamExt, stream};
use plimsoll_domain::{ContractStatus, Instrument, Symbol};
use plimsoll_ports::{Broker, QueryError, RefusalReason};
use std::collections::{BTreeMap, BTreeSet};

/// So many contracts are asked for by name at once.
const ASKED_AT_ONCE: usize = 8;

/// The venue's contracts at one moment.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Those that could be read.
    pub(super) contracts: Vec<Instrument>,
    /// Those that were known and cannot be read now, and why: that they are gone was not said.
    pub(super) unreadable: BTreeMap<Symbol, String>,
}

impl List {
    pub(super) fn of(contracts: Vec<Instrument>) -> Self {
        Self { contracts, unreadable: BTreeMap::new() }
    }

    /// Reads the list. What was known and is not in it is asked for by name: a list leaves out what is delisted, and what
    /// cannot be read as well.
    pub(super) async fn read(broker: &dyn Broker, known: &AccountView) -> Result<Self, QueryError> {
        let mut list = Self::of(broker.instruments().await?);
        let listed: BTreeSet<Symbol> = list.contracts.iter().map(|it| it.symbol.clone()).collect();
        let were_listed = known.contracts.values().filter(|it| it.status != ContractStatus::Delisted);
        let missing = were_listed.map(|it| it.symbol.clone()).filter(|symbol| !listed.contains(symbol));
        let asked: Vec<_> = missing.map(|symbol| by_name(broker, symbol)).collect();
        let answers: Vec<_> = stream::iter(asked).buffered(ASKED_AT_ONCE).collect().await;
        for (symbol, answer) in answers {
            match answer {
                Ok(it) => list.contracts.push(it),
                Err(QueryError::Refused(refusal)) if refusal.reason == RefusalReason::NotTrading => {}
                Err(error) => drop(list.unreadable.insert(symbol, error.to_string())),
            }
        }
        Ok(list)
    }
}

async fn by_name(broker: &dyn Broker, symbol: Symbol) -> (Symbol, Result<Instrument, QueryError>) {
    let answer = broker.instrument(&symbol).await;
    (symbol, answer)
}
