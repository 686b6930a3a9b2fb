//! The configured strategies, seated at desks over the accounts that are guarded here.
//!
//! Strategies that share an account sit at one desk, since they share what it holds; others have a desk of their own. A desk is
//! saved under the names of its accounts, whichever other accounts are guarded beside them.

mod unlisted;

use super::Audience;
use super::alone::Alone;
use super::closes_only::ClosesOnly;
use super::traded::{Trades, Waiting};
use crate::cli::target::ChosenAll;
use crate::config::{Config, StrategyConfig};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::fingerprint;
use crate::metrics;
use crate::sittings::Sittings;
use crate::surface;
use crate::traders::AtWork;
use plimsoll_domain::AccountId;
use plimsoll_engine::AccountView;
use plimsoll_engine::trading::{DeskAccount, Seating, TradingDesk, TradingHandle, TradingNews, TradingSettings};
use plimsoll_ports::{Strategy, SystemClock};
use plimsoll_service::EventHub;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::Path;
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

/// The desks that trade, and those that are to.
pub(super) struct Trading {
    json: bool,
    desks: Vec<Ready>,
    /// Those that cannot yet.
    pub(super) waiting: Vec<Waiting>,
    at_work: Vec<AtWork>,
    pub(super) tasks: Tasks,
}

/// A desk that has not begun.
struct Ready {
    group: Group,
    desk: TradingDesk,
    trades: Trades,
}

/// What another configuration means for the desks: everything is ready, and nothing has taken effect.
#[derive(Default)]
pub(super) struct Otherwise {
    /// Which desk, and who is to sit there.
    reseated: Vec<(usize, Vec<StrategyConfig>, Seating)>,
    new: Vec<Ready>,
    gone: Vec<BTreeSet<AccountId>>,
    may_open: bool,
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
    let group = |(accounts, strategies)| Group::alone(&chosen.config.state, accounts, strategies);
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
    config: &Config,
    json: bool,
) -> Result<Trading, Failure> {
    let (waiting, at_work, tasks) = (Vec::new(), Vec::new(), Tasks::default());
    let mut trading = Trading { json, desks: Vec::new(), waiting, at_work, tasks };
    for group in groups {
        match is_readable(desks, &named(&group.accounts)).await {
            Ok(()) => {
                let ready = group.seat(desks, views, config, json)?;
                trading.take(ready, config.trading.enabled);
            }
            Err(why) => {
                trading.waiting.push(Waiting::new(json, group.accounts, &group.strategies, desks.len() > 1, why));
            }
        }
    }
    Ok(trading)
}

/// What a desk over these accounts is called, and saved under.
fn named(accounts: &BTreeSet<AccountId>) -> String {
    accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join("+")
}

fn built(strategies: &[StrategyConfig], may_open: bool) -> Result<Vec<Box<dyn Strategy>>, Failure> {
    let built = strategies.iter().map(|strategy| match strategy.build() {
        Ok(built) if may_open => Ok(built),
        Ok(built) => Ok(Box::new(ClosesOnly::new(built)) as Box<dyn Strategy>),
        Err(error) => Err(Failure::usage(error)),
    });
    built.collect()
}

/// What the settings of each come to: what one made with others says nothing of these.
fn made_with(strategies: &[StrategyConfig]) -> Vec<String> {
    strategies.iter().map(|it| fingerprint::of(&it.kind, &it.settings)).collect()
}

async fn is_readable(desks: &[Desk], name: &str) -> Result<(), String> {
    let Some(desk) = desks.first() else { return Ok(()) };
    if desk.records.away.is_some() {
        return Err("the database is away".to_owned());
    }
    desk.records.desks.desk(name).await.map(drop).map_err(|error| format!("what was saved cannot be read: {error}"))
}

impl Group {
    /// Strategies that nobody else lets trade these accounts.
    fn alone(state: &Path, accounts: BTreeSet<AccountId>, strategies: Vec<StrategyConfig>) -> Result<Self, Failure> {
        let alone = accounts.iter().map(|account| Alone::on(state, account));
        Ok(Self { _alone: alone.collect::<Result<_, _>>()?, accounts, strategies })
    }

    fn seat(
        self,
        desks: &[Desk],
        views: &[watch::Receiver<Arc<AccountView>>],
        config: &Config,
        json: bool,
    ) -> Result<Ready, Failure> {
        let here = desks.iter().zip(views).filter(|(desk, _)| self.accounts.contains(&desk.account.name));
        let accounts = here.clone().map(|(desk, view)| DeskAccount {
            manager: Arc::clone(&desk.manager),
            broker: Arc::clone(&desk.venue.broker),
            feed: Arc::clone(&desk.venue.feed),
            funding_rates: Arc::clone(&desk.venue.funding_rates),
            view: view.clone(),
        });
        let Some((desk, _)) = here.clone().next() else { return Err(Failure::usage("no account is traded")) };
        let trading = config.trading;
        let (name, made_with) = (named(&self.accounts), made_with(&self.strategies));
        let settings = TradingSettings { name, warm_up: trading.warm_up, made_with, ..TradingSettings::default() };
        let (built, accounts) = (built(&self.strategies, trading.enabled)?, accounts.collect());
        let records = Arc::clone(&desk.records.desks);
        let seated = TradingDesk::new(built, accounts, records, Arc::new(SystemClock), settings);
        let trades = Trades::new(json, &self.strategies, desks.len() > 1);
        Ok(Ready { desk: seated.map_err(Failure::usage)?, trades, group: self })
    }
}

