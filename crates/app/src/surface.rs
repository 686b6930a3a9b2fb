//! What runs, for whoever looks at it or acts on it from outside: the dashboard and the API.

use crate::config::{Config, Environment, SecretPlace, StrategyConfig};
use crate::failure::Failure;
use async_trait::async_trait;
use plimsoll_api::{Api, ApiSettings, Scope, Token};
use plimsoll_domain::{AccountId, Currency, Symbol};
use plimsoll_engine::trading::{DecisionOutcome, SeatState, SeatStatus, TradingHandle};
use plimsoll_service::{
    Decided, EventHub, RunState, ServedAccount, Service, ServiceSettings, StrategyControl, StrategyFailure,
    StrategyStatus,
};
use plimsoll_ports::SystemClock;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::Arc;

/// The strategies of a desk at work, with how they are configured.
struct Running {
    handle: TradingHandle,
    configured: Vec<StrategyConfig>,
    currency: Option<Currency>,
}

#[async_trait]
impl StrategyControl for Running {
    async fn list(&self) -> Vec<StrategyStatus> {
        let seats = self.handle.seats();
        let of = |it: &StrategyConfig| seats.iter().find(|seat| seat.name == it.name).map(|seat| self.status(it, seat));
        self.configured.iter().filter_map(of).collect()
    }

    async fn pause(&self, name: &str, by: &str, reason: &str) -> Result<(), StrategyFailure> {
        match self.state(name)? {
            SeatState::Stopped { why } => Err(StrategyFailure::NotNow(format!("'{name}' has stopped by itself: {why}"))),
            SeatState::Running | SeatState::Paused { .. } => {
                self.handle.pause(name, &format!("{by}: {reason}"));
                Ok(())
            }
        }
    }

    async fn resume(&self, name: &str, _: &str, _: &str) -> Result<(), StrategyFailure> {
        match self.state(name)? {
            SeatState::Stopped { why } => {
                let what = format!("'{name}' has stopped by itself, and begins anew with the program only: {why}");
                Err(StrategyFailure::NotNow(what))
            }
            SeatState::Running | SeatState::Paused { .. } => {
                self.handle.resume(name);
                Ok(())
            }
        }
    }
}

impl Running {
    fn state(&self, name: &str) -> Result<SeatState, StrategyFailure> {
        let seats = self.handle.seats();
        let found = seats.iter().find(|seat| seat.name == name).map(|seat| seat.state.clone());
        found.ok_or_else(|| StrategyFailure::Unknown(name.to_owned()))
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
        }
    }
}

/// What runs is asked and ordered by this.
pub(crate) fn service(
    config: &Config,
    accounts: Vec<ServedAccount>,
    trading: Option<TradingHandle>,
    hub: Arc<EventHub>,
) -> Service {
    let currency = config.accounts.first().map(|account| account.settle.clone());
    let control: Arc<dyn StrategyControl> = match trading {
        Some(handle) => Arc::new(Running { handle, configured: config.strategies.clone(), currency }),
        None => Arc::new(plimsoll_service::NoStrategies),
    };
    let settings = ServiceSettings { may_open: config.trading.enabled, ..ServiceSettings::default() };
    Service::new(accounts, control, hub, Arc::new(SystemClock), settings)
}

/// Serves the dashboard and the API, if an address is configured or given.
///
/// # Errors
/// What is wrong with the address or a token; nothing is served then.
pub(crate) async fn bind(
    config: &Config,
    environment: &Environment,
    given: Option<SocketAddr>,
    service: Service,
) -> Result<Option<Api>, Failure> {
    let Some(address) = given.or(config.api.listen) else { return Ok(None) };
    let mut settings = ApiSettings::new(address);
    settings.hosts.clone_from(&config.api.hosts);
    let tokens = [("reader", Scope::Read, &config.api.read_token), ("operator", Scope::Act, &config.api.act_token)];
    for (name, scope, place) in tokens {
        let Some(place) = place else { continue };
        let token = Token::new(name, scope, &secret(place, environment, name)?).map_err(Failure::usage)?;
        settings.tokens.push(token);
    }
    let api = Api::bind(service, settings).await;
    api.map(Some).map_err(|failure| Failure::usage(&failure).help(failure.remedy()))
}

fn secret(place: &SecretPlace, environment: &Environment, name: &str) -> Result<SecretString, Failure> {
    place.read(environment).map_err(|missing| {
        Failure::usage(format!("the token of '{name}': {}", missing.what)).help(missing.remedy)
    })
}
