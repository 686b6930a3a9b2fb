//! What the venue lists, and what is known of what it does not list any more.

use super::view::AccountView;
use futures_util::{StreamExt, stream};
use plimsoll_domain::{ContractStatus, Instrument, Symbol};
use plimsoll_ports::{Broker, QueryError, RefusalReason};
use std::collections::{BTreeMap, BTreeSet};

/// So many contracts are asked for by name at once: reading the account comes first.
const ASKED_AT_ONCE: usize = 2;
/// So many that are neither held nor ordered are asked for with each list. A list may lack most of what there is, for a while.
const OTHERS_ASKED: usize = 4;

/// What the venue says of its contracts at one moment. Of what is in none of these it has said nothing.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Those that could be read.
    pub(super) contracts: Vec<Instrument>,
    /// Those that there are no more.
    pub(super) gone: BTreeSet<Symbol>,
    /// Those of which it says what cannot be read, and why.
    pub(super) unreadable: BTreeMap<Symbol, String>,
}

impl List {
    pub(super) fn of(contracts: Vec<Instrument>) -> Self {
        Self { contracts, ..Self::default() }
    }

    /// Reads the list. What was known and is not in it is asked for by name, since a list leaves out what is delisted, and
    /// what cannot be read as well: first all that is held or ordered, then a few of the others.
    pub(super) async fn read(broker: &dyn Broker, known: &AccountView) -> Result<Self, QueryError> {
        let mut list = Self::of(broker.instruments().await?);
        let asked: Vec<_> = list.missing(known).into_iter().map(|symbol| by_name(broker, symbol)).collect();
        let answers: Vec<_> = stream::iter(asked).buffered(ASKED_AT_ONCE).collect().await;
        for (symbol, answer) in answers {
            list.hear(symbol, answer);
        }
        Ok(list)
    }

    /// What was known, is not in this list, and is to be asked for.
    fn missing(&self, known: &AccountView) -> Vec<Symbol> {
        let listed: BTreeSet<&Symbol> = self.contracts.iter().map(|it| &it.symbol).collect();
        let ordered = known.orders.iter().map(|order| &order.symbol);
        let in_hand: BTreeSet<&Symbol> = known.positions.iter().map(|held| &held.symbol).chain(ordered).collect();
        let were_listed = known.contracts.values().filter(|it| it.status != ContractStatus::Delisted);
        let missing = were_listed.map(|it| &it.symbol).filter(|symbol| !listed.contains(symbol));
        let (first, others): (Vec<&Symbol>, Vec<&Symbol>) = missing.partition(|symbol| in_hand.contains(symbol));
        first.into_iter().chain(others.into_iter().take(OTHERS_ASKED)).cloned().collect()
    }

    fn hear(&mut self, symbol: Symbol, answer: Result<Instrument, QueryError>) {
        match answer {
            Ok(it) => self.contracts.push(it),
            Err(QueryError::Refused(refusal)) if refusal.reason == RefusalReason::NotTrading => {
                self.gone.insert(symbol);
            }
            Err(error @ QueryError::Unreadable(_)) => {
                self.unreadable.insert(symbol, error.to_string());
            }
            Err(error) => tracing::debug!(%symbol, %error, "what has become of a contract is not known"),
        }
    }
}

async fn by_name(broker: &dyn Broker, symbol: Symbol) -> (Symbol, Result<Instrument, QueryError>) {
    let answer = broker.instrument(&symbol).await;
    (symbol, answer)
}

#[cfg(test)]
mod tests;
