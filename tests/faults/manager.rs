//! How a position manager is put together for a run.

use super::schedule::Schedule;
use super::stage::Stage;
use super::venue::Connection;
use async_trait::async_trait;
use plimsoll_domain::risk::{LimitSettings, RiskLimits};
use plimsoll_domain::{Leverage, Money, Rate};
use plimsoll_engine::{ClientOrderIds, Patience, Ports, PositionManager, Settings};
use plimsoll_ports::{Alert, Notifier, NotifyError};
use plimsoll_sqlite::SqliteStore;
use std::sync::Arc;
use std::time::Duration;

/// Nobody is told.
struct Silent;

#[async_trait]
impl Notifier for Silent {
    async fn notify(&self, _: &Alert) -> Result<(), NotifyError> {
        Ok(())
    }
}

/// What it works with.
pub(crate) fn ports(stage: &Stage, connection: &Connection, store: &SqliteStore) -> Ports {
    let records = Arc::new(store.clone());
    Ports {
        broker: Arc::clone(&connection.broker),
        feed: Arc::clone(&connection.feed),
        funding_rates: Arc::clone(&connection.funding_rates),
        journal: records.clone(),
        positions: records.clone(),
        trades: records.clone(),
        funding: records.clone(),
        bookings: records.clone(),
        equity: records.clone(),
        risk_events: records.clone(),
        controls: records,
        notifier: Arc::new(Silent),
        clock: Arc::new(stage.market.clock.clone()),
    }
}

pub(crate) fn of(stage: &Stage, schedule: &Schedule, life: u64, ports: Ports) -> PositionManager {
    let ids = ClientOrderIds::of_process(&stage.account, schedule.seed.wrapping_mul(64).wrapping_add(life));
    PositionManager::new(ports, settings(stage, schedule)).with_ids(ids)
}

/// Limits that let through what a trader in distress does, and waits on the market's clock, which is fast. An order
/// proves nothing by not being found while the venue would still take it.
fn settings(stage: &Stage, schedule: &Schedule) -> Settings {
    let plenty = Money::new(1_000_000_000.into());
    let leverage = Leverage::new(50).expect("a leverage");
    let limits = LimitSettings {
        max_position: plenty,
        max_position_share: Rate::new(1000.into()),
        max_daily_loss: plenty,
        max_daily_loss_share: Rate::new(1.into()),
        max_drawdown: plenty,
        max_leverage: leverage,
        leverage_cap: leverage,
        max_positions: 10,
        min_liquidation_distance: "0.001".parse().expect("a rate"),
        max_funding_per_day: plenty,
        max_state_age: Duration::from_secs(60),
        ..LimitSettings::default()
    };
    let patience = Patience {
        first_wait: Duration::from_millis(80),
        longest_wait: Duration::from_millis(800),
        window: Duration::from_secs(6),
        give_up: Duration::from_secs(20),
    };
    Settings {
        limits: RiskLimits::new(limits).expect("limits that make sense"),
        position_mode: schedule.position_mode,
        margin_mode: schedule.margin_mode,
        patience,
        ..Settings::new(stage.account.clone())
    }
}
