//! The configured strategies, seated at desks over the accounts that are guarded here.
//!
//! Strategies that share an account sit at one desk, since they share what it holds; others have a desk of their own. A desk is
//! saved under the names of its accounts, whichever other accounts are guarded beside them.

use super::Audience;
use super::alone::Alone;
use super::closes_only::ClosesOnly;
use super::traded::{Trades, Waiting};
use crate::cli::target::ChosenAll;
use crate::config::StrategyConfig;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::metrics;
use crate::surface;
use plimsoll_domain::AccountId;
use plimsoll_engine::AccountView;
use plimsoll_engine::trading::{DeskAccount, TradingDesk, TradingHandle, TradingSettings};
use plimsoll_ports::{Strategy, SystemClock};
use plimsoll_service::EventHub;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Strategies that trade together, and that nobody else lets trade.
pub(super) struct Group {
    accounts: BTreeSet<AccountId>,
    strategies: Vec<StrategyConfig>,
    /// One lock for each account.
    _alone: Vec<Alone>,
}

/// The desks that are to trade.
pub(super) struct Trading {
    desks: Vec<Ready>,
    /// Those that cannot yet.
    pub(super) waiting: Vec<Waiting>,
    pub(super) tasks: Tasks,
}

/// A desk that has not begun.
struct Ready {
    group: Group,
    desk: TradingDesk,
    trades: Trades,
}

/// Desks at work, each in a task of its own.
#[derive(Default)]
pub(super) struct Tasks {
    running: JoinSet<()>,
    handles: Vec<TradingHandle>,
    stop: watch::Sender<bool>,
}

/// Which strategies trade, at which desk. Those that name none of the chosen accounts do not.
///
/// # Errors
/// A strategy needs an account that is not guarded here, or another process lets strategies trade one of them.
pub(super) fn plan(chosen: &ChosenAll) -> Result<Vec<Group>, Failure> {
    let group = |(accounts, strategies): Shared| {
        let alone = accounts.iter().map(|account| Alone::on(&chosen.config.state, account));
        Ok(Group { _alone: alone.collect::<Result<_, _>>()?, accounts, strategies })
    };
    planned(chosen)?.into_iter().map(group).collect()
}

/// Strategies that share these accounts.
type Shared = (BTreeSet<AccountId>, Vec<StrategyConfig>);

/// The same, before anybody is kept from trading the accounts.
pub(super) fn planned(chosen: &ChosenAll) -> Result<Vec<Shared>, Failure> {
    let guarded: BTreeSet<&AccountId> = chosen.accounts.iter().map(|account| &account.name).collect();
    let mut groups = Vec::new();
    for (accounts, strategies) in together(&chosen.config.strategies) {
        if accounts.iter().all(|account| !guarded.contains(account)) {
            continue;
        }
        strategies.iter().try_for_each(|strategy| is_guarded(strategy, &guarded))?;
        groups.push((accounts, strategies));
    }
    Ok(groups)
}

/// Strategies by the accounts that they share, in their order.
pub(super) fn together(strategies: &[StrategyConfig]) -> Vec<Shared> {
    let mut groups: Vec<BTreeSet<AccountId>> = Vec::new();
    for strategy in strategies {
        let mut accounts = strategy.accounts();
        groups.retain(|group| {
            let is_apart = group.is_disjoint(&accounts);
            if !is_apart {
                accounts.extend(group.iter().cloned());
            }
            is_apart
        });
        groups.push(accounts);
    }
    groups.sort();
    let of = |accounts: &BTreeSet<AccountId>| {
        let sits = |strategy: &&StrategyConfig| strategy.accounts().is_subset(accounts);
        strategies.iter().filter(sits).cloned().collect()
    };
    groups.into_iter().map(|accounts| (accounts.clone(), of(&accounts))).collect()
}

fn is_guarded(strategy: &StrategyConfig, guarded: &BTreeSet<&AccountId>) -> Result<(), Failure> {
    let accounts = strategy.accounts();
    let (name, all) = (&strategy.name, listed(&accounts));
    match accounts.iter().find(|account| !guarded.contains(account)) {
        None => Ok(()),
        Some(missing) => {
            Err(Failure::usage(format!("strategy '{name}' trades on {all}, and '{missing}' would not be guarded here"))
                .help("Leave --account out, so that every account is guarded, or add --no-strategies."))
        }
    }
}

