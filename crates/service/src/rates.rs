//! Funding rates, asked for seldom: screens are drawn every second, and a venue's budget is for orders.

use crate::account::ServedAccount;
use plimsoll_domain::{AccountId, FundingRate, Position, Price, Symbol, Timestamp};
use plimsoll_engine::{FundingCost, cost_of};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// For so long a rate is that of now.
const KNOWN_FOR: Duration = Duration::from_secs(30);
/// So long after a failure it is asked for again.
const RETRY: Duration = Duration::from_secs(10);
/// Nobody who draws a screen waits longer for it.
const WITHIN: Duration = Duration::from_secs(2);

/// The rates that were asked for last.
#[derive(Debug, Default)]
pub(crate) struct Rates(Mutex<HashMap<(AccountId, Symbol), Asked>>);

#[derive(Debug, Clone)]
struct Asked {
    at: Timestamp,
    rate: Option<FundingRate>,
}

/// What funding costs a position, and since when that is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownCost {
    pub(crate) cost: FundingCost,
    pub(crate) known_at: Timestamp,
}

impl Rates {
    /// What funding costs a position at this mark; `None` if that is not known.
    pub(crate) async fn cost(
        &self,
        account: &ServedAccount,
        symbol: &Symbol,
        position: Position,
        mark: Price,
    ) -> Option<KnownCost> {
        let Asked { at, rate } = self.rate(account, symbol).await;
        let rate = rate?;
        let contract = || account.view.borrow().contracts.get(symbol).map(|it| it.funding_interval_hours);
        let cost = cost_of(position, &rate, mark, rate.interval_hours.or_else(contract)?)?;
        Some(KnownCost { cost, known_at: at })
    }

    /// The rate itself, where it is known.
    pub(crate) async fn known(&self, account: &ServedAccount, symbol: &Symbol) -> Option<FundingRate> {
        self.rate(account, symbol).await.rate
    }

    async fn rate(&self, account: &ServedAccount, symbol: &Symbol) -> Asked {
        let (key, clock) = ((account.name().clone(), symbol.clone()), &account.ports.clock);
        let now = clock.now();
        let known = self.kept().get(&key).cloned();
        let holds = |it: &Asked| now.since(it.at) < if it.rate.is_some() { KNOWN_FOR } else { RETRY };
        if let Some(known) = known.clone().filter(holds) {
            return known;
        }
        let rate = tokio::select! {
            biased;
            rate = account.ports.funding_rates.current(symbol) => rate.ok(),
            () = clock.sleep(WITHIN) => None,
        };
        let asked = Asked { at: now, rate };
        self.kept().insert(key, asked.clone());
        asked
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<(AccountId, Symbol), Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
