//! How a position manager is put together for a trial.

use crate::clock::ProcessClock;
use crate::fuse::Fuse;
use crate::observer::{MOST, POSITIONS};
use crate::plan::Plan;
use crate::ports::{Line, TrialBroker, TrialPublic, TrialRecords};
use crate::world::World;
use async_trait::async_trait;
use plimsoll_domain::risk::{LimitSettings, RiskLimits};
use plimsoll_domain::{Leverage, Money, Rate};
use plimsoll_engine::{ClientOrderIds, Ports, PositionManager, Settings};
use plimsoll_ports::{Alert, Clock, Notifier, NotifyError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Whoever is told writes it down.
struct Heard(Arc<World>);

#[async_trait]
impl Notifier for Heard {
    async fn notify(&self, alert: &Alert) -> Result<(), NotifyError> {
        self.0.note(|| format!("  told: {}: {}", alert.title, alert.body));
        Ok(())
    }
}

/// What a process works with, on a clock that is so far off.
pub(crate) fn ports(world: &Arc<World>, fuse: &Fuse, off: &Arc<Mutex<i64>>) -> Ports {
    let line = Line { world: Arc::clone(world), fuse: fuse.clone() };
    let broker = world.venue.broker(&world.account).expect("the account is open");
    let public = Arc::new(TrialPublic::new(line.clone()));
    let records = Arc::new(TrialRecords::new(line.clone()));
    let clock: Arc<dyn Clock> = Arc::new(ProcessClock::new(world.time.clone(), Arc::clone(off)));
    Ports {
        broker: Arc::new(TrialBroker::new(line, broker)),
        feed: public.clone(),
        funding_rates: public,
        journal: records.clone(),
        positions: records.clone(),
        trades: records.clone(),
        funding: records.clone(),
        bookings: records.clone(),
        equity: records.clone(),
        risk_events: records.clone(),
        controls: records,
        notifier: Arc::new(Heard(Arc::clone(world))),
        clock,
    }
}

/// The manager of one life; lives are counted from 0.
pub(crate) fn of(world: &World, plan: &Plan, life: u64, ports: Ports) -> PositionManager {
    let ids = ClientOrderIds::of_process(&world.account, plan.seed.wrapping_mul(64).wrapping_add(life));
    PositionManager::new(ports, settings(world, plan)).with_ids(ids)
}

/// Limits of size that hold, and others that let through what a trader in distress does.
fn settings(world: &World, plan: &Plan) -> Settings {
    let plenty = Money::new(1_000_000_000.into());
    let leverage = Leverage::new(50).expect("a leverage");
    let limits = LimitSettings {
        max_position: Money::new(MOST.into()),
        max_position_share: Rate::new(1000.into()),
        max_daily_loss: plenty,
        max_daily_loss_share: Rate::new(1.into()),
        max_drawdown: plenty,
        max_leverage: leverage,
        leverage_cap: leverage,
        max_positions: POSITIONS,
        min_liquidation_distance: "0.001".parse().expect("a rate"),
        max_funding_per_day: plenty,
        max_state_age: Duration::from_secs(60),
        ..LimitSettings::default()
    };
    Settings {
        limits: RiskLimits::new(limits).expect("limits that make sense"),
        position_mode: plan.position_mode,
        margin_mode: plan.margin_mode,
        ..Settings::new(world.account.clone())
    }
}