impl Trading {
    /// Every desk.
    pub(super) fn at_work(&self) -> Vec<AtWork> {
        self.at_work.clone()
    }

    /// The ways to them, by their names.
    pub(super) fn named_handles(&self) -> Vec<(String, TradingHandle)> {
        self.at_work.iter().map(|it| (named(&it.accounts), it.handle.clone())).collect()
    }

    fn take(&mut self, ready: Ready, may_open: bool) {
        let Group { accounts, strategies, .. } = &ready.group;
        let (accounts, strategies, handle) = (accounts.clone(), strategies.clone(), ready.desk.handle());
        self.at_work.push(AtWork { accounts, sittings: Sittings::begin(strategies, may_open), handle });
        self.desks.push(ready);
    }

    /// Makes everything ready that another configuration asks for.
    ///
    /// # Errors
    /// What is against it; then nothing of it takes effect.
    pub(super) async fn prepare(
        &self,
        chosen: &ChosenAll,
        desks: &[Desk],
        views: &[watch::Receiver<Arc<AccountView>>],
    ) -> Result<Otherwise, Failure> {
        let (config, wanted) = (&chosen.config, planned(chosen)?);
        let may_open = config.trading.enabled;
        let mut otherwise = Otherwise { may_open, ..Otherwise::default() };
        let is_wanted = |it: &&AtWork| wanted.iter().any(|(accounts, _)| *accounts == it.accounts);
        let gone = self.at_work.iter().filter(|it| !is_wanted(it));
        otherwise.gone = gone.map(|it| it.accounts.clone()).collect();
        for (accounts, strategies) in &wanted {
            match self.at_work.iter().position(|it| it.accounts == *accounts) {
                Some(desk) => {
                    let it = &self.at_work[desk];
                    if !it.sittings.are(strategies, may_open) {
                        let seating = it.handle.seating(built(strategies, may_open)?, made_with(strategies));
                        let mut seating = seating.map_err(Failure::usage)?;
                        for (account, instrument) in unlisted::read(seating.unlisted(), desks).await? {
                            seating.hand_over(&account, instrument);
                        }
                        otherwise.reseated.push((desk, strategies.clone(), seating));
                    }
                }
                // They begin with the next round, by what is written then.
                None if self.waiting.iter().any(|it| it.accounts == *accounts) => {}
                None => {
                    let unreadable = |why| Failure::usage(format!("strategies cannot begin: {why}"));
                    is_readable(desks, &named(accounts)).await.map_err(unreadable)?;
                    let group = Group::alone(&config.state, accounts.clone(), strategies.clone())?;
                    let mut ready = group.seat(desks, views, config, self.json)?;
                    for (account, instrument) in unlisted::read(&ready.desk.unlisted(), desks).await? {
                        ready.desk.hand_over(&account, instrument);
                    }
                    otherwise.new.push(ready);
                }
            }
        }
        Ok(otherwise)
    }

    /// It takes effect: strategies take their seats at the desks that there are, and desks that are not wanted end. Those that
    /// are new [begin](Self::begin) next. Answers the names of desks that end, and of new ones.
    pub(super) fn be(&mut self, otherwise: Otherwise) -> (Vec<String>, Vec<(String, TradingHandle)>) {
        let Otherwise { reseated, new, gone, may_open } = otherwise;
        for (desk, strategies, seating) in reseated {
            let it = &mut self.at_work[desk];
            let taken = it.handle.reseat(seating);
            it.sittings.ask(strategies, may_open, taken);
        }
        for ended in self.at_work.extract_if(.., |it| gone.contains(&it.accounts)) {
            ended.handle.stop();
        }
        let begun = new.into_iter().map(|ready| {
            let begun = (named(&ready.group.accounts), ready.desk.handle());
            self.take(ready, may_open);
            begun
        });
        let begun = begun.collect();
        (gone.iter().map(named).collect(), begun)
    }

    /// Each begins once records and venue have been brought together on all of its accounts.
    pub(super) fn begin(
        &mut self,
        ready: &BTreeMap<AccountId, watch::Receiver<bool>>,
        audience: &Audience,
        hub: &Arc<EventHub>,
    ) {
        for Ready { group, desk, mut trades } in self.desks.drain(..) {
            let (hub, mut names) = (Arc::clone(hub), desk.strategies());
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
                    if let TradingNews::Reseated(seated) = news {
                        names = seated.iter().map(|it| it.strategy.clone()).collect();
                        metrics::count_from_nothing(&names);
                    }
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
mod tests;
