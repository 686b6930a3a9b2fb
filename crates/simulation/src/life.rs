//! One life of a process: a guard for each account, the desk, and every answer that any of them waits for.

use crate::Strategies;
use crate::broker::SimulatedBroker;
use crate::feed::SimulatedFeed;
use crate::incidents;
use crate::settings::SetUpRefused;
use crate::time::SimulatedClock;
use crate::world::{Place, World};
use async_trait::async_trait;
use plimsoll_domain::risk::{LimitSettings, RiskLimits};
use plimsoll_domain::{Leverage, Money, Rate};
use plimsoll_engine::trading::{DeskAccount, SeatStatus, TradingDesk, TradingHandle, TradingSettings};
use plimsoll_engine::{
    AccountPorts, ClientOrderIds, Guard, GuardSettings, Lookout, Ports, PositionManager, Settings, Sister, Stopper,
    VenueAccountSettings,
};
use plimsoll_ports::{Alert, Broker, Clock, Notifier, NotifyError, Severity};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A strategy whose turn comes late has decided on prices that are gone.
const STALE_AFTER: Duration = Duration::from_secs(10);

/// Time of looking between two comparisons of records and venue.
pub(crate) const RECONCILE: Duration = Duration::from_secs(300);

pub(crate) struct Life {
    tasks: Vec<JoinHandle<()>>,
    stoppers: Vec<Stopper>,
    desk: TradingHandle,
}

/// Whoever is told writes down what is urgent.
struct Heard(Arc<World>);

#[async_trait]
impl Notifier for Heard {
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        if alert.severity == Severity::Critical {
            self.0.incident("alert", format!("{}: {}", alert.title, alert.body));
        }
        Ok(())
    }
}

impl Life {
    /// Begins; lives are counted from 0.
    pub(crate) fn begin(world: &Arc<World>, strategies: &Strategies<'_>, number: u64) -> Result<Self, SetUpRefused> {
        let clock: Arc<dyn Clock> = Arc::new(SimulatedClock(world.time.clone()));
        let (mut tasks, mut stoppers, mut accounts, mut guards) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for place in &world.places {
            let (manager, lookout, account) = wire(world, place, &clock, number)?;
            accounts.push(account);
            guards.push((place.account.id.clone(), Guard::new(manager, guard_settings()).with_lookout(lookout)));
        }
        let store = Arc::new(world.store.clone());
        let settings = TradingSettings { stale_after: STALE_AFTER, ..TradingSettings::default() };
        let desk = TradingDesk::new(strategies(), accounts, store, clock, settings)?;
        let (handle, names) = (desk.handle(), desk.strategies());
        for (account, guard) in guards {
            stoppers.push(guard.stopper());
            let (world, handle) = (Arc::clone(world), handle.clone());
            let mut is_restart = number > 0;
            tasks.push(tokio::spawn(async move {
                guard
                    .run(|news| {
                        handle.hear(&account, news);
                        incidents::of_guard(&world, &account, &mut is_restart, news);
                    })
                    .await;
            }));
        }
        let world = Arc::clone(world);
        tasks.push(tokio::spawn(desk.run(move |news| incidents::of_trading(&world, &names, news))));
        Ok(Self { tasks, stoppers, desk: handle })
    }

    /// Ends without another word, in the middle of whatever it is at.
    pub(crate) async fn die(self) {
        for task in self.tasks {
            task.abort();
            // It was cancelled, as it should be.
            drop(task.await);
        }
    }

    /// Every strategy as it is, also once it has ended.
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<[SeatStatus]>> {
        self.desk.watch()
    }

    /// Strategies decide nothing more; guards go on.
    pub(crate) fn stop_trading(&self) {
        self.desk.stop();
    }

    /// Ends in an orderly way.
    pub(crate) async fn stop(self) {
        self.stoppers.iter().for_each(Stopper::stop);
        for task in self.tasks {
            if let Err(failed) = task.await
                && let Ok(panic) = failed.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

fn guard_settings() -> GuardSettings {
    GuardSettings { reconcile: RECONCILE, ..GuardSettings::default() }
}

fn wire(
    world: &Arc<World>,
    place: &Place,
    clock: &Arc<dyn Clock>,
    life: u64,
) -> Result<(Arc<PositionManager>, Lookout, DeskAccount), SetUpRefused> {
    let id = &place.account.id;
    let paper = place.venue.broker(id)?;
    let streams = paper.clone();
    let broker: Arc<dyn Broker> = Arc::new(SimulatedBroker::new(paper, Arc::clone(&world.sky)));
    let feed = Arc::new(SimulatedFeed::new(place.venue.clone(), place.candles.clone(), Arc::clone(&world.sky)));
    let store = Arc::new(world.store.clone());
    let ports = Ports {
        broker: Arc::clone(&broker),
        feed: feed.clone(),
        funding_rates: feed.clone(),
        journal: store.clone(),
        positions: store.clone(),
        trades: store.clone(),
        funding: store.clone(),
        bookings: store.clone(),
        equity: store.clone(),
        risk_events: store.clone(),
        controls: store.clone(),
        notifier: Arc::new(Heard(Arc::clone(world))),
        clock: Arc::clone(clock),
    };
    let account = AccountPorts { broker: Arc::clone(&broker), audit: None, journal: store, clock: Arc::clone(clock) };
    let settings = VenueAccountSettings::new(id.clone());
    let streams = Arc::new(move || -> Box<dyn plimsoll_ports::AccountStream> { Box::new(streams.account_stream()) });
    let lookout = Lookout::new(account, streams, feed.clone(), settings);
    let ids = ClientOrderIds::of_process(id, world.simulation.seed.wrapping_mul(64).wrapping_add(life));
    let manager = PositionManager::new(ports, settings_of(world, place)).with_ids(ids).with_view(lookout.watch());
    let manager = Arc::new(manager);
    let desk = DeskAccount {
        manager: Arc::clone(&manager),
        broker,
        feed: feed.clone(),
        funding_rates: feed,
        view: lookout.watch(),
    };
    Ok((manager, lookout, desk))
}

fn settings_of(world: &World, place: &Place) -> Settings {
    let (simulation, account) = (&world.simulation, &place.account);
    let others = simulation.accounts.iter().filter(|other| other.id != place.account.id);
    Settings {
        limits: account.limits.clone().or_else(|| simulation.limits.clone()).unwrap_or_else(unlimited),
        margin_mode: account.margin_mode.unwrap_or(simulation.margin_mode),
        afloat: simulation.protection.clone(),
        sisters: others.map(|other| Sister { account: other.id.clone(), venue: other.venue.clone() }).collect(),
        ..Settings::new(place.account.id.clone())
    }
}

/// Limits that nobody meets.
fn unlimited() -> RiskLimits {
    let plenty = Money::new(1_000_000_000_000_i64.into());
    let leverage = Leverage::new(125).unwrap_or(Leverage::ONE);
    let limits = LimitSettings {
        max_position: plenty,
        max_position_share: Rate::new(1000.into()),
        max_daily_loss: plenty,
        max_daily_loss_share: Rate::new(1.into()),
        max_drawdown: plenty,
        max_leverage: leverage,
        leverage_cap: leverage,
        max_positions: 1000,
        min_liquidation_distance: Rate::new(plimsoll_domain::Decimal::new(1, 6)),
        max_funding_per_day: plenty,
        ..LimitSettings::default()
    };
    RiskLimits::new(limits).unwrap_or_default()
}
