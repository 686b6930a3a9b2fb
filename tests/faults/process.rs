//! What dies in a crash: the adapter with its sockets, the account's task, the manager. The records stay.

use super::ear::Ear;
use super::manager;
use super::market::Market;
use super::schedule::Schedule;
use super::stage::Stage;
use super::venue::Connection;
use plimsoll_engine::{AccountFollower, AccountView, Link, PositionManager};
use plimsoll_ports::{Broker, Clock, FundingRates};
use plimsoll_sqlite::SqliteStore;
use std::sync::Arc;
use std::time::Duration;

/// One life of our process.
pub(crate) struct Process {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) funding_rates: Arc<dyn FundingRates>,
    pub(crate) account: AccountFollower,
    pub(crate) ear: Ear,
    pub(crate) manager: PositionManager,
    pub(crate) store: SqliteStore,
    /// It has brought its books and the venue together: until then it opens nothing.
    pub(crate) has_reconciled: bool,
}

impl Process {
    /// Starts; `life` counts from 0.
    pub(crate) async fn start(stage: &Stage, schedule: &Schedule, life: u64) -> Self {
        let store = SqliteStore::open(stage.database()).await.expect("the database opens");
        let clock: Arc<dyn Clock> = Arc::new(stage.market.clock.clone());
        let connection = stage.venue.connect(Arc::clone(&clock), schedule.seed.wrapping_add(life));
        let connection = stage.promises.held_by(connection);
        let ports = manager::ports(stage, &connection, &store);
        let Connection { broker, funding_rates, stream, .. } = connection;
        let account = AccountFollower::spawn(stream, Arc::clone(&clock));
        let ear = Ear::at(&account);
        let manager = manager::of(stage, schedule, life, ports).with_view(account.watch());
        Self { broker, funding_rates, account, ear, manager, store, has_reconciled: false }
    }

    /// Ends without another word. What the database was told before it was left is waited for, as the system would.
    pub(crate) async fn die(self) {
        let Self { broker, funding_rates, account, manager, store, .. } = self;
        drop(manager);
        drop(account);
        drop((broker, funding_rates));
        store.close().await;
    }

    /// Waits until the account's stream is fresh again, though not for long.
    pub(crate) async fn freshen(&self, market: &Market) {
        let is_fresh = |view: &Arc<AccountView>| {
            view.link == Link::Live && view.age(market.clock.now()).is_some_and(|age| age < Duration::from_secs(30))
        };
        let mut view = self.account.watch();
        let fresh = view.wait_for(is_fresh);
        // Faults may keep it from that; then whatever comes next meets a stale view.
        let _ = tokio::time::timeout(Duration::from_millis(250), fresh).await;
    }
}
