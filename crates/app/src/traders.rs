//! Who trades which account at this moment, for whoever looks at strategies or orders them about.

use crate::config::{Config, StrategyConfig};
use crate::performance::Performances;
use crate::sittings::Sittings;
use async_trait::async_trait;
use plimsoll_domain::{AccountId, Currency, Symbol};
use plimsoll_engine::trading::{DecisionOutcome, SeatState, SeatStatus, TradingHandle};
use plimsoll_service::{Decided, RunState, StrategyControl, StrategyFailure, StrategyStatus};
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// Desks at work, with how the strategies that sit there are configured. Both may be others from one moment to the next.
#[derive(Debug)]
pub(crate) struct Traders {
    now: RwLock<Now>,
    currency: Option<Currency>,
    performances: Arc<Performances>,
}

#[derive(Debug, Default)]
struct Now {
    desks: Vec<AtWork>,
}

/// What is known of a desk from outside.
#[derive(Debug, Clone)]
pub(crate) struct AtWork {
    /// The accounts that it trades.
    pub(crate) accounts: BTreeSet<AccountId>,
    /// Who sits there.
    pub(crate) sittings: Sittings,
    /// The way to it.
    pub(crate) handle: TradingHandle,
}

#[async_trait]
impl StrategyControl for Traders {
    async fn list(&self) -> Vec<StrategyStatus> {
        let configured = self.configured();
        let of = |it: &StrategyConfig| self.seat(&it.name).map(|(_, seat)| self.status(it, &seat));
        configured.iter().filter_map(of).collect()
    }

    async fn pause(&self, name: &str, by: &str, reason: &str) -> Result<(), StrategyFailure> {
        let (handle, seat) = self.seat(name).ok_or_else(|| StrategyFailure::Unknown(name.to_owned()))?;
        match seat.state {
            SeatState::Stopped { why } => {
                Err(StrategyFailure::NotNow(format!("'{name}' has stopped by itself: {why}")))
            }
            SeatState::Running | SeatState::Paused { .. } => {
                handle.pause(name, &format!("{by}: {reason}"));
                Ok(())
            }
        }
    }

    async fn resume(&self, name: &str, _: &str, _: &str) -> Result<(), StrategyFailure> {
        let (handle, seat) = self.seat(name).ok_or_else(|| StrategyFailure::Unknown(name.to_owned()))?;
        match seat.state {
            SeatState::Stopped { why } => {
                let what = format!(
                    "'{name}' has stopped by itself, and begins anew with other settings or with the program only: {why}"
                );
                Err(StrategyFailure::NotNow(what))
            }
            SeatState::Running | SeatState::Paused { .. } => {
                handle.resume(name);
                Ok(())
            }
        }
    }
}

impl Traders {
    /// Nobody yet.
    pub(crate) fn of(config: &Config, performances: &Arc<Performances>) -> Self {
        let currency = config.accounts.first().map(|account| account.settle.clone());
        Self { now: RwLock::default(), currency, performances: Arc::clone(performances) }
    }

    /// These desks from now on.
    pub(crate) fn are(&self, desks: Vec<AtWork>) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Now { desks };
    }

    /// The way to the desk that trades this account.
    pub(crate) fn on(&self, account: &AccountId) -> Option<TradingHandle> {
        let now = self.now();
        now.desks.iter().find(|it| it.accounts.contains(account)).map(|it| it.handle.clone())
    }

    /// Every strategy that sits at a desk as it is configured there, in the order of their names: what was asked for and has
    /// not taken effect is left out.
    pub(crate) fn configured(&self) -> Vec<StrategyConfig> {
        let mut all: Vec<_> = self.now().desks.iter().flat_map(|it| it.sittings.in_force()).cloned().collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// The ways to all desks.
    pub(crate) fn handles(&self) -> Vec<TradingHandle> {
        self.now().desks.iter().map(|it| it.handle.clone()).collect()
    }

    fn now(&self) -> RwLockReadGuard<'_, Now> {
        self.now.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn seat(&self, name: &str) -> Option<(TradingHandle, SeatStatus)> {
        self.handles().into_iter().find_map(|handle| {
            let seats = handle.seats();
            let seat = seats.iter().find(|seat| seat.name == name)?.clone();
            Some((handle, seat))
        })
    }

    fn status(&self, configured: &StrategyConfig, seat: &SeatStatus) -> StrategyStatus {
        let (state, reason) = match &seat.state {
            SeatState::Running => (RunState::Running, None),
            SeatState::Paused { by } => (RunState::Paused, Some(by.clone())),
            SeatState::Stopped { why } => (RunState::Stopped, Some(why.clone())),
        };
        let decisions = seat.decisions.iter().map(|it| {
            let text = match &it.outcome {
                DecisionOutcome::Underway => "under way".to_owned(),
                DecisionOutcome::Done => "done".to_owned(),
                DecisionOutcome::Refused(why) => format!("refused: {why}"),
            };
            Decided { time: it.at, text, reason: it.reason.clone() }
        });
        let mut accounts: Vec<AccountId> = configured.places.iter().map(|place| place.account.clone()).collect();
        accounts.dedup();
        let contracts: Vec<Symbol> = configured.places.iter().map(|place| place.symbol.clone()).collect();
        let (mut holdings, mut working) = (Vec::new(), Vec::new());
        for (account, held, resting) in &seat.accounts {
            holdings.extend(held.iter().map(|it| (account.clone(), it.clone())));
            working.extend(resting.iter().map(|it| (account.clone(), it.clone())));
        }
        StrategyStatus {
            name: configured.name.clone(),
            accounts,
            contracts,
            state,
            reason,
            since: None,
            holdings,
            working,
            decisions: decisions.collect(),
            parameters: serde_json::Value::Object(configured.settings.clone()),
            net_profit: None,
            currency: self.currency.clone(),
            performance: self.performances.of(&configured.name),
        }
    }
}