fn listed(accounts: &BTreeSet<AccountId>) -> String {
    accounts.iter().map(|account| format!("'{account}'")).collect::<Vec<_>>().join(" and ")
}

/// Seats every group. Where what was saved of one cannot be read now, its strategies wait: as new ones they would not know
/// what they hold.
///
/// # Errors
/// Strategies that no desk can seat.
pub(super) async fn seat(
    groups: Vec<Group>,
    desks: &[Desk],
    views: &[watch::Receiver<Arc<AccountView>>],
    json: bool,
) -> Result<Trading, Failure> {
    let mut trading = Trading { desks: Vec::new(), waiting: Vec::new(), tasks: Tasks::default() };
    for group in groups {
        match is_readable(desks, &group.name()).await {
            Ok(()) => trading.desks.push(group.seat(desks, views, json)?),
            Err(why) => trading.waiting.push(Waiting::new(json, &group.strategies, desks.len() > 1, why)),
        }
    }
    Ok(trading)
}

async fn is_readable(desks: &[Desk], name: &str) -> Result<(), String> {
    let Some(desk) = desks.first() else { return Ok(()) };
    if desk.records.away.is_some() {
        return Err("the database is away".to_owned());
    }
    desk.records.desks.desk(name).await.map(drop).map_err(|error| format!("what was saved cannot be read: {error}"))
}

impl Group {
    /// What its desk is saved under.
    fn name(&self) -> String {
        self.accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join("+")
    }

    fn seat(self, desks: &[Desk], views: &[watch::Receiver<Arc<AccountView>>], json: bool) -> Result<Ready, Failure> {
        let here = desks.iter().zip(views).filter(|(desk, _)| self.accounts.contains(&desk.account.name));
        let accounts = here.clone().map(|(desk, view)| DeskAccount {
            manager: Arc::clone(&desk.manager),
            broker: Arc::clone(&desk.venue.broker),
            feed: Arc::clone(&desk.venue.feed),
            funding_rates: Arc::clone(&desk.venue.funding_rates),
            view: view.clone(),
        });
        let Some((desk, _)) = here.clone().next() else { return Err(Failure::usage("no account is traded")) };
        let trading = desk.config.trading;
        let built = self.strategies.iter().map(|strategy| match strategy.build() {
            Ok(built) if trading.enabled => Ok(built),
            Ok(built) => Ok(Box::new(ClosesOnly::new(built)) as Box<dyn Strategy>),
            Err(error) => Err(Failure::usage(error)),
        });
        let settings = TradingSettings { name: self.name(), warm_up: trading.warm_up, ..TradingSettings::default() };
        let (built, accounts) = (built.collect::<Result<_, _>>()?, accounts.collect());
        let records = Arc::clone(&desk.records.desks);
        let seated = TradingDesk::new(built, accounts, records, Arc::new(SystemClock), settings);
        let trades = Trades::new(json, &self.strategies, desks.len() > 1);
        Ok(Ready { desk: seated.map_err(Failure::usage)?, trades, group: self })
    }
}

impl Trading {
    /// The ways to all desks.
    pub(super) fn handles(&self) -> Vec<TradingHandle> {
        self.desks.iter().map(|it| it.desk.handle()).collect()
    }

    /// The same, by the names of the desks.
    pub(super) fn named_handles(&self) -> Vec<(String, TradingHandle)> {
        self.desks.iter().map(|it| (it.group.name(), it.desk.handle())).collect()
    }

    /// The way to the desk that trades this account.
    pub(super) fn handle_of(&self, account: &AccountId) -> Option<TradingHandle> {
        self.desks.iter().find(|it| it.group.accounts.contains(account)).map(|it| it.desk.handle())
    }

