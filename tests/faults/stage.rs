//! What outlives our process: the venue, the market and the database file.

use super::market::{Market, START};
use super::promises::Promises;
use super::schedule::Schedule;
use super::step::Contract;
use super::venue::Venue;
use super::wire::Wire;
use crate::venues::Keys;
use plimsoll_domain::{AccountId, Money};
use plimsoll_exchange::Exchange;
use plimsoll_trial::truth::Truth;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub(crate) const KEYS: Keys = Keys { key: "faults-key", secret: "faults-secret", passphrase: "faults-passphrase" };

/// What the wallet begins with.
pub(crate) const WALLET: u32 = 10_000;

/// A venue whose market goes on, and a place for the records.
pub(crate) struct Stage {
    pub(crate) venue: Arc<Venue>,
    pub(crate) market: Arc<Market>,
    pub(crate) account: AccountId,
    pub(crate) wire: Wire,
    pub(crate) promises: Promises,
    passing: JoinHandle<()>,
    directory: TempDir,
}

impl Stage {
    pub(crate) async fn set(schedule: &Schedule) -> Self {
        let mut exchange = Exchange::new(START);
        for contract in Contract::ALL {
            exchange.list(schedule.wire.lists(contract), contract.opening()).expect("a listing");
        }
        let wallet = Money::new(WALLET.into());
        let account = AccountId::new("main");
        let venue = Venue::serve(schedule.wire, exchange, &account, wallet, schedule.answers_show_fills).await;
        let venue = Arc::new(venue);
        let market = Market::new(Arc::clone(&venue));
        // What was in the wallet before is nobody's booking.
        market.skip(Duration::from_secs(5));
        let passing = market.pass();
        let directory = tempfile::tempdir().expect("a directory for the records");
        Self { venue, market, account, wire: schedule.wire, promises: Promises::default(), passing, directory }
    }

    /// What the exchange holds, every order of ours by the name that we gave it.
    pub(crate) fn truth(&self) -> Truth {
        let mut truth = self.venue.exchange(|exchange| Truth::read(exchange, &self.account));
        truth.rename(|id| self.wire.without_prefix(id));
        truth
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.directory.path().join("plimsoll.db")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.passing.abort();
    }
}
