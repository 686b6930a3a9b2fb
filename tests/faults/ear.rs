//! Listens to every change that an account's task tells.

use plimsoll_domain::Change;
use plimsoll_engine::AccountFollower;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;

/// How often each trade was told.
type Told = Arc<Mutex<BTreeMap<String, u32>>>;

/// Counts what one process was told.
#[derive(Debug)]
pub(crate) struct Ear {
    told: Told,
    listening: JoinHandle<()>,
}

impl Ear {
    pub(crate) fn at(account: &AccountFollower) -> Self {
        let told = Told::default();
        let (mut changes, heard) = (account.changes(), Arc::clone(&told));
        let listening = tokio::spawn(async move {
            while let Ok(change) = changes.recv().await {
                if let Change::Filled(fill) = change {
                    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                    *heard.entry(format!("{} {}", fill.symbol, fill.trade_id)).or_default() += 1;
                }
            }
        });
        Self { told, listening }
    }

    /// Trades that were told more than once.
    pub(crate) fn doubled(&self) -> Vec<(String, u32)> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().filter(|(_, times)| **times > 1).map(|(trade, times)| (trade.clone(), *times)).collect()
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