    /// Each begins once records and venue have been brought together on all of its accounts.
    pub(super) fn begin(
        &mut self,
        ready: &BTreeMap<AccountId, watch::Receiver<bool>>,
        audience: &Audience,
        hub: &Arc<EventHub>,
    ) {
        for Ready { group, desk, trades } in self.desks.drain(..) {
            let (hub, names) = (Arc::clone(hub), desk.strategies());
            metrics::count_from_nothing(&names);
            let mut accounts: Vec<_> =
                group.accounts.iter().filter_map(|account| ready.get(account).cloned()).collect();
            let (mut stop, audience) = (self.tasks.stop.subscribe(), audience.clone());
            self.tasks.handles.push(desk.handle());
            self.tasks.running.spawn(async move {
                // The locks go when the desk has ended.
                let _group = group;
                let all = async {
                    for account in &mut accounts {
                        if account.wait_for(|is_ready| *is_ready).await.is_err() {
                            std::future::pending::<()>().await;
                        }
                    }
                };
                tokio::select! {
                    biased;
                    _ = stop.wait_for(|is_asked| *is_asked) => return,
                    () = all => {}
                }
                desk.run(|news| {
                    surface::publish(&hub, &names, news);
                    metrics::count(&names, news);
                    audience.hear(|| trades.tell(news));
                })
                .await;
            });
        }
    }
}

impl Tasks {
    /// Says so when one has ended by a fault of its own; guarding goes on.
    pub(super) async fn failing(&mut self) -> Infallible {
        while let Some(ended) = self.running.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "strategies trade no more until the next start; guarding goes on");
            }
        }
        std::future::pending().await
    }

    /// What is under way is finished, and the state is saved.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        self.handles.iter().for_each(TradingHandle::stop);
        while let Some(ended) = self.running.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "strategies ended by a fault");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Environment, Places};

    /// Three accounts, and strategies, each a name and where it trades.
    fn chosen(strategies: &[(&str, &str)], guarded: &[&str], state: &std::path::Path) -> ChosenAll {
        let mut text = String::new();
        for account in ["main", "second", "third"] {
            let key = account.to_ascii_uppercase();
            text +=
                &format!("[accounts.{account}]\nenvironment = \"testnet\"\nkey_env = \"{key}\"\nsecret_env = \"S\"\n");
        }
        for (name, on) in strategies {
            let kind = if on.contains(',') { "funding_arbitrage" } else { "ema_cross" };
            text += &format!("[strategies.{name}]\nkind = \"{kind}\"\non = \"{on}\"\n");
        }
        let places = Places { file: "plimsoll.toml".to_owned(), state: state.to_owned() };
        let config = Config::read(&text, &Environment::new(), &places).unwrap();
        let is_guarded = |name: &AccountId| guarded.is_empty() || guarded.contains(&name.as_str());
        let accounts = config.accounts.iter().filter(|it| is_guarded(&it.name)).cloned().collect();
        ChosenAll { config, accounts, environment: Environment::new() }
    }

    const BOTH: &str = "second BTC/USDT:USDT, third BTC/USDT:USDT";

    fn planned(guarded: &[&str]) -> Result<Vec<(String, Vec<String>)>, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let strategies = [
            ("one", "main BTC/USDT:USDT"),
            ("arb", BOTH),
            ("two", "main ETH/USDT:USDT"),
            ("three", "third BTC/USDT:USDT"),
        ];
        let groups = plan(&chosen(&strategies, guarded, folder.path()))?;
        let names = |group: &Group| group.strategies.iter().map(|strategy| strategy.name.clone()).collect();
        Ok(groups.iter().map(|group| (group.name(), names(group))).collect())
    }

    #[test]
    fn strategies_that_share_an_account_sit_together_and_others_apart() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (one, other) =
            (("main".to_owned(), names(&["one", "two"])), ("second+third".to_owned(), names(&["arb", "three"])));
        assert_eq!(planned(&[]), Ok(vec![one.clone(), other.clone()]));
        assert_eq!(planned(&["main"]), Ok(vec![one]), "they are saved under the same name, whatever else is guarded");
        assert_eq!(planned(&["second", "third"]), Ok(vec![other]));
    }

    #[test]
    fn a_strategy_that_needs_an_account_which_is_not_guarded_is_refused() {
        for guarded in ["second", "third"] {
            let refused = planned(&[guarded]).unwrap_err();
            let missing = if guarded == "second" { "third" } else { "second" };
            let said =
                format!("strategy 'arb' trades on 'second' and 'third', and '{missing}' would not be guarded here");
            assert_eq!(refused.message(), said);
        }
    }
}
